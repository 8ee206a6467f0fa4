"""Polish help of: api."""

from typing import Final

HELP: Final[dict[str, str]] = {
    "REST for the clinic's other systems: documents in.": (
        "Interfejs REST dla innych systemów placówki: przyjmowanie dokumentów."
    ),
    (
        "Serve the interface until Ctrl-C or SIGTERM, and deliver webhooks.\n\n"
        "Address and TLS: EREPO_API__HOST, EREPO_API__PORT, EREPO_API__CERTIFICATE, EREPO_API__KEY. Without"
        " TLS it\n"
        "listens on this machine only. `erepo up` starts it by itself."
    ): (
        "Udostępniaj interfejs do naciśnięcia Ctrl-C lub sygnału SIGTERM i dostarczaj powiadomienia"
        " (webhooki).\n\n"
        "Adres i TLS: EREPO_API__HOST, EREPO_API__PORT, EREPO_API__CERTIFICATE, EREPO_API__KEY. Bez TLS"
        " nasłuchuje tylko na tym komputerze. `erepo up` uruchamia go automatycznie."
    ),
    "What lets another system in.": "Tokeny, którymi inne systemy uzyskują dostęp.",
    "Make a token and show it this once; only its SHA-256 is kept.": (
        "Utwórz token i pokaż go, ten jeden raz; przechowywany jest tylko jego skrót SHA-256."
    ),
    "Which system: small letters, digits, hyphens.": "Nazwa systemu: małe litery, cyfry, łączniki.",
    "What it permits; may be repeated. Usually: documents:*.": (
        "Na co zezwala; można powtórzyć. Zwykle: documents:*."
    ),
    "List all tokens with what they permit and when they were used last; never the tokens themselves.": (
        "Pokaż wszystkie tokeny: na co zezwalają i kiedy ich ostatnio użyto; nigdy same tokeny."
    ),
    "Let a system in no more, from its next request on.": (
        "Odbierz systemowi dostęp, od jego następnego żądania."
    ),
    "Who is told when a document changes its state.": "Kto jest powiadamiany o zmianie stanu dokumentu.",
    "Tell an address of every change of a document's state from now on.": (
        "Powiadamiaj odtąd ten adres o każdej zmianie stanu dokumentu."
    ),
    "https address that takes a POST.": "Adres https, który przyjmuje POST.",
    "Only changes to this state; may be repeated. Usually: all.": (
        "Tylko zmiany na ten stan; można powtórzyć. Zwykle: wszystkie."
    ),
    "List webhooks with what is pending, what was delivered lately, and what was given up.": (
        "Pokaż webhooki: powiadomienia oczekujące, ostatnio dostarczone i nieudane."
    ),
    "Remove a webhook; what was still to be delivered to it is dropped.": (
        "Usuń webhook; niedostarczone jeszcze powiadomienia przepadają."
    ),
    "As `list` shows it.": "Jak pokazuje `list`.",
    "Try again what was given up, once the receiver is well.": (
        "Ponów nieudane powiadomienia, gdy odbiorca już działa."
    ),
}
