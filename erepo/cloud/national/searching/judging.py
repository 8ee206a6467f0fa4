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


#: The first that fits decides; then what is told of the error's own data.
_AT_P1: Final[tuple[tuple[type[ErepoError], type[AbroadProblem]], ...]] = (
    (XdsTryLater, AbroadLater),
    (RetryableError, AbroadLater),
    (ConfigurationError, AbroadNotConfigured),
    (AccessRefused, AbroadAccessRefused),
    (InvalidInput, AbroadAnswerUnusable),
    (RemoteRefused, AbroadRefused),
)
_AT_REPOSITORY: Final[tuple[tuple[type[ErepoError], type[AbroadProblem]], ...]] = (
    (AnswerTooLarge, AbroadTooLarge),
    (UnsafeChannel, AbroadAddressRefused),
    (SecureChannelFailed, AbroadAnswerUnusable),
    (XdsTryLater, AbroadRepositoryLater),
    (RetryableError, AbroadRepositoryLater),
    (ConfigurationError, AbroadNotConfigured),
    (AccessRefused, AbroadRefused),
    (InvalidInput, AbroadAnswerUnusable),
    (RemoteRefused, AbroadRefused),
)


def of_p1(error: ErepoError, phase: str) -> ErepoError:
    """Return what an error of P1's own services means."""
    if isinstance(error, AbroadProblem):
        return error
    if error.code == _OVERRUN:
        return AbroadOverrun(phase=phase)
    kind = next((told for one, told in _AT_P1 if isinstance(error, one)), None)
    return kind(phase=phase, rule=_named(error)) if kind else error


def of_repository(error: ErepoError) -> ErepoError:
    """Return what an error of another provider's repository means."""
    if isinstance(error, AbroadProblem):
        return error
    if is_forbidden(error):
        return AbroadAddressRefused(phase="fetch", rule="private")
    kind = next((told for one, told in _AT_REPOSITORY if isinstance(error, one)), None)
    if isinstance(error, XdsFailure) and _ABSENT & {each.code for each in error.errors if each.is_error}:
        kind = AbroadAbsent
    return kind(phase="fetch", rule=_named(error)) if kind else error


def _named(error: ErepoError) -> str:
    """Return a code or a fixed phrase of ours that says what was wrong."""
    if isinstance(error, XdsFailure):
        return _rule(error.errors)
    if isinstance(error, InvalidInput):
        return _short(error)
    reason = _word(error.data.get("reason"))
    return reason or (f"HTTP {error.data['status']}" if "status" in error.data else "?")


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
