# ruff: noqa: E501 (a table; its lines read better whole)
"""The recipes: which documents we can write and what each consists of (polish-domain.md 1.3)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from erepo.cda.errors import SampleKindUnknown
from erepo.cda.kinds import Kind
from erepo.cda.samples import orders, sections
from erepo.cda.samples.story import Story

#: Where a document's number comes from: the clinic's own node, or a pool of P1.
OWN: Final = ""


@dataclass(frozen=True, slots=True)
class Recipe:
    """One sort of document.

    `template` is the number of its PIK document template, `body` the template of its body component, `loinc`
    and `p1` are (code, display name), `titles` its possible titles. `pool` is the P1 pool below
    2.16.840.1.113883.3.4424.7 that numbers it, empty for the clinic's own numbers. `binary` ones may
    carry a scan instead of the sections. A `ward` writes them instead of a clinic. `cases` (ICD-10) are those
    the document makes sense for; empty for all.
    """

    kind: Kind
    template: str
    body: str
    loinc: tuple[str, str]
    p1: tuple[str, str]
    titles: tuple[str, ...]
    sections: tuple[Callable[[Story], str], ...]
    author: str = "LEK"
    pool: str = OWN
    binary: bool = False
    patient_template: str = "3"
    with_event: bool = False
    with_encounter: bool = False
    cancels: bool = False
    pharmacy: bool = False
    ward: bool = False
    cases: tuple[str, ...] = ()


_REFERRAL: Final = ("57832-8", "Prescription for diagnostic or specialist care Document")
_REFERRAL_P1: Final = ("02.10", "Skierowanie na badanie lub leczenie")
#: Cases with something to look at, to cut, to exercise.
_IMAGED: Final = ("I10", "M51.1", "J18.9")
_OPERATED: Final = ("K80.2",)
_EXERCISED: Final = ("M51.1",)


def _referral(
    kind: Kind, title: str, request: Callable[[Story], str], *, pool: str = "4", cases: tuple[str, ...] = ()
) -> Recipe:
    parts = (sections.diagnosis, request)
    return Recipe(
        kind,
        "4",
        "28",
        _REFERRAL,
        _REFERRAL_P1,
        (title,),
        parts,
        pool=pool,
        patient_template="26",
        cases=cases,
    )


#: By name. Kinds of the module carry their own name; other PIK documents one that tells what they are.
RECIPES: Final[Mapping[str, Recipe]] = MappingProxyType({
    "lab_result": Recipe(
        Kind.LAB_RESULT, "17", "59", ("11502-2", "Laboratory report"), ("06.10", "Wyniki badań laboratoryjnych"),
        ("Sprawozdanie z badania laboratoryjnego", "Badania biochemiczne krwi"), (sections.laboratory,),
        author="DLAB", binary=True, with_encounter=True,
    ),
    "diagnostic_result": Recipe(
        Kind.DIAGNOSTIC_RESULT, "16", "58", ("70004-7", "Diagnostic study note"), ("06.00", "Wyniki badań diagnostycznych"),
        ("Opis badania diagnostycznego",), (sections.study,), cases=_IMAGED,
        binary=True, with_event=True, with_encounter=True,
    ),
    "discharge_summary": Recipe(
        Kind.DISCHARGE_SUMMARY, "18", "60", ("18842-5", "Discharge summary"),
        ("00.20", "Karta informacyjna z leczenia szpitalnego"), ("Karta informacyjna z leczenia szpitalnego",),
        (sections.stays, sections.diagnosis, sections.laboratory_summary, sections.treatment, sections.epicrisis,
         sections.advice),
        binary=True, with_encounter=True, ward=True,
    ),
    "referring_doctor_information": Recipe(
        Kind.REFERRING_DOCTOR_INFORMATION, "28", "87", ("51852-2", "Letter"),
        ("08.90", "Informacja dla lekarza kierującego/POZ"), ("Informacja dla lekarza kierującego/POZ",),
        (sections.diagnosis, sections.history, sections.advice), binary=True, with_event=True,
    ),
    "admission_refusal": Recipe(
        Kind.ADMISSION_REFUSAL, "19", "67", ("11488-4", "Consult note"), ("00.65", "Informacja o odmowie przyjęcia"),
        ("Karta odmowy przyjęcia do szpitala",),
        (sections.diagnosis, sections.findings, orders.refusal, sections.advice), binary=True, with_encounter=True, ward=True,
    ),
    "prescription": Recipe(
        Kind.PRESCRIPTION, "3", "25", ("57833-6", "Prescription for medication Document"), ("04.01", "Recepta"),
        ("Recepta",), (orders.prescription, orders.insurance), pool="2", patient_template="23", pharmacy=True,
    ),
    "cancelling_document": Recipe(
        Kind.CANCELLING_DOCUMENT, "14", "47", ("51851-4", "Administrative note"), ("08.80", "Dokument anulujący"),
        ("Dokument anulujący",), (orders.cancelled,), pool="2", cancels=True,
    ),
    "referral_specialist": Recipe(
        Kind.REFERRAL_SPECIALIST, "4", "28", ("57133-1", "Referral note"), ("02.11", "Skierowanie na konsultację"),
        ("Skierowanie do poradni specjalistycznej",), (sections.diagnosis, orders.consultation_wanted), pool="4", patient_template="26",
    ),
    "referral_hospital": _referral(Kind.REFERRAL_HOSPITAL, "Skierowanie do szpitala", orders.admission_wanted),
    "referral_diagnostic": _referral(
        Kind.REFERRAL_DIAGNOSTIC, "Skierowanie na badanie diagnostyczne", orders.procedure_wanted, pool=OWN, cases=_IMAGED
    ),
    "referral_diagnostic_p1": _referral(
        Kind.REFERRAL_DIAGNOSTIC_P1, "Skierowanie na badanie diagnostyczne", orders.procedure_wanted, cases=_IMAGED
    ),
    "referral_rehabilitation": _referral(
        Kind.REFERRAL_REHABILITATION, "Skierowanie na rehabilitację leczniczą", orders.therapy_wanted, cases=_EXERCISED
    ),
    "consultation": Recipe(
        Kind.OTHER_PIK, "15", "56", ("11488-4", "Consult note"), ("05.00", "Konsultacja lekarska"),
        ("Konsultacja lekarska",),
        (sections.history, sections.findings, sections.diagnosis, sections.advice),
        binary=True, with_event=True, with_encounter=True,
    ),
    "operation_note": Recipe(
        Kind.OTHER_PIK, "20", "68", ("11504-8", "Provider-unspecified Operation note"), ("00.60", "Protokół operacyjny"),
        ("Protokół operacyjny",), (orders.before_operation, orders.operation), binary=True, with_event=True, ward=True,
        cases=_OPERATED,
    ),
    "vaccination": Recipe(
        Kind.OTHER_PIK, "21", "8", ("34109-9", "Note"), ("07.61", "Wpis do karty szczepień"),
        ("Wpis do karty uodpornienia",), (orders.vaccination,), with_event=True,
    ),
    "nursing_advice": Recipe(
        Kind.OTHER_PIK, "24", "8", ("64295-9", "Nursing care plan"), ("05.50", "Zalecenia pielęgniarskie"),
        ("Zalecenia pielęgniarskie",), (orders.nursing_advice,), author="PIEL",
    ),
})  # fmt: skip

#: Name of the plain files (PDF, JPEG, PNG, TIFF) among the recipes one may ask for.
ATTACHMENT: Final = Kind.ATTACHMENT.value


def choose(kinds: Sequence[str] | None) -> tuple[str, ...]:
    """Return the names of the recipes asked for, in the order of the catalogue; for None all of them.

    Args:
        kinds: names of recipes, or kinds (`other_pik` stands for all recipes of that kind).

    Raises:
        SampleKindUnknown: a name is unknown, or nothing is asked for.
    """
    known = (*RECIPES, ATTACHMENT)
    if kinds is None:
        return known
    wanted = {str(kind) for kind in kinds}
    chosen = tuple(
        name for name in known if name in wanted or (name in RECIPES and RECIPES[name].kind in wanted)
    )
    unknown = wanted - set(known) - {RECIPES[name].kind for name in chosen if name in RECIPES}
    if unknown or not chosen:
        raise SampleKindUnknown(asked=", ".join(sorted(unknown)) or "-", known=", ".join(known))
    return chosen
