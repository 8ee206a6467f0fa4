"""Nothing of a patient crosses the border to Prefect."""

import logging
import pickle
import sqlite3
import traceback

import pytest
from sqlalchemy.exc import OperationalError

from erepo.clinic.machine import DiskTrouble
from erepo.errors import ErepoError, InvalidInput, RemoteBusy, RemoteTimeout, RemoteUnavailable
from tasks.boundary import UnexpectedFailure, cleaned, guarded, only_retryable, redact_logs

PESEL = "44051401458"


async def fail(error: Exception) -> None:
    """Raise what is given."""
    raise error


@pytest.mark.parametrize(
    "error",
    [
        ValueError(f"bad patient {PESEL}"),
        FileNotFoundError(2, "No such file", f"/inbox/{PESEL}_Kowalska.pdf"),
        InvalidInput(value=PESEL),
        KeyError("Kowalska"),
    ],
)
async def test_no_text_of_a_foreign_error_gets_out(error: Exception) -> None:
    """Neither message nor traceback nor pickle of what leaves a task quotes the original."""
    with pytest.raises(ErepoError) as caught:
        await guarded(fail)(error)
    shown = "".join(traceback.format_exception(caught.value)) + repr(pickle.dumps(caught.value))
    assert PESEL not in shown
    assert "Kowalska" not in shown.replace('KeyError("Kowalska")', "")
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


async def test_our_own_errors_pass_with_their_data() -> None:
    """Type, data and words stay, so that retries and people can judge."""
    with pytest.raises(RemoteUnavailable) as caught:
        await guarded(fail)(RemoteUnavailable(address="https://repository.example"))
    assert caught.value.data == {"address": "https://repository.example"}


async def test_a_good_result_passes() -> None:
    """The wrapper changes nothing where nothing fails."""

    async def add(left: int, right: int) -> int:
        return left + right

    assert await guarded(add)(1, right=2) == 3


def test_disk_trouble_keeps_the_systems_sentence_without_the_name() -> None:
    """A full disk is told as such and may be retried; the file is not named."""
    error = cleaned(OSError(28, "No space left on device", "/inbox/name"), "take_in")
    assert isinstance(error, DiskTrouble)
    assert "No space left" in str(error)
    assert "/inbox" not in str(error)


class State:
    """Looks like a failed state of Prefect."""

    def __init__(self, data: object) -> None:
        self.data = data


class Record:
    """Looks like Prefect's result record."""

    def __init__(self, result: object) -> None:
        self.result = result


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (RemoteBusy(address="x"), True),
        (DiskTrouble(reason="x", place="y"), True),
        (InvalidInput(), False),
        (UnexpectedFailure(kind="x", place="y"), False),
        (ValueError("x"), False),
    ],
)
def test_only_retryable_errors_are_tried_again(error: Exception, again: bool) -> None:
    """The error itself knows; Prefect's two ways of handing it over are understood."""
    assert only_retryable(None, None, State(error)) is again
    assert only_retryable(None, None, State(Record(error))) is again


def test_log_lines_are_redacted_as_a_second_defence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eleven digits in a message, an argument or a traceback become a word."""
    lines: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))

    logger, handler = logging.getLogger("prefect.flow_runs"), Keep()
    monkeypatch.setattr(logger, "handlers", [handler])
    redact_logs()
    redact_logs()
    logger.warning("patient %s", PESEL)
    try:
        int(PESEL + "x")
    except ValueError:
        logger.exception("it failed")
    assert len(handler.filters) == 1
    assert lines[0] == "patient [PESEL]"
    assert PESEL not in "".join(lines)


@pytest.mark.parametrize(
    ("code", "words", "known"),
    [
        (sqlite3.SQLITE_FULL, "database or disk is full", True),
        (sqlite3.SQLITE_BUSY, "database is locked", True),
        (sqlite3.SQLITE_ERROR, f"near {PESEL}", False),
    ],
)
def test_a_database_without_room_or_lock_is_the_machines_trouble(code: int, words: str, known: bool) -> None:
    """Such errors name cause and cure and are tried again; what SQLite says of statements is withheld."""
    cause = sqlite3.OperationalError(words)
    cause.sqlite_errorcode = code
    error = cleaned(OperationalError("INSERT", {}, cause), "plan")
    assert isinstance(error, DiskTrouble) is known
    assert (words in str(error)) is known


@pytest.mark.parametrize(
    "name", ["ab12345678901c" + "0" * 18, "0a9b1c2d-0000-4000-8000-12345678901f"], ids=["hex", "uuid"]
)
def test_an_id_with_eleven_digits_in_it_stays(name: str) -> None:
    """Ids are drawn by chance, and some hold what looks like a number; beside one, a number does not stay."""
    error = cleaned(RemoteTimeout(address=name, phase="read", seconds=1, setting="READ"), "here")
    assert isinstance(error, RemoteTimeout)
    assert error.data["address"] == name
    hidden = cleaned(
        RemoteTimeout(address=f"{name}/{PESEL}", phase="read", seconds=1, setting="READ"), "here"
    )
    assert isinstance(hidden, UnexpectedFailure)
