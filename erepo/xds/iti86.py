"""ITI-86 Remove Documents: octets taken out of the repository; metadata stays (supplement RMD, 3.86)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from lxml import etree

from erepo.xds.errors import MessageShapeWrong, RegistryError
from erepo.xds.iti43 import DocumentRequest, read_document_requests, write_document_requests
from erepo.xds.vocabulary import RMD, XDSB, Xds

if TYPE_CHECKING:
    from erepo.soap.verifying import Verified

__all__ = ["ACTION", "RESPONSE_ACTION", "DocumentRequest", "read_request", "write_request"]

ACTION: Final = "urn:ihe:iti:2017:RemoveDocuments"
RESPONSE_ACTION: Final = f"{ACTION}Response"

_REQUEST = f"{{{RMD}}}RemoveDocumentsRequest"
_MAP = {"rmd": RMD, "xds": XDSB}


def write_request(requests: Sequence[DocumentRequest]) -> etree._Element:
    """Write the body of a request for at least one document."""
    payload = etree.Element(_REQUEST, nsmap=_MAP)
    write_document_requests(payload, requests)
    return payload


def read_request(verified: "Verified") -> tuple[DocumentRequest, ...]:
    """Read which documents are to be removed; any number, whatever some published schemas say.

    Raises:
        MessageShapeWrong: the payload is no such request, names no document, or lacks an id.
    """
    if verified.payload.tag != _REQUEST:
        raise MessageShapeWrong([RegistryError(Xds.REPOSITORY_ERROR, "rmd:RemoveDocumentsRequest expected")])
    return read_document_requests(verified.payload)
