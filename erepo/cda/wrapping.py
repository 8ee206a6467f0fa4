"""A PDF or a picture of a patient in PIK's form: "alternatywna forma", the file in base64 inside a document.

Sources: PIK 1.3.1 base template ~.13.10.1.1, section ~.13.10.3.55, entry ~.13.10.4.49
(`observationMedia/@ID="DOCUMENT_CONTENT"`); LOINC 51855-5 "Patient Note" says who wrote it. The national
list of document types has no code for it, so there is no translation. The author is the patient, without a
function among the medical professions; `legalAuthenticator` is the patient as well (the base template demands
one; CDA R2 4.2.2.13 allows its signatureCode no other value than S): they gave the file in a session of their
own, and that is on record. The octets inside are the patient's own and come out again unchanged.

Pure: the same arguments give the same octets, so that a document wrapped again is known by its SHA-256.
"""

import base64
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from erepo.cda.model import II
from erepo.identifiers import oids
from erepo.identifiers.pesel import Pesel

#: LOINC code of a document that the patient wrote or gave, and its display name.
PATIENT_NOTE: Final = "51855-5"
PATIENT_NOTE_NAME: Final = "Patient Note"
#: Number of PIK's base template, which documents of no kind of their own follow.
BASE_TEMPLATE: Final = "1"

_PIK: Final = f"{oids.PIK}.10"
_LOINC: Final = f'codeSystem="{oids.LOINC}" codeSystemName="LOINC"'


@dataclass(frozen=True, slots=True)
class Person:
    """The patient as far as known; what is empty is left out."""

    id: II = field(repr=False)
    given: str = field(default="", repr=False)
    family: str = field(default="", repr=False)
    birth_date: str = field(default="", repr=False)
    """`YYYYMMDD`."""
    sex: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Wrapped:
    """What is to be wrapped.

    Attributes:
        id: of the document; `root` an OID, `extension` the name of the file's giving.
        title: as shown to people.
        at: when it was given; local time of Poland, as documents carry it.
        patient: who gave it.
        custodian: the provider that keeps it; None when it has no number yet.
        media_type: of the octets.
        octets: the file.
    """

    id: II
    title: str = field(repr=False)
    at: datetime
    patient: Person
    custodian: II | None
    media_type: str
    octets: bytes = field(repr=False)


def wrap(given: Wrapped) -> bytes:
    """Return the document, UTF-8."""
    before = "".join((_start(given), _patient(given.patient), _author(given), _keepers(given), _BODY))
    opened = before + f'<value representation="B64" mediaType={quoteattr(given.media_type)}>'
    return b"".join((opened.encode(), base64.b64encode(given.octets), _END.encode()))


_BODY: Final = (
    '<component typeCode="COMP" contextConductionInd="true">\n'
    f'<templateId root="{_PIK}.2.8"/>\n<structuredBody classCode="DOCBODY" moodCode="EVN">\n'
    f'<component>\n<section>\n<templateId root="{_PIK}.3.55"/>\n'
    f'<code code="{PATIENT_NOTE}" {_LOINC} displayName="{PATIENT_NOTE_NAME}"/>\n'
    '<text><renderMultiMedia referencedObject="DOCUMENT_CONTENT"/></text>\n<entry>\n'
    '<observationMedia ID="DOCUMENT_CONTENT" classCode="OBS" moodCode="EVN">\n'
    f'<templateId root="{_PIK}.4.49"/>\n'
)
_END: Final = (
    "</value>\n</observationMedia>\n</entry>\n</section>\n</component>\n"
    "</structuredBody>\n</component>\n</ClinicalDocument>\n"
)


def _start(given: Wrapped) -> str:
    own = f"extension={quoteattr(given.id.extension)} root={quoteattr(given.id.root)}"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<?xml-stylesheet href="CDA_PL_IG_1.3.1.xsl" '
        'type="text/xsl"?>\n'
        '<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:extPL="http://www.csioz.gov.pl/xsd/extPL/r2"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="extPL:ClinicalDocument">\n'
        '<typeId extension="POCD_HD000040" root="2.16.840.1.113883.1.3"/>\n'
        f'<templateId root="{_PIK}.1.{BASE_TEMPLATE}" extension="1.3.1"/>\n'
        f'<id {own} displayable="false"/>\n'
        f'<code code="{PATIENT_NOTE}" {_LOINC} displayName="{PATIENT_NOTE_NAME}"/>\n'
        f"<title>{escape(given.title)}</title>\n"
        f'<effectiveTime value="{_stamp(given)}"/>\n'
        f'<confidentialityCode code="N" codeSystem="{oids.CONFIDENTIALITY}"/>\n'
        f'<languageCode code="pl-PL"/>\n<setId {own}/>\n<versionNumber value="1"/>\n'
    )


def _patient(patient: Person) -> str:
    sex = patient.sex if patient.sex in ("F", "M") else "UN"
    born = f'<birthTime value="{patient.birth_date}"/>\n' if patient.birth_date.isdigit() else ""
    return (
        f'<recordTarget>\n<templateId root="{_PIK}.2.3"/>\n<patientRole>\n{_id(patient.id, shown=True)}'
        f"<patient>\n{_name(patient)}"
        f'<administrativeGenderCode code="{sex}" codeSystem="{oids.GENDER}"/>\n{born}'
        "</patient>\n</patientRole>\n</recordTarget>\n"
    )


def _author(given: Wrapped) -> str:
    return (
        f'<author>\n<templateId root="{_PIK}.2.4"/>\n<time value="{_stamp(given)}"/>\n<assignedAuthor>\n'
        f"{_id(given.patient.id)}<assignedPerson>\n"
        f'<templateId root="{_PIK}.2.1"/>\n{_name(given.patient)}</assignedPerson>\n'
        "</assignedAuthor>\n</author>\n"
    )


def _keepers(given: Wrapped) -> str:
    keeper = _id(given.custodian) if given.custodian else '<id nullFlavor="NI"/>\n'
    return (
        f'<custodian>\n<templateId root="{_PIK}.2.5"/>\n<assignedCustodian>\n'
        f"<representedCustodianOrganization>{keeper}</representedCustodianOrganization>\n"
        "</assignedCustodian>\n</custodian>\n"
        f'<legalAuthenticator>\n<templateId root="{_PIK}.2.6"/>\n<time value="{_stamp(given)}"/>\n'
        f'<signatureCode code="S"/>\n<assignedEntity>\n{_id(given.patient.id, shown=True)}</assignedEntity>\n'
        "</legalAuthenticator>\n"
    )


def _id(identifier: II, *, shown: bool = False) -> str:
    told = "true" if shown else "false"
    root, extension = quoteattr(identifier.root), quoteattr(identifier.extension)
    return f'<id extension={extension} root={root} displayable="{told}"/>\n'


def _name(patient: Person) -> str:
    parts = "".join(
        f"<{tag}>{escape(words)}</{tag}>"
        for tag, words in (("given", patient.given), ("family", patient.family))
        if words
    )
    return f"<name>{parts}</name>\n" if parts else '<name nullFlavor="UNK"/>\n'


def _stamp(given: Wrapped) -> str:
    return given.at.strftime("%Y%m%d%H%M%S")


def facts_of_pesel(number: str) -> tuple[str, str]:
    """Return birth date (`YYYYMMDD`) and sex (`F`, `M`) that a PESEL tells; empty where it is none."""
    if not Pesel.is_valid(number):
        return "", ""
    pesel = Pesel.parse(number)
    return f"{pesel.birth_date:%Y%m%d}", pesel.sex
