"""Every text of the panel, in English and Polish; templates call them by name (a test compares the two)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from erepo.texts import Text

WORDS: Final[Mapping[str, Text]] = MappingProxyType(
    {
        "panel": Text("Account panel", "Panel konta"),
        "product": Text("Document repository", "Repozytorium dokumentacji medycznej"),
        "account": Text("Account", "Konto"),
        "skip": Text("Skip to the content", "Przejdź do treści"),
        "menu": Text("Pages of the panel", "Strony panelu"),
        "language": Text("Language", "Język"),
        "logged_in": Text("Logged in as", "Zalogowano jako"),
        "log_out": Text("Log out", "Wyloguj się"),
        "nav_account": Text("Account", "Konto"),
        "nav_certificates": Text("Certificates", "Certyfikaty"),
        "nav_structure": Text("Structure", "Struktura"),
        "nav_p1": Text("P1 registration", "Rejestracja w P1"),
        "nav_audit": Text("Event log", "Dziennik zdarzeń"),
        "nav_password": Text("Password", "Hasło"),
        "footer": Text(
            "Every view of this panel is recorded in the account's event log. No patient data is shown here.",
            "Każde wyświetlenie tego panelu jest zapisywane w dzienniku zdarzeń konta. "
            "Panel nie pokazuje danych pacjentów.",
        ),
        # login
        "title_login": Text("Log in", "Logowanie"),
        "login_lead": Text(
            "Log in with the administrator account of your facility.",
            "Zaloguj się na konto administracyjne placówki.",
        ),
        "login": Text("Login", "Login"),
        "password": Text("Password", "Hasło"),
        "do_log_in": Text("Log in", "Zaloguj się"),
        "login_help": Text(
            "The account is created in the clinic's program when the repository account is"
            " activated. The first"
            " login asks for a new password.",
            "Konto administracyjne tworzy program placówki po aktywacji konta w repozytorium. "
            "Przy pierwszym logowaniu trzeba zmienić hasło.",
        ),
        "certificate_ok": Text(
            "The connection is protected by your facility's TLS certificate.",
            "Połączenie jest chronione certyfikatem TLS placówki.",
        ),
        # password
        "title_password": Text("Change the password", "Zmiana hasła"),
        "must_change": Text(
            "This is a one-time password. Set your own one to go on.",
            "To hasło jest jednorazowe. Aby przejść dalej, ustaw własne.",
        ),
        "present": Text("Present password", "Obecne hasło"),
        "new": Text("New password", "Nowe hasło"),
        "again": Text("New password again", "Powtórz nowe hasło"),
        "rules": Text(
            "At least {least} characters. A few words are easier to remember than signs; do not use"
            " the login, "
            "the account's number or rows such as 123456.",
            "Co najmniej {least} znaków. Kilka słów łatwiej zapamiętać niż znaki specjalne; nie"
            " używaj loginu, "
            "numeru konta ani ciągów takich jak 123456.",
        ),
        "ends_others": Text(
            "All other sessions of this login end with the change.",
            "Zmiana hasła kończy wszystkie inne sesje tego użytkownika.",
        ),
        "do_change": Text("Change the password", "Zmień hasło"),
        "changed": Text("The password has been changed.", "Hasło zostało zmienione."),
        # account
        "title_account": Text("Account", "Konto"),
        "account_lead": Text(
            "Validity, use of the limits and technical identifiers.",
            "Ważność, wykorzystanie limitów i identyfikatory techniczne.",
        ),
        "validity": Text("Validity", "Ważność konta"),
        "valid_until": Text("Valid until", "Ważne do"),
        "valid_open": Text("No end date", "Bezterminowo"),
        "days_left": Text("days left: {days}", "pozostało dni: {days}"),
        "badge_ok": Text("Active", "Aktywne"),
        "badge_soon": Text("Ends soon", "Kończy się wkrótce"),
        "badge_over": Text("Expired", "Wygasło"),
        "term_warn": Text(
            "The account is valid for {days} more days. Renew it in time: afterwards documents can be read, "
            "but none can be added.",
            "Ważność konta kończy się; pozostało dni: {days}. Przedłuż ją na czas: później dokumenty można "
            "odczytywać, ale nie dodawać.",
        ),
        "term_over": Text(
            "The account has expired. Documents can be read, but none can be added.",
            "Ważność konta wygasła. Dokumenty można odczytywać, ale nie dodawać.",
        ),
        "space": Text("Space", "Miejsce na dokumenty"),
        "documents": Text("Documents", "Liczba dokumentów"),
        "used_of": Text("{used} of {limit}", "{used} z {limit}"),
        "free": Text("free: {free}", "wolne: {free}"),
        "warned": Text("the mark shows 90%", "znacznik wskazuje 90 %"),
        "space_warn": Text(
            "The account has used {percent} of its space. Order more before it is full: afterwards documents"
            " are refused.",
            "Wykorzystano {percent} miejsca dostępnego na koncie. Zwiększ limit, zanim się wyczerpie: "
            "po wyczerpaniu dokumenty będą odrzucane.",
        ),
        "documents_warn": Text(
            "The account has used {percent} of the documents it may hold. Order more before it is full: "
            "afterwards documents are refused.",
            "Wykorzystano {percent} limitu liczby dokumentów. Zwiększ limit, zanim się wyczerpie: "
            "po wyczerpaniu dokumenty będą odrzucane.",
        ),
        "space_full": Text(
            "The account's space is used up; documents are refused. Order more.",
            "Miejsce na koncie wyczerpało się; dokumenty są odrzucane. Zwiększ limit.",
        ),
        "documents_full": Text(
            "The account holds as many documents as it may; further ones are refused. Order more.",
            "Konto osiągnęło limit liczby dokumentów; kolejne są odrzucane. Zwiększ limit.",
        ),
        "technical": Text("Technical identifiers", "Identyfikatory techniczne"),
        "number": Text("Account number", "Numer konta"),
        "repository_id": Text("Repository (repositoryUniqueId)", "Repozytorium (repositoryUniqueId)"),
        "community_id": Text("Community (homeCommunityId)", "Domena (homeCommunityId)"),
        "source_id": Text("Document source (sourceId)", "Źródło dokumentów (sourceId)"),
        "security": Text("Protection of messages", "Ochrona komunikatów"),
        "security_wss": Text("TLS and signature (WS-Security)", "TLS i podpis (WS-Security)"),
        "security_mtls": Text("TLS", "TLS"),
        # certificates
        "title_certificates": Text("Certificates", "Certyfikaty"),
        "certificates_lead": Text(
            "Certificates by which the service knows your facility. Replace them in the clinic's"
            " program before"
            " they expire.",
            "Certyfikaty, po których usługa rozpoznaje placówkę. Wymień je w programie placówki,"
            " zanim wygasną.",
        ),
        "purpose": Text("Purpose", "Przeznaczenie"),
        "purpose_TLS": Text("TLS: connection", "TLS: połączenie"),
        "purpose_WSS": Text("WSS: signature of messages", "WSS: podpis komunikatów"),
        "serial": Text("Serial number", "Numer seryjny"),
        "fingerprint": Text("SHA-256 fingerprint", "Odcisk SHA-256"),
        "from": Text("Valid from", "Ważny od"),
        "to": Text("Valid until", "Ważny do"),
        "state": Text("State", "Stan"),
        "state_active": Text("Active", "Aktywny"),
        "state_soon": Text("Expires soon", "Wkrótce wygaśnie"),
        "state_expired": Text("Expired", "Wygasł"),
        "state_retired": Text("Withdrawn", "Wycofany"),
        "ours": Text("used by this connection", "użyty w tym połączeniu"),
        "certificates_soon": Text(
            "At least one certificate expires within 30 days. Start the replacement in the clinic's"
            " program now.",
            "Co najmniej jeden certyfikat wygaśnie w ciągu 30 dni. Rozpocznij wymianę w programie placówki.",
        ),
        # structure
        "title_structure": Text("Organisational structure", "Struktura organizacyjna"),
        "structure_lead": Text(
            "The provider, its units and cells as the service holds them.",
            "Podmiot, jego jednostki i komórki organizacyjne w postaci przekazanej do usługi.",
        ),
        "structure_none": Text(
            "No structure has been sent yet.", "Struktura nie została jeszcze przekazana."
        ),
        "structure_none_help": Text(
            "Send it from the clinic's program: its resort codes go into the description of documents.",
            "Przekaż ją z programu placówki: kody resortowe ze struktury trafiają do opisu dokumentów.",
        ),
        "sent_at": Text("Sent", "Przekazano"),
        "provider": Text("Provider", "Podmiot leczniczy"),
        "unit": Text("Unit", "Jednostka organizacyjna"),
        "cells": Text("Cells", "Komórki organizacyjne"),
        "name": Text("Name", "Nazwa"),
        "regon": Text("REGON", "REGON"),
        "code_i": Text("Code I", "Kod resortowy I"),
        "code_v": Text("Code V", "Kod resortowy V"),
        "code_vii": Text("Code VII", "Kod VII"),
        "code_viii": Text("Code VIII", "Kod VIII"),
        "code_x": Text("Code X", "Kod X"),
        # P1
        "title_p1": Text("P1 registration", "Rejestracja w systemie P1"),
        "p1_lead": Text(
            "The repository's registration in the national domain, which indexing of documents needs.",
            "Rejestracja repozytorium w domenie krajowej, potrzebna do indeksowania dokumentów.",
        ),
        "p1_none": Text(
            "The repository is not registered in P1.", "Repozytorium nie jest zarejestrowane w P1."
        ),
        "p1_none_help": Text(
            "Register the P1 certificates (TLS and WSS) in the clinic's program.",
            "Zarejestruj certyfikaty P1 (TLS i WSS) w programie placówki.",
        ),
        "p1_stored": Text(
            "P1 certificates are stored, but the registration in P1 is not finished.",
            "Certyfikaty P1 są zapisane, ale rejestracja w P1 nie została dokończona.",
        ),
        "p1_stored_help": Text(
            "Repeat the registration in the clinic's program: it resumes what is missing. If the repository"
            " still gets no identifier, revoke the certificates and register them again.",
            "Powtórz rejestrację w programie placówki: zostanie dokończona. Jeśli repozytorium nadal nie"
            " otrzyma identyfikatora, odwołaj certyfikaty i zarejestruj je ponownie.",
        ),
        "p1_registered": Text(
            "The repository is registered in P1.", "Repozytorium jest zarejestrowane w P1."
        ),
        "registered_at": Text("Registered", "Zarejestrowano"),
        "p1_certificates": Text("P1 certificates", "Certyfikaty P1"),
        "subject": Text("Subject", "Podmiot certyfikatu"),
        # audit
        "title_audit": Text("Event log", "Dziennik zdarzeń"),
        "audit_lead": Text(
            "Every access to the account, newest first. Patients and documents are not shown, only how many"
            " objects an event concerns. Times are those of Poland.",
            "Wszystkie dostępy do konta, od najnowszych. Pacjenci i dokumenty nie są pokazywani,"
            " jedynie liczba "
            "obiektów, których dotyczy zdarzenie. Czas polski.",
        ),
        "filter": Text("Period", "Okres"),
        "filter_from": Text("From day", "Od dnia"),
        "filter_to": Text("To day", "Do dnia"),
        "do_filter": Text("Show", "Pokaż"),
        "clear": Text("Whole log", "Cały dziennik"),
        "event_number": Text("No.", "Nr"),
        "event_at": Text("Time", "Czas"),
        "event_what": Text("Event", "Zdarzenie"),
        "event_who": Text("Who", "Kto"),
        "event_result": Text("Result", "Wynik"),
        "event_objects": Text("Objects", "Obiekty"),
        "result_done": Text("Done", "Wykonano"),
        "result_failed": Text("Refused", "Odrzucono"),
        "no_events": Text("No events in this period.", "Brak zdarzeń w tym okresie."),
        "older": Text("Older events", "Starsze zdarzenia"),
        "newest": Text("Newest events", "Najnowsze zdarzenia"),
        "pages": Text("Pages of the log", "Strony dziennika"),
        "by_operator": Text("operator of the service", "operator usługi"),
        # others
        "title_refused": Text("This did not work", "Nie udało się"),
        "to_panel": Text("To the panel", "Przejdź do panelu"),
        "what_now": Text("What to do", "Co zrobić"),
        "title_survey": Text("eSurvey portal", "Portal eAnkiety"),
        "survey_cause": Text(
            "The survey module is not part of this service.", "Moduł ankiet nie jest częścią tej usługi."
        ),
        "survey_cure": Text(
            "The certificate of your facility has been recognised; there is nothing to set up here."
            " The account"
            " itself is managed in the account panel.",
            "Certyfikat placówki został rozpoznany; nie trzeba tu niczego konfigurować. Samym kontem"
            " zarządza się"
            " w panelu konta.",
        ),
    }
)

#: What events of the record are called.
TRANSACTIONS: Final[Mapping[str, Text]] = MappingProxyType(
    {
        "ITI-18": Text("Documents searched", "Wyszukanie dokumentów"),
        "ITI-41": Text("Documents deposited", "Złożenie dokumentów"),
        "ITI-42": Text("Documents registered", "Rejestracja dokumentów"),
        "ITI-43": Text("Documents retrieved", "Pobranie dokumentów"),
        "ITI-57": Text("Metadata updated", "Aktualizacja metadanych"),
        "ITI-62": Text("Metadata removed", "Usunięcie metadanych"),
        "ITI-86": Text("Documents removed", "Usunięcie dokumentów"),
        "XDS": Text("Document service", "Usługa dokumentów"),
        "request": Text("Unknown address", "Nieznany adres"),
        "account": Text("State of the account", "Stan konta"),
        "activation": Text("Activation of the account", "Aktywacja konta"),
        "administrator": Text("Administrator created", "Utworzenie administratora"),
        "audit": Text("Event log read", "Odczyt dziennika zdarzeń"),
        "certificates": Text("Certificates of the account", "Certyfikaty konta"),
        "structure": Text("Organisational structure", "Struktura organizacyjna"),
        "p1-certificates": Text("P1 registration", "Rejestracja w P1"),
        "wsdl": Text("Description of the service", "Opis usługi"),
        "node-authentication": Text("Connection refused", "Odrzucenie połączenia"),
        "panel": Text("Panel", "Panel"),
        "panel: login": Text("Panel: log-in", "Panel: logowanie"),
        "panel: logout": Text("Panel: log-out", "Panel: wylogowanie"),
        "panel: password": Text("Panel: change of password", "Panel: zmiana hasła"),
        "panel: account": Text("Panel: account", "Panel: konto"),
        "panel: certificates": Text("Panel: certificates", "Panel: certyfikaty"),
        "panel: structure": Text("Panel: structure", "Panel: struktura"),
        "panel: p1": Text("Panel: P1 registration", "Panel: rejestracja w P1"),
        "panel: audit": Text("Panel: event log", "Panel: dziennik zdarzeń"),
        "panel: e-survey": Text("eSurvey portal", "Portal eAnkiety"),
        "operator": Text("Deed of the operator", "Czynność operatora"),
        "operator: tenant add": Text("Account added", "Dodanie konta"),
        "operator: tenant set": Text("Account changed", "Zmiana konta"),
        "operator: tenant renew": Text("Certificates issued", "Wydanie certyfikatów"),
        "operator: tenant suspend": Text("Account suspended", "Zawieszenie konta"),
        "operator: tenant resume": Text("Account resumed", "Wznowienie konta"),
        "operator: patients add": Text("Patients registered", "Rejestracja pacjentów"),
        "operator: patients remove": Text("Patients removed", "Usunięcie pacjentów"),
        "operator: audit show": Text("Event log read", "Odczyt dziennika zdarzeń"),
        "operator: panel reset": Text("One-time password issued", "Wydanie hasła jednorazowego"),
    }
)

#: Objects of an event of which the number is shown; patients and queries never are.
OBJECTS: Final[Mapping[str, Text]] = MappingProxyType(
    {
        "document": Text("documents", "dokumenty"),
        "withheld": Text("withheld", "niewydane"),
        "set": Text("submissions", "złożenia"),
        "folder": Text("folders", "foldery"),
        "object": Text("objects", "obiekty"),
        "setting": Text("settings", "ustawienia"),
    }
)
