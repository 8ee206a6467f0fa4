# ruff: noqa: E501, ISC004 (fragments of markup read better whole)
"""The reader on documents bent in one place each."""

import pytest

from erepo.cda.errors import HeaderIncomplete, NotCda
from erepo.cda.header import II, is_cda, read_header
from erepo.errors import InvalidInput
from tests.support.cda_documents import AUTHOR, P1, PATIENT, document


def codes(octets: bytes) -> set[str]:
    """Codes of the warnings of a document."""
    return {warning.code for warning in read_header(octets).warnings}


def test_a_good_document_has_no_warnings() -> None:
    """A document with everything in place and right check digits is read without a warning."""
    assert read_header(document()).warnings == ()


def test_input_may_be_a_view_and_is_left_alone() -> None:
    """A memoryview is read like bytes, and not one octet changes."""
    octets = bytearray(document())
    before = bytes(octets)
    assert read_header(memoryview(octets)) == read_header(before)
    assert octets == before


@pytest.mark.parametrize("version", ["r1", "r2", "r3", "r17"])
def test_extension_namespaces_of_all_times_are_accepted(version: str) -> None:
    """Namespaces r1, r2, r3 and ones nobody has seen yet are read alike."""
    namespace = f"http://www.csioz.gov.pl/xsd/extPL/{version}"
    assert read_header(document(namespace=namespace)).extension_namespace == namespace


def test_version_label_comes_from_the_one_versioned_template() -> None:
    """IHE templates before the PIK one do not confuse, and 1.3.2 is read as 1.3.2."""
    template = (
        '<templateId root="1.3.6.1.4.1.19376.1.9.1.1.1"/><templateId root="1.3.6.1.4.1.19376.1.5.3.1.1.1"/>'
        f'<templateId root="{P1}.13.10.1.3" extension="1.3.2"/>'
    )
    header = read_header(document(template=template))
    assert (header.template_root, header.template_version) == (f"{P1}.13.10.1.3", "1.3.2")


@pytest.mark.parametrize(
    ("part", "field"),
    [
        ({"identity": ""}, "id"),
        ({"identity": '<id nullFlavor="NI"/>'}, "id"),
        ({"code": ""}, "code"),
        ({"time": ""}, "effectiveTime"),
        ({"time": '<effectiveTime nullFlavor="NA"/>'}, "effectiveTime"),
        ({"patient": ""}, "recordTarget/patientRole/id"),
        ({"patient": "<recordTarget><patientRole/></recordTarget>"}, "recordTarget/patientRole/id"),
        ({"rest": "<relatedDocument/>"}, "relatedDocument/parentDocument"),
    ],
)
def test_what_cannot_be_missing_is_named(part: dict[str, str], field: str) -> None:
    """Without id, code, time or an identified patient the document is refused and the field named."""
    with pytest.raises(HeaderIncomplete) as caught:
        read_header(document(**part))
    assert caught.value.data == {"field": field}
    assert field in str(caught.value)


@pytest.mark.parametrize(
    ("part", "code"),
    [
        ({"patient": PATIENT.replace("44051401359", "44051401358")}, "pesel.invalid"),
        ({"patient": PATIENT.replace("19440514", "19440515")}, "pesel.birth-date"),
        ({"patient": PATIENT.replace('"M"', '"F"')}, "pesel.sex"),
        ({"author": AUTHOR.replace("5425740", "5425741")}, "npwz.invalid"),
        ({"author": AUTHOR.replace('"LEK"', '"PIEL"')}, "npwz.other-profession"),
        ({"author": AUTHOR.replace("20260102", "20260103")}, "time.differs"),
        ({"author": ""}, "missing"),
        ({"title": ""}, "missing"),
        ({"custodian": ""}, "missing"),
        ({"signer": ""}, "missing"),
        ({"template": ""}, "template.missing"),
        ({"template": f'<templateId root="{P1}.13.10.1.17" extension="1.3.1"/>' * 2}, "template.several"),
        ({"identity": '<id root="0a1b2c3d-0000-4000-8000-000000000000"/>'}, "id.not-oid"),
        ({"time": '<effectiveTime value="2 stycznia"/>'}, "time.form"),
    ],
)
def test_oddities_warn_and_do_not_refuse(part: dict[str, str], code: str) -> None:
    """Each oddity alone gives exactly its own warning."""
    assert codes(document(**part)) == {code}


def test_patient_without_pesel_is_no_oddity() -> None:
    """Newborns and foreigners have only the clinic's own number."""
    patient = PATIENT.replace(f"{P1}.1.1.616", f"{P1}.2.7.100300.17.1")
    assert read_header(document(patient=patient)).warnings == ()


def test_related_documents_are_listed_in_order() -> None:
    """Replacement and addendum come out with their parents; version numbers that are none become None."""
    rest = (
        f'<relatedDocument typeCode="RPLC"><parentDocument><id root="{P1}.1" extension="x"/><setId root="{P1}.2"/>'
        '<versionNumber value="7"/></parentDocument></relatedDocument>'
        '<relatedDocument typeCode="APND"><parentDocument><id nullFlavor="NA"/><versionNumber value="VII"/>'
        "</parentDocument></relatedDocument>"
    )
    first, second = read_header(document(rest=rest)).related
    assert (first.type_code, first.id, first.set_id, first.version) == (
        "RPLC",
        II(f"{P1}.1", "x"),
        II(f"{P1}.2"),
        7,
    )
    assert (second.type_code, second.id, second.set_id, second.version) == ("APND", None, None, None)


@pytest.mark.parametrize(
    ("rest", "times"),
    [
        ("", ("", "")),
        (
            '<documentationOf><serviceEvent><effectiveTime value="2025"/></serviceEvent></documentationOf>',
            ("2025", "2025"),
        ),
        (
            "<componentOf><encompassingEncounter><effectiveTime><low value='1'/><high value='2'/></effectiveTime>"
            "</encompassingEncounter></componentOf>",
            ("1", "2"),
        ),
        (
            "<documentationOf><serviceEvent/></documentationOf><componentOf><encompassingEncounter>"
            "<effectiveTime><low value='1'/></effectiveTime></encompassingEncounter></componentOf>",
            ("1", ""),
        ),
    ],
)
def test_service_time_comes_from_event_or_encounter(rest: str, times: tuple[str, str]) -> None:
    """A moment is start and stop; the service event goes before the encounter; nothing stays empty."""
    header = read_header(document(rest=rest))
    assert (header.service_start, header.service_stop) == times


def test_unstructured_body_tells_its_media_type() -> None:
    """A CDA with nonXMLBody tells the media type of its text."""
    rest = '<component><nonXMLBody><text mediaType="application/pdf" representation="B64">AA==</text></nonXMLBody></component>'
    assert read_header(document(rest=rest)).body_media_type == "application/pdf"


def test_illustrations_do_not_make_a_binary_document() -> None:
    """Only the entry DOCUMENT_CONTENT makes a document binary, not a picture inside a structured one."""
    rest = (
        '<component><structuredBody><component><section><entry><observationMedia ID="FIG_1">'
        '<value mediaType="image/png"/></observationMedia></entry></section></component></structuredBody></component>'
    )
    assert read_header(document(rest=rest)).body_media_type == ""


def test_other_xml_is_not_cda() -> None:
    """XML with another root, or the right name without the HL7 namespace, is refused as no CDA."""
    for octets in (document(root="Bundle"), b"<ClinicalDocument/>", b"<a/>"):
        with pytest.raises(NotCda):
            read_header(octets)
        assert not is_cda(octets)


def test_prefixed_root_is_cda() -> None:
    """A document that writes the HL7 namespace with a prefix is the same document."""
    octets = (
        document()
        .replace(b"xmlns=", b"xmlns:h=")
        .replace(b"<", b"<h:")
        .replace(b"<h:/", b"</h:")
        .replace(b"<h:?", b"<?")
    )
    assert is_cda(octets)
    assert read_header(octets) == read_header(document())


def test_errors_carry_no_patient_data() -> None:
    """Name, PESEL and document id appear neither in the text nor in the data of any refusal."""
    broken = (
        document()[:-10],
        document(code=""),
        document(root="Bundle"),
        b"<!DOCTYPE a>" + document(prolog=""),
    )
    for octets in broken:
        with pytest.raises(InvalidInput) as caught:
            read_header(octets)
        told = f"{caught.value!r} {caught.value} {caught.value.__cause__!r}"
        assert not {"Próbny", "44051401359", "A1"} & set(told.replace("'", " ").split())
        assert "Próbny" not in told
