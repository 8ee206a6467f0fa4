"""Polish help of: certificates."""

from typing import Final

HELP: Final[dict[str, str]] = {
    "The account's keys and certificates: receive, take over, show, save, replace.": (
        "Klucze i certyfikaty konta: przyjmij, przejmij, pokaż, zapisz, wymień."
    ),
    (
        "Take over an account with its keys and certificates (four PEM files or two .p12 files) and"
        " activate it.\n\n"
        "Passwords are asked for, or read from files; never give one as an argument."
    ): (
        "Przejmij konto z jego kluczami i certyfikatami (cztery pliki PEM albo dwa pliki .p12) i aktywuj"
        " je.\n\n"
        "Program pyta o hasła albo odczytuje je z plików; nigdy nie podawaj ich jako argumentu."
    ),
    "TLS certificate, PEM.": "Certyfikat TLS, PEM.",
    "TLS private key, PEM.": "Klucz prywatny TLS, PEM.",
    "WSSE certificate, PEM.": "Certyfikat WSSE, PEM.",
    "WSSE private key, PEM.": "Klucz prywatny WSSE, PEM.",
    "TLS key and certificate, .p12.": "Klucz i certyfikat TLS, .p12.",
    "WSSE key and certificate, .p12.": "Klucz i certyfikat WSSE, .p12.",
    "File with the password of the TLS file; without: asked.": (
        "Plik z hasłem do pliku TLS; bez podania: program zapyta."
    ),
    "File with the password of the WSSE file; without: asked.": (
        "Plik z hasłem do pliku WSSE; bez podania: program zapyta."
    ),
    "PEM of the service's authority.": "PEM urzędu certyfikacji usługi.",
    "Root address of the service; without: this machine.": "Główny adres usługi; bez podania: ten komputer.",
    "The account; without: the one the certificates name.": (
        "Konto; bez podania: to, na które wystawiono certyfikaty."
    ),
    "Save key and certificate as a .p12 file under a new random password, which is shown once.": (
        "Zapisz klucz i certyfikat w pliku .p12 z nowym losowym hasłem, które zostanie pokazane raz."
    ),
    "The file to be written; it must not be there.": "Plik do zapisania; nie może jeszcze istnieć.",
    "The account; without: the one there is.": "Konto; bez podania: jedyne, które istnieje.",
    "Which key and certificate.": "Który klucz i certyfikat.",
    "Put the password on the clipboard instead of showing it.": (
        "Umieść hasło w schowku zamiast je pokazywać."
    ),
    "Write the password into this file instead (0600).": (
        "Zapisz hasło w tym pliku (0600) zamiast je pokazywać."
    ),
    "Show both certificates, when new ones are due, and how far an update of them is.": (
        "Pokaż oba certyfikaty, termin ich wymiany i jej postęp."
    ),
    (
        "Do what can be done now for new keys: make, mail, receive, register, prove, change over,"
        " retire.\n\n"
        "Nothing is waited for: run it again (or leave it to the deployment rotate-certificates/daily),"
        " and it goes\n"
        "on from where it stands. Where the mail server wants a login, let the deployment send the mail."
    ): (
        "Zrób to, co w tej chwili można zrobić dla nowych kluczy: utwórz, wyślij, przyjmij, zarejestruj,"
        " sprawdź, przejdź na nie, wycofaj stare.\n\n"
        "Polecenie na nic nie czeka: uruchom je ponownie (albo zostaw to wdrożeniu"
        " rotate-certificates/daily), a będzie kontynuować od miejsca, w którym skończyło. Jeśli serwer"
        " poczty wymaga logowania, niech wiadomość wyśle wdrożenie."
    ),
    "PEM files that the office has sent.": "Pliki PEM przysłane przez biuro (BOK).",
    "time: if it is due; forced: now; compromised: now, and no overlap for the old.": (
        "time: jeśli nadszedł czas; forced: teraz; compromised: teraz i bez okresu przejściowego dla starych."
    ),
    "Write the requests (CSR) into this folder instead of mailing them.": (
        "Zapisz żądania (CSR) w tym katalogu zamiast je wysyłać."
    ),
    "Where the requests are mailed.": "Adres, na który są wysyłane żądania.",
    "Mail server; without: the sandbox's.": "Serwer poczty; bez podania: serwer środowiska testowego.",
    "Its port; 0: the usual one.": "Jego port; 0: zwykły.",
    "Our own address.": "Nasz własny adres.",
    "Maildir with the answers; without: the sandbox's.": (
        "Maildir z odpowiedziami; bez podania: ten ze środowiska testowego."
    ),
    "Days in which the service still accepts the old ones.": "Przez ile dni usługa nadal przyjmuje stare.",
    "No flows run here: retire without waiting for them.": (
        "Nie działają tu przepływy: wycofaj bez czekania na nie."
    ),
    (
        "Go back to the old certificates while the service accepts them; before the change-over, give"
        " up.\n\n"
        "The keys of the new ones are wiped, and the service is told to refuse their certificates: a day"
        " later by\n"
        "rotate-certificates/daily, because flows may still work with them, or at once. Time alone"
        " begins no other\n"
        "update within a day."
    ): (
        "Wróć do starych certyfikatów, dopóki usługa je przyjmuje; przed przejściem na nowe: zrezygnuj.\n\n"
        "Klucze nowych zostają zniszczone, a usługa dowiaduje się, że ma odrzucać ich certyfikaty: dzień"
        " później od rotate-certificates/daily, bo przepływy mogą jeszcze na nich pracować, albo od"
        " razu. Sam upływ czasu nie rozpocznie kolejnej wymiany wcześniej niż po dobie."
    ),
    "No flows run here: the service refuses the new ones at once.": (
        "Nie działają tu przepływy: usługa od razu odrzuca nowe."
    ),
    "Check the office's certificates completely, keep them, and let onboarding or rotation go on.": (
        "Sprawdź dokładnie certyfikaty z biura (BOK), zapisz je i kontynuuj przyłączanie albo wymianę."
    ),
    "The office's files, in any order.": "Pliki z biura (BOK), w dowolnej kolejności.",
    "The account; without: the one that the certificates name.": (
        "Konto; bez podania: to, na które wystawiono certyfikaty."
    ),
    "Give up an onboarding that has not ended: its keys and requests are destroyed.": (
        "Porzuć niezakończone przyłączanie: jego klucze i żądania zostaną zniszczone."
    ),
    "The account: 16 digits.": "Konto: 16 cyfr.",
    "Do not ask.": "Nie pytaj.",
    "Show both certificates of an account: serial, validity, days left, generation, technical ids.": (
        "Pokaż oba certyfikaty konta: numer seryjny, ważność, pozostałe dni, generację, identyfikatory"
        " techniczne."
    ),
    "Print the addresses of the tenant panel and the e-survey portal, for a browser.": (
        "Wypisz adresy panelu konta tenanta i portalu eAnkiety, do otwarcia w przeglądarce."
    ),
}
