"""`erepo diagnose` as people and programs call it, and what other commands say of a symptom."""

import json

import pytest

from erepo.cli.words import fail_politely
from erepo.clinic.diagnosis import CHECKS
from erepo.soap.errors import SecureChannelFailed
from tests.support.clinic_side import Clinic
from tests.support.ports import free_port


def run(clinic: Clinic, *arguments: str, language: str = "en") -> tuple[int, str, str]:
    """Run `erepo …` in a process of its own; its Prefect is nowhere."""
    clinic.environment |= {"EREPO_PORT_BASE": str(free_port()), "EREPO_LANGUAGE": language}
    process = clinic.start(*arguments)
    out, err = process.communicate(timeout=300)
    return process.returncode, out.decode(), err.decode()


def test_a_sound_clinic_exits_with_0(clinic: Clinic) -> None:
    """As JSON, only what was asked for, in the order of the manual, in both languages."""
    code, out, _ = run(clinic, "diagnose", "--json", "--only", "structure", "--only", "channel")
    told = json.loads(out)
    assert code == 0, told
    assert [one["check"] for one in told["findings"]] == ["channel", "structure"]
    assert told["findings"][0]["manual"] == "2.5"
    assert told["counts"]["ok"] == 2
    assert set(told["findings"][0]["cause"]) == {"pl", "en"}


def test_everything_at_once_without_prefect(clinic: Clinic) -> None:
    """All checks answer; Prefect is missing, which is a problem, and mail could not be asked."""
    code, out, err = run(clinic, "diagnose", language="pl")
    lines = {line.split()[1]: line for line in out.splitlines() if line[:1] in "✓·!?✗"}
    assert code == 1, out + err
    assert len(lines) == len(CHECKS)
    assert lines["prefect:"].startswith("✗")
    assert lines["mail"].startswith("? mail (2.6): nie udało się sprawdzić")
    assert "Co zrobić: Uruchom go poleceniem" in out
    assert lines["channel"].startswith("✓")


def test_only_what_could_not_be_asked_exits_with_2(clinic: Clinic) -> None:
    """A program can tell "wrong" from "unknown"."""
    assert run(clinic, "diagnose", "--only", "mail")[0] == 2


def test_an_unknown_check_is_refused(clinic: Clinic) -> None:
    """With the names that are known."""
    code, _, err = run(clinic, "diagnose", "--only", "weather")
    assert code == 2
    assert "time-limit" in err


def test_any_command_names_check_and_chapter(capsys: pytest.CaptureFixture[str]) -> None:
    """An error that shows a symptom leads to its help, in the language of the person."""
    with pytest.raises(SystemExit), fail_politely():
        raise SecureChannelFailed(address="https://x", reason="y")
    said = capsys.readouterr().err
    assert "erepo diagnose --only channel" in said
    assert "2.5" in said
