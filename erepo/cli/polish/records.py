"""Polish help of: migrate, documents."""

from typing import Final

HELP: Final[dict[str, str]] = {
    "Bring documents back from the repository, which then forgets them (manual 1.5).": (
        "Przenieś dokumenty z powrotem z repozytorium, które następnie je usuwa (instrukcja 1.5)."
    ),
    (
        "Bring documents here, remove them from the repository, and block them from being sent again.\n\n"
        "Documents are given by their ids, or by filters that all must hold. What runs that did not end"
        " left\n"
        "half-done is finished first. May be interrupted at any moment and run again. Exit code 0 only"
        " if every\n"
        "document is here and gone there; 1 if some are not; 2 if nothing could be done."
    ): (
        "Przenieś dokumenty tutaj, usuń je z repozytorium i zablokuj ich ponowne wysłanie.\n\n"
        "Dokumenty wskazują identyfikatory albo filtry, które muszą być spełnione wszystkie naraz."
        " Najpierw kończone jest to, co przerwane uruchomienia zostawiły w połowie. Można przerwać w"
        " każdej chwili i uruchomić ponownie. Kod wyjścia 0 tylko wtedy, gdy każdy dokument jest tutaj,"
        " a tam go nie ma; 1, gdy niektóre nie; 2, gdy niczego nie można było zrobić."
    ),
    "Login of the person who orders it (`erepo structure`).": "Login osoby zlecającej (`erepo structure`).",
    "Ids of documents.": "Identyfikatory dokumentów.",
    "Only this kind (`erepo kinds list`); may be repeated.": (
        "Tylko ten rodzaj (`erepo kinds list`); można powtórzyć."
    ),
    "Only of one patient: `-` reads the identifier from the input; or the patient's number.": (
        "Tylko jednego pacjenta: `-` odczytuje identyfikator z wejścia; albo numer pacjenta."
    ),
    "Issued on this day or later.": "Wystawione tego dnia lub później.",
    "Issued on this day or earlier.": "Wystawione tego dnia lub wcześniej.",
    "Archived then or later.": "Zarchiwizowane wtedy lub później.",
    "Archived then or earlier.": "Zarchiwizowane wtedy lub wcześniej.",
    "All documents; needed when nothing else is given.": (
        "Wszystkie dokumenty; potrzebne, gdy nie podano nic innego."
    ),
    "At most so many; 0: all.": "Najwyżej tyle; 0: wszystkie.",
    "Only count; change nothing.": "Tylko policz; niczego nie zmieniaj.",
    "Do not ask for a confirmation.": "Nie pytaj o potwierdzenie.",
    "Start the run in Prefect instead of here.": "Uruchom w Prefect zamiast tutaj.",
    "List the documents that lie in the repository, or those that were brought back and are blocked.": (
        "Pokaż dokumenty, które są w repozytorium, albo te, które przeniesiono z powrotem i zablokowano."
    ),
    "Those that were brought back.": "Te, które przeniesiono z powrotem.",
    "Return documents that were brought back to archiving: the next run sends them again.": (
        "Przywróć do archiwizacji dokumenty, które przeniesiono z powrotem: następne uruchomienie wyśle"
        " je ponownie."
    ),
    "Ask every migration that is going on to end after the documents in its hands.": (
        "Poproś każdą trwającą migrację, by zakończyła się po dokumentach, które właśnie przenosi."
    ),
    "Read a patient's identifier from the input and print the number that stands for it in forms.": (
        "Odczytaj identyfikator pacjenta z wejścia i wypisz numer, który zastępuje go w formularzach."
    ),
    "Documents: list, look at one, open, save it and its attachments, follow its versions, delete.": (
        "Dokumenty: lista, podgląd, otwieranie, zapis dokumentu i załączników, wersje, usuwanie."
    ),
    "List documents, those taken in last first. Nothing of a patient is shown.": (
        "Pokaż dokumenty, od ostatnio przyjętych. Dane pacjentów nie są pokazywane."
    ),
    "Only in this state; may be repeated.": "Tylko w tym stanie; można powtórzyć.",
    "Issued on this day or later, YYYY-MM-DD.": "Wystawione tego dnia lub później, RRRR-MM-DD.",
    "Issued on this day or earlier, YYYY-MM-DD.": "Wystawione tego dnia lub wcześniej, RRRR-MM-DD.",
    "`-`: only of the patient whose PESEL or HL7 CX stands on the input.": (
        "`-`: tylko pacjenta, którego PESEL lub HL7 CX jest na wejściu."
    ),
    "Documents on one page.": "Liczba dokumentów na stronie.",
    "The page after the document of this id.": "Strona następująca po dokumencie o tym identyfikatorze.",
    "Show what is known of a document, its patient included; the history notes who looked.": (
        "Pokaż, co wiadomo o dokumencie, także o pacjencie; historia zapisuje, kto go oglądał."
    ),
    "Id as `erepo documents list` shows it.": "Identyfikator, jak pokazuje `erepo documents list`.",
    "Login of the person who reads (`erepo structure`).": "Login osoby czytającej (`erepo structure`).",
    "Why: treatment, emergency, patient (asked for it), operations.": (
        "Dlaczego: treatment (leczenie), emergency (stan nagły), patient (na prośbę pacjenta),"
        " operations (sprawy organizacyjne)."
    ),
    "Print one JSON object, without the patient.": "Wypisz jeden obiekt JSON, bez pacjenta.",
    (
        "Make a page of a document, to be opened in a browser or printed; print where it is.\n\n"
        "Without --output it lies under EREPO_HOME, readable to you alone, and is removed after an hour."
        " A document\n"
        "that is not kept here is fetched from the repository. Files inside the document that the page"
        " cannot show\n"
        "(a PDF) lie beside it. The history notes who opened it, and why."
    ): (
        "Utwórz stronę dokumentu, do otwarcia w przeglądarce lub wydruku; wypisz, gdzie jest.\n\n"
        "Bez --output powstaje w EREPO_HOME, czytelna tylko dla ciebie, i po godzinie jest usuwana."
        " Dokument, którego tu nie ma, jest pobierany z repozytorium. Pliki z dokumentu, których strona"
        " nie może pokazać (PDF), leżą obok niej. Historia zapisuje, kto go otworzył i dlaczego."
    ),
    "Write the page to this file, and leave it there.": "Zapisz stronę w tym pliku i zostaw ją tam.",
    "Replace files of the same name.": "Zastąp pliki o tej samej nazwie.",
    "Print the paths as JSON.": "Wypisz ścieżki jako JSON.",
    (
        "Save a document: the signed XML to the octet, its stylesheet (XSL), and a page to read without"
        " both.\n\n"
        "A scan or PDF is one file. Files are never overwritten without --force; their names tell kind"
        " and date,\n"
        "no patient. The history notes who saved it, and why."
    ): (
        "Zapisz dokument: podpisany XML co do bajtu, jego arkusz stylów (XSL) oraz stronę do czytania"
        " bez obu.\n\n"
        "Skan lub PDF to jeden plik. Bez --force pliki nie są nadpisywane; ich nazwy mówią o rodzaju i"
        " dacie, nie o pacjencie. Historia zapisuje, kto go zapisał i dlaczego."
    ),
    "Folder for the files; made when missing.": "Katalog na pliki; zostanie utworzony, jeśli go nie ma.",
    "One zip file with all of them.": "Jeden plik zip ze wszystkimi.",
    "Save the attachments of shared medical documentation, and of no other kind.": (
        "Zapisz załączniki udostępnionej dokumentacji medycznej, i żadnego innego rodzaju."
    ),
    "Show all versions of a document, oldest first: what replaces it, what cancels it, what is odd.": (
        "Pokaż wszystkie wersje dokumentu, od najstarszej: co go zastępuje, co unieważnia, co jest niezwykłe."
    ),
    "Opaque id of any document of the chain.": "Nieprzejrzysty identyfikator dowolnego dokumentu z łańcucha.",
    "Print a JSON object.": "Wypisz obiekt JSON.",
    (
        "Delete documents in the repository, and their content here.\n\n"
        "Only prescriptions and referrals to a specialist, to a hospital, for a diagnostic test sent to"
        " P1 and for\n"
        "rehabilitation; never under a legal hold. All of the ids may be deleted, or nothing is. What"
        " interrupted\n"
        "calls left is finished first. Exit code 0 only if all are gone; 1 if some are not; 2 if nothing"
        " could be\n"
        "done."
    ): (
        "Usuń dokumenty w repozytorium i ich treść tutaj.\n\n"
        "Tylko recepty oraz skierowania do specjalisty, do szpitala, na badanie diagnostyczne przesłane"
        " do P1 i na rehabilitację; nigdy przy wstrzymanym brakowaniu (legal hold). Usunąć można"
        " wszystkie wskazane albo żadnego. Najpierw kończone jest to, co zostawiły przerwane wywołania."
        " Kod wyjścia 0 tylko wtedy, gdy nie ma już żadnego; 1, gdy niektóre zostały; 2, gdy niczego nie"
        " można było zrobić."
    ),
    "Login of the person who orders it.": "Login osoby zlecającej.",
    "Ids of documents; none: only finish what was interrupted.": (
        "Identyfikatory dokumentów; bez nich: tylko dokończ to, co przerwano."
    ),
}
