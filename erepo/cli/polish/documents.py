"""Polish help of: demo, up, import, status, diagnose, rejected, kinds."""

from typing import Final

HELP: Final[dict[str, str]] = {
    (
        "Set everything up on this machine, archive new sample documents end to end, and verify each"
        " one.\n\n"
        "Those that the law wants there are indexed in P1, and one document is shared with its patient: the"
        " patient\n"
        "and three who must not see it really look for it. The last line is `archived N/N, verified N/N,"
        " failed 0`;\n"
        "the exit code is 0 only if that is so, and if everybody saw what they may and nothing else."
    ): (
        "Przygotuj wszystko na tym komputerze, zarchiwizuj nowe przykładowe dokumenty od początku do"
        " końca i zweryfikuj każdy.\n\n"
        "Dokumenty, których indeksu wymaga prawo, są indeksowane w P1, a jeden dokument zostaje udostępniony"
        " swojemu pacjentowi: szukają go naprawdę pacjent i trzy strony, które nie mogą go zobaczyć. Ostatni"
        " wiersz brzmi `archived N/N, verified N/N, failed 0`; kod wyjścia wynosi 0 tylko wtedy, gdy tak jest"
        " i gdy każdy zobaczył to, co może, i nic ponadto."
    ),
    "How many sample documents.": "Liczba przykładowych dokumentów.",
    (
        "Kill the worker, the service, or both (kill -9) so many times while it archives, start them"
        " again, and show that nothing is lost."
    ): (
        "Podczas archiwizacji tyle razy zabij (kill -9) workera, usługę albo oba naraz, uruchom je ponownie"
        " i pokaż, że nic nie ginie."
    ),
    "Start the service, the sandbox, a Prefect server and a worker, and stay until Ctrl-C.": (
        "Uruchom usługę, środowisko testowe (sandbox), serwer i workera Prefect; działają do naciśnięcia"
        " Ctrl-C."
    ),
    "End by itself after so many seconds; 0: stay until Ctrl-C.": (
        "Zakończ po tylu sekundach; 0: działaj do Ctrl-C."
    ),
    (
        "Take documents in. Each file ends as taken in, already known, or refused with the reason.\n\n"
        "May be repeated and interrupted at any moment: the same bytes are taken in once. Originals stay"
        " where they\n"
        "are unless --delete is given. Exits with 0 only if nothing was refused.\n\n"
        "With --patients-own it takes in what patients gave through the service, which keeps each document"
        " until\n"
        "the copy here has been read back equal."
    ): (
        "Przyjmij dokumenty. Każdy plik zostaje przyjęty, był już znany albo spotyka się z odmową z"
        " podaną przyczyną.\n\n"
        "Polecenie można powtarzać i przerywać w każdej chwili: te same bajty są przyjmowane raz."
        " Oryginały pozostają na miejscu, chyba że podano --delete. Kod wyjścia 0 tylko wtedy, gdy"
        " niczego nie odmówiono.\n\n"
        "Z opcją --patients-own przyjmuje dokumenty przekazane przez pacjentów za pośrednictwem usługi, która"
        " przechowuje każdy z nich, dopóki tutejsza kopia nie zostanie odczytana i uznana za identyczną."
    ),
    "Files, or folders with all below them.": "Pliki albo katalogi z całą zawartością.",
    "Collect what patients gave through the service, instead of files.": (
        "Zamiast plików odbierz dokumenty przekazane przez pacjentów za pośrednictwem usługi."
    ),
    (
        "`-`: for files that do not name their patient, the one whose PESEL or HL7 CX stands on the input, or"
        " is asked for."
    ): (
        "`-`: dla plików, które nie wskazują pacjenta: pacjent, którego PESEL lub HL7 CX podano na"
        " standardowym wejściu albo na pytanie."
    ),
    "Document kind (`erepo kinds list`); overrules the recognised one.": (
        "Rodzaj dokumentu (`erepo kinds list`); ma pierwszeństwo przed rozpoznanym."
    ),
    "Delete each original once its copy has been read back equal.": (
        "Usuń każdy oryginał, gdy odczytana kopia okaże się identyczna."
    ),
    "Print one JSON object.": "Wypisz jeden obiekt JSON.",
    "Show how many documents stand in which state, what is due, and what is missing.": (
        "Pokaż, ile dokumentów jest w każdym stanie, co czeka na wysłanie i czego brakuje."
    ),
    (
        "Look for the causes of trouble and say what to do, in the order of chapter 2 of the manual.\n\n"
        "Nothing is changed. Exit code 0 only if nothing is wrong (warnings are\n"
        "allowed), 1 if something is, 2 if only something could not be asked.\n\n"
        "Examples:\n"
        "  erepo diagnose\n\n"
        "  erepo diagnose --only mail --send-test-mail it@clinic.example\n\n"
        "  erepo diagnose --json | jq '.findings[] | select(.verdict == \"problem\")'"
    ): (
        "Znajdź przyczyny problemów i powiedz, co zrobić, w kolejności rozdziału 2 instrukcji.\n\n"
        "Niczego nie zmienia. Kod wyjścia 0 tylko wtedy, gdy wszystko działa (ostrzeżenia\n"
        "są dopuszczalne), 1, gdy coś nie działa, 2, gdy o coś nie można było zapytać.\n\n"
        "Przykłady:\n"
        "  erepo diagnose\n\n"
        "  erepo diagnose --only mail --send-test-mail it@clinic.example\n\n"
        "  erepo diagnose --json | jq '.findings[] | select(.verdict == \"problem\")'"
    ),
    "Only this check; may be repeated.": "Tylko to sprawdzenie; można powtórzyć.",
    "Send a test mail to this address, not only connect.": (
        "Wyślij na ten adres wiadomość próbną, zamiast tylko się połączyć."
    ),
    "Name of the clinic's blocks in Prefect.": "Nazwa bloków placówki w Prefect.",
    "Documents that were refused: why, and back into the queue.": (
        "Odrzucone dokumenty: dlaczego, i z powrotem do kolejki."
    ),
    "Show each refused document with the reason and the next step.": (
        "Pokaż każdy odrzucony dokument z przyczyną i następnym krokiem."
    ),
    "Print a JSON array.": "Wypisz tablicę JSON.",
    "Show at most so many, latest first.": "Pokaż najwyżej tyle, od najnowszych.",
    "Put refused documents back into the queue once their cause is removed.": (
        "Dodaj odrzucone dokumenty z powrotem do kolejki, gdy przyczyna jest usunięta."
    ),
    "Ids as `list` shows them.": "Identyfikatory, jak pokazuje je `list`.",
    "All refused documents.": "Wszystkie odrzucone dokumenty.",
    "Which document kinds are archived by themselves.": (
        "Które rodzaje dokumentów są archiwizowane automatycznie."
    ),
    "List all kinds with their settings.": "Pokaż wszystkie rodzaje z ustawieniami.",
    "Print a JSON list.": "Wypisz listę JSON.",
    (
        "Change the settings of one kind; documents not yet archived follow them from the next run on.\n\n"
        "Without --as the change is written down as the administrator's: who may use this command on the"
        " clinic's\nown machine may do everything there."
    ): (
        "Zmień ustawienia jednego rodzaju; dokumenty jeszcze niezarchiwizowane stosują je od następnego"
        " uruchomienia.\n\n"
        "Bez --as zmiana zostanie zapisana jako wprowadzona przez administratora: kto może użyć tego"
        " polecenia na komputerze placówki, może na nim wszystko."
    ),
    "Who acts; needs the permission set-kinds.": "Kto to zmienia; wymagane uprawnienie set-kinds.",
    "As `erepo kinds list` shows it.": "Jak pokazuje `erepo kinds list`.",
    "Years a document of this kind is kept; never below the act.": (
        "Lata przechowywania dokumentu tego rodzaju; nie mniej, niż wymaga ustawa."
    ),
    "Archive documents of this kind automatically.": "Archiwizuj automatycznie dokumenty tego rodzaju.",
    "Days a document of this kind is available locally.": (
        "Ile dni dokument tego rodzaju jest dostępny lokalnie."
    ),
}
