"""Reading a structure: every record and field is checked, and the same structure gives the same octets.

Nothing is deposited without the resort codes I, V, VII, VIII and X (manual 1.1.5), so none may be missing
here; a field that is not known is refused, so that nothing is stored that nobody looked at.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from erepo.cloud.structure.errors import StructureInvalid
from erepo.errors import ErepoError
from erepo.identifiers.regon import Regon
from erepo.identifiers.resort import Part, check_part
from erepo.texts import Text

#: Largest structure, in bytes: some five thousand cells.
LARGEST = 1024**2

#: What clients get wrong most.
_PROBLEMS = {
    "missing": Text("it is missing", "brakuje go"),
    "extra_forbidden": Text("there is no such field", "nie ma takiego pola"),
    "string_type": Text("it has to be text", "wymagany jest tekst"),
    "string_too_short": Text("it is empty", "jest puste"),
    "string_too_long": Text("it is too long", "jest za długie"),
    "list_type": Text("it has to be a list", "wymagana jest lista"),
    "too_short": Text("at least one is needed", "wymagany jest co najmniej jeden wpis"),
    "model_type": Text("it has to be an object", "wymagany jest obiekt"),
}
_OTHER = Text("it is not understood", "jest niezrozumiałe")
_CONTROLS = Text("it has control characters", "zawiera znaki sterujące")
_TWICE = Text("the same code stands in two records", "ten sam kod występuje w dwóch rekordach")


@dataclass(frozen=True, slots=True)
class Structure:
    """A structure that was checked, in its normal form."""

    content: str
    """Canonical JSON: keys sorted, no spaces."""
    sha256: str
    """Of its octets in UTF-8, hex."""


class _Wrong(ValueError):
    """What pydantic carries from a check of ours to the refusal, in both languages."""

    def __init__(self, problem: Text) -> None:
        super().__init__(problem.en)
        self.problem = problem


def _checked(check: Callable[[str], object]) -> AfterValidator:
    def checked(text: str) -> str:
        try:
            return str(check(text))
        except ErepoError as error:
            # Our identifier errors name the identifier and its form, never the value.
            told = Text(*(error.explain(speak)[0].rstrip(".") for speak in ("en", "pl")))
        raise _Wrong(told)

    return AfterValidator(checked)


def _part(part: Part) -> AfterValidator:
    return _checked(lambda text: check_part(part, text))


def _legible(text: str) -> str:
    if re.search(r"[\x00-\x1f\x7f-\x9f]", text):
        raise _Wrong(_CONTROLS)
    return text


_Name = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_legible)]
_Regon = Annotated[str, _checked(lambda text: Regon.parse(text) if text else "")]


class _Record(BaseModel):
    model_config = ConfigDict(
        extra="forbid", strict=True, str_strip_whitespace=True, hide_input_in_errors=True
    )


class _Cell(_Record):
    name: _Name
    resort_vii: Annotated[str, _part("VII")]
    resort_viii: Annotated[str, _part("VIII")]
    resort_x: Annotated[str, _part("X")]


class _Unit(_Record):
    name: _Name
    regon: _Regon = ""
    resort_v: Annotated[str, _part("V")]
    cells: Annotated[list[_Cell], Field(min_length=1)]


class _Provider(_Record):
    name: _Name
    regon: _Regon = ""
    resort_i: Annotated[str, _part("I")]
    units: Annotated[list[_Unit], Field(min_length=1)]


class _Sent(_Record):
    provider: _Provider


def read_structure(octets: bytes | bytearray) -> Structure:
    """Check a structure and bring it into its normal form.

    Args:
        octets: JSON, as `PUT …/structure` takes it.

    Raises:
        StructureInvalid: `record` and `field` name the first thing that is wrong.
    """
    try:
        sent = _Sent.model_validate(orjson.loads(octets))
    except orjson.JSONDecodeError:
        raise StructureInvalid(record="provider", field="-", problem=_OTHER) from None
    except ValidationError as error:
        first: Any = error.errors(include_input=False, include_url=False)[0]
        cause = first.get("ctx", {}).get("error")
        problem = cause.problem if isinstance(cause, _Wrong) else _PROBLEMS.get(first["type"], _OTHER)
        record, field = _place(first["loc"])
        raise StructureInvalid(record=record, field=field, problem=problem) from None
    for record, field in _repeated(sent.provider):
        raise StructureInvalid(record=record, field=field, problem=_TWICE)
    canonical = orjson.dumps(sent.model_dump(), option=orjson.OPT_SORT_KEYS)
    return Structure(canonical.decode(), hashlib.sha256(canonical).hexdigest())


def _place(location: tuple[str | int, ...]) -> tuple[str, str]:
    """Return record and field of a place: ("provider.units[0].cells[2]", "resort_vii")."""
    words = ""
    for part in location[:-1]:
        words += f"[{part}]" if isinstance(part, int) else f".{part}"
    last = location[-1] if location else "provider"
    if isinstance(last, int):  # the record itself is none
        return f"{words}[{last}]".lstrip("."), "-"
    # A name that nobody knows comes from the client: only what is harmless of it is told.
    return words.lstrip(".") or "structure", ascii(last)[1:-1][:40]


def _repeated(provider: _Provider) -> Iterator[tuple[str, str]]:
    """Yield where a code stands that another record of the same level has as well."""
    units = Counter(unit.resort_v for unit in provider.units)
    for place, unit in enumerate(provider.units):
        record = f"provider.units[{place}]"
        if units[unit.resort_v] > 1:
            yield record, "resort_v"
        cells = Counter(cell.resort_vii for cell in unit.cells)
        for number, cell in enumerate(unit.cells):
            if cells[cell.resort_vii] > 1:
                yield f"{record}.cells[{number}]", "resort_vii"
