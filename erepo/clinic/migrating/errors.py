"""Errors of bringing documents back.

PermanentError
├── InvalidInput
│   ├── NothingChosen          neither documents nor a filter were given
│   ├── DocumentsUnknown       some ids belong to no document
│   ├── DocumentsNotBlocked    only a migrated document can be unblocked
│   ├── PatientNotHere         the clinic has no document of this patient
│   ├── DatesWrong             no such day, or a span that ends before it begins
│   ├── NotConfirmed           a real run needs an explicit confirmation
│   └── MigrationUnknown       no such migration or batch
└── IntegrityError
    ├── RemoteDamaged          the repository's copy is not what was archived
    └── RemoteMissing          the document is neither in the repository nor here: an alarm
RetryableError
├── MigrationTaken             another migration is at work on the batch
└── MigrationLost              another one has taken the batch over
"""

from erepo.errors import IntegrityError, InvalidInput, RetryableError
from erepo.texts import Text


class NothingChosen(InvalidInput):
    """Neither documents nor a filter were given; everything must be asked for in so many words."""

    code = "migration.nothing-chosen"
    cause = Text("No documents and no filter were given.", "Nie wskazano dokumentów ani filtra.")
    cure = Text(
        "Give ids, a kind, a patient or dates; for all documents say so (--all, in the form: all documents).",
        "Podaj identyfikatory, rodzaj, pacjenta albo daty; wszystkie dokumenty wskazuje się wprost"
        " (--all, w formularzu: wszystkie dokumenty).",
    )


class DocumentsUnknown(InvalidInput):
    """Some of the ids belong to no document of this clinic."""

    code = "migration.documents-unknown"
    cause = Text(
        "{count} of the ids belong to no document here.",
        "Identyfikatory bez dokumentu w tej placówce: {count}.",
    )
    cure = Text(
        "Compare them with `erepo migrate list`. Nothing was changed.",
        "Porównaj je z wynikiem `erepo migrate list`. Niczego nie zmieniono.",
    )


class DocumentsNotBlocked(InvalidInput):
    """Only a document that was migrated can be returned to archiving."""

    code = "migration.not-blocked"
    cause = Text("{count} of the documents are not blocked.", "Dokumenty, które nie są zablokowane: {count}.")
    cure = Text(
        "`erepo migrate list --blocked` shows those that are. Nothing was changed.",
        "Zablokowane pokazuje `erepo migrate list --blocked`. Niczego nie zmieniono.",
    )


class PatientNotHere(InvalidInput):
    """The clinic has no document of this patient."""

    code = "migration.patient-not-here"
    cause = Text("There is no document of this patient.", "Nie ma dokumentów tego pacjenta.")
    cure = Text("Check the identifier or the number.", "Sprawdź identyfikator lub numer.")


class DatesWrong(InvalidInput):
    """There is no such day, or a span of dates ends before it begins."""

    code = "migration.dates-wrong"
    cause = Text(
        "There is no such day, or a span of dates ends before it begins.",
        "Nie ma takiego dnia albo zakres dat kończy się, zanim się zacznie.",
    )
    cure = Text(
        "Write days as 2026-11-30, the earlier one first.",
        "Zapisz dni jak 2026-11-30, wcześniejszy jako pierwszy.",
    )


class NotConfirmed(InvalidInput):
    """Nothing is removed from a repository without an explicit confirmation."""

    code = "migration.not-confirmed"
    cause = Text(
        "The migration was not confirmed: {count} documents would be brought here and removed from the"
        " repository.",
        "Nie potwierdzono migracji: dokumenty do przeniesienia tutaj i usunięcia z repozytorium: {count}.",
    )
    cure = Text(
        "Start it again with the confirmation (form: confirmed; command: --yes). Nothing was changed.",
        "Uruchom ponownie z potwierdzeniem (formularz: potwierdzam; polecenie: --yes). Niczego nie"
        " zmieniono.",
    )


class MigrationUnknown(InvalidInput):
    """There is no such migration or batch."""

    code = "migration.unknown"
    cause = Text("There is no such migration ({id}).", "Nie ma takiej migracji ({id}).")
    cure = Text("Start a new one; it goes on where others ended.", "Uruchom nową; dokończy poprzednie.")


class RemoteDamaged(IntegrityError):
    """What the repository gives out is not what was archived."""

    code = "migration.remote-damaged"
    cause = Text(
        "The repository's copy of the document is damaged: it is not what was archived.",
        "Kopia dokumentu w repozytorium jest uszkodzona: różni się od zarchiwizowanej.",
    )
    cure = Text(
        "Nothing was removed. Have the service's operator repair the copy (`erepo verify --read-back` names"
        " all such documents), then migrate again.",
        "Niczego nie usunięto. Zleć operatorowi usługi naprawę kopii (wszystkie takie dokumenty wskaże"
        " `erepo verify --read-back`), po czym ponów migrację.",
    )


class RemoteMissing(IntegrityError):
    """The repository does not have the document, and there is no copy here."""

    code = "migration.remote-missing"
    cause = Text(
        "ALARM: the repository does not have the document, and there is no copy of it here.",
        "ALARM: repozytorium nie ma tego dokumentu, a lokalnie nie ma jego kopii.",
    )
    cure = Text(
        "Call the service's operator at once, and look for the content folder in your backups; importing the"
        " same file restores it.",
        "Niezwłocznie zawiadom operatora usługi i poszukaj katalogu treści w kopiach zapasowych; import tego"
        " samego pliku przywróci dokument.",
    )


class MigrationTaken(RetryableError):
    """Another migration is at work on the batch."""

    code = "migration.taken"
    cause = Text("Another migration is at work on this batch.", "Nad tą paczką pracuje inna migracja.")
    cure = Text("It brings it to an end.", "Zostanie przez nią dokończona.")


class MigrationLost(RetryableError):
    """Another migration has taken the batch over; what this one did until then counts."""

    code = "migration.lost"
    cause = Text("Another migration has taken this batch over.", "Tę paczkę przejęła inna migracja.")
    cure = Text("It brings it to an end.", "Zostanie przez nią dokończona.")
