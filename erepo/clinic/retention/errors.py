"""Errors of keeping and destroying documents.

PermanentError
├── InvalidInput
│   ├── RetentionDocumentUnknown   no document has this id
│   ├── RetentionClassUnknown      no class of this name
│   ├── BaseYearMissing            the class counts from a year that must be said
│   ├── RetentionYearsWrong        fewer years than the act demands of a kind
│   ├── HoldReasonUnknown          no reason of this code
│   ├── YearNotOver                documents of that year must still be kept
│   ├── NothingFallsDue            no document may be destroyed
│   ├── ProposalUnknown            no proposal has this id
│   └── ProposalClosed             it has expired, or was withdrawn
├── AccessRefused
│   ├── SamePerson                 who proposes may not confirm
│   └── PersonUnlinked             whether two logins are two persons cannot be told
├── IntegrityError
│   ├── ListChanged                the list is not the one that was proposed
│   └── ProtocolUntrusted          a file about what was erased does not bear this installation's seal
└── BeingDestroyed                 the destruction of the document has begun
"""

from erepo.errors import AccessRefused, IntegrityError, InvalidInput, PermanentError
from erepo.texts import Text

_IDS = Text("Take the ids from `erepo retention report --list`.", "Weź je z `erepo retention report --list`.")


class RetentionDocumentUnknown(InvalidInput):
    """No document has this opaque id, or it is destroyed."""

    code = "retention.document-unknown"
    cause = Text(
        "{count} of the ids belong to no document.", "Identyfikatory, których nie ma żaden dokument: {count}."
    )
    cure = _IDS


class RetentionClassUnknown(InvalidInput):
    """No class of this name."""

    code = "retention.class-unknown"
    cause = Text("There is no such class of keeping.", "Nie ma takiej kategorii przechowywania.")
    cure = Text("Use one of: {known}.", "Użyj jednej z: {known}.")


class BaseYearMissing(InvalidInput):
    """The class counts from a year that only a person can say."""

    code = "retention.base-year-missing"
    cause = Text(
        "The class {name} counts from the {base_en}, which is not known.",
        "Okres kategorii {name} liczy się od końca roku, którego program nie zna ({base_pl}).",
    )
    cure = Text("Give it with --base-year.", "Podaj go opcją --base-year.")


class RetentionYearsWrong(InvalidInput):
    """Fewer years than the act demands of a kind, or more than anybody means."""

    code = "retention.years"
    cause = Text(
        "Documents of the kind {kind} are kept for {fewest} to {most} years.",
        "Dokumenty rodzaju {kind} przechowuje się od {fewest} do {most} lat.",
    )
    cure = Text(
        "Give a number in between; art. 29 of the act on patients' rights sets the fewest years. Nothing"
        " was changed.",
        "Podaj liczbę lat z tego zakresu: najkrótszy okres określa art. 29 ustawy o prawach pacjenta. Niczego"
        " nie zmieniono.",
    )


class HoldReasonUnknown(InvalidInput):
    """No reason of this code."""

    code = "retention.hold-reason-unknown"
    cause = Text("There is no such reason of a legal hold.", "Nie ma takiego powodu wstrzymania.")
    cure = Text("Use one of: {known}.", "Użyj jednego z: {known}.")


class YearNotOver(InvalidInput):
    """Documents that must be kept to the end of a year cannot be destroyed in it."""

    code = "retention.year-not-over"
    cause = Text("The year {year} has not begun yet.", "Rok {year} jeszcze się nie rozpoczął.")
    cure = Text(
        "Propose for {latest} or an earlier year: the time of keeping ends with a year.",
        "Zaproponuj rok {latest} lub wcześniejszy: okres przechowywania kończy się z końcem roku.",
    )


class NothingFallsDue(InvalidInput):
    """No document may be destroyed."""

    code = "retention.nothing-due"
    cause = Text("No document may be destroyed in {year}.", "W roku {year} nie ma dokumentów do brakowania.")
    cure = Text(
        "See `erepo retention report --year {year}`; held documents stand apart.",
        "Zobacz `erepo retention report --year {year}`; wstrzymane dokumenty są podane osobno.",
    )


class ProposalUnknown(InvalidInput):
    """No proposal has this id."""

    code = "retention.proposal-unknown"
    cause = Text("There is no proposal {proposal}.", "Nie ma propozycji {proposal}.")
    cure = Text("See `erepo retention proposals`.", "Zobacz `erepo retention proposals`.")


class ProposalClosed(InvalidInput):
    """The proposal has expired, or was withdrawn."""

    code = "retention.proposal-closed"
    cause = Text(
        "Nothing can be changed about the proposal {proposal} any more: it is {why_en}.",
        "Propozycji {proposal} nie można już zmienić: jest {why_pl}.",
    )
    cure = Text(
        "See `erepo retention proposals`; where documents are still due, propose anew: `erepo retention"
        " propose`.",
        "Zobacz `erepo retention proposals`; jeśli dokumenty nadal podlegają brakowaniu, złóż nową: `erepo"
        " retention propose`.",
    )


class SamePerson(AccessRefused):
    """Who proposes a destruction may not confirm it."""

    code = "retention.same-person"
    cause = Text(
        "The proposal {proposal} must be confirmed by another person than {login}.",
        "Propozycję {proposal} musi zatwierdzić inna osoba niż {login}.",
    )
    cure = Text(
        "Ask a second person with the permission destroy. Nothing was destroyed.",
        "Poproś drugą osobę z uprawnieniem destroy. Niczego nie wybrakowano.",
    )


class PersonUnlinked(AccessRefused):
    """Whether two logins belong to two persons cannot be told: they have no number of the same kind."""

    code = "retention.person-unlinked"
    cause = Text(
        "Destruction takes two persons; whether {login} is another one than {other} cannot be told: PESEL or"
        " licence number is missing.",
        "Brakowanie wymaga dwóch osób; nie można ustalić, czy {login} to inna osoba niż {other}: brakuje"
        " numeru PESEL lub NPWZ.",
    )
    cure = Text(
        "Give both users a number of the same kind: `erepo structure user set LOGIN --pesel -` (asks for it)"
        " or `--npwz NUMBER`. Whoever has left cannot be told: withdraw the proposal and propose anew."
        " Nothing was destroyed.",
        "Uzupełnij obu użytkownikom numer tego samego rodzaju: `erepo structure user set LOGIN --pesel -`"
        " (zapyta o niego) albo `--npwz NUMER`. Osoby, której konta już nie ma, nie da się ustalić: wycofaj"
        " propozycję i złóż nową. Niczego nie wybrakowano.",
    )


class ListChanged(IntegrityError):
    """The list of a proposal is not the one that was proposed."""

    code = "retention.list-changed"
    cause = Text(
        "The list of the proposal {proposal} does not have the fingerprint it was proposed with.",
        "Lista propozycji {proposal} nie zgadza się ze skrótem, z którym ją złożono.",
    )
    cure = Text(
        "Somebody changed the database by hand: find out who. Then propose anew. Nothing was destroyed.",
        "Ktoś zmienił bazę danych ręcznie: ustal, kto. Potem złóż nową propozycję. Niczego nie wybrakowano.",
    )


class ProtocolUntrusted(IntegrityError):
    """A file that says what was erased does not bear the seal of this installation."""

    code = "retention.protocol-untrusted"
    cause = Text(
        "A file about the destruction {proposal} does not bear the seal of this installation.",
        "Plik o brakowaniu {proposal} nie ma ważnej pieczęci tej instalacji.",
    )
    cure = Text(
        "Restore clinic/keys/seal.key and clinic/destruction from the same, newest backup, then `erepo"
        " retention replay`. If nobody restored anything, find out who changed the file. It destroyed"
        " nothing.",
        "Przywróć clinic/keys/seal.key i clinic/destruction z tej samej, najnowszej kopii i uruchom `erepo"
        " retention replay`. Jeśli nikt niczego nie przywracał, ustal, kto zmienił plik. Na jego podstawie"
        " niczego nie zniszczono.",
    )


class BeingDestroyed(PermanentError):
    """The destruction of a document has begun; it cannot be stopped half-way."""

    code = "retention.being-destroyed"
    cause = Text(
        "The destruction or deletion of {count} of the documents has begun.",
        "Rozpoczęto już brakowanie lub usuwanie dokumentów: {count}.",
    )
    cure = Text(
        "A hold comes too late for them; see `erepo retention proposals` and their histories.",
        "Dla nich wstrzymanie jest spóźnione; zobacz `erepo retention proposals` i historię dokumentów.",
    )
