"""Metadata written as ebRIM 3.0 (IHE ITI TF-3 4.2.1 to 4.2.3), elements in the order of rim.xsd.

Written as text and parsed once: a document's hundred elements made one by one cost three times as much, and
were the largest single cost of sending a small document.
"""

import uuid
from collections.abc import Iterator

from lxml import etree

from erepo.soap.headers import escaped, quoted
from erepo.xds.model import (
    Association,
    Author,
    Code,
    DocumentEntry,
    Folder,
    MetadataSet,
    Slots,
    SubmissionSet,
)
from erepo.xds.vocabulary import (
    ASSOCIATION_DOCUMENTATION,
    CLASS_CODE,
    CONFIDENTIALITY,
    CONTENT_TYPE,
    DOCUMENT_AUTHOR,
    DOCUMENT_LIMITED,
    DOCUMENT_PATIENT,
    DOCUMENT_UNIQUE,
    EVENT_CODE,
    FACILITY_TYPE,
    FOLDER,
    FOLDER_CODES,
    FOLDER_LIMITED,
    FOLDER_PATIENT,
    FOLDER_UNIQUE,
    FORMAT_CODE,
    OBJECT_ASSOCIATION,
    OBJECT_CLASSIFICATION,
    OBJECT_EXTERNAL_IDENTIFIER,
    OBJECT_REGISTRY_PACKAGE,
    PRACTICE_SETTING,
    RIM,
    SET_AUTHOR,
    SET_LIMITED,
    SET_PATIENT,
    SET_SOURCE,
    SET_UNIQUE,
    SUBMISSION_SET,
    TYPE_CODE,
    Slot,
)

OBJECT_LIST = f"{{{RIM}}}RegistryObjectList"
_START, _END = f'<rim:RegistryObjectList xmlns:rim="{RIM}">', "</rim:RegistryObjectList>"

# LongName of rim.xsd, the type of every slot value.
_LONGEST_VALUE = 256

_Element = etree._Element  # noqa: SLF001 - the type lxml gives its elements has no public name
_Ids = Iterator[str]


def write_objects(metadata: MetadataSet) -> list[_Element]:
    """Write every object; the elements hang below a fresh RegistryObjectList and may be moved."""
    return list(write_object_list(metadata))


def write_object_list(metadata: MetadataSet, parent: _Element | None = None) -> _Element:
    """Write `rim:RegistryObjectList` with every object, by itself or below `parent`.

    Raises:
        ValueError: a value holds a character that XML cannot carry.
    """
    ids = _fresh_ids()
    pieces = [
        _START,
        *(_document(document, ids) for document in metadata.documents),
        *(_submission_set(submission_set, ids) for submission_set in metadata.submission_sets),
        *(_folder(folder, ids) for folder in metadata.folders),
        *(_association(association, ids) for association in metadata.associations),
        _END,
    ]
    try:
        listed = etree.fromstring("".join(pieces).encode())
    except (etree.XMLSyntaxError, UnicodeEncodeError):
        # Their own texts would quote the value.
        raise ValueError("a value holds a character that XML cannot carry") from None
    if parent is not None:
        parent.append(listed)
    return listed


def _fresh_ids() -> _Ids:
    """Yield UUIDs for classifications and identifiers: one random draw, then counting in the last 48 bits."""
    start = uuid.uuid4()
    head, number = str(start)[:24], start.int & 0xFFFF_FFFF_FFFF
    while True:
        yield f"urn:uuid:{head}{number:012x}"
        number = (number + 1) & 0xFFFF_FFFF_FFFF


def _document(entry: DocumentEntry, ids: _Ids) -> str:
    own = quoted(entry.entry_uuid)
    slots = [
        _slot(name, (value,))
        for name, value in (
            (Slot.CREATION_TIME, entry.creation_time),
            (Slot.HASH, entry.hash),
            (Slot.LANGUAGE, entry.language),
            (Slot.LEGAL_AUTHENTICATOR, str(entry.legal_authenticator or "")),
            (Slot.REPOSITORY, entry.repository_unique_id),
            (Slot.SERVICE_START, entry.service_start),
            (Slot.SERVICE_STOP, entry.service_stop),
            (Slot.SIZE, "" if entry.size is None else str(entry.size)),
            (Slot.SOURCE_PATIENT_ID, str(entry.source_patient_id or "")),
        )
        if value
    ]
    codes = [
        _code(scheme, code, own, ids)
        for scheme, code in (
            (CLASS_CODE, entry.class_code),
            (FACILITY_TYPE, entry.facility_type),
            (FORMAT_CODE, entry.format_code),
            (PRACTICE_SETTING, entry.practice_setting),
            (TYPE_CODE, entry.type_code),
            *((CONFIDENTIALITY, code) for code in entry.confidentiality),
            *((EVENT_CODE, code) for code in entry.event_codes),
        )
        if code is not None
    ]
    types = f'mimeType="{quoted(entry.mime_type)}" objectType="{quoted(entry.object_type)}"'
    return "".join((
        f"<rim:ExtrinsicObject {_common(entry)} {types}>",
        *slots,
        _slot(Slot.URI, _pieces(entry.uri)),
        _slot(Slot.SOURCE_PATIENT_INFO, entry.source_patient_info),
        _slot(Slot.REFERENCE_IDS, tuple(map(str, entry.reference_ids))),
        _slots(entry.extra_slots),
        _texts(entry),
        *(_author(DOCUMENT_AUTHOR, author, own, ids) for author in entry.authors),
        *codes,
        _node(DOCUMENT_LIMITED, own, ids) if entry.limited else "",
        _identifier(DOCUMENT_PATIENT, "XDSDocumentEntry.patientId", str(entry.patient_id), own, ids),
        _identifier(DOCUMENT_UNIQUE, "XDSDocumentEntry.uniqueId", entry.unique_id, own, ids),
        "</rim:ExtrinsicObject>",
    ))  # fmt: skip


def _submission_set(entry: SubmissionSet, ids: _Ids) -> str:
    own = quoted(entry.entry_uuid)
    return "".join((
        f'<rim:RegistryPackage {_common(entry)} objectType="{OBJECT_REGISTRY_PACKAGE}">',
        _slot(Slot.SUBMISSION_TIME, (entry.submission_time,)) if entry.submission_time else "",
        _slot(Slot.INTENDED_RECIPIENT, entry.intended_recipients),
        _slots(entry.extra_slots),
        _texts(entry),
        _node(SUBMISSION_SET, own, ids),
        *(_author(SET_AUTHOR, author, own, ids) for author in entry.authors),
        _code(CONTENT_TYPE, entry.content_type, own, ids) if entry.content_type is not None else "",
        _node(SET_LIMITED, own, ids) if entry.limited else "",
        _identifier(SET_PATIENT, "XDSSubmissionSet.patientId", str(entry.patient_id), own, ids),
        _identifier(SET_SOURCE, "XDSSubmissionSet.sourceId", entry.source_id, own, ids),
        _identifier(SET_UNIQUE, "XDSSubmissionSet.uniqueId", entry.unique_id, own, ids),
        "</rim:RegistryPackage>",
    ))  # fmt: skip


def _folder(entry: Folder, ids: _Ids) -> str:
    own = quoted(entry.entry_uuid)
    return "".join((
        f'<rim:RegistryPackage {_common(entry)} objectType="{OBJECT_REGISTRY_PACKAGE}">',
        _slot(Slot.LAST_UPDATE_TIME, (entry.last_update_time,)) if entry.last_update_time else "",
        _slots(entry.extra_slots),
        _texts(entry),
        _node(FOLDER, own, ids),
        *(_code(FOLDER_CODES, code, own, ids) for code in entry.codes),
        _node(FOLDER_LIMITED, own, ids) if entry.limited else "",
        _identifier(FOLDER_PATIENT, "XDSFolder.patientId", str(entry.patient_id), own, ids),
        _identifier(FOLDER_UNIQUE, "XDSFolder.uniqueId", entry.unique_id, own, ids),
        "</rim:RegistryPackage>",
    ))  # fmt: skip


def _association(entry: Association, ids: _Ids) -> str:
    own, status, documentation = quoted(entry.entry_uuid), entry.submission_set_status, entry.documentation
    types = f'objectType="{OBJECT_ASSOCIATION}" associationType="{quoted(entry.type)}"'
    ends = f'sourceObject="{quoted(entry.source)}" targetObject="{quoted(entry.target)}"'
    return "".join((
        f"<rim:Association {_common(entry)} {types} {ends}>",
        _slot(Slot.SUBMISSION_SET_STATUS, (status,)) if status else "",
        _slots(entry.extra_slots),
        _version(entry.version),
        _code(ASSOCIATION_DOCUMENTATION, documentation, own, ids) if documentation is not None else "",
        "</rim:Association>",
    ))  # fmt: skip


def _common(entry: DocumentEntry | SubmissionSet | Folder | Association) -> str:
    optional = (("home", entry.home), ("lid", entry.lid), ("status", entry.status))
    given = "".join(f' {name}="{quoted(value)}"' for name, value in optional if value)
    return f'id="{quoted(entry.entry_uuid)}"{given}'


def _texts(entry: DocumentEntry | SubmissionSet | Folder) -> str:
    title = f"<rim:Name>{_localized(entry.title)}</rim:Name>" if entry.title else ""
    comments = f"<rim:Description>{_localized(entry.comments)}</rim:Description>" if entry.comments else ""
    return f"{title}{comments}{_version(entry.version)}"


def _localized(text: str) -> str:
    return f'<rim:LocalizedString value="{quoted(text)}"/>'


def _version(version: int | None) -> str:
    return "" if version is None else f'<rim:VersionInfo versionName="{version}"/>'


def _pieces(text: str) -> tuple[str, ...]:
    """Cut a text that is longer than one value may be into `1|…`, `2|…` (TF-3 4.2.3.2.28)."""
    if len(text) <= _LONGEST_VALUE:
        return (text,) if text else ()
    length = _LONGEST_VALUE - 4
    starts = range(0, len(text), length)
    return tuple(f"{number}|{text[start : start + length]}" for number, start in enumerate(starts, 1))


def _slots(slots: Slots) -> str:
    return "".join(_filled(quoted(name), values) for name, values in slots.items())


def _slot(name: Slot, values: tuple[str, ...]) -> str:
    return _filled(name, values) if values else ""


def _filled(name: str, values: tuple[str, ...]) -> str:
    listed = "".join([f"<rim:Value>{escaped(value)}</rim:Value>" for value in values])
    return f'<rim:Slot name="{name}"><rim:ValueList>{listed}</rim:ValueList></rim:Slot>'


def _classification(scheme: str, representation: str, target: str, ids: _Ids, inside: str) -> str:
    return (
        f'<rim:Classification classificationScheme="{scheme}" classifiedObject="{target}" id="{next(ids)}"'
        f' nodeRepresentation="{quoted(representation)}" objectType="{OBJECT_CLASSIFICATION}">'
        f"{inside}</rim:Classification>"
    )


def _code(scheme: str, code: Code, target: str, ids: _Ids) -> str:
    name = f"<rim:Name>{_localized(code.display or code.code)}</rim:Name>"
    return _classification(scheme, code.code, target, ids, _slot(Slot.CODING_SCHEME, (code.scheme,)) + name)


def _author(scheme: str, author: Author, target: str, ids: _Ids) -> str:
    person = () if author.person is None else (str(author.person),)
    inside = "".join((
        _slot(Slot.AUTHOR_PERSON, person),
        _slot(Slot.AUTHOR_INSTITUTION, tuple(map(str, author.institutions))),
        _slot(Slot.AUTHOR_ROLE, author.roles),
        _slot(Slot.AUTHOR_SPECIALTY, author.specialties),
        _slot(Slot.AUTHOR_TELECOM, author.telecoms),
    ))  # fmt: skip
    return _classification(scheme, "", target, ids, inside)


def _node(node: str, target: str, ids: _Ids) -> str:
    return (
        f'<rim:Classification classificationNode="{node}" classifiedObject="{target}" id="{next(ids)}"'
        f' objectType="{OBJECT_CLASSIFICATION}"/>'
    )


def _identifier(scheme: str, name: str, value: str, target: str, ids: _Ids) -> str:
    return (
        f'<rim:ExternalIdentifier id="{next(ids)}" identificationScheme="{scheme}"'
        f' objectType="{OBJECT_EXTERNAL_IDENTIFIER}" registryObject="{target}" value="{quoted(value)}">'
        f'<rim:Name><rim:LocalizedString value="{name}"/></rim:Name></rim:ExternalIdentifier>'
    )
