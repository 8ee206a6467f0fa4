"""How commands speak of a machine that refuses."""

import pytest

from erepo.cli.words import fail_politely
from erepo.clinic.database import open_database
from erepo.cloud.storage.database import Database
from erepo.settings import Settings


def test_a_full_disk_is_told_with_its_cure(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No traceback: what the machine said, and what to look at."""
    monkeypatch.setenv("EREPO_LANGUAGE", "en")
    with pytest.raises(SystemExit), fail_politely():
        raise OSError(28, "No space left on device", "/somewhere/content")
    told = " ".join(capsys.readouterr().err.split())
    assert "No space left on device (/somewhere/content)" in told
    assert "free space" in told


def test_what_nobody_foresaw_keeps_its_traceback() -> None:
    """A fault of the program is not dressed up as one of the machine."""
    with pytest.raises(KeyError), fail_politely():
        raise KeyError("x")


@pytest.mark.parametrize("address", ["nonsense", "nosuch://h/x", "mysql://clinic:hunter2@h/x"])
def test_a_wrong_database_address_is_told_without_its_password(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    """No traceback, no part of the address, but the name of the setting; for the clinic and the service."""
    monkeypatch.setenv("EREPO_LANGUAGE", "en")
    for setting, opened in (("CLINIC", open_database), ("CLOUD", Database)):
        with pytest.raises(SystemExit), fail_politely():
            opened(address)
        told = capsys.readouterr().err
        assert f"EREPO_{setting}_DATABASE_URL" in told
        assert "hunter2" not in told


def test_a_wrong_setting_is_told_in_polish(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No sentence of the library that reads settings reaches a Polish reader, and no value anybody."""
    monkeypatch.setenv("EREPO_LANGUAGE", "pl")
    monkeypatch.setenv("EREPO_PORT_BASE", "secret")
    with pytest.raises(SystemExit), fail_politely():
        Settings()
    told = capsys.readouterr().err
    assert "Nieprawidłowe ustawienie EREPO_PORT_BASE: oczekiwano liczby całkowitej." in told
    assert "secret" not in told
