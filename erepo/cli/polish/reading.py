"""Polish help of: documents."""

from typing import Final

HELP: Final[dict[str, str]] = {
    "Documents: list, look at one, open, save it and its attachments, follow its versions, delete.": (
        "Dokumenty: lista, szczegóły, otwieranie, zapisywanie wraz z załącznikami, wersje, usuwanie."
    ),
    "List documents, those taken in last first. Nothing of a patient is shown.": (
        "Pokaż dokumenty, od ostatnio przyjętych. Bez żadnych danych pacjentów."
    ),
    "Only this kind (`erepo kinds list`); may be repeated.": (
        "Tylko ten rodzaj (`erepo kinds list`); można powtórzyć."
    ),
    "Only in this state; may be repeated.": "Tylko w tym stanie; można powtórzyć.",
    "`-`: only of the patient whose PESEL or HL7 CX stands on the input.": (
        "`-`: tylko pacjenta, którego PESEL lub HL7 CX zostanie podany na standardowym wejściu."
    ),
    "Documents on one page.": "Liczba dokumentów na stronie.",
    "The page after the document of this id.": "Następna strona: po dokumencie o tym identyfikatorze.",
    "Show what is known of a document, its patient included; the history notes who looked.": (
        "Pokaż, co wiadomo o dokumencie, także dane pacjenta; historia odnotowuje, kto je oglądał."
    ),
    "Id as `erepo documents list` shows it.": "Identyfikator, jak pokazuje `erepo documents list`.",
    "Login of the person who reads (`erepo structure`).": "Login osoby, która czyta (`erepo structure`).",
    "Why: treatment, emergency, patient (asked for it), operations.": (
        "Cel: treatment (leczenie), emergency (ratowanie życia), patient (na wniosek pacjenta), operations"
        " (obsługa systemu)."
    ),
    "Print one JSON object, without the patient.": "Wypisz jeden obiekt JSON, bez danych pacjenta.",
    (
        "Make a page of a document, to be opened in a browser or printed; print where it is.\n\n"
        "Without --output it lies under EREPO_HOME, readable to you alone, and is removed after an hour. A"
        " document\n"
        "that is not kept here is fetched from the repository. Files inside the document that the page"
        " cannot show\n"
        "(a PDF) lie beside it. The history notes who opened it, and why."
    ): (
        "Utwórz z dokumentu stronę do otwarcia w przeglądarce lub wydruku; wypisz, gdzie jest.\n\n"
        "Bez --output strona powstaje w EREPO_HOME, jest czytelna tylko dla ciebie i po godzinie zostaje"
        " usunięta. Dokument, którego nie ma lokalnie, jest pobierany z repozytorium. Pliki zawarte w"
        " dokumencie, których strona nie może pokazać (PDF), leżą obok niej. Historia odnotowuje, kto"
        " otworzył dokument i w jakim celu."
    ),
    "Write the page to this file, and leave it there.": "Zapisz stronę w tym pliku i pozostaw ją tam.",
    "Replace files of the same name.": "Zastąp pliki o tej samej nazwie.",
    "Print the paths as JSON.": "Wypisz ścieżki jako JSON.",
    (
        "Save a document: the signed XML to the octet, its stylesheet (XSL), and a page to read without"
        " both.\n\n"
        "A scan or PDF is one file. Files are never overwritten without --force; their names tell kind and"
        " date,\n"
        "no patient. The history notes who saved it, and why."
    ): (
        "Zapisz dokument: podpisany XML bez żadnej zmiany, jego arkusz stylów (XSL) i stronę, do której"
        " czytania nie są potrzebne.\n\n"
        "Skan lub PDF to jeden plik. Bez --force żaden plik nie zostanie nadpisany; nazwy zawierają rodzaj"
        " i datę, a nie dane pacjenta. Historia odnotowuje, kto zapisał dokument i w jakim celu."
    ),
    "Folder for the files; made when missing.": "Katalog na pliki; jeśli go nie ma, zostanie utworzony.",
    "One zip file with all of them.": "Jeden plik zip ze wszystkimi.",
    "Save the attachments of shared medical documentation, and of no other kind.": (
        "Zapisz załączniki udostępnionej dokumentacji medycznej (tylko tego rodzaju)."
    ),
    "Show all versions of a document, oldest first: what replaces it, what cancels it, what is odd.": (
        "Pokaż wszystkie wersje dokumentu, od najstarszej: co go zastępuje, co anuluje, co się nie zgadza."
    ),
    "Opaque id of any document of the chain.": "Identyfikator dowolnej z wersji dokumentu.",
    "Print a JSON object.": "Wypisz obiekt JSON.",
    (
        "Delete documents in the repository, and their content here.\n\n"
        "Only prescriptions and referrals to a specialist, to a hospital, for a diagnostic test sent to P1"
        " and for\n"
        "rehabilitation; never under a legal hold. All of the ids may be deleted, or nothing is. What"
        " interrupted\n"
        "calls left is finished first. Exit code 0 only if all are gone; 1 if some are not; 2 if nothing"
        " could be\n"
        "done."
    ): (
        "Usuń dokumenty z repozytorium, a ich treść także lokalnie.\n\n"
        "Tylko recepty oraz skierowania: do specjalisty, do szpitala, na badanie diagnostyczne wysłane do"
        " P1 i na rehabilitację; nigdy objęte wstrzymaniem brakowania. Jeśli choć jednego ze wskazanych nie"
        " wolno usunąć, nie zostanie usunięty żaden. Najpierw zostaje dokończone to, co wcześniej"
        " przerwano. Kod wyjścia 0 tylko wtedy, gdy usunięto wszystkie; 1, gdy niektórych nie; 2, gdy"
        " niczego nie można było zrobić."
    ),
    "Login of the person who orders it.": "Login osoby, która to zleca.",
    "Ids of documents; none: only finish what was interrupted.": (
        "Identyfikatory dokumentów; bez nich: tylko dokończ to, co przerwano."
    ),
    "Do not ask for a confirmation.": "Nie pytaj o potwierdzenie.",
}
