"""The structure as a table: one row a cell, as people keep it in a spreadsheet (docs/reference/structure.md).

Fields that say the same as in the row above may be left empty. Comma, semicolon or tab between the fields;
UTF-8, or Windows-1250 as Polish spreadsheets still write it. A field that a spreadsheet would run as a
formula is exported with a `'` before it, which the import takes away. Everything that is wrong is told at
once, each with its line. Users do not stand in the table: those that are there stay.
"""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from pydantic import BaseModel, ValidationError

from erepo.clinic.errors import StructureInvalid, place_words
from erepo.clinic.structure_file import CellRecord, ProviderRecord, UnitRecord, problems, refusal
from erepo.texts import Language, Text

#: Column → (record, field); in the order of the export.
COLUMNS: Final = {
    "provider_name": ("provider", "name"),
    "provider_regon": ("provider", "regon"),
    "resort_i": ("provider", "resort_i"),
    "unit_name": ("unit", "name"),
    "unit_regon": ("unit", "regon"),
    "resort_v": ("unit", "resort_v"),
    "cell_name": ("cell", "name"),
    "resort_vii": ("cell", "resort_vii"),
    "resort_viii": ("cell", "resort_viii"),
    "resort_x": ("cell", "resort_x"),
}
#: Most problems that are told at once.
_MOST: Final = 10
_FIELD_LIMIT: Final = 2000
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
_EMPTY: Final = Text("there is no row below the header", "pod nagłówkiem nie ma żadnego wiersza")
_OTHER: Final = Text(
    "says something else than line {line}; one provider a file, one unit a code",
    "różni się od wiersza {line}; plik opisuje jeden podmiot, a kod jedną jednostkę",
)
_ZEROS: Final = Text(
    " (spreadsheets drop leading zeros: format the column as text)",
    " (arkusze usuwają zera wiodące: sformatuj kolumnę jako tekst)",
)


@dataclass
class _Table:
    """What has been read so far."""

    provider: dict[str, str] = field(default_factory=dict)
    units: list[dict[str, str]] = field(default_factory=list)
    cells: list[list[CellRecord]] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)
    problems: list[tuple[str, Text]] = field(default_factory=list)
    current: int = 0

    def blame(self, line: int, column: str, problem: Text) -> None:
        self.problems.append((f"line {line}, {column}" if column else f"line {line}", problem))


def parse_table(octets: bytes) -> ProviderRecord:
    """Read a structure from CSV.

    Raises:
        StructureInvalid: names each line and column that is wrong, and why.
    """
    table = _Table()
    for line, row in _rows(_text(octets), table):
        _take(table, line, row)
    if not table.provider and not table.problems:
        raise refusal("line 2", _EMPTY)
    if table.problems:
        raise _all_refused(table.problems)
    units = [
        UnitRecord.model_validate({**values, "cells": cells})
        for values, cells in zip(table.units, table.cells, strict=True)
    ]
    return ProviderRecord.model_validate({**table.provider, "units": units})


def write_table(provider: ProviderRecord) -> str:
    """Return a structure as CSV that `parse_table` reads back; a unit without cells has a row of its own."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(COLUMNS), restval="", lineterminator="\r\n")
    writer.writeheader()
    base = _named("provider", provider)
    for unit in provider.units:
        above = {**base, **_named("unit", unit)}
        writer.writerows({**above, **_named("cell", cell)} for cell in unit.cells)
        if not unit.cells:
            writer.writerow(above)
    if not provider.units:
        writer.writerow(base)
    return out.getvalue()


def _named(record: str, values: BaseModel) -> dict[str, str]:
    return {
        column: _inert(getattr(values, name)) for column, (kind, name) in COLUMNS.items() if kind == record
    }


def _inert(value: str) -> str:
    """Return a field as a spreadsheet takes it for text, not for a formula; `_meant` undoes it."""
    return f"'{value}" if _FORMULA.match(value) else value


def _meant(value: str) -> str:
    return value[1:] if value.startswith("'") and _FORMULA.match(value[1:]) else value


def _text(octets: bytes) -> str:
    for encoding in ("utf-8-sig", "cp1250"):
        try:
            return octets.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise refusal("(file)", _NO_TEXT)


def _rows(text: str, table: _Table) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (line, row) of everything below the header that is not empty."""
    head = text.partition("\n")[0]
    delimiter = max(";,\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        names = _header(next(reader, []))
        begins = reader.line_num + 1
        for fields in reader:
            line, begins = begins, reader.line_num + 1
            values = [_meant(" ".join(one.split())) for one in fields]
            if not any(values):
                continue
            if any(values[len(names) :]):
                table.blame(line, "", _TOO_MANY)
                continue
            yield line, dict(zip(names, [*values, *[""] * len(names)], strict=False))
    except csv.Error:
        table.blame(reader.line_num, "", _BROKEN)


def _header(fields: list[str]) -> list[str]:
    names = [one.strip().lower() for one in fields]
    while names and not names[-1]:
        names.pop()
    for name in names:
        if name not in COLUMNS:
            raise refusal(f"line 1, {name[:40]}", _STRANGE, known=", ".join(COLUMNS))
        if names.count(name) > 1:
            raise refusal(f"line 1, {name}", _TWICE)
    if missing := [one for one in ("provider_name", "unit_name", "cell_name") if one not in names]:
        raise refusal("line 1", _NO_HEADER, missing=", ".join(missing))
    return names


def _take(table: _Table, line: int, row: dict[str, str]) -> None:
    provider, unit, cell = (
        {name: row.get(column, "") for column, (kind, name) in COLUMNS.items() if kind == record}
        for record in ("provider", "unit", "cell")
    )
    if any(provider.values()) or not table.provider:
        _take_provider(table, line, provider)
    if any(unit.values()):
        _take_unit(table, line, unit)
    if any(cell.values()):
        if not table.units:
            table.blame(line, "unit_name", Text("this field is missing", "brakuje tego pola"))
            return
        checked = _checked(table, line, "cell", CellRecord, cell)
        if isinstance(checked, CellRecord):
            table.cells[table.current].append(checked)


def _take_provider(table: _Table, line: int, values: dict[str, str]) -> None:
    if not table.provider:
        _checked(table, line, "provider", ProviderRecord, values)
        table.provider, table.lines["provider"] = values, line
        return
    _same(table, line, "provider", values, table.provider, table.lines["provider"])


def _take_unit(table: _Table, line: int, values: dict[str, str]) -> None:
    """Begin a unit, unless it is the one above or one that was there before."""
    if values["resort_v"]:
        same = [one for one in table.units if one["resort_v"] == values["resort_v"]]
    elif values["name"]:
        same = [one for one in _above(table) if one["name"] == values["name"]]
    else:
        same = _above(table)
    if not same:
        _checked(table, line, "unit", UnitRecord, values)
        table.current = len(table.units)
        table.lines[f"unit {table.current}"] = line
        table.units.append(values)
        table.cells.append([])
        return
    # Its rows need not stand together.
    table.current = table.units.index(same[0])
    _same(table, line, "unit", values, same[0], table.lines[f"unit {table.current}"])


def _above(table: _Table) -> list[dict[str, str]]:
    return [table.units[table.current]] if table.units else []


def _same(
    table: _Table, line: int, record: str, values: dict[str, str], known: dict[str, str], first: int
) -> None:
    for column, (kind, name) in COLUMNS.items():
        if kind == record and values[name] and values[name] != known[name]:
            table.blame(line, column, Text(*(one.format(line=first) for one in _OTHER)))


def _checked(
    table: _Table, line: int, record: str, model: type[BaseModel], values: dict[str, str]
) -> BaseModel | None:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        for name, problem in problems(error):
            column = next(column for column, place in COLUMNS.items() if place == (record, name))
            short = name.startswith(("resort", "regon")) and values[name].isdigit()
            hint = _ZEROS if short else Text("", "")
            table.blame(line, column, Text(problem.en + hint.en, problem.pl + hint.pl))
    return None


def _all_refused(found: list[tuple[str, Text]]) -> StructureInvalid:
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
