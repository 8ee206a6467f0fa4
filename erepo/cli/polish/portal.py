"""Polish help of: portal, patients."""

from typing import Final

HELP: Final[dict[str, str]] = {
    "The patients' side of the service: shared documents.": (
        "Strona usługi dla pacjentów: udostępnione dokumenty."
    ),
    (
        "Serve the patients' side until Ctrl-C or SIGTERM, and send the messages to patients.\n\n"
        "It runs beside `erepo cloud serve`, over the same database. Address, TLS\n"
        "and mail: EREPO_PORTAL__… (docs/reference/portal.md). `erepo up` starts it by itself."
    ): (
        "Obsługuj stronę dla pacjentów do Ctrl-C lub SIGTERM i wysyłaj wiadomości do pacjentów.\n\n"
        "Działa obok `erepo cloud serve`, na tej samej bazie. Adres, TLS i poczta: EREPO_PORTAL__…"
        " (docs/reference/portal.md). `erepo up` uruchamia ją samodzielnie."
    ),
    "Patients' access to what is shared with them.": "Dostęp pacjentów do udostępnionych im dokumentów.",
    (
        "Invite a patient whose identity you have checked; number and address are asked for, unseen.\n\n"
        "Not at a terminal, three lines are read from the standard input: PESEL, e-mail address, telephone;"
        " one of\nthe last two may be empty. Codes to sign in go to the e-mail address. A new invitation of"
        " the same patient\ntakes the place of the earlier one. Needs the permission `invite`."
    ): (
        "Zaproś pacjenta, którego tożsamość sprawdzono; program zapyta o numer i adres, bez pokazywania"
        " numeru.\n\n"
        "Poza terminalem ze standardowego wejścia czytane są trzy wiersze: PESEL, adres e-mail, telefon;"
        " jeden z dwóch ostatnich może być pusty. Kody logowania przychodzą na adres e-mail. Nowe zaproszenie"
        " tego samego pacjenta zastępuje wcześniejsze. Wymaga uprawnienia `invite`."
    ),
    "Language of messages to the patient.": "Język wiadomości do pacjenta.",
    "List invitations, the newest first; neither numbers nor addresses are shown.": (
        "Pokaż zaproszenia, od najnowszych; bez numerów i adresów."
    ),
    "Only of the patient whose number is asked for, unseen.": (
        "Tylko zaproszenia pacjenta, o którego numer program zapyta (nie będzie widoczny)."
    ),
    (
        "End a patient's access to what this clinic shares; the documents and consents stay as they are.\n\n"
        "It acts at once, also on somebody who is signed in. Needs the permission `invite`."
    ): (
        "Zakończ dostęp pacjenta do tego, co udostępnia ta placówka; dokumenty i zgody pozostają bez zmian."
        "\n\nDziała natychmiast, także wobec zalogowanego pacjenta. Wymaga uprawnienia `invite`."
    ),
    "As `erepo patients list` shows it.": "Jak pokazuje `erepo patients list`.",
    "Why; it is kept by the service. Name nobody.": "Powód; usługa go przechowuje. Bez nazwisk.",
}
