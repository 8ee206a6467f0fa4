"""Metadata survives writing and reading, and what is written satisfies the schemas."""

import pytest
from hypothesis import HealthCheck, given, settings
from lxml import etree

from erepo.xds.ebrim import Rules, read_objects, write_object_list, write_objects
from erepo.xds.model import DocumentEntry, Folder, MetadataSet, SubmissionSet, new_entry_uuid
from erepo.xds.vocabulary import RIM, STABLE
from tests.support.xds import DOCUMENTS, METADATA, PATIENT, assert_valid, document

PATIENCE = settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))


def reread(metadata: MetadataSet, rules: Rules) -> MetadataSet:
    """Write, serialise, parse and read metadata."""
    return read_objects(etree.fromstring(etree.tostring(write_object_list(metadata))), rules)


@PATIENCE
@given(METADATA)
def test_any_metadata_comes_back_equal(metadata: MetadataSet) -> None:
    """Reading is the inverse of writing, strictly as well as for answers."""
    assert reread(metadata, Rules.REGISTER) == metadata
    assert reread(metadata, Rules.ANSWER) == metadata


@PATIENCE
@given(METADATA)
def test_any_metadata_written_is_valid(schema: etree.XMLSchema, metadata: MetadataSet) -> None:
    """Elements stand in the order of rim.xsd with the attributes it demands."""
    assert_valid(schema, write_object_list(metadata))


@settings(PATIENCE, max_examples=20)
@given(DOCUMENTS)
def test_ids_of_parts_never_repeat(entry: DocumentEntry) -> None:
    """Classifications and identifiers carry ids of their own, so several objects fit into one message."""
    listed = write_object_list(MetadataSet(documents=(entry, entry)))
    ids = [
        element.get("id") for element in listed.iter() if element.get("id") not in {None, entry.entry_uuid}
    ]
    assert len(ids) == len(set(ids)) > 0


def test_an_answer_may_lack_everything_but_identity() -> None:
    """A registry of others may hold less than our rules demand; it is read all the same."""
    entry = DocumentEntry(entry_uuid=new_entry_uuid(), unique_id="1.2.3", patient_id=PATIENT)
    empty = SubmissionSet(entry_uuid="s", unique_id="1.2", source_id="1.3", patient_id=PATIENT)
    folder = Folder(entry_uuid="f", unique_id="1.4", patient_id=PATIENT, limited=True)
    metadata = MetadataSet((empty,), (entry,), (folder,))
    assert reread(metadata, Rules.ANSWER) == metadata


def test_an_entry_of_the_clinic_is_accepted_by_the_repository() -> None:
    """Hash, size and repositoryUniqueId may be absent in ITI-41."""
    metadata = MetadataSet(documents=(document(),))
    assert reread(metadata, Rules.PROVIDE) == metadata


def test_written_objects_can_be_moved() -> None:
    """The elements are one for each object."""
    (element,) = write_objects(MetadataSet(documents=(document(),)))
    assert (element.tag, element.get("objectType")) == (f"{{{RIM}}}ExtrinsicObject", STABLE)


def test_the_schema_test_can_fail(schema: etree.XMLSchema) -> None:
    """The oracle refuses an object whose parts are out of order."""
    (element,) = write_objects(MetadataSet(documents=(document(),)))
    element.append(element[0])
    parent = element.getparent()
    assert parent is not None
    with pytest.raises(etree.DocumentInvalid):
        assert_valid(schema, parent)
