"""Polish help of: share, consents."""

from typing import Final

HELP: Final[dict[str, str]] = {
    "Share documents with their patient, a person or another account, by a consent (manual 1.4).": (
        "Udostępnij dokumenty pacjentowi, innej osobie lub innemu kontu na podstawie zgody (instrukcja 1.4)."
    ),
    "Ids of documents, all of one patient.": "Identyfikatory dokumentów, wszystkie jednego pacjenta.",
    "Login of the person who shares (`erepo structure`).": (
        "Login osoby, która udostępnia (`erepo structure`)."
    ),
    "Last day, or the moment it ends, Polish time.": (
        "Data do: ostatni dzień albo chwila, w której zgoda przestaje obowiązywać, czas polski."
    ),
    "Whom for: `patient`, `person`, or the 16 digits of another account.": (
        "Odbiorca: `patient` (pacjent), `person` (osoba) albo 16 cyfr innego konta."
    ),
    "First day, or the moment it begins; empty: now.": (
        "Data od: pierwszy dzień albo chwila, od której zgoda obowiązuje; puste: od teraz."
    ),
    "Send it at once.": "Od razu wyślij.",
    (
        "Write a consent down, and send it if asked.\n\n"
        "What may tell who somebody is stands on the input, never among the arguments: for"
        " `--to person` first"
        " the\n"
        'recipient\'s number (PESEL, NPWZ or HL7 CX) and name, a line each; then the reason ("Sprawa") in one'
        " line.\n"
        "On a terminal they are asked for. A consent is never changed, only sent and revoked."
    ): (
        "Zapisz zgodę i, jeśli trzeba, wyślij ją.\n\n"
        "To, co mogłoby kogoś identyfikować, podaje się na standardowym wejściu, nigdy w argumentach: przy"
        " `--to person` najpierw numer odbiorcy (PESEL, NPWZ lub HL7 CX) i jego imię i nazwisko, w osobnych"
        " wierszach; potem sprawę w jednym wierszu. W terminalu polecenie o nie zapyta. Zgody"
        " się nie zmienia,"
        " można ją tylko wysłać i odwołać."
    ),
    "Id of the consent.": "Identyfikator zgody.",
    (
        "Send a consent; what is not in the repository yet is archived first.\n\n"
        "May be repeated at any moment: the same consent is never given twice. What cannot be"
        " finished now goes"
        " on\n"
        "by itself. Exit code 0 only if the service has it; 1 if not; 2 if nothing could be done."
    ): (
        "Wyślij zgodę; dokumenty, których nie ma jeszcze w repozytorium, zostaną najpierw zarchiwizowane.\n\n"
        "Polecenie można powtórzyć w każdej chwili: ta sama zgoda nigdy nie zostanie złożona dwa razy. To,"
        " czego nie można dokończyć teraz, zostanie dokończone automatycznie. Kod wyjścia 0 tylko wtedy, gdy"
        " zgoda jest w usłudze; 1, gdy jej tam nie ma; 2, gdy niczego nie można było zrobić."
    ),
    "Register of consents: list, search, show, history, revoke (manual 1.4).": (
        "Rejestr zgód: lista, wyszukiwanie, podgląd, historia, odwołanie (instrukcja 1.4)."
    ),
    "Only in this state; may be repeated.": "Tylko w tym stanie; można powtórzyć.",
    "Only those that hold, or are about to.": "Tylko obowiązujące i te, które wkrótce będą obowiązywać.",
    "Only those that name the document of this id.": "Tylko obejmujące dokument o tym identyfikatorze.",
    "Only those for this account, 16 digits.": "Tylko dla tego konta, 16 cyfr.",
    "Only those whose time includes noon then.": "Tylko te, których okres obejmuje południe tego dnia.",
    "Consents on one page.": "Liczba zgód na stronie.",
    "The page after the consent of this id.": "Strona po zgodzie o tym identyfikatorze.",
    "List consents, the latest first. Nothing of a patient or a recipient is shown.": (
        "Pokaż zgody, od najnowszej. Niczego o pacjencie ani odbiorcy się nie pokazuje."
    ),
    "The number is that of the recipient, not of the patient.": "Numer dotyczy odbiorcy, nie pacjenta.",
    (
        "List the consents of a patient, or for a person; the number is typed unseen, or stands on the input."
    ): (
        "Pokaż zgody pacjenta lub dla danej osoby; numer wpisuje się niewidocznie albo podaje na standardowym"
        " wejściu."
    ),
    "Print JSON, without patient, recipient and reason.": "Wypisz JSON, bez pacjenta, odbiorcy i sprawy.",
    "Show one consent with its patient, recipient and reason; the history notes who looked.": (
        "Pokaż jedną zgodę z pacjentem, odbiorcą i sprawą; historia odnotuje, kto ją oglądał."
    ),
    "Show what happened to a consent: when, what, and by whom.": (
        "Pokaż, co działo się ze zgodą: kiedy, co i za sprawą kogo."
    ),
    "Login of the person who revokes (`erepo structure`).": (
        "Login osoby, która odwołuje zgodę (`erepo structure`)."
    ),
    "Why; goes to the service. Nothing that tells who somebody is.": (
        "Powód; trafia do usługi. Nic, co mogłoby kogoś identyfikować."
    ),
    (
        "Revoke a consent: from now on nobody sees anything by it, downloads under way included.\n\n"
        "It is written down first. Where the service cannot be reached it is repeated by itself until the"
        " service\n"
        "has confirmed it. Exit code 0 only if it has; 1 if not yet; 2 if nothing could be done."
    ): (
        "Odwołaj zgodę: od tej chwili nikt niczego na jej podstawie nie zobaczy, także w"
        " trakcie pobierania.\n\n"
        "Odwołanie zostaje najpierw zapisane. Jeśli usługa jest nieosiągalna, będzie ponawiane automatycznie,"
        " aż usługa je potwierdzi. Kod wyjścia 0 tylko po potwierdzeniu; 1, gdy jeszcze go nie ma; 2, gdy"
        " niczego nie można było zrobić."
    ),
    (
        "Finish what is open: consents half-sent, revocations unconfirmed. Runs by itself every ten minutes."
        "\n\n"
        "Exit code 0 only if nothing is open any more; 1 if something is; 2 if nothing could be done."
    ): (
        "Dokończ to, co otwarte: zgody wysłane częściowo i niepotwierdzone odwołania. Co"
        " dziesięć minut dzieje"
        " się to samo automatycznie.\n\n"
        "Kod wyjścia 0 tylko wtedy, gdy nic już nie jest otwarte; 1, gdy coś jest; 2, gdy niczego nie można"
        " było zrobić."
    ),
}
