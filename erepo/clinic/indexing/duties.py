"""Which documents the law wants in P1's index, until when, and which cannot be there at all.

Tables with their sources. "EDM": the regulation on kinds of electronic medical documentation (Dz.U. 2023 poz.
1851, polish-domain §6). "SIM": Dz.U. 2023 poz. 738: the index within two days of the document's creation.
"PIK": P1's own list of document types (polish-domain §1.3, §1.4). "P1I": the public integration.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Final

from erepo.cda.kinds import Kind

#: The index has to be in P1 so long after the document was made (SIM).
WITHIN: Final = timedelta(days=2)
#: What was made before the duty to exchange began is not looked for (1 July 2021, ezdrowie.gov.pl).
SINCE: Final = datetime(2021, 6, 30, 22, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Duty:
    """What is to be done about documents of a kind.

    Attributes:
        lawful: whether the law wants an index of every document.
        possible: whether a person may have one indexed.
        needs_event: whether P1 wants a medical event.
        source: who says so.
    """

    lawful: bool
    possible: bool
    needs_event: bool
    source: str


_EDM: Final = {"lawful": True, "possible": True, "needs_event": True}
_P1: Final = Duty(lawful=False, possible=False, needs_event=False, source="PIK: P1 keeps it itself")
_NO_CDA: Final = Duty(lawful=False, possible=False, needs_event=False, source="PIK: no type of P1")

DUTIES: Final[Mapping[Kind, Duty]] = MappingProxyType(
    {
        Kind.ADMISSION_REFUSAL: Duty(**_EDM, source="EDM §1 (1); P1I REG.WER.6860"),
        Kind.REFERRING_DOCTOR_INFORMATION: Duty(**_EDM, source="EDM §1 (2); P1I REG.WER.6860"),
        Kind.DISCHARGE_SUMMARY: Duty(**_EDM, source="EDM §1 (3); P1I REG.WER.6860"),
        Kind.LAB_RESULT: Duty(**_EDM, source="EDM §1 (4); P1I REG.WER.6860"),
        Kind.DIAGNOSTIC_RESULT: Duty(**_EDM, source="EDM §1 (5); P1I REG.WER.6860"),
        Kind.OTHER_PIK: Duty(lawful=False, possible=True, needs_event=True, source="PIK: not on EDM's list"),
        Kind.PRESCRIPTION: _P1,
        Kind.REFERRAL_SPECIALIST: _P1,
        Kind.REFERRAL_HOSPITAL: _P1,
        Kind.REFERRAL_DIAGNOSTIC: _P1,
        Kind.REFERRAL_DIAGNOSTIC_P1: _P1,
        Kind.REFERRAL_REHABILITATION: _P1,
        Kind.CANCELLING_DOCUMENT: Duty(
            lawful=False, possible=False, needs_event=False, source="PIK: withdraws the index of another"
        ),
        Kind.OWN_PATIENT_DOCUMENT: _NO_CDA,
        Kind.SHARED_DOCUMENTATION: _NO_CDA,
        Kind.ATTACHMENT: _NO_CDA,
    }
)
#: Kinds of the EDM list.
LAWFUL: Final = tuple(kind for kind, duty in DUTIES.items() if duty.lawful)


def deadline(effective_at: datetime | None, taken_in_at: datetime) -> datetime:
    """Return until when a document has to be in the index; one without a time of its own counts from intake.

    A document that claims to come from the future gains nothing by it.
    """
    return min(effective_at or taken_in_at, taken_in_at) + WITHIN
