"""The ebRIM reader: tolerant to what the profile allows, strict where it says required."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from erepo.identifiers import XON
from erepo.xds import vocabulary as words
from erepo.xds.ebrim import MetadataError, Rules, read_objects, write_object_list
from erepo.xds.model import MetadataSet
from tests.support.xds import document
from tests.support.xds_written import drop, find, problems, written


def code_path(scheme: str) -> str:
    """Return the path of a document's code."""
    return f"r:ExtrinsicObject/r:Classification[@classificationScheme='{scheme}']"


@pytest.mark.parametrize(
    ("path", "context", "location"),
    [
        *(
            (code_path(scheme), f"XDSDocumentEntry.{name} is missing", "Document01")
            for scheme, name in (
                (words.CLASS_CODE, "classCode"),
                (words.TYPE_CODE, "typeCode"),
                (words.FORMAT_CODE, "formatCode"),
                (words.FACILITY_TYPE, "healthcareFacilityTypeCode"),
                (words.PRACTICE_SETTING, "practiceSettingCode"),
                (words.CONFIDENTIALITY, "confidentialityCode"),
            )
        ),
        *(
            (f"r:ExtrinsicObject/r:Slot[@name='{name}']", f"XDSDocumentEntry.{name} is missing", "Document01")
            for name in (
                "creationTime",
                "languageCode",
                "sourcePatientId",
                "hash",
                "size",
                "repositoryUniqueId",
            )
        ),
        (
            f"r:ExtrinsicObject/r:ExternalIdentifier[@identificationScheme='{words.DOCUMENT_PATIENT}']",
            "XDSDocumentEntry.patientId is missing",
            "Document01",
        ),
        (
            f"r:ExtrinsicObject/r:ExternalIdentifier[@identificationScheme='{words.DOCUMENT_UNIQUE}']",
            "XDSDocumentEntry.uniqueId is missing",
            "Document01",
        ),
        (
            f"r:RegistryPackage/r:ExternalIdentifier[@identificationScheme='{words.SET_SOURCE}']",
            "XDSSubmissionSet.sourceId is missing",
            "SubmissionSet01",
        ),
        (
            "r:RegistryPackage/r:Slot[@name='submissionTime']",
            "XDSSubmissionSet.submissionTime is missing",
            "SubmissionSet01",
        ),
        (
            f"r:RegistryPackage/r:Classification[@classificationScheme='{words.CONTENT_TYPE}']",
            "XDSSubmissionSet.contentTypeCode is missing",
            "SubmissionSet01",
        ),
        ("r:RegistryPackage[@id='Folder01']/r:Name", "XDSFolder.title is missing", "Folder01"),
        (
            f"r:RegistryPackage/r:Classification[@classificationScheme='{words.FOLDER_CODES}']",
            "XDSFolder.codeList is missing",
            "Folder01",
        ),
        (
            f"r:RegistryPackage/r:Classification[@classificationNode='{words.SUBMISSION_SET}']",
            "RegistryPackage.classification names neither a submission set nor a folder",
            "SubmissionSet01",
        ),
    ],
)
def test_a_missing_required_attribute_is_named_with_its_object(
    path: str, context: str, location: str
) -> None:
    """Each attribute that the profile requires is demanded, by name and with the object's id."""
    listed = written()
    drop(listed, path)
    assert problems(listed) == [(context, location)]


@pytest.mark.parametrize("name", ["hash", "size", "repositoryUniqueId"])
def test_what_the_repository_fills_may_be_absent_in_iti_41(name: str) -> None:
    """The same entry is complete for the repository."""
    listed = written()
    drop(listed, f"r:ExtrinsicObject/r:Slot[@name='{name}']")
    assert read_objects(listed, Rules.PROVIDE).documents


@pytest.mark.parametrize(
    ("path", "attribute", "wrong", "context"),
    [
        ("r:ExtrinsicObject", "mimeType", None, "XDSDocumentEntry.mimeType is missing"),
        (
            "r:ExtrinsicObject",
            "objectType",
            None,
            "XDSDocumentEntry.objectType is neither stable nor on-demand",
        ),
        (
            "r:ExtrinsicObject",
            "home",
            "urn:oid:x",
            "XDSDocumentEntry.homeCommunityId is not of the form urn:oid:OID",
        ),
        (
            code_path(words.CLASS_CODE),
            "nodeRepresentation",
            "",
            "XDSDocumentEntry.classCode lacks its code, coding scheme or display name",
        ),
        (
            code_path(words.CLASS_CODE),
            "classifiedObject",
            "Other",
            "XDSDocumentEntry.parts point at another object",
        ),
        ("r:Association", "associationType", None, "Association.associationType is missing"),
        ("r:Association", "sourceObject", None, "Association.sourceObject is missing"),
        ("r:Association", "targetObject", "", "Association.targetObject is missing"),
        (
            f"r:ExtrinsicObject/r:ExternalIdentifier[@identificationScheme='{words.DOCUMENT_PATIENT}']",
            "value",
            "80051212340",
            "XDSDocumentEntry.patientId is not of the form id^^^&OID&ISO",
        ),
        *(
            (
                f"r:ExtrinsicObject/r:ExternalIdentifier[@identificationScheme='{words.DOCUMENT_UNIQUE}']",
                "value",
                wrong,
                "XDSDocumentEntry.uniqueId is neither an OID nor OID^extension nor a URI",
            )
            for wrong in ("abc", "1.2^", "1.2^a^b", "1.2^" + "x" * 260)
        ),
        (
            f"r:RegistryPackage/r:ExternalIdentifier[@identificationScheme='{words.SET_SOURCE}']",
            "value",
            "urn:oid:1.2",
            "XDSSubmissionSet.sourceId is no OID",
        ),
    ],
)
def test_a_wrong_attribute_is_named(path: str, attribute: str, wrong: str | None, context: str) -> None:
    """The form of ids, types and ends is checked."""
    listed = written()
    element = find(listed, path)
    if wrong is None:
        del element.attrib[attribute]
    else:
        element.set(attribute, wrong)
    assert [found for found, _ in problems(listed)] == [context]


@pytest.mark.parametrize(
    ("slot", "wrong", "context"),
    [
        *(
            ("creationTime", wrong, "creationTime is no time YYYY[MM[DD[hh[mm[ss]]]]]")
            for wrong in ("202", "20261301", "20260132", "2026010225", "20260102120000.1", "2026-01-02")
        ),
        ("serviceStartTime", "x", "serviceStartTime is no time YYYY[MM[DD[hh[mm[ss]]]]]"),
        ("hash", "xyz", "hash is not 40 hexadecimal digits"),
        ("size", "-1", "size is no number"),
        ("legalAuthenticator", "^^Jan", "legalAuthenticator is not of the form id^family^given"),
        ("sourcePatientId", "17", "sourcePatientId is not of the form id^^^&OID&ISO"),
    ],
)
def test_a_wrong_value_is_named(slot: str, wrong: str, context: str) -> None:
    """The form of values is checked."""
    listed = written()
    find(listed, f"r:ExtrinsicObject/r:Slot[@name='{slot}']/r:ValueList/r:Value").text = wrong
    assert problems(listed) == [(f"XDSDocumentEntry.{context}", "Document01")]


@pytest.mark.parametrize(
    ("path", "context"),
    [
        ("r:ExtrinsicObject/r:Slot[@name='hash']", "XDSDocumentEntry.slots have a name twice"),
        (
            "r:ExtrinsicObject/r:Slot[@name='languageCode']/r:ValueList/r:Value",
            "XDSDocumentEntry.languageCode has more than one value",
        ),
        (
            "r:ExtrinsicObject/r:ExternalIdentifier",
            "XDSDocumentEntry.external identifiers have a scheme twice",
        ),
        (code_path(words.TYPE_CODE), "XDSDocumentEntry.typeCode is given more than once"),
        (
            code_path(words.DOCUMENT_AUTHOR) + "/r:Slot[@name='authorPerson']/r:ValueList/r:Value",
            "XDSDocumentEntry.authorPerson has more than one value",
        ),
    ],
)
def test_what_may_stand_once_is_refused_twice(path: str, context: str) -> None:
    """Names of slots, schemes of identifiers and single codes do not repeat."""
    listed = written()
    element = find(listed, path)
    element.addnext(etree.fromstring(etree.tostring(element)))
    assert [found for found, _ in problems(listed)] == [context]


def test_pieces_of_a_uri_need_their_numbers() -> None:
    """Values that cannot be put in order are refused."""
    listed = write_object_list(MetadataSet(documents=(document(extra_slots={"URI": ("1|a", "b")}),)))
    assert problems(listed, Rules.PROVIDE) == [
        ("XDSDocumentEntry.URI has pieces without their number", "Document01")
    ]


def test_an_object_without_id_and_an_unknown_object_are_refused() -> None:
    """Every object has an id and is one that XDS knows."""
    listed = written()
    del find(listed, "r:ExtrinsicObject").attrib["id"]
    etree.SubElement(listed, f"{{{words.RIM}}}Organization", {"id": "org"})
    found = problems(listed)
    assert ("XDSDocumentEntry.entryUUID is missing", "") in found
    assert ("an object of a kind that XDS does not know", "org") in found


def test_an_institution_without_name_is_refused() -> None:
    """XON needs its name; the right ones beside it do not hide it."""
    listed = written()
    author = find(listed, code_path(words.DOCUMENT_AUTHOR) + "/r:Slot[@name='authorInstitution']/r:ValueList")
    author[0].text = "^^^^^&1.2&ISO"
    assert author[1].text == str(XON("Poradnia kardiologiczna"))
    assert [context for context, _ in problems(listed)] == [
        "XDSDocumentEntry.authorInstitution is not of the form name^^^^^&OID&ISO^^^^id"
    ]


def test_all_problems_are_told_at_once() -> None:
    """A sender corrects everything in one go."""
    listed = written()
    drop(listed, code_path(words.CLASS_CODE))
    drop(listed, "r:RegistryPackage/r:Slot[@name='submissionTime']")
    assert len(problems(listed)) == 2


def test_no_value_reaches_an_error() -> None:
    """Neither contexts nor texts of errors repeat what the metadata says of the patient."""
    listed = written()
    path = f"r:ExtrinsicObject/r:ExternalIdentifier[@identificationScheme='{words.DOCUMENT_PATIENT}']"
    find(listed, path).set("value", "80051212340")
    with pytest.raises(MetadataError) as caught:
        read_objects(listed)
    told = [str(caught.value), *caught.value.explain("pl"), repr(caught.value.errors)]
    assert not any("80051212340" in text for text in told)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_damaged_metadata_is_read_or_refused(data: st.DataObject) -> None:
    """Whatever is removed or renamed, the reader ends with metadata or a MetadataError."""
    listed = written()
    elements = list(listed.iter(tag=etree.Element))[1:]
    for element in data.draw(st.lists(st.sampled_from(elements), max_size=4)):
        parent = element.getparent()
        if data.draw(st.booleans()) and parent is not None:
            parent.remove(element)
        elif element.attrib:
            del element.attrib[data.draw(st.sampled_from(sorted(element.attrib)))]
        else:
            element.text = data.draw(st.sampled_from(["", "^", "x", "1|", "&&&"]))
    for rules in Rules:
        with contextlib.suppress(MetadataError):
            assert isinstance(read_objects(listed, rules), MetadataSet)
