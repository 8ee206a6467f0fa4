"""What the archive and the XDS metadata need to know of a document: its header as plain values.

All times are raw HL7 TS strings (`YYYYMMDD[HHMM[SS]][±ZZZZ]`) exactly as they stand in the document; a
missing text is the empty string. Source: PIK 1.3.1 base template 2.16.840.1.113883.3.4424.13.10.1.1.
"""

from dataclasses import dataclass
from typing import NamedTuple


class II(NamedTuple):
    """HL7 instance identifier; `extension` is empty where the root alone identifies."""

    root: str
    extension: str = ""

    @property
    def unique_id(self) -> str:
        """The identifier as XDS writes a uniqueId: `root^extension`, or the root alone."""
        return f"{self.root}^{self.extension}" if self.extension else self.root


class HeaderWarning(NamedTuple):
    """Something is odd, yet the document is taken: a dotted code and the header field it concerns."""

    code: str
    field: str


@dataclass(frozen=True, slots=True)
class Patient:
    """The patient (`recordTarget/patientRole`): all identifiers in order, the first name and address."""

    ids: tuple[II, ...]
    given: str = ""
    family: str = ""
    birth_date: str = ""
    sex: str = ""
    country: str = ""
    city: str = ""
    postal_code: str = ""
    street: str = ""
    house_number: str = ""
    unit: str = ""

    def id_of(self, root: str) -> str:
        """Return the extension of the first identifier under `root`, or an empty string."""
        return next((identifier.extension for identifier in self.ids if identifier.root == root), "")


@dataclass(frozen=True, slots=True)
class Organisation:
    """One level of the author's organisation: cell, unit, or provider."""

    ids: tuple[II, ...]
    name: str = ""
    specialty_code: str = ""


@dataclass(frozen=True, slots=True)
class Author:
    """A person who wrote or signed, with role, name and organisations from the innermost out."""

    id: II | None = None
    function_code: str = ""
    specialty: str = ""
    prefix: str = ""
    given: str = ""
    family: str = ""
    time: str = ""
    organisation: tuple[Organisation, ...] = ()


@dataclass(frozen=True, slots=True)
class Related:
    """A `relatedDocument`: RPLC (replaces, cancels), APND (adds to) or XFRM (transforms) its parent."""

    type_code: str
    id: II | None = None
    set_id: II | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class CdaHeader:
    """The header of one document. `template_version` is empty for documents without a PIK template."""

    template_root: str
    template_version: str
    extension_namespace: str
    document_id: II
    loinc: str
    p1_code: str
    title: str
    effective_time: str
    confidentiality: str
    language: str
    set_id: II | None
    version: int | None
    patient: Patient
    author: Author
    custodian: tuple[II, ...]
    legal_authenticator: Author | None
    service_start: str
    service_stop: str
    related: tuple[Related, ...]
    body_media_type: str
    warnings: tuple[HeaderWarning, ...] = ()
    #: Ids of the encounter, among them that of the medical event reported to P1.
    encounter: tuple[II, ...] = ()
