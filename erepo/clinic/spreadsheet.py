"""CSV as people's spreadsheets write it: found by the names of its columns, everything wrong told at once.

Comma, semicolon or tab between the fields; UTF-8, or Windows-1250 as Polish spreadsheets still write it. A
field that a spreadsheet would run as a formula is written with a `'` before it, which reading takes away.
"""

import csv
import io
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Final

from erepo.clinic.errors import StructureInvalid, place_words
from erepo.clinic.structure_file import refusal
from erepo.texts import Language, Text

#: Takes (line, column or "", problem).
Blame = Callable[[int, str, Text], None]

#: Most problems that are told at once.
_MOST: Final = 10
#: What spreadsheets run instead of showing it, and such a thing behind the sign that says it is text.
_FORMULA: Final = re.compile(r"'*[=+\-@]")
_LANGUAGES: Final[tuple[Language, Language]] = ("en", "pl")

_NO_TEXT: Final = Text("neither UTF-8 nor Windows-1250", "to nie jest ani UTF-8, ani Windows-1250")
_NO_HEADER: Final = Text(
    "the first line has to name the columns; missing: {missing}",
    "pierwszy wiersz musi zawierać nazwy kolumn; brakuje: {missing}",
)
_STRANGE: Final = Text("there is no such column; known: {known}", "nie ma takiej kolumny; znane: {known}")
_TWICE: Final = Text("the column stands there twice", "kolumna występuje dwa razy")
_TOO_MANY: Final = Text("more fields than columns", "więcej pól niż kolumn")
_BROKEN: Final = Text(
    "the table is broken here, perhaps by an unclosed quotation mark",
    "tabela jest tu uszkodzona, być może brakuje zamykającego cudzysłowu",
)
EMPTY: Final = Text("there is no row below the header", "pod nagłówkiem nie ma żadnego wiersza")


def rows(
    octets: bytes, columns: Collection[str], demanded: Sequence[str], blame: Blame
) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (line, row) of everything below the header that is not empty.

    Args:
        octets: the file.
        columns: all names that the header may have.
        demanded: those that it must have.
        blame: told about each line that is no row.

    Raises:
        StructureInvalid: no text, or a header with other columns.
    """
    text = _text(octets)
    head = text.partition("\n")[0]
    delimiter = max(";,\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        names = _header(next(reader, []), columns, demanded)
        begins = reader.line_num + 1
        for fields in reader:
            line, begins = begins, reader.line_num + 1
            values = [_meant(" ".join(one.split())) for one in fields]
            if not any(values):
                continue
            if any(values[len(names) :]):
                blame(line, "", _TOO_MANY)
                continue
            yield line, dict(zip(names, [*values, *[""] * len(names)], strict=False))
    except csv.Error:
        blame(reader.line_num, "", _BROKEN)


def place_of(line: int, column: str) -> str:
    """Return a place in a table as errors name it."""
    return f"line {line}, {column}" if column else f"line {line}"


def inert(value: str) -> str:
    """Return a field as a spreadsheet takes it for text, not for a formula; reading undoes it."""
    return f"'{value}" if _FORMULA.match(value) else value


def all_refused(found: Sequence[tuple[str, Text]]) -> StructureInvalid:
    """Return one error that names every (place, problem), up to ten of them."""
    (place, first), *others = found[:_MOST]
    words = {
        f"problem_{speak}": "; ".join(
            [
                first.fill(speak),
                *(f"{place_words(where, speak)}: {problem.fill(speak)}" for where, problem in others),
            ]
        )
        for speak in _LANGUAGES
    }
    return StructureInvalid(place=place, **words)


def _meant(value: str) -> str:
    return value[1:] if value.startswith("'") and _FORMULA.match(value[1:]) else value


def _text(octets: bytes) -> str:
    for encoding in ("utf-8-sig", "cp1250"):
        try:
            return octets.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise refusal("(file)", _NO_TEXT)


def _header(fields: list[str], columns: Collection[str], demanded: Sequence[str]) -> list[str]:
    names = [one.strip().lower() for one in fields]
    while names and not names[-1]:
        names.pop()
    for name in names:
        if name not in columns:
            raise refusal(f"line 1, {name[:40]}", _STRANGE, known=", ".join(columns))
        if names.count(name) > 1:
            raise refusal(f"line 1, {name}", _TWICE)
    if missing := [one for one in demanded if one not in names]:
        raise refusal("line 1", _NO_HEADER, missing=", ".join(missing))
    return names
