"""Why the office does not do what a letter asks.

    InvalidInput
    ├── LetterRefused
    │   ├── SenderUnusable        nobody to answer: refused in the SMTP dialogue
    │   ├── RequestsIncomplete    not exactly one TLS and one WSS request of one account: answered by mail
    │   └── Declined              a person said no, and why: answered by mail
    ├── RequestNotPending         nothing of that number or account waits for a decision
    └── SeveralPending            more than one letter fits
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


class Declined(LetterRefused):
    """A person at the office said no."""

    code = "office.declined"
    cause = Text("The office declined: {reason}", "Biuro odmówiło wydania certyfikatów: {reason}")
    cure = Text("Answer to this letter, or call the office.", "Odpowiedz na ten list lub zadzwoń do biura.")


class RequestNotPending(InvalidInput):
    """Nothing of that number or account waits."""

    code = "office.request-not-pending"
    cause = Text("No request {wanted} waits for a decision.", "Żadne żądanie {wanted} nie czeka na decyzję.")
    cure = Text("See `erepo office list`.", "Zobacz `erepo office list`.")


class SeveralPending(InvalidInput):
    """More than one letter fits."""

    code = "office.several-pending"
    cause = Text("Several requests fit {wanted}: {numbers}.", "Do {wanted} pasuje kilka żądań: {numbers}.")
    cure = Text("Give the whole number.", "Podaj cały numer.")


class OfficeNotReady(ConfigurationError):
    """The office has no authority yet."""

    code = "office.not-ready"
    cause = Text("The office in {folder} has not been set up.", "Biuro w folderze {folder} nie jest gotowe.")
    cure = Text("Run `erepo office init`.", "Uruchom `erepo office init`.")
