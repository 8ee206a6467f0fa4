"""What a person reads when a command cannot do its work."""

import sys

import pytest

from erepo.cli import main


def test_a_wrong_setting_is_named_and_its_value_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A value that cannot be used ends with status 1, the setting's name and the place to correct it."""
    monkeypatch.setenv("EREPO_LANGUAGE", "en")
    monkeypatch.setenv("EREPO_PORT_BASE", "tellnobody")
    monkeypatch.setenv("EREPO_HTTP__READ", "-1")
    monkeypatch.setattr(sys, "argv", ["erepo", "status"])
    with pytest.raises(SystemExit) as ended:
        main()
    told = capsys.readouterr().err
    assert ended.value.code == 1
    assert "EREPO_PORT_BASE" in told
    assert "EREPO_HTTP__READ" in told
    assert "settings.md" in told
    assert "tellnobody" not in told
