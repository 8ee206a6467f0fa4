"""Errors of reading documents.

ErepoError
├── InvalidInput
│   ├── DocumentUnknown        no document has this id
│   ├── DocumentGone           it was deleted on request
│   ├── NoAttachments          another kind than those that have attachments to save, or it has none
│   ├── FilesThere             a file of that name is there already
│   └── FilterWrong            a filter of the list cannot be understood
├── AccessRefused
│   └── ReaderUnlinked         the person has neither PESEL nor NPWZ (manual 2.4)
├── IntegrityError
│   ├── OctetsDiffer           the repository delivers other octets than were archived
│   └── OctetsMissing          neither here nor in the repository
└── RetryableError
    └── DocumentMoving         it is being fetched back at this moment
"""

from erepo.errors import AccessRefused, IntegrityError, InvalidInput, RetryableError
from erepo.texts import Text


class DocumentUnknown(InvalidInput):
    """No document has this id."""

    code = "reading.unknown"
    cause = Text("There is no document with this id.", "Nie ma dokumentu o tym identyfikatorze.")
    cure = Text(
        "Take the id from `erepo documents list`.", "Weź identyfikator z listy: `erepo documents list`."
    )


class DocumentGone(InvalidInput):
    """The document was deleted on request."""

    code = "reading.deleted"
    cause = Text(
        "The document {document} was deleted from the repository on request.",
        "Dokument {document} został usunięty z repozytorium na żądanie.",
    )
    cure = Text(
        "It cannot be opened any more; its history stays. If the original is still there, import it anew.",
        "Nie można go już otworzyć; pozostaje jego historia. Jeśli masz oryginał, zaimportuj go ponownie.",
    )


class NoAttachments(InvalidInput):
    """There is nothing to save as an attachment (manual 1.2, and what patients gave)."""

    code = "reading.no-attachments"
    cause = Text(
        "The document {document} ({kind_en}) has no attachments to save.",
        "Dokument {document} ({kind_pl}) nie ma załączników do zapisania.",
    )
    cure = Text(
        "Attachments are saved of shared medical documentation and of patients' own documents. Save the"
        " document itself: `erepo documents save`.",
        "Załączniki zapisuje się tylko z rodzajów „Udostępniona dokumentacja medyczna” i „Dokument własny"
        " pacjenta”. Zapisz sam dokument:"
        " `erepo documents save`.",
    )


class FilesThere(InvalidInput):
    """Files that would be overwritten; `names` holds their names, for the person who chose the folder."""

    code = "reading.file-there"
    cause = Text(
        "Nothing was saved: files of the same name are there already ({count}).",
        "Niczego nie zapisano: pliki o tych nazwach już istnieją ({count}).",
    )
    cure = Text(
        "Choose another folder (--into), or overwrite them with --force.",
        "Wybierz inny katalog (--into) albo zastąp je opcją --force.",
    )

    names: tuple[str, ...] = ()


class FilterWrong(InvalidInput):
    """A filter of the list cannot be understood; `name` is the option."""

    code = "reading.filter"
    cause = Text("The filter {name} cannot be understood.", "Nieprawidłowa wartość filtra {name}.")
    cure = Text("Write: {expected}.", "Wpisz: {expected}.")


class ReaderUnlinked(AccessRefused):
    """The person has neither a valid PESEL nor NPWZ: the repository would answer 403 (manual 2.4)."""

    code = "reading.unlinked"
    cause = Text(
        "The user {login} has no valid PESEL or NPWZ: the repository hands documents out to known staff"
        " alone.",
        "Użytkownik {login} nie ma poprawnego numeru PESEL ani NPWZ: repozytorium wydaje dokumenty tylko"
        " znanemu personelowi.",
    )
    cure = Text(
        "Complete `users` in the structure file, then `erepo structure load FILE`. Documents that are kept"
        " here can be opened all the same.",
        "Uzupełnij `users` w pliku struktury i wczytaj go: `erepo structure load PLIK`. Dokumenty"
        " przechowywane lokalnie można otworzyć mimo to.",
    )


class OctetsDiffer(IntegrityError):
    """The repository delivers other octets than were archived; nothing of them is shown."""

    code = "reading.octets-differ"
    cause = Text(
        "The repository delivers other octets of the document {document} than were archived"
        " ({size} bytes of {expected}).",
        "Repozytorium zwraca inną treść dokumentu {document} niż zarchiwizowana ({size} z {expected} B).",
    )
    cure = Text(
        "Nothing was opened or saved. Run `erepo verify --read-back` and tell the operator of the"
        " repository.",
        "Niczego nie otwarto ani nie zapisano. Uruchom `erepo verify --read-back` i zawiadom operatora"
        " repozytorium.",
    )


class OctetsMissing(IntegrityError):
    """Neither the clinic's store nor the repository has the octets."""

    code = "reading.octets-missing"
    cause = Text(
        "The content of the document {document} is neither here nor in the repository.",
        "Treści dokumentu {document} nie ma ani lokalnie, ani w repozytorium.",
    )
    cure = Text(
        "Run `erepo verify`; import the original again, or restore the content folder from the backup.",
        "Uruchom `erepo verify`; ponownie zaimportuj oryginał albo przywróć katalog treści z kopii"
        " zapasowej.",
    )


class DocumentMoving(RetryableError):
    """The document is being fetched back; a moment later it is here."""

    code = "reading.moving"
    cause = Text(
        "The document {document} is being migrated at this moment.",
        "Dokument {document} jest właśnie migrowany.",
    )
    cure = Text(
        "Wait until the migration has ended, then try again.",
        "Poczekaj na zakończenie migracji i spróbuj ponownie.",
    )
