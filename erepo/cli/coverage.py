"""How far the archive has been read back, in words: for `erepo verify --rolling` and `erepo status`."""

from erepo.clinic.coverage import Coverage
from erepo.clinic.tables import now
from erepo.texts import Language, Text

PLANNED = Text(
    "To be repaired: {count}. See `erepo verify plan`.", "Do naprawy: {count}. Zobacz `erepo verify plan`."
)
_COVERED = Text(
    "Read back within {days} days: {recent} of {documents}; the oldest {oldest} days ago.",
    "Odczytane i porównane w ciągu {days} dni: {recent} z {documents}; dni od najdawniejszego odczytu:"
    " {oldest}.",
)
_OVERDUE = Text(
    "Read back within {days} days: {recent} of {documents}; the oldest {oldest} days ago, which is too long.",
    "Odczytane i porównane w ciągu {days} dni: {recent} z {documents}; dni od najdawniejszego odczytu:"
    " {oldest}, czyli zbyt wiele.",
)


def coverage_words(covered: Coverage, spoken: Language) -> str:
    """Say how much of the archive was read back within the set days."""
    counts = {"recent": covered.recent, "documents": covered.documents, "days": covered.days}
    return (_OVERDUE if covered.overdue else _COVERED).fill(
        spoken, oldest=covered.oldest_days(now()), **counts
    )
