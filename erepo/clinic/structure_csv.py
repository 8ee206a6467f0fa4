"""The structure as a table: one row a cell, as people keep it in a spreadsheet (docs/reference/structure.md).

Fields that say the same as in the row above may be left empty. Comma, semicolon or tab between the fields;
UTF-8, or Windows-1250 as Polish spreadsheets still write it. A field that a spreadsheet would run as a
formula is exported with a `'` before it, which the import takes away. Everything that is wrong is told at
once, each with its line. Users do not stand in the table: those that are there stay.
"""

import csv
import io
from dataclasses import dataclass, field
from typing import Final

from pydantic import BaseModel, ValidationError

from erepo.clinic.spreadsheet import EMPTY, all_refused, inert, place_of, rows
from erepo.clinic.structure_file import CellRecord, ProviderRecord, UnitRecord, problems, refusal
from erepo.texts import Text

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
_DEMANDED: Final = ("provider_name", "unit_name", "cell_name")
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
        self.problems.append((place_of(line, column), problem))


def parse_table(octets: bytes) -> ProviderRecord:
    """Read a structure from CSV.

    Raises:
        StructureInvalid: names each line and column that is wrong, and why.
    """
    table = _Table()
    for line, row in rows(octets, COLUMNS, _DEMANDED, table.blame):
        _take(table, line, row)
    if not table.provider and not table.problems:
        raise refusal("line 2", EMPTY)
    if table.problems:
        raise all_refused(table.problems)
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
        column: inert(getattr(values, name)) for column, (kind, name) in COLUMNS.items() if kind == record
    }


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
