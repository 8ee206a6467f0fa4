"""The structure file: JSON that a person writes once (docs/reference/structure-example.json).

Codes may be missing, so that a structure can be loaded step by step; what is there must have its form. The
check before depositing names what is missing.
"""

import re
from pathlib import Path
from typing import Annotated, Any

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from erepo.clinic.errors import FileUnreadable, StructureInvalid
from erepo.errors import ErepoError
from erepo.identifiers.npwz import Npwz, NurseNpwz
from erepo.identifiers.pesel import Pesel
from erepo.identifiers.regon import Regon
from erepo.identifiers.resort import Part, check_part
from erepo.texts import Language, Text

#: Largest structure file, in bytes.
LIMIT = 4 * 1024**2

_LANGUAGES: tuple[Language, Language] = ("en", "pl")


#: What people get wrong most, in words that need no knowledge of JSON schemas.
_PROBLEMS = {
    "missing": Text("this field is missing", "brakuje tego pola"),
    "extra_forbidden": Text("there is no such field", "nie ma takiego pola"),
    "string_type": Text("this has to be text in quotes", "wymagany jest tekst w cudzysłowie"),
    "string_too_short": Text("this is empty", "wartość jest pusta"),
    "bool_type": Text("this has to be true or false", "wymagana jest wartość true albo false"),
    "bool_parsing": Text("this has to be true or false", "wymagana jest wartość true albo false"),
    "list_type": Text("this has to be a list [ … ]", "wymagana jest lista [ … ]"),
    "model_type": Text("this has to be an object in braces", "wymagany jest obiekt w nawiasach klamrowych"),
}
_CONTROLS = Text("it has control characters", "zawiera znaki sterujące")
_NO_JSON = Text("no JSON", "to nie jest JSON")
_TOO_LARGE = Text("larger than {limit} bytes", "plik ma więcej niż {limit} bajtów")
_LOGIN_TWICE = Text("a login stands twice in users", "ten sam login występuje w users dwa razy")
_NO_SUCH_LOGIN = Text(
    "archiving_user is none of the logins in users", "archiving_user nie jest żadnym z loginów w users"
)


class _Wrong(ValueError):
    """What pydantic carries from a check of ours to the refusal, in both languages."""

    def __init__(self, problem: Text) -> None:
        super().__init__(problem.en)
        self.problem = problem


def _part(part: Part) -> AfterValidator:
    return AfterValidator(lambda text: _checked(check_part, part, text) if text else "")


def _checked(check: Any, *values: str) -> str:
    try:
        return str(check(*values))
    except ErepoError as error:
        # Our identifier errors name the identifier and its form, never the value.
        raise _Wrong(Text(*(" ".join(error.explain(speak)).rstrip(".") for speak in _LANGUAGES))) from None


def _regon(text: str) -> str:
    return _checked(Regon.parse, text) if text else ""


def _pesel(text: str) -> str:
    return _checked(Pesel.parse, text) if text else ""


def _npwz(text: str) -> str:
    if not text or NurseNpwz.is_valid(text):
        return text
    return _checked(Npwz.parse, text)


def _legible(text: str) -> str:
    if re.search(r"[\x00-\x1f\x7f-\x9f]", text):
        raise _Wrong(_CONTROLS)
    return text


_Line = Annotated[str, AfterValidator(_legible)]
_Name = Annotated[str, Field(min_length=1), AfterValidator(_legible)]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, hide_input_in_errors=True)


class CellRecord(_Record):
    """An organisational cell."""

    name: _Name
    resort_vii: Annotated[str, _part("VII")] = ""
    resort_viii: Annotated[str, _part("VIII")] = ""
    resort_x: Annotated[str, _part("X")] = ""


class UnitRecord(_Record):
    """An organisational unit with its cells."""

    name: _Name
    regon: Annotated[str, AfterValidator(_regon)] = ""
    resort_v: Annotated[str, _part("V")] = ""
    cells: list[CellRecord] = []


class ProviderRecord(_Record):
    """The provider with its units."""

    name: _Name
    regon: Annotated[str, AfterValidator(_regon)] = ""
    resort_i: Annotated[str, _part("I")] = ""
    units: list[UnitRecord] = []


class UserRecord(_Record):
    """A user of the program; PESEL or NPWZ links to staff."""

    login: _Name
    prefix: _Line = ""
    given: _Line = ""
    family: _Line = ""
    profession: _Line = ""
    pesel: Annotated[str, AfterValidator(_pesel)] = ""
    npwz: Annotated[str, AfterValidator(_npwz)] = ""
    active: bool = True


class StructureFile(_Record):
    """The whole file."""

    provider: ProviderRecord
    users: list[UserRecord] = []
    archiving_user: str = ""

    @model_validator(mode="after")
    def _consistent(self) -> "StructureFile":
        logins = [user.login for user in self.users]
        if len(set(logins)) != len(logins):
            raise _Wrong(_LOGIN_TWICE)
        if self.archiving_user and self.archiving_user not in logins:
            raise _Wrong(_NO_SUCH_LOGIN)
        return self


def read_structure_file(path: Path) -> StructureFile:
    """Read a structure file.

    Raises:
        FileUnreadable: it cannot be read.
        StructureInvalid: it cannot be understood; names the place, never a person's data.
    """
    return parse_structure(read_octets(path))


def read_octets(path: Path) -> bytes:
    """Return the content of a file of bounded size.

    Raises:
        FileUnreadable: it cannot be read.
        StructureInvalid: it is too large.
    """
    try:
        with path.open("rb") as file:
            octets = file.read(LIMIT + 1)
    except OSError as error:
        raise FileUnreadable(problem=error.strerror) from None
    if len(octets) > LIMIT:
        raise refusal("(file)", _TOO_LARGE, limit=LIMIT)
    return octets


def parse_structure(octets: bytes) -> StructureFile:
    """Read the content of a structure file.

    Raises:
        StructureInvalid: it cannot be understood; names the place, never a person's data.
    """
    try:
        return StructureFile.model_validate(orjson.loads(octets))
    except orjson.JSONDecodeError as error:
        raise refusal(f"line {error.lineno}", _NO_JSON) from None
    except ValidationError as error:
        place, problem = problems(error)[0]
        raise refusal(place or "(file)", problem) from None


def problems(error: ValidationError) -> list[tuple[str, Text]]:
    """Return (place, problem) of everything that a record of ours does not accept; never a value."""
    found = []
    for one in error.errors(include_input=False, include_url=False):
        ours = one.get("ctx", {}).get("error")
        known = ours.problem if isinstance(ours, _Wrong) else _PROBLEMS.get(one["type"])
        found.append((".".join(map(str, one["loc"])), known or Text(one["msg"], one["msg"])))
    return found


def refusal(place: str, problem: Text, **data: object) -> StructureInvalid:
    """Return the error that names a place of a structure and what is wrong there."""
    words = {f"problem_{speak}": problem.fill(speak, **data) for speak in _LANGUAGES}
    return StructureInvalid(place=place, **words)
