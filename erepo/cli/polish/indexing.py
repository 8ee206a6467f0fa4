"""Polish help of: index."""

from typing import Final

HELP: Final[dict[str, str]] = {
    ("The index of documents in P1: have them indexed, see what is late and why, withdraw an index."): (
        "Indeks dokumentów w P1: zaindeksuj dokumenty, sprawdź, co jest po terminie i dlaczego, wycofaj"
        " indeks."
    ),
    (
        "Have documents indexed in P1: what the law wants of those in the repository, the oldest deadline"
        " first.\n\nThe same as the deployment index-documents/scheduled does. May be repeated at any"
        " moment: the service asks\nP1 what it has before anything is sent. Indexes of documents that"
        " left the repository are withdrawn. Exit\ncode 0 only if everything that was due is done; 1 if"
        " something was refused or put off; 2 if nothing could\nbe asked."
    ): (
        "Zaindeksuj w P1 dokumenty z repozytorium, których indeksowania wymaga prawo; najstarszy termin"
        " najpierw.\n\nTo samo robi wdrożenie index-documents/scheduled. Można powtórzyć w każdej chwili:"
        " usługa najpierw pyta P1, co już ma, i dopiero potem wysyła. Indeksy dokumentów, które opuściły"
        " repozytorium, są wycofywane. Kod wyjścia 0 tylko wtedy, gdy zrobiono wszystko; 1, gdy coś"
        " odrzucono lub odłożono; 2, gdy nikogo nie udało się zapytać."
    ),
    "Only this kind; may be repeated.": "Tylko ten rodzaj; można powtórzyć.",
    "Only this document, at once; may be repeated, also for kinds not required.": (
        "Tylko ten dokument, od razu; można powtórzyć, także dla rodzajów nieobowiązkowych."
    ),
    "Also what was refused before, after you have put it right.": (
        "Także dokumenty wcześniej odrzucone, po usunięciu przyczyn."
    ),
    "At most so many documents.": "Najwyżej tyle dokumentów.",
    "Only say how many would be taken.": "Tylko powiedz, ile dokumentów zostałoby objętych.",
    "Who acts; without it the archiving task's default user.": (
        "Kto zleca; bez tej opcji domyślny użytkownik zadania archiwizacji."
    ),
    (
        "Show how far the index of one document is, until when it has to be there, and why it is not."
    ): "Pokaż stan indeksu jednego dokumentu, termin oraz powód, dla którego go jeszcze nie ma.",
    "Id of a document.": "Identyfikator dokumentu.",
    (
        "Show what is in the index, what is late, and why. Exit code 0 only if nothing is late.\n\nP1 is"
        " not asked: the clinic's own documents are looked through, those taken in a moment ago as well."
    ): (
        "Pokaż, co jest w indeksie, co jest po terminie i dlaczego. Kod wyjścia 0 tylko wtedy, gdy nic"
        " nie jest po terminie.\n\nP1 nie jest pytane: przeglądane są dokumenty"
        " placówki, także te przyjęte przed chwilą."
    ),
    "Also list the late documents by their ids.": "Wypisz także identyfikatory dokumentów po terminie.",
    (
        "Withdraw the index of documents from P1; the documents stay in the repository.\n\nAll of the ids"
        " are in the index, or nothing is done. They are not indexed again by themselves:\n`erepo index"
        " run --id ID` does that. What cannot be withdrawn now, the next run withdraws."
    ): (
        "Wycofaj z P1 indeks dokumentów; same dokumenty pozostają w repozytorium.\n\nWszystkie muszą być"
        " w indeksie, inaczej nic nie zostanie zrobione. Nie wrócą do indeksu same: zleca to `erepo index"
        " run --id ID`. Czego nie można wycofać teraz, wycofa następny przebieg."
    ),
    "Who acts; needs withdraw-index.": "Kto zleca; wymagane uprawnienie withdraw-index.",
    (
        "Say which medical event (ZM) a document belongs to, where the document itself does not.\n\nWhat"
        " was refused for the want of it waits for the next run again."
    ): (
        "Podaj zdarzenie medyczne (ZM), do którego należy dokument, jeśli sam go nie"
        " wskazuje.\n\nDokument odrzucony z tego powodu zostanie objęty następnym przebiegiem."
    ),
    "OID of the medical event's register.": "OID rejestru zdarzeń medycznych.",
    "The medical event's number in it.": "Numer zdarzenia medycznego w tym rejestrze.",
}
