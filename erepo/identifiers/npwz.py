"""NPWZ, the number of the right to practise (verification rules of the Supreme Medical Chamber)."""

import re
from dataclasses import dataclass
from typing import Self

from erepo.identifiers.digits import are_digits, weighted_sum
from erepo.identifiers.errors import CheckDigitWrong, FormWrong, IdentifierInvalid

_WEIGHTS = (1, 2, 3, 4, 5, 6)
_NURSE = re.compile(r"[0-9]{7}[PA]?")


@dataclass(frozen=True, slots=True)
class Npwz:
    """A valid number of a doctor, dentist or feldsher: the first of 7 digits checks the other six."""

    value: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Check form and check digit.

        Raises:
            FormWrong: not 7 digits, or the first is 0 (never issued).
            CheckDigitWrong: the first digit does not fit the others.
        """
        if not are_digits(text, 7) or text[0] == "0":
            raise FormWrong(kind="NPWZ", expected="7 x 0-9")
        if weighted_sum(text[1:], _WEIGHTS) % 11 != int(text[0]):
            raise CheckDigitWrong(kind="NPWZ")
        return cls(text)

    @staticmethod
    def is_valid(text: str) -> bool:
        """Tell whether `parse` would accept the text."""
        try:
            Npwz.parse(text)
        except IdentifierInvalid:
            return False
        return True

    @classmethod
    def make(cls, serial: int) -> Self:
        """Return the first valid number with last six digits at or after `serial`, for synthetic staff."""
        digits = f"{serial % 1_000_000:06}"
        first = weighted_sum(digits, _WEIGHTS) % 11
        return cls(f"{first}{digits}") if 0 < first < 10 else cls.make(serial + 1)

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class NurseNpwz:
    """A number of a nurse or midwife. Its check digit is not public, so only the form is checked."""

    value: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Check the form: 7 digits and optionally P or A.

        Raises:
            FormWrong: any other form.
        """
        if not _NURSE.fullmatch(text):
            raise FormWrong(kind="NPWZ", expected="7 x 0-9, P/A")
        return cls(text)

    @staticmethod
    def is_valid(text: str) -> bool:
        """Tell whether `parse` would accept the text."""
        return _NURSE.fullmatch(text) is not None

    def __str__(self) -> str:
        return self.value


is_valid = Npwz.is_valid
