"""A complete written submission, and what reading it complains about."""

import pytest
from lxml import etree

from erepo.xds import vocabulary as words
from erepo.xds.ebrim import MetadataError, Rules, read_objects, write_object_list
from erepo.xds.model import Association, Code, Folder, MetadataSet
from tests.support.xds import PATIENT, document, submission_set

REGISTERED = document(hash="ab" * 20, size=3, repository_unique_id="1.2.3")
MEMBER = Association(
    entry_uuid="as1",
    type=words.AssociationType.HAS_MEMBER,
    source="SubmissionSet01",
    target="Document01",
    submission_set_status=words.ORIGINAL,
)
FOLDER = Folder(
    entry_uuid="Folder01",
    unique_id="1.2.9",
    patient_id=PATIENT,
    codes=(Code("CIĄŻA", "Teczki", "Prowadzenie ciąży"),),
    title="Ciąża 2026",
)
FULL = MetadataSet((submission_set(),), (REGISTERED,), (FOLDER,), (MEMBER,))


def written() -> etree._Element:
    """Return the object list of a full submission."""
    return etree.fromstring(etree.tostring(write_object_list(FULL)))


def find(listed: etree._Element, path: str) -> etree._Element:
    """Return the first element of a path in which `r:` is the namespace of ebRIM."""
    found = listed.find(path, {"r": words.RIM})
    assert found is not None
    return found


def drop(listed: etree._Element, path: str) -> None:
    """Remove an element."""
    element = find(listed, path)
    parent = element.getparent()
    assert parent is not None
    parent.remove(element)


def problems(listed: etree._Element, rules: Rules = Rules.REGISTER) -> list[tuple[str, str]]:
    """Return (context, location) of each problem."""
    with pytest.raises(MetadataError) as caught:
        read_objects(listed, rules)
    assert {error.code for error in caught.value.errors} == {words.Xds.REGISTRY_METADATA}
    return [(error.context, error.location) for error in caught.value.errors]


# --- tolerant
