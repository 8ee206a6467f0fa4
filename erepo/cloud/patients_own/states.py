"""What becomes of a document that a patient gave, and the words that the patient reads of it.

    given ──fetched──► offered ──confirmed durable──► taken
      │                   ├──────put aside──────────► refused
      └──── time over ────┴─► expired ──confirmed───► taken

The octets are kept while a document is given or offered, and no longer. A clinic that fetched one and
confirms it late has it: the truth is told even of an expired one; and of one that a restored database has as
given.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from erepo.texts import Text


class State(StrEnum):
    """What a document is."""

    GIVEN = "given"
    OFFERED = "offered"
    TAKEN = "taken"
    REFUSED = "refused"
    EXPIRED = "expired"

    @property
    def waits(self) -> bool:
        """Whether the octets are kept."""
        return self in (State.GIVEN, State.OFFERED)


class Reason(StrEnum):
    """Why a clinic refused one, in general words: the clinic's own say more, and stay there."""

    UNREADABLE = "unreadable"
    UNSUPPORTED = "unsupported"
    ANOTHER_PATIENT = "another-patient"
    TOO_LARGE = "too-large"
    OTHER = "other"


#: Every move there is; any other pair is refused.
MOVES: Final[Mapping[State, frozenset[State]]] = {
    State.GIVEN: frozenset({State.OFFERED, State.TAKEN, State.REFUSED, State.EXPIRED}),
    State.OFFERED: frozenset({State.TAKEN, State.REFUSED, State.EXPIRED}),
    State.TAKEN: frozenset(),
    State.REFUSED: frozenset(),
    State.EXPIRED: frozenset({State.TAKEN}),
}

WORDS: Final[Mapping[State, Text]] = {
    State.GIVEN: Text("Waits for the clinic.", "Czeka na odebranie przez placówkę."),
    State.OFFERED: Text("The clinic is taking it over.", "Placówka właśnie odbiera dokument."),
    State.TAKEN: Text("Received by the clinic.", "Odebrany przez placówkę."),
    State.REFUSED: Text("The clinic could not take it.", "Placówka nie mogła przyjąć dokumentu."),
    State.EXPIRED: Text(
        "The clinic did not collect it in time, and it was deleted here. Give it again, or bring it along.",
        "Placówka nie odebrała go na czas, więc został stąd usunięty."
        " Prześlij go ponownie albo zabierz ze sobą.",
    ),
}

REASONS: Final[Mapping[Reason, Text]] = {
    Reason.UNREADABLE: Text(
        "The file could not be read. Save it anew and give it again.",
        "Pliku nie można odczytać. Zapisz go na nowo i prześlij ponownie.",
    ),
    Reason.UNSUPPORTED: Text(
        "The clinic takes PDF, JPEG, PNG and medical documents (PIK HL7 CDA) only.",
        "Placówka przyjmuje tylko pliki PDF, JPEG, PNG i dokumenty medyczne (PIK HL7 CDA).",
    ),
    Reason.ANOTHER_PATIENT: Text("The document is about another person.", "Dokument dotyczy innej osoby."),
    Reason.TOO_LARGE: Text("The file is too large for the clinic.", "Plik jest zbyt duży dla placówki."),
    Reason.OTHER: Text("Ask the clinic for the reason.", "O przyczynę zapytaj w placówce."),
}
