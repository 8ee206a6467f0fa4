"""Resort codes: the parts I, V, VII, VIII and X without which nothing is deposited (polish-domain §3.1)."""

from dataclasses import dataclass
from typing import Literal, Self

from erepo.identifiers.digits import are_digits
from erepo.identifiers.errors import FormWrong

Part = Literal["I", "V", "VII", "VIII", "X"]

#: Number of digits of each part.
LENGTHS: dict[Part, int] = {"I": 12, "V": 2, "VII": 3, "VIII": 4, "X": 2}


def check_part(part: Part, text: str) -> str:
    """Return one part in its normal form.

    Part I (number of the register book) may come without its leading zeros; P1 writes it with 12 digits.

    Raises:
        FormWrong: the text is not the digits the part consists of.
    """
    length = LENGTHS[part]
    digits = text.strip().rjust(length, "0") if part == "I" and text.strip() else text.strip()
    if not are_digits(digits, length) or (part == "I" and not int(digits)):
        raise FormWrong(kind=f"resort {part}", expected=f"{length} x 0-9")
    return digits


@dataclass(frozen=True, slots=True)
class ResortCodes:
    """Where a document comes from: provider, unit, cell, speciality of the cell and field of medicine."""

    i: str
    v: str
    vii: str
    viii: str
    x: str

    @classmethod
    def parse(cls, i: str, v: str, vii: str, viii: str, x: str) -> Self:
        """Check all five parts.

        Raises:
            FormWrong: `data["kind"]` names the first wrong part, e.g. "resort VII".
        """
        return cls(
            check_part("I", i),
            check_part("V", v),
            check_part("VII", vii),
            check_part("VIII", viii),
            check_part("X", x),
        )

    @property
    def provider(self) -> str:
        """Extension under `oids.PROVIDER`: part I."""
        return self.i

    @property
    def unit(self) -> str:
        """Extension under `oids.UNIT`: parts I-V."""
        return f"{self.i}-{self.v}"

    @property
    def cell(self) -> str:
        """Extension under `oids.CELL`: parts I-VII."""
        return f"{self.i}-{self.vii}"
