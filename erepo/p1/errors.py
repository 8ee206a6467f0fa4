"""Errors of P1's client. None repeats a text of P1: descriptions may name a patient.

    RemoteRefused
    └── P1Refused                  P1 understood and refused; `reason` is a code
        ├── RepositoryExists       the provider has a repository already
        └── RepositoryIdMissing    registered, but no usable id came back (manual 2.1)
    AccessRefused
    └── P1AccessRefused            P1 does not know the certificate, or it may not do this (manual 2.4)
    InvalidInput
    └── P1AnswerInvalid            the answer cannot be trusted or read
    ConfigurationError
    ├── P1ChannelFailed            TLS with P1 could not be set up (manual 2.5)
    └── P1Misconfigured            keys, authorities or addresses for P1 that cannot be used
    RemoteUnavailable
    └── P1Unavailable              nobody answers; nothing was done
    RemoteTimeout
    └── P1Timeout                  no answer in time (manual 2.2); it may have been done
        └── P1Overrun              P1 itself ran out of time
    RemoteBusy
    └── P1Busy                     later
    OutcomeUnknown
    └── P1OutcomeUnknown           sent, the answer was lost

All retryable ones are safe to repeat: a registration of an address replaces, a query reads. After a lost
answer to the registration of a repository the repetition ends as `RepositoryExists`.
"""

from erepo.errors import (
    AccessRefused,
    ConfigurationError,
    InvalidInput,
    OutcomeUnknown,
    RemoteBusy,
    RemoteRefused,
    RemoteTimeout,
    RemoteUnavailable,
)
from erepo.texts import Text


class P1Refused(RemoteRefused):
    """P1 understood the request and refused it."""

    code = "p1.refused"
    cause = Text("P1 refused the request ({reason}).", "P1 odrzuciło żądanie ({reason}).")
    cure = Text(
        "Check the provider's data and certificates in P1, then try again; the code is P1's own.",
        "Sprawdź dane i certyfikaty podmiotu w P1, po czym spróbuj ponownie; kod pochodzi z P1.",
    )


class RepositoryExists(P1Refused):
    """The provider has a repository in P1 already, whose id was not told."""

    code = "p1.repository-exists"
    cause = Text(
        "P1 says that this provider has a repository already ({reason}).",
        "Według P1 podmiot ma już zarejestrowane repozytorium ({reason}).",
    )
    cure = Text(
        "Revoke the P1 certificates and register them again, asking for a new repository.",
        "Unieważnij certyfikaty P1 i zarejestruj je ponownie, żądając utworzenia nowego repozytorium.",
    )


class RepositoryIdMissing(P1Refused):
    """P1 registered the repository but told no id that can be used (manual 2.1)."""

    code = "p1.repository-id-missing"
    cause = Text(
        "The id of the repository could not be fetched from P1 ({reason}).",
        "Nie udało się pobrać identyfikatora repozytorium z P1 ({reason}).",
    )
    cure = Text(
        "Revoke the P1 certificates and register them again.",
        "Unieważnij certyfikaty P1 i zarejestruj je ponownie.",
    )


class P1AccessRefused(AccessRefused):
    """P1 does not know the certificates, or they may not do this."""

    code = "p1.access-refused"
    cause = Text("P1 denies access ({reason}).", "P1 odmawia dostępu ({reason}).")
    cure = Text(
        "Check that the provider's TLS and WSS certificates of P1 are current, not swapped, valid and "
        "not revoked, and that the acting user has a PESEL or NPWZ.",
        "Sprawdź, czy certyfikaty TLS i WSS podmiotu wydane przez P1 są aktualne, niezamienione, ważne "
        "i nieunieważnione oraz czy użytkownik ma numer PESEL lub NPWZ.",
    )


class P1AnswerInvalid(InvalidInput):
    """The answer is unsigned, forged, stale, too large, or of another form."""

    code = "p1.answer-invalid"
    cause = Text(
        "The answer of P1 at {address} was refused: {rule}.",
        "Odrzucono odpowiedź P1 z adresu {address}: {rule}.",
    )
    cure = Text(
        "Check EREPO_P1__URL and EREPO_P1__CA, and this machine's clock (NTP); no proxy may stand between.",
        "Sprawdź EREPO_P1__URL i EREPO_P1__CA oraz zegar tego komputera (NTP); po drodze nie może stać "
        "serwer pośredniczący.",
    )


class P1ChannelFailed(ConfigurationError):
    """TLS with P1 could not be set up (manual 2.5)."""

    code = "p1.channel"
    cause = Text(
        "The secure channel to P1 at {address} failed ({reason}).",
        "Nie udało się zestawić bezpiecznego kanału z P1 pod adresem {address} ({reason}).",
    )
    cure = Text(
        "Check that the TLS certificate issued by P1 (not the WSS one) is used and valid, and that "
        "EREPO_P1__CA holds P1's current authorities.",
        "Sprawdź, czy używany jest ważny certyfikat TLS wydany przez P1 (a nie WSS) oraz czy EREPO_P1__CA "
        "zawiera aktualne urzędy certyfikacji P1.",
    )


class P1Misconfigured(ConfigurationError):
    """What was set for P1 cannot be used."""

    code = "p1.configuration"
    cause = Text("P1 cannot be used as it is set up: {rule}.", "Konfiguracja P1 jest błędna: {rule}.")
    cure = Text(
        "Correct EREPO_P1__URL, EREPO_P1__CA or the P1 certificates.",
        "Popraw EREPO_P1__URL, EREPO_P1__CA lub certyfikaty P1.",
    )


class P1Unavailable(RemoteUnavailable):
    """Nobody answers at P1's address; nothing was done there."""

    code = "p1.unavailable"
    cause = Text("P1 at {address} does not answer.", "P1 pod adresem {address} nie odpowiada.")
    cure = Text(
        "Check the network and P1's maintenance notices; it will be tried again.",
        "Sprawdź sieć i komunikaty o pracach serwisowych P1; próba zostanie ponowiona.",
    )


class P1Timeout(RemoteTimeout):
    """P1 did not answer in time; it may have done what was asked."""

    code = "p1.timeout"
    cause = Text(
        "P1 at {address} did not answer in time ({phase}, {seconds} s).",
        "P1 pod adresem {address} nie odpowiedziało w wyznaczonym czasie ({phase}, {seconds} s).",
    )


class P1Overrun(P1Timeout):
    """P1 answers that it ran out of time itself; it may have done what was asked."""

    code = "p1.overrun"
    cause = Text(
        "P1 at {address} ran out of time while it worked.",
        "P1 pod adresem {address} przekroczyło własny limit czasu.",
    )
    cure = Text(
        "It will be tried again by itself; ask for less at once if a query repeats this.",
        "Próba zostanie ponowiona automatycznie; jeśli zapytanie kończy się tak ponownie, zawęź jego zakres.",
    )


class P1Busy(RemoteBusy):
    """P1 answers that it cannot take the request now."""

    code = "p1.busy"
    cause = Text(
        "P1 at {address} is busy ({reason}).", "P1 pod adresem {address} jest przeciążone ({reason})."
    )


class P1OutcomeUnknown(OutcomeUnknown):
    """The request was sent, the answer was lost."""

    code = "p1.outcome-unknown"
    cause = Text(
        "The connection to P1 at {address} broke before the answer came.",
        "Połączenie z P1 pod adresem {address} zostało przerwane przed otrzymaniem odpowiedzi.",
    )
    cure = Text("It will be tried again by itself.", "Próba zostanie ponowiona automatycznie.")
