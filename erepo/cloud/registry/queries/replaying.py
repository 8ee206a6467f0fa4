"""The objects of an answer: references, or the XML that came in.

What may change after an object was registered stands in columns (status; when a folder was last updated)
and is put in its place here; all else is given back as it was received.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import zstandard
from lxml import etree
from sqlalchemy import Connection, Row, bindparam, select

from erepo.cloud.registry.kinds import Kind, Status
from erepo.cloud.registry.queries.reading import MOST_OBJECTS, MOST_REFERENCES, check_number, portions
from erepo.cloud.registry.stamping import Element
from erepo.cloud.storage.tables import registry_object
from erepo.xds.errors import QueryError
from erepo.xds.responses import RegistryError
from erepo.xds.vocabulary import APPROVED, DEPRECATED, RIM, Slot, Xds

_object = registry_object.c
_KEPT = select(_object.id, _object.kind, _object.status, _object.created, _object.xml).where(
    _object.tenant_id == bindparam("tenant"), _object.id.in_(bindparam("ids", expanding=True))
)
_STATUS_URN = {int(Status.APPROVED): APPROVED, int(Status.DEPRECATED): DEPRECATED}
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
_SLOT, _VALUE_LIST, _VALUE = (f"{{{RIM}}}{name}" for name in ("Slot", "ValueList", "Value"))
#: Most octets of XML in one answer: few clients read more, and it is all in memory at once.
MOST_OCTETS = 64 * 1024**2


@dataclass(frozen=True, slots=True)
class Found:
    """The result of a query: references, or elements as they were received."""

    refs: tuple[str, ...] = ()
    elements: tuple[Element, ...] = ()


def references(chosen: Sequence[Row[Any]]) -> Found:
    """Return ids only.

    Raises:
        QueryError: XDSTooManyResults.
    """
    check_number(chosen, MOST_REFERENCES)
    return Found(refs=tuple(uuid.UUID(bytes=bytes(row.entry_uuid)).urn for row in chosen))


def replay(connection: Connection, tenant_id: int, chosen: Sequence[Row[Any]]) -> Found:
    """Return whole objects, in the order they were chosen.

    Raises:
        QueryError: XDSTooManyResults.
    """
    check_number(chosen, MOST_OBJECTS)
    context, size = zstandard.ZstdDecompressor(), 0
    elements: dict[int, Element] = {}
    for numbers in portions(row.id for row in chosen):
        for row in connection.execute(_KEPT, {"tenant": tenant_id, "ids": numbers}):
            size += zstandard.frame_content_size(row.xml)
            if size > MOST_OCTETS:
                context_text = f"more than {MOST_OCTETS} bytes of metadata"
                raise QueryError([RegistryError(Xds.TOO_MANY_RESULTS, context_text)])
            octets = context.decompress(row.xml, max_output_size=MOST_OCTETS)
            elements[row.id] = _element(row, octets)
    # What another transaction removed in between is not there any more.
    return Found(elements=tuple(elements[row.id] for row in chosen if row.id in elements))


def _element(row: Row[Any], octets: bytes) -> Element:
    element = etree.fromstring(octets, _PARSER)
    element.set("status", _STATUS_URN[row.status])
    if row.kind == Kind.FOLDER:
        _set_last_update(element, row.created)
    return element


def _set_last_update(element: Element, time: str | None) -> None:
    if not time:
        return
    slot = next(
        (each for each in element.iterchildren(_SLOT) if each.get("name") == Slot.LAST_UPDATE_TIME), None
    )
    if slot is None:
        slot = etree.Element(_SLOT, {"name": Slot.LAST_UPDATE_TIME.value})
        element.insert(0, slot)
    else:
        for child in list(slot):
            slot.remove(child)
    etree.SubElement(etree.SubElement(slot, _VALUE_LIST), _VALUE).text = time
