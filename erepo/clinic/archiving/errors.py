"""Errors of archiving.

PermanentError
├── ConfigurationError
│   ├── AccountMissing          no activated account, or its keys are not there
│   │   └── CloudNotInUse       there may be one: the eArchiwum is in use instead of it
│   └── StoreUnavailable        the folder with all content is gone, or the machine refuses to read from it
├── IntegrityError
│   ├── LocalContentLost        the local copy is gone or has another size than at intake
│   └── RegisteredDifferently   the registry holds other bytes under the same id
├── InvalidInput
│   ├── BatchUnknown            no such batch
│   ├── DayWrong                what a form names is no day of the calendar
│   ├── PeriodWrong             a chosen period that no document can lie in
│   └── DescriptionUnusable     a document's description cannot be written as XML
└── ArchivingRefused            a batch ended early for a cause that a person must repair
RetryableError
├── ArchivingStopped            a batch ended early; carries the cause and cure of what stopped it
├── LeaseLost                   another archiver has taken the batch over
└── BatchTaken                  another archiver is at work on it
"""

from erepo.errors import ConfigurationError, IntegrityError, InvalidInput, PermanentError, RetryableError
from erepo.texts import Text


class AccountMissing(ConfigurationError):
    """There is no activated account to send to."""

    code = "archiving.account-missing"
    cause = Text(
        "There is no activated account in the cloud ({what}).", "Brak aktywnego konta w chmurze ({what})."
    )
    cure = Text(
        "Register the certificates and activate the account (flow onboard-clinic), then run again.",
        "Zarejestruj certyfikaty i aktywuj konto (przepływ onboard-clinic), po czym uruchom ponownie.",
    )


class CloudNotInUse(AccountMissing):
    """Indexing, sharing, inviting and asking P1 are done by an account in the cloud alone."""

    code = "archiving.cloud-not-in-use"
    cause = Text(
        "This is done by an account in the cloud, and the eArchiwum is in use.",
        "Tę czynność wykonuje konto w chmurze, a w użyciu jest eArchiwum.",
    )
    cure = Text(
        "Use the account in the cloud: `erepo repositories use cloud`. Nothing was changed.",
        "Przełącz na konto w chmurze: `erepo repositories use cloud`. Niczego nie zmieniono.",
    )


class LocalContentLost(IntegrityError):
    """The local copy of a document is not what was taken in."""

    code = "archiving.local-content-lost"
    cause = Text(
        "The local content of the document is missing or damaged ({size} bytes of {expected}).",
        "Lokalna treść dokumentu jest niedostępna lub uszkodzona ({size} z {expected} bajtów).",
    )
    cure = Text(
        "Import the original file again, or restore the content folder from the backup; then"
        " `erepo rejected again`.",
        "Ponownie zaimportuj oryginał albo przywróć katalog treści z kopii zapasowej; potem"
        " `erepo rejected again`.",
    )


class StoreUnavailable(ConfigurationError):
    """The clinic's content cannot be read at all: no document's fault."""

    code = "archiving.store-unavailable"
    cause = Text(
        "The clinic's content folder cannot be read ({problem}).",
        "Nie można odczytać katalogu treści ({problem}).",
    )
    cure = Text(
        "Mount it, or correct its permissions, then run again; nothing is lost, the documents stay queued.",
        "Zamontuj go lub popraw uprawnienia, po czym uruchom ponownie; nic nie zginęło, dokumenty czekają.",
    )


class DescriptionUnusable(InvalidInput):
    """What is known of the document cannot be written as XML."""

    code = "archiving.description-unusable"
    cause = Text(
        "The description of the document cannot be written as XML ({problem}).",
        "Opisu dokumentu nie da się zapisać w XML ({problem}).",
    )
    cure = Text(
        "Look for control characters in its title and its patient's data.",
        "Sprawdź, czy tytuł i dane pacjenta nie zawierają znaków sterujących.",
    )


class RegisteredDifferently(IntegrityError):
    """The registry holds another hash or size under the document's id."""

    code = "archiving.registered-differently"
    cause = Text(
        "The registry holds other bytes under the id of this document ({field} differs).",
        "Rejestr przechowuje inną treść pod identyfikatorem tego dokumentu (różni się {field}).",
    )
    cure = Text(
        "Compare both documents by hand; import the local one again under its own id if both are right.",
        "Porównaj oba dokumenty; jeśli oba są poprawne, zaimportuj lokalny pod własnym identyfikatorem.",
    )


class BatchUnknown(InvalidInput):
    """No batch has this id."""

    code = "archiving.batch-unknown"
    cause = Text("There is no batch {batch}.", "Nie ma paczki {batch}.")
    cure = Text("Plan again: `erepo archive`.", "Zaplanuj ponownie: `erepo archive`.")


class DayWrong(InvalidInput):
    """What a form names is no day of the calendar."""

    code = "archiving.day-wrong"
    cause = Text("One of the days is none.", "Jedna z dat jest nieprawidłowa.")
    cure = Text(
        "Write days as year, month and day: 2026-11-30. Nothing was sent.",
        "Podaj datę jako rok, miesiąc i dzień: 2026-11-30. Niczego nie wysłano.",
    )


class PeriodWrong(InvalidInput):
    """A chosen period ends before it begins, or lies outside all sensible years."""

    code = "archiving.period-wrong"
    cause = Text(
        "No document can lie in the chosen period ({begin} to {end}).",
        "Żaden dokument nie może przypadać na wybrany okres (od {begin} do {end}).",
    )
    cure = Text(
        "Choose days from the earlier to the later one, between the years 1900 and 2200. Nothing was sent.",
        "Wybierz dni od wcześniejszego do późniejszego, z lat od 1900 do 2200. Niczego nie wysłano.",
    )


class ArchivingRefused(PermanentError):
    """A batch ended early and trying again changes nothing before its cause is repaired; nothing is lost."""

    code = "archiving.refused"
    cause = Text("Archiving stopped: {cause_en}", "Archiwizacja została przerwana: {cause_pl}")
    cure = Text("{cure_en}", "{cure_pl}")


class ArchivingStopped(RetryableError):
    """A batch ended before all its documents were sent; nothing is lost."""

    code = "archiving.stopped"
    cause = Text("Archiving stopped: {cause_en}", "Archiwizacja została przerwana: {cause_pl}")
    cure = Text("{cure_en}", "{cure_pl}")


class LeaseLost(RetryableError):
    """Another archiver has taken the batch over."""

    code = "archiving.lease-lost"
    cause = Text(
        "Another archiver has taken over batch {batch}.", "Inny proces archiwizacji przejął paczkę {batch}."
    )
    cure = Text(
        "Nothing to do: the other one finishes it.", "Nic nie trzeba robić: dokończy ją drugi proces."
    )


class BatchTaken(RetryableError):
    """Another archiver is at work on the batch."""

    code = "archiving.batch-taken"
    cause = Text(
        "Another archiver is working on batch {batch}.",
        "Nad paczką {batch} pracuje inny proces archiwizacji.",
    )
    cure = Text(
        "Nothing to do: the other one finishes it, or its lease ends by itself.",
        "Nic nie trzeba robić: dokończy ją drugi proces albo jego dzierżawa wygaśnie.",
    )
