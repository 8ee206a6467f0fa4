"""Polish help of: migrate."""

from typing import Final

HELP: Final[dict[str, str]] = {
    "Bring documents back from the repository, which then forgets them (manual 1.5).": (
        "Migracja: przenieś dokumenty z repozytorium z powrotem do placówki i usuń je z niego (instrukcja"
        " 1.5)."
    ),
    (
        "Bring documents here, remove them from the repository, and block them from being sent again.\n\n"
        "Documents are given by their ids, or by filters that all must hold. What runs that did not end"
        " left\n"
        "half-done is finished first. May be interrupted at any moment and run again. Exit code 0 only if"
        " every\n"
        "document is here and gone there; 1 if some are not; 2 if nothing could be done."
    ): (
        "Przenieś dokumenty tutaj, usuń je z repozytorium i zablokuj przed ponownym wysłaniem.\n\n"
        "Dokumenty wskazuje się identyfikatorami albo filtrami, które muszą być spełnione wszystkie naraz."
        " Najpierw zostaje dokończone to, co przerwano we wcześniejszych uruchomieniach. Polecenie można w"
        " każdej chwili przerwać i uruchomić ponownie. Kod wyjścia 0 tylko wtedy, gdy każdy dokument jest"
        " tutaj, a w repozytorium już go nie ma; 1, gdy niektórych to nie dotyczy; 2, gdy niczego nie można"
        " było zrobić."
    ),
    "Login of the person who orders it (`erepo structure`).": (
        "Login osoby, która to zleca (`erepo structure`)."
    ),
    "Ids of documents.": "Identyfikatory dokumentów.",
    "Only of one patient: `-` reads the identifier from the input; or the patient's number.": (
        "Tylko jednego pacjenta: `-` odczytuje identyfikator ze standardowego wejścia; albo numer pacjenta."
    ),
    "Issued on this day or later.": "Wystawione tego dnia lub później.",
    "Issued on this day or earlier.": "Wystawione tego dnia lub wcześniej.",
    "Archived then or later.": "Zarchiwizowane tego dnia lub później.",
    "Archived then or earlier.": "Zarchiwizowane tego dnia lub wcześniej.",
    "All documents; needed when nothing else is given.": (
        "Wszystkie dokumenty; wymagane, gdy nie podano nic innego."
    ),
    "At most so many; 0: all.": "Najwyżej tyle; 0: wszystkie.",
    "Only count; change nothing.": "Tylko policz; niczego nie zmieniaj.",
    "Start the run in Prefect instead of here.": "Uruchom w Prefect zamiast tutaj.",
    "List the documents that lie in the repository, or those that were brought back and are blocked.": (
        "Pokaż dokumenty, które są w repozytorium, albo te zmigrowane i zablokowane."
    ),
    "Those that were brought back.": "Dokumenty zmigrowane (zablokowane).",
    "Return documents that were brought back to archiving: the next run sends them again.": (
        "Odblokuj zmigrowane dokumenty: następna archiwizacja wyśle je ponownie."
    ),
    "Ask every migration that is going on to end after the documents in its hands.": (
        "Poproś każdą trwającą migrację, aby zakończyła się po dokumentach, które właśnie przenosi."
    ),
    "Read a patient's identifier from the input and print the number that stands for it in forms.": (
        "Odczytaj identyfikator pacjenta ze standardowego wejścia i wypisz numer, który zastępuje go w"
        " formularzach."
    ),
}
