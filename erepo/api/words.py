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
                "Compare the id with GET /api/documents; POST /api/indexings has a document indexed.",
                "Porównaj identyfikator z GET /api/documents; POST /api/indexings zleca indeksowanie.",
            )
        ),
        "sharing.unknown": Words(Text("GET /api/consents lists all.", "Wszystkie podaje GET /api/consents.")),
        "sharing.documents": Words(
            Text(
                "Compare the ids with GET /api/documents. Nothing was written down.",
                "Porównaj identyfikatory z GET /api/documents. Niczego nie zapisano.",
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
        422: Text("Cannot be taken in", "Nie można przyjąć"),
        429: Text("Too often", "Zbyt wiele prób"),
        500: Text("A fault of ours", "Błąd wewnętrzny"),
        502: Text("The repository refused", "Repozytorium odmówiło"),
        503: Text("Not now", "Chwilowo niedostępne"),
    }
)
