"""Polish help of: retention."""

from typing import Final

HELP: Final[dict[str, str]] = {
    "How long documents are kept; destruction at the end, by two people.": (
        "Jak długo dokumenty są przechowywane; na koniec brakowanie, z udziałem dwóch osób."
    ),
    "List the classes of the act on patients' rights, with their years and sources.": (
        "Pokaż kategorie z ustawy o prawach pacjenta, z latami i podstawą prawną."
    ),
    "Give documents, with all their versions, another class than that of their kind.": (
        "Nadaj dokumentom, wraz ze wszystkimi wersjami, inną kategorię niż kategoria ich rodzaju."
    ),
    "Opaque ids of documents.": "Identyfikatory dokumentów, jak pokazuje `erepo documents list`.",
    "Who does this: a login of the staff.": "Kto to robi: login pracownika.",
    "As `erepo retention classes` shows it.": "Jak pokazuje `erepo retention classes`.",
    "Back to the class of the kind.": "Przywróć kategorię rodzaju.",
    "From whose end the years count: of the death, the service.": (
        "Rok, od którego końca liczą się lata: zgonu, udzielenia świadczenia."
    ),
    "Put documents under a legal hold: they can be neither destroyed nor deleted.": (
        "Wstrzymaj brakowanie dokumentów: nie można ich wybrakować ani usunąć."
    ),
    "Why: one of court, prosecutor, claim, inspection, patient, other.": (
        "Powód: court (sąd), prosecutor (prokuratura), claim (roszczenie), inspection (kontrola),"
        " patient (wniosek pacjenta), other (inna)."
    ),
    "Release documents from the legal hold of one reason; holds of other reasons stay in force.": (
        "Zwolnij wstrzymanie brakowania z jednego powodu; wstrzymania z innych powodów pozostają w mocy."
    ),
    "Fix the list of documents to be destroyed; nothing happens before another person confirms it.": (
        "Ustal listę dokumentów do wybrakowania; nic się nie stanie, zanim nie zatwierdzi jej inna osoba."
    ),
    "What had to be kept until the end of an earlier year.": (
        "Rok brakowania: dokumenty, których okres przechowywania skończył się w latach wcześniejszych."
    ),
    "Days in which it can be confirmed.": "Przez ile dni można ją zatwierdzić.",
    "List all proposals, the latest first.": "Pokaż wszystkie propozycje, od najnowszej.",
    (
        "Confirm another person's proposal and destroy its documents, for good: there, here, and by name.\n\n"
        "Safe to run again at any moment: it goes on where it stopped. Exit code 0 only when all is done."
    ): (
        "Zatwierdź propozycję innej osoby i wybrakuj jej dokumenty, nieodwracalnie: w repozytorium,"
        " lokalnie i wraz z danymi opisowymi.\n\n"
        "Można bezpiecznie uruchomić ponownie w każdej chwili: wykonanie zostanie dokończone. Kod wyjścia 0"
        " tylko wtedy, gdy wykonano wszystko."
    ),
    "As `erepo retention proposals` shows it.": "Jak pokazuje `erepo retention proposals`.",
    "Withdraw a proposal that nobody has confirmed.": "Wycofaj propozycję, której nikt nie zatwierdził.",
    "Give the protocol of a destruction as JSON: who, when, how many, which opaque ids.": (
        "Podaj protokół brakowania jako JSON: kto, kiedy, ile i jakie identyfikatory dokumentów."
    ),
    "Write it there; else print it.": "Zapisz go w tym pliku; bez podania: wypisz.",
    (
        "Show what had to be kept until the end of an earlier year; documents under a legal hold stand apart."
    ): (
        "Pokaż dokumenty, których okres przechowywania już się skończył; te ze wstrzymanym brakowaniem"
        " osobno."
    ),
    "Year of destruction; this year by default.": "Rok brakowania; domyślnie bieżący.",
    "Also list the documents by their ids.": "Pokaż także identyfikatory dokumentów.",
    "Print a JSON object, ids included.": "Wypisz obiekt JSON, wraz z identyfikatorami.",
    (
        "Destroy again what a restored backup of the database has brought back: there, here, and by name.\n\n"
        "Run it after restoring any backup. What was destroyed stands in clinic/destruction/erased, sealed,"
        " beside\nthe database; never restore an older copy of that folder. Nobody confirms anew: two people"
        " have. May be\nrepeated; archiving and the nightly verifying do the same. Exit code 0 only when"
        " nothing is left."
    ): (
        "Wybrakuj ponownie to, co przywrócono z kopii zapasowej bazy: w repozytorium, lokalnie i wraz z"
        " danymi opisowymi.\n\n"
        "Uruchom po każdym przywróceniu kopii. To, co wybrakowano, zapisano z pieczęcią w"
        " clinic/destruction/erased, obok bazy; nigdy nie przywracaj starszej kopii tego katalogu. Nikt nie"
        " zatwierdza ponownie: zrobiły to już dwie osoby. Można powtarzać; to samo robią archiwizacja i nocna"
        " weryfikacja. Kod wyjścia 0 tylko wtedy, gdy nic nie pozostało."
    ),
    (
        "First take over what a copy of clinic/destruction/erased says, for instance from a newer backup."
    ): "Najpierw przejmij zapisy z kopii katalogu clinic/destruction/erased, np. z nowszej kopii zapasowej.",
}
