"""How commands speak of a machine that refuses."""

import pytest

from erepo.cli.words import fail_politely


def test_a_full_disk_is_told_with_its_cure(capsys: pytest.CaptureFixture[str]) -> None:
    """No traceback: what the machine said, and what to look at."""
    with pytest.raises(SystemExit), fail_politely():
        raise OSError(28, "No space left on device", "/somewhere/content")
    told = " ".join(capsys.readouterr().err.split())
    assert "No space left on device (/somewhere/content)" in told
    assert "free space" in told


def test_what_nobody_foresaw_keeps_its_traceback() -> None:
    """A fault of the program is not dressed up as one of the machine."""
    with pytest.raises(KeyError), fail_politely():
        raise KeyError("x")
