"""REGON, the number of an economic entity: 9 digits, or 14 for a local unit."""

from dataclasses import dataclass
from typing import Self

from erepo.identifiers.digits import are_digits, weighted_sum
from erepo.identifiers.errors import CheckDigitWrong, FormWrong, IdentifierInvalid

_WEIGHTS_9 = (8, 9, 2, 3, 4, 5, 6, 7)
_WEIGHTS_14 = (2, 4, 8, 5, 0, 9, 7, 3, 6, 1, 2, 4, 8)


@dataclass(frozen=True, slots=True)
class Regon:
    """A valid REGON of 9 or 14 digits."""

    value: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Check form and check digits; the first 9 of 14 digits must be a valid REGON themselves.

        Raises:
            FormWrong: not 9 and not 14 digits.
            CheckDigitWrong: a check digit does not fit.
        """
        if not are_digits(text, 9) and not are_digits(text, 14):
            raise FormWrong(kind="REGON", expected="9/14 x 0-9")
        if not _fits(text[:9], _WEIGHTS_9) or (len(text) == 14 and not _fits(text, _WEIGHTS_14)):
            raise CheckDigitWrong(kind="REGON")
        return cls(text)

    @staticmethod
    def is_valid(text: str) -> bool:
        """Tell whether `parse` would accept the text."""
        try:
            Regon.parse(text)
        except IdentifierInvalid:
            return False
        return True

    @property
    def entity(self) -> str:
        """The 9 digits of the entity that owns the unit."""
        return self.value[:9]

    @property
    def is_unit(self) -> bool:
        """Whether it is the 14-digit number of a local unit."""
        return len(self.value) == 14

    def __str__(self) -> str:
        return self.value


def _fits(digits: str, weights: tuple[int, ...]) -> bool:
    # A remainder of 10 is written as 0.
    return weighted_sum(digits, weights) % 11 % 10 == int(digits[-1])


is_valid = Regon.is_valid
