"""The HL7 strings of XDS: exact text, round trips, refusals."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erepo.identifiers import CE, CX, XCN, XON, FormWrong, ReferenceId, oids
from erepo.identifiers.hl7 import escape, unescape

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)
SOME = TEXT.filter(bool)
OID = st.sampled_from([oids.PESEL, oids.NPWZ_DOCTOR, "1.2.3", "2.25.0"])
OID_OR_NOTHING = st.one_of(st.just(""), OID)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (CX("80051212340", oids.PESEL), "80051212340^^^&2.16.840.1.113883.3.4424.1.1.616&ISO"),
        (
            XCN("5425740", "Kowalski", "Jan", "dr n. med.", "", oids.NPWZ_DOCTOR),
            "5425740^Kowalski^Jan^^^dr n. med.^^^&2.16.840.1.113883.3.4424.1.6.2&ISO",
        ),
        (XCN("", "Nowak", "Ewa"), "^Nowak^Ewa"),
        (
            XON("Przychodnia", oids.PROVIDER, "000000927722"),
            "Przychodnia^^^^^&2.16.840.1.113883.3.4424.2.3.1&ISO^^^^000000927722",
        ),
        (XON("Some Hospital"), "Some Hospital"),
        (XON("A & B", "", "1.2.3"), "A \\T\\ B^^^^^^^^^1.2.3"),
        (CE("11488-4", "LOINC"), "11488-4^^LOINC"),
        (CE("11488-4", "LOINC", "Consult note"), "11488-4^Consult note^LOINC"),
        (
            ReferenceId("17", "urn:ihe:iti:xds:2015:encounterId", "1.2.3"),
            "17^^^&1.2.3&ISO^urn:ihe:iti:xds:2015:encounterId",
        ),
        (
            ReferenceId("17", "urn:ihe:iti:xds:2013:order", namespace="LAB"),
            "17^^^LAB^urn:ihe:iti:xds:2013:order",
        ),
        (
            ReferenceId("17", "urn:ihe:iti:xds:2013:order", "1.2.3", "", "LAB"),
            "17^^^LAB&1.2.3&ISO^urn:ihe:iti:xds:2013:order",
        ),
    ],
)
def test_a_value_is_written_and_read_as_the_profile_says(
    value: CX | XCN | XON | CE | ReferenceId, text: str
) -> None:
    """The text is exactly what IHE and P1 expect, and reading it gives the value back."""
    assert str(value) == text
    assert type(value).parse(text) == value


@given(TEXT)
def test_escaping_is_undone(text: str) -> None:
    """Any text survives, and no delimiter is left in it but the escapes themselves."""
    assert unescape(escape(text)) == text
    assert not set("^&~|") & set(escape(text))


@pytest.mark.parametrize("text", ["a\\b", "a\\", "\\", "\\X0D\\", "\\\\", "\\H"])
def test_a_backslash_that_escapes_nothing_stays(text: str) -> None:
    """Names with a stray backslash are not damaged."""
    assert unescape(text) == text


@given(SOME, OID)
def test_cx_round_trip(identifier: str, oid: str) -> None:
    """Parsing is the inverse of writing."""
    assert CX.parse(str(CX(identifier, oid))) == CX(identifier, oid)


@given(st.tuples(SOME, TEXT, TEXT, TEXT, TEXT, OID_OR_NOTHING, TEXT))
def test_xcn_round_trip(fields: tuple[str, ...]) -> None:
    """Parsing is the inverse of writing, for every component."""
    assert XCN.parse(str(XCN(*fields))) == XCN(*fields)


@given(st.tuples(SOME, OID_OR_NOTHING, TEXT))
def test_xon_round_trip(fields: tuple[str, ...]) -> None:
    """Parsing is the inverse of writing."""
    assert XON.parse(str(XON(*fields))) == XON(*fields)


@given(st.tuples(SOME, SOME, TEXT))
def test_ce_round_trip(fields: tuple[str, ...]) -> None:
    """Parsing is the inverse of writing."""
    assert CE.parse(str(CE(*fields))) == CE(*fields)


@given(st.tuples(SOME, SOME, OID_OR_NOTHING, OID_OR_NOTHING, TEXT))
def test_reference_id_round_trip(fields: tuple[str, ...]) -> None:
    """Parsing is the inverse of writing."""
    assert ReferenceId.parse(str(ReferenceId(*fields))) == ReferenceId(*fields)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "1^^^1.2.3",
        "^^^&1.2.3&ISO",
        "1^^^&x&ISO",
        "1^^^&1.2.3&DNS",
        "1^^^n&1.2.3&ISO",
        "1^2^^&1.2.3&ISO",
        "1^^^&1.2.3&ISO^PI",
    ],
)
def test_a_patient_id_of_other_form_is_refused(text: str) -> None:
    """XDS allows an id and the OID of its authority, nothing else."""
    with pytest.raises(FormWrong):
        CX.parse(text)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (XCN, ""),
        (XCN, "^^Jan"),
        (XCN, "1^2^3^^^^^^OID"),
        (XON, ""),
        (XON, "^^^^^&1.2&ISO"),
        (XON, "n^^^^^&1.2&UUID"),
        (CE, ""),
        (CE, "code"),
        (CE, "^^scheme"),
        (ReferenceId, "1^^^&1.2&ISO"),
        (ReferenceId, "^^^&1.2&ISO^t"),
    ],
)
def test_a_missing_component_is_refused(kind: type[XCN | XON | CE | ReferenceId], text: str) -> None:
    """What the data type requires must be there."""
    with pytest.raises(FormWrong):
        kind.parse(text)


def test_a_patient_id_hides_in_repr() -> None:
    """`repr`, which ends in logs and tracebacks, shows the authority only."""
    assert "80051212340" not in repr(CX("80051212340", oids.PESEL))


@given(TEXT)
def test_no_text_breaks_the_readers(text: str) -> None:
    """Anything parses or is refused as a wrong form."""
    for kind in (CX, XCN, XON, CE, ReferenceId):
        try:
            kind.parse(text)
        except FormWrong:
            continue
