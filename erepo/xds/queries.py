"""The stored queries of ITI-18 as a table: ids, parameters, what is required (TF-2 3.18.4.1.2.3.7)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Flag, StrEnum, auto
from types import MappingProxyType
from typing import Final


class QueryId(StrEnum):
    """Ids of the stored queries."""

    FIND_DOCUMENTS = "urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d"
    FIND_SUBMISSION_SETS = "urn:uuid:f26abbcb-ac74-4422-8a30-edb644bbc1a9"
    FIND_FOLDERS = "urn:uuid:958f3006-baad-4929-a4de-ff1114824431"
    GET_ALL = "urn:uuid:10b545ea-725c-446d-9b95-8aeb444eddf3"
    GET_DOCUMENTS = "urn:uuid:5c4f972b-d56b-40ac-a5fc-c8ca9b40b9d4"
    GET_FOLDERS = "urn:uuid:5737b14c-8a1a-4539-b659-e03a34a5e1e4"
    GET_ASSOCIATIONS = "urn:uuid:a7ae438b-4bc2-4642-93e9-be891f7bb155"
    GET_DOCUMENTS_AND_ASSOCIATIONS = "urn:uuid:bab9529a-4a10-40b3-a01f-f68a615d247a"
    GET_SUBMISSION_SETS = "urn:uuid:51224314-5390-4169-9b91-b1980040715a"
    GET_SUBMISSION_SET_AND_CONTENTS = "urn:uuid:e8e3cb2c-e39c-46b9-99e4-c12f57260b83"
    GET_FOLDER_AND_CONTENTS = "urn:uuid:b909a503-523d-4517-8acf-8e5834dfc4c7"
    GET_FOLDERS_FOR_DOCUMENT = "urn:uuid:10cae35a-c7f9-4cf5-b61e-fc3278ffb578"
    GET_RELATED_DOCUMENTS = "urn:uuid:d90e5407-b356-4d91-a89f-873917b4b0e6"
    FIND_DOCUMENTS_BY_REFERENCE_ID = "urn:uuid:12941a89-e02e-4be5-967c-ce4bfc8fe492"


class Form(Flag):
    """How the value of a parameter is written."""

    ONE = 0
    MANY = auto()
    """A list in parentheses; its members are alternatives."""
    AND = auto()
    """The slot may be repeated; all repetitions must hold."""
    NUMBER = auto()
    """Bare digits without quotes: a time."""
    CODE = auto()
    """`code^^scheme` (TF-2 3.18.4.1.2.3.4)."""
    PATIENT = auto()
    """`id^^^&oid&ISO`."""


_ONE, _MANY, _TIME, _PATIENT = Form.ONE, Form.MANY, Form.NUMBER, Form.PATIENT
_CODES = Form.MANY | Form.CODE
_AND = Form.MANY | Form.AND

_DE, _SS, _FD = "$XDSDocumentEntry", "$XDSSubmissionSet", "$XDSFolder"

PATIENT: Final = f"{_DE}PatientId"
STATUS: Final = f"{_DE}Status"
TYPE: Final = f"{_DE}Type"
DOCUMENT_UUID: Final = f"{_DE}EntryUUID"
DOCUMENT_UNIQUE_ID: Final = f"{_DE}UniqueId"
SET_UUID: Final = f"{_SS}EntryUUID"
SET_UNIQUE_ID: Final = f"{_SS}UniqueId"
HOME: Final = "$homeCommunityId"

#: Every parameter of every query.
PARAMETERS: Final[Mapping[str, Form]] = MappingProxyType(
    {
        PATIENT: _PATIENT,
        STATUS: _MANY,
        TYPE: _MANY,
        DOCUMENT_UUID: _MANY,
        DOCUMENT_UNIQUE_ID: _MANY,
        **{
            f"{_DE}{code}": _CODES
            for code in (
                "ClassCode",
                "TypeCode",
                "PracticeSettingCode",
                "HealthcareFacilityTypeCode",
                "FormatCode",
            )
        },
        f"{_DE}EventCodeList": _AND | Form.CODE,
        f"{_DE}ConfidentialityCode": _AND | Form.CODE,
        f"{_DE}ReferenceIdList": _AND,
        f"{_DE}AuthorPerson": _MANY,
        **{
            f"{_DE}{time}{end}": _TIME
            for time in ("CreationTime", "ServiceStartTime", "ServiceStopTime")
            for end in ("From", "To")
        },
        f"{_SS}PatientId": _PATIENT,
        f"{_SS}Status": _MANY,
        f"{_SS}SourceId": _MANY,
        f"{_SS}SubmissionTimeFrom": _TIME,
        f"{_SS}SubmissionTimeTo": _TIME,
        f"{_SS}AuthorPerson": _ONE,
        f"{_SS}ContentType": _CODES,
        SET_UUID: _ONE,
        SET_UNIQUE_ID: _ONE,
        f"{_FD}PatientId": _PATIENT,
        f"{_FD}Status": _MANY,
        f"{_FD}LastUpdateTimeFrom": _TIME,
        f"{_FD}LastUpdateTimeTo": _TIME,
        f"{_FD}CodeList": _AND | Form.CODE,
        f"{_FD}EntryUUID": _MANY,
        f"{_FD}UniqueId": _MANY,
        "$patientId": _PATIENT,
        "$uuid": _MANY,
        "$AssociationTypes": _MANY,
        HOME: _ONE,
    }
)


@dataclass(frozen=True, slots=True)
class Definition:
    """A query: all of `required`, exactly one of `either`, any of `optional`; one value in `single`."""

    required: tuple[str, ...] = ()
    either: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    single: frozenset[str] = field(default_factory=frozenset)

    @property
    def parameters(self) -> frozenset[str]:
        """All that the query knows; what else is asked for is ignored."""
        return frozenset({*self.required, *self.either, *self.optional, HOME})


_DOCUMENT = (DOCUMENT_UUID, DOCUMENT_UNIQUE_ID)
_FOLDER = (f"{_FD}EntryUUID", f"{_FD}UniqueId")
#: What restricts the documents of a container.
_CONTENTS = (f"{_DE}FormatCode", f"{_DE}ConfidentialityCode", TYPE)
_FIND = (
    *(name for name in PARAMETERS if name.startswith(_DE) and name.endswith(("From", "To"))),
    *(f"{_DE}{name}" for name in ("ClassCode", "TypeCode", "PracticeSettingCode", "EventCodeList")),
    f"{_DE}HealthcareFacilityTypeCode",
    f"{_DE}AuthorPerson",
    *_CONTENTS,
)

QUERIES: Final[Mapping[str, Definition]] = MappingProxyType(
    {
        QueryId.FIND_DOCUMENTS: Definition((PATIENT, STATUS), optional=_FIND),
        QueryId.FIND_SUBMISSION_SETS: Definition(
            (f"{_SS}PatientId", f"{_SS}Status"),
            optional=tuple(
                f"{_SS}{name}"
                for name in (
                    "SourceId",
                    "SubmissionTimeFrom",
                    "SubmissionTimeTo",
                    "AuthorPerson",
                    "ContentType",
                )
            ),
        ),
        QueryId.FIND_FOLDERS: Definition(
            (f"{_FD}PatientId", f"{_FD}Status"),
            optional=(f"{_FD}LastUpdateTimeFrom", f"{_FD}LastUpdateTimeTo", f"{_FD}CodeList"),
        ),
        QueryId.GET_ALL: Definition(
            ("$patientId", STATUS, f"{_SS}Status", f"{_FD}Status"), optional=_CONTENTS
        ),
        QueryId.GET_DOCUMENTS: Definition(either=_DOCUMENT),
        QueryId.GET_FOLDERS: Definition(either=_FOLDER),
        QueryId.GET_ASSOCIATIONS: Definition(("$uuid",)),
        QueryId.GET_DOCUMENTS_AND_ASSOCIATIONS: Definition(either=_DOCUMENT),
        QueryId.GET_SUBMISSION_SETS: Definition(("$uuid",)),
        QueryId.GET_SUBMISSION_SET_AND_CONTENTS: Definition(
            either=(SET_UUID, SET_UNIQUE_ID), optional=_CONTENTS
        ),
        QueryId.GET_FOLDER_AND_CONTENTS: Definition(
            either=_FOLDER, optional=_CONTENTS, single=frozenset(_FOLDER)
        ),
        QueryId.GET_FOLDERS_FOR_DOCUMENT: Definition(either=_DOCUMENT, single=frozenset(_DOCUMENT)),
        QueryId.GET_RELATED_DOCUMENTS: Definition(
            ("$AssociationTypes",), either=_DOCUMENT, optional=(TYPE,), single=frozenset(_DOCUMENT)
        ),
        QueryId.FIND_DOCUMENTS_BY_REFERENCE_ID: Definition(
            (PATIENT, STATUS, f"{_DE}ReferenceIdList"), optional=_FIND
        ),
    }
)
