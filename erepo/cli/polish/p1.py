"""Polish help of: p1."""

from typing import Final

HELP: Final[dict[str, str]] = {
    "Documents of other providers: find a patient's in P1, fetch them here.": (
        "Dokumenty innych podmiotów: wyszukaj dokumenty pacjenta w P1 i pobierz je tutaj."
    ),
    (
        "Find a patient's documents in P1's index (ITI-18). Nothing is fetched yet.\n\n"
        "The patient's PESEL or HL7 CX is the first line of the input, or is asked for unseen; of an"
        " emergency the\n"
        "second line is its reason, in words. An emergency needs no consent; it is written down, and the\n"
        "administrator is told. The list stands for a day."
    ): (
        "Wyszukaj dokumenty pacjenta w indeksie P1 (ITI-18). Niczego jeszcze nie pobiera.\n\n"
        "Numer PESEL lub HL7 CX pacjenta jest pierwszym wierszem wejścia albo program pyta o niego bez"
        " wyświetlania; przy dostępie ratunkowym drugi wiersz to jego powód podany słowami. Dostęp ratunkowy"
        " nie wymaga zgody; jest odnotowywany, a administrator zostaje powiadomiony. Lista jest przechowywana"
        " przez dobę."
    ),
    (
        "Fetch documents of a search from the other providers (ITI-43), check each, and take it in.\n\n"
        "Each is committed before the next: what is interrupted goes on with the same command, and what is"
        " here is\nsaid to be. Hash and size are held against P1's index, the patient against the one who was"
        " asked for.\nExits with 0 only if nothing was refused."
    ): (
        "Pobierz dokumenty z wyszukiwania od innych podmiotów (ITI-43), sprawdź każdy i przyjmij.\n\n"
        "Każdy jest zapisywany przed następnym: przerwane pobieranie wznawia to samo polecenie, a o"
        " dokumentach, które już tu są, program informuje. Skrót i rozmiar są porównywane z indeksem P1,"
        " pacjent z tym, o którego zapytano. Kod wyjścia 0 oznacza, że niczego nie odrzucono."
    ),
    "Show the list of a search again, with what became of each document. P1 is not asked.": (
        "Pokaż ponownie listę z wyszukiwania i co stało się z każdym dokumentem. Bez pytania P1."
    ),
    "Login of the person who asks; P1 hears their NPWZ or PESEL.": (
        "Login osoby pytającej; P1 otrzymuje jej numer PWZ lub PESEL."
    ),
    "Why: treatment, continuation (of a treatment), emergency.": (
        "Cel: treatment (leczenie), continuation (kontynuacja leczenia), emergency (ratowanie życia)."
    ),
    "Created then or later.": "Utworzone tego dnia lub później.",
    "Created then or earlier.": "Utworzone tego dnia lub wcześniej.",
    "Id that `erepo p1 find` printed.": "Identyfikator wypisany przez `erepo p1 find`.",
    "Numbers of its list; none: all that are not here.": (
        "Numery z listy; bez nich: wszystkie, których tu nie ma."
    ),
}
