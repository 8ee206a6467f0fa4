"""Why a rotation cannot go on, or not back.

ConfigurationError
├── AccountNotActive       only the keys of an active account are replaced
├── NothingRequested       certificates came, but no rotation waits for any
├── CertificatesSettled    others are registered already
├── NothingToRollBack      no rotation is under way
└── RollbackImpossible     the old certificates may not, or cannot, be used again
AccessRefused
└── OldRefused             the service accepts the certificates in use no longer
RemoteRefused
└── NewNotProven           the service does not accept the new ones although it registered them
RetryableError
└── StepTaken              another process has taken the step first
PermanentError
└── IllegalStep            the table of stages has no such move
"""

from erepo.errors import AccessRefused, ConfigurationError, PermanentError, RemoteRefused, RetryableError
from erepo.texts import Text


class AccountNotActive(ConfigurationError):
    """Only the keys of an active account are replaced."""

    code = "rotation.account-not-active"
    cause = Text(
        "The account {account} is not active here: there are no keys to replace.",
        "Konto {account} nie jest tu aktywne: nie ma kluczy do wymiany.",
    )
    cure = Text(
        "Onboard it first (onboard-clinic/on-demand).", "Najpierw przyłącz konto (onboard-clinic/on-demand)."
    )


class NothingRequested(ConfigurationError):
    """Certificates came, but no rotation waits for any."""

    code = "rotation.nothing-requested"
    cause = Text(
        "No new keys were made for the account {account}, so no certificates can belong to them.",
        "Dla konta {account} nie wygenerowano nowych kluczy, więc żaden certyfikat nie może do nich pasować.",
    )
    cure = Text(
        "Start an update of the certificates first (`erepo certificates rotate --because forced`): it makes"
        " the keys and mails the requests (CSR).",
        "Najpierw rozpocznij aktualizację certyfikatów (`erepo certificates rotate --because forced`):"
        " utworzy klucze i wyśle żądania (CSR).",
    )


class CertificatesSettled(ConfigurationError):
    """Others are registered already."""

    code = "rotation.certificates-settled"
    cause = Text(
        "The update of the account {account} goes on with others, which the service knows already.",
        "Aktualizacja konta {account} jest prowadzona z innymi certyfikatami, znanymi już usłudze.",
    )
    cure = Text(
        "Let it finish, or give it up with `erepo certificates rollback` and start anew.",
        "Poczekaj na jej zakończenie albo przerwij ją poleceniem `erepo certificates rollback` i zacznij od"
        " nowa.",
    )


class NothingToRollBack(ConfigurationError):
    """No rotation is under way."""

    code = "rotation.nothing-to-roll-back"
    cause = Text(
        "No update of the certificates of the account {account} is under way.",
        "Nie trwa żadna aktualizacja certyfikatów konta {account}.",
    )
    cure = Text(
        "Once the old certificates are retired there is no way back; for others, start an update"
        " (`erepo certificates rotate --because forced`).",
        "Po wycofaniu starych certyfikatów nie ma do nich powrotu; aby uzyskać inne, rozpocznij aktualizację"
        " (`erepo certificates rotate --because forced`).",
    )


class RollbackImpossible(ConfigurationError):
    """The old certificates may not, or cannot, be used again."""

    code = "rotation.rollback-impossible"
    cause = Text(
        "The account {account} cannot go back to its old certificates: {reason_en}.",
        "Konto {account} nie może wrócić do starych certyfikatów: {reason_pl}.",
    )
    cure = Text(
        "Start an update for new ones: `erepo certificates rotate --because forced`.",
        "Rozpocznij aktualizację, aby uzyskać nowe: `erepo certificates rotate --because forced`.",
    )


class OldRefused(AccessRefused):
    """The service accepts the certificates in use no longer, so the account cannot register others itself."""

    code = "rotation.old-refused"
    cause = Text(
        "The service refuses the certificates in use of the account {account} ({reason}), so the new ones"
        " cannot be registered with them.",
        "Usługa odrzuca dotychczasowe certyfikaty konta {account} ({reason}), więc nie można nimi"
        " zarejestrować nowych.",
    )
    cure = Text(
        "Have the service's operator register the new certificates (they are kept, nothing is lost), then run"
        " this again.",
        "Poproś operatora usługi o zarejestrowanie nowych certyfikatów (są zachowane, nic nie zginęło), po"
        " czym uruchom to ponownie.",
    )


class NewNotProven(RemoteRefused):
    """The service does not accept the new ones although it registered them."""

    code = "rotation.new-not-proven"
    cause = Text(
        "The new certificates of the account {account} are not accepted by the service ({reason}).",
        "Usługa nie przyjmuje nowych certyfikatów konta {account} ({reason}).",
    )
    cure = Text(
        "The old ones stay in use. Run this again; if it repeats, give the update up with"
        " `erepo certificates rollback` and ask the service's operator.",
        "Nadal używane są stare certyfikaty. Uruchom to ponownie; jeśli problem się powtórzy, przerwij"
        " aktualizację poleceniem `erepo certificates rollback` i skontaktuj się z operatorem usługi.",
    )


class StepTaken(RetryableError):
    """Another process has taken the step first."""

    code = "rotation.step-taken"
    cause = Text(
        "Another process has moved the update of the account {account} on from {stage}.",
        "Inny proces posunął już aktualizację konta {account} z etapu {stage}.",
    )
    cure = Text("Run this again; it goes on from there.", "Uruchom to ponownie; praca będzie kontynuowana.")


class IllegalStep(PermanentError):
    """The table of stages has no such move."""

    code = "rotation.illegal-step"
    cause = Text(
        "An update of certificates cannot go from {source} to {target}.",
        "Aktualizacja certyfikatów nie może przejść z etapu {source} do {target}.",
    )
