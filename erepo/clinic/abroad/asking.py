"""Why documents of other providers are asked for: P1's three purposes, and the reason of an emergency."""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from erepo.clinic.abroad.errors import PurposeUnknown, ReasonMissing
from erepo.identifiers.hl7 import CX

_WORD: Final = re.compile(r"[^\W\d_]{2,}")
_FEWEST_WORDS: Final = 3
_LONGEST: Final = 500


class Purpose(StrEnum):
    """Why, as people say it."""

    TREATMENT = "treatment"
    CONTINUATION = "continuation"
    #: A life is in danger: no consent is needed, everybody is told.
    EMERGENCY = "emergency"


#: As P1 says it.
CODES: Final = MappingProxyType(
    {Purpose.TREATMENT: "TREAT", Purpose.CONTINUATION: "CONTT", Purpose.EMERGENCY: "BTG"}
)
PURPOSES: Final = MappingProxyType({code: purpose for purpose, code in CODES.items()})


@dataclass(frozen=True, slots=True)
class Why:
    """Whose documents, who asks, and why.

    Attributes:
        login: of the member of staff.
        patient: whose.
        purpose: see there.
        reason: of an emergency; may name the patient.

    Raises:
        ReasonMissing: an emergency without a reason in words.
    """

    login: str
    patient: CX = field(repr=False)
    purpose: Purpose = Purpose.TREATMENT
    reason: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        """Refuse an emergency that nobody explains."""
        if self.purpose is Purpose.EMERGENCY and not is_reason(self.reason):
            raise ReasonMissing

    @property
    def emergency(self) -> bool:
        """Whether a life is in danger."""
        return self.purpose is Purpose.EMERGENCY

    def as_sent(self) -> dict[str, Any]:
        """Return it as the service wants it."""
        return {
            "patient": {"root": self.patient.authority_oid, "extension": self.patient.id},
            "purpose": CODES[self.purpose],
            "reason": self.reason or None,
        }


def is_reason(text: str) -> bool:
    """Tell whether a text states a reason: a few words, and no novel."""
    return len(text) <= _LONGEST and len(_WORD.findall(text)) >= _FEWEST_WORDS


def parse_purpose(text: str) -> Purpose:
    """Return the purpose of this name.

    Raises:
        PurposeUnknown: there is none.
    """
    try:
        return Purpose(text.strip().lower())
    except ValueError:
        raise PurposeUnknown(known=", ".join(Purpose)) from None
