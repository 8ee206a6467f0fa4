"""`erepo cloud patients …`."""

import json
from pathlib import Path

import pytest

from tests.erepo.cloud.operating.conftest import Run

pytestmark = pytest.mark.one_store

ACCOUNT = "0000000000001003"
OID = "2.16.840.1.113883.3.4424.1.1.616"


def cx(number: int) -> str:
    """Return a patient's identifier."""
    return f"{number:011d}^^^&{OID}&ISO"


@pytest.fixture
def account(run: Run) -> Run:
    """A service with one account."""
    run("tenant", "add", ACCOUNT, "--patients", "registered")
    return run


def told(result: object) -> dict[str, int]:
    """Return the JSON that a command printed."""
    found: dict[str, int] = json.loads(result.stdout)  # type: ignore[attr-defined]
    return found


def test_patients_are_added_once(account: Run) -> None:
    """Adding again changes nothing; other accounts have their own."""
    assert told(account("patients", "add", ACCOUNT, cx(1), cx(2), "--json")) == {"added": 2, "known": 0}
    assert told(account("patients", "add", ACCOUNT, cx(2), cx(3), cx(3), "--json")) == {
        "added": 1,
        "known": 2,
    }
    account("tenant", "add", "0000000000001004")
    assert told(account("patients", "count", "0000000000001004", "--json")) == {"count": 0}
    assert told(account("patients", "count", ACCOUNT, "--json")) == {"count": 3}


def test_patients_come_from_a_file_or_standard_input(account: Run, tmp_path: Path) -> None:
    """One identifier a line, empty lines and a byte order mark are passed over, in groups of any number."""
    lines = "\ufeff" + "\r\n".join(cx(number) for number in range(1200)) + "\r\n\r\n"
    (tmp_path / "patients.txt").write_bytes(lines.encode())
    result = account("patients", "add", ACCOUNT, "--file", tmp_path / "patients.txt", "--json")
    assert told(result) == {"added": 1200, "known": 0}
    more = f"{cx(0)}\n{cx(5000)}"
    assert told(account("patients", "add", ACCOUNT, "--file", "-", "--json", input=more)) == {
        "added": 1,
        "known": 1,
    }


def test_removed_patients_are_gone(account: Run) -> None:
    """`patients remove` takes away who is there and counts who is not."""
    account("patients", "add", ACCOUNT, cx(1), cx(2))
    assert told(account("patients", "remove", ACCOUNT, cx(2), cx(9), "--json")) == {
        "removed": 1,
        "missing": 1,
    }
    assert "registered patients: 1" in account("patients", "count", ACCOUNT).stdout


def test_what_is_no_identifier_is_named_by_its_place_alone(account: Run, tmp_path: Path) -> None:
    """Wrong lines are told by number, never by content; the others are taken; exit code 1."""
    secret = "80051212357"
    (tmp_path / "p").write_text(f"{cx(1)}\n{secret}\n{secret}^^^&no&ISO\n{'9' * 5000}\n{cx(2)}\nno")
    result = account("patients", "add", ACCOUNT, "--file", tmp_path / "p", code=1)
    assert "2, 3, 4, 6)" in result.stderr
    assert secret not in result.output.replace("80051212357^^^&2.16", "")
    assert told(account("patients", "count", ACCOUNT, "--json")) == {"count": 2}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["add", ACCOUNT], 2),
        (["add", ACCOUNT, "--file", "nowhere"], 2),
        (["add", "0000000000009999", cx(1)], 1),
        (["count", "0000000000009999"], 1),
    ],
    ids=["nobody", "no-file", "unknown", "count-unknown"],
)
def test_mistakes_are_explained(account: Run, arguments: list[str], code: int) -> None:
    """A command without patients or with an unknown account says so."""
    assert account("patients", *arguments, code=code).stderr.strip()


def test_what_was_done_is_told_beside_what_was_wrong(account: Run) -> None:
    """Also where some identifiers are none, the counts are told, to programs as JSON."""
    result = account("patients", "add", ACCOUNT, cx(1), "no", "--json", code=1)
    assert told(result) == {"added": 1, "known": 0}
    assert "number 2" in result.stderr
