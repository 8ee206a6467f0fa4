# ruff: noqa: E501 (fragments of markup read better whole)
"""Small CDA documents for tests, and the way to the official PIK files beside the checkout."""

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
EXAMPLES = SHARED / "pik" / "examples"
SCHEMA = SHARED / "pik" / "xsd-1.3.1" / "extPL_r2.xsd"

P1 = "2.16.840.1.113883.3.4424"
R2 = "http://www.csioz.gov.pl/xsd/extPL/r2"

needs_examples = pytest.mark.skipif(
    not EXAMPLES.is_dir(), reason="the official PIK examples are not beside the checkout"
)
needs_schema = pytest.mark.skipif(
    not SCHEMA.is_file(), reason="the official PIK schemas are not beside the checkout"
)


def example(name: str) -> bytes:
    """Return the official example whose name ends with, for instance, `18-1`."""
    return (EXAMPLES / f"{P1}.13.10.1.{name}.xml").read_bytes()


PATIENT = f"""<recordTarget><patientRole><id root="{P1}.1.1.616" extension="44051401359"/>
<patient><name><given>Jan</given><family>Próbny</family></name>
<administrativeGenderCode code="M"/><birthTime value="19440514"/></patient></patientRole></recordTarget>"""
AUTHOR = f"""<author><functionCode code="LEK"/><time value="20260102"/><assignedAuthor>
<id root="{P1}.1.6.2" extension="5425740"/></assignedAuthor></author>"""
SIGNER = f"""<legalAuthenticator><time value="20260102"/><assignedEntity>
<id root="{P1}.1.6.2" extension="5425740"/></assignedEntity></legalAuthenticator>"""
CUSTODIAN = f"""<custodian><assignedCustodian><representedCustodianOrganization>
<id root="{P1}.2.3.1" extension="000000100300"/></representedCustodianOrganization></assignedCustodian></custodian>"""


def document(
    *,
    template: str = f'<templateId root="{P1}.13.10.1.17" extension="1.3.1"/>',
    identity: str = f'<id root="{P1}.2.7.100300.7.1" extension="A1"/>',
    code: str = f'<code code="11502-2"><translation code="06.10" codeSystem="{P1}.11.1.32"/></code>',
    title: str = "<title>Wynik</title>",
    time: str = '<effectiveTime value="20260102"/>',
    patient: str = PATIENT,
    author: str = AUTHOR,
    custodian: str = CUSTODIAN,
    signer: str = SIGNER,
    rest: str = "",
    namespace: str = R2,
    prolog: str = '<?xml version="1.0" encoding="UTF-8"?>\n<?xml-stylesheet href="CDA_PL_IG_1.3.1.xsl" type="text/xsl"?>\n',
    root: str = "ClinicalDocument",
) -> bytes:
    """Return a CDA document without oddities, with parts replaced."""
    return (
        f'{prolog}<{root} xmlns="urn:hl7-org:v3" xmlns:extPL="{namespace}" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="extPL:ClinicalDocument">'
        f'{template}{identity}{code}{title}{time}<confidentialityCode code="N"/><languageCode code="pl-PL"/>'
        f'<setId root="{P1}.2.7.100300.7.2" extension="S1"/><versionNumber value="1"/>'
        f"{patient}{author}{custodian}{signer}{rest}</{root}>"
    ).encode()
