"""ITI-62 and ITI-86: what is to be removed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from erepo.xds import iti62, iti86
from erepo.xds.errors import MessageShapeWrong, MetadataError
from erepo.xds.iti43 import DocumentRequest
from erepo.xds.vocabulary import LCM, RIM, RMD, XDSB, Xds
from tests.support.xds import OID, UNIQUE_ID, UUID, assert_valid, over_the_wire

ONE = "urn:uuid:3cce0135-cedb-4a26-ba00-8698ee8dde04"
DELETE_ALL = "urn:oasis:names:tc:ebxml-regrep:DeletionScopeType:DeleteAll"
CONTENT_ONLY = "urn:oasis:names:tc:ebxml-regrep:DeletionScopeType:DeleteRepositoryItemOnly"
REFERENCE = f'<rim:ObjectRefList><rim:ObjectRef id="{ONE}"/></rim:ObjectRefList>'


def removal(inside: str, attributes: str = "") -> etree._Element:
    """Return a RemoveObjectsRequest."""
    return etree.fromstring(
        f'<lcm:RemoveObjectsRequest xmlns:lcm="{LCM}" xmlns:rim="{RIM}" {attributes}>{inside}'
        "</lcm:RemoveObjectsRequest>"
    )


@given(st.lists(UUID, min_size=1, max_size=5, unique=True))
def test_ids_come_back_equal(ids: list[str]) -> None:
    """Every id, once, in its order."""
    payload = iti62.write_request([*ids, ids[0]])
    assert iti62.read_request(over_the_wire(payload)) == tuple(ids)


def test_a_request_to_remove_objects_is_valid(schema: etree.XMLSchema) -> None:
    """It satisfies lcm.xsd."""
    assert_valid(schema, iti62.write_request([ONE]))


def test_the_default_scope_may_be_said() -> None:
    """DeleteAll is what is meant without the attribute."""
    payload = removal(REFERENCE, f'deletionScope="{DELETE_ALL}"')
    assert iti62.read_request(over_the_wire(payload)) == (ONE,)


@pytest.mark.parametrize(
    ("inside", "attributes"),
    [
        ("", ""),
        ("<rim:ObjectRefList/>", ""),
        (REFERENCE, f'deletionScope="{CONTENT_ONLY}"'),
        (REFERENCE, 'deletionScope=""'),
        (f'<rim:AdhocQuery id="{ONE}"/>{REFERENCE}', ""),
        (f'<rim:AdhocQuery id="{ONE}"/>', ""),
        (REFERENCE * 2, ""),
        (f'<rim:RegistryObjectList><rim:ObjectRef id="{ONE}"/></rim:RegistryObjectList>', ""),
    ],
)
def test_other_ways_to_remove_are_refused(inside: str, attributes: str) -> None:
    """Only one list of references, neither a query nor another scope."""
    with pytest.raises(MessageShapeWrong) as caught:
        iti62.read_request(over_the_wire(removal(inside, attributes)))
    assert [error.code for error in caught.value.errors] == [Xds.REGISTRY_ERROR]


def test_too_many_objects_are_refused() -> None:
    """One request, one transaction: it has a measure."""
    payload = removal(
        "<rim:ObjectRefList>"
        + "".join(f'<rim:ObjectRef id="{number}"/>' for number in range(iti62.MOST_OBJECTS + 1))
        + "</rim:ObjectRefList>"
    )
    with pytest.raises(MessageShapeWrong):
        iti62.read_request(over_the_wire(payload))


@pytest.mark.parametrize("name", ["", "Document01", "urn:uuid:1", "urn:oid:1.2"])
def test_an_id_that_is_no_entry_uuid_is_unresolved(name: str) -> None:
    """It names nothing that a registry could hold; the location repeats it."""
    payload = iti62.write_request([ONE, name])
    with pytest.raises(MetadataError) as caught:
        iti62.read_request(over_the_wire(payload))
    assert [(error.code, error.location) for error in caught.value.errors] == [
        (Xds.UNRESOLVED_REFERENCE, name)
    ]


@given(st.lists(st.builds(DocumentRequest, OID, UNIQUE_ID), min_size=1, max_size=4))
def test_documents_come_back_equal(requests: list[DocumentRequest]) -> None:
    """Any number of documents, each with both ids."""
    assert iti86.read_request(over_the_wire(iti86.write_request(requests))) == tuple(requests)


@pytest.mark.parametrize("text", ["<x/>", f'<RemoveDocumentsRequest xmlns="{RMD}"/>'])
def test_another_request_to_remove_documents_is_refused(text: str) -> None:
    """Neither a strange element nor one without documents."""
    with pytest.raises(MessageShapeWrong) as caught:
        iti86.read_request(over_the_wire(etree.fromstring(text)))
    assert caught.value.errors[0].code == Xds.REPOSITORY_ERROR


def test_a_document_without_repository_is_refused() -> None:
    """Both ids are needed."""
    payload = etree.fromstring(
        f'<r:RemoveDocumentsRequest xmlns:r="{RMD}" xmlns="{XDSB}"><DocumentRequest>'
        "<DocumentUniqueId>1.2</DocumentUniqueId></DocumentRequest></r:RemoveDocumentsRequest>"
    )
    with pytest.raises(MessageShapeWrong):
        iti86.read_request(over_the_wire(payload))


def test_another_payload_is_refused() -> None:
    """A body that is no RemoveObjectsRequest has the wrong shape."""
    with pytest.raises(MessageShapeWrong):
        iti62.read_request(over_the_wire(etree.fromstring("<x/>")))
