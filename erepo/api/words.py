"""Words of answers that differ from those of commands."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from erepo.texts import Text


class Words(NamedTuple):
    """What to do next, and what happened where that is to be said differently as well."""

    cure: Text
    cause: Text | None = None


#: By code of the error.
CURES: Final[Mapping[str, Words]] = MappingProxyType(
    {
        "patient.unknown": Words(
            Text(
                "Send multipart/form-data with the parts `metadata` (JSON with `patient`) and `document`.",
                "Wyślij multipart/form-data z częściami `metadata` (JSON z polem `patient`) i `document`.",
            )
        ),
        "sidecar.invalid": Words(
            Text(
                "Correct it as docs/reference/import.md describes it, and send both parts again.",
                "Popraw je zgodnie z docs/reference/import.md i wyślij ponownie obie części.",
            ),
            Text(
                "The part `metadata` is wrong in field {field}.",
                "Część `metadata` zawiera błąd w polu {field}.",
            ),
        ),
        "file.empty": Words(
            Text("Send the document's octets as the body.", "Wyślij treść dokumentu jako treść żądania."),
            Text("The document is empty.", "Dokument jest pusty."),
        ),
        "user.unknown": Words(
            Text(
                "Name an active login of the staff in X-Erepo-User.",
                "Podaj w nagłówku X-Erepo-User login aktywnego użytkownika.",
            )
        ),
        "reading.unknown": Words(
            Text(
                "Use the id that the answer to POST /api/documents gave.",
                "Użyj identyfikatora z odpowiedzi na POST /api/documents.",
            )
        ),
        "migration.nothing-chosen": Words(
            Text("Name `ids`, a filter, or `everything`: true.", "Podaj `ids`, filtr lub `everything`.")
        ),
        "migration.documents-unknown": Words(
            Text(
                "Compare the ids with GET /api/documents. Nothing was ordered.",
                "Porównaj identyfikatory z GET /api/documents. Niczego nie zlecono.",
            )
        ),
        "migration.unknown": Words(
            Text(
                "Use the id that the answer to POST /api/migrations gave.",
                "Użyj identyfikatora z odpowiedzi na POST /api/migrations.",
            )
        ),
        "indexing.unknown": Words(
            Text(
                "Compare the ids with GET /api/documents; POST /api/indexings has documents indexed.",
                "Porównaj identyfikatory z GET /api/documents; indeksowanie zleca POST /api/indexings.",
            )
        ),
        "indexing.event-fixed": Words(
            Text(
                "Nothing was changed. Have the administrator withdraw the index (`erepo index withdraw`),"
                " then give the event and POST /api/indexings.",
                "Niczego nie zmieniono. Poproś administratora o wycofanie indeksu (`erepo index withdraw`),"
                " potem podaj zdarzenie i wywołaj POST /api/indexings.",
            )
        ),
        "sharing.unknown": Words(
            Text(
                "Use the id that you gave to POST /api/consents; GET /api/consents lists all.",
                "Użyj identyfikatora podanego w POST /api/consents; wszystkie pokazuje GET /api/consents.",
            )
        ),
        "sharing.fixed": Words(
            Text(
                "A consent is never changed. Write a new one: POST /api/consents.",
                "Zgody się nie zmienia. Przygotuj nową: POST /api/consents.",
            )
        ),
        "sharing.shared": Words(
            Text(
                "Revoke the consents first (GET /api/consents?open=true&document=… shows them), or wait"
                " until their time is over. Nothing was changed.",
                "Najpierw odwołaj zgody (pokazuje je GET /api/consents?open=true&document=…) albo poczekaj"
                " na koniec ich ważności. Niczego nie zmieniono.",
            )
        ),
        "sharing.documents": Words(
            Text(
                "Compare the ids with GET /api/documents. Nothing was written down.",
                "Porównaj identyfikatory z GET /api/documents. Niczego nie zapisano.",
            )
        ),
        "abroad.kind": Words(
            Text(
                "Leave the kind out, or use one of a PIK document; docs/reference/kinds.md lists them.",
                "Pomiń rodzaj albo użyj rodzaju dokumentu PIK; wymienia je docs/reference/kinds.md.",
            )
        ),
        "sharing.recipient": Words(
            Text(
                "Give `kind` `patient`, `person` and `number`, or `account` and 16 digits as `account`.",
                "Podaj `kind` `patient`, `person` i `number` albo `account` i 16 cyfr jako `account`.",
            )
        ),
        "abroad.search-unknown": Words(
            Text(
                "Search again: POST /api/p1/searches, with the same X-Erepo-User.",
                "Wyszukaj ponownie: POST /api/p1/searches z tym samym X-Erepo-User.",
            )
        ),
        "abroad.reason-missing": Words(
            Text("State it in `reason`; nothing was asked.", "Podaj go w polu `reason`; o nic nie zapytano.")
        ),
        "cda.not-cda": Words(
            Text(
                "Send it as multipart/form-data with `metadata` that names its patient.",
                "Wyślij go jako multipart/form-data z częścią `metadata` wskazującą pacjenta.",
            )
        ),
    }
)

#: Short names of statuses.
TITLES: Final[Mapping[int, Text]] = MappingProxyType(
    {
        400: Text("The request is wrong", "Nieprawidłowe żądanie"),
        401: Text("Who is asking is not known", "Nieznany nadawca"),
        403: Text("Not permitted", "Brak uprawnień"),
        404: Text("Not there", "Nie znaleziono"),
        405: Text("Not this way", "Niedozwolona metoda"),
        408: Text("Too slow", "Przekroczony czas"),
        410: Text("Deleted", "Usunięto"),
        413: Text("Too large", "Zbyt duży dokument"),
        415: Text("Not a type that is taken in", "Nieobsługiwany typ dokumentu"),
        422: Text("Cannot be done", "Nie można wykonać"),
        429: Text("Too often", "Zbyt wiele prób"),
        500: Text("A fault of ours", "Błąd wewnętrzny"),
        502: Text("The repository refused", "Repozytorium odmówiło"),
        503: Text("Not now", "Chwilowo niedostępne"),
    }
)
