"""Records and fields of a structure as people name them; programs and files keep the names of the fields."""

import re
from collections.abc import Iterable
from typing import Final

from erepo.texts import Language

#: Field → Polish; the field's own name follows, for it stands so in files and commands.
_FIELDS: Final = {
    "name": "nazwa",
    "regon": "REGON",
    "resort_i": "kod resortowy I",
    "resort_v": "kod resortowy V",
    "resort_vii": "kod resortowy VII",
    "resort_viii": "kod resortowy VIII",
    "resort_x": "kod resortowy X",
    "units": "jednostki",
    "cells": "komórki",
    "login": "użytkownik",
    "pesel / npwz": "PESEL lub NPWZ",
    "prefix": "tytuł",
    "given": "imię",
    "family": "nazwisko",
    "profession": "zawód",
    "pesel": "PESEL",
    "npwz": "NPWZ",
    "active": "czy aktywny",
}
#: Forms in which records are named.
_RECORDS: Final = (
    (re.compile(r"provider(?P<name>.*)"), "podmiot{name}"),
    (
        re.compile(r"units\[(?P<unit>\d+)\]\.cells\[(?P<cell>\d+)\](?P<name>.*)"),
        "komórka {cell} jednostki {unit}{name}",
    ),
    (re.compile(r"units\[(?P<unit>\d+)\](?P<name>.*)"), "jednostka {unit}{name}"),
    (re.compile(r"users\[(?P<name>.*)\]"), "użytkownik {name}"),
    (re.compile(r"user (?P<name>.*)"), "użytkownik {name}"),
    (re.compile(r"archiving_user"), "użytkownik archiwizujący"),
)


def field_words(field: str, language: Language) -> str:
    """Return a field as people name it: `kod resortowy X (resort_x)`."""
    return f"{_FIELDS[field]} ({field})" if language == "pl" and field in _FIELDS else field


def record_words(record: str, language: Language) -> str:
    """Return a record as people name it: `komórka 2 jednostki 1 "Poradnia"`."""
    if language == "pl":
        for form, words in _RECORDS:
            if found := form.fullmatch(record):
                return words.format(**found.groupdict())
    return record


def missing_words(missing: Iterable[tuple[str, str]], language: Language) -> str:
    """Return all that a structure lacks, as (record, field), a line for each."""
    return "\n".join(
        f"- {record_words(record, language)}: {field_words(field, language)}" for record, field in missing
    )
