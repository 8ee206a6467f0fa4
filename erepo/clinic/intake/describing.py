"""From the bytes of a file to what the database keeps of the document."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from erepo.cda.header import is_cda as looks_like_cda
from erepo.cda.header import read_header
from erepo.cda.kinds import Kind, recognise
from erepo.cda.media import XML, media_type
from erepo.cda.model import CdaHeader, HeaderWarning
from erepo.cda.parsing import parse
from erepo.cda.signature import PREFIX, signature_warnings
from erepo.clinic.errors import PatientUnknown, SidecarInvalid
from erepo.clinic.intake.files import Loaded, plain_name
from erepo.clinic.intake.patients import PatientFacts
from erepo.clinic.intake.sidecar import Beside
from erepo.clinic.kinds import KindRule
from erepo.clinic.retention.classes import last_year
from erepo.clinic.times import WARSAW, read_time, sensible
from erepo.content import Buffer
from erepo.identifiers import oids
from erepo.identifiers.hl7 import ReferenceId

#: Most characters of XDSDocumentEntry.uniqueId (ITI TF-3, table 4.2.3.1.7-2).
UNIQUE_ID_LIMIT = 128
#: Most characters of another identifier that is looked up: PostgreSQL's indexes take 2,704 octets of one.
IDENTIFIER_LIMIT = 256

_UNIQUE_ID_REFERENCE = "urn:ihe:iti:xds:2013:uniqueId"


@dataclass(slots=True)
class Described:
    """A document about to be stored."""

    kind: Kind
    mime_type: str
    patient: PatientFacts
    unique_id: str
    header: CdaHeader | None
    title: str = field(repr=False)
    effective_at: datetime | None
    warnings: list[HeaderWarning]
    reference_ids: list[str] | None = None

    @property
    def signature_codes(self) -> tuple[str, ...]:
        """What is to be said about the signature inside the document; nothing of a good one, or of none."""
        return tuple(warning.code for warning in self.warnings if warning.code.startswith(PREFIX))

    def take_own_id(self, sha256: str, code: str) -> None:
        """Give the document an id made from its bytes; the id it came with becomes a reference."""
        header = self.header
        if header and oids.is_oid(header.document_id.root):
            root, extension = header.document_id.root, header.document_id.extension
            reference = (
                ReferenceId(extension, _UNIQUE_ID_REFERENCE, root)
                if extension
                else ReferenceId(root, _UNIQUE_ID_REFERENCE)
            )
            self.reference_ids = [str(reference)]
        self.unique_id = own_id(sha256)
        self.warnings.append(HeaderWarning(code, "id"))


def own_id(sha256: str) -> str:
    """Return the uniqueId that we give to bytes that bring none; the same bytes always get the same."""
    return oids.uuid_oid(uuid5(NAMESPACE_OID, sha256))


def describe(loaded: Loaded, known: Beside, limit: int) -> Described:
    """Find out what a file is.

    Args:
        loaded: the file.
        known: what is known about it from outside.
        limit: most bytes of a document.

    Raises:
        InvalidInput: one of the typed refusals of `erepo.cda` and of this room.
    """
    with loaded.octets() as octets:
        if looks_like_cda(octets):
            return _cda(octets, loaded, known, limit)
        return _attachment(octets, loaded, known, limit)


def _cda(octets: Buffer, loaded: Loaded, known: Beside, limit: int) -> Described:
    header = read_header(octets, limit=limit)
    document = Described(
        kind=known.kind or recognise(header),
        mime_type=XML,
        patient=_patient_of(header) or _required(known),
        unique_id=header.document_id.unique_id,
        header=header,
        title=header.title,
        effective_at=read_time(header.effective_time),
        warnings=[*header.warnings, *signature_warnings(octets)],
    )
    if known.renumbered:
        document.take_own_id(loaded.digests.sha256, "id.of-a-patient")
    elif not oids.is_oid(header.document_id.root) or len(document.unique_id) > UNIQUE_ID_LIMIT:
        document.take_own_id(loaded.digests.sha256, "id.unusable")
    if document.effective_at is None:
        document.warnings.append(HeaderWarning("time.unreadable", "effectiveTime"))
    return document


def _attachment(octets: Buffer, loaded: Loaded, known: Beside, limit: int) -> Described:
    mime_type = media_type(octets, loaded.path.name)
    if mime_type == XML:
        # Broken XML is refused whatever it was meant to be: it may be a CDA document cut off.
        parse(octets, limit)
    return Described(
        mime_type=mime_type,
        kind=known.kind or Kind.ATTACHMENT,
        patient=_required(known),
        unique_id=own_id(loaded.digests.sha256),
        header=None,
        title=known.title,
        effective_at=known.created or _modified(loaded),
        warnings=[],
    )


def _modified(loaded: Loaded) -> datetime | None:
    try:
        return sensible(datetime.fromtimestamp(loaded.modified, UTC))
    except (ValueError, OverflowError):  # file systems know years that the calendar does not
        return None


def _required(known: Beside) -> PatientFacts:
    if known.patient is None:
        raise PatientUnknown
    if not all(map(_is_usable, known.patient.key)):
        raise SidecarInvalid(field="patient")
    return known.patient


def _patient_of(header: CdaHeader) -> PatientFacts | None:
    """The patient by PESEL, else by the first identifier that XDS can carry."""
    patient = header.patient
    usable = [one for one in patient.ids if _is_usable(one.extension) and oids.is_oid(one.root)]
    chosen = next((one for one in usable if one.root == oids.PESEL), usable[0] if usable else None)
    if chosen is None:
        return None
    return PatientFacts(
        identifier=chosen.extension,
        authority=chosen.root,
        given=patient.given,
        family=patient.family,
        birth_date=patient.birth_date,
        sex=patient.sex,
        city=patient.city,
        postal_code=patient.postal_code,
        street=" ".join(part for part in (patient.street, patient.house_number) if part),
    )


def _is_usable(identifier: str) -> bool:
    return 0 < len(identifier) <= IDENTIFIER_LIMIT and identifier.isprintable()


def row_of(document: Described, loaded: Loaded, rule: KindRule, taken_in_at: datetime) -> dict[str, Any]:
    """Return the columns of `document` that follow from the file alone."""
    header = document.header
    return {
        "unique_id": document.unique_id,
        "reference_ids": document.reference_ids,
        "sha256": loaded.digests.sha256,
        "sha1": loaded.digests.sha1,
        "size": loaded.digests.size,
        "mime_type": document.mime_type,
        "kind": document.kind.value,
        "header": header,
        "title": document.title,
        "set_id": _set_of(header),
        "version": header.version if header else None,
        "effective_at": document.effective_at,
        "source_name": plain_name(loaded.path),
        "taken_in_at": taken_in_at,
        "due_at": rule.due_at(taken_in_at),
        "warnings": document.warnings or None,
        "destroy_after_year": _last_year(document, rule, taken_in_at),
    }


def _set_of(header: CdaHeader | None) -> str | None:
    found = header.set_id.unique_id if header and header.set_id else ""
    return found if _is_usable(found) else None


def _last_year(document: Described, rule: KindRule, taken_in_at: datetime) -> int:
    """The year at whose end the document may be destroyed (polish-domain §6)."""
    born = read_time(document.patient.birth_date)
    entry = _year(document.effective_at or taken_in_at)
    return last_year(entry, rule.retention_years, _year(born) if born else None)


def _year(moment: datetime) -> int:
    return moment.astimezone(WARSAW).year
