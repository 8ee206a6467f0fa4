"""ebRIM 3.0 read into the model (IHE ITI TF-3 4.2.1 to 4.2.3, required attributes by 4.3.1).

Tolerant where the profile is: any order of slots, several values, symbolic or UUID ids, the node of a
submission set inside it or beside it. Strict where it says R, as the `Rules` ask.
"""

import re
import uuid

from lxml import etree

from erepo.identifiers import CX, XCN
from erepo.identifiers.oids import is_dotted
from erepo.xds.ebrim_objects import Problems, RawObject, Rules, take_apart
from erepo.xds.errors import MetadataError
from erepo.xds.forms import is_document_unique_id, is_instance_id
from erepo.xds.model import Association, DocumentEntry, Folder, MetadataSet, SubmissionSet
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
    ON_DEMAND,
    PRACTICE_SETTING,
    RIM,
    SET_AUTHOR,
    SET_LIMITED,
    SET_PATIENT,
    SET_SOURCE,
    SET_UNIQUE,
    STABLE,
    SUBMISSION_SET,
    TYPE_CODE,
    Slot,
    Xds,
)

_DOCUMENT = f"{{{RIM}}}ExtrinsicObject"
_PACKAGE = f"{{{RIM}}}RegistryPackage"
_ASSOCIATION = f"{{{RIM}}}Association"
_CLASSIFICATION = f"{{{RIM}}}Classification"
_CLASSIFIED = frozenset({_DOCUMENT, _PACKAGE, _ASSOCIATION})
_REFERENCE = f"{{{RIM}}}ObjectRef"
_HASH = re.compile(r"[0-9a-fA-F]{40}")
_SIZE = re.compile(r"[0-9]{1,15}")

_Element = etree._Element  # noqa: SLF001 - the type lxml gives its elements has no public name


def read_objects(listed: _Element, rules: Rules = Rules.REGISTER) -> MetadataSet:
    """Read the objects below a `rim:RegistryObjectList`; object references are left to the caller.

    Raises:
        MetadataError: with every problem found, each with code, context and the id of its object as location.
    """
    problems = Problems(rules)
    beside = _classifications(listed)
    documents, packages, associations = [], [], []
    for element in listed.iterchildren(tag=etree.Element):
        outer = beside.pop(element.get("id", ""), ()) if element.tag in _CLASSIFIED else ()
        if element.tag == _DOCUMENT:
            documents.append(read_document(take_apart(element, "XDSDocumentEntry", problems, outer)))
        elif element.tag == _PACKAGE:
            packages.append(_read_package(take_apart(element, "RegistryPackage", problems, outer)))
        elif element.tag == _ASSOCIATION:
            if not element.get("id") and problems.strict:
                # TF-3's own examples leave it out; nothing refers to such a one, so any symbol will do.
                element.set("id", f"Association-{uuid.uuid4()}")
            associations.append(read_association(take_apart(element, "Association", problems, outer)))
        elif element.tag not in {_CLASSIFICATION, _REFERENCE}:
            problems.add(element.get("id", ""), "an object of a kind that XDS does not know")
    for name in beside if problems.strict else ():
        problems.add(name, "a classification of an object that is not in the message")
    if problems.found:
        raise MetadataError(problems.found)
    sets = tuple(each for each in packages if isinstance(each, SubmissionSet))
    folders = tuple(each for each in packages if isinstance(each, Folder))
    return MetadataSet(sets, tuple(documents), folders, tuple(associations))


def _read_package(raw: RawObject) -> SubmissionSet | Folder | None:
    if raw.problems.strict and raw.nodes >= {SUBMISSION_SET, FOLDER}:
        raw.complain("classification", "names both a submission set and a folder")
    elif SUBMISSION_SET in raw.nodes:
        return read_submission_set(raw)
    elif FOLDER in raw.nodes:
        return read_folder(raw)
    else:
        raw.complain("classification", "names neither a submission set nor a folder")
    return None


def _classifications(listed: _Element) -> dict[str, list[_Element]]:
    """Return the classifications that stand beside their objects, by the ids of those."""
    found: dict[str, list[_Element]] = {}
    for element in listed.iterchildren(_CLASSIFICATION):
        found.setdefault(element.get("classifiedObject", ""), []).append(element)
    return found


def read_document(raw: RawObject) -> DocumentEntry:
    """Read one ExtrinsicObject; problems are noted in `raw.problems`."""
    element, filled = raw.element, raw.problems.rules is Rules.REGISTER
    mime_type, object_type = element.get("mimeType", ""), element.get("objectType", "")
    if raw.problems.strict and not mime_type:
        raw.complain("mimeType", "is missing")
    if object_type not in {STABLE, ON_DEMAND}:
        raw.complain("objectType", "is neither stable nor on-demand")
    elif object_type == ON_DEMAND and raw.problems.rules is Rules.PROVIDE:
        raw.complain("objectType", "is on-demand though its document came with it")
    filled = filled and object_type != ON_DEMAND
    return DocumentEntry(
        entry_uuid=raw.id,
        unique_id=_document_unique_id(raw),
        patient_id=raw.patient(DOCUMENT_PATIENT),
        class_code=raw.code(CLASS_CODE, "classCode"),
        type_code=raw.code(TYPE_CODE, "typeCode"),
        format_code=raw.code(FORMAT_CODE, "formatCode"),
        facility_type=raw.code(FACILITY_TYPE, "healthcareFacilityTypeCode"),
        practice_setting=raw.code(PRACTICE_SETTING, "practiceSettingCode"),
        confidentiality=raw.codes(CONFIDENTIALITY, "confidentialityCode", required=True),
        event_codes=raw.codes(EVENT_CODE, "eventCodeList"),
        mime_type=mime_type,
        language=raw.value(Slot.LANGUAGE, required=True),
        creation_time=raw.time(Slot.CREATION_TIME, required=object_type != ON_DEMAND),
        service_start=raw.time(Slot.SERVICE_START),
        service_stop=raw.time(Slot.SERVICE_STOP),
        source_patient_id=_source_patient(raw),
        source_patient_info=raw.values(Slot.SOURCE_PATIENT_INFO),
        authors=raw.authors(DOCUMENT_AUTHOR),
        legal_authenticator=raw.parsed(
            XCN.parse, raw.value(Slot.LEGAL_AUTHENTICATOR), Slot.LEGAL_AUTHENTICATOR
        ),
        title=raw.title,
        comments=raw.comments,
        hash=_hash(raw, required=filled),
        size=_size(raw, required=filled),
        repository_unique_id=_repository(raw),
        status=element.get("status", ""),
        object_type=object_type,
        uri=raw.long_text(Slot.URI) if Slot.URI in raw.slots else "",
        reference_ids=raw.references(),
        extra_slots=raw.slots,
        lid=element.get("lid", ""),
        version=raw.version,
        home=_home(raw),
        limited=_limited(raw, DOCUMENT_LIMITED),
    )


def read_submission_set(raw: RawObject) -> SubmissionSet:
    """Read one RegistryPackage as a submission set; problems are noted in `raw.problems`."""
    raw.kind = "XDSSubmissionSet"
    source_id = raw.identifier(SET_SOURCE, "sourceId")
    if source_id and raw.problems.strict and not is_dotted(source_id):
        raw.complain("sourceId", "is no OID")
    return SubmissionSet(
        entry_uuid=raw.id,
        unique_id=_unique_id(raw, SET_UNIQUE),
        source_id=source_id,
        patient_id=raw.patient(SET_PATIENT),
        content_type=raw.code(CONTENT_TYPE, "contentTypeCode"),
        submission_time=raw.time(Slot.SUBMISSION_TIME, required=True),
        authors=raw.authors(SET_AUTHOR),
        title=raw.title,
        comments=raw.comments,
        status=raw.element.get("status", ""),
        intended_recipients=raw.values(Slot.INTENDED_RECIPIENT),
        extra_slots=raw.slots,
        lid=raw.element.get("lid", ""),
        version=raw.version,
        home=_home(raw),
        limited=_limited(raw, SET_LIMITED),
    )


def read_folder(raw: RawObject) -> Folder:
    """Read one RegistryPackage as a folder; problems are noted in `raw.problems`."""
    raw.kind = "XDSFolder"
    if raw.problems.strict and not raw.title:
        raw.complain("title", "is missing")
    return Folder(
        entry_uuid=raw.id,
        unique_id=_unique_id(raw, FOLDER_UNIQUE),
        patient_id=raw.patient(FOLDER_PATIENT),
        codes=raw.codes(FOLDER_CODES, "codeList", required=True),
        title=raw.title,
        comments=raw.comments,
        last_update_time=raw.time(Slot.LAST_UPDATE_TIME),
        status=raw.element.get("status", ""),
        extra_slots=raw.slots,
        lid=raw.element.get("lid", ""),
        version=raw.version,
        home=_home(raw),
        limited=_limited(raw, FOLDER_LIMITED),
    )


def read_association(raw: RawObject) -> Association:
    """Read one Association; problems are noted in `raw.problems`."""
    element = raw.element
    ends = [element.get(name, "") for name in ("associationType", "sourceObject", "targetObject")]
    for name, value in zip(("associationType", "sourceObject", "targetObject"), ends, strict=True):
        if not value:
            raw.complain(name, "is missing")
    return Association(
        entry_uuid=raw.id,
        type=ends[0],
        source=ends[1],
        target=ends[2],
        submission_set_status=raw.value(Slot.SUBMISSION_SET_STATUS),
        documentation=raw.code(ASSOCIATION_DOCUMENTATION, "documentation", required=False),
        status=element.get("status", ""),
        extra_slots=raw.slots,
        lid=element.get("lid", ""),
        version=raw.version,
        home=_home(raw),
    )


def _document_unique_id(raw: RawObject) -> str:
    text = raw.identifier(DOCUMENT_UNIQUE, "uniqueId")
    if text and raw.problems.strict and not is_document_unique_id(text):
        raw.complain("uniqueId", "is neither an OID nor OID^extension nor a URI")
    return text


def _unique_id(raw: RawObject, scheme: str) -> str:
    # The profile says OID; P1 writes submission sets as OID^extension (polish-domain §4.6).
    text = raw.identifier(scheme, "uniqueId")
    if text and raw.problems.strict and not is_instance_id(text):
        raw.complain("uniqueId", "is neither an OID nor OID^extension")
    return text


def _source_patient(raw: RawObject) -> CX | None:
    text = raw.value(Slot.SOURCE_PATIENT_ID, required=True)
    return raw.parsed(CX.parse, text, Slot.SOURCE_PATIENT_ID)


def _hash(raw: RawObject, *, required: bool) -> str:
    text = raw.value(Slot.HASH, required=required)
    if text and _HASH.fullmatch(text) is None:
        raw.complain(Slot.HASH, "is not 40 hexadecimal digits", _judge(raw))
    return text


def _size(raw: RawObject, *, required: bool) -> int | None:
    text = raw.value(Slot.SIZE, required=required)
    if text and _SIZE.fullmatch(text) is None:
        raw.complain(Slot.SIZE, "is no number", _judge(raw))
        return None
    return int(text) if text else None


def _judge(raw: RawObject) -> Xds:
    """Return whose error it is: of the octets' own facts, a repository's in ITI-41 (TF-2 3.41.4.1.3)."""
    return Xds.REPOSITORY_METADATA if raw.problems.rules is Rules.PROVIDE else Xds.REGISTRY_METADATA


def _repository(raw: RawObject) -> str:
    demanded = raw.problems.rules is Rules.REGISTER
    text = raw.value(Slot.REPOSITORY, required=demanded)
    # In ITI-41 the repository puts its own in place of whatever was sent.
    if text and demanded and not is_dotted(text):
        raw.complain(Slot.REPOSITORY, "is no OID")
    return text


def _home(raw: RawObject) -> str:
    home = raw.element.get("home", "")
    if home and raw.problems.strict and not is_dotted(home.removeprefix("urn:oid:")):
        raw.complain("homeCommunityId", "is not of the form urn:oid:OID")
    return home


def _limited(raw: RawObject, node: str) -> bool:
    limited = node in raw.nodes
    if limited and raw.problems.strict:
        raw.complain("limitedMetadata", "is not allowed here")
    return limited
