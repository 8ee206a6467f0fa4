"""Errors of the clinic's own database, intake and structure.

ErepoError
├── InvalidInput
│   ├── UnknownKind            no such document kind
│   ├── KindUnchanged          a change of a kind that names nothing to change
│   ├── LocalDaysWrong         days that a kind cannot stay local for
│   ├── FileUnreadable         the file cannot be read
│   ├── FileEmpty              the file has no content
│   ├── PatientUnknown         nothing says whose document this is
│   ├── SidecarInvalid         the description beside the file is not understood
│   ├── DocumentNotRejected    only a refused document can be released
│   ├── StructureInvalid       the structure file is not understood
│   └── ArchivingUserNeeded    the user who archives can neither go nor be made inactive
├── ConfigurationError
│   ├── StructureIncomplete    a resort code or the archiving user is missing
│   ├── RepositoryNotSetUp     the external repository asked for has not been set up here
│   ├── DocumentsElsewhere     the repository in use may not be left: it holds documents
│   └── PanelLoginUnreadable   the file of the panel's first login says something else
├── AccessRefused
│   └── StaffUnlinked          the archiving user has neither PESEL nor NPWZ (manual 2.4)
├── IntegrityError
│   └── ContentDamaged         stored bytes are gone or differ from their SHA-256
├── PermanentError
│   ├── IllegalMove            the table of states has no such move
│   └── MoveConflict           another process moved the documents first
└── RetryableError
    └── DatabaseBusy           other transactions were in the way, several times in a row
"""

from erepo.acting import UserUnknown
from erepo.clinic.structure_words import field_words, missing_words, record_words
from erepo.errors import (
    ConfigurationError,
    IntegrityError,
    InvalidInput,
    PermanentError,
    RetryableError,
)
from erepo.texts import Language, Text


class UnknownKind(InvalidInput):
    """No document kind of this name."""

    code = "kind.unknown"
    cause = Text("There is no such document kind.", "Nie ma takiego rodzaju dokumentu.")
    cure = Text("Use one of: {known}.", "Użyj jednego z: {known}.")


class KindUnchanged(InvalidInput):
    """A change of a kind that names nothing to change."""

    code = "kind.unchanged"
    cause = Text(
        "Nothing to change was given for the kind {kind}.",
        "Nie podano, co zmienić w ustawieniach rodzaju {kind}.",
    )
    cure = Text(
        "Say whether it is archived by itself (`auto_archive`, --archive), or for how many days it stays"
        " local (`local_days`, --local-days), or both.",
        "Podaj, czy zapisywać dokument automatycznie w archiwum (`auto_archive`, --archive), przez ile dni ma"
        " być dostępny lokalnie (`local_days`, --local-days) albo jedno i drugie.",
    )


class LocalDaysWrong(InvalidInput):
    """Days that a kind cannot stay local for."""

    code = "kind.local-days"
    cause = Text(
        "The days a kind stays local are a whole number from 0 to {most}.",
        "Okres „Dostępny lokalnie przez (dni)” jest liczbą całkowitą od 0 do {most}.",
    )
    cure = Text("Correct the number; nothing was changed.", "Popraw liczbę; niczego nie zmieniono.")


class FileUnreadable(InvalidInput):
    """The file cannot be read: gone, no permission, not a regular file."""

    code = "file.unreadable"
    cause = Text("The file cannot be read ({problem}).", "Nie można odczytać pliku ({problem}).")
    cure = Text(
        "Check that it exists and may be read, then try again.",
        "Sprawdź, czy plik istnieje i czy można go odczytać, po czym spróbuj ponownie.",
    )


class FileEmpty(InvalidInput):
    """The file has no content."""

    code = "file.empty"
    cause = Text("The file is empty.", "Plik jest pusty.")
    cure = Text(
        "Export the document again from its source.", "Ponownie wyeksportuj dokument z systemu źródłowego."
    )


class PatientUnknown(InvalidInput):
    """Nothing says whose document this is."""

    code = "patient.unknown"
    cause = Text(
        "The document does not say which patient it belongs to.",
        "Dokument nie wskazuje pacjenta, którego dotyczy.",
    )
    cure = Text(
        "Give the patient with `--patient -`, or in <file>.json beside the file, or begin the file's name"
        " with the PESEL and an underscore.",
        "Podaj pacjenta opcją `--patient -` albo w pliku <plik>.json obok dokumentu, albo rozpocznij nazwę"
        " pliku numerem PESEL i podkreśleniem.",
    )


class OriginalKept(InvalidInput):
    """The document is taken in, but the original was not deleted as asked."""

    code = "file.original-kept"
    cause = Text(
        "The document is taken in, but the original file was kept ({problem}).",
        "Dokument przyjęto, ale oryginalny plik pozostał ({problem}).",
    )
    cure = Text(
        "Import it again with --delete, or remove it by hand once the document is archived and verified.",
        "Zaimportuj go ponownie z opcją --delete albo usuń ręcznie po archiwizacji i weryfikacji dokumentu.",
    )


class SidecarInvalid(InvalidInput):
    """The description beside the file is not understood."""

    code = "sidecar.invalid"
    cause = Text(
        "The description <file>.json beside the file is wrong in field {field}.",
        "Opis <plik>.json obok dokumentu zawiera błąd w polu {field}.",
    )
    cure = Text(
        "Correct it (docs/reference/import.md) and import the file again.",
        "Popraw go (docs/reference/import.md) i zaimportuj plik ponownie.",
    )


def place_words(place: str, language: Language) -> str:
    """Return a place of a structure as people name it: lines of a file are counted in their language."""
    if language != "pl":
        return place
    record, comma, field = place.partition(", ")
    if record.startswith("user "):  # a column of a table keeps its name
        place = f"{record_words(record, language)}{comma}{field_words(field, language)}"
    return place.replace("line ", "wiersz ", 1)


class StructureInvalid(InvalidInput):
    """The structure file is not understood."""

    code = "structure.invalid"
    cause = Text(
        "The structure is wrong at {place}: {problem_en}.",
        "Struktura zawiera błąd w miejscu {place}: {problem_pl}.",
    )
    cure = Text(
        "Correct it; docs/reference/structure.md describes the fields, with examples as JSON and CSV. Nothing"
        " has been changed.",
        "Popraw ten zapis; pola i przykłady (JSON, CSV) opisuje docs/reference/structure.md. Niczego nie"
        " zmieniono.",
    )

    def explain(self, language: Language) -> tuple[str, str]:
        """Return (what happened, what to do next) in one language, the line of a file in it as well."""
        words = self.data | {"place": place_words(str(self.data["place"]), language)}
        return self.cause.fill(language, **words), self.cure.fill(language)


class ArchivingUserNeeded(InvalidInput):
    """The user on whose behalf documents are deposited can neither go nor be made inactive."""

    code = "user.archives"
    cause = Text(
        "Documents are deposited on behalf of {login}: this user can neither be removed nor made inactive.",
        "Dokumenty są deponowane w imieniu użytkownika {login}: nie można go usunąć ani wyłączyć.",
    )
    cure = Text(
        "Let somebody else archive first: `erepo structure user set LOGIN --archiving`. Nothing was changed.",
        "Najpierw wskaż innego użytkownika archiwizującego: `erepo structure user set LOGIN --archiving`."
        " Niczego nie zmieniono.",
    )


class StructureIncomplete(ConfigurationError):
    """A resort code or the default archiving user is missing (manual 1.1.5)."""

    code = "structure.incomplete"
    cause = Text(
        "Nothing can be deposited: {record} lacks {field}.",
        "Nie można deponować dokumentów, brakuje danych: {record}, {field}.",
    )
    cure = Text(
        "Complete the structure by commands (codes: `erepo structure set --help`; users: `erepo structure"
        " user set LOGIN --npwz NUMBER --archiving`), or load a file with `erepo structure load FILE`."
        " Missing:\n{missing}",
        "Uzupełnij strukturę poleceniami (kody: `erepo structure set --help`, użytkownicy: `erepo structure"
        " user set LOGIN --npwz NUMER --archiving`) albo wczytaj plik: `erepo structure load PLIK`. Braki:"
        "\n{missing}",
    )

    def explain(self, language: Language) -> tuple[str, str]:
        """Return (what happened, what to do next) in one language, records and fields in it as well."""
        absent = self.data.get("all")
        missing = missing_words(absent, language) if isinstance(absent, list) else self.data["missing"]
        record = record_words(str(self.data["record"]), language)
        field = field_words(str(self.data["field"]), language)
        words = self.cause.fill(language, record=record, field=field)
        return words, self.cure.fill(language, missing=missing)


class StaffUnlinked(UserUnknown):
    """The clinic's archiving user has no valid PESEL or NPWZ (manual 2.4): the service would answer 403."""

    cure = Text(
        "Give this user a PESEL or NPWZ: `erepo structure user set LOGIN --npwz NUMBER` or `--pesel -`, which"
        " asks for it (or correct `users` in the structure file and `erepo structure load FILE`).",
        "Uzupełnij PESEL lub NPWZ tego użytkownika: `erepo structure user set LOGIN --npwz NUMER` albo"
        " `--pesel -`, które o niego zapyta (albo popraw `users` w pliku struktury i wczytaj go poleceniem"
        " `erepo structure load PLIK`).",
    )


class ContentDamaged(IntegrityError):
    """Stored bytes are gone or differ from their SHA-256."""

    code = "content.damaged"
    cause = Text(
        "The content {sha256} in the clinic's store is {problem}.",
        "Treść {sha256} w magazynie lokalnym jest uszkodzona lub jej brak ({problem}).",
    )
    cure = Text(
        "Import the original file again, or bring the document back from the repository.",
        "Zaimportuj ponownie oryginalny plik albo przywróć dokument z repozytorium.",
    )


class IllegalMove(PermanentError):
    """The table of states has no such move."""

    code = "state.illegal-move"
    cause = Text(
        "A document cannot go from state {source} to {target}.",
        "Dokument nie może przejść ze stanu {source} do {target}.",
    )


class MoveConflict(PermanentError):
    """Another process moved the documents first."""

    code = "state.conflict"
    cause = Text(
        "Of {wanted} documents only {found} are still in state {source}.",
        "Z {wanted} dokumentów tylko {found} jest nadal w stanie {source}.",
    )
    cure = Text(
        "Nothing was changed; run the command again, it takes up the current state.",
        "Niczego nie zmieniono; uruchom polecenie ponownie, uwzględni bieżący stan.",
    )


class DatabaseBusy(RetryableError):
    """Other transactions were in the way (a deadlock, a serialization failure), several times in a row."""

    code = "database.busy"
    cause = Text(
        "Other work on the clinic's database was in the way ({state}); nothing was changed.",
        "Inne operacje na bazie danych placówki stanęły na przeszkodzie ({state}); niczego nie zmieniono.",
    )
    cure = Text(
        "Run it again in a moment. If this repeats, see which programs work on the database at the same"
        " time.",
        "Uruchom ponownie za chwilę. Jeśli to się powtarza, sprawdź, jakie programy jednocześnie korzystają z"
        " bazy danych.",
    )


class DocumentNotRejected(InvalidInput):
    """Only a refused document can be put back into the queue."""

    code = "document.not-rejected"
    cause = Text(
        "{count} of the ids belong to no refused document.",
        "Identyfikatory, które nie należą do odrzuconych dokumentów: {count}.",
    )
    cure = Text(
        "Nothing was changed; take the ids from `erepo rejected list`.",
        "Niczego nie zmieniono; weź identyfikatory z `erepo rejected list`.",
    )


class PanelLoginUnreadable(ConfigurationError):
    """The file of the panel's first login was changed into something else."""

    code = "panel.login-file-unreadable"
    cause = Text("{file} does not hold login:password.", "Plik {file} nie zawiera login:hasło.")
    cure = Text(
        "Restore it from a backup, or delete it: a new one is made.",
        "Przywróć go z kopii albo usuń: zostanie utworzony nowy.",
    )


class RepositoryNotSetUp(ConfigurationError):
    """The external repository asked for has not been set up here."""

    code = "repository.not-set-up"
    cause = Text(
        "The external repository ({kind}) has not been set up here.",
        "Repozytorium zewnętrzne ({kind}) nie zostało tu skonfigurowane.",
    )
    cure = Text(
        "Set up the cloud with onboard-clinic (`erepo account --help`), the eArchiwum with"
        " `erepo earchive init FOLDER`.",
        "Chmurę skonfiguruj przez onboard-clinic (`erepo account --help`), eArchiwum poleceniem"
        " `erepo earchive init KATALOG`.",
    )


class DocumentsElsewhere(ConfigurationError):
    """Only one external repository may be in use, and this one still holds documents."""

    code = "repository.documents-elsewhere"
    cause = Text(
        "The repository in use ({kind}) holds documents: {documents}; with an unknown outcome: {unknown}.",
        "Używane repozytorium ({kind}) zawiera dokumenty: {documents}; o nieznanym wyniku: {unknown}.",
    )
    cure = Text(
        "Migrate them back first (`erepo migrate`), settle unknown ones with `erepo archive`. Nothing was"
        " changed.",
        "Najpierw zmigruj je z powrotem (`erepo migrate`), a nieznane wyjaśnij poleceniem `erepo archive`."
        " Niczego nie zmieniono.",
    )
