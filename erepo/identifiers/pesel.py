"""PESEL, the number of a person (Act on population records, art. 15; polish-domain §3)."""

import datetime as dt
from dataclasses import dataclass
from typing import Literal, Self

from erepo.identifiers.digits import are_digits, weighted_sum
from erepo.identifiers.errors import CheckDigitWrong, DateImpossible, FormWrong, IdentifierInvalid

Sex = Literal["F", "M"]

_WEIGHTS = (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)
# The month carries the century: 01-12 is 1900, +20 is 2000, +40 is 2100, +60 is 2200, +80 is 1800.
_CENTURIES = (1900, 2000, 2100, 2200, 1800)


@dataclass(frozen=True, slots=True, repr=False)
class Pesel:
    """A valid PESEL. Its text is patient data: `repr` hides it, `str` gives it."""

    value: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Check form, date and check digit of 11 digits.

        Raises:
            FormWrong: not 11 digits.
            DateImpossible: positions 1 to 6 are no date.
            CheckDigitWrong: position 11 does not fit.
        """
        if not are_digits(text, 11):
            raise FormWrong(kind="PESEL", expected="11 x 0-9")
        _birth_date(text)
        if check_digit(text) != text[10]:
            raise CheckDigitWrong(kind="PESEL")
        return cls(text)

    @staticmethod
    def is_valid(text: str) -> bool:
        """Tell whether `parse` would accept the text."""
        try:
            Pesel.parse(text)
        except IdentifierInvalid:
            return False
        return True

    @property
    def birth_date(self) -> dt.date:
        """Date of birth, 1800 to 2299."""
        return _birth_date(self.value)

    @property
    def sex(self) -> Sex:
        """Sex from the tenth digit: even is female."""
        return "M" if int(self.value[9]) % 2 else "F"

    def __str__(self) -> str:
        return self.value

    def __repr__(self) -> str:
        return "Pesel(…)"


def check_digit(text: str) -> str:
    """Return the check digit of the first ten digits."""
    return str(-weighted_sum(text, _WEIGHTS) % 10)


def make(birth_date: dt.date, serial: int, sex: Sex) -> Pesel:
    """Compose a PESEL for synthetic people.

    Args:
        birth_date: 1800-01-01 to 2299-12-31.
        serial: 0 to 4999; with the sex it makes the four digits after the date.
        sex: decides the parity of the tenth digit.

    Raises:
        DateImpossible: the year is outside what a PESEL can hold.
    """
    century = birth_date.year // 100 * 100
    if century not in _CENTURIES:
        raise DateImpossible(kind="PESEL")
    month = birth_date.month + 20 * _CENTURIES.index(century)
    first = f"{birth_date.year % 100:02}{month:02}{birth_date.day:02}{serial % 5000 * 2 + (sex == 'M'):04}"
    return Pesel(first + check_digit(first))


def _birth_date(text: str) -> dt.date:
    century, month = divmod(int(text[2:4]), 20)
    try:
        return dt.date(_CENTURIES[century] + int(text[:2]), month, int(text[4:6]))
    except ValueError:
        raise DateImpossible(kind="PESEL") from None


is_valid = Pesel.is_valid
