"""Records and fields of a structure as people name them, the names in its file behind them (manual 1.1.5)."""

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from erepo.texts import Language, Text

_FIELDS: Final[Mapping[str, Text]] = MappingProxyType(
    {
        "name": Text("name", "nazwa"),
        "regon": Text("REGON", "REGON"),
        "resort_i": Text("resort code, part I", "kod resortowy cz. I"),
        "resort_v": Text("resort code, part V", "kod resortowy cz. V"),
        "resort_vii": Text("resort code, part VII", "kod resortowy cz. VII"),
        "resort_viii": Text("resort code, part VIII", "kod resortowy cz. VIII"),
        "resort_x": Text("resort code, part X", "kod resortowy cz. X"),
        "units": Text("units", "jednostki organizacyjne"),
        "cells": Text("cells", "komórki organizacyjne"),
        "login": Text("default user", "domyślny użytkownik"),
        "pesel / npwz": Text("valid PESEL or NPWZ", "prawidłowy PESEL lub NPWZ"),
        "prefix": Text("title", "tytuł"),
        "given": Text("first name", "imię"),
        "family": Text("family name", "nazwisko"),
        "profession": Text("profession", "zawód"),
        "pesel": Text("PESEL", "PESEL"),
        "npwz": Text("NPWZ", "NPWZ"),
        "active": Text("active or not", "czy aktywny"),
    }
)
_RECORD: Final = re.compile(
    r"(?P<provider>provider)|(?P<task>archiving_user)|users?(?:\[| )(?P<user>[^\]]+)\]?"
    r"|units\[(?P<unit>\d+)\](?:\.cells\[(?P<cell>\d+)\])?"
)
_RECORDS: Final[Mapping[str, Text]] = MappingProxyType(
    {
        "provider": Text("the provider", "podmiot"),
        "task": Text("the task “archive documents”", "zadanie „Archiwizacja dokumentów”"),
        "user": Text("the user {user}", "użytkownik {user}"),
        "unit": Text("unit {unit}", "jednostka {unit}"),
        "cell": Text("cell {cell} of unit {unit}", "komórka {cell} jednostki {unit}"),
    }
)


def field_words(field: str, language: Language) -> str:
    """Return a field as people name it: `kod resortowy cz. X (resort_x)`."""
    return f"{_FIELDS[field].fill(language)} ({field})" if field in _FIELDS else field


def record_words(record: str, language: Language) -> str:
    """Return a record as people name it: `komórka 2 jednostki 1 "Poradnia" (units[1].cells[2])`."""
    found = _RECORD.match(record)
    if found is None:
        return record
    parts = {name: value for name, value in found.groupdict().items() if value}
    kind = "cell" if "cell" in parts else next(iter(parts))
    called = record[found.end() :]
    return f"{_RECORDS[kind].fill(language, **parts)}{called} ({found.group()})"


def missing_words(missing: Iterable[tuple[str, str]], language: Language) -> str:
    """Return all that a structure lacks, as (record, field), a line for each."""
    return "\n".join(
        f"- {record_words(record, language)}: {field_words(field, language)}" for record, field in missing
    )
