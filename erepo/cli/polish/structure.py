"""Polish help of: structure."""

from typing import Final

HELP: Final[dict[str, str]] = {
    "The provider's structure: units and cells with their resort codes, and who archives.": (
        "Struktura podmiotu: jednostki i komórki z kodami resortowymi oraz użytkownik archiwizujący."
    ),
    (
        "Change fields of the provider, of a unit (--unit), or of a cell (--unit and --cell).\n\n"
        "Fields: of the provider name, regon, resort_i; of a unit name, regon, resort_v; of a cell name,\n"
        "resort_vii, resort_viii, resort_x. For instance: erepo structure set --unit 01 --cell 001"
        " resort_x=05"
    ): (
        "Zmień pola podmiotu, jednostki (--unit) albo komórki (--unit i --cell).\n\n"
        "Pola podmiotu: name, regon, resort_i; jednostki: name, regon, resort_v; komórki: name,"
        " resort_vii, resort_viii, resort_x. Na przykład: erepo structure set --unit 01 --cell 001"
        " resort_x=05"
    ),
    "Fields and their new values; empty removes.": "Pola i ich nowe wartości; pusta wartość usuwa.",
    "Unit, by its code V or its name.": "Jednostka, według kodu V lub nazwy.",
    "Cell of that unit, by its code VII or its name.": "Komórka tej jednostki, według kodu VII lub nazwy.",
    "Add a unit to the provider.": "Dodaj jednostkę do podmiotu.",
    "Name of the new record.": "Nazwa nowego rekordu.",
    "Code V, 2 digits.": "Kod V, 2 cyfry.",
    "REGON of the unit, 9 or 14 digits.": "REGON jednostki, 9 lub 14 cyfr.",
    "Add a cell to a unit.": "Dodaj komórkę do jednostki.",
    "Its unit, by code V or name.": "Jej jednostka, według kodu V lub nazwy.",
    "Code VII, 3 digits.": "Kod VII, 3 cyfry.",
    "Code VIII, 4 digits: speciality.": "Kod VIII, 4 cyfry: specjalność.",
    "Code X, 2 digits: field of medicine.": "Kod X, 2 cyfry: dziedzina medycyny.",
    "Remove a unit with all its cells.": "Usuń jednostkę ze wszystkimi jej komórkami.",
    "Code V or name.": "Kod V lub nazwa.",
    "Remove a cell from a unit.": "Usuń komórkę z jednostki.",
    "Code VII or name.": "Kod VII lub nazwa.",
    "Send the structure to the service, if it is complete and has changed since it was last sent.": (
        "Wyślij strukturę do usługi, jeśli jest kompletna i zmieniła się od ostatniego wysłania."
    ),
    "Also if nothing has changed since last time.": (
        "Także wtedy, gdy nic się nie zmieniło od ostatniego razu."
    ),
    "Show where the service's structure differs from ours. Exit code 0 only if they are equal.": (
        "Pokaż, czym struktura w usłudze różni się od naszej. Kod wyjścia 0 tylko wtedy, gdy są takie same."
    ),
    (
        "Replace the structure by that of a JSON or CSV file; what is wrong is told with its place or"
        " line.\n\n"
        "JSON holds the users as well; CSV does not, and leaves them as they are. The columns stand in\n"
        "docs/reference/structure.md. Exits with 0 only if documents may be deposited: all resort codes"
        " and the\n"
        "archiving user are there."
    ): (
        "Zastąp strukturę zawartością pliku JSON lub CSV; błędy są wskazywane z miejscem lub wierszem.\n\n"
        "JSON zawiera także użytkowników; CSV nie, i pozostawia ich bez zmian. Kolumny opisuje"
        " docs/reference/structure.md. Kod wyjścia 0 tylko wtedy, gdy można deponować dokumenty: są"
        " wszystkie kody resortowe i użytkownik archiwizujący."
    ),
    "Structure as .json or .csv.": "Struktura jako .json lub .csv.",
    "Show the structure as a tree, with its resort codes.": (
        "Pokaż strukturę jako drzewo, z kodami resortowymi."
    ),
    "Check that the structure is complete. Exits with 0 only if documents may be deposited.": (
        "Sprawdź, czy struktura jest kompletna. Kod wyjścia 0 tylko wtedy, gdy można deponować dokumenty."
    ),
    "Write the structure as `load` reads it. JSON holds the users with their PESEL: keep it closed.": (
        "Zapisz strukturę tak, jak czyta ją `load`. JSON zawiera użytkowników z numerami PESEL: chroń go."
    ),
    "Where to; without: standard output.": "Dokąd; bez podania: na standardowe wyjście.",
    "As CSV, without the users; also where FILE ends so.": (
        "Jako CSV, bez użytkowników; także wtedy, gdy nazwa PLIKU tak się kończy."
    ),
    "The users of the program: who they are, who archives, and what they may do.": (
        "Użytkownicy programu: kim są, kto archiwizuje i co im wolno."
    ),
    "List the users. Of the PESEL it is only told whether there is one.": (
        "Pokaż użytkowników. O numerze PESEL wiadomo tylko, czy jest."
    ),
    (
        "Change a user, or add one; what is not given stays as it is, an empty value removes it.\n\n"
        "For instance: erepo structure user set anna --given Anna --family Lis --npwz 5425740 --archiving"
    ): (
        "Zmień użytkownika albo go dodaj; czego nie podano, pozostaje bez zmian, pusta wartość usuwa.\n\n"
        "Na przykład: erepo structure user set anna --given Anna --family Lis --npwz 5425740 --archiving"
    ),
    "Login of the user.": "Login użytkownika.",
    "Given names.": "Imiona.",
    "Family name.": "Nazwisko.",
    "Title before the name, such as: dr.": "Tytuł przed imieniem, np. dr.",
    "Profession as in PIK documents: LEK, PIEL, POL…": "Zawód, jak w dokumentach PIK: LEK, PIEL, POL…",
    "PESEL; - reads it from standard input or asks, because others can see command lines.": (
        "PESEL; - odczytuje go ze standardowego wejścia albo o niego pyta, bo wiersz polecenia mogą"
        " zobaczyć inni."
    ),
    "NPWZ, 7 digits; of nurses also with P or A.": (
        "NPWZ, 7 cyfr; u pielęgniarek i położnych także z literą P lub A."
    ),
    "Whether the user may work here.": "Czy użytkownik może tu pracować.",
    "Deposit documents on behalf of this user.": "Deponuj dokumenty w imieniu tego użytkownika.",
    "Permit this: migrate, delete, set-kinds, hold, destroy, invite; may be repeated.": (
        "Nadaj uprawnienie: migrate, delete, set-kinds, hold, destroy, invite; można powtórzyć."
    ),
    "Take this permission back; may be repeated.": "Odbierz to uprawnienie; można powtórzyć.",
    "Remove a user with all permissions. Whoever has left may also be made inactive.": (
        "Usuń użytkownika ze wszystkimi uprawnieniami. Kogoś, kto odszedł, można też wyłączyć (--inactive)."
    ),
    (
        "Add and change users as a CSV file says; users that do not stand in it stay, and so do"
        " permissions.\n\n"
        "The columns stand in docs/reference/structure.md."
    ): (
        "Dodaj i zmień użytkowników według pliku CSV; ci, których w nim nie ma, pozostają, podobnie jak"
        " uprawnienia.\n\n"
        "Kolumny opisuje docs/reference/structure.md."
    ),
    "Users as .csv.": "Użytkownicy jako .csv.",
}
