"""ITI-41 Provide and Register Document Set-b: documents and their metadata to the repository (TF-2 3.41)."""

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lxml import etree

from erepo.content import Content, MemoryContent
from erepo.soap.mtom import Attachment, include, octets_of
from erepo.xds.ebrim import Rules
from erepo.xds.errors import MetadataError, RegistryError
from erepo.xds.model import Association, DocumentEntry, Folder, MetadataSet, SubmissionSet
from erepo.xds.submitting import SUBMIT, Registration, object_list, read_submit, write_submit
from erepo.xds.vocabulary import LCM, RIM, XDSB, Xds

if TYPE_CHECKING:
    from erepo.soap.verifying import Verified

ACTION: Final = "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b"
RESPONSE_ACTION: Final = f"{ACTION}Response"

_REQUEST = f"{{{XDSB}}}ProvideAndRegisterDocumentSetRequest"
_DOCUMENT = f"{{{XDSB}}}Document"
_MAP = {"xds": XDSB, "lcm": LCM, "rim": RIM}
_MOST_PROBLEMS = 100

_Element = etree._Element  # noqa: SLF001 - the type lxml gives its elements has no public name


@dataclass(frozen=True, slots=True)
class Submission:
    """A submission set with its documents, each with its octets, and what else it brings."""

    submission_set: SubmissionSet
    entries: tuple[tuple[DocumentEntry, Content], ...]
    associations: tuple[Association, ...] = ()
    folders: tuple[Folder, ...] = ()

    def metadata(self) -> MetadataSet:
        """Return all objects; entries and folders without membership get one, as Original."""
        return self.registration().metadata()

    def registration(self) -> Registration:
        """Return the submission without its octets, as ITI-42 would carry it."""
        documents = tuple(entry for entry, _ in self.entries)
        return Registration(self.submission_set, documents, self.folders, self.associations)


def write_request(submission: Submission) -> tuple[_Element, tuple[Attachment, ...]]:
    """Write the body of a request and the attachments that its xop:Include elements name."""
    payload = etree.Element(_REQUEST, nsmap=_MAP)
    write_submit(submission.metadata(), payload)
    message = uuid.uuid4().hex
    attachments = []
    for number, (entry, content) in enumerate(submission.entries, 1):
        attachment = Attachment(f"{number}.{message}@erepo", content, entry.mime_type)
        etree.SubElement(payload, _DOCUMENT, {"id": entry.entry_uuid}).append(include(attachment.content_id))
        attachments.append(attachment)
    return payload, tuple(attachments)


def read_request(verified: "Verified") -> Submission:
    """Read a request; contents are views into the received message, entries without hash and size are fine.

    How the objects stand to each other and to the registry is checked by who keeps the registry.

    Raises:
        MessageShapeWrong: the payload is no such request.
        MetadataError: metadata breaks a rule, a document lacks its metadata
            (XDSMissingDocumentMetadata) or an entry its document (XDSMissingDocument).
    """
    found = read_submit(objects_of(verified), Rules.PROVIDE)
    documents = _documents(verified.payload)
    _check_pairs(found, documents)
    entries = tuple(
        (entry, MemoryContent(octets_of(verified.received, documents[entry.entry_uuid])))
        for entry in found.documents
    )
    return Submission(found.submission_set, entries, found.associations, found.folders)


def objects_of(verified: "Verified") -> _Element:
    """Return the only RegistryObjectList of a request.

    Raises:
        MessageShapeWrong: the payload is no such request, or has not exactly one.
    """
    payload = verified.payload
    submits = payload.findall(SUBMIT) if payload.tag == _REQUEST else []
    expected = "xds:ProvideAndRegisterDocumentSetRequest with one lcm:SubmitObjectsRequest expected"
    return object_list(submits[0] if len(submits) == 1 else None, Xds.REPOSITORY_ERROR, expected)


def _documents(payload: _Element) -> dict[str, _Element]:
    found: dict[str, _Element] = {}
    for element in payload.iterchildren(_DOCUMENT):
        name = element.get("id", "")
        if name in found:
            raise MetadataError(
                [RegistryError(Xds.REPOSITORY_METADATA, "two documents with one id", location=name)]
            )
        found[name] = element
    return found


def _check_pairs(found: Registration, documents: dict[str, _Element]) -> None:
    entries = dict.fromkeys(entry.entry_uuid for entry in found.documents)
    problems = [
        RegistryError(Xds.MISSING_DOCUMENT, "DocumentEntry without its document", location=name)
        for name in entries
        if name not in documents
    ]
    problems += [
        RegistryError(Xds.MISSING_DOCUMENT_METADATA, "document without its DocumentEntry", location=name)
        for name in documents
        if name not in entries
    ]
    if problems:
        raise MetadataError(problems[:_MOST_PROBLEMS])
