"""Resort codes and object identifiers."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erepo.identifiers import FormWrong, ResortCodes, oids, resort


def test_resort_codes_give_the_extensions_of_organisations() -> None:
    """Provider, unit and cell are written as P1 writes them."""
    codes = ResortCodes.parse("000000927722", "01", "008", "1100", "05")
    assert (codes.provider, codes.unit, codes.cell) == ("000000927722", "000000927722-01", "000000927722-008")


def test_part_one_may_come_without_leading_zeros() -> None:
    """The register book's number is padded to the 12 digits that P1 wants."""
    assert ResortCodes.parse(" 927722 ", "01", "008", "1100", "05").i == "000000927722"


@pytest.mark.parametrize(
    ("part", "wrong"),
    [
        ("I", ""),
        ("I", "0"),
        ("I", "1234567890123"),
        ("V", "1"),
        ("VII", "08"),
        ("VIII", "11000"),
        ("X", "x5"),
    ],
)
def test_a_wrong_part_is_named(part: resort.Part, wrong: str) -> None:
    """The error says which of the five parts is wrong."""
    with pytest.raises(FormWrong) as caught:
        resort.check_part(part, wrong)
    assert caught.value.data["kind"] == f"resort {part}"


@pytest.mark.parametrize(
    "text", ["1.2", "2.16.840.1.113883.3.4424.1.1.616", "0.39.1", "2.999", "2.25.0", oids.LOINC]
)
def test_an_oid_is_recognised(text: str) -> None:
    """Dot notation with legal first arcs is an OID."""
    assert oids.is_oid(text)


@pytest.mark.parametrize(
    "text", ["", "1", "3.1", "1.40", "1.2.", ".1.2", "1.02", "1..2", "1.2a", "2.25." + "1" * 60]
)
def test_what_is_no_oid_is_refused(text: str) -> None:
    """Illegal arcs, leading zeros, empty arcs and more than 64 characters are no OID."""
    assert not oids.is_oid(text)


@pytest.mark.parametrize("text", ["129.6.58.92.88336", "1.42.20130403134532.123", "3.4.5", oids.LOINC])
def test_an_oid_of_no_legal_arc_has_the_form_of_one(text: str) -> None:
    """What other systems take for an OID is recognised as such."""
    assert oids.is_dotted(text)


@pytest.mark.parametrize("text", ["", "1", "1.2.", ".1.2", "1.02", "1..2", "1.2a", "2.25." + "1" * 60])
def test_what_has_not_the_form_of_an_oid_is_refused(text: str) -> None:
    """Leading zeros, empty arcs and more than 64 characters are never one."""
    assert not oids.is_dotted(text)


@given(st.uuids())
def test_a_uuid_oid_is_an_oid_and_keeps_the_uuid(value: uuid.UUID) -> None:
    """The number after 2.25 is the whole UUID."""
    text = oids.uuid_oid(value)
    assert oids.is_oid(text)
    assert uuid.UUID(int=int(text.removeprefix("2.25."))) == value


def test_fresh_oids_differ() -> None:
    """Two calls never give the same OID."""
    assert oids.new_uuid_oid() != oids.new_uuid_oid()


def test_a_provider_owns_the_node_of_its_register_book() -> None:
    """Leading zeros are dropped in the node."""
    assert oids.own_node("000000927722") == "2.16.840.1.113883.3.4424.2.7.927722"
