"""From the octets that a patient gave to the document that we keep: checked, and wrapped if it is no CDA."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import sqlalchemy as sa

from erepo.cda.errors import (
    DocumentTooLarge,
    GivenActive,
    GivenDamaged,
    GivenPatientDiffers,
    GivenPictureTooLarge,
    GivenTypeRefused,
    HeaderIncomplete,
    NotXml,
)
from erepo.cda.given import given_type
from erepo.cda.kinds import KINDS, Kind
from erepo.cda.media import XML
from erepo.cda.model import II
from erepo.cda.wrapping import Person, Wrapped, facts_of_pesel, wrap
from erepo.clinic.errors import FileEmpty
from erepo.clinic.intake import Beside
from erepo.clinic.intake.patients import PatientFacts
from erepo.clinic.rest.patients_own import OwnDocument, Reason
from erepo.clinic.structure import read_provider
from erepo.clinic.tables import patient
from erepo.clinic.times import WARSAW
from erepo.errors import InvalidInput
from erepo.identifiers import oids
from erepo.identifiers.hl7 import CX

_GENERAL: Final[Mapping[type[InvalidInput], Reason]] = {
    GivenTypeRefused: "unsupported",
    GivenActive: "unsupported",
    GivenDamaged: "unreadable",
    NotXml: "unreadable",
    HeaderIncomplete: "unreadable",
    FileEmpty: "unreadable",
    GivenPatientDiffers: "another-patient",
    GivenPictureTooLarge: "too-large",
    DocumentTooLarge: "too-large",
}


def reason_of(error: Exception) -> Reason:
    """Return a refusal in the general words that the patient is told."""
    return next((reason for kind, reason in _GENERAL.items() if isinstance(error, kind)), "other")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document ready for the intake."""

    octets: bytes = field(repr=False)
    known: Beside = field(repr=False)
    wrapped: bool


def prepare(
    connection: sa.Connection, account: str, offer: OwnDocument, octets: bytes, limit: int
) -> Prepared:
    """Check a document that a patient gave, whatever the service has checked, and wrap what is no CDA.

    The same offer makes the same octets as long as patient and provider are called the same.

    Args:
        connection: for patient and provider.
        account: that it was given to.
        offer: what the service says about it.
        octets: as given.
        limit: most bytes of a document.

    Raises:
        InvalidInput: it is refused: `reason_of` says it to the patient.
    """
    whose = CX(offer.patient.extension, offer.patient.root)
    media = given_type(octets, whose, limit)
    title = offer.title.strip() or KINDS[Kind.OWN_PATIENT_DOCUMENT].label.pl
    person = _person(connection, whose)
    facts = PatientFacts(
        whose.id, whose.authority_oid, person.given, person.family, person.birth_date, person.sex
    )
    known = Beside(facts, Kind.OWN_PATIENT_DOCUMENT, title, offer.given_at)
    if media == XML:
        # Its number may be one that the clinic will give to a document of its own tomorrow.
        return Prepared(octets, replace(known, renumbered=True), wrapped=False)
    document = Wrapped(
        id=II(_pool(account), offer.id),
        title=title,
        at=offer.given_at.astimezone(WARSAW),
        patient=person,
        custodian=_provider(connection),
        media_type=media,
        octets=octets,
    )
    made = wrap(document)
    if len(made) > limit:
        raise DocumentTooLarge(size=len(made), limit=limit, unit="bytes")
    return Prepared(made, known, wrapped=True)


def _pool(account: str) -> str:
    """Return the OID under which an account's documents of patients are numbered; none of the clinic's."""
    return oids.uuid_oid(uuid.uuid5(uuid.NAMESPACE_OID, f"erepo patients' documents of {account}"))


def _person(connection: sa.Connection, whose: CX) -> Person:
    wanted = (patient.c.identifier == whose.id) & (patient.c.authority == whose.authority_oid)
    row = connection.execute(sa.select(patient).where(wanted)).one_or_none()
    born, sex = facts_of_pesel(whose.id) if whose.authority_oid == oids.PESEL else ("", "")
    return Person(
        id=II(whose.authority_oid, whose.id),
        given=row.given if row else "",
        family=row.family if row else "",
        birth_date=(row.birth_date[:8] if row else "") or born,
        sex=(row.sex if row else "") or sex,
    )


def _provider(connection: sa.Connection) -> II | None:
    owner = read_provider(connection)
    return II(oids.PROVIDER, owner.resort_i) if owner and owner.resort_i else None
