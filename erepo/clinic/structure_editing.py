"""Change the structure record by record, each change validated and audited in one transaction.

A unit is named by its resort code V or its name, a cell by its code VII or its name; where that is not one
record alone, nothing is changed. What comes out must be a structure that could have been loaded from a file.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

import sqlalchemy as sa
from pydantic import ValidationError

from erepo.clinic.audit import note
from erepo.clinic.structure import Provider, read_provider, store_provider
from erepo.clinic.structure_file import ProviderRecord, problems, refusal
from erepo.texts import Text

_NO_RECORD: Final = Text("there is no such {what}; known: {known}", "nie ma takiego rekordu; znane: {known}")
_SEVERAL: Final = Text(
    "several records are named so; use the code", "tak nazywa się kilka rekordów; użyj kodu"
)
_NO_FIELD: Final = Text("there is no such field; known: {known}", "nie ma takiego pola; znane: {known}")
_TAKEN: Final = Text("another record has this code", "inny rekord ma już ten kod")
_NO_STRUCTURE: Final = Text(
    "there is no structure yet; begin with `erepo structure set name=… resort_i=…`",
    "nie ma jeszcze struktury; zacznij od `erepo structure set name=… resort_i=…`",
)

#: Fields of each record that may be set, the code that names it last.
FIELDS: Final = {
    "provider": ("name", "regon", "resort_i"),
    "unit": ("name", "regon", "resort_v"),
    "cell": ("name", "resort_viii", "resort_x", "resort_vii"),
}


def change(
    connection: sa.Connection,
    values: Mapping[str, str],
    unit: str = "",
    cell: str = "",
    *,
    actor: str = "staff",
) -> ProviderRecord:
    """Set fields of the provider, of a unit, or of a cell in a unit.

    Args:
        connection: of a writing transaction; the caller commits.
        values: field → new value; empty removes it.
        unit: code V or name; empty: the provider itself.
        cell: code VII or name, in the unit.
        actor: for the audit.

    Raises:
        StructureInvalid: no such record or field, or a value that has not its form.
    """
    tree = _tree(connection, may_begin=not unit)
    record, kind = tree, "provider"
    if unit:
        record, kind = _find(tree["units"], "unit", unit), "unit"
    if cell:
        record, kind = _find(record["cells"], "cell", cell), "cell"
    _known_fields(kind, values)
    record.update(values)
    return _store(connection, tree, f"{kind}_changed", _record(unit, cell), sorted(values), actor)


def add(
    connection: sa.Connection, values: Mapping[str, str], unit: str = "", *, actor: str = "staff"
) -> ProviderRecord:
    """Add a unit, or a cell to a unit.

    Raises:
        StructureInvalid: as `change`.
    """
    tree, kind = _tree(connection), "cell" if unit else "unit"
    _known_fields(kind, values)
    if unit:
        _find(tree["units"], "unit", unit)["cells"].append(dict(values))
    else:
        tree["units"].append({**values, "cells": []})
    name = values.get(FIELDS[kind][-1], "") or values.get("name", "")
    return _store(connection, tree, f"{kind}_added", _record(unit, name), sorted(values), actor)


def remove(connection: sa.Connection, unit: str, cell: str = "", *, actor: str = "staff") -> ProviderRecord:
    """Remove a unit with all its cells, or one cell.

    Raises:
        StructureInvalid: there is no such record.
    """
    tree = _tree(connection)
    found, kind = _find(tree["units"], "unit", unit), "unit"
    if cell:
        # By identity: two records may be equal.
        gone, kind = _find(found["cells"], "cell", cell), "cell"
        found["cells"] = [one for one in found["cells"] if one is not gone]
    else:
        tree["units"] = [one for one in tree["units"] if one is not found]
    return _store(connection, tree, f"{kind}_removed", _record(unit, cell), [], actor)


def as_record(provider: Provider) -> ProviderRecord:
    """Return a structure as the record that files hold."""
    return ProviderRecord.model_validate(asdict(provider))


def _tree(connection: sa.Connection, *, may_begin: bool = False) -> dict[str, Any]:
    found = read_provider(connection)
    if found is not None:
        return as_record(found).model_dump()
    if may_begin:
        return {"units": []}
    raise refusal("provider", _NO_STRUCTURE)


def _find(records: Sequence[dict[str, Any]], kind: str, wanted: str) -> dict[str, Any]:
    code = FIELDS[kind][-1]
    found = [one for one in records if one.get(code) == wanted] or [
        one for one in records if one["name"] == wanted
    ]
    if not found:
        known = ", ".join(one.get(code) or one["name"] for one in records) or "-"
        raise refusal(f"{kind} {wanted}", _NO_RECORD, what=kind, known=known)
    if len(found) > 1:
        raise refusal(f"{kind} {wanted}", _SEVERAL)
    return found[0]


def _known_fields(kind: str, values: Mapping[str, str]) -> None:
    for name in values:
        if name not in FIELDS[kind]:
            raise refusal(f"{kind}, {name}", _NO_FIELD, known=", ".join(FIELDS[kind]))


def _store(
    connection: sa.Connection,
    tree: dict[str, Any],
    event: str,
    record: str,
    fields: list[str],
    actor: str,
) -> ProviderRecord:
    try:
        checked = ProviderRecord.model_validate(tree)
    except ValidationError as error:
        place, problem = problems(error)[0]
        raise refusal(place or record, problem) from None
    _no_code_twice(checked)
    store_provider(connection, checked)
    detail = {"record": record, "fields": fields}
    note(
        connection,
        f"structure_{event}",
        subject="structure",
        subject_id="provider",
        actor=actor,
        detail=detail,
    )
    return checked


def _no_code_twice(provider: ProviderRecord) -> None:
    for kind, codes in (
        ("unit", [one.resort_v for one in provider.units]),
        *(("cell", [cell.resort_vii for cell in one.cells]) for one in provider.units),
    ):
        given = [code for code in codes if code]
        for code in given:
            if given.count(code) > 1:
                raise refusal(f"{kind} {code}", _TAKEN)


def _record(unit: str, cell: str) -> str:
    return "/".join(part for part in ("provider", unit, cell) if part)
