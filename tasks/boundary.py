"""The border to Prefect: nothing of a patient crosses it, whatever goes wrong.

Prefect keeps the text of every exception and of every log line, and in its storage the exception objects of
tasks whose results it keeps. So what leaves a task or a flow is an `ErepoError`, whose data are ids and
counts; anything else is replaced by a word about its type. Tracebacks are cut off: their last line would
quote the original text.
"""

import logging
import re
import traceback
from collections.abc import Awaitable, Callable
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from erepo.clinic.machine import trouble_of
from erepo.errors import ErepoError, PermanentError
from erepo.texts import Text

P = ParamSpec("P")
R = TypeVar("R")

#: Where our own packages lie.
_ROOT = Path(__file__).parents[1]

#: An id of ours: hexadecimal, so eleven digits may stand side by side in it.
_ID = r"(?<![0-9a-z])(?=[0-9-]*[a-f])(?:[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?![0-9a-z])"
#: Eleven digits in a row, a PESEL or near enough; ids are found first, and stay.
_PESEL = re.compile(rf"(?P<id>{_ID})|(?<!\d)\d{{11}}(?!\d)")


class UnexpectedFailure(PermanentError):
    """Something failed that nobody foresaw; its own words are withheld, for they may hold anything."""

    code = "erepo.unexpected"
    cause = Text("Unexpected {kind} in {place}.", "Nieoczekiwany błąd {kind} w {place}.")
    cure = Text(
        "Nothing is lost. Run the same on the command line (`erepo …`) to see the details, and report it.",
        "Nic nie zginęło. Uruchom to samo z wiersza poleceń (`erepo …`): pokaże szczegóły. Zgłoś błąd.",
    )


def guarded(work: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
    """Let only clean errors out of a task or a flow; place it under `@task` or `@flow`."""

    @wraps(work)
    async def inside(*args: P.args, **kwargs: P.kwargs) -> R:
        redact_logs()
        try:
            return await work(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 — whatever it is, its text must not reach Prefect
            clean = cleaned(error, f"{work.__name__}, {_line(error)}")
        # Raised outside the handler, so that the original hangs on it neither as cause nor as context.
        raise clean

    return inside


def cleaned(error: Exception, place: str) -> ErepoError:
    """Return an error that may be shown: the same one if it is ours and holds no personal number."""
    if isinstance(error, ErepoError):
        if _redacted(told := repr(error.data)) == told:
            return type(error)(**error.data)
        return UnexpectedFailure(kind=error.code, place=place)
    return trouble_of(error, place) or UnexpectedFailure(kind=type(error).__name__, place=place)


def _line(error: Exception) -> str:
    """Return where it was raised: a file of the program and a line, nothing of the data."""
    frames = [(Path(frame.filename), frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    ours = [(file, line) for file, line in frames if file.is_relative_to(_ROOT)]
    return f"{ours[-1][0].relative_to(_ROOT)}:{ours[-1][1]}" if ours else "?"


def _redacted(text: str) -> str:
    return _PESEL.sub(lambda found: found["id"] or "[PESEL]", text)


class _Redact(logging.Filter):
    """The second line of defence: no eleven digits in a log line."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = _redacted(record.getMessage()), ()
        if record.exc_info:
            record.exc_text = _redacted(logging.Formatter().formatException(record.exc_info))
        return True


def redact_logs() -> None:
    """Put the filter on every handler of Prefect's run loggers; doing it again changes nothing."""
    for name in ("prefect", "prefect.flow_runs", "prefect.task_runs"):
        for handler in logging.getLogger(name).handlers:
            if not any(isinstance(one, _Redact) for one in handler.filters):
                handler.addFilter(_Redact())


def only_retryable(_task: Any, _run: Any, state: Any) -> bool:
    """Prefect's retry condition: only errors that say of themselves that trying again can help."""
    error = state.data
    # Prefect wraps the exception in a result record, or hands it over as it is.
    error = getattr(error, "result", error)
    return isinstance(error, ErepoError) and error.retryable
