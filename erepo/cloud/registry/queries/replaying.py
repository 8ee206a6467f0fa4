"""The objects of an answer: references, or the XML that came in.

What may change after an object was registered stands in columns (status; when a folder was last updated)
and is put in its place here; all else is given back as it was received.
"""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import zstandard
from lxml import etree
from sqlalchemy import Connection, Row, bindparam, select

from erepo.cloud.registry.kinds import Kind, Status
from erepo.cloud.registry.queries.reading import (
    MOST_OBJECTS,
    MOST_OCTETS,
    MOST_REFERENCES,
    check_number,
    check_octets,
    portions,
)
from erepo.cloud.registry.stamping import Element
from erepo.cloud.storage.tables import registry_object
from erepo.xds.vocabulary import APPROVED, DEPRECATED, RIM, Slot

_object = registry_object.c
_KEPT = select(_object.id, _object.kind, _object.status, _object.created, _object.xml).where(
    _object.tenant_id == bindparam("tenant"), _object.id.in_(bindparam("ids", expanding=True))
)
_STATUS_URN = {int(Status.APPROVED): APPROVED, int(Status.DEPRECATED): DEPRECATED}
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
_SLOT, _VALUE_LIST, _VALUE = (f"{{{RIM}}}{name}" for name in ("Slot", "ValueList", "Value"))


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
    rows: list[Row[Any]] = []
    texts: list[bytes] = []
    for row in _whole(connection, tenant_id, chosen):
        size += zstandard.frame_content_size(row.xml)
        check_octets(size)
        rows.append(row)
        texts.append(context.decompress(row.xml, max_output_size=MOST_OCTETS))
    # At once: beginning to parse costs as much as parsing one object.
    parsed = etree.fromstring(b"<all>" + b"".join(texts) + b"</all>", _PARSER)
    elements = {row.id: _renew(row, element) for row, element in zip(rows, list(parsed), strict=True)}
    # What another transaction removed in between is not there any more.
    return Found(elements=tuple(elements[row.id] for row in chosen if row.id in elements))


def _whole(connection: Connection, tenant_id: int, chosen: Sequence[Row[Any]]) -> Iterator[Row[Any]]:
    """Yield the rows with their XML; those that came with it are not asked for again."""
    yield from (row for row in chosen if hasattr(row, "xml"))
    for numbers in portions(row.id for row in chosen if not hasattr(row, "xml")):
        yield from connection.execute(_KEPT, {"tenant": tenant_id, "ids": numbers})


def _renew(row: Row[Any], element: Element) -> Element:
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
