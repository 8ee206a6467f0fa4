"""What our events are called in DICOM (PS3.16 CID 400 ff.) and IHE (TF-2 3.18.5.1, 3.41.5.1, 3.43.6; RMD)."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from erepo.cloud.audit.events import (
    BREAK_GLASS,
    CONSUMED,
    CUT_OFF,
    NODE,
    OPERATOR,
    PANEL,
    PORTAL,
    SHARED_DOCUMENT,
    Event,
    Thing,
)


@dataclass(frozen=True, slots=True)
class Coded:
    """A code with its system and its name."""

    code: str
    system: str
    name: str


def _dicom(code: str, name: str) -> Coded:
    return Coded(code, "DCM", name)


EXPORT: Final = _dicom("110106", "Export")
IMPORT: Final = _dicom("110107", "Import")
QUERY: Final = _dicom("110112", "Query")
PATIENT_RECORD: Final = _dicom("110110", "Patient Record")
SECURITY_ALERT: Final = _dicom("110113", "Security Alert")
AUDIT_LOG_USED: Final = _dicom("110101", "Audit Log Used")
USER_AUTHENTICATION: Final = _dicom("110114", "User Authentication")
APPLICATION_ACTIVITY: Final = _dicom("110100", "Application Activity")

SOURCE: Final = _dicom("110153", "Source Role ID")
DESTINATION: Final = _dicom("110152", "Destination Role ID")
APPLICATION: Final = _dicom("110150", "Application")


@dataclass(frozen=True, slots=True)
class Kind:
    """How a transaction is told.

    Attributes:
        event: EventID.
        type: EventTypeCode; None where DICOM knows none.
        roles: RoleIDCode of the client and of the service; None outside of transactions of IHE.
    """

    event: Coded
    type: Coded | None = None
    roles: tuple[Coded, Coded] | None = None


_IN, _OUT = (SOURCE, DESTINATION), (DESTINATION, SOURCE)


def _ihe(event: Coded, number: str, name: str, roles: tuple[Coded, Coded] = _IN) -> Kind:
    return Kind(event, Coded(number, "IHE Transactions", name), roles)


_ATTRIBUTES: Final = _dicom("110137", "User Security Attributes Changed")

_KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "ITI-18": _ihe(QUERY, "ITI-18", "Registry Stored Query"),
        "ITI-41": _ihe(IMPORT, "ITI-41", "Provide and Register Document Set-b"),
        "ITI-42": _ihe(IMPORT, "ITI-42", "Register Document Set-b"),
        "ITI-43": _ihe(EXPORT, "ITI-43", "Retrieve Document Set", _OUT),
        CONSUMED: _ihe(IMPORT, "ITI-43", "Retrieve Document Set"),
        "ITI-57": _ihe(IMPORT, "ITI-57", "Update Document Set"),
        "ITI-62": _ihe(PATIENT_RECORD, "ITI-62", "Remove Metadata"),
        "ITI-86": _ihe(PATIENT_RECORD, "ITI-86", "Remove Documents"),
        "account": Kind(APPLICATION_ACTIVITY, Coded("account", "erepo", "Account State")),
        "activation": Kind(SECURITY_ALERT, _ATTRIBUTES),
        "administrator": Kind(SECURITY_ALERT, _ATTRIBUTES),
        "audit": Kind(AUDIT_LOG_USED),
        "certificates": Kind(SECURITY_ALERT, _ATTRIBUTES),
        "consents": Kind(SECURITY_ALERT, _dicom("110135", "Object Security Attributes Changed")),
        BREAK_GLASS: Kind(SECURITY_ALERT, _dicom("110127", "Emergency Override Started")),
        CUT_OFF: Kind(SECURITY_ALERT, _dicom("110132", "Use of Restricted Function")),
        "own-document": Kind(IMPORT, Coded("own-document", "erepo", "Document of a Patient Given")),
        "patient-documents": Kind(
            EXPORT, Coded("patient-documents", "erepo", "Document of a Patient Collected"), _OUT
        ),
        "p1-certificates": Kind(SECURITY_ALERT, _ATTRIBUTES),
        "p1-documents": Kind(IMPORT, Coded("p1-documents", "erepo", "Document of Another Provider Fetched")),
        "p1-index": Kind(EXPORT, Coded("p1-index", "erepo", "Document Indexed in P1")),
        "p1-search": Kind(QUERY, Coded("p1-search", "erepo", "Documents of Other Providers Searched")),
        SHARED_DOCUMENT: Kind(EXPORT, Coded("shared-document", "erepo", "Shared Document Opened")),
        "structure": Kind(APPLICATION_ACTIVITY, Coded("structure", "erepo", "Organisational Structure")),
        "wsdl": Kind(APPLICATION_ACTIVITY, Coded("wsdl", "erepo", "Service Description")),
        PANEL: Kind(APPLICATION_ACTIVITY, Coded("panel", "erepo", "Account Panel")),
        f"{PANEL}: login": Kind(USER_AUTHENTICATION, _dicom("110122", "Login")),
        f"{PANEL}: logout": Kind(USER_AUTHENTICATION, _dicom("110123", "Logout")),
        f"{PANEL}: password": Kind(SECURITY_ALERT, _ATTRIBUTES),
        f"{PANEL}: audit": Kind(AUDIT_LOG_USED),
        "patients": Kind(SECURITY_ALERT, _ATTRIBUTES),
        PORTAL: Kind(APPLICATION_ACTIVITY, Coded("portal", "erepo", "Patients' Portal")),
        f"{PORTAL}: code": Kind(APPLICATION_ACTIVITY, Coded("code", "erepo", "One-time Code Asked For")),
        f"{PORTAL}: sign-in": Kind(USER_AUTHENTICATION, _dicom("110122", "Login")),
        f"{PORTAL}: sign-out": Kind(USER_AUTHENTICATION, _dicom("110123", "Logout")),
        NODE: Kind(SECURITY_ALERT, _dicom("110126", "Node Authentication")),
        OPERATOR: Kind(SECURITY_ALERT, _dicom("110129", "Security Configuration")),
        f"{OPERATOR}: audit show": Kind(AUDIT_LOG_USED),
    }
)
#: Requests that were refused before anybody knew what they were.
_REFUSED: Final = Kind(SECURITY_ALERT, _dicom("110132", "Use of Restricted Function"))


def kind_of(event: Event) -> Kind:
    """Return how an event is told."""
    name = event.transaction
    return _KINDS.get(name) or _KINDS.get(name.partition(":")[0]) or _REFUSED


@dataclass(frozen=True, slots=True)
class Role:
    """How a participant object is told: ParticipantObjectTypeCode, …TypeCodeRole, …IDTypeCode."""

    type: str
    role: str
    id: Coded


_PATIENT = Role("1", "1", Coded("2", "RFC-3881", "Patient Number"))
_DOCUMENT = Role("2", "3", Coded("9", "RFC-3881", "Report Number"))
_RESOURCE = Role("2", "13", Coded("12", "RFC-3881", "URI"))
_SET = Role(
    "2",
    "20",
    Coded(
        "urn:uuid:a54d6aa5-d40d-43f9-88c5-b4633d873bdd",
        "IHE XDS Metadata",
        "submission set classificationNode",
    ),
)
_OBJECT = Role("2", "3", Coded("urn:ihe:iti:2017:ObjectRef", "IHE XDS Metadata", "registry object reference"))
_FOLDER = Role(
    "2",
    "20",
    Coded("urn:uuid:75df8f67-9973-4fbe-a900-df66cefecc5a", "IHE XDS Metadata", "folder unique id"),
)
_QUERY = Role("2", "24", Coded("ITI-18", "IHE Transactions", "Registry Stored Query"))

_ROLES: Final[Mapping[str, Role]] = MappingProxyType(
    {
        "patient": _PATIENT,
        "document": _DOCUMENT,
        "withheld": _DOCUMENT,
        "set": _SET,
        "folder": _FOLDER,
        "object": _OBJECT,
        "query": _QUERY,
    }
)


def role_of(thing: Thing) -> Role:
    """Return how an object is told; what is none of a patient's is a resource of the service."""
    return _ROLES.get(thing.kind, _RESOURCE)
