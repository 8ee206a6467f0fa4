"""The generic layer of ebRIM reading: one registry object taken apart into slots, codes and identifiers.

Problems are collected, not raised one by one: a sender sees all of them in one answer. Texts of problems name
attributes of the profile and never a value.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TypeVar

from lxml import etree

from erepo.identifiers import CX, XCN, XON, IdentifierInvalid, ReferenceId
from erepo.xds.errors import RegistryError
from erepo.xds.forms import is_reference, is_time
from erepo.xds.model import Author, Code
from erepo.xds.vocabulary import RIM, Slot, Xds

_SLOT = f"{{{RIM}}}Slot"
_VALUE_LIST = f"{{{RIM}}}ValueList"
_VALUE = f"{{{RIM}}}Value"
_NAME = f"{{{RIM}}}Name"
_DESCRIPTION = f"{{{RIM}}}Description"
_LOCALIZED = f"{{{RIM}}}LocalizedString"
_VERSION = f"{{{RIM}}}VersionInfo"
_CLASSIFICATION = f"{{{RIM}}}Classification"
_IDENTIFIER = f"{{{RIM}}}ExternalIdentifier"
_OBJECT_LIST = f"{{{RIM}}}RegistryObjectList"

_PART = re.compile(r"([0-9]{1,4})\|(.*)", re.DOTALL)
_VERSION_NUMBER = re.compile(r"([0-9]{1,9})(?:\.0)?")

_Element = etree._Element  # noqa: SLF001 - the type lxml gives its elements has no public name
T = TypeVar("T")


class Rules(Enum):
    """How strictly metadata is read: required attributes differ by transaction (TF-3 table 4.3.1-3)."""

    PROVIDE = auto()
    """ITI-41: hash, size and repositoryUniqueId may be absent, the repository fills them."""
    REGISTER = auto()
    """ITI-42 and 57."""
    ANSWER = auto()
    """A result of a query: what is there is read, only identity is required."""


#: What is told of one message: a sender corrects the first hundred before the rest; an answer stays small.
_MOST_PROBLEMS = 100


@dataclass(slots=True)
class Problems:
    """The list that readers add to."""

    rules: Rules
    found: list[RegistryError] = field(default_factory=list)

    def add(self, location: str, context: str, code: Xds = Xds.REGISTRY_METADATA) -> None:
        """Note one broken rule; the first hundred are kept."""
        if len(self.found) < _MOST_PROBLEMS:
            self.found.append(RegistryError(code, context, location=location))

    @property
    def strict(self) -> bool:
        """Whether required attributes are demanded."""
        return self.rules is not Rules.ANSWER


@dataclass(slots=True)
class RawObject:
    """Parts of one registry object by name and scheme, with readers for the data types of XDS."""

    element: _Element
    kind: str
    problems: Problems
    id: str = ""
    slots: dict[str, tuple[str, ...]] = field(default_factory=dict)
    title: str = ""
    comments: str = ""
    version: int | None = None
    classifications: dict[str, list[_Element]] = field(default_factory=dict)
    nodes: set[str] = field(default_factory=set)
    identifiers: dict[str, str] = field(default_factory=dict)

    def complain(self, attribute: str, what: str, code: Xds = Xds.REGISTRY_METADATA) -> None:
        """Note a problem of one attribute."""
        self.problems.add(self.id, f"{self.kind}.{attribute} {what}", code)

    def value(self, name: Slot, *, required: bool = False) -> str:
        """Take the single value of a slot; an absent one is an empty string."""
        values = self.slots.pop(name, ())
        if len(values) > 1:
            self.complain(name, "has more than one value")
        text = values[0].strip() if values else ""
        if required and not text and self.problems.strict:
            self.complain(name, "is missing")
        return text

    def values(self, name: Slot) -> tuple[str, ...]:
        """Take all values of a slot."""
        return self.slots.pop(name, ())

    def time(self, name: Slot, *, required: bool = False) -> str:
        """Take a slot that holds an HL7 time of year to second precision."""
        text = self.value(name, required=required)
        if text and self.problems.strict and not is_time(text):
            self.complain(name, "is no time YYYY[MM[DD[hh[mm[ss]]]]]")
        return text

    def long_text(self, name: Slot) -> str:
        """Take a value that may be cut into pieces `1|…`, `2|…` (TF-3 4.2.3.2.28)."""
        values = self.slots.pop(name, ())
        pieces = [_PART.fullmatch(value.strip()) for value in values]
        if len(values) == 1 and not pieces[0]:
            return values[0].strip()
        if not all(pieces):
            self.complain(name, "has pieces without their number")
            return ""
        ordered = sorted((int(piece[1]), piece[2]) for piece in pieces if piece)
        return "".join(text for _, text in ordered)

    def identifier(self, scheme: str, attribute: str) -> str:
        """Return the value of an external identifier."""
        text = self.identifiers.get(scheme, "").strip()
        if not text:
            self.complain(attribute, "is missing")
        return text

    def patient(self, scheme: str) -> CX:
        """Return the patient id; a wrong one is noted and an empty one returned."""
        text = self.identifier(scheme, "patientId")
        return (self.parsed(CX.parse, text, "patientId") if text else None) or CX("", "")

    def parsed(self, parse: Callable[[str], T], text: str, attribute: str) -> T | None:
        """Read an HL7 string; a wrong one is noted."""
        try:
            return parse(text) if text else None
        except IdentifierInvalid as error:
            self.complain(attribute, f"is not of the form {error.data.get('expected', '')}")
            return None

    def code(self, scheme: str, attribute: str, *, required: bool = True) -> Code | None:
        """Return the only code of a classification scheme."""
        codes = self.codes(scheme, attribute, required=required)
        if len(codes) > 1:
            self.complain(attribute, "is given more than once")
        return codes[0] if codes else None

    def codes(self, scheme: str, attribute: str, *, required: bool = False) -> tuple[Code, ...]:
        """Return all codes of a classification scheme."""
        found = self.classifications.get(scheme, ())
        if required and not found and self.problems.strict:
            self.complain(attribute, "is missing")
        return tuple(self._code(element, attribute) for element in found)

    def authors(self, scheme: str) -> tuple[Author, ...]:
        """Return the authors."""
        return tuple(self._author(element) for element in self.classifications.get(scheme, ()))

    def _code(self, element: _Element, attribute: str) -> Code:
        slots, display = _slots_and_name(element)
        code, schemes = element.get("nodeRepresentation", ""), slots.get(Slot.CODING_SCHEME, ())
        scheme = schemes[0].strip() if len(schemes) == 1 else ""
        # Without one of them no query could ever name it.
        if self.problems.strict and not (code.strip() and scheme and display):
            self.complain(attribute, "lacks its code, coding scheme or display name")
        return Code(code, scheme, display)

    def _author(self, element: _Element) -> Author:
        slots, _ = _slots_and_name(element)
        persons = slots.get(Slot.AUTHOR_PERSON, ())
        if len(persons) > 1:
            self.complain(Slot.AUTHOR_PERSON, "has more than one value")
        institutions = slots.get(Slot.AUTHOR_INSTITUTION, ())
        telecoms = slots.get(Slot.AUTHOR_TELECOM, ())
        if self.problems.strict and not (persons or institutions or telecoms):
            self.complain("author", "has no authorPerson, authorInstitution or authorTelecommunication")
        parsed = (self.parsed(XON.parse, text.strip(), Slot.AUTHOR_INSTITUTION) for text in institutions)
        person = persons[0].strip() if persons else ""
        return Author(
            self.parsed(XCN.parse, person, Slot.AUTHOR_PERSON),
            tuple(one for one in parsed if one is not None),
            slots.get(Slot.AUTHOR_ROLE, ()),
            slots.get(Slot.AUTHOR_SPECIALTY, ()),
            telecoms,
            received=person,
        )

    def references(self) -> tuple[ReferenceId, ...]:
        """Take the reference ids."""
        name = Slot.REFERENCE_IDS
        found = (self.parsed(ReferenceId.parse, text.strip(), name) for text in self.slots.pop(name, ()))
        return tuple(one for one in found if one is not None)


def take_apart(
    element: _Element, kind: str, problems: Problems, beside: Iterable[_Element] = ()
) -> RawObject:
    """Sort the children of a registry object, and the classifications that stand `beside` it.

    `kind` is its name in messages.
    """
    raw = RawObject(element, kind, problems, element.get("id", ""))
    if not raw.id:
        raw.complain("entryUUID", "is missing")
    elif problems.strict and not is_reference(raw.id):
        raw.complain("entryUUID", "begins like a UUID and is none in lower case")
    for child in element:
        sort = _SORTERS.get(child.tag)
        if sort is not None:
            sort(raw, child)
    for each in beside:
        _sort_classification(raw, each)
    return raw


def _sort_slot(raw: RawObject, child: _Element) -> None:
    name, values = _slot(child)
    if name in raw.slots:
        raw.complain("slots", "have a name twice")
    raw.slots[name] = values


def _sort_identifier(raw: RawObject, child: _Element) -> None:
    scheme = child.get("identificationScheme", "")
    if scheme in raw.identifiers:
        raw.complain("external identifiers", "have a scheme twice")
    raw.identifiers[scheme] = child.get("value", "")
    _belongs(raw, child.get("registryObject", ""))


def _sort_name(raw: RawObject, child: _Element) -> None:
    raw.title = _localized(child)


def _sort_description(raw: RawObject, child: _Element) -> None:
    raw.comments = _localized(child)


def _sort_list(raw: RawObject, _: _Element) -> None:
    # RIM has it in packages; XDS does not, and what stands in it would be kept without being looked at.
    if raw.problems.strict:
        raw.complain("RegistryObjectList", "is not allowed inside an object")


def _sort_version(raw: RawObject, child: _Element) -> None:
    number = _VERSION_NUMBER.fullmatch(child.get("versionName", ""))
    raw.version = int(number[1]) if number else None


def _sort_classification(raw: RawObject, child: _Element) -> None:
    scheme = child.get("classificationScheme")
    if scheme:
        raw.classifications.setdefault(scheme, []).append(child)
    else:
        raw.nodes.add(child.get("classificationNode", ""))
    _belongs(raw, child.get("classifiedObject", ""))


def _belongs(raw: RawObject, target: str) -> None:
    if target != raw.id and raw.problems.strict:
        raw.complain("parts", "point at another object")


def _slot(element: _Element) -> tuple[str, tuple[str, ...]]:
    # Tags compared by hand: a matcher made by `iterchildren` for each of thirty slots costs twice as much.
    return element.get("name", ""), tuple(
        [
            value.text or ""
            for listed in element
            if listed.tag == _VALUE_LIST
            for value in listed
            if value.tag == _VALUE
        ]
    )


def _slots_and_name(element: _Element) -> tuple[dict[str, tuple[str, ...]], str]:
    slots: dict[str, tuple[str, ...]] = {}
    name = ""
    for child in element:
        if child.tag == _SLOT:
            key, values = _slot(child)
            # A name given twice is more than one value, wherever one is expected.
            slots[key] = slots.get(key, ()) + values
        elif child.tag == _NAME:
            name = _localized(child)
    return slots, name


def _localized(element: _Element) -> str:
    for child in element:
        if child.tag == _LOCALIZED:
            return child.get("value", "")
    return ""


_SORTERS: dict[object, Callable[[RawObject, _Element], None]] = {
    _SLOT: _sort_slot,
    _CLASSIFICATION: _sort_classification,
    _IDENTIFIER: _sort_identifier,
    _NAME: _sort_name,
    _DESCRIPTION: _sort_description,
    _VERSION: _sort_version,
    _OBJECT_LIST: _sort_list,
}
