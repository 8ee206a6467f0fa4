"""The people and organisations of a header: patient, author, signer, custodian."""

from lxml import etree

from erepo.cda.elements import (
    V3,
    attribute,
    child,
    identifier,
    identifiers,
    required,
    text_of,
    texts_of,
    value,
)
from erepo.cda.model import II, Author, Organisation, Patient

#: Levels of organisations followed at most: cell, unit, establishment, provider and one to spare.
_LEVELS = 5


def read_patient(root: etree._Element) -> Patient:
    """Read `recordTarget/patientRole` (template .13.10.2.3).

    Raises:
        HeaderIncomplete: there is no patient, or one without any identifier.
    """
    role = child(root, "recordTarget", "patientRole")
    person, address = child(role, "patient"), child(role, "addr")
    name = child(person, "name")
    return Patient(
        ids=required(identifiers(role), "recordTarget/patientRole/id"),
        given=texts_of(name, "given"),
        family=texts_of(name, "family"),
        birth_date=value(child(person, "birthTime")),
        sex=attribute(child(person, "administrativeGenderCode"), "code"),
        country=text_of(child(address, "country")),
        city=text_of(child(address, "city")),
        postal_code=text_of(child(address, "postalCode")),
        street=text_of(child(address, "streetName")),
        house_number=text_of(child(address, "houseNumber")),
        unit=text_of(child(address, "unitID")),
    )


def read_author(root: etree._Element) -> tuple[Author, int]:
    """Read the first author (template .13.10.2.4) and tell how many there are; an empty Author when none."""
    authors = list(root.iterchildren(f"{V3}author"))
    if not authors:
        return Author(), 0
    author = authors[0]
    return _person(
        author, child(author, "assignedAuthor"), attribute(child(author, "functionCode"), "code")
    ), len(authors)


def read_signer(root: etree._Element) -> Author | None:
    """Read the legal authenticator (template .13.10.2.6 or .63), or None."""
    signer = child(root, "legalAuthenticator")
    return None if signer is None else _person(signer, child(signer, "assignedEntity"), "")


def read_custodian(root: etree._Element) -> tuple[II, ...]:
    """Read the identifiers of the custodian; for documents kept in P1 that is its bare OID."""
    return identifiers(child(root, "custodian", "assignedCustodian", "representedCustodianOrganization"))


def _person(participation: etree._Element, role: etree._Element | None, function: str) -> Author:
    name = child(role, "assignedPerson", "name")
    return Author(
        id=identifier(child(role, "id")),
        function_code=function,
        specialty=attribute(child(role, "code"), "code"),
        prefix=texts_of(name, "prefix"),
        given=texts_of(name, "given"),
        family=texts_of(name, "family"),
        time=value(child(participation, "time")),
        organisation=_organisations(child(role, "representedOrganization")),
    )


def _organisations(innermost: etree._Element | None) -> tuple[Organisation, ...]:
    found: list[Organisation] = []
    organisation = innermost
    while organisation is not None and len(found) < _LEVELS:
        found.append(
            Organisation(
                ids=identifiers(organisation),
                name=text_of(child(organisation, "name")),
                specialty_code=attribute(child(organisation, "standardIndustryClassCode"), "code"),
            )
        )
        organisation = child(organisation, "asOrganizationPartOf", "wholeOrganization")
    return tuple(found)
