"""ITI-41: documents and metadata reach the other side as they were."""

import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from erepo.content import MemoryContent, read_all
from erepo.soap.mtom import Attachment
from erepo.xds import iti41
from erepo.xds.errors import MessageShapeWrong, MetadataError
from erepo.xds.iti41 import Submission
from erepo.xds.model import Association, Code, Folder
from erepo.xds.vocabulary import ORIGINAL, XDSB, AssociationType, Xds
from tests.support.xds import PATIENT, assert_valid, document, over_the_wire, submission, submission_set

DOCUMENT = f"{{{XDSB}}}Document"


@settings(max_examples=20, deadline=None)
@given(st.lists(st.binary(max_size=300), max_size=3), st.booleans())
def test_octets_and_metadata_arrive_as_they_were(octets: list[bytes], mtom: bool) -> None:
    """Beside the XML or inline as base64, every octet and attribute comes back."""
    sent = submission(*octets)
    payload, attachments = iti41.write_request(sent)
    received = iti41.read_request(over_the_wire(payload, attachments, mtom=mtom))
    assert received.submission_set == sent.submission_set
    assert [entry for entry, _ in received.entries] == [entry for entry, _ in sent.entries]
    assert [read_all(content) for _, content in received.entries] == octets


def test_a_request_is_valid(schema: etree.XMLSchema) -> None:
    """Requests with and without documents satisfy IHEXDSB.xsd."""
    for sent in (submission(b"a", b"b"), submission()):
        assert_valid(schema, iti41.write_request(sent)[0])


def test_every_entry_becomes_an_original_member_of_the_set() -> None:
    """The caller need not write the HasMember associations."""
    sent = submission(b"a", b"b")
    received = iti41.read_request(over_the_wire(*iti41.write_request(sent)))
    found = [(one.type, one.source, one.target, one.submission_set_status) for one in received.associations]
    assert found == [
        (AssociationType.HAS_MEMBER, "SubmissionSet01", name, ORIGINAL)
        for name in ("Document01", "Document02")
    ]


def test_associations_and_folders_of_the_caller_are_sent_too() -> None:
    """What is a member already is not made one again; a folder gets its own membership."""
    member = Association(
        entry_uuid="as1",
        type=AssociationType.HAS_MEMBER,
        source="SubmissionSet01",
        target="Document01",
        submission_set_status=ORIGINAL,
    )
    replaces = Association(
        entry_uuid="as2", type=AssociationType.REPLACE, source="Document01", target=uuid.uuid4().urn
    )
    folder = Folder(
        entry_uuid="F", unique_id="1.9", patient_id=PATIENT, codes=(Code("A", "B", "C"),), title="t"
    )
    sent = Submission(submission_set(), submission(b"a").entries, (member, replaces), (folder,))
    received = iti41.read_request(over_the_wire(*iti41.write_request(sent)))
    assert received.folders == (folder,)
    assert {member, replaces} < set(received.associations)
    assert [one.target for one in received.metadata().members_of("SubmissionSet01")] == ["F", "Document01"]


def test_received_contents_are_views_not_copies() -> None:
    """A large document is held once."""
    received = iti41.read_request(over_the_wire(*iti41.write_request(submission(b"x" * 1000))))
    content = received.entries[0][1]
    assert isinstance(content, MemoryContent)
    assert isinstance(content.octets, memoryview)


def test_two_requests_never_share_a_content_id() -> None:
    """Content ids are unique over messages, as RFC 2392 wants."""
    names = [iti41.write_request(submission(b"a"))[1][0].content_id for _ in range(2)]
    assert names[0] != names[1]


def refused(payload: etree._Element, attachments: tuple[Attachment, ...]) -> list[tuple[str, str]]:
    """Return (code, location) of each problem of a request."""
    with pytest.raises(MetadataError) as caught:
        iti41.read_request(over_the_wire(payload, attachments))
    return [(error.code, error.location) for error in caught.value.errors]


def test_an_entry_without_its_document_is_refused() -> None:
    """The code is XDSMissingDocument and names the entry."""
    payload, attachments = iti41.write_request(submission(b"a", b"b"))
    payload.remove(payload.findall(DOCUMENT)[1])
    assert refused(payload, attachments[:1]) == [(Xds.MISSING_DOCUMENT, "Document02")]


def test_a_document_without_its_entry_is_refused() -> None:
    """The code is XDSMissingDocumentMetadata and names the document's id."""
    payload, attachments = iti41.write_request(submission(b"a"))
    payload.find(DOCUMENT).set("id", "Other")  # type: ignore[union-attr]
    assert refused(payload, attachments) == [
        (Xds.MISSING_DOCUMENT, "Document01"),
        (Xds.MISSING_DOCUMENT_METADATA, "Other"),
    ]


def test_two_documents_with_one_id_are_refused() -> None:
    """It would be unclear which octets belong to the entry."""
    payload, attachments = iti41.write_request(submission(b"a", b"b"))
    for element in payload.findall(DOCUMENT):
        element.set("id", "Document01")
    assert refused(payload, attachments) == [(Xds.REPOSITORY_METADATA, "Document01")]


def test_exactly_one_submission_set_is_demanded() -> None:
    """None and two are refused alike."""
    payload, attachments = iti41.write_request(submission(b"a"))
    package = next(payload.iter("{*}RegistryPackage"))
    package.getparent().remove(package)  # type: ignore[union-attr]
    assert refused(payload, attachments) == [(Xds.REGISTRY_METADATA, "")]


def test_wrong_metadata_is_refused_with_its_place() -> None:
    """The reader's problems come through."""
    sent = Submission(submission_set(), ((document(class_code=None), MemoryContent(b"a")),))
    assert refused(*iti41.write_request(sent)) == [(Xds.REGISTRY_METADATA, "Document01")]


@pytest.mark.parametrize("text", ["<x/>", f'<ProvideAndRegisterDocumentSetRequest xmlns="{XDSB}"/>'])
def test_another_payload_is_refused(text: str) -> None:
    """A body that is no ITI-41 request has the wrong shape."""
    with pytest.raises(MessageShapeWrong) as caught:
        iti41.read_request(over_the_wire(etree.fromstring(text)))
    assert caught.value.errors[0].code == Xds.REPOSITORY_ERROR
