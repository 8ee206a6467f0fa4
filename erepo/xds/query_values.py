"""The little language of stored-query values: `'text'`, `123`, `('a','b')` (IHE ITI TF-2 3.18.4.1.2.3.5)."""

import re

# One member of a list: a quoted text in which '' stands for a quote, or a bare number.
_MEMBER = re.compile(r"\s*(?:'((?:[^']|'')*)'|([0-9]+))\s*")


class ValueMalformed(ValueError):
    """A value is neither a text in quotes nor a number nor a list of them."""


def quote(text: str) -> str:
    """Write a text in single quotes."""
    return "'" + text.replace("'", "''") + "'"


def write_value(text: str, *, number: bool, many: bool) -> str:
    """Write one value: numbers bare, texts quoted, a member of a list in parentheses of its own."""
    written = text if number else quote(text)
    return f"({written})" if many else written


def read_value(text: str) -> tuple[tuple[str, ...], bool]:
    """Read one `Value` element.

    Returns:
        Its members, and whether they stood in parentheses.

    Raises:
        ValueMalformed: it follows neither form.
    """
    stripped = text.strip()
    listed = stripped.startswith("(") and stripped.endswith(")")
    inner = stripped[1:-1] if listed else stripped
    members, at = [], 0
    while True:
        match = _MEMBER.match(inner, at)
        if match is None:
            raise ValueMalformed
        members.append(match[2] if match[1] is None else match[1].replace("''", "'"))
        at = match.end()
        if at == len(inner):
            break
        if inner[at] != "," or not listed:
            raise ValueMalformed
        at += 1
    return tuple(members), listed
