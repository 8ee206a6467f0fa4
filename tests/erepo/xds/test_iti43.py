"""ITI-43: asking for documents and getting their octets."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from erepo.content import Content, FileContent, MemoryContent, read_all
from erepo.xds import iti43
from erepo.xds.errors import MessageShapeWrong, RegistryError
from erepo.xds.iti43 import DocumentRequest, RetrievedDocument
from erepo.xds.vocabulary import RS, XDSB, ResponseStatus, Xds
from tests.support.xds import OID, SOME, UNIQUE_ID, assert_valid, over_the_wire

HOME = st.just("") | OID.map(lambda oid: f"urn:oid:{oid}")
REQUESTS = st.lists(st.builds(DocumentRequest, OID, UNIQUE_ID, HOME), min_size=1, max_size=3)
DOCUMENTS = st.lists(
    st.builds(RetrievedDocument, OID, UNIQUE_ID, SOME, st.binary(max_size=100).map(MemoryContent), HOME),
    max_size=3,
)
MISSING = RegistryError(Xds.DOCUMENT_UNIQUE_ID, "no such document", location="1.2.3")


@given(REQUESTS)
def test_a_request_comes_back_equal(requests: list[DocumentRequest]) -> None:
    """Ids and community survive the wire."""
    assert iti43.read_request(over_the_wire(iti43.write_request(requests))) == tuple(requests)


@settings(deadline=None)
@given(DOCUMENTS, st.booleans(), st.booleans())
def test_an_answer_comes_back_equal(documents: list[RetrievedDocument], failed: bool, mtom: bool) -> None:
    """Octets, media types and errors survive, beside the XML or inline."""
    errors = (MISSING,) if failed else ()
    result = iti43.read_response(over_the_wire(*iti43.write_response(documents, errors), mtom=mtom))
    assert result.errors == errors
    plain = [
        (one.repository_unique_id, one.document_unique_id, one.mime_type, one.home)
        for one in result.documents
    ]
    assert plain == [
        (one.repository_unique_id, one.document_unique_id, one.mime_type, one.home) for one in documents
    ]
    assert [read_all(one.content) for one in result.documents] == [read_all(one.content) for one in documents]


@pytest.mark.parametrize(
    ("documents", "errors", "status"),
    [
        (1, 0, ResponseStatus.SUCCESS),
        (1, 1, ResponseStatus.PARTIAL),
        (0, 1, ResponseStatus.FAILURE),
    ],
)
def test_the_status_follows_what_was_found(
    schema: etree.XMLSchema, documents: int, errors: int, status: ResponseStatus
) -> None:
    """All, some or none (TF-3 table 4.2.4.2-4), each valid by the schema."""
    found = [RetrievedDocument("1.2", "1.3", "text/xml", MemoryContent(b"a"), "urn:oid:1.2")] * documents
    payload, attachments = iti43.write_response(found, [MISSING] * errors)
    assert_valid(schema, payload)
    assert iti43.read_response(over_the_wire(payload, attachments)).status == status


def test_a_request_is_valid(schema: etree.XMLSchema) -> None:
    """Elements stand in the order of IHEXDSB.xsd."""
    requests = [DocumentRequest("1.2", "1.3", "urn:oid:1.2"), DocumentRequest("1.2", "1.4^A")]
    assert_valid(schema, iti43.write_request(requests))


def test_a_document_ending_in_line_ends_keeps_them(tmp_path: Path) -> None:
    """The octets are not trimmed, from memory or from a file."""
    octets = b"\r\n<x/>\r\n\n"
    file = tmp_path / "document"
    file.write_bytes(octets)
    contents: list[Content] = [MemoryContent(octets), FileContent(file)]
    found = [RetrievedDocument("1", f"1.{n}", "text/xml", content) for n, content in enumerate(contents)]
    result = iti43.read_response(over_the_wire(*iti43.write_response(found)))
    assert [read_all(one.content) for one in result.documents] == [octets, octets]


@pytest.mark.parametrize(
    "inside",
    [
        "",
        "<DocumentRequest/>",
        "<DocumentRequest><RepositoryUniqueId>1.2</RepositoryUniqueId></DocumentRequest>",
    ],
)
def test_an_incomplete_request_is_refused(inside: str) -> None:
    """At least one document with both ids is asked for."""
    payload = etree.fromstring(
        f'<RetrieveDocumentSetRequest xmlns="{XDSB}">{inside}</RetrieveDocumentSetRequest>'
    )
    with pytest.raises(MessageShapeWrong):
        iti43.read_request(over_the_wire(payload))


@pytest.mark.parametrize(
    "text",
    [
        "<x/>",
        f'<RetrieveDocumentSetResponse xmlns="{XDSB}"/>',
        (
            f'<RetrieveDocumentSetResponse xmlns="{XDSB}"><r:RegistryResponse xmlns:r="{RS}" '
            f'status="{ResponseStatus.SUCCESS}"/><DocumentResponse/></RetrieveDocumentSetResponse>'
        ),
    ],
)
def test_another_answer_is_refused(text: str) -> None:
    """Neither a strange element nor a document without octets is taken for an answer."""
    with pytest.raises(MessageShapeWrong):
        iti43.read_response(over_the_wire(etree.fromstring(text)))


def test_another_request_is_refused() -> None:
    """A body that is no ITI-43 request has the wrong shape."""
    with pytest.raises(MessageShapeWrong):
        iti43.read_request(over_the_wire(etree.fromstring("<x/>")))
