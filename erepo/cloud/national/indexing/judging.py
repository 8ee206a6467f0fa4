"""What an error of P1's client means for an index: what is told, whether it may have been done."""

from typing import Final

from erepo.cloud.national.indexing.errors import (
    IndexAccessRefused,
    IndexAnswerUnusable,
    IndexClockApart,
    IndexLater,
    IndexNotConfigured,
    IndexOutcomeUnknown,
    IndexProblem,
    IndexRefused,
)
from erepo.errors import (
    AccessRefused,
    ConfigurationError,
    ErepoError,
    InvalidInput,
    OutcomeUnknown,
    RemoteRefused,
    RemoteTimeout,
    RemoteUnavailable,
    RetryableError,
)
from erepo.xds.errors import RegistryError, XdsFailure, XdsTryLater
from erepo.xds.vocabulary import Xds

#: Phases of a call after which the message has not arrived as a whole (`erepo.soap.channel`).
_NOT_SENT: Final = frozenset({"connect", "pool", "write"})
#: What `erepo.soap.timestamps` says of an answer of another time.
_OTHER_TIME: Final = frozenset({"created in the future", "its time is over"})
_OVERRUN: Final = "p1.overrun"
_MEANS: Final[tuple[tuple[type[ErepoError], type[IndexProblem]], ...]] = (
    (RetryableError, IndexLater),
    (ConfigurationError, IndexNotConfigured),
    (InvalidInput, IndexAnswerUnusable),
    (AccessRefused, IndexAccessRefused),
)


def told(error: ErepoError, phase: str) -> ErepoError:
    """Return what is told of an error; of its data only codes go on."""
    if isinstance(error, IndexProblem):
        return error
    if isinstance(error, XdsFailure):
        refused: type[IndexProblem] = IndexLater if isinstance(error, XdsTryLater) else IndexRefused
        return (IndexOutcomeUnknown if _duplicate(error) else refused)(phase=phase, rule=_rule(error.errors))
    if phase == "register" and not certain(error):
        return IndexOutcomeUnknown(phase=phase)
    if isinstance(error, InvalidInput) and error.data.get("rule") in _OTHER_TIME:
        return IndexClockApart(phase=phase)
    if isinstance(error, RemoteRefused):
        return IndexRefused(phase=phase, rule=_word(error.data.get("reason")))
    found = next((problem for kind, problem in _MEANS if isinstance(error, kind)), None)
    return found(phase=phase) if found else error


def certain(error: ErepoError) -> bool:
    """Whether nothing was done at P1 by what failed so."""
    match error:
        case XdsFailure():
            return not _duplicate(error)
        case RemoteTimeout():
            return error.data.get("phase") in _NOT_SENT
        case RemoteUnavailable() | AccessRefused() | RemoteRefused() | ConfigurationError():
            return True
    return False


def worth_asking(error: ErepoError) -> bool:
    """Whether P1 answers now, so that it can be asked at once what became of what was sent."""
    if isinstance(error, XdsFailure):
        return _duplicate(error)
    return isinstance(error, OutcomeUnknown | InvalidInput) or error.code == _OVERRUN


def _duplicate(error: XdsFailure) -> bool:
    """An earlier message with the same submission arrived after all."""
    return any(each.code == Xds.DUPLICATE_UNIQUE_ID for each in error.errors if each.is_error)


def _rule(errors: tuple[RegistryError, ...]) -> str | None:
    from erepo.p1.edm import rules_of  # noqa: PLC0415  # loaded by then

    serious = [each for each in errors if each.is_error]
    return next(iter(rules_of(serious)), None) or next((_word(each.code) for each in serious), None)


def _word(text: object) -> str | None:
    told = str(text or "")
    return told[:64] if told.isascii() and told.replace("/", "").isalpha() else None
