"""What an OpenAPI description must not hold: numbers of people in addresses, or of people who may exist."""

import json
import re
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

#: PESEL of nobody, known as samples; documents and tests use them.
SAMPLES = {"44051401359", "80051212357"}
_NUMBER = re.compile(r"(?<![0-9.])[0-9]{11}(?![0-9.])")
_PERSON = re.compile("pesel|patient$|number$", re.IGNORECASE)


def indiscretions(described: dict[str, Any]) -> list[str]:
    """Return numbers that are no samples, and whatever of a person stands in an address or a header."""
    found = [one for one in _NUMBER.findall(json.dumps(described)) if one not in SAMPLES]
    for path, operations in described["paths"].items():
        found += [f"{path}: {one}" for one in _NUMBER.findall(path)]
        for parameter in _parameters(operations):
            told = _NUMBER.search(json.dumps(parameter)) or _PERSON.search(parameter.get("name", ""))
            found += [f"{path}: {parameter.get('name')}"] if told else []
    return found


def _parameters(operations: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from operations.get("parameters", ())
    for operation in operations.values():
        if isinstance(operation, dict):
            yield from operation.get("parameters", ())


def examples(described: dict[str, Any]) -> list[tuple[str, bool]]:
    """Return the place of each example, and whether it is what it is an example of."""
    shared = {"components": described.get("components", {})}
    return [(place, _is({**schema, **shared}, one)) for place, one, schema in _examples(described, "")]


def _is(schema: dict[str, Any], example: Any) -> bool:
    return bool(Draft202012Validator(schema, format_checker=FormatChecker()).is_valid(example))


def _examples(part: Any, place: str) -> Iterator[tuple[str, Any, dict[str, Any]]]:
    if isinstance(part, list):
        for number, one in enumerate(part):
            yield from _examples(one, f"{place}[{number}]")
    if not isinstance(part, dict):
        return
    schema = part.get("schema", {name: value for name, value in part.items() if "example" not in name})
    if isinstance(part.get("examples"), list):
        yield from ((place, one, schema) for one in part["examples"])
    if "example" in part:
        yield place, part["example"], schema
    for name, one in part.items():
        yield from _examples(one, f"{place}/{name}")
