"""ebRIM as plain string templates: what an IHE client would write, with a knob for each rule."""

from __future__ import annotations

import itertools
import uuid
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

from tests.interop.kit import names

_numbers = itertools.count(1)
_root = uuid.uuid4().int
DOMAIN = "1.3.6.1.4.1.21367.13.20.3000"
SOURCE = "1.3.6.1.4.1.21367.4"


def oid() -> str:
    """A new unique id."""
    return f"2.25.{_root}.{next(_numbers)}"


def urn() -> str:
    """A new entry uuid."""
    return f"urn:uuid:{uuid.uuid4()}"


def patient() -> str:
    """A patient nobody has heard of, as a CX."""
    return f"T{_root % 10**6}{next(_numbers)}^^^&{DOMAIN}&ISO"


def slot(name: str, *values: str) -> str:
    """One slot."""
    listed = "".join(f"<rim:Value>{escape(value)}</rim:Value>" for value in values)
    return f"<rim:Slot name={quoteattr(name)}><rim:ValueList>{listed}</rim:ValueList></rim:Slot>"


def text(tag: str, value: str) -> str:
    """A Name or Description."""
    return f"<rim:{tag}><rim:LocalizedString value={quoteattr(value)}/></rim:{tag}>"


def code(parent: str, scheme: str, value: tuple[str, str]) -> str:
    """A coded attribute: (code, coding scheme)."""
    return (
        f'<rim:Classification id="{urn()}" objectType="{names.CLASSIFICATION}" '
        f'classificationScheme="{scheme}" '
        f"classifiedObject={quoteattr(parent)} nodeRepresentation={quoteattr(value[0])}>"
        f"{slot('codingScheme', value[1])}{text('Name', value[0])}</rim:Classification>"
    )


def author(parent: str, scheme: str, person: str) -> str:
    """An author with a person and an institution."""
    return (
        f'<rim:Classification id="{urn()}" objectType="{names.CLASSIFICATION}" '
        f'classificationScheme="{scheme}" '
        f'classifiedObject={quoteattr(parent)} nodeRepresentation="">'
        f"{slot('authorPerson', person)}{slot('authorInstitution', 'Clinic^^^^^^^^^1.2.3.4')}"
        "</rim:Classification>"
    )


def identifier(parent: str, scheme: str, name: str, value: str) -> str:
    """An external identifier."""
    return (
        f'<rim:ExternalIdentifier id="{urn()}" objectType="{names.EXTERNAL_IDENTIFIER}" '
        f"registryObject={quoteattr(parent)} identificationScheme={quoteattr(scheme)} "
        f"value={quoteattr(value)}>"
        f"{text('Name', name)}</rim:ExternalIdentifier>"
    )


ENTRY_CODES = {
    "classCode": ("DEMO-Consult", "1.3.6.1.4.1.21367.100.1"),
    "formatCode": ("urn:ihe:pcc:xphr:2007", "1.3.6.1.4.1.19376.1.2.3"),
    "healthcareFacilityTypeCode": ("Outpatient", "1.3.6.1.4.1.21367.2017.3"),
    "practiceSettingCode": ("Dialysis", "1.3.6.1.4.1.21367.2017.3"),
    "typeCode": ("34133-9", "2.16.840.1.113883.6.1"),
}
NORMAL = ("N", "2.16.840.1.113883.5.25")
RESTRICTED = ("R", "2.16.840.1.113883.5.25")


@dataclass
class Entry:
    """A DocumentEntry and its octets."""

    patient: str
    content: bytes | None = b"<ClinicalDocument/>\n"
    id: str = field(default_factory=lambda: f"Document{next(_numbers)}")
    uid: str = field(default_factory=oid)
    mime: str = "text/xml"
    codes: dict[str, tuple[str, str]] = field(default_factory=dict)
    confidentiality: list[tuple[str, str]] = field(default_factory=lambda: [NORMAL])
    events: list[tuple[str, str]] = field(default_factory=list)
    authors: list[str] = field(default_factory=list)
    slots: dict[str, list[str]] = field(default_factory=dict)
    drop: tuple[str, ...] = ()
    title: str = "Result"
    object_type: str = names.STABLE
    attributes: str = ""  # further attributes as text: lid="…" status="…"
    version: str = ""  # VersionInfo/@versionName

    def xml(self) -> str:
        """The ExtrinsicObject."""
        slots = {
            "creationTime": ["20250102030405"],
            "languageCode": ["pl-PL"],
            "sourcePatientId": [f"local^^^&{DOMAIN}&ISO"],
        } | self.slots
        codes = ENTRY_CODES | self.codes
        schemes = names.ENTRY_SCHEMES
        parts = [slot(name, *values) for name, values in slots.items() if name not in self.drop]
        parts.append(text("Name", self.title))
        if self.version:
            parts.append(f'<rim:VersionInfo versionName="{self.version}"/>')
        parts += [author(self.id, schemes["author"], person) for person in self.authors]
        parts += [
            code(self.id, schemes[name], value) for name, value in codes.items() if name not in self.drop
        ]
        if "confidentialityCode" not in self.drop:
            parts += [code(self.id, schemes["confidentialityCode"], value) for value in self.confidentiality]
        parts += [code(self.id, schemes["eventCodeList"], value) for value in self.events]
        ids = {"patientId": self.patient, "uniqueId": self.uid}
        parts += [
            identifier(self.id, schemes[name], f"XDSDocumentEntry.{name}", value)
            for name, value in ids.items()
            if name not in self.drop
        ]
        mime = "" if "mimeType" in self.drop else f" mimeType={quoteattr(self.mime)}"
        kind = "" if "objectType" in self.drop else f' objectType="{self.object_type}"'
        return (
            f"<rim:ExtrinsicObject id={quoteattr(self.id)}{mime}{kind} {self.attributes}>"
            f"{''.join(parts)}</rim:ExtrinsicObject>"
        )


def _package(own: str, node: str, extra: str, content: str) -> str:
    return (
        f'<rim:RegistryPackage id={quoteattr(own)} objectType="{names.PACKAGE}" {extra}>{content}'
        f"</rim:RegistryPackage>"
        f'<rim:Classification id="{urn()}" objectType="{names.CLASSIFICATION}" '
        f'classifiedObject={quoteattr(own)} classificationNode="{node}"/>'
    )


@dataclass
class Folder:
    """A folder."""

    patient: str
    id: str = field(default_factory=lambda: f"Folder{next(_numbers)}")
    uid: str = field(default_factory=oid)
    codes: list[tuple[str, str]] = field(default_factory=lambda: [("Referrals", "1.2.3.folder")])
    slots: dict[str, list[str]] = field(default_factory=dict)
    drop: tuple[str, ...] = ()
    attributes: str = ""
    version: str = ""

    def xml(self) -> str:
        """The RegistryPackage and its node."""
        schemes = names.FOLDER_SCHEMES
        parts = [slot(name, *values) for name, values in self.slots.items()]
        if "title" not in self.drop:
            parts.append(text("Name", "Folder"))
        if self.version:
            parts.append(f'<rim:VersionInfo versionName="{self.version}"/>')
        if "codeList" not in self.drop:
            parts += [code(self.id, schemes["codeList"], value) for value in self.codes]
        ids = {"patientId": self.patient, "uniqueId": self.uid}
        parts += [
            identifier(self.id, schemes[name], f"XDSFolder.{name}", value)
            for name, value in ids.items()
            if name not in self.drop
        ]
        return _package(self.id, names.FOLDER_NODE, self.attributes, "".join(parts))


@dataclass
class Link:
    """An association."""

    kind: str
    source: str
    target: str
    slots: dict[str, list[str]] = field(default_factory=dict)
    id: str = field(default_factory=lambda: f"Association{next(_numbers)}")
    extra: str = ""

    def xml(self) -> str:
        """The Association."""
        slots = "".join(slot(name, *values) for name, values in self.slots.items())
        return (
            f'<rim:Association id={quoteattr(self.id)} objectType="{names.ASSOCIATION}" '
            f'associationType="{self.kind}" sourceObject={quoteattr(self.source)} '
            f"targetObject={quoteattr(self.target)}>{slots}{self.extra}</rim:Association>"
        )


@dataclass
class Submission:
    """A SubmissionSet with everything in it; HasMember associations are made unless told otherwise."""

    patient: str
    entries: list[Entry] = field(default_factory=list)
    folders: list[Folder] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    id: str = field(default_factory=lambda: f"SubmissionSet{next(_numbers)}")
    uid: str = field(default_factory=oid)
    source: str = SOURCE
    time: str = "20250102030405"
    content_type: tuple[str, str] = ("Consult", "1.2.3.content")
    authors: list[str] = field(default_factory=list)
    slots: dict[str, list[str]] = field(default_factory=dict)
    drop: tuple[str, ...] = ()
    members: bool = True
    extra: str = ""

    def package(self) -> str:
        """The SubmissionSet alone."""
        schemes = names.SET_SCHEMES
        times = {} if "submissionTime" in self.drop else {"submissionTime": [self.time]}
        parts = [slot(name, *values) for name, values in (times | self.slots).items()]
        parts.append(text("Name", "Set"))
        parts += [author(self.id, schemes["author"], person) for person in self.authors]
        if "contentTypeCode" not in self.drop:
            parts.append(code(self.id, schemes["contentTypeCode"], self.content_type))
        ids = {"patientId": self.patient, "sourceId": self.source, "uniqueId": self.uid}
        parts += [
            identifier(self.id, schemes[name], f"XDSSubmissionSet.{name}", value)
            for name, value in ids.items()
            if name not in self.drop
        ]
        return _package(self.id, names.SET_NODE, "", "".join(parts))

    def has_members(self) -> list[Link]:
        """HasMember of each entry and folder, as the source writes them."""
        if not self.members:
            return []
        original = {"SubmissionSetStatus": ["Original"]}
        links = [Link(names.HAS_MEMBER, self.id, entry.id, original) for entry in self.entries]
        return links + [Link(names.HAS_MEMBER, self.id, folder.id) for folder in self.folders]

    def request(self) -> str:
        """The lcm:SubmitObjectsRequest."""
        objects = [entry.xml() for entry in self.entries] + [folder.xml() for folder in self.folders]
        links = [link.xml() for link in self.has_members() + self.links]
        listed = "".join([*objects, self.package(), *links, self.extra])
        return (
            f"<lcm:SubmitObjectsRequest><rim:RegistryObjectList>{listed}</rim:RegistryObjectList>"
            "</lcm:SubmitObjectsRequest>"
        )


def query(name: str, parameters: list[tuple[str, list[str]]], **options: str | bool) -> str:
    """An AdhocQueryRequest; values come ready coded ('x', ('a','b'), 2025)."""
    slots = "".join(slot(parameter, *values) for parameter, values in parameters)
    number = names.QUERIES.get(name, name)
    leaf = "LeafClass" if options.get("leaf", True) else "ObjectRef"
    return (
        f'<query:AdhocQueryRequest><query:ResponseOption returnComposedObjects="true" returnType="{leaf}"/>'
        f'<rim:AdhocQuery id="urn:uuid:{number}" {options.get("attributes", "")}>{slots}</rim:AdhocQuery>'
        "</query:AdhocQueryRequest>"
    )


def retrieve(repository: str, *uids: str, home: str = "", tag: str = "xds:RetrieveDocumentSetRequest") -> str:
    """A RetrieveDocumentSetRequest, or with another tag a RemoveDocumentsRequest."""
    community = f"<xds:HomeCommunityId>{home}</xds:HomeCommunityId>" if home else ""
    wanted = "".join(
        f"<xds:DocumentRequest>{community}<xds:RepositoryUniqueId>{repository}</xds:RepositoryUniqueId>"
        f"<xds:DocumentUniqueId>{escape(uid)}</xds:DocumentUniqueId></xds:DocumentRequest>"
        for uid in uids
    )
    return f"<{tag}>{wanted}</{tag}>"


def remove(*ids: str) -> str:
    """An lcm:RemoveObjectsRequest."""
    listed = "".join(f'<rim:ObjectRef id="{each}"/>' for each in ids)
    inner = f"<rim:ObjectRefList>{listed}</rim:ObjectRefList>"
    return f"<lcm:RemoveObjectsRequest>{inner}</lcm:RemoveObjectsRequest>"
