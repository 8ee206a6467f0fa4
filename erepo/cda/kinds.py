"""Document kinds: those of the manual's 1.1.5, referral for rehabilitation (1.5), every other PIK document.

A kind follows from the number of the PIK document template, the LOINC code and the P1 code. Display names
differ between sources and are never compared; only template .4 needs its title, because one template with one
pair of codes serves hospital, diagnostic test and rehabilitation.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from erepo.cda.header import DOCUMENT_TEMPLATES
from erepo.cda.model import CdaHeader
from erepo.cda.wrapping import BASE_TEMPLATE, PATIENT_NOTE
from erepo.identifiers.oids import P1_ROOT
from erepo.texts import Text


class Kind(StrEnum):
    """What sort of document it is."""

    OWN_PATIENT_DOCUMENT = "own_patient_document"
    LAB_RESULT = "lab_result"
    DIAGNOSTIC_RESULT = "diagnostic_result"
    SHARED_DOCUMENTATION = "shared_documentation"
    PRESCRIPTION = "prescription"
    DISCHARGE_SUMMARY = "discharge_summary"
    REFERRING_DOCTOR_INFORMATION = "referring_doctor_information"
    CANCELLING_DOCUMENT = "cancelling_document"
    REFERRAL_SPECIALIST = "referral_specialist"
    REFERRAL_HOSPITAL = "referral_hospital"
    REFERRAL_DIAGNOSTIC = "referral_diagnostic"
    REFERRAL_DIAGNOSTIC_P1 = "referral_diagnostic_p1"
    ADMISSION_REFUSAL = "admission_refusal"
    ATTACHMENT = "attachment"
    REFERRAL_REHABILITATION = "referral_rehabilitation"
    OTHER_PIK = "other_pik"


@dataclass(frozen=True, slots=True)
class KindInfo:
    """What the module knows of a kind.

    `class_code` is the P1 document type and `type_code` the LOINC code that documents of the kind carry; both
    are empty where the document decides (other PIK documents) or neither system has a code (files that are no
    CDA).
    """

    label: Text
    class_code: str = ""
    type_code: str = ""
    type_name: str = ""
    processed_by_p1: bool = False
    deletable: bool = False
    has_attachments: bool = False

    @property
    def auto_archive_default(self) -> bool:
        """Whether the kind moves to the repository by itself until changed (manual: all but those of P1)."""
        return not self.processed_by_p1


_DIAGNOSTIC_REFERRAL: Final = "Prescription for diagnostic or specialist care Document"

KINDS: Final[Mapping[Kind, KindInfo]] = MappingProxyType(
    {
        # The manual gives "Zapisz załącznik" to shared documentation alone; here, too, a file lies inside.
        Kind.OWN_PATIENT_DOCUMENT: KindInfo(
            Text("Patient's own document", "Dokument własny pacjenta"), has_attachments=True
        ),
        Kind.LAB_RESULT: KindInfo(
            Text("Laboratory result", "Wynik badania laboratoryjnego"),
            "06.10",
            "11502-2",
            "Laboratory report",
        ),
        Kind.DIAGNOSTIC_RESULT: KindInfo(
            Text("Diagnostic result", "Wynik badania diagnostycznego"),
            "06.00",
            "70004-7",
            "Diagnostic study note",
        ),
        Kind.SHARED_DOCUMENTATION: KindInfo(
            Text("Shared medical documentation", "Udostępniona dokumentacja medyczna"), has_attachments=True
        ),
        Kind.PRESCRIPTION: KindInfo(
            Text("Prescription", "Recepta"),
            "04.01",
            "57833-6",
            "Prescription for medication Document",
            processed_by_p1=True,
            deletable=True,
        ),
        Kind.DISCHARGE_SUMMARY: KindInfo(
            Text("Discharge summary", "Karta informacyjna leczenia szpitalnego"),
            "00.20",
            "18842-5",
            "Discharge summary",
        ),
        Kind.REFERRING_DOCTOR_INFORMATION: KindInfo(
            Text("Information for the referring doctor", "Informacja dla lekarza kierującego"),
            "08.90",
            "51852-2",
            "Letter",
        ),
        Kind.CANCELLING_DOCUMENT: KindInfo(
            Text("Cancelling document", "Dokument anulujący"), "08.80", "51851-4", "Administrative note"
        ),
        Kind.REFERRAL_SPECIALIST: KindInfo(
            Text("Referral to a specialist", "Skierowanie do specjalisty"),
            "02.11",
            "57133-1",
            "Referral note",
            processed_by_p1=True,
            deletable=True,
        ),
        Kind.REFERRAL_HOSPITAL: KindInfo(
            Text("Referral to a hospital", "Skierowanie do szpitala"),
            "02.10",
            "57832-8",
            _DIAGNOSTIC_REFERRAL,
            processed_by_p1=True,
            deletable=True,
        ),
        Kind.REFERRAL_DIAGNOSTIC: KindInfo(
            Text("Referral for a diagnostic test", "Skierowanie na badanie diagnostyczne"),
            "02.10",
            "57832-8",
            _DIAGNOSTIC_REFERRAL,
        ),
        Kind.REFERRAL_DIAGNOSTIC_P1: KindInfo(
            Text(
                "Referral for a diagnostic test sent to P1",
                "Skierowanie na badanie diagnostyczne wysłane do P1",
            ),
            "02.10",
            "57832-8",
            _DIAGNOSTIC_REFERRAL,
            processed_by_p1=True,
            deletable=True,
        ),
        Kind.ADMISSION_REFUSAL: KindInfo(
            Text("Refusal of admission to hospital", "Karta odmowy przyjęcia do szpitala"),
            "00.65",
            "11488-4",
            "Consult note",
        ),
        Kind.ATTACHMENT: KindInfo(Text("Attachment", "Załącznik")),
        Kind.REFERRAL_REHABILITATION: KindInfo(
            Text("Referral for rehabilitation", "Skierowanie na rehabilitację"),
            "02.10",
            "57832-8",
            _DIAGNOSTIC_REFERRAL,
            deletable=True,
        ),
        Kind.OTHER_PIK: KindInfo(Text("Other PIK document", "Inny dokument PIK HL7 CDA")),
    }
)

_BY_TEMPLATE: Final[Mapping[str, Kind]] = {
    "3": Kind.PRESCRIPTION,
    "7": Kind.PRESCRIPTION,
    "8": Kind.PRESCRIPTION,
    "12": Kind.REFERRAL_HOSPITAL,
    "14": Kind.CANCELLING_DOCUMENT,
    "16": Kind.DIAGNOSTIC_RESULT,
    "17": Kind.LAB_RESULT,
    "18": Kind.DISCHARGE_SUMMARY,
    "19": Kind.ADMISSION_REFUSAL,
    "26": Kind.PRESCRIPTION,
    "28": Kind.REFERRING_DOCTOR_INFORMATION,
    "29": Kind.REFERRAL_REHABILITATION,
}
_REFERRAL_TEMPLATE: Final = "4"
#: P1 code 02.10 or LOINC 57832-8 without a PIK template: a referral that only its title tells apart.
_SPLIT_BY_TITLE: Final = ("02.10", "57832-8")


def recognise(header: CdaHeader) -> Kind:
    """Return the kind of a CDA document: by its template, by its codes where the template is unknown."""
    template = header.template_root.removeprefix(DOCUMENT_TEMPLATES)
    if template in _BY_TEMPLATE:
        return _BY_TEMPLATE[template]
    if template in ("", BASE_TEMPLATE) and header.loinc == PATIENT_NOTE:
        return Kind.OWN_PATIENT_DOCUMENT
    if template == _REFERRAL_TEMPLATE:
        return _referral(header)
    return Kind.OTHER_PIK if template else _by_codes(header)


def _referral(header: CdaHeader) -> Kind:
    if KINDS[Kind.REFERRAL_SPECIALIST].class_code == header.p1_code or (
        not header.p1_code and KINDS[Kind.REFERRAL_SPECIALIST].type_code == header.loinc
    ):
        return Kind.REFERRAL_SPECIALIST
    title = header.title.casefold()
    if "rehabilitac" in title:
        return Kind.REFERRAL_REHABILITATION
    if "szpital" in title:
        return Kind.REFERRAL_HOSPITAL
    return Kind.REFERRAL_DIAGNOSTIC_P1 if _kept_by_p1(header) else Kind.REFERRAL_DIAGNOSTIC


def _kept_by_p1(header: CdaHeader) -> bool:
    """P1 numbers the documents sent to it from its own pools (`~.7.…`) and is their custodian (bare root)."""
    pool = f"{P1_ROOT}.7."
    return header.document_id.root.startswith(pool) or any(one.root == P1_ROOT for one in header.custodian)


def _by_codes(header: CdaHeader) -> Kind:
    if (header.p1_code, header.loinc) == _SPLIT_BY_TITLE:
        return _referral(header)
    codes = (header.p1_code, header.loinc)
    exact = (
        kind for kind, info in KINDS.items() if info.class_code and (info.class_code, info.type_code) == codes
    )
    return next(exact, Kind.OTHER_PIK)
