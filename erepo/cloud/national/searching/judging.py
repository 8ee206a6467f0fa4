"""What an error on the way to other providers' documents means to who asked; of its data only codes go on."""

from typing import Final

from erepo.cloud.national.searching.errors import (
    AbroadAbsent,
    AbroadAccessRefused,
    AbroadAddressRefused,
    AbroadAnswerUnusable,
    AbroadLater,
    AbroadNotConfigured,
    AbroadOverrun,
    AbroadProblem,
    AbroadRefused,
    AbroadRepositoryLater,
    AbroadTooLarge,
)
from erepo.cloud.national.searching.guarding import is_forbidden
from erepo.errors import (
    AccessRefused,
    ConfigurationError,
    ErepoError,
    InvalidInput,
    RemoteRefused,
    RetryableError,
)
from erepo.soap.errors import AnswerTooLarge, SecureChannelFailed, UnsafeChannel
from erepo.xds.errors import RegistryError, XdsFailure, XdsTryLater
from erepo.xds.vocabulary import Xds

_OVERRUN: Final = "p1.overrun"
#: The document is not there, or not for us.
_ABSENT: Final = frozenset({Xds.DOCUMENT_UNIQUE_ID, Xds.UNKNOWN_REPOSITORY})


def of_p1(error: ErepoError, phase: str) -> ErepoError:
    """Return what an error of P1's own services means."""
    if isinstance(error, AbroadProblem):
        return error
    if error.code == _OVERRUN:
        return AbroadOverrun(phase=phase)
    if isinstance(error, XdsFailure):
        kind = AbroadLater if isinstance(error, XdsTryLater) else AbroadRefused
        return kind(phase=phase, rule=_rule(error.errors))
    match error:
        case RetryableError():
            return AbroadLater(phase=phase)
        case ConfigurationError():
            return AbroadNotConfigured(phase=phase)
        case AccessRefused():
            return AbroadAccessRefused(phase=phase)
        case InvalidInput():
            return AbroadAnswerUnusable(phase=phase, rule=_short(error))
        case RemoteRefused():
            return AbroadRefused(phase=phase, rule=_word(error.data.get("reason")))
    return error


def of_repository(error: ErepoError) -> ErepoError:
    """Return what an error of another provider's repository means."""
    phase = "fetch"
    if isinstance(error, AbroadProblem):
        return error
    if is_forbidden(error):
        return AbroadAddressRefused(phase=phase, rule="private")
    if isinstance(error, XdsFailure):
        codes = {each.code for each in error.errors if each.is_error}
        later = AbroadRepositoryLater if isinstance(error, XdsTryLater) else AbroadRefused
        kind = AbroadAbsent if codes & _ABSENT else later
        return kind(phase=phase, rule=_rule(error.errors))
    match error:
        case AnswerTooLarge():
            return AbroadTooLarge(phase=phase)
        case UnsafeChannel():
            return AbroadAddressRefused(phase=phase, rule="https")
        case SecureChannelFailed():
            return AbroadAnswerUnusable(phase=phase, rule=f"TLS: {_word(error.data.get('reason')) or '?'}")
        case RetryableError():
            return AbroadRepositoryLater(phase=phase)
        case ConfigurationError():
            return AbroadNotConfigured(phase=phase)
        case AccessRefused() | RemoteRefused():
            rule = _word(error.data.get("reason")) or f"HTTP {error.data.get('status', '?')}"
            return AbroadRefused(phase=phase, rule=rule)
        case InvalidInput():
            return AbroadAnswerUnusable(phase=phase, rule=_short(error))
    return error


def _rule(errors: tuple[RegistryError, ...]) -> str:
    from erepo.p1.edm import rules_of  # noqa: PLC0415  # loaded by then

    serious = [each for each in errors if each.is_error]
    named = next(iter(rules_of(serious)), None)
    return named or next((_word(each.code) for each in serious), "") or "?"


def _short(error: ErepoError) -> str:
    # Rules of our own readers are fixed phrases.
    return str(error.data.get("rule") or error.code)[:100]


def _word(text: object) -> str:
    told = str(text or "")
    return told[:64] if told.isascii() and told.replace("/", "").replace("_", "").isalpha() else ""
