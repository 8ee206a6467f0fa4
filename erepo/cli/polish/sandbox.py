"""Polish help of: office, p1-sandbox."""

from typing import Final

HELP: Final[dict[str, str]] = {
    "The sandbox's certificate office: mail in, certificates out.": (
        "Biuro certyfikatów środowiska testowego: przychodzi poczta, wychodzą certyfikaty."
    ),
    (
        "Issue a licence of the module for an account: a signed file for `erepo account licence load`.\n\n"
        "The key that clinics check it with is told on standard error: set EREPO_LICENCE_KEY to it, or"
        " copy it to\n"
        "clinic/trust/licence.pem."
    ): (
        "Wydaj licencję na moduł dla konta: podpisany plik dla `erepo account licence load`.\n\n"
        "Klucz, którym placówki ją sprawdzają, jest podawany na standardowym wyjściu błędów: ustaw go w"
        " EREPO_LICENCE_KEY albo skopiuj do clinic/trust/licence.pem."
    ),
    "The 16 digits of the account.": "16 cyfr konta.",
    "Last day.": "Ostatni dzień.",
    "First day; without: today.": "Pierwszy dzień; bez podania: dzisiaj.",
    "To whom it is given.": "Dla kogo jest wydana.",
    "File to write it to; without: standard output.": "Plik do zapisania; bez podania: standardowe wyjście.",
    "Make the office's authority; may be repeated. Prints the file to be trusted by the service.": (
        "Utwórz urząd certyfikacji biura; można powtórzyć. Wypisuje plik, któremu ma ufać usługa."
    ),
    "PEM of the repository service's authority, handed to clinics.": (
        "PEM urzędu usługi repozytorium, przekazywany placówkom."
    ),
    "Receive requests by mail and answer into the clinics' Maildirs, until SIGTERM or Ctrl-C.": (
        "Przyjmuj żądania pocztą i odpowiadaj do katalogów Maildir placówek, do SIGTERM lub Ctrl-C."
    ),
    "SMTP port instead of EREPO_PORT_BASE + 2; 0 takes a free one.": (
        "Port SMTP zamiast EREPO_PORT_BASE + 2; 0 wybiera wolny."
    ),
    "Let requests wait for `issue` or `refuse`, or answer them at once; without: as before.": (
        "Żądania czekają na `issue` lub `refuse` albo biuro odpowiada od razu; bez podania: jak dotąd."
    ),
    "Tell or change how requests are dealt with, also while the office runs.": (
        "Podaj lub zmień sposób rozpatrywania żądań, także podczas pracy biura."
    ),
    "The new mode; without: tell it.": "Nowy tryb; bez podania: pokaż obecny.",
    "Show the requests that wait for a decision (in manual mode), oldest first.": (
        "Pokaż żądania czekające na decyzję (w trybie manual), od najstarszych."
    ),
    "Print JSON.": "Wypisz JSON.",
    "Issue both certificates of a request and mail them to the clinic.": (
        "Wystaw oba certyfikaty z żądania i wyślij je placówce."
    ),
    "Number of the request (or its beginning), or the account.": (
        "Numer żądania (lub jego początek) albo konto."
    ),
    "Write the files of the answer into this folder as well.": (
        "Zapisz pliki odpowiedzi także w tym katalogu."
    ),
    "Refuse a request and mail the reason to the clinic.": "Odmów wystawienia i wyślij placówce przyczynę.",
    "Why; it is mailed to the clinic.": "Dlaczego; treść zostanie wysłana placówce.",
    "Revoke a certificate that the office has issued; the list (CRL) names it from now on.": (
        "Unieważnij certyfikat wystawiony przez biuro; odtąd figuruje na liście CRL."
    ),
    "Serial number of the certificate, in hex.": "Numer seryjny certyfikatu, szesnastkowo.",
    "Why; it stands in the list.": "Dlaczego; przyczyna figuruje na liście.",
    "The sandbox's P1: tokens, SZAR, SOZ and the document index.": (
        "P1 środowiska testowego: tokeny, SZAR, SOZ i indeks dokumentów."
    ),
    ("Make authorities, keys and databases; what exists is kept. Prints the file that clients must trust."): (
        "Utwórz urzędy, klucze i bazy danych; co już istnieje, pozostaje. Wypisuje plik, któremu muszą"
        " ufać klienci."
    ),
    "Port of the audit repository instead of EREPO_PORT_BASE + 7; 0 takes a free one.": (
        "Port repozytorium audytu zamiast EREPO_PORT_BASE + 7; 0 wybiera wolny."
    ),
    "Port instead of EREPO_PORT_BASE + 1; 0 takes a free one.": (
        "Port zamiast EREPO_PORT_BASE + 1; 0 wybiera wolny."
    ),
    "Set a rule of SOZ; a document's own rule comes before others. Without any rule: NotApplicable.": (
        "Ustaw regułę SOZ; reguła samego dokumentu ma pierwszeństwo. Bez żadnej reguły: NotApplicable."
    ),
    "What SOZ decides.": "Decyzja SOZ.",
    "Who asks, root#extension; * is anybody.": "Kto pyta, root#extension; * to ktokolwiek.",
    "Unique id of a document; * is any.": "Unikalny identyfikator dokumentu; * to dowolny.",
    "Let a medical event exist (ZM), so that documents can be indexed for it.": (
        "Utwórz zdarzenie medyczne (ZM), aby można było dla niego indeksować dokumenty."
    ),
    "id^^^&OID&ISO, as MedicalEventId begins.": "id^^^&OID&ISO, jak zaczyna się MedicalEventId.",
    "Show providers and their repositories.": "Pokaż podmioty i ich repozytoria.",
    "For programs.": "Dla programów.",
    "Providers and their certificates.": "Podmioty i ich certyfikaty.",
    (
        "Issue a provider's TLS and WSS certificates: two .p12 files and passwords.json, readable by you"
        " alone.\n\n"
        "May be repeated: each call issues new certificates, the earlier ones stay valid."
    ): (
        "Wystaw certyfikaty TLS i WSS podmiotu: dwa pliki .p12 i passwords.json, czytelne tylko dla"
        " ciebie.\n\n"
        "Można powtórzyć: każde wywołanie wystawia nowe certyfikaty, wcześniejsze pozostają ważne."
    ),
    "Resort code part I, 12 digits.": "Część I kodu resortowego, 12 cyfr.",
    "Folder for the files.": "Katalog na pliki.",
    "In the old cipher (3DES, SHA-1), as P1's own files are.": (
        "Ze starym szyfrem (3DES, SHA-1), jak we własnych plikach P1."
    ),
    "What goes wrong on request.": "Co ma zawodzić na żądanie.",
    (
        "Have a service go wrong; a running sandbox does so from the next request on.\n\n"
        "Example:\n"
        "  erepo p1-sandbox fault set szar-repository no-id\n\n"
        "After it the repository stands in P1 without an id here (manual 2.1). Cure:\n"
        "  erepo account p1 register --start-over --new-repository …"
    ): (
        "Niech usługa zawodzi; działające środowisko testowe stosuje to od następnego żądania.\n\n"
        "Przykład:\n"
        "  erepo p1-sandbox fault set szar-repository no-id\n\n"
        "Po niej repozytorium istnieje w P1, a tutaj nie ma jego identyfikatora (instrukcja 2.1). Pomaga:\n"
        "  erepo account p1 register --start-over --new-repository …"
    ),
    "One of token, szar-repository, szar-access, szar-read, soz, audit, iti-18, iti-42, iti-57.": (
        "Jedna z: token, szar-repository, szar-access, szar-read, soz, audit, iti-18, iti-42, iti-57."
    ),
    "What goes wrong; `fault list` shows all there are.": (
        "Co ma zawodzić; wszystkie możliwości pokazuje `fault list`."
    ),
    "How many requests it strikes.": "Ile żądań to dotknie.",
    "Silence of a timeout.": "Milczenie przy timeout.",
    "Have a service, or all, work again.": "Niech usługa, albo wszystkie, znów działają.",
    "Only this service's fault.": "Tylko usterka tej usługi.",
    "Show what is still to go wrong, and what could.": "Pokaż, co ma jeszcze zawodzić i co mogłoby.",
}
