"""Why the office does not do what a letter asks.

    InvalidInput
    ├── LetterRefused
    │   ├── SenderUnusable        nobody to answer: refused in the SMTP dialogue
    │   ├── RequestsIncomplete    not exactly one TLS and one WSS request of one account: answered by mail
    │   ├── Declined              a person said no, and why: answered by mail
    │   └── KeyRevoked            the key's certificate was revoked: answered by mail
    ├── RequestNotPending         nothing of that number or account waits for a decision
    ├── SeveralPending            more than one letter fits
    └── SerialUnknown             no certificate of that serial number was issued
    ConfigurationError
    ├── OfficeNotReady            `erepo office init` was never run
    └── ListAddressWrong          EREPO_OFFICE__CRL_URL is no address that can be served

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


class KeyRevoked(LetterRefused):
    """The certificate of this very key was revoked; the key gets no other."""

    code = "office.key-revoked"
    cause = Text(
        "The certificate {serial} of this key was revoked.", "Certyfikat {serial} tego klucza unieważniono."
    )
    cure = Text("Make new keys and requests.", "Wygeneruj nowe klucze i żądania.")


class SerialUnknown(InvalidInput):
    """The office has issued no certificate of this serial number."""

    code = "office.serial-unknown"
    cause = Text(
        "The office has issued no certificate with the serial number {serial}.",
        "Biuro nie wydało certyfikatu o numerze seryjnym {serial}.",
    )
    cure = Text(
        "Give the serial number in hex, as `erepo certificates status` shows it.",
        "Podaj numer seryjny szesnastkowo, tak jak pokazuje go `erepo certificates status`.",
    )


class ListAddressWrong(ConfigurationError):
    """The address of the revocation list is none that the office can serve."""

    code = "office.crl-address"
    cause = Text(
        "EREPO_OFFICE__CRL_URL is no address of a list: {url}",
        "EREPO_OFFICE__CRL_URL nie jest adresem listy CRL: {url}",
    )
    cure = Text(
        "Write it as http://host:port/name, such as http://127.0.0.1:8410/office.crl.",
        "Podaj go w postaci http://serwer:port/nazwa, np. http://127.0.0.1:8410/office.crl.",
    )


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
