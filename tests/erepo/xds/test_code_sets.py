"""The Polish affinity domain's codes."""

from dataclasses import replace
from typing import Any

import pytest

from erepo.xds.code_sets import CODE_SETS, POLISH, check_codes
from erepo.xds.model import Code, DocumentEntry, MetadataSet
from erepo.xds.vocabulary import Xds
from tests.support.xds import document, submission_set


def outside(**changes: Any) -> list[str]:
    """Return the attributes of a document that are outside the code set, some attributes changed."""
    errors = check_codes(MetadataSet(documents=(document(**changes),)))
    assert {(error.code, error.location) for error in errors} <= {(Xds.REGISTRY_METADATA, "Document01")}
    return [error.context.split()[0].removeprefix("XDSDocumentEntry.") for error in errors]


def test_the_polish_set_is_known_by_its_name() -> None:
    """An account's option names it."""
    assert CODE_SETS == {"polish": POLISH}


def test_what_p1_writes_is_inside() -> None:
    """The sample of P1's profile, with schemes by name."""
    events = (Code("89.00", "ICD-9-PL", "Porada"),)
    entry = document(event_codes=events)
    assert check_codes(MetadataSet((submission_set(),), (entry,))) == []


def test_schemes_may_be_named_by_their_oids() -> None:
    """Name and OID mean the same scheme."""
    root = "2.16.840.1.113883.3.4424"
    changes = {
        "class_code": Code("06.10", f"{root}.11.1.32", "x"),
        "type_code": Code("11502-2", "2.16.840.1.113883.6.1", "x"),
        "facility_type": Code("0010", f"{root}.11.2.4", "x"),
        "format_code": Code("urn:ihe:iti:xds-sd:pdf:2008", "1.3.6.1.4.1.19376.1.2.3", "x"),
    }
    assert outside(**changes) == []


@pytest.mark.parametrize("language", ["pl-PL", "PL-pl", "en-US", "en-GB"])
@pytest.mark.parametrize(
    "mime_type", ["text/xml", "application/PDF", "image/tiff", "text/xml; charset=UTF-8"]
)
def test_languages_and_media_are_compared_without_case(language: str, mime_type: str) -> None:
    """Language tags and media types know no case, and parameters say nothing of the kind of medium."""
    assert outside(language=language, mime_type=mime_type) == []


@pytest.mark.parametrize(
    ("name", "wrong", "attribute"),
    [
        ("class_code", Code("06.10", "LOINC", "x"), "classCode"),
        ("class_code", Code("6", "Klasyfikacja dokumentów P1", "x"), "classCode"),
        ("type_code", Code("11502-2", "loinc", "x"), "typeCode"),
        ("type_code", Code("result", "LOINC", "x"), "typeCode"),
        ("format_code", Code("urn:extPL:pl-cda", "Formats", "x"), "formatCode"),
        ("format_code", Code("pdf", "1.3.6.1.4.1.19376.1.2.3", "x"), "formatCode"),
        (
            "facility_type",
            Code("110", "Specjalność komórki organizacyjnej", "x"),
            "healthcareFacilityTypeCode",
        ),
        ("practice_setting", Code("05", "Dziedziny", "x"), "practiceSettingCode"),
        ("confidentiality", (Code("U", "2.16.840.1.113883.5.25", "x"),), "confidentialityCode"),
        (
            "confidentiality",
            (Code("N", "2.16.840.1.113883.5.25", "x"), Code("N", "other", "x")),
            "confidentialityCode",
        ),
        ("event_codes", (Code("89.00", "ICD-9-CM", "x"),), "eventCodeList"),
        ("language", "de-DE", "languageCode"),
        ("language", "", "languageCode"),
        ("mime_type", "application/zip", "mimeType"),
    ],
)
def test_what_is_outside_is_named(name: str, wrong: object, attribute: str) -> None:
    """The attribute is told, with the id of its object and without the code."""
    assert outside(**{name: wrong}) == [attribute]


def test_the_content_type_of_a_submission_is_looked_at() -> None:
    """It comes from P1's own scheme."""
    wrong = submission_set(content_type=Code("REGISTER", "Other", "x"))
    (error,) = check_codes(MetadataSet((wrong,)))
    assert (error.context.split()[0], error.location) == (
        "XDSSubmissionSet.contentTypeCode",
        "SubmissionSet01",
    )


def test_absent_codes_are_no_concern_here() -> None:
    """What is required is asked by the reader."""
    names = ("class_code", "type_code", "format_code", "facility_type", "practice_setting")
    assert outside(**dict.fromkeys(names), confidentiality=()) == []


def test_the_answer_stays_small() -> None:
    """A thousand wrong documents get a hundred errors."""
    wrong: DocumentEntry = document(language="xx")
    many = tuple(replace(wrong, entry_uuid=f"D{number}") for number in range(1000))
    assert len(check_codes(MetadataSet(documents=many))) == 100
