"""What can go wrong at the door for other providers.

MessageRefused
├── BearerRefused          P1's assertion is missing, or proves nothing
└── SenderRefused          connection, signature and assertion are not one provider's, or not in force
RetryableError
├── DecisionUnavailable    SOZ says neither yes nor no; nothing was given
└── StandingUnknown        nobody says whether the sender's certificates were revoked; nothing was given
ConfigurationError
└── DoorMisconfigured      settings of the door that cannot be used

`rule` in their data is a short fixed phrase, never content of a message.
"""

from erepo.errors import ConfigurationError, RetryableError
from erepo.soap.errors import MessageRefused
from erepo.texts import Text


class BearerRefused(MessageRefused):
    """P1's assertion is missing, or proves nothing."""

    code = "outside.assertion-refused"
    fault = "wsse:FailedCheck"
    cause = Text("The assertion by P1 was refused: {rule}.", "Odrzucono asercję wystawioną przez P1: {rule}.")
    cure = Text(
        "The other provider has to ask P1 for a new token about this patient and send it with its own"
        " certificates; both clocks must be right (NTP).",
        "Drugi podmiot musi pobrać z P1 nowy token dotyczący tego pacjenta i wysłać go z własnymi"
        " certyfikatami; zegary obu stron muszą być ustawione poprawnie (NTP).",
    )


class SenderRefused(MessageRefused):
    """Who sent the message is not one provider with certificates in force."""

    code = "outside.sender-refused"
    fault = "wsse:FailedAuthentication"
    cause = Text(
        "The sender's P1 certificates were refused: {rule}.", "Odrzucono certyfikaty P1 nadawcy: {rule}."
    )
    cure = Text(
        "The other provider has to use its own pair of P1 certificates, valid and not revoked, each for its"
        " purpose.",
        "Drugi podmiot musi używać własnej pary certyfikatów P1, ważnych i nieunieważnionych, każdego zgodnie"
        " z przeznaczeniem.",
    )


class DecisionUnavailable(RetryableError):
    """SOZ did not decide; `reason` is a code of ours."""

    code = "outside.decision-unavailable"
    cause = Text(
        "P1 (SOZ) did not decide whether documents may be given out ({reason}); none was.",
        "P1 (SOZ) nie rozstrzygnęło, czy można wydać dokumenty ({reason}); nie wydano żadnego.",
    )
    cure = Text(
        "The other provider may ask again later. If it lasts, the operator checks EREPO_P1__URL, EREPO_P1__CA"
        " and the account's P1 certificates.",
        "Drugi podmiot może ponowić żądanie później. Jeśli problem trwa, operator sprawdza EREPO_P1__URL,"
        " EREPO_P1__CA i certyfikaty P1 konta.",
    )


class StandingUnknown(RetryableError):
    """The authorities of the sender's certificates say nothing about them now; `reason` is a code of ours."""

    code = "outside.standing-unknown"
    cause = Text(
        "Nobody proves that the other provider's P1 certificates were not revoked ({reason}).",
        "Nie można potwierdzić, że certyfikaty P1 drugiego podmiotu nie zostały unieważnione ({reason}).",
    )
    cure = Text(
        "The other provider may ask again later. If it lasts, the operator makes the authority's list or"
        " responder reachable, or gives the list in EREPO_REVOCATION__CRL.",
        "Drugi podmiot może ponowić żądanie później. Jeśli problem trwa, operator zapewnia dostęp do listy"
        " lub usługi OCSP urzędu albo wskazuje listę w EREPO_REVOCATION__CRL.",
    )


class DoorMisconfigured(ConfigurationError):
    """The door for other providers is to be open, and a setting is missing or cannot be used."""

    code = "outside.misconfigured"
    cause = Text(
        "The door for other providers cannot be opened: {setting} is missing or cannot be used.",
        "Nie można udostępnić usługi innym podmiotom: brakuje {setting} albo nie można go użyć.",
    )
    cure = Text(
        "Correct the setting, or leave EREPO_P1__TOKEN_ISSUER empty: then no other provider is let in.",
        "Popraw to ustawienie albo pozostaw EREPO_P1__TOKEN_ISSUER puste: wtedy żaden inny podmiot nie ma"
        " dostępu.",
    )
