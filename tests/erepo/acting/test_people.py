"""People, roles and purposes are understood however clients write them."""

from dataclasses import replace

import pytest
from lxml import etree

from erepo.acting import read_assertion
from erepo.acting.names import (
    ATTRIBUTE,
    ATTRIBUTE_STATEMENT,
    ATTRIBUTE_VALUE,
    NAME_ID,
    NPI,
    PROVIDER_IDENTIFIER,
    PURPOSE,
    ROLE,
    SUBJECT_ID,
)
from erepo.identifiers import oids
from erepo.identifiers.hl7 import CE
from erepo.soap.verifying import read_unsigned
from tests.support.acting_kit import ActingKit, Pieces, Tree, attribute, forget, one, resign
from tests.support.actors import CLERK, DOCTOR, NPWZ, expected_of
from tests.support.soap_messages import receive_soap


def proven(kit: ActingKit, tree: Tree) -> object:
    """Return who acts according to a message with this assertion."""
    verified = read_unsigned(receive_soap(Pieces((tree,)).envelope(None)))
    return read_assertion(verified, expected_of(kit.victim)).actor


PESEL = CLERK.id


@pytest.mark.parametrize(
    "text",
    [
        f"{oids.PESEL}#{PESEL}",
        f"{oids.PESEL}:{PESEL}",
        f"{oids.PESEL}^{PESEL}",
        f"urn:oid:{oids.PESEL}:{PESEL}",
        f"{oids.PESEL}.{PESEL}",
        f"{PESEL}@urn:oid:{oids.PESEL}",
        f"{PESEL}^^^&{oids.PESEL}&ISO",
        f"{PESEL}^Nowak^Jan^^^^^^&{oids.PESEL}&ISO",
        f"PESEL:{PESEL}",
        f"urn:pesel:{PESEL}",
        f"  {PESEL}\n",
    ],
)
def test_a_pesel_is_found_however_it_is_written(kit: ActingKit, text: str) -> None:
    """The NameID alone names the person, in every usual way of writing."""
    tree = kit.good(CLERK)
    forget(tree, NPI, PROVIDER_IDENTIFIER, SUBJECT_ID)
    one(tree, NAME_ID).text = text
    assert proven(kit, resign(tree, kit.victim)) == replace(CLERK, name="")


@pytest.mark.parametrize(
    ("text", "root", "number"),
    [
        (NPWZ, oids.NPWZ_DOCTOR, NPWZ),
        (f"NPWZ:{NPWZ}", oids.NPWZ_DOCTOR, NPWZ),
        (f"{oids.NPWZ_NURSE}#1234567P", oids.NPWZ_NURSE, "1234567P"),
        ("1234567A", oids.NPWZ_NURSE, "1234567A"),
        (f"{oids.NPWZ_PHARMACIST}#1234567", oids.NPWZ_PHARMACIST, "1234567"),
        (f"{oids.NPWZ_PHYSIOTHERAPIST}#12345", oids.NPWZ_PHYSIOTHERAPIST, "12345"),
    ],
)
def test_every_professions_number_names_a_person(kit: ActingKit, text: str, root: str, number: str) -> None:
    """NPWZ of doctors, nurses and the other professions, alone in the provider identifier of XSPA."""
    tree = kit.good()
    forget(tree, PROVIDER_IDENTIFIER, SUBJECT_ID)
    one(tree, NAME_ID).text = "anna"
    attribute(tree, NPI)[0].text = text
    assert proven(kit, resign(tree, kit.victim)) == replace(DOCTOR, id_root=root, id=number, name="")


def test_a_qualified_name_is_understood(kit: ActingKit) -> None:
    """The register may stand in NameQualifier."""
    tree = kit.good(CLERK)
    forget(tree, NPI, PROVIDER_IDENTIFIER, SUBJECT_ID)
    one(tree, NAME_ID).text = PESEL
    one(tree, NAME_ID).set("NameQualifier", f"urn:oid:{oids.PESEL}")
    assert proven(kit, resign(tree, kit.victim)) == replace(CLERK, name="")


@pytest.mark.parametrize("name", ["PESEL", "urn:example:user:pesel", "https://example.org/claims/pesel"])
def test_an_attribute_of_its_own_names_the_person(kit: ActingKit, name: str) -> None:
    """An attribute called PESEL, in whatever namespace, is one."""
    tree = kit.good(CLERK)
    forget(tree, NPI, PROVIDER_IDENTIFIER, SUBJECT_ID)
    one(tree, NAME_ID).text = "anna"
    add(tree, name, PESEL)
    assert proven(kit, resign(tree, kit.victim)) == replace(CLERK, name="")


def test_both_numbers_may_be_there(kit: ActingKit) -> None:
    """A doctor with NPWZ and PESEL is known by the professional number."""
    tree = kit.good()
    add(tree, "pesel", PESEL)
    assert proven(kit, resign(tree, kit.victim)) == DOCTOR


def add(tree: Tree, name: str, text: str) -> Tree:
    """Add an attribute with a text."""
    added = etree.SubElement(one(tree, ATTRIBUTE_STATEMENT), ATTRIBUTE, Name=name)
    etree.SubElement(added, ATTRIBUTE_VALUE).text = text
    return added


def test_attributes_of_p1_are_understood(kit: ActingKit) -> None:
    """The names and `root#extension` values of P1's token requests say the same (polish-domain §4.4)."""
    tree = kit.good()
    one(tree, NAME_ID).text = "system"
    statement = one(tree, ATTRIBUTE_STATEMENT)
    statement[:] = []
    add(tree, "urn:oasis:names:tc:SAML:attribute:subject-id", f"{oids.NPWZ_DOCTOR}#{NPWZ}")
    add(tree, "urn:oasis:names:tc:xspa:1.0:subject:organization-id", f"{oids.PROVIDER}#000000927722")
    add(tree, "urn:oasis:names:tc:xacml:1.0:resource:resource-id", f"{oids.PESEL}#{PESEL}")
    add(tree, "urn:oasis:names:tc:xspa:1.0:subject:functional-role", "medical doctor")
    add(tree, "urn:oasis:names:tc:xacml:2.0:action:purpose", "TREAT")
    expected = replace(DOCTOR, role=CE("medical doctor", ""), purpose=CE("TREAT", ""), name="")
    assert proven(kit, resign(tree, kit.victim)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("TREAT", CE("TREAT", "")),
        ("TREAT^treatment^2.16.840.1.113883.5.8", CE("TREAT", "2.16.840.1.113883.5.8", "treatment")),
        ("TREAT^^^&2.16.840.1.113883.5.8&ISO", CE("TREAT", "2.16.840.1.113883.5.8")),
    ],
)
def test_coded_values_may_be_texts(kit: ActingKit, text: str, expected: CE) -> None:
    """Purpose and role as plain text, or as HL7 v2 strings."""
    tree = kit.good()
    for name in (PURPOSE, ROLE):
        value = attribute(tree, name)[0]
        value[:] = []
        value.text = text
    assert proven(kit, resign(tree, kit.victim)) == replace(DOCTOR, role=expected, purpose=expected)
