"""Polish help of: archive, verify."""

from typing import Final

HELP: Final[dict[str, str]] = {
    (
        "Send every document that is due, or what is chosen of it. Safe to run again at any moment.\n\n"
        "Whatever is chosen: what an earlier run left open is brought to an end first, and local copies"
        " whose days\n"
        "are over are removed once the repository has confirmed the document.\n\n"
        "Exit code 0 only if every document is archived and every copy removed that was to be; 1 if some"
        " are not;\n"
        "2 if nothing could be sent at all. With --dry-run: 0, or 2 if nothing could be sent."
    ): (
        "Wyślij do repozytorium każdy dokument, którego czas nadszedł, albo tylko wybrane z nich. Można"
        " bezpiecznie uruchomić ponownie w każdej chwili.\n\n"
        "Niezależnie od wyboru najpierw zostaje dokończone to, co rozpoczęło wcześniejsze uruchomienie, a"
        " kopie lokalne, których czas minął, są usuwane, gdy repozytorium potwierdziło dokument.\n\n"
        "Kod wyjścia 0 tylko wtedy, gdy każdy dokument zarchiwizowano i usunięto każdą kopię, którą"
        " należało usunąć; 1, gdy niektórych nie; 2, gdy niczego nie można było wysłać. Z --dry-run: 0 albo"
        " 2, gdy niczego nie można byłoby wysłać."
    ),
    "Only documents of this kind; may be repeated.": "Tylko dokumenty tego rodzaju; można powtórzyć.",
    "First day on which a document was taken in.": "Dokumenty przyjęte od tego dnia.",
    "Last such day.": "Do tego dnia włącznie.",
    "First day on which a document was made.": "Dokumenty wystawione od tego dnia.",
    "Only show what would be done.": "Pokaż tylko, co zostałoby zrobione.",
    "Print the result as JSON.": "Wypisz wynik jako JSON.",
    "Plan at most so many documents; 0: all.": "Zaplanuj najwyżej tyle dokumentów; 0: wszystkie.",
    "Prove that everything archived is there and unchanged; see and repair what is not.": (
        "Sprawdź, czy wszystko, co zarchiwizowano, jest w repozytorium i się nie zmieniło; obejrzyj i"
        " napraw resztę."
    ),
    "Only tonight's share: what was not read back for longest.": (
        "Tylko dzisiejsza część: to, czego najdłużej nie odczytywano."
    ),
    (
        "List documents that are missing or damaged in the repository, and what is proposed.\n\n"
        "Exit code 0 only if there is nothing to be repaired."
    ): (
        "Pokaż dokumenty brakujące lub uszkodzone w repozytorium i proponowaną naprawę.\n\n"
        "Kod wyjścia 0 tylko wtedy, gdy nie ma nic do naprawienia."
    ),
    (
        "Do what the plan proposes: only where a good copy is here, which is checked once more before.\n\n"
        "Exit code 0 only if everything asked for was done."
    ): (
        "Wykonaj naprawy z planu: tylko tam, gdzie na miejscu jest dobra kopia; przed naprawą jest ona"
        " sprawdzana jeszcze raz.\n\n"
        "Kod wyjścia 0 tylko wtedy, gdy wykonano wszystko, o co poproszono."
    ),
    "Ids of the plan, or of documents.": "Identyfikatory z planu albo identyfikatory dokumentów.",
    "Everything that is proposed and safe.": "Wszystko, co jest proponowane i bezpieczne.",
    "Fetch every document and compare its bytes.": "Pobierz każdy dokument i porównaj jego bajty.",
    "Queue what the repository has lost; its copy is here.": (
        "Dodaj do kolejki to, co repozytorium utraciło; kopia jest tutaj."
    ),
}
