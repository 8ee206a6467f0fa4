"""The walls around the process that shows documents: named where they are missing."""

import importlib

import pytest

from erepo.cda.rendering.errors import RenderingTooSlow
from erepo.cda.rendering.sandbox import Transformed
from erepo.clinic.diagnosis import Verdict
from tests.erepo.clinic.diagnosis.conftest import Diagnose

#: The package's attribute of this name is the check itself.
checked = importlib.import_module("erepo.clinic.diagnosis.checks.rendering")


def test_the_real_process_says_which_walls_stand(ask: Diagnose) -> None:
    """Here, on Linux, all of them."""
    found = ask("rendering")
    assert (found.verdict, found.code) == (Verdict.OK, "ok")
    assert "seccomp" in found.cause.pl
    assert "seccomp" in found.cause.en


def test_a_missing_filter_is_named(ask: Diagnose, monkeypatch: pytest.MonkeyPatch) -> None:
    """A system without seccomp: a warning that names it, for documents are shown all the same."""
    monkeypatch.setattr(checked, "clean", lambda *_: Transformed(b"", ("limits", "no-new-privileges")))
    found = ask("rendering")
    assert (found.verdict, found.code) == (Verdict.WARNING, "diagnosis.walls-missing")
    assert found.data["missing"] == "system-calls"
    assert "filtr wywołań systemowych" in found.cause.pl


def test_a_process_that_does_not_answer_is_a_problem(ask: Diagnose, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing can be shown then."""

    def silent(*_: object) -> Transformed:
        raise RenderingTooSlow(seconds=1)

    monkeypatch.setattr(checked, "clean", silent)
    assert ask("rendering").verdict is Verdict.PROBLEM
