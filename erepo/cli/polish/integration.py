"""Polish help of: fetch, api."""

from typing import Final

HELP: Final[dict[str, str]] = {
    "Fetch documents from repositories of other providers.": (
        "Pobierz dokumenty z repozytoriów innych podmiotów."
    ),
    (
        "Fetch documents (ITI-43), check each, and take it in as a foreign one. May be repeated at any"
        " moment.\n\n"
        "Hash and size are held against the entry in the foreign registry where its address is known,"
        " and against\n"
        "the options. Exits with 0 only if nothing was refused."
    ): (
        "Pobierz dokumenty (ITI-43), sprawdź każdy i przyjmij go jako obcy. Można powtórzyć w każdej"
        " chwili.\n\n"
        "Skrót i rozmiar są porównywane z wpisem w obcym rejestrze, jeśli znany jest jego adres, oraz z"
        " opcjami. Kod wyjścia 0 tylko wtedy, gdy niczego nie odmówiono."
    ),
    "Name, as `erepo fetch repositories list` shows it.": (
        "Nazwa, jak pokazuje `erepo fetch repositories list`."
    ),
    "uniqueId of each document.": "uniqueId każdego dokumentu.",
    "SHA-1 in hex that the one document must have.": (
        "SHA-1 (szesnastkowo), który musi mieć ten jeden dokument."
    ),
    "Bytes that the one document must have.": "Liczba bajtów, którą musi mieć ten jeden dokument.",
    "PESEL or HL7 CX, for documents that do not name their patient.": (
        "PESEL lub HL7 CX, dla dokumentów, które nie wskazują pacjenta."
    ),
    "Print one JSON array.": "Wypisz jedną tablicę JSON.",
    "Repositories of other providers: addresses, and whom to trust for them.": (
        "Repozytoria innych podmiotów: adresy i komu w nich ufać."
    ),
    "Make a repository of another provider known.": "Zapisz repozytorium innego podmiotu.",
    "What to call it: small letters, digits, hyphens.": "Jak je nazwać: małe litery, cyfry, łączniki.",
    "Its repositoryUniqueId (OID).": "Jego repositoryUniqueId (OID).",
    "https address of its ITI-43.": "Adres https jego ITI-43.",
    "PEM file of the authorities of its certificates.": "Plik PEM urzędów jego certyfikatów.",
    "https address of its registry's ITI-18, which is asked for hash and size.": (
        "Adres https ITI-18 jego rejestru, pytanego o skrót i rozmiar."
    ),
    "Whom assertions are for; usually the address up to /xds/.": (
        "Dla kogo są asercje; zwykle adres aż do /xds/."
    ),
    "Its homeCommunityId, urn:oid:…": "Jego homeCommunityId, urn:oid:…",
    "PEM file of the certificate that signs answers.": "Plik PEM certyfikatu, którym podpisuje odpowiedzi.",
    "List the repositories that documents can be fetched from.": (
        "Pokaż repozytoria, z których można pobierać dokumenty."
    ),
    "Forget a repository; what was fetched from it stays.": (
        "Zapomnij repozytorium; co z niego pobrano, pozostaje."
    ),
    "REST for the clinic's other systems: documents in.": (
        "REST dla innych systemów placówki: przyjmowanie dokumentów."
    ),
    (
        "Serve the interface until Ctrl-C or SIGTERM, and deliver webhooks.\n\n"
        "Address and TLS: EREPO_API__HOST, EREPO_API__PORT, EREPO_API__CERTIFICATE, EREPO_API__KEY."
        " Without TLS it\n"
        "listens on this machine only. `erepo up` starts it by itself."
    ): (
        "Udostępniaj interfejs do Ctrl-C lub SIGTERM i dostarczaj powiadomienia (webhooki).\n\n"
        "Adres i TLS: EREPO_API__HOST, EREPO_API__PORT, EREPO_API__CERTIFICATE, EREPO_API__KEY. Bez TLS"
        " nasłuchuje tylko na tym komputerze. `erepo up` uruchamia go automatycznie."
    ),
    "What lets another system in.": "Co wpuszcza inny system.",
    "Make a token and show it this once; only its SHA-256 is kept.": (
        "Utwórz token i pokaż go ten jeden raz; zapisany zostaje tylko jego SHA-256."
    ),
    "Which system: small letters, digits, hyphens.": "Który system: małe litery, cyfry, łączniki.",
    "What it permits; may be repeated. Usually: documents:*.": (
        "Na co pozwala; można powtórzyć. Zwykle: documents:*."
    ),
    "List all tokens with what they permit and when they were used last; never the tokens themselves.": (
        "Pokaż wszystkie tokeny: na co pozwalają i kiedy ich ostatnio użyto; nigdy samych tokenów."
    ),
    "Let a system in no more, from its next request on.": (
        "Nie wpuszczaj więcej systemu, od jego następnego żądania."
    ),
    "Who is told when a document changes its state.": "Kto dowiaduje się o zmianie stanu dokumentu.",
    "Tell an address of every change of a document's state from now on.": (
        "Od teraz powiadamiaj adres o każdej zmianie stanu dokumentu."
    ),
    "https address that takes a POST.": "Adres https, który przyjmuje POST.",
    "Only changes to this state; may be repeated. Usually: all.": (
        "Tylko zmiany na ten stan; można powtórzyć. Zwykle: wszystkie."
    ),
    "List webhooks with what is pending, what was delivered lately, and what was given up.": (
        "Pokaż webhooki: co czeka, co ostatnio dostarczono i z czego zrezygnowano."
    ),
    "Remove a webhook; what was still to be delivered to it is dropped.": (
        "Usuń webhook; to, co miał jeszcze dostać, przepada."
    ),
    "As `list` shows it.": "Jak pokazuje `list`.",
    "Try again what was given up, once the receiver is well.": (
        "Spróbuj ponownie tego, z czego zrezygnowano, gdy odbiorca znów działa."
    ),
}
