"""The words under the fields of all forms, in Polish; the English ones are the arguments' own docstrings.

Found by the English text, so a changed or new one is missed: `tests/deployments/test_register.py` names it.
"""

from types import MappingProxyType
from typing import Final

POLISH: Final = MappingProxyType(
    {
        "The 16 digits of the account.": "16 cyfr identyfikatora konta.",
        "Name in the certificates (O); empty takes it from the structure.": (
            "Nazwa w certyfikatach (O); puste pole: ze struktury."
        ),
        "Unit in the certificates (OU); empty takes it from the structure.": (
            "Jednostka w certyfikatach (OU); puste pole: ze struktury."
        ),
        "Country in the certificates (C), two letters.": "Kraj w certyfikatach (C), dwie litery.",
        "Kind of the new keys, where none exist yet.": "Rodzaj nowych kluczy, jeśli jeszcze ich nie ma.",
        "Where the requests go.": "Dokąd są wysyłane żądania.",
        "Where the mail comes from and the answer goes to; empty keeps that of the MailServer block.": (
            "Nadawca wiadomości i adres na odpowiedź; puste pole: z bloku MailServer."
        ),
        "Name of the mail server; empty takes the MailServer block, or the sandbox on this machine.": (
            "Nazwa serwera poczty; puste pole: z bloku MailServer albo środowisko testowe na tym komputerze."
        ),
        "Its port; 0 takes the usual one, or the sandbox's.": (
            "Jego port; 0: zwykły albo ten ze środowiska testowego."
        ),
        (
            "Maildir that receives the answers; empty takes the mailbox of the MailServer block, or the"
            " sandbox's."
        ): ("Maildir z odpowiedziami; puste pole: skrzynka z bloku MailServer albo środowiska testowego."),
        "Root address of the service; empty takes the one on this machine.": (
            "Główny adres usługi; puste pole: usługa na tym komputerze."
        ),
        "How long to look for the answer before the run is suspended and asks; 0: at once.": (
            "Jak długo sprawdzać skrzynkę, zanim uruchomienie zostanie zawieszone i zapyta; 0: od razu."
        ),
        "Name to save the blocks under.": "Nazwa, pod którą zostaną zapisane bloki.",
        (
            "Name of a P1Certificates block: registers the repository in the national domain with them; empty"
            " leaves that to register-p1."
        ): (
            "Nazwa bloku P1Certificates: jego certyfikatami repozytorium zostanie zarejestrowane w domenie"
            " krajowej; puste pole: zrobi to register-p1."
        ),
        "Write to the office again after so many days without an answer, and again after as many.": (
            "Po tylu dniach bez odpowiedzi wyślij przypomnienie do biura, i ponownie po kolejnych tylu."
        ),
        "Name of the clinic's blocks.": "Nazwa bloków placówki.",
        "A file changed less than so many seconds ago is left for the next run, it may still grow.": (
            "Plik zmieniony przed chwilą (mniej sekund temu) zostaje na następne uruchomienie, może jeszcze"
            " rosnąć."
        ),
        "Remove originals, each once its copy is durable, read back equal, and that is committed.": (
            "Usuń oryginały, każdy dopiero po trwałym zapisaniu kopii i potwierdzeniu, że jest identyczna."
        ),
        "Also collect what patients gave through the mobile application, if the cloud is in use.": (
            "Odbierz też dokumenty przekazane przez pacjentów w aplikacji mobilnej (gdy używana jest chmura)."
        ),
        "Queue at most so many new documents; 0 means all that are due.": (
            "Dodaj do kolejki najwyżej tyle nowych dokumentów; 0: wszystkie, których czas nadszedł."
        ),
        "Only documents taken in on this day or later, as 2026-11-30; empty means any.": (
            "Tylko dokumenty przyjęte tego dnia lub później, w postaci 2026-11-30; puste pole: wszystkie."
        ),
        "Only documents taken in on this day or earlier.": (
            "Tylko dokumenty przyjęte tego dnia lub wcześniej."
        ),
        "Only documents issued on this day or later, Polish time; those without a date stay.": (
            "Tylko dokumenty wystawione tego dnia lub później, czas polski; dokumenty bez daty pozostają."
        ),
        "Only documents issued on this day or earlier.": (
            "Tylko dokumenty wystawione tego dnia lub wcześniej."
        ),
        "Plan nothing and send nothing; leave a page of what would be done, and why the rest stays.": (
            "Niczego nie planuj i nie wysyłaj; utwórz stronę z tym, co zostałoby zrobione i dlaczego reszta"
            " pozostaje."
        ),
        "Only these documents, at once: opaque ids, as `erepo documents list` shows them.": (
            "Tylko te dokumenty, od razu: identyfikatory, jak pokazuje `erepo documents list`."
        ),
        "At most so many; 0 means all that are due.": "Najwyżej tyle; 0: wszystkie wymagane.",
        "Send nothing; leave a page of how many would be taken, what is late, and why.": (
            "Niczego nie wysyłaj; utwórz stronę: ile dokumentów zostałoby objętych, które są po terminie i"
            " dlaczego."
        ),
        "Login of the person in whose name P1 is asked; empty takes the archiving task's user.": (
            "Login osoby, w której imieniu wysyłane jest żądanie do P1; puste pole: użytkownik zadania"
            " archiwizacji."
        ),
        "Login of the person who shares; needs the permission `share`.": (
            "Login osoby, która udostępnia; wymagane uprawnienie `share`."
        ),
        "Id of a consent, as `erepo share new` prints it; then nothing else is needed.": (
            "Identyfikator zgody, wypisany przez `erepo share new`; wtedy nic więcej nie jest potrzebne."
        ),
        "Opaque ids of documents of one patient, who is the recipient; where no consent is given.": (
            "Identyfikatory dokumentów jednego pacjenta, który jest odbiorcą; gdy nie podano zgody."
        ),
        "First day, as 2026-11-30, Polish time; empty is now.": (
            "Pierwszy dzień, w postaci 2026-11-30, czas polski; puste pole: od teraz."
        ),
        "Last day, as 2026-12-31, until its midnight; needed where documents are given.": (
            "Ostatni dzień, w postaci 2026-12-31, do północy; wymagany, gdy podano dokumenty."
        ),
        "Login of the person who revokes; needs the permission `share`.": (
            "Login osoby, która odwołuje zgodę; wymagane uprawnienie `share`."
        ),
        "Id of the consent, as `erepo consents list` shows it.": (
            "Identyfikator zgody, pokazywany przez `erepo consents list`."
        ),
        "Login of the person who orders it; needs the permission `migrate`.": (
            "Login osoby, która to zleca; wymagane uprawnienie `migrate`."
        ),
        "Opaque ids of documents, as `erepo migrate list` shows them.": (
            "Identyfikatory dokumentów, jak pokazuje `erepo migrate list`."
        ),
        (
            "Only of one patient, by the number that `erepo migrate number` tells; 0 means any. Never an"
            " identifier."
        ): (
            "Tylko jednego pacjenta, według numeru z `erepo migrate number`; 0: wszystkich. Nigdy PESEL ani"
            " inny identyfikator."
        ),
        "Issued on this day or later, as 2026-11-30, Polish time.": (
            "Wystawione tego dnia lub później, w postaci 2026-11-30, czas polski."
        ),
        "Issued on this day or earlier.": "Wystawione tego dnia lub wcześniej.",
        "Archived on this day or later.": "Zarchiwizowane tego dnia lub później.",
        "Archived on this day or earlier.": "Zarchiwizowane tego dnia lub wcześniej.",
        "All documents; needed when nothing else is chosen.": (
            "Wszystkie dokumenty; wymagane, gdy nie wybrano nic innego."
        ),
        "At most so many; 0 means all that were chosen.": "Najwyżej tyle; 0: wszystkie wybrane.",
        "Only count, change nothing.": "Tylko policz, niczego nie zmieniaj.",
        "Needed when it is no dry run.": "Wymagane, jeśli to nie jest próba.",
        "Name of a notification block of any type; nobody is notified while there is none.": (
            "Nazwa bloku powiadomień dowolnego rodzaju; dopóki go nie ma, nikt nie jest powiadamiany."
        ),
        "Send them also if nothing has changed, say, after the service came back from a backup.": (
            "Wyślij także wtedy, gdy nic się nie zmieniło, na przykład po odtworzeniu usługi z kopii."
        ),
        "Name of the P1Certificates block.": "Nazwa bloku P1Certificates.",
        "Revoke first: where P1 gave no id, or to replace certificates.": (
            "Najpierw odwołaj: gdy P1 nie nadało identyfikatora albo aby wymienić certyfikaty."
        ),
        "Have P1 make a new repository where it has one of ours.": (
            "Utwórz w P1 nowe repozytorium, jeśli ma już jakieś nasze."
        ),
        "start, end, or apply what the clinic's table says.": (
            "start: rozpocznij, end: zakończ, apply: zastosuj to, co zapisano w bazie placówki."
        ),
        "End of the pause, for start, as 2026-11-30 06:00, Polish time.": (
            "Koniec przerwy, dla start, w postaci 2026-11-30 06:00, czasu polskiego."
        ),
        "Beginning of the pause, for start, written the same way; empty is now.": (
            "Początek przerwy, dla start, zapisany tak samo; puste pole: teraz."
        ),
        (
            "time leaves it to the age of the certificates; forced begins now; compromised begins now and"
            " gives the old ones no overlap."
        ): (
            "time: decyduje wiek certyfikatów; forced: rozpocznij teraz; compromised: rozpocznij teraz, bez"
            " okresu przejściowego dla starych."
        ),
        "What the office sent as TLS….pem; empty looks into the mailbox.": (
            "Treść pliku TLS….pem z biura; puste pole: sprawdź skrzynkę."
        ),
        "What the office sent as WSS….pem; empty looks into the mailbox.": (
            "Treść pliku WSS….pem z biura; puste pole: sprawdź skrzynkę."
        ),
        "Maildir that receives the answers; empty takes the sandbox's.": (
            "Maildir z odpowiedziami; puste pole: ten ze środowiska testowego."
        ),
        "How long the service goes on accepting the old certificates after the change.": (
            "Jak długo po zmianie usługa przyjmuje jeszcze stare certyfikaty."
        ),
        "Address that gets the warnings by mail as well; empty sends none.": (
            "Adres, na który ostrzeżenia są także wysyłane pocztą; puste pole: nie są."
        ),
        "Address that gets a test mail; empty only tests the connection.": (
            "Adres, na który zostanie wysłana wiadomość próbna; puste pole: tylko test połączenia."
        ),
    }
)


def bilingual(english: str) -> str:
    """Return the words under a field as „PL / EN”; English alone where nobody has translated them."""
    plain = " ".join(english.split())
    return f"{POLISH[plain]} / {plain}" if plain in POLISH else plain
