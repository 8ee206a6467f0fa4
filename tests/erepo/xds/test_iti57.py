"""ITI-57: updates read as operations."""

import uuid
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from erepo.xds import iti57
from erepo.xds.errors import MessageShapeWrong, MetadataError
from erepo.xds.iti57 import NewVersion, Operation, Update, new_association, new_version, status_change
from erepo.xds.model import Association, MetadataSet, SubmissionSet
from erepo.xds.submitting import write_submit
from erepo.xds.vocabulary import APPROVED, DEPRECATED, AssociationType, Slot, Xds
from tests.support.xds import (
    DOCUMENTS,
    FOLDERS,
    SUBMISSION_SETS,
    UUID,
    assert_valid,
    over_the_wire,
    submission_set,
)
from tests.support.xds_written import FOLDER, REGISTERED

OWN = submission_set()
LID, TARGET = uuid.UUID(int=3).urn, uuid.UUID(int=4).urn
ENTRY = replace(REGISTERED, lid=LID)
VERSION = new_version(OWN, ENTRY, 1)
RELATION = Association(entry_uuid="new", type=AssociationType.APPEND, source=LID, target=TARGET)


def reread(update: Update) -> Update:
    """Send a request over the wire."""
    return iti57.read_request(over_the_wire(iti57.write_request(update)))


def refused(update: Update | MetadataSet) -> list[tuple[str, str]]:
    """Return (code, location) of each problem."""
    payload = write_submit(update) if isinstance(update, MetadataSet) else iti57.write_request(update)
    with pytest.raises(MetadataError) as caught:
        iti57.read_request(over_the_wire(payload))
    return [(error.code, error.location) for error in caught.value.errors]


def member(**slots: tuple[str, ...]) -> Update:
    """Return an update whose HasMember association has these slots and no others."""
    return Update(OWN, (replace(VERSION, member=replace(VERSION.member, extra_slots=slots)),))


@st.composite
def updates(draw: st.DrawFn) -> Update:
    """Return updates of several operations of every kind."""
    own: SubmissionSet = draw(SUBMISSION_SETS)
    statuses = st.sampled_from([APPROVED, DEPRECATED])
    operations: list[Operation] = []
    entries = draw(st.lists(DOCUMENTS | FOLDERS, max_size=3, unique_by=lambda one: one.entry_uuid))
    for entry in entries:
        lid = draw(UUID)
        versioned = new_version(
            own, replace(entry, lid=lid), draw(st.integers(1, 999)), propagate=draw(st.booleans())
        )
        operations.append(versioned)
    for target in draw(st.lists(UUID, max_size=2)):
        operations.append(status_change(own, target, draw(statuses), draw(statuses)))  # noqa: PERF401 - draws
    for ends in draw(st.lists(st.tuples(UUID, UUID), max_size=2)):
        one = Association(entry_uuid=draw(UUID), type=AssociationType.SIGNS, source=ends[0], target=ends[1])
        operations.append(new_association(own, one))
    return Update(own, tuple(operations))


@settings(deadline=None, max_examples=30)
@given(updates())
def test_an_update_comes_back_equal(update: Update) -> None:
    """Every operation with its object, version, statuses and associations survives the wire, in order."""
    assert reread(update) == update


def test_a_request_is_valid(schema: etree.XMLSchema) -> None:
    """It is a SubmitObjectsRequest of lcm.xsd."""
    operations = (
        VERSION,
        new_version(OWN, replace(FOLDER, lid=LID), 3, propagate=False),
        status_change(OWN, TARGET, APPROVED, DEPRECATED),
        new_association(OWN, RELATION),
    )
    assert_valid(schema, iti57.write_request(Update(OWN, operations)))


@pytest.mark.parametrize(("said", "meant"), [((), True), (("Yes",), True), (("no",), False)])
def test_associations_are_propagated_unless_denied(said: tuple[str, ...], meant: bool) -> None:
    """The slot AssociationPropagation says yes or no; without it, yes."""
    slots = {"PreviousVersion": ("2",)} | ({"AssociationPropagation": said} if said else {})
    (operation,) = reread(member(**slots)).operations
    assert isinstance(operation, NewVersion)
    assert (operation.previous_version, operation.propagate) == (2, meant)


@pytest.mark.parametrize(
    ("slots", "code"),
    [
        ({}, Xds.METADATA_UPDATE),
        ({"PreviousVersion": ("1", "2")}, Xds.METADATA_UPDATE),
        ({"PreviousVersion": ("one",)}, Xds.METADATA_VERSION),
        ({"PreviousVersion": ("-1",)}, Xds.METADATA_VERSION),
        ({"PreviousVersion": ("9" * 5000,)}, Xds.METADATA_VERSION),
        ({"PreviousVersion": ("²",)}, Xds.METADATA_VERSION),
        ({"PreviousVersion": ("1",), "AssociationPropagation": ("perhaps",)}, Xds.METADATA_UPDATE_OPERATION),
    ],
)
def test_a_new_version_must_say_which_it_follows(slots: dict[str, tuple[str, ...]], code: Xds) -> None:
    """PreviousVersion is one number, AssociationPropagation yes or no."""
    assert refused(member(**slots)) == [(code, VERSION.member.entry_uuid)]


@pytest.mark.parametrize("lid", ["", "symbol", "urn:uuid:1"])
def test_a_new_version_must_name_its_object(lid: str) -> None:
    """The logicalID is the UUID of a registered object."""
    update = Update(OWN, (new_version(OWN, replace(ENTRY, lid=lid), 1),))
    assert refused(update) == [(Xds.METADATA_UPDATE, "Document01")]


def test_a_new_version_has_an_id_of_its_own() -> None:
    """An entryUUID that is the logicalID too would be the first version again."""
    update = Update(OWN, (new_version(OWN, replace(ENTRY, entry_uuid=LID), 1),))
    assert refused(update) == [(Xds.METADATA_UPDATE, LID)]


@pytest.mark.parametrize(
    "slots",
    [
        {},
        {Slot.ORIGINAL_STATUS: (APPROVED,)},
        {Slot.NEW_STATUS: (DEPRECATED,)},
        {Slot.ORIGINAL_STATUS: (APPROVED,), Slot.NEW_STATUS: ("Deprecated",)},
        {Slot.ORIGINAL_STATUS: (APPROVED, APPROVED), Slot.NEW_STATUS: (DEPRECATED,)},
    ],
)
def test_a_change_of_status_needs_both_statuses(slots: dict[Slot, tuple[str, ...]]) -> None:
    """OriginalStatus and NewStatus are Approved or Deprecated, once each."""
    change = status_change(OWN, TARGET, APPROVED, DEPRECATED)
    wrong = replace(change.association, extra_slots={str(name): values for name, values in slots.items()})
    assert refused(Update(OWN, (replace(change, association=wrong),))) == [
        (Xds.METADATA_UPDATE_OPERATION, wrong.entry_uuid)
    ]


def test_objects_that_no_operation_asks_for_are_refused() -> None:
    """A document without HasMember, an association without SubmitAssociation, a type of its own."""
    assert refused(MetadataSet((OWN,), (ENTRY,))) == [(Xds.METADATA_UPDATE, "Document01")]
    assert refused(MetadataSet((OWN,), associations=(RELATION,))) == [(Xds.METADATA_UPDATE, "new")]
    signs = replace(RELATION, type=AssociationType.SIGNS, source=OWN.entry_uuid)
    assert refused(MetadataSet((OWN,), associations=(signs,))) == [(Xds.METADATA_UPDATE_OPERATION, "new")]


@pytest.mark.parametrize("kind", [AssociationType.SUBMIT_ASSOCIATION, AssociationType.HAS_MEMBER])
def test_an_operation_on_what_is_not_in_the_request_is_refused(kind: AssociationType) -> None:
    """A submitted association and a new version stand in the message."""
    lost = replace(RELATION, type=kind, source=OWN.entry_uuid)
    assert refused(MetadataSet((OWN,), associations=(lost,))) == [(Xds.METADATA_UPDATE_OPERATION, "new")]


@pytest.mark.parametrize("end", ["Document01", LID])
def test_propagation_beside_an_association_by_hand_is_refused(end: str) -> None:
    """The new version would get it twice (CP-ITI-1029); without propagation it is fine."""
    by_hand = new_association(OWN, replace(RELATION, source=end))
    assert refused(Update(OWN, (VERSION, by_hand))) == [
        (Xds.METADATA_UPDATE_OPERATION, VERSION.member.entry_uuid)
    ]
    good = Update(OWN, (new_version(OWN, ENTRY, 1, propagate=False), by_hand))
    assert reread(good) == good


def test_a_status_may_change_of_what_the_request_brings() -> None:
    """The target is a registered object or a new version of the same request."""
    update = Update(OWN, (VERSION, status_change(OWN, "Document01", APPROVED, DEPRECATED)))
    assert reread(update) == update


def test_another_payload_is_refused() -> None:
    """A body that is no SubmitObjectsRequest has the wrong shape."""
    with pytest.raises(MessageShapeWrong):
        iti57.read_request(over_the_wire(etree.fromstring("<x/>")))
