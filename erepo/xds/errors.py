"""What can go wrong between two XDS actors.

Contexts of a foreign system may name a patient; they stay in the attribute `errors` for the program and never
reach `data`, the text, a log or a pickle.

InvalidInput
└── RequestRejected        a message that we refuse; `errors` is what the answer says
    ├── MetadataError      its metadata
    ├── QueryError         its stored query
    └── MessageShapeWrong  its outer form
XdsFailure                 an answer that refuses our message
├── XdsRefused             for good (RemoteRefused)
└── XdsTryLater            for now (RetryableError)
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from erepo.errors import ErepoError, InvalidInput, RemoteRefused, RetryableError
from erepo.texts import Text
from erepo.xds.vocabulary import RETRYABLE, Severity

_CODE = re.compile(r"[A-Za-z]{1,64}")


@dataclass(frozen=True, slots=True)
class RegistryError:
    """One entry of a RegistryErrorList; `context` is for people, `location` names the object."""

    code: str
    context: str
    severity: str = Severity.ERROR
    location: str = ""

    @property
    def is_error(self) -> bool:
        """Whether it makes the transaction fail; a warning does not."""
        return self.severity != Severity.WARNING


def _codes(errors: Sequence[RegistryError]) -> str:
    # A code is the other side's text too: what does not look like a code is not repeated.
    codes = (error.code if _CODE.fullmatch(error.code) else "?" for error in errors)
    return ", ".join(dict.fromkeys(codes))


class RequestRejected(InvalidInput):
    """A message breaks a rule of the profile; `errors` says which, in the profile's own codes."""

    code = "xds.request"
    cause = Text(
        "The message breaks rules of the XDS profile ({codes}).",
        "Komunikat narusza reguły profilu XDS ({codes}).",
    )
    cure = Text(
        "Correct the message by the code and the location in the answer.",
        "Popraw komunikat według kodu i miejsca wskazanego w odpowiedzi.",
    )

    def __init__(self, errors: Sequence[RegistryError] = (), **data: object) -> None:
        super().__init__(**({"codes": _codes(errors), "count": len(errors)} | data))
        self.errors = tuple(errors)


class MetadataError(RequestRejected):
    """Metadata is missing, wrong or contradicts itself."""

    code = "xds.metadata"
    cause = Text("The metadata is not valid ({codes}).", "Metadane są nieprawidłowe ({codes}).")


class QueryError(RequestRejected):
    """A stored query is unknown, or its parameters break its rules."""

    code = "xds.query"
    cause = Text("The query is not valid ({codes}).", "Zapytanie jest nieprawidłowe ({codes}).")


class MessageShapeWrong(RequestRejected):
    """The body of a message or an answer is not what the transaction prescribes."""

    code = "xds.shape"
    cause = Text(
        "The body of the message is not what its transaction prescribes ({codes}).",
        "Treść komunikatu nie odpowiada wymaganiom transakcji ({codes}).",
    )
    cure = Text(
        "Check which software stands at the other side; it does not speak XDS.b.",
        "Sprawdź oprogramowanie drugiej strony; nie obsługuje ono XDS.b.",
    )


class XdsFailure(ErepoError):
    """The other side answered with an XDS failure; `errors` are its reasons."""

    code = "xds.failure"

    def __init__(self, errors: Sequence[RegistryError] = (), **data: object) -> None:
        super().__init__(**({"codes": _codes(errors), "count": len(errors)} | data))
        self.errors = tuple(errors)


class XdsRefused(XdsFailure, RemoteRefused):
    """The refusal stands however often we ask."""

    code = "xds.refused"
    cause = Text(
        "The repository refused the request ({codes}).",
        "Repozytorium odrzuciło żądanie ({codes}).",
    )
    cure = Text(
        "Look up the code in the reference of errors; the document is kept locally.",
        "Sprawdź kod w wykazie błędów; dokument pozostaje zachowany lokalnie.",
    )


class XdsTryLater(XdsFailure, RetryableError):
    """Every reason of the refusal passes with time."""

    code = "xds.later"
    cause = Text(
        "The repository cannot serve the request now ({codes}).",
        "Repozytorium nie może teraz obsłużyć żądania ({codes}).",
    )
    cure = Text("It will be tried again by itself.", "Próba zostanie ponowiona automatycznie.")


def failure(errors: Sequence[RegistryError]) -> XdsRefused | XdsTryLater:
    """Return the error for a failed answer: retryable only if every reason is."""
    serious = [error for error in errors if error.is_error]
    if serious and all(error.code in RETRYABLE for error in serious):
        return XdsTryLater(errors)
    return XdsRefused(errors)
