"""From a document's header and the provider's structure to XDS metadata, with the Polish attributes.

Attributes and their Polish forms: ITI TF-3 4.2.3.2 and 4.2.3.3, the P1 profile of ITI-42 (classCode is the P1
document type, typeCode the LOINC code, facility type the resort code VIII, practice setting the resort code
X, StorageCategory the year of destruction). Pure functions; nothing here reads a database or the clock.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Final

from erepo.cda.kinds import KINDS, Kind
from erepo.cda.model import II, CdaHeader, Organisation, Patient
from erepo.cda.model import Author as CdaAuthor
from erepo.clinic.dtm import dtm, to_dtm
from erepo.clinic.linking import npwz_pool
from erepo.clinic.structure import Place, Ready
from erepo.content import Content
from erepo.identifiers import oids
from erepo.identifiers.hl7 import CX, XCN, XON, ReferenceId, escape
from erepo.xds.iti41 import Submission
from erepo.xds.model import Association, Author, Code, DocumentEntry, SubmissionSet
from erepo.xds.vocabulary import AssociationType

CLASS_SCHEME: Final = "Klasyfikacja dokumentów P1"
TYPE_SCHEME: Final = "LOINC"
FACILITY_SCHEME: Final = "Specjalność komórki organizacyjnej"
PRACTICE_SCHEME: Final = "Dziedzina medyczna"
CONFIDENTIALITY_SCHEME: Final = "2.16.840.1.113883.5.25"
#: Files that are no CDA have no P1 document type; they carry our own kind under our own name.
OWN_SCHEME: Final = "erepo: rodzaj dokumentu"

PIK_FORMAT: Final = Code("urn:extPL:pl-cda", "Kody formatów P1", "PIK HL7 CDA")
#: ITI TF-3 4.2.3.2.9: the mime type says all there is to say about the format.
PLAIN_FORMAT: Final = Code(
    "urn:ihe:iti:xds:2017:mimeTypeSufficient", "1.3.6.1.4.1.19376.1.2.3", "mimeType Sufficient"
)
SUBMISSION_CONTENT: Final = Code("REGISTER", "Typ wysyłki", "Rejestracja indeksu EDM")
_NOTE: Final = Code("34109-9", TYPE_SCHEME, "Note")

STORAGE_CATEGORY: Final = "urn:extpl:SlotName:StorageCategory"
_CONFIDENTIALITY = {"N": "normalny", "R": "ograniczony", "V": "bardzo ograniczony"}
#: Professions of `~.11.3.18` as authorRole.
ROLES = {
    "LEK": "Lekarz", "LEKD": "Lekarz dentysta", "FEL": "Felczer", "PIEL": "Pielęgniarka", "POL": "Położna",
    "FARM": "Farmaceuta", "TFARM": "Technik farmaceutyczny", "DLAB": "Diagnosta laboratoryjny",
    "FIZJO": "Fizjoterapeuta", "RAT": "Ratownik medyczny",
}  # fmt: skip
_ENTRIES = uuid.UUID("6f1d7f3e-6a1b-5d1c-9a59-0d4b8a1f7c11")


@dataclass(frozen=True)
class Depositor:
    """Who deposits: the provider with its cells, and the default user of the archiving task.

    Attributes:
        source_id: OID of the provider, as the account knows it.
        ready: the complete structure.
    """

    source_id: str
    ready: Ready

    @cached_property
    def institution(self) -> XON:
        """The provider, by its number in the register (resort code I)."""
        provider = self.ready.provider
        return XON(provider.name, oids.PROVIDER, provider.resort_i)

    @cached_property
    def author(self) -> Author:
        """The default user at the provider."""
        return Author(person=self.user, institutions=(self.institution,))

    @cached_property
    def user(self) -> XCN:
        """The default user, by NPWZ or PESEL."""
        user = self.ready.user
        id_, authority = (user.npwz, npwz_pool(user.profession)) if user.npwz else (user.pesel, oids.PESEL)
        return XCN(id_, user.family, user.given, prefix=user.prefix, authority_oid=authority)

    def place_of(self, header: CdaHeader | None) -> Place:
        """Return the cell that made a document: the author's, if it is one of ours, else the first."""
        for organisation in header.author.organisation if header else ():
            for id_ in organisation.ids:
                if id_.root == oids.CELL and (place := self.ready.places.get(id_.extension)):
                    return place
        return self.ready.default_place


@dataclass(frozen=True, slots=True)
class Deposit:
    """One document to be described.

    Attributes:
        unique_id: XDS uniqueId, stored before sending.
        sha1: hex, of the octets as taken in.
        sha256: hex, of the same octets.
        size: octets.
        mime_type: of the octets.
        kind: document kind.
        patient: identifier of the patient, the same for all documents of a submission.
        person: what else is known of the patient.
        header: of a CDA; None for other files.
        title: of the document.
        created: when it was made (aware).
        reference_ids: further ids, CXi.
        destroy_after_year: last year in which it must be kept; None when not known.
        replaces: entry id of the registered document whose place it takes; empty when it takes none.
    """

    unique_id: str
    sha1: str
    sha256: str
    size: int
    mime_type: str
    kind: Kind
    patient: CX
    person: Patient
    header: CdaHeader | None
    title: str
    created: datetime
    reference_ids: tuple[str, ...] = ()
    destroy_after_year: int | None = None
    replaces: str = ""


def entry_uuid(unique_id: str, sha256: str) -> str:
    """Return the entry's id: the same for the same document and content, always.

    A registry that already holds the document refuses this id (ITI TF-2 3.42.4.1.3), which makes a second
    entry of the same document impossible whatever happened to our database.
    """
    return uuid.uuid5(_ENTRIES, f"{unique_id}|{sha256}").urn


def submission_of(
    unique_id: str, deposits: Sequence[tuple[Deposit, Content]], depositor: Depositor, *, now: datetime
) -> Submission:
    """Describe one submission of documents of one patient.

    Args:
        unique_id: of the submission set, stored before sending.
        deposits: the documents with their content; all of one patient.
        depositor: who deposits.
        now: time of submission (aware).
    """
    patient = deposits[0][0].patient
    submission_set = SubmissionSet(
        entry_uuid=uuid.uuid5(_ENTRIES, unique_id).urn,
        unique_id=unique_id,
        source_id=depositor.source_id,
        patient_id=patient,
        content_type=SUBMISSION_CONTENT,
        submission_time=dtm(now),
        authors=(depositor.author,),
    )
    entries = tuple((document_entry(deposit, depositor), content) for deposit, content in deposits)
    replacing = tuple(_replacement(one) for one, _ in deposits if one.replaces)
    return Submission(submission_set, entries, replacing)


def _replacement(deposit: Deposit) -> Association:
    """A new version, or a cancelling document, deprecates what it names (ITI TF-3 4.2.2.2.3)."""
    newer = entry_uuid(deposit.unique_id, deposit.sha256)
    link = uuid.uuid5(_ENTRIES, f"{newer}|{deposit.replaces}").urn
    return Association(entry_uuid=link, type=AssociationType.REPLACE, source=newer, target=deposit.replaces)


def document_entry(deposit: Deposit, depositor: Depositor) -> DocumentEntry:
    """Describe one document."""
    header = deposit.header
    start, stop = _service_times(header)
    place, year = depositor.place_of(header), deposit.destroy_after_year
    return DocumentEntry(
        entry_uuid=entry_uuid(deposit.unique_id, deposit.sha256),
        unique_id=deposit.unique_id,
        patient_id=deposit.patient,
        class_code=_class_code(deposit.kind, header),
        type_code=_type_code(deposit.kind, header),
        format_code=PIK_FORMAT if header and header.template_root else PLAIN_FORMAT,
        facility_type=Code(place.cell.resort_viii, FACILITY_SCHEME, place.cell.name),
        practice_setting=Code(place.cell.resort_x, PRACTICE_SCHEME, place.cell.name),
        confidentiality=(_confidentiality(header),),
        mime_type=deposit.mime_type,
        language=(header.language if header else "") or "pl-PL",
        creation_time=(to_dtm(header.effective_time) if header else "") or dtm(deposit.created),
        service_start=start,
        service_stop=stop,
        source_patient_id=_source_patient_id(deposit),
        source_patient_info=_source_patient_info(header.patient if header else deposit.person),
        authors=(_author(header, depositor),),
        legal_authenticator=_person(header.legal_authenticator) if header else None,
        title=deposit.title or KINDS[deposit.kind].label.pl,
        hash=deposit.sha1,
        size=deposit.size,
        reference_ids=tuple(ReferenceId.parse(text) for text in deposit.reference_ids),
        extra_slots={STORAGE_CATEGORY: (str(year),)} if year else {},
    )


def _class_code(kind: Kind, header: CdaHeader | None) -> Code:
    info = KINDS[kind]
    code = (header.p1_code if header else "") or info.class_code
    if not code:
        return Code(str(kind), OWN_SCHEME, info.label.pl)
    return Code(code, CLASS_SCHEME, info.label.pl)


def _type_code(kind: Kind, header: CdaHeader | None) -> Code:
    info = KINDS[kind]
    if header is None:
        return Code(info.type_code, TYPE_SCHEME, info.type_name) if info.type_code else _NOTE
    name = info.type_name if header.loinc == info.type_code else ""
    return Code(header.loinc, TYPE_SCHEME, name or info.label.pl)


def _confidentiality(header: CdaHeader | None) -> Code:
    code = (header.confidentiality if header else "") or "N"
    return Code(code, CONFIDENTIALITY_SCHEME, _CONFIDENTIALITY.get(code, code))


def _service_times(header: CdaHeader | None) -> tuple[str, str]:
    if header is None:
        return "", ""
    start, stop = to_dtm(header.service_start), to_dtm(header.service_stop)
    # A registry refuses a stop before the start; a document that says so keeps its start.
    return start, stop if not start or stop[: len(start)] >= start[: len(stop)] else ""


def _source_patient_id(deposit: Deposit) -> CX:
    """The provider's own number of the patient if the document has one, else the patient's identifier."""
    own = next(
        (id_ for id_ in deposit.header.patient.ids if id_.extension and
        id_.root.startswith(f"{oids.OWN_NODES}.")), None,
    ) if deposit.header else None  # fmt: skip
    return CX(own.extension, own.root) if own else deposit.patient


def _source_patient_info(patient: Patient) -> tuple[str, ...]:
    """PID segments as the Polish profile writes them; parts that are not known are left out."""
    name = (
        f"{escape(patient.family)}^{escape(patient.given)}^^^^^^" if patient.family or patient.given else ""
    )
    parts = (
        ("5", name),
        ("7", patient.birth_date[:8]),
        ("8", _sex(patient.sex)),
        ("11", escape(patient.city)),
    )
    return tuple(f"PID-{number}|{text}" for number, text in parts if text)


def _sex(code: str) -> str:
    """HL7 v2 table 0001 knows M, F, O, U; CDA writes UN for undifferentiated."""
    return {"M": "M", "F": "F"}.get(code, "U" if code else "")


def _author(header: CdaHeader | None, depositor: Depositor) -> Author:
    author = header.author if header else None
    person = _person(author)
    if author is None or person is None:
        return depositor.author
    role = ROLES.get(author.function_code, author.function_code)
    return Author(
        person=person,
        institutions=tuple(_institutions(author.organisation)) or (depositor.institution,),
        roles=(role,) if role else (),
        specialties=(author.specialty,) if author.specialty else (),
    )


def _person(author: CdaAuthor | None) -> XCN | None:
    if author is None:
        return None
    id_ = author.id or II("", "")
    if not (id_.extension or author.family):
        return None
    oid = id_.root if oids.is_oid(id_.root) else ""
    return XCN(id_.extension, author.family, author.given, prefix=author.prefix, authority_oid=oid)


def _institutions(organisations: Sequence[Organisation]) -> list[XON]:
    """Innermost first; a level without name or number says nothing and is left out."""
    return [
        XON(organisation.name or id_.extension, id_.root, id_.extension)
        for organisation in organisations
        if (id_ := next((one for one in organisation.ids if one.extension and oids.is_oid(one.root)), None))
    ]
