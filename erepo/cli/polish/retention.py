"""Polish help of: retention, repositories, earchive."""

from typing import Final

HELP: Final[dict[str, str]] = {
    "How long documents are kept; destruction at the end, by two people.": (
        "Jak długo dokumenty są przechowywane; brakowanie na koniec, przez dwie osoby."
    ),
    "List the classes of the act on patients' rights, with their years and sources.": (
        "Pokaż klasy według ustawy o prawach pacjenta, z liczbą lat i źródłami."
    ),
    "Give documents, with all their versions, another class than that of their kind.": (
        "Nadaj dokumentom, ze wszystkimi wersjami, inną klasę niż klasa ich rodzaju."
    ),
    "Opaque ids of documents.": "Nieprzejrzyste identyfikatory dokumentów.",
    "Who does this: a login of the staff.": "Kto to robi: login pracownika.",
    "As `erepo retention classes` shows it.": "Jak pokazuje `erepo retention classes`.",
    "Back to the class of the kind.": "Wróć do klasy rodzaju.",
    "From whose end the years count: of the death, the service.": (
        "Od końca którego roku liczą się lata: zgonu, świadczenia."
    ),
    "Put documents under a legal hold: they can be neither destroyed nor deleted.": (
        "Wstrzymaj brakowanie dokumentów (legal hold): nie można ich wybrakować ani usunąć."
    ),
    "Why: one of court, prosecutor, claim, inspection, patient, other.": (
        "Dlaczego: court (sąd), prosecutor (prokurator), claim (roszczenie), inspection (kontrola),"
        " patient (pacjent), other (inny powód)."
    ),
    "Release documents from the legal hold of one reason; holds of other reasons stay in force.": (
        "Zwolnij dokumenty ze wstrzymania z jednego powodu; wstrzymania z innych powodów pozostają."
    ),
    "Fix the list of documents to be destroyed; nothing happens before another person confirms it.": (
        "Ustal listę dokumentów do brakowania; nic się nie dzieje, dopóki nie potwierdzi jej inna osoba."
    ),
    "What had to be kept until the end of an earlier year.": (
        "Co należało przechowywać do końca wcześniejszego roku."
    ),
    "Days in which it can be confirmed.": "Ile dni można ją potwierdzić.",
    "List all proposals, the latest first.": "Pokaż wszystkie propozycje, od najnowszej.",
    (
        "Confirm another person's proposal and destroy its documents, for good: there, here, and by"
        " name.\n\n"
        "Safe to run again at any moment: it goes on where it stopped. Exit code 0 only when all is done."
    ): (
        "Potwierdź propozycję innej osoby i wybrakuj jej dokumenty, na zawsze: w repozytorium i tutaj.\n\n"
        "Można bezpiecznie uruchomić ponownie w każdej chwili: polecenie kontynuuje od miejsca, w którym"
        " skończyło. Kod wyjścia 0 tylko wtedy, gdy wszystko zrobiono."
    ),
    "As `erepo retention proposals` shows it.": "Jak pokazuje `erepo retention proposals`.",
    "Withdraw a proposal that nobody has confirmed.": "Wycofaj propozycję, której nikt nie potwierdził.",
    "Give the protocol of a destruction as JSON: who, when, how many, which opaque ids.": (
        "Podaj protokół brakowania jako JSON: kto, kiedy, ile, jakie nieprzejrzyste identyfikatory."
    ),
    "Write it there; else print it.": "Zapisz go tam; bez podania: wypisz.",
    (
        "Show what had to be kept until the end of an earlier year; documents under a legal hold stand apart."
    ): (
        "Pokaż, co należało przechowywać do końca wcześniejszego roku; dokumenty ze wstrzymanym"
        " brakowaniem są osobno."
    ),
    "Year of destruction; this year by default.": "Rok brakowania; domyślnie bieżący.",
    "Also list the documents by their ids.": "Wymień także dokumenty według identyfikatorów.",
    "Print a JSON object, ids included.": "Wypisz obiekt JSON, z identyfikatorami.",
    (
        "The external repositories: the cloud and the eArchiwum, exactly one in use (manual, introduction)."
    ): "Repozytoria zewnętrzne: chmura i eArchiwum, używane jest dokładnie jedno (instrukcja, wstęp).",
    "List what has been set up, the one in use first.": "Pokaż skonfigurowane repozytoria, od używanego.",
    "Put a repository to use. Refused while the one in use holds documents: migrate them first.": (
        "Zacznij używać repozytorium. Odmowa, dopóki obecne zawiera dokumenty: najpierw je przenieś."
    ),
    "Which one.": "Które.",
    "The eArchiwum: an archive on the clinic's own disk or share instead of the cloud.": (
        "eArchiwum: archiwum na własnym dysku lub udziale placówki zamiast chmury."
    ),
    (
        "Set the eArchiwum up in a folder, or tell that it has moved there. May be repeated.\n\n"
        "Where no external repository is in use yet, it is put to use."
    ): (
        "Skonfiguruj eArchiwum w katalogu albo wskaż, że zostało tam przeniesione. Można powtórzyć.\n\n"
        "Jeśli żadne repozytorium zewnętrzne nie jest jeszcze używane, zostaje nim eArchiwum."
    ),
    "An existing folder: empty, or with our archive in it.": (
        "Istniejący katalog: pusty albo z naszym archiwum."
    ),
    "Its former installation is gone for good; make it ours.": (
        "Jego dawna instalacja przepadła na dobre; niech należy do nas."
    ),
    "Do not write Prefect's block ClinicDatabase.": "Nie zapisuj w Prefect bloku ClinicDatabase.",
    (
        "Tell where the archive is, how much it holds, and how much room is left. Exit code 2: not reachable."
    ): "Podaj, gdzie jest archiwum, ile zawiera i ile miejsca zostało. Kod wyjścia 2: niedostępne.",
    "Read every record and every document and compare fingerprints. Exit code 0 only if all is sound.": (
        "Odczytaj każdy zapis i każdy dokument i porównaj skróty. Kod wyjścia 0 tylko wtedy, gdy"
        " wszystko jest w porządku."
    ),
    "Also remove files that no record names.": "Usuń także pliki, których nie wymienia żaden zapis.",
    "Make the index anew from the archive's records; the archive itself is only read.": (
        "Utwórz indeks na nowo z zapisów archiwum; samo archiwum jest tylko czytane."
    ),
    "Leave out records that cannot be trusted.": "Pomiń zapisy, którym nie można ufać.",
}
