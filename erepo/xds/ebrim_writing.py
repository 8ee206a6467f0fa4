"""Metadata written as ebRIM 3.0 (IHE ITI TF-3 4.2.1 to 4.2.3), elements in the order of rim.xsd."""

import uuid
from collections.abc import Iterator

from lxml import etree

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

RIM_MAP = {"rim": RIM}
OBJECT_LIST = f"{{{RIM}}}RegistryObjectList"
_SLOT = f"{{{RIM}}}Slot"
_VALUE_LIST = f"{{{RIM}}}ValueList"
_VALUE = f"{{{RIM}}}Value"
_NAME = f"{{{RIM}}}Name"
_DESCRIPTION = f"{{{RIM}}}Description"
_LOCALIZED = f"{{{RIM}}}LocalizedString"
_VERSION = f"{{{RIM}}}VersionInfo"
_CLASSIFICATION = f"{{{RIM}}}Classification"
_IDENTIFIER = f"{{{RIM}}}ExternalIdentifier"
_DOCUMENT = f"{{{RIM}}}ExtrinsicObject"
_PACKAGE = f"{{{RIM}}}RegistryPackage"
_ASSOCIATION = f"{{{RIM}}}Association"

# LongName of rim.xsd, the type of every slot value.
_LONGEST_VALUE = 256

_Element = etree._Element  # noqa: SLF001 - the type lxml gives its elements has no public name
_sub = etree.SubElement


def write_objects(metadata: MetadataSet) -> list[_Element]:
    """Write every object; the elements hang below a fresh RegistryObjectList and may be moved."""
    return list(write_object_list(metadata))


def write_object_list(metadata: MetadataSet, parent: _Element | None = None) -> _Element:
    """Write `rim:RegistryObjectList` with every object, by itself or below `parent`."""
    if parent is None:
        listed = etree.Element(OBJECT_LIST, nsmap=RIM_MAP)
    else:
        listed = _sub(parent, OBJECT_LIST, nsmap=RIM_MAP)
    ids = _fresh_ids()
    for document in metadata.documents:
        _document(listed, document, ids)
    for submission_set in metadata.submission_sets:
        _submission_set(listed, submission_set, ids)
    for folder in metadata.folders:
        _folder(listed, folder, ids)
    for association in metadata.associations:
        _association(listed, association, ids)
    return listed


def _fresh_ids() -> Iterator[str]:
    """Yield UUIDs for classifications and identifiers: one random draw, then counting in the last 48 bits."""
    start = uuid.uuid4()
    head, number = str(start)[:24], start.int & 0xFFFF_FFFF_FFFF
    while True:
        yield f"urn:uuid:{head}{number:012x}"
        number = (number + 1) & 0xFFFF_FFFF_FFFF


def _document(parent: _Element, entry: DocumentEntry, ids: Iterator[str]) -> None:
    element = _object(parent, _DOCUMENT, entry)
    element.set("mimeType", entry.mime_type)
    element.set("objectType", entry.object_type)
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
    ):
        if value:
            _slot(element, name, (value,))
    _slot(element, Slot.URI, _pieces(entry.uri))
    _slot(element, Slot.SOURCE_PATIENT_INFO, entry.source_patient_info)
    _slot(element, Slot.REFERENCE_IDS, tuple(map(str, entry.reference_ids)))
    _slots(element, entry.extra_slots)
    _texts(element, entry)
    for author in entry.authors:
        _author(element, DOCUMENT_AUTHOR, author, entry.entry_uuid, ids)
    for scheme, code in (
        (CLASS_CODE, entry.class_code),
        (FACILITY_TYPE, entry.facility_type),
        (FORMAT_CODE, entry.format_code),
        (PRACTICE_SETTING, entry.practice_setting),
        (TYPE_CODE, entry.type_code),
        *((CONFIDENTIALITY, code) for code in entry.confidentiality),
        *((EVENT_CODE, code) for code in entry.event_codes),
    ):
        if code is not None:
            _code(element, scheme, code, entry.entry_uuid, ids)
    if entry.limited:
        _node(element, DOCUMENT_LIMITED, entry.entry_uuid, ids)
    _identifier(element, DOCUMENT_PATIENT, "XDSDocumentEntry.patientId", str(entry.patient_id), ids)
    _identifier(element, DOCUMENT_UNIQUE, "XDSDocumentEntry.uniqueId", entry.unique_id, ids)


def _submission_set(parent: _Element, entry: SubmissionSet, ids: Iterator[str]) -> None:
    element = _object(parent, _PACKAGE, entry)
    element.set("objectType", OBJECT_REGISTRY_PACKAGE)
    if entry.submission_time:
        _slot(element, Slot.SUBMISSION_TIME, (entry.submission_time,))
    _slot(element, Slot.INTENDED_RECIPIENT, entry.intended_recipients)
    _slots(element, entry.extra_slots)
    _texts(element, entry)
    _node(element, SUBMISSION_SET, entry.entry_uuid, ids)
    for author in entry.authors:
        _author(element, SET_AUTHOR, author, entry.entry_uuid, ids)
    if entry.content_type is not None:
        _code(element, CONTENT_TYPE, entry.content_type, entry.entry_uuid, ids)
    if entry.limited:
        _node(element, SET_LIMITED, entry.entry_uuid, ids)
    _identifier(element, SET_PATIENT, "XDSSubmissionSet.patientId", str(entry.patient_id), ids)
    _identifier(element, SET_SOURCE, "XDSSubmissionSet.sourceId", entry.source_id, ids)
    _identifier(element, SET_UNIQUE, "XDSSubmissionSet.uniqueId", entry.unique_id, ids)


def _folder(parent: _Element, entry: Folder, ids: Iterator[str]) -> None:
    element = _object(parent, _PACKAGE, entry)
    element.set("objectType", OBJECT_REGISTRY_PACKAGE)
    if entry.last_update_time:
        _slot(element, Slot.LAST_UPDATE_TIME, (entry.last_update_time,))
    _slots(element, entry.extra_slots)
    _texts(element, entry)
    _node(element, FOLDER, entry.entry_uuid, ids)
    for code in entry.codes:
        _code(element, FOLDER_CODES, code, entry.entry_uuid, ids)
    if entry.limited:
        _node(element, FOLDER_LIMITED, entry.entry_uuid, ids)
    _identifier(element, FOLDER_PATIENT, "XDSFolder.patientId", str(entry.patient_id), ids)
    _identifier(element, FOLDER_UNIQUE, "XDSFolder.uniqueId", entry.unique_id, ids)


def _association(parent: _Element, entry: Association, ids: Iterator[str]) -> None:
    element = _object(parent, _ASSOCIATION, entry)
    element.set("objectType", OBJECT_ASSOCIATION)
    element.set("associationType", entry.type)
    element.set("sourceObject", entry.source)
    element.set("targetObject", entry.target)
    if entry.submission_set_status:
        _slot(element, Slot.SUBMISSION_SET_STATUS, (entry.submission_set_status,))
    _slots(element, entry.extra_slots)
    _version(element, entry.version)
    if entry.documentation is not None:
        _code(element, ASSOCIATION_DOCUMENTATION, entry.documentation, entry.entry_uuid, ids)


def _object(
    parent: _Element, tag: str, entry: DocumentEntry | SubmissionSet | Folder | Association
) -> _Element:
    element = _sub(parent, tag, {"id": entry.entry_uuid})
    for name, value in (("home", entry.home), ("lid", entry.lid), ("status", entry.status)):
        if value:
            element.set(name, value)
    return element


def _texts(element: _Element, entry: DocumentEntry | SubmissionSet | Folder) -> None:
    if entry.title:
        _sub(_sub(element, _NAME), _LOCALIZED, {"value": entry.title})
    if entry.comments:
        _sub(_sub(element, _DESCRIPTION), _LOCALIZED, {"value": entry.comments})
    _version(element, entry.version)


def _version(element: _Element, version: int | None) -> None:
    if version is not None:
        _sub(element, _VERSION, {"versionName": str(version)})


def _pieces(text: str) -> tuple[str, ...]:
    """Cut a text that is longer than one value may be into `1|…`, `2|…` (TF-3 4.2.3.2.28)."""
    if len(text) <= _LONGEST_VALUE:
        return (text,) if text else ()
    length = _LONGEST_VALUE - 4
    starts = range(0, len(text), length)
    return tuple(f"{number}|{text[start : start + length]}" for number, start in enumerate(starts, 1))


def _slots(element: _Element, slots: Slots) -> None:
    for name, values in slots.items():
        _slot(element, name, values, even_empty=True)


def _slot(element: _Element, name: str, values: tuple[str, ...], *, even_empty: bool = False) -> None:
    if not values and not even_empty:
        return
    listed = _sub(_sub(element, _SLOT, {"name": name}), _VALUE_LIST)
    for value in values:
        _sub(listed, _VALUE).text = value


def _classification(
    element: _Element, scheme: str, representation: str, target: str, ids: Iterator[str]
) -> _Element:
    return _sub(
        element,
        _CLASSIFICATION,
        {
            "classificationScheme": scheme,
            "classifiedObject": target,
            "id": next(ids),
            "nodeRepresentation": representation,
            "objectType": OBJECT_CLASSIFICATION,
        },
    )


def _code(element: _Element, scheme: str, code: Code, target: str, ids: Iterator[str]) -> None:
    classification = _classification(element, scheme, code.code, target, ids)
    _slot(classification, Slot.CODING_SCHEME, (code.scheme,))
    _sub(_sub(classification, _NAME), _LOCALIZED, {"value": code.display or code.code})


def _author(element: _Element, scheme: str, author: Author, target: str, ids: Iterator[str]) -> None:
    classification = _classification(element, scheme, "", target, ids)
    if author.person is not None:
        _slot(classification, Slot.AUTHOR_PERSON, (str(author.person),))
    _slot(classification, Slot.AUTHOR_INSTITUTION, tuple(map(str, author.institutions)))
    _slot(classification, Slot.AUTHOR_ROLE, author.roles)
    _slot(classification, Slot.AUTHOR_SPECIALTY, author.specialties)
    _slot(classification, Slot.AUTHOR_TELECOM, author.telecoms)


def _node(element: _Element, node: str, target: str, ids: Iterator[str]) -> None:
    _sub(
        element,
        _CLASSIFICATION,
        {
            "classificationNode": node,
            "classifiedObject": target,
            "id": next(ids),
            "objectType": OBJECT_CLASSIFICATION,
        },
    )


def _identifier(element: _Element, scheme: str, name: str, value: str, ids: Iterator[str]) -> None:
    identifier = _sub(
        element,
        _IDENTIFIER,
        {
            "id": next(ids),
            "identificationScheme": scheme,
            "objectType": OBJECT_EXTERNAL_IDENTIFIER,
            "registryObject": element.get("id", ""),
            "value": value,
        },
    )
    _sub(_sub(identifier, _NAME), _LOCALIZED, {"value": name})
