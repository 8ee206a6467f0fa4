"""Shared arithmetic of check digits."""

import re
from collections.abc import Sequence

# str.isdigit accepts digits of other scripts, which no register issues.
_DIGITS = re.compile(r"[0-9]*")


def are_digits(text: str, length: int) -> bool:
    """Tell whether `text` is exactly `length` ASCII digits."""
    return len(text) == length and _DIGITS.fullmatch(text) is not None


def weighted_sum(digits: str, weights: Sequence[int]) -> int:
    """Return the sum of digit times weight over the length of `weights`."""
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False))
