"""What the registry writes onto received metadata before it keeps it (TF-2 3.42.4.1.3, 3.41.4.1.3).

The received elements are kept as they are, except for what the profile has the registry or repository fill
in: entryUUIDs in the place of symbolic ids, status, logical id and version; in ITI-41 also hash, size and
repositoryUniqueId. Slots and classifications that we do not know stay; `xsi:type`, which an element's name
says already, goes.
"""

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from lxml import etree

from erepo.identifiers.uuids import ordered_uuid
from erepo.xds.vocabulary import (
    APPROVED,
    OBJECT_ASSOCIATION,
    OBJECT_CLASSIFICATION,
    OBJECT_EXTERNAL_IDENTIFIER,
    OBJECT_REGISTRY_PACKAGE,
    RIM,
    Slot,
)

_EXTRINSIC = f"{{{RIM}}}ExtrinsicObject"
_PACKAGE = f"{{{RIM}}}RegistryPackage"
_ASSOCIATION = f"{{{RIM}}}Association"
_CLASSIFICATION = f"{{{RIM}}}Classification"
_IDENTIFIER = f"{{{RIM}}}ExternalIdentifier"
_SLOT = f"{{{RIM}}}Slot"
_VALUE_LIST = f"{{{RIM}}}ValueList"
_VALUE = f"{{{RIM}}}Value"
_VERSION = f"{{{RIM}}}VersionInfo"
_BEFORE_VERSION = frozenset({_SLOT, f"{{{RIM}}}Name", f"{{{RIM}}}Description"})
_OBJECTS = frozenset({_EXTRINSIC, _PACKAGE, _ASSOCIATION})
#: Optional when submitted, required in answers (TF-3 tables 4.2.3.1.2-1 and 4.2.3.1.3-1).
_OBJECT_TYPES = {
    _PACKAGE: OBJECT_REGISTRY_PACKAGE,
    _ASSOCIATION: OBJECT_ASSOCIATION,
    _CLASSIFICATION: OBJECT_CLASSIFICATION,
    _IDENTIFIER: OBJECT_EXTERNAL_IDENTIFIER,
}
_URN = "urn:uuid:"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_XSI_TYPE = f"{{{_XSI}}}type"
_typed = etree.XPath("descendant::*[@xsi:type]", namespaces={"xsi": _XSI})
_text = etree.XPath("normalize-space()")

Element = etree._Element  # noqa: SLF001  # the type lxml gives its elements has no public name


@dataclass(frozen=True, slots=True)
class Facts:
    """What the repository says about a received document."""

    sha1: str
    size: int
    repository_unique_id: str


@dataclass(frozen=True, slots=True)
class Lineage:
    """Which object a new version is one of (ITI-57)."""

    lid: str
    version: int


@dataclass(frozen=True, slots=True)
class Stamped:
    """One object of the registry, ready to be kept."""

    id: str
    """The id it had in the message: a symbol or `urn:uuid:…`."""
    entry_uuid: uuid.UUID
    given: bool
    """Whether the client chose the entryUUID."""
    lid: uuid.UUID
    version: int
    xml: bytes
    """Exclusive c14n."""


def is_uuid(identifier: str) -> bool:
    """Tell whether an id is an entryUUID and no symbol."""
    return identifier.startswith(_URN)


def stamp(
    objects: Element, facts: Mapping[str, Facts], lineage: Mapping[str, Lineage] = MappingProxyType({})
) -> list[Stamped]:
    """Fill in what the registry owes, and return each object; the tree is changed in place.

    Args:
        objects: the received RegistryObjectList, read and checked before.
        facts: for each document entry that came with octets, by its id in the message.
        lineage: for each new version of a registered object, by its id in the message.

    Raises:
        ValueError: an id begins like a UUID and is none (checked before by the rules).
    """
    _gather_classifications(objects)
    # Its prefix would lose its declaration: exclusive c14n sees none in the value of an attribute.
    for element in _typed(objects):
        del element.attrib[_XSI_TYPE]
    elements = [element for element in objects if element.tag in _OBJECTS]
    uuids = _uuids(elements)
    fresh = _fresh()
    stamped = []
    for element, (identifier, (given, entry_uuid)) in zip(elements, uuids.items(), strict=True):
        line = lineage.get(identifier)
        lid, version = (uuid.UUID(line.lid), line.version) if line else (entry_uuid, 1)
        _stamp_object(element, entry_uuid.urn, lid.urn, version, fresh)
        if element.tag == _EXTRINSIC and identifier in facts:
            _stamp_document(element, facts[identifier])
        elif element.tag == _ASSOCIATION:
            _stamp_association(element, uuids)
        stamped.append(Stamped(identifier, entry_uuid, given, lid, version, _octets(element)))
    return stamped


def _uuids(elements: Iterable[Element]) -> dict[str, tuple[bool, uuid.UUID]]:
    found: dict[str, tuple[bool, uuid.UUID]] = {}
    for number, element in enumerate(elements):
        # An association may come without any id; it still needs a place of its own.
        identifier = element.get("id") or f"\0{number}"
        given = is_uuid(identifier)
        found[identifier] = (given, uuid.UUID(identifier) if given else ordered_uuid())
    return found


def _fresh() -> Iterator[str]:
    """Yield ids for classifications and identifiers: one random draw, then counting."""
    start = uuid.uuid4()
    head, number = str(start)[:24], start.int & 0xFFFF_FFFF_FFFF
    while True:
        yield f"{_URN}{head}{number:012x}"
        number = (number + 1) & 0xFFFF_FFFF_FFFF


def _gather_classifications(objects: Element) -> None:
    """Move classifications that stand beside their object (as TF-3 allows) into it."""
    loose = [element for element in objects if element.tag == _CLASSIFICATION]
    if not loose:
        return
    owners = {element.get("id"): element for element in objects if element.tag in _OBJECTS}
    gathered: dict[Element, list[Element]] = {}
    for element in loose:
        owner = owners.get(element.get("classifiedObject"))
        if owner is not None:
            element.tail = None
            gathered.setdefault(owner, []).append(element)
    # All of an object at once: a place looked up for each would cost the square of their number.
    for owner, elements in gathered.items():
        place = _index(owner, after=lambda tag: tag != _IDENTIFIER)
        owner[place:place] = elements


def _index(element: Element, after: Callable[[str], bool]) -> int:
    return next((place for place, child in enumerate(element) if not after(str(child.tag))), len(element))


def _stamp_object(element: Element, urn: str, lid: str, number: int, fresh: Iterator[str]) -> None:
    element.set("id", urn)
    element.set("lid", lid)
    element.set("status", APPROVED)
    _name_type(element)
    for child in list(element):
        if child.tag == _CLASSIFICATION:
            child.set("classifiedObject", urn)
        elif child.tag == _IDENTIFIER:
            child.set("registryObject", urn)
        elif child.tag == _VERSION:
            element.remove(child)
            continue
        else:
            continue
        _name_type(child)
        if not is_uuid(child.get("id", "")):
            child.set("id", next(fresh))
    version = etree.Element(_VERSION)
    version.set("versionName", str(number))
    element.insert(_index(element, after=_BEFORE_VERSION.__contains__), version)


def _name_type(element: Element) -> None:
    kind = _OBJECT_TYPES.get(str(element.tag))
    if kind and not element.get("objectType"):
        element.set("objectType", kind)


def _stamp_document(element: Element, facts: Facts) -> None:
    wanted = {
        Slot.HASH.value: facts.sha1,
        Slot.SIZE.value: str(facts.size),
        Slot.REPOSITORY.value: facts.repository_unique_id,
    }
    for child in [child for child in element if child.tag == _SLOT and child.get("name") in wanted]:
        # What was said rightly stays as it was said: in its place, a hash in capitals.
        if str(_text(child)).lower() == wanted[child.get("name", "")]:
            del wanted[child.get("name", "")]
        else:
            element.remove(child)
    for name, value in wanted.items():
        slot = etree.Element(_SLOT)
        slot.set("name", name)
        etree.SubElement(etree.SubElement(slot, _VALUE_LIST), _VALUE).text = value
        element.insert(0, slot)


def _stamp_association(element: Element, uuids: Mapping[str, tuple[bool, uuid.UUID]]) -> None:
    for end in ("sourceObject", "targetObject"):
        found = uuids.get(element.get(end, ""))
        if found is not None:
            element.set(end, found[1].urn)


def _octets(element: Element) -> bytes:
    element.tail = None
    return etree.tostring(element, method="c14n", exclusive=True, with_comments=False)
