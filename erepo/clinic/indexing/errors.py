"""Errors of the clinic's side of indexing.

PermanentError
├── ConfigurationError
│   ├── CertificatesOver     a P1 certificate is not valid now
│   └── RegonWrong           a REGON of the structure is not valid
├── InvalidInput
│   ├── IndexUnknown         the document is in no list of indexes
│   ├── EventFixed           P1 has the document with the medical event that it has
│   ├── IndexImpossible      documents of this kind, origin or state have no place in P1's index
│   └── EventWrong           what was given is no id of a medical event
└── IndexingRefused          a run ended early for a cause that a person must repair
RetryableError
├── IndexingStopped          a run ended early because P1 or the service does not answer
├── IndexPaused              it is not time yet to ask P1 again
└── IndexTaken               another process is at work on the document's index
"""

from erepo.errors import ConfigurationError, InvalidInput, PermanentError, RetryableError
from erepo.texts import Text


class CertificatesOver(ConfigurationError):
    """A P1 certificate that the service uses for this provider has expired."""

    code = "indexing.certificates-over"
    cause = Text(
        "The P1 certificate for {purpose} is over since {day}.",
        "Certyfikat P1 ({purpose}) jest nieważny od {day}.",
    )
    cure = Text(
        "Take the new certificates from RPWDL, then `erepo account p1 register --start-over --tls FILE"
        " --wss FILE`.",
        "Pobierz nowe certyfikaty z RPWDL, a potem `erepo account p1 register --start-over --tls PLIK"
        " --wss PLIK`.",
    )


class RegonWrong(ConfigurationError):
    """P1 compares the provider's register number; ours has a wrong check digit."""

    code = "indexing.regon-wrong"
    cause = Text(
        "The REGON of „{record}” in the structure is not valid.",
        "Nieprawidłowy REGON w strukturze: „{record}”.",
    )
    cure = Text(
        "Correct it: `erepo structure set --help`; nothing was sent to P1.",
        "Popraw go: `erepo structure set --help`; do P1 niczego nie wysłano.",
    )


class IndexUnknown(InvalidInput):
    """Nothing is known of an index of this document."""

    code = "indexing.unknown"
    cause = Text(
        "Documents that are not here, or that have no index in P1: {count}.",
        "Dokumenty, których tu nie ma albo które nie mają indeksu w P1: {count}.",
    )
    cure = Text(
        "Look for its id with `erepo documents list`; `erepo index run --id ID` has it indexed.",
        "Znajdź jego identyfikator poleceniem `erepo documents list`; `erepo index run --id ID` zleca"
        " indeksowanie.",
    )


class IndexImpossible(InvalidInput):
    """The document has no place in P1's index."""

    code = "indexing.impossible"
    cause = Text(
        "The document {document} has no place in P1's index: it is no PIK document of this provider that is"
        " or will be in the repository, or P1 keeps it itself.",
        "Dokument {document} nie podlega indeksowaniu w P1: nie jest dokumentem PIK tego podmiotu znajdującym"
        " się w repozytorium (lub do niego kierowanym) albo P1 przechowuje go samo.",
    )
    cure = Text(
        "Nothing was ordered. Which kinds are indexed, and why: docs/reference/kinds.md.",
        "Niczego nie zlecono. Które rodzaje są indeksowane i dlaczego: docs/reference/kinds.md.",
    )


class EventFixed(InvalidInput):
    """P1 has, or may have, the document with its medical event, or a newer version took its place."""

    code = "indexing.event-fixed"
    cause = Text(
        "The medical event of the document {document} cannot be changed: P1 has its index, or a newer version"
        " took its place there.",
        "Zdarzenia medycznego dokumentu {document} nie można zmienić: P1 ma już jego indeks albo zastąpiła"
        " go tam nowsza wersja.",
    )
    cure = Text(
        "Nothing was changed. Withdraw the index first (`erepo index withdraw`), then give the event and have"
        " the document indexed again.",
        "Niczego nie zmieniono. Najpierw wycofaj indeks (`erepo index withdraw`), potem podaj zdarzenie"
        " i zleć indeksowanie ponownie.",
    )


class EventWrong(InvalidInput):
    """No OID, or no number of a medical event."""

    code = "indexing.event-wrong"
    cause = Text(
        "This is no id of a medical event: an OID and a number of 1 to 128 characters are needed.",
        "To nie jest identyfikator zdarzenia medycznego: potrzebny jest OID i numer (od 1 do 128 znaków).",
    )
    cure = Text(
        "Copy both from where the event was reported to P1.",
        "Przepisz oba z systemu, w którym zdarzenie zgłoszono do P1.",
    )


class IndexingRefused(PermanentError):
    """A run ended early; trying again changes nothing before its cause is repaired. Nothing is lost."""

    code = "indexing.halted"
    cause = Text("Indexing stopped: {cause_en}", "Indeksowanie zostało przerwane: {cause_pl}")
    cure = Text("{cure_en}", "{cure_pl}")


class IndexingStopped(RetryableError):
    """A run ended early; the next one goes on. Nothing is lost."""

    code = "indexing.stopped"
    cause = Text("Indexing stopped: {cause_en}", "Indeksowanie zostało przerwane: {cause_pl}")
    cure = Text("{cure_en}", "{cure_pl}")


class IndexPaused(RetryableError):
    """P1 did not answer a while ago; clinics that all ask again at once would keep it down."""

    code = "indexing.paused"
    cause = Text(
        "P1 or the service did not answer {failures} times in a row; it is asked again after {resume}.",
        "P1 lub usługa nie odpowiada (kolejne próby: {failures}); następna próba po {resume}.",
    )
    cure = Text(
        "Nothing to do: the next run after that time begins with one document, then goes on.",
        "Nic nie trzeba robić: najbliższe uruchomienie po tej godzinie zacznie od jednego dokumentu, a potem"
        " obsłuży pozostałe.",
    )


class IndexTaken(RetryableError):
    """Another process has taken the document's index over."""

    code = "indexing.taken"
    cause = Text(
        "Another process is at work on the index of this document.",
        "Nad indeksem tego dokumentu pracuje inny proces.",
    )
    cure = Text(
        "Nothing to do: the other one finishes it.", "Nic nie trzeba robić: dokończy to drugi proces."
    )
