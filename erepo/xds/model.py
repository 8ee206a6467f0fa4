"""The metadata of XDS as plain values (IHE ITI TF-3 4.2).

Times are HL7 DTM strings exactly as on the wire (`YYYY[MM[DD[hh[mm[ss]]]]]`, UTC by the profile); an
empty string or tuple means that the attribute is absent. `entry_uuid` is `urn:uuid:…` or a symbol that is
only valid inside its message. Slots that the model does not know are kept in `extra_slots`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from erepo.identifiers import CX, XCN, XON, ReferenceId
from erepo.identifiers.uuids import ordered_uuid
from erepo.xds.vocabulary import STABLE, AssociationType

Slots = Mapping[str, tuple[str, ...]]


def new_entry_uuid() -> str:
    """Return a fresh `urn:uuid:…`."""
    return ordered_uuid().urn


@dataclass(frozen=True, slots=True)
class Code:
    """A value of a code system; `scheme` is its name or OID as the affinity domain writes it."""

    code: str
    scheme: str
    display: str = ""


@dataclass(frozen=True, slots=True)
class Author:
    """Who made the document, for whom; `telecoms` are XTN strings, roles and specialties texts or CE.

    `received` is authorPerson as it stood in a message: queries match that text (TF-2 3.18.4.1.2.3.7.1).
    """

    person: XCN | None = None
    institutions: tuple[XON, ...] = ()
    roles: tuple[str, ...] = ()
    specialties: tuple[str, ...] = ()
    telecoms: tuple[str, ...] = ()
    received: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentEntry:
    """Metadata of one document: `hash` is SHA-1 in hex, `size` counts octets; the repository adds both."""

    entry_uuid: str
    unique_id: str
    patient_id: CX = field(repr=False)
    class_code: Code | None = None
    type_code: Code | None = None
    format_code: Code | None = None
    facility_type: Code | None = None
    practice_setting: Code | None = None
    confidentiality: tuple[Code, ...] = ()
    event_codes: tuple[Code, ...] = ()
    mime_type: str = "application/octet-stream"
    language: str = ""
    creation_time: str = ""
    service_start: str = ""
    service_stop: str = ""
    source_patient_id: CX | None = field(default=None, repr=False)
    source_patient_info: tuple[str, ...] = field(default=(), repr=False)
    authors: tuple[Author, ...] = ()
    legal_authenticator: XCN | None = None
    title: str = field(default="", repr=False)
    comments: str = field(default="", repr=False)
    hash: str = ""
    size: int | None = None
    repository_unique_id: str = ""
    status: str = ""
    object_type: str = STABLE
    uri: str = ""
    reference_ids: tuple[ReferenceId, ...] = ()
    extra_slots: Slots = field(default_factory=dict, repr=False, hash=False)
    lid: str = ""
    version: int | None = None
    home: str = ""
    limited: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionSet:
    """What was sent together, by whom and when; `intended_recipients` are XON|XCN|XTN strings."""

    entry_uuid: str
    unique_id: str
    source_id: str
    patient_id: CX = field(repr=False)
    content_type: Code | None = None
    submission_time: str = ""
    authors: tuple[Author, ...] = ()
    title: str = field(default="", repr=False)
    comments: str = field(default="", repr=False)
    status: str = ""
    intended_recipients: tuple[str, ...] = ()
    extra_slots: Slots = field(default_factory=dict, repr=False, hash=False)
    lid: str = ""
    version: int | None = None
    home: str = ""
    limited: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """A named group of documents of one patient."""

    entry_uuid: str
    unique_id: str
    patient_id: CX = field(repr=False)
    codes: tuple[Code, ...] = ()
    title: str = field(default="", repr=False)
    comments: str = field(default="", repr=False)
    last_update_time: str = ""
    status: str = ""
    extra_slots: Slots = field(default_factory=dict, repr=False, hash=False)
    lid: str = ""
    version: int | None = None
    home: str = ""
    limited: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Association:
    """A typed arrow between two objects; `type` is a value of `AssociationType` or unknown to us."""

    entry_uuid: str
    type: str
    source: str
    target: str
    submission_set_status: str = ""
    documentation: Code | None = None
    status: str = ""
    extra_slots: Slots = field(default_factory=dict, repr=False, hash=False)
    lid: str = ""
    version: int | None = None
    home: str = ""


RegistryObject = DocumentEntry | SubmissionSet | Folder | Association


@dataclass(frozen=True, slots=True)
class MetadataSet:
    """Objects of one message: a submission, or the result of a query."""

    submission_sets: tuple[SubmissionSet, ...] = ()
    documents: tuple[DocumentEntry, ...] = ()
    folders: tuple[Folder, ...] = ()
    associations: tuple[Association, ...] = ()

    def members_of(self, container: str) -> tuple[Association, ...]:
        """Return the HasMember associations that start at a submission set or folder."""
        return tuple(
            one
            for one in self.associations
            if one.source == container and one.type == AssociationType.HAS_MEMBER
        )
