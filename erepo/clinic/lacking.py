"""What a structure lacks, in words: one line for each record and field (manual 1.1.5)."""

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from erepo.texts import Language, Text

#: Fields as people know them; the names in the structure file stand behind them.
FIELDS: Final[Mapping[str, Text]] = MappingProxyType(
    {
        "name": Text("its name", "nazwa"),
        "resort_i": Text("resort code, part I", "kod resortowy cz. I"),
        "resort_v": Text("resort code, part V", "kod resortowy cz. V"),
        "resort_vii": Text("resort code, part VII", "kod resortowy cz. VII"),
        "resort_viii": Text("resort code, part VIII", "kod resortowy cz. VIII"),
        "resort_x": Text("resort code, part X", "kod resortowy cz. X"),
        "units": Text("its units", "jednostki organizacyjne"),
        "cells": Text("its cells", "komórki organizacyjne"),
        "login": Text("its default user", "domyślny użytkownik"),
        "pesel / npwz": Text("PESEL or NPWZ", "PESEL lub NPWZ"),
    }
)
_RECORD: Final = re.compile(
    r"(?P<provider>provider)|(?P<task>archiving_user)|users\[(?P<user>.+)\]"
    r"|units\[(?P<unit>\d+)\](?:\.cells\[(?P<cell>\d+)\])?"
)
_WORDS: Final[Mapping[str, Text]] = MappingProxyType(
    {
        "provider": Text("the provider", "podmiot"),
        "task": Text("the task “archive documents”", "zadanie „Archiwizacja dokumentów”"),
        "user": Text("the user {user}", "użytkownik {user}"),
        "unit": Text("unit {unit}", "jednostka {unit}"),
        "cell": Text("cell {cell} of unit {unit}", "komórka {cell} jednostki {unit}"),
    }
)


def lacking(missing: Iterable[tuple[str, str]], language: Language) -> list[str]:
    """Return a line for each (record, field) that `check_ready` names; both names of the file included."""
    return [f"{_record(record, language)}: {_field(name, language)}" for record, name in missing]


def _record(record: str, language: Language) -> str:
    found = _RECORD.match(record)
    if found is None:
        return record
    parts = {name: value for name, value in found.groupdict().items() if value}
    kind = "cell" if "cell" in parts else next(iter(parts))
    called = record[found.end() :]
    return f"{_WORDS[kind].fill(language, **parts)}{called} ({found.group()})"


def _field(name: str, language: Language) -> str:
    return f"{FIELDS[name].fill(language)} ({name})" if name in FIELDS else name
