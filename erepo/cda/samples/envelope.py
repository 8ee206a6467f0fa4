"""The header of a sample, element by element in the order of the PIK 1.3.1 base template."""

from typing import Final
from xml.sax.saxutils import escape

from erepo.cda.samples.catalogue import Recipe
from erepo.cda.samples.people import Address, Provider
from erepo.cda.samples.story import Story, day, stamp
from erepo.identifiers import oids

PIK: Final = f"{oids.PIK}.10"
_P1_CUSTODIAN: Final = f'<id root="{oids.P1_ROOT}" assigningAuthorityName="CSIOZ" displayable="false"/>'
END: Final = "</structuredBody>\n</component>\n</ClinicalDocument>\n"


def header(story: Story, recipe: Recipe) -> str:
    """Return everything from the XML declaration to the start tag of the structured body."""
    parts = [
        _start(recipe),
        _identity(story, recipe),
        _patient(story, recipe),
        _author(story),
        _custodian(story, recipe),
        _signer(story),
    ]
    if recipe.with_event:
        parts.append(_event(story))
    if recipe.cancels:
        parts.append(_related(story, recipe))
    if recipe.with_encounter:
        parts.append(_encounter(story))
    parts.append(
        '<component typeCode="COMP" contextConductionInd="true">\n'
        f'<templateId root="{PIK}.2.{recipe.body}"/>\n'
        '<structuredBody classCode="DOCBODY" moodCode="EVN">\n'
    )
    return "".join(parts)


def _start(recipe: Recipe) -> str:
    pharmacy = ' xmlns:pharm="urn:ihe:pharm"' if recipe.pharmacy else ""
    ihe = "".join(
        f'<templateId root="{root}"/>\n'
        for root in ("1.3.6.1.4.1.19376.1.9.1.1.1", "1.3.6.1.4.1.19376.1.5.3.1.1.1")
        if recipe.pharmacy
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<?xml-stylesheet href="CDA_PL_IG_1.3.1.xsl" '
        'type="text/xsl"?>\n'
        '<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:extPL="http://www.csioz.gov.pl/xsd/extPL/r2"'
        f'{pharmacy} xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        'xsi:type="extPL:ClinicalDocument">\n'
        f'<typeId extension="POCD_HD000040" root="2.16.840.1.113883.1.3"/>\n{ihe}'
        f'<templateId root="{PIK}.1.{recipe.template}" extension="1.3.1"/>\n'
    )


def _identity(story: Story, recipe: Recipe) -> str:
    node = f"{oids.P1_ROOT}.7.{recipe.pool}" if recipe.pool else f"{story.provider.node}.7"
    own = f"{node}.9" if recipe.cancels else f"{node}.1"
    loinc, p1 = recipe.loinc, recipe.p1
    secrecy = story.rng.choice("NNNNNNNR")
    version, set_id = ("2", story.parent) if recipe.cancels else ("1", story.identity)
    return (
        f'<id extension="{story.identity}" root="{own}" displayable="false"/>\n'
        f'<code code="{loinc[0]}" codeSystem="2.16.840.1.113883.6.1" codeSystemName="LOINC" '
        f'displayName="{loinc[1]}">\n'
        f'<translation code="{p1[0]}" codeSystem="{oids.DOCUMENT_CLASS_P1}" codeSystemName="KLAS_DOK_P1" '
        f'displayName="{p1[1]}"/>\n'
        f"</code>\n<title>{story.rng.choice(recipe.titles)}</title>\n"
        f'<effectiveTime value="{stamp(story.written)}"/>\n'
        f'<confidentialityCode code="{secrecy}" codeSystem="2.16.840.1.113883.5.25"/>\n'
        f'<languageCode code="pl-PL"/>\n<setId extension="{set_id}" root="{node}.2"/>\n'
        f'<versionNumber value="{version}"/>\n'
    )


def _patient(story: Story, recipe: Recipe) -> str:
    patient = story.patient
    return (
        f'<recordTarget>\n<templateId root="{PIK}.2.{recipe.patient_template}"/>\n<patientRole>\n'
        f'<id extension="{patient.local_id}" root="{story.provider.node}.17.1" displayable="false"/>\n'
        f'<id extension="{patient.pesel}" root="{oids.PESEL}" displayable="true"/>\n'
        f"{_address(patient.address)}<patient>\n"
        f"<name><given>{patient.given}</given><family>{escape(patient.family)}</family></name>\n"
        f'<administrativeGenderCode code="{patient.sex}" codeSystem="2.16.840.1.113883.5.1"/>\n'
        f'<birthTime value="{day(patient.born)}"/>\n</patient>\n</patientRole>\n</recordTarget>\n'
    )


def _address(address: Address) -> str:
    flat = f"<unitID>{address.flat}</unitID>" if address.flat else ""
    return (
        f"<addr>\n<country>Polska</country><postalCode>{address.postal_code}</postalCode>"
        f"<city>{address.city}</city>"
        f"<streetName>{address.street}</streetName><houseNumber>{address.house}</houseNumber>{flat}\n"
        "</addr>\n"
    )


def _author(story: Story) -> str:
    author = story.author
    return (
        f'<author>\n<templateId root="{PIK}.2.4"/>\n<functionCode code="{author.function}" '
        f'codeSystem="{oids.PROFESSION}" displayName="{author.function_name}"/>\n<time '
        f'value="{stamp(story.written)}"/>\n'
        f'<assignedAuthor>\n<id extension="{author.licence}" root="{oids.P1_ROOT}.{author.root}" '
        'displayable="false"/>\n'
        f'<assignedPerson>\n<templateId root="{PIK}.2.1"/>\n<name><prefix>{author.prefix}</prefix>'
        f"<given>{author.given}</given><family>{escape(author.family)}</family></name>\n</assignedPerson>\n"
        f"{_organisation(story)}</assignedAuthor>\n</author>\n"
    )


def _organisation(story: Story) -> str:
    provider, (cell, place) = story.provider, story.place
    return (
        f'<representedOrganization>\n<templateId root="{PIK}.2.18"/>\n'
        f'<id extension="{provider.book}-{cell[1:]}" root="{oids.CELL}" displayable="true"/>\n'
        f'<name>{place}</name>\n<telecom use="PUB" '
        f'value="{provider.phone}"/>\n{_address(provider.address)}'
        f'<standardIndustryClassCode code="{cell}" codeSystem="{oids.CELL_SPECIALTY}" '
        f'displayName="{place}"/>\n'
        f"<asOrganizationPartOf><wholeOrganization>\n{_unit(provider)}"
        f"<asOrganizationPartOf><wholeOrganization>\n{_whole(provider)}"
        "</wholeOrganization></asOrganizationPartOf>\n</wholeOrganization></asOrganizationPartOf>\n"
        "</representedOrganization>\n"
    )


def _unit(provider: Provider) -> str:
    return (
        f'<id extension="{provider.book}-{provider.unit}" root="{oids.UNIT}" displayable="true"/>\n'
        f'<id extension="{provider.regon14}" root="{oids.REGON14}" displayable="true"/>\n'
        f"<name>{escape(provider.unit_name)}</name>\n"
    )


def _whole(provider: Provider) -> str:
    return (
        f'<id extension="{provider.book}" root="{oids.PROVIDER}" displayable="true"/>\n'
        f'<id extension="{provider.regon9}" root="{oids.REGON9}" displayable="true"/>\n'
        f"<name>{escape(provider.name)}</name>\n"
    )


def _custodian(story: Story, recipe: Recipe) -> str:
    own = f'<id extension="{story.provider.book}" root="{oids.PROVIDER}" displayable="false"/>'
    return (
        f'<custodian>\n<templateId root="{PIK}.2.{"20" if recipe.pool else "5"}"/>\n<assignedCustodian>\n'
        f"<representedCustodianOrganization>{_P1_CUSTODIAN if recipe.pool else own}"
        "</representedCustodianOrganization>\n"
        "</assignedCustodian>\n</custodian>\n"
    )


def _signer(story: Story) -> str:
    return (
        f'<legalAuthenticator>\n<templateId root="{PIK}.2.6"/>\n<time value="{stamp(story.written)}"/>\n'
        f'<signatureCode code="S"/>\n<assignedEntity>\n<id extension="{story.author.licence}" '
        f'root="{oids.P1_ROOT}.{story.author.root}" displayable="true"/>\n</assignedEntity>\n'
        "</legalAuthenticator>\n"
    )


def _event(story: Story) -> str:
    case = story.case
    return (
        f'<documentationOf typeCode="DOC">\n<templateId root="{PIK}.2.51"/>\n<serviceEvent classCode="ACT" '
        'moodCode="EVN">\n'
        f'<code code="{case.procedure}" codeSystem="{oids.ICD9_PL}" codeSystemName="ICD-9-PL" '
        f'displayName="{escape(case.procedure_name)}"/>\n<effectiveTime>'
        f'<low value="{stamp(story.began)}"/><high value="{stamp(story.written)}"/></effectiveTime>\n'
        "</serviceEvent>\n</documentationOf>\n"
    )


def _related(story: Story, recipe: Recipe) -> str:
    pool = f"{oids.P1_ROOT}.7.{recipe.pool}"
    return (
        f'<relatedDocument typeCode="RPLC">\n<templateId root="{PIK}.2.46"/>\n<parentDocument>\n'
        f'<id extension="{story.parent}" root="{pool}.1" displayable="false"/>\n'
        f'<setId extension="{story.parent}" root="{pool}.2"/>\n<versionNumber value="1"/>\n'
        "</parentDocument>\n</relatedDocument>\n"
    )


def _encounter(story: Story) -> str:
    cell, place = story.place
    return (
        f'<componentOf typeCode="COMP">\n<templateId root="{PIK}.2.52"/>\n'
        '<encompassingEncounter classCode="ENC" moodCode="EVN">\n'
        f'<id extension="W{story.identity[:8]}" root="{story.provider.node}.15.1" displayable="true"/>\n'
        f'<code code="{cell}" codeSystem="{oids.CELL_SPECIALTY}" displayName="{place}"/>\n'
        "<effectiveTime>"
        f'<low value="{stamp(story.began)}"/><high value="{stamp(story.written)}"/></effectiveTime>\n'
        "</encompassingEncounter>\n</componentOf>\n"
    )
