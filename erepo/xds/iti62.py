"""ITI-62 Remove Metadata: objects of the registry by their entryUUIDs (supplement RMD, 3.62)."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from lxml import etree

from erepo.xds.errors import MessageShapeWrong, MetadataError, RegistryError
from erepo.xds.forms import is_entry_uuid
from erepo.xds.vocabulary import LCM, RIM, Xds

if TYPE_CHECKING:
    from erepo.soap.verifying import Verified

ACTION: Final = "urn:ihe:iti:2010:DeleteDocumentSet"
RESPONSE_ACTION: Final = f"{ACTION}Response"
#: Most objects of one request.
MOST_OBJECTS: Final = 10_000

_MOST_PROBLEMS = 100
_REQUEST = f"{{{LCM}}}RemoveObjectsRequest"
_LIST = f"{{{RIM}}}ObjectRefList"
_REFERENCE = f"{{{RIM}}}ObjectRef"
_QUERY = f"{{{RIM}}}AdhocQuery"
#: The default of lcm.xsd; said or unsaid, it means the same.
_DELETE_ALL = "urn:oasis:names:tc:ebxml-regrep:DeletionScopeType:DeleteAll"
_MAP = {"lcm": LCM, "rim": RIM}


def write_request(entry_uuids: Iterable[str]) -> etree._Element:
    """Write the body of a request to remove objects; they go together or not at all."""
    payload = etree.Element(_REQUEST, nsmap=_MAP)
    listed = etree.SubElement(payload, _LIST)
    for name in entry_uuids:
        etree.SubElement(listed, _REFERENCE, {"id": name})
    return payload


def read_request(verified: "Verified") -> tuple[str, ...]:
    """Read the entryUUIDs of the objects to remove, each once, in the order of the request.

    Raises:
        MessageShapeWrong: the payload is no such request, names nothing or too much, asks by a query, or
            asks for another deletion scope than the default (XDSRegistryError).
        MetadataError: an id is no `urn:uuid:…`, so it names nothing here (UnresolvedReferenceException).
    """
    payload = verified.payload
    if payload.tag != _REQUEST:
        raise _shape("lcm:RemoveObjectsRequest expected")
    if payload.find(_QUERY) is not None:
        raise _shape("rim:AdhocQuery is not allowed, objects are named in rim:ObjectRefList")
    if payload.get("deletionScope", _DELETE_ALL) != _DELETE_ALL:
        raise _shape("deletionScope is not allowed")
    lists = payload.findall(_LIST)
    if len(lists) != 1:
        raise _shape("one rim:ObjectRefList expected")
    found = dict.fromkeys(element.get("id", "").strip() for element in lists[0].iterchildren(_REFERENCE))
    if not found or len(found) > MOST_OBJECTS:
        raise _shape(f"from one to {MOST_OBJECTS} rim:ObjectRef expected")
    if wrong := [name for name in found if not is_entry_uuid(name)]:
        context = "ObjectRef.id is no urn:uuid:…"
        raise MetadataError(
            [
                RegistryError(Xds.UNRESOLVED_REFERENCE, context, location=name)
                for name in wrong[:_MOST_PROBLEMS]
            ]
        )
    return tuple(found)


def _shape(context: str) -> MessageShapeWrong:
    return MessageShapeWrong([RegistryError(Xds.REGISTRY_ERROR, context)])
