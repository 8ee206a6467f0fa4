"""Forms of identifiers and authors in metadata: what the profile allows, and whose error the rest is."""

import copy
import uuid

import pytest
from lxml import etree

from erepo.identifiers import ReferenceId
from erepo.xds import vocabulary as words
from erepo.xds.ebrim import MetadataError, Rules, read_objects, write_object_list
from erepo.xds.model import Author, MetadataSet
from tests.support.xds import document, submission_set
from tests.support.xds_written import REGISTERED, find, problems, written

UNIQUE = f"r:ExtrinsicObject/r:ExternalIdentifier[@identificationScheme='{words.DOCUMENT_UNIQUE}']"
SET_UNIQUE = f"r:RegistryPackage/r:ExternalIdentifier[@identificationScheme='{words.SET_UNIQUE}']"


@pytest.mark.parametrize(
    "unique_id",
    [
        "1.2.3",
        "2.999.78901.2345.6.7^123456",
        "2.16.840.1.113883.3.4424.2.7.927722.21^0123456789abcdef",
        "urn:uuid:9e0110f8-4748-4f1e-b0a8-cecae32209c7",
        "9E0110F8-4748-4f1e-b0a8-cecae32209c7",
        "urn:oid:1.2.3",
        "1.42.20130403134532.123",
        "urn:hl7ii:1.2.3:4",
        "https://example.org/documents/1?version=2#part",
    ],
)
def test_a_document_may_be_named_in_every_form_of_the_profile(unique_id: str) -> None:
    """OID, OID with extension, UUID or URI: opaque to a registry (TF-3 4.2.3.2.26)."""
    entry = document(unique_id=unique_id)
    listed = write_object_list(MetadataSet(documents=(entry,)))
    assert read_objects(listed, Rules.PROVIDE).documents == (entry,)


@pytest.mark.parametrize("wrong", ["urn:uuid:9e0110f8-4748-4f1e-b0a8-cecae32209c7", "abc", "1.2^", "01.2"])
def test_a_submission_set_is_named_by_an_oid(wrong: str) -> None:
    """OID, or OID with extension as P1 writes it."""
    listed = written()
    find(listed, SET_UNIQUE).set("value", wrong)
    assert problems(listed) == [
        ("XDSSubmissionSet.uniqueId is neither an OID nor OID^extension", "SubmissionSet01")
    ]
    find(listed, SET_UNIQUE).set("value", "1.2.3^A1")
    assert read_objects(listed).submission_sets[0].unique_id == "1.2.3^A1"


@pytest.mark.parametrize("name", ["hash", "size"])
def test_a_malformed_fact_of_the_octets_is_the_repositorys_error_in_iti_41(name: str) -> None:
    """The repository verifies hash and size; elsewhere it is the registry's metadata."""
    for rules, code in (
        (Rules.PROVIDE, words.Xds.REPOSITORY_METADATA),
        (Rules.REGISTER, words.Xds.REGISTRY_METADATA),
    ):
        listed = written()
        find(listed, f"r:ExtrinsicObject/r:Slot[@name='{name}']/r:ValueList/r:Value").text = "xyz"
        with pytest.raises(MetadataError) as caught:
            read_objects(listed, rules)
        assert [(error.code, error.location) for error in caught.value.errors] == [(code, "Document01")]


def test_a_repository_is_named_by_an_oid() -> None:
    """A registry checks it; in ITI-41 the repository puts its own in the place of whatever came."""
    listed = written()
    find(listed, "r:ExtrinsicObject/r:Slot[@name='repositoryUniqueId']/r:ValueList/r:Value").text = "mine"
    assert problems(listed) == [("XDSDocumentEntry.repositoryUniqueId is no OID", "Document01")]
    assert read_objects(listed, Rules.PROVIDE).documents


@pytest.mark.parametrize(
    "wrong",
    ["urn:uuid:1", "urn:uuid:" + "0" * 32, "urn:uuid:9E0110F8-4748-4F1E-B0A8-CECAE32209C7", "urn:uuid:"],
)
def test_an_id_that_begins_like_a_uuid_is_one(wrong: str) -> None:
    """RFC 4122, in lower case (TF-3 4.2.3.1.5)."""
    listed = write_object_list(MetadataSet(documents=(document(wrong),)))
    assert problems(listed, Rules.PROVIDE) == [
        ("XDSDocumentEntry.entryUUID begins like a UUID and is none in lower case", wrong)
    ]
    assert read_objects(listed, Rules.ANSWER).documents


@pytest.mark.parametrize("kind", ["document", "set"])
def test_a_role_alone_is_no_author(kind: str) -> None:
    """A person, an institution or an address must be there (TF-3 4.2.3.1.4); one of them is enough."""
    nobody = (Author(roles=("Lekarz",), specialties=("Kardiologia",)),)
    made = (
        MetadataSet(documents=(document(authors=nobody),))
        if kind == "document"
        else MetadataSet((submission_set(authors=nobody),))
    )
    ((context, _),) = problems(write_object_list(made), Rules.PROVIDE)
    assert context.endswith(".author has no authorPerson, authorInstitution or authorTelecommunication")
    entry = document(authors=(Author(telecoms=("^^Internet^a@example.org",)),))
    assert read_objects(write_object_list(MetadataSet(documents=(entry,))), Rules.PROVIDE).documents == (
        entry,
    )


def test_a_reference_id_may_name_its_authority_locally() -> None:
    """CXi permits a namespace where CX does not (TF-3 table 4.2.3.1.7-2)."""
    order = ReferenceId("2013001", "urn:ihe:iti:xds:2013:accession", namespace="RIS")
    entry = document(reference_ids=(order,))
    listed = write_object_list(MetadataSet(documents=(entry,)))
    assert read_objects(listed, Rules.PROVIDE).documents == (entry,)


@pytest.mark.parametrize("number", ["9" * 5, "9" * 5000])
def test_a_piece_of_a_uri_with_a_number_beyond_measure_is_refused(number: str) -> None:
    """It is refused like a piece without a number; nothing breaks on it."""
    listed = write_object_list(MetadataSet(documents=(document(extra_slots={"URI": (f"{number}|a",) * 2}),)))
    assert [context for context, _ in problems(listed, Rules.PROVIDE)] == [
        "XDSDocumentEntry.URI has pieces without their number"
    ]


def test_two_languages_are_one_too_many() -> None:
    """Neither two values nor two slots: languageCode is single."""
    for spoilt in ("r:ValueList/r:Value", ""):
        listed = written()
        element = find(listed, f"r:ExtrinsicObject/r:Slot[@name='languageCode']/{spoilt}".rstrip("/"))
        parent = element.getparent()
        assert parent is not None
        parent.insert(parent.index(element), copy.copy(element))
        assert len(problems(listed)) == 1


def test_a_uuid_of_the_clients_choice_is_kept() -> None:
    """The usual form is taken as it is."""
    name = uuid.uuid4().urn
    entry = document(name, hash=REGISTERED.hash, size=3)
    listed = write_object_list(MetadataSet(documents=(entry,)))
    assert read_objects(listed, Rules.PROVIDE).documents[0].entry_uuid == name


def _beside(listed: etree._Element, target: str, **attributes: str) -> None:
    """Put a classification beside the objects."""
    etree.SubElement(
        listed, f"{{{words.RIM}}}Classification", {"id": "c", "classifiedObject": target, **attributes}
    )


@pytest.mark.parametrize(
    ("target", "attributes", "context"),
    [
        (
            "Document01",
            {"classificationScheme": words.TYPE_CODE, "nodeRepresentation": "x"},
            "XDSDocumentEntry.typeCode is given more than once",
        ),
        (
            "Document01",
            {"classificationNode": words.DOCUMENT_LIMITED},
            "XDSDocumentEntry.limitedMetadata is not allowed here",
        ),
        (
            "SubmissionSet01",
            {"classificationNode": words.FOLDER},
            "RegistryPackage.classification names both a submission set and a folder",
        ),
        (
            "Nobody",
            {"classificationNode": words.FOLDER},
            "a classification of an object that is not in the message",
        ),
    ],
)
def test_a_classification_beside_its_object_is_judged(
    target: str, attributes: dict[str, str], context: str
) -> None:
    """What stands beside an object is kept with it, so it has to fit it as if it stood inside."""
    listed = written()
    _beside(listed, target, **attributes)
    assert (context, target) in problems(listed)


def test_objects_inside_an_object_are_refused() -> None:
    """RIM lets a package hold objects; nobody would have looked at them."""
    listed, hidden = written(), written()
    find(listed, "r:RegistryPackage").append(hidden)
    assert problems(listed) == [
        ("RegistryPackage.RegistryObjectList is not allowed inside an object", "SubmissionSet01")
    ]


def test_a_coding_scheme_given_twice_is_none() -> None:
    """Two schemes of a code: nobody knows by which of them it would be asked for."""
    listed = written()
    path = f"r:ExtrinsicObject/r:Classification[@classificationScheme='{words.TYPE_CODE}']/r:Slot"
    slot = find(listed, path)
    slot.addnext(etree.fromstring(etree.tostring(slot)))
    context = "XDSDocumentEntry.typeCode lacks its code, coding scheme or display name"
    assert problems(listed) == [(context, "Document01")]
