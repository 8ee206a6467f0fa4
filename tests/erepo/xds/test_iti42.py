"""ITI-42, and what it shares with ITI-41: the objects of a submission held against each other."""

import contextlib
import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from erepo.xds import iti42
from erepo.xds.errors import MessageShapeWrong, MetadataError
from erepo.xds.iti42 import Registration
from erepo.xds.model import Association, DocumentEntry, MetadataSet
from erepo.xds.submitting import SUBMITTED_TYPES, UPDATE_TYPES, write_submit
from erepo.xds.vocabulary import LCM, ORIGINAL, REFERENCE, AssociationType, Xds
from tests.support.xds import (
    ASSOCIATIONS,
    DOCUMENTS,
    FOLDERS,
    SUBMISSION_SETS,
    assert_valid,
    over_the_wire,
    submission_set,
)
from tests.support.xds_written import FOLDER, MEMBER, REGISTERED

ELSEWHERE = uuid.UUID("76aa2778-4c77-4799-b047-2725a0481111").urn


def reread(registration: Registration) -> Registration:
    """Send a request over the wire."""
    return iti42.read_request(over_the_wire(iti42.write_request(registration)))


def refused(*associations: Association, folders: bool = True) -> list[tuple[str, str, str]]:
    """Return (code, context, location) of each problem of a submission with these associations."""
    found = Registration(submission_set(), (REGISTERED,), (FOLDER,) if folders else (), associations)
    payload = write_submit(MetadataSet((found.submission_set,), found.documents, found.folders, associations))
    with pytest.raises(MetadataError) as caught:
        iti42.read_request(over_the_wire(payload))
    return [(error.code, error.context, error.location) for error in caught.value.errors]


def association(kind: str, source: str, target: str, **more: str) -> Association:
    """Return an association with id `as`."""
    return Association(entry_uuid="as", type=kind, source=source, target=target, **more)  # type: ignore[arg-type]


@st.composite
def registrations(draw: st.DrawFn) -> Registration:
    """Return submissions whose associations end at their objects or at registered ones."""
    documents = draw(st.lists(DOCUMENTS, max_size=2, unique_by=lambda one: one.entry_uuid))
    folders = draw(st.lists(FOLDERS, max_size=2, unique_by=lambda one: one.entry_uuid))
    own = draw(SUBMISSION_SETS)
    named = [own.entry_uuid, *(one.entry_uuid for one in documents), *(one.entry_uuid for one in folders)]
    ends = st.sampled_from(named) | st.uuids().map(lambda value: value.urn)
    free = st.builds(
        Association,
        entry_uuid=st.uuids().map(lambda value: value.urn),
        type=st.sampled_from(sorted(SUBMITTED_TYPES - {AssociationType.HAS_MEMBER})),
        source=ends,
        target=ends,
    )
    return Registration(own, tuple(documents), tuple(folders), tuple(draw(st.lists(free, max_size=3))))


@settings(deadline=None, max_examples=30)
@given(registrations())
def test_a_submission_comes_back_equal(sent: Registration) -> None:
    """Objects and associations arrive as they were, and members are there for documents and folders."""
    received = reread(sent)
    assert (received.submission_set, received.documents, received.folders) == (
        sent.submission_set,
        sent.documents,
        sent.folders,
    )
    added = received.associations[: -len(sent.associations)] if sent.associations else received.associations
    assert received.associations[len(added) :] == sent.associations
    assert [(one.target, one.submission_set_status) for one in added] == [
        *((one.entry_uuid, ORIGINAL) for one in sent.documents),
        *((one.entry_uuid, "") for one in sent.folders),
    ]


def test_a_request_is_valid(schema: etree.XMLSchema) -> None:
    """SubmitObjectsRequest satisfies lcm.xsd."""
    assert_valid(schema, iti42.write_request(Registration(submission_set(), (REGISTERED,), (FOLDER,))))


@pytest.mark.parametrize("missing", ["hash", "size", "repository_unique_id"])
def test_a_registry_demands_what_the_repository_fills(missing: str) -> None:
    """Hash, size and repositoryUniqueId are required here."""
    entry = DocumentEntry(
        **{name: getattr(REGISTERED, name) for name in REGISTERED.__slots__}
        | {missing: None if missing == "size" else ""}
    )
    with pytest.raises(MetadataError) as caught:
        reread(Registration(submission_set(), (entry,)))
    assert [(error.code, error.location) for error in caught.value.errors] == [
        (Xds.REGISTRY_METADATA, "Document01")
    ]


def test_exactly_one_submission_set_is_demanded() -> None:
    """None and two are refused alike."""
    for number in (0, 2):
        sets = tuple(submission_set(entry_uuid=f"S{one}") for one in range(number))
        with pytest.raises(MetadataError) as caught:
            iti42.read_request(over_the_wire(write_submit(MetadataSet(sets))))
        assert [error.context for error in caught.value.errors] == ["exactly one submission set expected"]


def test_good_associations_are_read() -> None:
    """Relationships and memberships with registered objects, and the four ways into a folder."""
    own, has = "SubmissionSet01", AssociationType.HAS_MEMBER
    given_ones = (
        MEMBER,
        Association(entry_uuid="m2", type=has, source=own, target="Folder01"),
        Association(entry_uuid="in", type=has, source="Folder01", target="Document01"),
        Association(entry_uuid="m3", type=has, source=own, target="in"),
        Association(entry_uuid="out", type=has, source=ELSEWHERE, target="Document01"),
        Association(entry_uuid="m4", type=has, source=own, target="out"),
        Association(
            entry_uuid="ref", type=has, source=own, target=ELSEWHERE, submission_set_status=REFERENCE
        ),
        *(
            Association(entry_uuid=f"r{number}", type=kind, source="Document01", target=ELSEWHERE)
            for number, kind in enumerate(sorted(SUBMITTED_TYPES - {has}))
        ),
    )
    sent = Registration(submission_set(), (REGISTERED,), (FOLDER,), given_ones)
    assert reread(sent) == sent


@pytest.mark.parametrize("twin", ["SubmissionSet01", "Document01", "Folder01", "as1"])
def test_two_objects_with_one_id_are_refused(twin: str) -> None:
    """It would be unclear which of them an association means."""
    double = Association(entry_uuid=twin, type=AssociationType.APPEND, source="Document01", target=ELSEWHERE)
    assert (Xds.REGISTRY_METADATA, "two objects with one id", twin) in refused(MEMBER, double)


@pytest.mark.parametrize("status", ["", REFERENCE, "original"])
def test_a_document_in_the_submission_is_an_original(status: str) -> None:
    """The slot SubmissionSetStatus must be there and say so."""
    ((code, context, location),) = refused(
        association(AssociationType.HAS_MEMBER, "SubmissionSet01", "Document01", submission_set_status=status)
    )
    assert (code, location) == (Xds.REGISTRY_METADATA, "as")
    assert context.startswith("Association.SubmissionSetStatus")


@pytest.mark.parametrize("end", ["Nobody", "urn:uuid:1", ELSEWHERE.upper().replace("URN:UUID", "urn:uuid")])
def test_an_end_that_is_nowhere_is_unresolved(end: str) -> None:
    """A symbol must be in the submission; only UUIDs can name what is registered."""
    for source, target, name in (("Document01", end, "targetObject"), (end, "Document01", "sourceObject")):
        ((code, context, location),) = refused(association(AssociationType.APPEND, source, target), MEMBER)
        assert (code, location) == (Xds.UNRESOLVED_REFERENCE, "as")
        assert name in context


@pytest.mark.parametrize(
    "kind", [*sorted(UPDATE_TYPES - SUBMITTED_TYPES), "HasMember", "urn:ihe:iti:2007:AssociationType:XXXX"]
)
def test_a_type_of_another_transaction_is_refused(kind: str) -> None:
    """Updates belong to ITI-57; types are the URNs of the profile."""
    ((code, context, _),) = refused(association(kind, "SubmissionSet01", "Folder01"), MEMBER)
    assert (code, "associationType" in context) == (Xds.REGISTRY_METADATA, True)


def test_problems_without_end_are_told_up_to_a_hundred() -> None:
    """An answer does not grow with the number of errors in a message."""
    wrong = [
        Association(entry_uuid=f"as{number}", type="?", source="SubmissionSet01", target="Folder01")
        for number in range(500)
    ]
    assert len(refused(*wrong)) == 100


@pytest.mark.parametrize("namespace", ["urn:x", LCM])
def test_another_payload_is_refused(namespace: str) -> None:
    """A body that is no SubmitObjectsRequest, or one without a list, has the wrong shape."""
    payload = etree.fromstring(f'<SubmitObjectsRequest xmlns="{namespace}"/>')
    with pytest.raises(MessageShapeWrong) as caught:
        iti42.read_request(over_the_wire(payload))
    assert caught.value.errors[0].code == Xds.REGISTRY_ERROR


@settings(deadline=None, max_examples=30)
@given(st.lists(ASSOCIATIONS, max_size=4))
def test_any_associations_are_read_or_refused(found: list[Association]) -> None:
    """Whatever the associations say, the reader ends with a submission or a MetadataError."""
    payload = write_submit(MetadataSet((submission_set(),), (REGISTERED,), (), tuple(found)))
    with contextlib.suppress(MetadataError):
        assert iti42.read_request(over_the_wire(payload)).associations == tuple(found)
