"""Checks run side by side: hanging, breaking and slow ones do not hold up the others."""

import threading
import time
from pathlib import Path

import pytest

from erepo.clinic.diagnosis import CHECKS, Finding, Ground, Verdict
from erepo.clinic.diagnosis.findings import Finding as Said
from erepo.clinic.diagnosis.ground import Once
from erepo.clinic.diagnosis.running import run_checks
from erepo.errors import RemoteUnavailable
from erepo.settings import Settings
from erepo.texts import Text


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    """An empty installation whose checks have half a second."""
    return Ground(Settings(_env_file=None, home=tmp_path, diagnosis={"seconds": 0.5}))


def good(_: Ground) -> Finding:
    """Find nothing wrong."""
    return Said.good(Text("Good.", "Dobrze."))


def test_a_check_that_hangs_is_left_behind(ground: Ground) -> None:
    """It is told as not asked when its time is over; the others have answered long before."""
    release = threading.Event()

    def hang(_: Ground) -> Finding:
        release.wait(300)
        return good(ground)

    seen: list[str] = []
    began = time.monotonic()
    found = run_checks(ground, {"hang": hang, "good": good}, watch=lambda one: seen.append(one.check))
    assert time.monotonic() - began < 60
    release.set()
    assert [(one.check, one.verdict) for one in found.findings] == [
        ("hang", Verdict.UNASKED),
        ("good", Verdict.OK),
    ]
    assert seen == ["good", "hang"]
    assert found.exit_code == 2


def test_a_check_that_breaks_tells_nothing_of_its_words(ground: Ground) -> None:
    """An unforeseen error may quote anything: only its kind is told."""

    def broken(_: Ground) -> Finding:
        raise ValueError("PESEL 44051401458")

    found = run_checks(ground, {"broken": broken, "good": good}).findings[0]
    assert (found.verdict, found.code) == (Verdict.UNASKED, "diagnosis.check-broken")
    assert "44051401458" not in repr(found)
    assert "ValueError" in found.cause.pl


def test_a_check_that_meets_an_error_of_ours_could_not_ask(ground: Ground) -> None:
    """Its cause and cure are passed on."""

    def blocked(_: Ground) -> Finding:
        raise RemoteUnavailable(address="https://x")

    found = run_checks(ground, {"blocked": blocked}).findings[0]
    assert found.verdict is Verdict.UNASKED
    assert "https://x nie odpowiada" in found.cause.pl


def test_they_run_side_by_side(ground: Ground) -> None:
    """All wait for each other: one after the other none would ever end."""
    patient = Ground(Settings(_env_file=None, home=ground.settings.home, diagnosis={"seconds": 60}))
    together = threading.Barrier(4)

    def meet(_: Ground) -> Finding:
        together.wait()
        return good(ground)

    found = run_checks(patient, {str(number): meet for number in range(4)})
    assert found.worst is Verdict.OK
    assert found.exit_code == 0


def test_only_some_in_the_order_of_the_manual(ground: Ground) -> None:
    """The order is that of the catalogue, whatever the order asked for."""
    found = run_checks(ground, CHECKS, ["disk", "mail", "p1"])
    assert [one.check for one in found.findings] == ["p1", "mail", "disk"]


def test_work_is_done_once() -> None:
    """Many ask, one works; an error is everybody's."""
    calls: list[int] = []

    def fail() -> int:
        calls.append(1)
        raise RemoteUnavailable(address="x")

    once = Once(fail)
    for _ in range(3):
        with pytest.raises(RemoteUnavailable):
            once()
    assert len(calls) == 1
