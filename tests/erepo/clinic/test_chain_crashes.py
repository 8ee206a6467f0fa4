"""A chain of three versions, and the process ends anywhere on the way."""

import contextlib
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from erepo.clinic.archiving import leases, ledger, planning, reconcile, summary
from erepo.clinic.archiving import work as working
from erepo.clinic.chain import linking, looking
from erepo.clinic.verifying import verify
from tests.support import fake_cloud as faults
from tests.support.archive_desk import Desk
from tests.support.chains import CANCELLING, Shelf, version
from tests.support.crashing import Crash, fail_at
from tests.support.fake_cloud import FakeCloud


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A clinic without pauses between rounds, whose leases end with their processes."""
    monkeypatch.setattr(working, "PAUSE", 0.001)
    monkeypatch.setattr(leases, "is_dead", bool)
    with contextlib.closing(Desk(tmp_path, in_flight=4)) as desk:
        yield desk


_BOUNDARIES: list[tuple[Any, str]] = [
    (planning, "_queue"),
    (ledger, "mark"),
    (ledger, "archive"),
    (ledger, "requeue"),
    (ledger, "send_alone"),
    (looking, "_found"),
    (looking, "_settle"),
    (looking, "_settle_absent"),
    (linking, "_settle"),
    (FakeCloud, "provide"),
    (FakeCloud, "query"),
    (FakeCloud, "update"),
]


def _crash_at(moment: int, when: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[], bool]:
    """Let the process end before or after its `moment`-th step; it gives no batch back."""
    crashed = fail_at(moment, when, monkeypatch, _BOUNDARIES)
    close = ledger.close
    monkeypatch.setattr(ledger, "close", lambda *one: (0, 0) if crashed() else close(*one))
    return crashed


async def _run(desk: Desk) -> None:
    """Settle, plan and send, as often as a chain of three needs it."""
    for _ in range(4):
        await reconcile(desk.cloud, desk.database)
        assert summary(await desk.run()).complete


def _scene(shelf: Shelf, scene: str, name: str) -> list[str]:
    """Bring three documents so that one of the ways of linking is taken; return who shall be current."""
    series = {"name": name, "series": name}
    match scene:
        case "in order":
            shelf.bring(version(1, **series), version(2, **series), version(3, **series, **CANCELLING))  # type: ignore[arg-type]
            return [f"{name}3"]
        case "newest first":
            shelf.bring(version(3, **series), version(2, **series))  # type: ignore[arg-type]
            return [f"{name}3"]
        case _:
            fork = version(2, name=f"{name}x", parent=f"{name}1", series=name)
            shelf.bring(version(1, **series), version(2, **series), fork)  # type: ignore[arg-type]
            return [f"{name}2", f"{name}x2"]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("scene", ["in order", "newest first", "a fork"])
async def test_a_crash_at_any_boundary_of_a_chain(
    desk: Desk, tmp_path: Path, scene: str, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For k = 1, 2, …: it ends at its k-th step and starts again: one entry each, the right one current."""
    shelf, expected = Shelf(desk, tmp_path), []
    for moment in itertools.count(1):
        expected += _scene(shelf, scene, f"K{moment}v")
        desk.cloud.faults = [None, faults.lost_answer]
        with monkeypatch.context() as patch:
            has_crashed = _crash_at(moment, when, patch)
            with contextlib.suppress(Crash):
                await _run(desk)
        await _run(desk)
        desk.assert_all_archived_once()
        assert len(shelf.current()) == len(expected)
        if scene != "a fork":
            assert shelf.current() == sorted(expected)
        if not has_crashed():
            break
    assert moment > 8
    assert not {state for state, _ in shelf.links().values()} & {"open", "refused"}
    report = await verify(desk.cloud, desk.database)
    assert report.complete, report
