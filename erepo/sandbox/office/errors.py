"""Why the office does not do what a letter asks.

    InvalidInput
    └── LetterRefused
        ├── SenderUnusable        nobody to answer: refused in the SMTP dialogue
        └── RequestsIncomplete    not exactly one TLS and one WSS request of one account: answered by mail
    ConfigurationError
    └── OfficeNotReady            `erepo office init` was never run

Defects of the requests themselves are `erepo.pki.errors`.
"""

from erepo.errors import ConfigurationError, InvalidInput
from erepo.texts import Text


class LetterRefused(InvalidInput):
    """A letter that asks for nothing the office can give."""

    code = "office.letter-refused"


class SenderUnusable(LetterRefused):
    """The letter names no sender that an answer could go to."""

    code = "office.sender-unusable"
    cause = Text("The letter has no usable sender address.", "List nie zawiera poprawnego adresu nadawcy.")
    cure = Text("Set the sender's address of outgoing mail.", "Ustaw adres nadawcy poczty wychodzącej.")


class RequestsIncomplete(LetterRefused):
    """Not exactly one TLS and one WSS request of one and the same account."""

    code = "office.requests-incomplete"
    cause = Text(
        "The letter must hold two requests (CSR) of one account, TLS and WSS; it holds {found}.",
        "List powinien zawierać dwa żądania (CSR) jednego konta, TLS i WSS; znaleziono: {found}.",
    )
    cure = Text(
        "Attach both files of one account, unchanged.", "Dołącz oba pliki jednego konta, bez żadnych zmian."
    )


class OfficeNotReady(ConfigurationError):
    """The office has no authority yet."""

    code = "office.not-ready"
    cause = Text("The office in {folder} has not been set up.", "Biuro w folderze {folder} nie jest gotowe.")
    cure = Text("Run `erepo office init`.", "Uruchom `erepo office init`.")
