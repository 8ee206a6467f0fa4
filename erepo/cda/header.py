"""Read the header of a PIK document (1.0 to 1.3.2 and later) without changing a byte.

Field by field after the base template 2.16.840.1.113883.3.4424.13.10.1.1. The reader takes what is there:
wrong check digits and missing niceties become warnings. Only what nothing can be archived without is
demanded.
"""

from typing import Final

from lxml import etree

from erepo.cda import people
from erepo.cda.checks import warnings_of
from erepo.cda.elements import (
    EXTPL,
    V3,
    attribute,
    child,
    identifier,
    identifiers,
    number,
    required,
    text_of,
    value,
)
from erepo.cda.errors import DoctypeForbidden, HeaderIncomplete, NotCda, NotXml
from erepo.cda.model import II, Author, CdaHeader, HeaderWarning, Organisation, Patient, Related
from erepo.cda.parsing import parse, root_start
from erepo.content import Buffer
from erepo.identifiers.oids import DOCUMENT_CLASS_P1, PIK_DOCUMENT_TEMPLATES
from erepo.settings import Limits

__all__ = [
    "II",
    "Author",
    "CdaHeader",
    "HeaderWarning",
    "Organisation",
    "Patient",
    "Related",
    "is_cda",
    "read_header",
]

#: Root of the PIK document templates; the number below it names the template.
DOCUMENT_TEMPLATES: Final = f"{PIK_DOCUMENT_TEMPLATES}."

_DOCUMENT_LIMIT: Final = Limits().document


def is_cda(octets: Buffer) -> bool:
    """Tell at a glance whether octets claim to be an HL7 CDA document; well-formedness is not checked."""
    try:
        tag = root_start(octets).split(b">", 1)[0]
    except DoctypeForbidden:
        return b"ClinicalDocument" in bytes(memoryview(octets)[:4096])
    except NotXml:
        return False
    return (
        tag.split(None, 1)[0].rpartition(b":")[2].lstrip(b"<") == b"ClinicalDocument"
        and b"urn:hl7-org:v3" in tag
    )


def read_header(octets: Buffer, *, limit: int = _DOCUMENT_LIMIT) -> CdaHeader:
    """Read the header; the whole document is checked for well-formedness on the way.

    Args:
        octets: the document as received.
        limit: most bytes accepted.

    Returns:
        The header, with warnings for what is odd but acceptable.

    Raises:
        NotXml: not well-formed.
        DoctypeForbidden: has a DOCTYPE.
        DocumentTooLarge: above a limit.
        NotCda: no ClinicalDocument.
        HeaderIncomplete: lacks id, code, effectiveTime or a patient with an identifier.
    """
    root = parse(octets, limit)
    if root.tag != f"{V3}ClinicalDocument":
        raise NotCda
    template_root, template_version, templates = _template(root)
    code = child(root, "code")
    patient = people.read_patient(root)
    author, author_count = people.read_author(root)
    signer = people.read_signer(root)
    start, stop = _service_time(root)
    header = CdaHeader(
        template_root=template_root,
        template_version=template_version,
        extension_namespace=_extension_namespace(root),
        document_id=required(identifier(child(root, "id")), "id"),
        loinc=required(attribute(code, "code"), "code"),
        p1_code=_p1_code(code),
        title=text_of(child(root, "title")),
        effective_time=required(value(child(root, "effectiveTime")), "effectiveTime"),
        confidentiality=attribute(child(root, "confidentialityCode"), "code"),
        language=attribute(child(root, "languageCode"), "code"),
        set_id=identifier(child(root, "setId")),
        version=number(value(child(root, "versionNumber"))),
        patient=patient,
        author=author,
        custodian=people.read_custodian(root),
        legal_authenticator=signer,
        service_start=start,
        service_stop=stop,
        related=_related(root),
        body_media_type=_body_media_type(root),
        encounter=identifiers(child(root, "componentOf", "encompassingEncounter")),
    )
    return warnings_of(header, templates=templates, authors=author_count)


def _template(root: etree._Element) -> tuple[str, str, int]:
    found = [
        (template.get("root", ""), template.get("extension", ""))
        for template in root.iterchildren(f"{V3}templateId")
        if template.get("root", "").startswith(DOCUMENT_TEMPLATES)
    ]
    # IHE templates carry no version, and supplements may repeat the PIK one without it.
    versioned = [pair for pair in found if pair[1]]
    root_id, version = (versioned or found or [("", "")])[0]
    return root_id, version, len(versioned)


def _extension_namespace(root: etree._Element) -> str:
    declared = root.nsmap
    prefix = root.get("{http://www.w3.org/2001/XMLSchema-instance}type", "").partition(":")[0]
    if (namespace := declared.get(prefix or "-", "")) and EXTPL in namespace:
        return namespace
    return next((namespace for namespace in declared.values() if EXTPL in namespace), "")


def _p1_code(code: etree._Element | None) -> str:
    if code is None:
        return ""
    return next(
        (
            translation.get("code", "")
            for translation in code.iterchildren(f"{V3}translation")
            if translation.get("codeSystem") == DOCUMENT_CLASS_P1
        ),
        "",
    )


def _service_time(root: etree._Element) -> tuple[str, str]:
    """Start and stop of what is documented: the service events, else the encounter."""
    events = [child(event, "serviceEvent") for event in root.iterchildren(f"{V3}documentationOf")]
    for act in (*events, child(root, "componentOf", "encompassingEncounter")):
        time = child(act, "effectiveTime")
        if time is None:
            continue
        moment = value(time)
        start = value(child(time, "low")) or moment
        stop = value(child(time, "high")) or moment
        if start or stop:
            return start, stop
    return "", ""


def _related(root: etree._Element) -> tuple[Related, ...]:
    found = []
    for related in root.iterchildren(f"{V3}relatedDocument"):
        parent = child(related, "parentDocument")
        if parent is None:
            raise HeaderIncomplete(field="relatedDocument/parentDocument")
        found.append(
            Related(
                type_code=related.get("typeCode", ""),
                id=identifier(child(parent, "id")),
                set_id=identifier(child(parent, "setId")),
                version=number(value(child(parent, "versionNumber"))),
            )
        )
    return tuple(found)


def _body_media_type(root: etree._Element) -> str:
    """Media type of a document in binary form (PIK "alternatywna forma", entry .4.49, or nonXMLBody)."""
    body = child(root, "component")
    if (text := child(body, "nonXMLBody", "text")) is not None:
        return text.get("mediaType", "")
    structured = child(body, "structuredBody")
    if structured is None:
        return ""
    for media in structured.iter(f"{V3}observationMedia"):
        if media.get("ID") == "DOCUMENT_CONTENT":
            return attribute(child(media, "value"), "mediaType")
    return ""
