"""ITI-41 Provide and Register Document Set-b: documents and their metadata to the repository (TF-2 3.41)."""

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lxml import etree

from erepo.content import Content, MemoryContent
from erepo.soap.mtom import Attachment, include, octets_of
from erepo.xds.ebrim import OBJECT_LIST, Rules, read_objects, write_object_list
from erepo.xds.errors import MessageShapeWrong, MetadataError, RegistryError
from erepo.xds.model import Association, DocumentEntry, Folder, MetadataSet, SubmissionSet, new_entry_uuid
from erepo.xds.vocabulary import LCM, ORIGINAL, RIM, XDSB, AssociationType, Xds

if TYPE_CHECKING:
    from erepo.soap.verifying import Verified

ACTION: Final = "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b"
RESPONSE_ACTION: Final = f"{ACTION}Response"

_REQUEST = f"{{{XDSB}}}ProvideAndRegisterDocumentSetRequest"
_DOCUMENT = f"{{{XDSB}}}Document"
_SUBMIT = f"{{{LCM}}}SubmitObjectsRequest"
_MAP = {"xds": XDSB, "lcm": LCM, "rim": RIM}

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
        documents = tuple(entry for entry, _ in self.entries)
        entries: list[DocumentEntry | Folder] = [*documents, *self.folders]
        own = self.submission_set.entry_uuid
        members = {
            one.target
            for one in self.associations
            if one.source == own and one.type == AssociationType.HAS_MEMBER
        }
        added = [
            Association(
                entry_uuid=new_entry_uuid(),
                type=AssociationType.HAS_MEMBER,
                source=own,
                target=entry.entry_uuid,
                submission_set_status=ORIGINAL if isinstance(entry, DocumentEntry) else "",
            )
            for entry in entries
            if entry.entry_uuid not in members
        ]
        return MetadataSet((self.submission_set,), documents, self.folders, (*added, *self.associations))


def write_request(submission: Submission) -> tuple[_Element, tuple[Attachment, ...]]:
    """Write the body of a request and the attachments that its xop:Include elements name."""
    payload = etree.Element(_REQUEST, nsmap=_MAP)
    write_object_list(submission.metadata(), etree.SubElement(payload, _SUBMIT))
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
    payload = verified.payload
    metadata = read_objects(_object_list(payload), Rules.PROVIDE)
    documents = _documents(payload)
    _check_pairs(metadata, documents)
    entries = tuple(
        (entry, MemoryContent(octets_of(verified.received, documents[entry.entry_uuid])))
        for entry in metadata.documents
    )
    return Submission(metadata.submission_sets[0], entries, metadata.associations, metadata.folders)


def _object_list(payload: _Element) -> _Element:
    submit = payload.find(_SUBMIT) if payload.tag == _REQUEST else None
    listed = submit.find(OBJECT_LIST) if submit is not None else None
    if listed is None:
        context = "xds:ProvideAndRegisterDocumentSetRequest with lcm:SubmitObjectsRequest expected"
        raise MessageShapeWrong([RegistryError(Xds.REPOSITORY_ERROR, context)])
    return listed


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


def _check_pairs(metadata: MetadataSet, documents: dict[str, _Element]) -> None:
    entries = [entry.entry_uuid for entry in metadata.documents]
    problems = []
    if len(metadata.submission_sets) != 1:
        problems.append(RegistryError(Xds.REGISTRY_METADATA, "exactly one submission set expected"))
    problems += [
        RegistryError(Xds.MISSING_DOCUMENT, "DocumentEntry without its document", location=name)
        for name in entries
        if name not in documents
    ]
    problems += [
        RegistryError(Xds.MISSING_DOCUMENT_METADATA, "document without its DocumentEntry", location=name)
        for name in documents.keys() - set(entries)
    ]
    if problems:
        raise MetadataError(problems)
