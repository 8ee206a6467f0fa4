"""ITI-43 Retrieve Document Set: octets of documents by repository and document uniqueId (TF-2 3.43)."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lxml import etree

from erepo.content import Content, MemoryContent
from erepo.soap.mtom import Attachment, include, octets_of
from erepo.xds.errors import MessageShapeWrong, RegistryError
from erepo.xds.responses import outcome, read_registry_response, write_registry_response
from erepo.xds.vocabulary import RS, XDSB, Xds

if TYPE_CHECKING:
    from erepo.soap.verifying import Verified

ACTION: Final = "urn:ihe:iti:2007:RetrieveDocumentSet"
RESPONSE_ACTION: Final = f"{ACTION}Response"

_REQUEST = f"{{{XDSB}}}RetrieveDocumentSetRequest"
_RESPONSE = f"{{{XDSB}}}RetrieveDocumentSetResponse"
_DOCUMENT_REQUEST = f"{{{XDSB}}}DocumentRequest"
_DOCUMENT_RESPONSE = f"{{{XDSB}}}DocumentResponse"
_HOME = f"{{{XDSB}}}HomeCommunityId"
_REPOSITORY = f"{{{XDSB}}}RepositoryUniqueId"
_UNIQUE = f"{{{XDSB}}}DocumentUniqueId"
_MIME_TYPE = f"{{{XDSB}}}mimeType"
_DOCUMENT = f"{{{XDSB}}}Document"
_REGISTRY_RESPONSE = f"{{{RS}}}RegistryResponse"
_MAP = {"xds": XDSB}

_Element = etree._Element  # noqa: SLF001 - the type lxml gives its elements has no public name


@dataclass(frozen=True, slots=True)
class DocumentRequest:
    """Which document, from which repository; `home` is `urn:oid:…` or empty."""

    repository_unique_id: str
    document_unique_id: str
    home: str = ""


@dataclass(frozen=True, slots=True)
class RetrievedDocument:
    """One document of an answer with its octets."""

    repository_unique_id: str
    document_unique_id: str
    mime_type: str
    content: Content
    home: str = ""


@dataclass(frozen=True, slots=True)
class RetrieveResult:
    """An answer: documents found, and one error for each that was not (its uniqueId is the location)."""

    status: str
    errors: tuple[RegistryError, ...]
    documents: tuple[RetrievedDocument, ...]


def write_request(requests: Sequence[DocumentRequest]) -> _Element:
    """Write the body of a request for at least one document."""
    payload = etree.Element(_REQUEST, nsmap=_MAP)
    write_document_requests(payload, requests)
    return payload


def read_request(verified: "Verified") -> tuple[DocumentRequest, ...]:
    """Read the body of a request.

    Raises:
        MessageShapeWrong: the payload is no such request, or asks for nothing.
    """
    if verified.payload.tag != _REQUEST:
        raise _shape("xds:RetrieveDocumentSetRequest expected")
    return read_document_requests(verified.payload)


def write_document_requests(parent: _Element, requests: Sequence[DocumentRequest]) -> None:
    """Write `xds:DocumentRequest` elements below an element (ITI-43 and ITI-86)."""
    for request in requests:
        _write_ids(etree.SubElement(parent, _DOCUMENT_REQUEST), request)


def read_document_requests(parent: _Element) -> tuple[DocumentRequest, ...]:
    """Read every `xds:DocumentRequest` below an element (ITI-43 and ITI-86).

    Raises:
        MessageShapeWrong: there is none, or one lacks an id.
    """
    requests = tuple(
        DocumentRequest(
            _text(element, _REPOSITORY), _text(element, _UNIQUE), _text(element, _HOME, optional=True)
        )
        for element in parent.iterchildren(_DOCUMENT_REQUEST)
    )
    if not requests:
        raise _shape("xds:DocumentRequest expected")
    return requests


def write_response(
    documents: Sequence[RetrievedDocument], errors: Sequence[RegistryError] = ()
) -> tuple[_Element, tuple[Attachment, ...]]:
    """Write the body of an answer and its attachments; errors beside documents make a PartialSuccess."""
    payload = etree.Element(_RESPONSE, nsmap=_MAP)
    write_registry_response(outcome(errors, results=bool(documents)), errors, parent=payload)
    message = uuid.uuid4().hex
    attachments = []
    for number, document in enumerate(documents, 1):
        attachment = Attachment(f"{number}.{message}@erepo", document.content, document.mime_type)
        element = etree.SubElement(payload, _DOCUMENT_RESPONSE)
        _write_ids(element, document)
        etree.SubElement(element, _MIME_TYPE).text = document.mime_type
        etree.SubElement(element, _DOCUMENT).append(include(attachment.content_id))
        attachments.append(attachment)
    return payload, tuple(attachments)


def read_response(verified: "Verified") -> RetrieveResult:
    """Read an answer; contents are views into the received message.

    A failure is no exception here, since some documents may be there: see `responses.raise_for_status`.

    Raises:
        MessageShapeWrong: the payload is no such answer.
    """
    payload = verified.payload
    response = payload.find(_REGISTRY_RESPONSE) if payload.tag == _RESPONSE else None
    if response is None:
        raise _shape("xds:RetrieveDocumentSetResponse expected")
    status, errors = read_registry_response(response)
    documents = tuple(
        _read_document(verified, element) for element in payload.iterchildren(_DOCUMENT_RESPONSE)
    )
    return RetrieveResult(status, errors, documents)


def _read_document(verified: "Verified", element: _Element) -> RetrievedDocument:
    holder = element.find(_DOCUMENT)
    if holder is None:
        raise _shape("xds:Document expected")
    return RetrievedDocument(
        _text(element, _REPOSITORY),
        _text(element, _UNIQUE),
        _text(element, _MIME_TYPE),
        MemoryContent(octets_of(verified.received, holder)),
        _text(element, _HOME, optional=True),
    )


def _write_ids(element: _Element, ids: DocumentRequest | RetrievedDocument) -> None:
    if ids.home:
        etree.SubElement(element, _HOME).text = ids.home
    etree.SubElement(element, _REPOSITORY).text = ids.repository_unique_id
    etree.SubElement(element, _UNIQUE).text = ids.document_unique_id


def _text(element: _Element, tag: str, *, optional: bool = False) -> str:
    text = (element.findtext(tag) or "").strip()
    if not text and not optional:
        raise _shape(f"{etree.QName(tag).localname} expected")
    return text


def _shape(context: str) -> MessageShapeWrong:
    return MessageShapeWrong([RegistryError(Xds.REPOSITORY_ERROR, context)])
