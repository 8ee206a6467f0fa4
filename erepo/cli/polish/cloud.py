"""Polish help of: cloud."""

from typing import Final

HELP: Final[dict[str, str]] = {
    "Run the repository service and its accounts.": "Uruchom usługę repozytorium i zarządzaj jej kontami.",
    (
        "Make the service's keys, certificates, database and folders; what exists is kept.\n\n"
        "Also brings a database of an earlier erepo up to date: end the service\n"
        "and back it up first. The server's certificate is for the names in\n"
        "EREPO_PUBLIC_URL, EREPO_HOST, --name and for this machine itself.\n\n"
        "Examples:\n"
        "  erepo cloud init\n\n"
        "  erepo cloud init --name repository.example --name 192.0.2.7"
    ): (
        "Utwórz klucze, certyfikaty, bazę danych i katalogi usługi; co już istnieje, pozostaje.\n\n"
        "Aktualizuje też bazę danych wcześniejszej wersji erepo: najpierw zatrzymaj usługę\n"
        "i zrób kopię. Certyfikat serwera obejmuje nazwy z\n"
        "EREPO_PUBLIC_URL, EREPO_HOST, --name i ten komputer.\n\n"
        "Przykłady:\n"
        "  erepo cloud init\n\n"
        "  erepo cloud init --name repository.example --name 192.0.2.7"
    ),
    "Further DNS name or address of the server.": "Dodatkowa nazwa DNS lub adres serwera.",
    "Serve until Ctrl-C or SIGTERM.": "Działaj do Ctrl-C lub SIGTERM.",
    "Port to listen on instead of EREPO_PORT_BASE.": (
        "Port, na którym usługa nasłuchuje, zamiast EREPO_PORT_BASE."
    ),
    (
        "Read every stored content and compare it with its fingerprint; look for what belongs to"
        " nothing.\n\n"
        "May run beside the service. One line a finding: * differs, - missing,\n"
        "+ belongs to nothing, ! unreadable; place; account; number of the\n"
        "document or key of the blob.\n\n"
        "Exit code 0 only if nothing is wrong (any more), 1 if something is,\n"
        "2 if nothing could be checked.\n\n"
        "A sample every night reads everything in turn.\n\n"
        "Examples:\n"
        "  erepo cloud check\n\n"
        "  erepo cloud check --sample 10% --rate 50MB\n\n"
        "  erepo cloud check --repair\n\n"
        "  erepo cloud check --remove-orphans --older-than 60d"
    ): (
        "Odczytaj każdą przechowywaną treść i porównaj ją z jej skrótem; znajdź to, co do niczego nie"
        " należy.\n\n"
        "Może działać obok usługi. Jeden wiersz na znalezisko: * różni się, - brakuje,\n"
        "+ do niczego nie należy, ! nie do odczytania; miejsce; konto; numer\n"
        "dokumentu albo klucz treści.\n\n"
        "Kod wyjścia 0 tylko wtedy, gdy wszystko jest (już) w porządku, 1, gdy nie jest,\n"
        "2, gdy niczego nie można było sprawdzić.\n\n"
        "Próbka co noc odczytuje z czasem wszystko.\n\n"
        "Przykłady:\n"
        "  erepo cloud check\n\n"
        "  erepo cloud check --sample 10% --rate 50MB\n\n"
        "  erepo cloud check --repair\n\n"
        "  erepo cloud check --remove-orphans --older-than 60d"
    ),
    "Repair one copy of the contents from the other.": "Napraw jedną kopię treści na podstawie drugiej.",
    "Read only so many, those read longest ago.": "Odczytaj tylko tyle, najdawniej czytane najpierw.",
    "Read only what was stored since: 2026-11-01, 36h, 7d.": (
        "Odczytaj tylko zapisane od: 2026-11-01, 36h, 7d."
    ),
    "Read at most so much a second: 20MB.": "Odczytuj najwyżej tyle na sekundę: 20MB.",
    "Remove blobs that no document points at, for good.": (
        "Usuń na zawsze treści, na które nie wskazuje żaden dokument."
    ),
    "Of those only older ones: 36h, 60d; else 30d.": "Z nich tylko starsze niż: 36h, 60d; domyślnie 30d.",
    "Remove them without asking.": "Usuń je bez pytania.",
    "Print JSON for programs.": "Wypisz JSON dla programów.",
    "Accounts of the service.": "Konta usługi.",
    (
        "Add an account.\n\n"
        "Without --credentials it is `ordered`: it waits until the clinic\n"
        "activates it with certificates of the office. With --credentials keys\n"
        "and certificates are made here, and it is active at once.\n\n"
        "Examples:\n"
        "  erepo cloud tenant add 0000000000001003 --limit-bytes 200GB\n\n"
        "  erepo cloud tenant add 0000000000001003 --security mtls --credentials ./peer"
    ): (
        "Dodaj konto.\n\n"
        "Bez --credentials jest `ordered` (zamówione): czeka, aż placówka\n"
        "aktywuje je certyfikatami z biura. Z --credentials klucze\n"
        "i certyfikaty powstają tutaj, a konto jest od razu aktywne.\n\n"
        "Przykłady:\n"
        "  erepo cloud tenant add 0000000000001003 --limit-bytes 200GB\n\n"
        "  erepo cloud tenant add 0000000000001003 --security mtls --credentials ./peer"
    ),
    "16 digits, for example 0000000000001003.": "16 cyfr, na przykład 0000000000001003.",
    "wss: messages must be signed; mtls: mutual TLS alone, for IHE peers.": (
        "wss: komunikaty muszą być podpisane; mtls: samo wzajemne TLS, dla partnerów IHE."
    ),
    "open: of any patient; registered: see `erepo cloud patients add`.": (
        "open: dowolnego pacjenta; registered: zob. `erepo cloud patients add`."
    ),
    "open: any code; polish: only codes of the Polish sets.": (
        "open: dowolne kody; polish: tylko kody z polskich słowników."
    ),
    "Whether messages must say who acts (XUA). By default wss: required, mtls: optional.": (
        "Czy komunikaty muszą podawać, kto działa (XUA). Domyślnie wss: wymagane, mtls: nieobowiązkowe."
    ),
    ("allow: other accounts may break the glass, with a stated reason; refuse: never."): (
        "allow: inne konta mogą w sytuacji nagłej odczytać dokumenty bez zgody, podając powód; refuse: nigdy."
    ),
    ("check: CDA documents whose own signature was forged or broken are refused; ignore: not looked at."): (
        "check: dokumenty CDA, których własny podpis sfałszowano lub naruszono, są odrzucane; ignore:"
        " podpis nie jest sprawdzany."
    ),
    "What it may store, in bytes or as 50GB, 1.5TiB.": (
        "Ile może przechowywać, w bajtach albo jako 50GB, 1.5TiB."
    ),
    "Documents it may store.": "Ile dokumentów może przechowywać.",
    "Last day to add documents, 2027-12-31; `open`: no end.": (
        "Ostatni dzień dodawania dokumentów, 2027-12-31; `open`: bez końca."
    ),
    "Empty folder: keys (in clear), certificates and account.json are written here.": (
        "Pusty katalog: zostaną w nim zapisane klucze (jawnie), certyfikaty i account.json."
    ),
    (
        "Make new keys and certificates of an account, before the old ones expire or when they are"
        " lost.\n\n"
        "The earlier ones serve on until they expire, unless --retire is given."
    ): (
        "Utwórz nowe klucze i certyfikaty konta, zanim stare wygasną albo gdy zginą.\n\n"
        "Wcześniejsze działają, dopóki nie wygasną, chyba że podano --retire."
    ),
    "16 digits, as `tenant list` shows them.": "16 cyfr, jak pokazuje `tenant list`.",
    "End the earlier certificates now: their keys are lost.": (
        "Wycofaj teraz wcześniejsze certyfikaty: ich klucze zginęły."
    ),
    (
        "Change options of an account; a running service follows within a second.\n\n"
        "Examples:\n"
        "  erepo cloud tenant set 0000000000001003 --limit-bytes 500GB\n\n"
        "  erepo cloud tenant set 0000000000001003 --patients registered --valid-until open"
    ): (
        "Zmień opcje konta; działająca usługa stosuje je w ciągu sekundy.\n\n"
        "Przykłady:\n"
        "  erepo cloud tenant set 0000000000001003 --limit-bytes 500GB\n\n"
        "  erepo cloud tenant set 0000000000001003 --patients registered --valid-until open"
    ),
    "Whether messages must say who acts (XUA).": "Czy komunikaty muszą podawać, kto działa (XUA).",
    "List the accounts with what they use.": "Pokaż konta i ich wykorzystanie.",
    "Show one account: its options, what it uses, its certificates.": (
        "Pokaż jedno konto: opcje, wykorzystanie, certyfikaty."
    ),
    "Close an account: within a second every request of it is refused, until it is resumed.": (
        "Zamknij konto: w ciągu sekundy każde jego żądanie będzie odrzucane, do wznowienia."
    ),
    "Open a suspended account again.": "Otwórz ponownie zawieszone konto.",
    (
        "List the certificates of an account, newest first: all that were ever registered.\n\n"
        "With active ones the account connects (TLS) and signs (WSS); retired\n"
        "and expired ones are refused."
    ): (
        "Pokaż certyfikaty konta, od najnowszych: wszystkie, które kiedykolwiek zarejestrowano.\n\n"
        "Aktywnymi konto się łączy (TLS) i podpisuje (WSS); wycofane\n"
        "i wygasłe są odrzucane."
    ),
    "Patients of accounts that take only registered ones.": (
        "Pacjenci kont, które przyjmują tylko zarejestrowanych."
    ),
    (
        "Register patients; those registered before stay as they are.\n\n"
        "Examples:\n"
        "  erepo cloud patients add 0000000000001003"
        " '80051212357^^^&2.16.840.1.113883.3.4424.1.1.616&ISO'\n\n"
        "  erepo cloud patients add 0000000000001003 --file patients.txt"
    ): (
        "Zarejestruj pacjentów; zarejestrowani wcześniej pozostają bez zmian.\n\n"
        "Przykłady:\n"
        "  erepo cloud patients add 0000000000001003"
        " '80051212357^^^&2.16.840.1.113883.3.4424.1.1.616&ISO'\n\n"
        "  erepo cloud patients add 0000000000001003 --file patients.txt"
    ),
    "Identifiers as id^^^&OID&ISO, in quotes.": "Identyfikatory w postaci id^^^&OID&ISO, w cudzysłowie.",
    (
        "One identifier a line; - is standard input. Keeps them out of the list of processes and the"
        " shell's history."
    ): (
        "Jeden identyfikator w wierszu; - to standardowe wejście. Dzięki temu nie trafiają na listę"
        " procesów ani do historii powłoki."
    ),
    "Take patients away: their documents stay, new ones are refused.": (
        "Wyrejestruj pacjentów: ich dokumenty pozostają, nowe są odrzucane."
    ),
    "Tell how many patients are registered; their identifiers are shown to nobody.": (
        "Podaj liczbę zarejestrowanych pacjentów; ich identyfikatorów nikt nie zobaczy."
    ),
    "The browser panel of an account.": "Panel konta w przeglądarce.",
    (
        "Give an administrator of an account's panel a new one-time password, and lift the lock of the"
        " login.\n\n"
        "Make sure who asks: whoever has the password and the account's TLS\n"
        "certificate is its administrator.\n\n"
        "Examples:\n"
        "  erepo cloud panel reset 0000000000001003 administrator"
    ): (
        "Nadaj administratorowi panelu konta nowe hasło jednorazowe i zdejmij blokadę loginu.\n\n"
        "Upewnij się, kto prosi: kto ma hasło i certyfikat TLS konta,\n"
        "ten jest jego administratorem.\n\n"
        "Przykłady:\n"
        "  erepo cloud panel reset 0000000000001003 administrator"
    ),
    "Login of the administrator whose password is lost.": "Login administratora, którego hasło zginęło.",
    "Authorities whose client certificates are accepted.": (
        "Urzędy, których certyfikaty klienckie są przyjmowane."
    ),
    "Accept client certificates of these authorities; a running service takes them up by itself.": (
        "Przyjmuj certyfikaty klienckie tych urzędów; działająca usługa uwzględnia je automatycznie."
    ),
    "Certificates of authorities, PEM.": "Certyfikaty urzędów, PEM.",
    "Certificates of the operator's own programs.": "Certyfikaty własnych programów operatora.",
    (
        "Make a certificate with which a program of the operator, such as Prometheus, may read"
        " /metrics.\n\n"
        "It opens no account. A running service takes it at once; to end it,\n"
        "delete its file in EREPO_HOME/cloud/operator."
    ): (
        "Utwórz certyfikat, z którym program operatora, np. Prometheus, może odczytywać /metrics.\n\n"
        "Nie otwiera żadnego konta. Działająca usługa przyjmuje go od razu; aby go wycofać,\n"
        "usuń jego plik z EREPO_HOME/cloud/operator."
    ),
    "Empty folder for ca.pem, tls.pem and tls.key (in clear).": (
        "Pusty katalog na ca.pem, tls.pem i tls.key (jawnie)."
    ),
    "The record of every access.": "Zapis każdego dostępu.",
    "Prove that no event was changed, removed or inserted. Exit code 0 only if all chains are intact.": (
        "Udowodnij, że żadnego zdarzenia nie zmieniono, nie usunięto ani nie dopisano. Kod wyjścia 0"
        " tylko wtedy, gdy wszystkie łańcuchy są nienaruszone."
    ),
    "Only this account; `nobody`: connections of no account.": (
        "Tylko to konto; `nobody`: połączenia spoza kont."
    ),
    "Heads saved earlier: finds a shortened or rewritten chain.": (
        "Zapisane wcześniej końce łańcuchów: wykryją łańcuch skrócony lub przepisany."
    ),
    "Save the heads here; only if all is intact.": (
        "Zapisz tu końce łańcuchów; tylko jeśli wszystko jest nienaruszone."
    ),
    "Show the last events of an account, the oldest of them first.": (
        "Pokaż ostatnie zdarzenia konta, od najstarszych z nich."
    ),
    "16 digits; `nobody`: connections of no account.": "16 cyfr; `nobody`: połączenia spoza kont.",
    "Not older than 2026-03-01 or 2026-03-01T12:30:00, UTC.": (
        "Nie starsze niż 2026-03-01 lub 2026-03-01T12:30:00, UTC."
    ),
    "Older than this, UTC.": "Starsze niż ta chwila, UTC.",
    "Only these: ITI-41, activation, operator….": "Tylko te: ITI-41, activation, operator….",
    "Only success, minor, serious or major.": "Tylko success, minor, serious lub major.",
    "Most events: the last ones.": "Największa liczba zdarzeń: ostatnie.",
    "Show ids of people and documents too.": "Pokaż także identyfikatory osób i dokumentów.",
    "The key that protects the clinics' P1 certificates.": "Klucz chroniący certyfikaty P1 placówek.",
    (
        "Put the secrets of all accounts under a new master key; a running service follows by itself.\n\n"
        "The new key is that of EREPO_CLOUD_KEY, where it is set: put the\n"
        "present one into EREPO_CLOUD_KEY_PREVIOUS before. Otherwise it is made\n"
        "in EREPO_HOME/cloud/secrets. All secrets change over in one\n"
        "transaction; after a crash run the command again.\n\n"
        "Examples:\n"
        "  erepo cloud master-key rotate"
    ): (
        "Zabezpiecz sekrety wszystkich kont nowym kluczem głównym; działająca usługa przejdzie na niego"
        " automatycznie.\n\n"
        "Nowym kluczem jest EREPO_CLOUD_KEY, jeśli jest ustawiony: przedtem wpisz\n"
        "obecny do EREPO_CLOUD_KEY_PREVIOUS. W przeciwnym razie powstaje\n"
        "w EREPO_HOME/cloud/secrets. Wszystkie sekrety zmieniają się w jednej\n"
        "transakcji; po awarii uruchom polecenie ponownie.\n\n"
        "Przykłady:\n"
        "  erepo cloud master-key rotate"
    ),
}
