"""What stands under the field where kinds of documents are chosen."""

from collections.abc import Iterable
from typing import Final, Literal

from erepo.cda.kinds import KINDS, Kind

#: Kinds that may be indexed in P1 (`erepo.clinic.indexing.DUTIES`); a form offers no others.
IndexKind = Literal[
    Kind.LAB_RESULT,
    Kind.DIAGNOSTIC_RESULT,
    Kind.DISCHARGE_SUMMARY,
    Kind.REFERRING_DOCTOR_INFORMATION,
    Kind.ADMISSION_REFUSAL,
    Kind.OTHER_PIK,
]


def kind_names(kinds: Iterable[Kind]) -> str:
    """Return names beside ids: ids go into the parameters and into the list of Prefect's form."""
    return "; ".join(f"{kind.value}: {KINDS[kind].label.pl} / {KINDS[kind].label.en}" for kind in kinds)


#: Of all kinds.
KIND_NAMES: Final = kind_names(KINDS)
