"""Polish help of: account, maintenance, secrets, samples."""

from typing import Final

HELP: Final[dict[str, str]] = {
    "The account in the repository service: validity, use, history, P1, licence.": (
        "Konto w usłudze repozytorium: ważność, wykorzystanie, historia, P1, licencja."
    ),
    (
        "Ask the service for validity and use of the account, keep the answer, and tell when it will be"
        " full.\n\n"
        "The same as the deployment check-account/hourly does. From 90 % of a limit on a warning is"
        " shown."
    ): (
        "Zapytaj usługę o ważność i wykorzystanie konta, zapisz odpowiedź i powiedz, kiedy konto się"
        " zapełni.\n\n"
        "To samo robi wdrożenie check-account/hourly. Od 90 % limitu pojawia się ostrzeżenie."
    ),
    "Show what the last check found, without asking the service.": (
        "Pokaż wynik ostatniego sprawdzenia, bez pytania usługi."
    ),
    "Show how the use of the account has grown: the last check of each day.": (
        "Pokaż, jak rosło wykorzystanie konta: ostatnie sprawdzenie każdego dnia."
    ),
    "How far back.": "Ile dni wstecz.",
    "Every check (kept for 90 days) instead of one a day.": (
        "Każde sprawdzenie (przechowywane przez 90 dni) zamiast jednego dziennie."
    ),
    "Registration in the national domain P1: certificates and repository id.": (
        "Rejestracja w domenie krajowej P1: certyfikaty i identyfikator repozytorium."
    ),
    (
        "Check both P1 certificates, hand them to the service, and have it register the repository in"
        " P1.\n\n"
        "Passwords are asked for, or read from files; never give them as arguments. Files with P1's old"
        " ciphers are\n"
        "understood; kept and sent they are sealed anew. May be repeated at any time."
    ): (
        "Sprawdź oba certyfikaty P1, przekaż je usłudze i zarejestruj przez nią repozytorium w P1.\n\n"
        "Program pyta o hasła albo odczytuje je z plików; nigdy nie podawaj ich jako argumentów. Pliki"
        " ze starymi szyframi P1 są odczytywane; zapisywane i wysyłane są zaszyfrowane na nowo. Można"
        " powtórzyć w każdej chwili."
    ),
    "The .p12 for the channel to P1.": "Plik .p12 do kanału z P1.",
    "The .p12 for signing messages to P1.": "Plik .p12 do podpisywania komunikatów dla P1.",
    "File with its password, instead of being asked for it.": "Plik z jego hasłem, zamiast pytania o nie.",
    "The same for the other.": "To samo dla drugiego.",
    "Revoke first: new certificates, or no id came (manual 2.1).": (
        "Najpierw unieważnij: nowe certyfikaty albo nie nadano identyfikatora (instrukcja 2.1)."
    ),
    "Have P1 make a new one where it has one of ours.": (
        "Zarejestruj w P1 nowe repozytorium, jeśli ma już jakieś nasze."
    ),
    "Check and keep in the block; send nothing.": "Sprawdź i zapisz w bloku; niczego nie wysyłaj.",
    "Name of the blocks P1Certificates and CloudAccount in Prefect.": (
        "Nazwa bloków P1Certificates i CloudAccount w Prefect."
    ),
    "Keep no block; the id stands in the clinic's database alone.": (
        "Nie zapisuj bloku; identyfikator pozostaje tylko w bazie placówki."
    ),
    (
        "Have the service forget the P1 certificates; the id is not used any more. May be repeated.\n\n"
        "Needed before certificates are replaced (manual 1.3), and where P1 gave no id (manual 2.1)."
    ): (
        "Usuń z usługi certyfikaty P1; identyfikator nie jest już używany. Można powtórzyć.\n\n"
        "Potrzebne przed wymianą certyfikatów (instrukcja 1.3) oraz gdy P1 nie nadało identyfikatora"
        " (instrukcja 2.1)."
    ),
    (
        "Ask the service how far the registration is. Exit code 0 only if there is an id.\n\n"
        "Certificates without an id are the manual's case 2.1, and its cure is told."
    ): (
        "Zapytaj usługę o stan rejestracji. Kod wyjścia 0 tylko wtedy, gdy jest identyfikator.\n\n"
        "Certyfikaty bez identyfikatora to przypadek 2.1 z instrukcji; zostanie podane, co zrobić."
    ),
    "The licence of the module: without one nothing is limited; expired, nothing is archived.": (
        "Licencja na moduł: bez niej nic nie jest ograniczone; po jej wygaśnięciu nic nie jest archiwizowane."
    ),
    "Show the licence that counts. Exit code 0 only if archiving is allowed today.": (
        "Pokaż obowiązującą licencję. Kod wyjścia 0 tylko wtedy, gdy dziś wolno archiwizować."
    ),
    "Check a licence's signature and account, and keep it. Loading the same again changes nothing.": (
        "Sprawdź podpis i konto licencji i zapisz ją. Ponowne wczytanie tej samej niczego nie zmienia."
    ),
    "The signed file from the issuer.": "Podpisany plik od wydawcy.",
    "A pause of everything that deposits, while the service is worked on (manual 2.7).": (
        "Przerwa we wszystkim, co deponuje, na czas prac w usłudze (instrukcja 2.7)."
    ),
    (
        "Pause everything that deposits until a time; it goes on by itself afterwards.\n\n"
        "Batches in hand are finished, none is begun. Pauses that overlap become one."
    ): (
        "Wstrzymaj do podanej godziny wszystko, co deponuje; potem praca zostanie wznowiona"
        " automatycznie.\n\n"
        "Rozpoczęte paczki zostaną dokończone, nowe się nie rozpoczną. Nakładające się przerwy stają się"
        " jedną."
    ),
    "End of the pause, Polish time.": "Koniec przerwy, czasu polskiego.",
    "Its beginning; without: now.": "Jej początek; bez podania: teraz.",
    "Leave Prefect's schedules alone.": "Nie zmieniaj harmonogramów w Prefect.",
    "End the pause now: depositing may begin again at once.": (
        "Zakończ przerwę teraz: deponowanie może od razu ruszyć."
    ),
    "Cancel planned pauses as well, not only the one that is on.": (
        "Odwołaj także zaplanowane przerwy, nie tylko trwającą."
    ),
    "Show the pause that is on, and those that are planned.": "Pokaż trwającą przerwę i te zaplanowane.",
    "What protects the private keys.": "Co chroni klucze prywatne.",
    (
        "Encrypt all private keys of the clinic under a new passphrase, made by itself and shown"
        " nowhere.\n\n"
        "Keys stay usable all the time. After a crash, or where Prefect did not\n"
        "answer, run it again: it goes on. Let no onboarding and no rotation of\n"
        "certificates be under way."
    ): (
        "Zaszyfruj wszystkie klucze prywatne placówki nowym hasłem, utworzonym automatycznie i nigdzie"
        " niepokazywanym.\n\n"
        "Klucze pozostają cały czas w użyciu. Po awarii albo gdy Prefect nie\n"
        "odpowiedział, uruchom ponownie: polecenie będzie kontynuować. W tym czasie nie może trwać"
        " przyłączanie ani wymiana certyfikatów."
    ),
    "Leave Prefect's blocks; onboard-clinic writes them anew.": (
        "Pomiń bloki w Prefect; onboard-clinic zapisze je na nowo."
    ),
    (
        "Write documents to try things with: PIK HL7 CDA of most kinds and scanned attachments.\n\n"
        "Their patients and doctors are invented, with identifiers whose check digits are right."
        " Attachments carry\n"
        "their patient's PESEL in the file name, as `erepo import` expects.\n\n"
        "For example: `erepo samples inbox --count 500 --size 50kB --kind lab_result --kind attachment`"
    ): (
        "Zapisz dokumenty do prób: PIK HL7 CDA większości rodzajów i zeskanowane załączniki.\n\n"
        "Pacjenci i lekarze są zmyśleni, ich identyfikatory mają poprawne cyfry kontrolne. Załączniki"
        " mają w nazwie pliku PESEL pacjenta, jak oczekuje `erepo import`.\n\n"
        "Na przykład: `erepo samples inbox --count 500 --size 50kB --kind lab_result --kind attachment`"
    ),
    "Where the files go; made when missing.": "Katalog na pliki; zostanie utworzony, jeśli go nie ma.",
    "How many documents.": "Liczba dokumentów.",
    "Which invented world; the same seed gives the same files.": (
        "Który zmyślony świat; to samo ziarno daje te same pliki."
    ),
    "Size of each document: 50kB, 20MB, or a range 5kB-2MB. Default: usual sizes.": (
        "Rozmiar każdego dokumentu: 50kB, 20MB albo zakres 5kB-2MB. Domyślnie: zwykłe rozmiary."
    ),
    "Only these kinds; may be repeated.": (
        "Tylko te rodzaje; można powtórzyć. Jeden z: lab_result, diagnostic_result, discharge_summary,"
        " referring_doctor_information, admission_refusal, prescription, cancelling_document,"
        " referral_specialist, referral_hospital, referral_diagnostic, referral_diagnostic_p1,"
        " referral_rehabilitation, consultation, operation_note, vaccination, nursing_advice, attachment."
    ),
    "How many patients. Default: one in three documents.": (
        "Liczba pacjentów. Domyślnie: jeden na trzy dokumenty."
    ),
    "Print the counts for a program.": "Wypisz liczby w postaci dla programu.",
}
