"""Polish help of: repositories, earchive, fetch."""

from typing import Final

HELP: Final[dict[str, str]] = {
    "The external repositories: the cloud and the eArchiwum, exactly one in use (manual, introduction).": (
        "Repozytoria zewnętrzne: chmura i eArchiwum; używane jest dokładnie jedno (instrukcja, wprowadzenie)."
    ),
    "List what has been set up, the one in use first.": "Pokaż skonfigurowane repozytoria, najpierw używane.",
    "Put a repository to use. Refused while the one in use holds documents: migrate them first.": (
        "Przełącz na inne repozytorium. Niemożliwe, dopóki używane zawiera dokumenty: najpierw je zmigruj."
    ),
    "Which one.": "Które repozytorium.",
    "The eArchiwum: an archive on the clinic's own disk or share instead of the cloud.": (
        "eArchiwum: archiwum na własnym dysku lub udziale sieciowym placówki zamiast chmury."
    ),
    (
        "Set the eArchiwum up in a folder, or tell that it has moved there. May be repeated.\n\n"
        "Where no external repository is in use yet, it is put to use."
    ): (
        "Utwórz eArchiwum w katalogu albo wskaż katalog, do którego je przeniesiono. Można powtórzyć.\n\n"
        "Jeśli żadne repozytorium zewnętrzne nie jest jeszcze używane, eArchiwum staje się używanym."
    ),
    "An existing folder: empty, or with our archive in it.": (
        "Istniejący katalog: pusty albo z naszym archiwum."
    ),
    "Its former installation is gone for good; make it ours.": (
        "Poprzednia instalacja już nigdy nie zadziała; przejmij archiwum."
    ),
    "Do not write Prefect's block ClinicDatabase.": "Nie zapisuj w Prefect bloku ClinicDatabase.",
    (
        "Tell where the archive is, how much it holds, and how much room is left. Exit code 2: not reachable."
    ): (
        "Pokaż, gdzie jest archiwum, ile zawiera i ile zostało miejsca. Kod wyjścia 2: archiwum niedostępne."
    ),
    "Read every record and every document and compare fingerprints. Exit code 0 only if all is sound.": (
        "Odczytaj każdy zapis i każdy dokument i porównaj skróty. Kod wyjścia 0 tylko wtedy, gdy wszystko"
        " jest w porządku."
    ),
    "Also remove files that no record names.": "Usuń także pliki, których nie wskazuje żaden zapis.",
    "Make the index anew from the archive's records; without --seal the archive itself is only read.": (
        "Odtwórz indeks z zapisów archiwum; bez --seal samo archiwum jest tylko czytane."
    ),
    "Also seal records of an older version, or of a former installation.": (
        "Opieczętuj też zapisy starszej wersji lub poprzedniej instalacji."
    ),
    "Say that a damaged record is lost for good: it is no damage any more. Nothing is repaired by it.": (
        "Uznaj uszkodzony zapis za utracony: nie będzie już podawany jako uszkodzenie. Niczego to nie"
        " naprawia."
    ),
    "As `erepo earchive check` names it.": "Jak podaje `erepo earchive check`.",
    "Leave out records that cannot be trusted.": "Pomiń zapisy, którym nie można ufać.",
    "Fetch documents from repositories of other providers.": (
        "Pobieranie dokumentów z repozytoriów innych podmiotów."
    ),
    (
        "Fetch documents (ITI-43), check each, and take it in as a foreign one. May be repeated at any"
        " moment.\n\n"
        "Hash and size are held against the entry in the foreign registry where its address is known, and"
        " against\n"
        "the options. Exits with 0 only if nothing was refused."
    ): (
        "Pobierz dokumenty (ITI-43), sprawdź każdy i przyjmij go jako obcy. Można powtórzyć w każdej"
        " chwili.\n\n"
        "Skrót i rozmiar są porównywane z wpisem w obcym rejestrze, jeśli znany jest jego adres, oraz z"
        " opcjami. Kod wyjścia 0 tylko wtedy, gdy niczego nie odmówiono."
    ),
    "Name, as `erepo fetch repositories list` shows it.": (
        "Nazwa, jak pokazuje `erepo fetch repositories list`."
    ),
    "uniqueId of each document.": "uniqueId każdego dokumentu.",
    "SHA-1 in hex that the one document must have.": (
        "Wymagany skrót SHA-1 (szesnastkowo), przy jednym dokumencie."
    ),
    "Bytes that the one document must have.": "Wymagany rozmiar w bajtach, przy jednym dokumencie.",
    (
        "`-`: for documents that do not name their patient, the one whose PESEL or HL7 CX stands on the"
        " input, or is asked for."
    ): (
        "`-`: dla dokumentów, które nie wskazują pacjenta: pacjent, którego PESEL lub HL7 CX podano na"
        " standardowym wejściu albo na pytanie."
    ),
    "Print one JSON array.": "Wypisz jedną tablicę JSON.",
    "Repositories of other providers: addresses, and whom to trust for them.": (
        "Repozytoria innych podmiotów: adresy i zaufane urzędy certyfikacji."
    ),
    "Make a repository of another provider known.": "Dodaj repozytorium innego podmiotu.",
    "What to call it: small letters, digits, hyphens.": "Nazwa: małe litery, cyfry, łączniki.",
    "Its repositoryUniqueId (OID).": "Jego repositoryUniqueId (OID).",
    "https address of its ITI-43.": "Adres https jego usługi ITI-43.",
    "PEM file of the authorities of its certificates.": (
        "Plik PEM z urzędami, które wystawiły jego certyfikaty."
    ),
    "https address of its registry's ITI-18, which is asked for hash and size.": (
        "Adres https usługi ITI-18 jego rejestru, z którego pochodzą skrót i rozmiar."
    ),
    "Whom assertions are for; usually the address up to /xds/.": (
        "Odbiorca asercji; zwykle adres aż do /xds/."
    ),
    "Its homeCommunityId, urn:oid:…": "Jego homeCommunityId, urn:oid:…",
    "PEM file of the certificate that signs answers.": (
        "Plik PEM z certyfikatem, którym podpisywane są odpowiedzi."
    ),
    "List the repositories that documents can be fetched from.": (
        "Pokaż repozytoria, z których można pobierać dokumenty."
    ),
    "Forget a repository; what was fetched from it stays.": (
        "Usuń repozytorium z listy; pobrane z niego dokumenty pozostają."
    ),
}
