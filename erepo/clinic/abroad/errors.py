"""Errors of documents of other providers found in P1.

ErepoError
├── InvalidInput
│   ├── SearchUnknown          no such search, over already, or somebody else's
│   ├── NumberUnknown          the search has no document of this number
│   ├── PurposeUnknown         none of treatment, continuation, emergency
│   ├── ReasonMissing          an emergency without a reason in words
│   ├── KindNotInP1            P1 has no code for this kind of document
│   └── DaysWrong              the last day is before the first
└── IntegrityError
    └── AbroadDiffers          other octets, or another patient's, than P1 promised
"""

from erepo.errors import IntegrityError, InvalidInput
from erepo.texts import Text


class SearchUnknown(InvalidInput):
    """A search stands for a day, for who made it."""

    code = "abroad.search-unknown"
    cause = Text(
        "There is no such search of yours, or its day is over.",
        "Nie ma takiego wyszukiwania tej osoby lub minął jego dzień.",
    )
    cure = Text("Search again: `erepo p1 find`.", "Wyszukaj ponownie: `erepo p1 find`.")


class NumberUnknown(InvalidInput):
    """The search has no document of this number."""

    code = "abroad.number-unknown"
    cause = Text(
        "The search has no document of the number {number}.",
        "Wyszukiwanie nie ma dokumentu o numerze {number}.",
    )
    cure = Text(
        "Use numbers of its list, or fetch all of it.",
        "Użyj numerów z listy albo pobierz wszystkie dokumenty.",
    )


class PurposeUnknown(InvalidInput):
    """None of the purposes that P1 knows."""

    code = "abroad.purpose-unknown"
    cause = Text("There is no such purpose.", "Nie ma takiego celu.")
    cure = Text("Use one of: {known}.", "Użyj jednego z: {known}.")


class ReasonMissing(InvalidInput):
    """An emergency demands its reason in words."""

    code = "abroad.reason-missing"
    cause = Text(
        "An emergency needs a reason in words of your own: three at least, 500 characters at most.",
        "Dostęp ratunkowy wymaga powodu podanego własnymi słowami: co najmniej trzema, do 500 znaków.",
    )
    cure = Text(
        "State it on the second line of the input; nothing was asked.",
        "Podaj go w drugim wierszu wejścia; o nic nie zapytano.",
    )


class KindNotInP1(InvalidInput):
    """P1 has no code for this kind."""

    code = "abroad.kind"
    cause = Text(
        "P1 has no type for documents of the kind {kind}.", "P1 nie ma typu dla dokumentów rodzaju {kind}."
    )
    cure = Text(
        "Leave the kind out, or use one of a PIK document (`erepo kinds list`).",
        "Pomiń rodzaj albo użyj rodzaju dokumentu PIK (`erepo kinds list`).",
    )


class DaysWrong(InvalidInput):
    """The last day is before the first."""

    code = "abroad.days"
    cause = Text(
        "The last day is before the first: no document was created between them.",
        "Ostatni dzień jest przed pierwszym: żaden dokument nie powstał między nimi.",
    )
    cure = Text("Exchange them; P1 was not asked.", "Zamień je; o nic nie zapytano P1.")


class AbroadDiffers(IntegrityError):
    """Other octets came than P1 promised, or they are about somebody else."""

    code = "abroad.differs"
    cause = Text(
        "What came differs from what P1's index promised ({what}); nothing was taken in.",
        "Otrzymana treść różni się od zapowiedzianej w indeksie P1 ({what}); niczego nie przyjęto.",
    )
    cure = Text("Tell the other provider.", "Powiadom drugi podmiot.")
