"""Which of the documents that are due a run takes: everything, or some kinds, dates, a number of them."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Final

import sqlalchemy as sa

from erepo.cda.kinds import Kind
from erepo.clinic.archiving.errors import DayWrong, PeriodWrong
from erepo.clinic.tables import document
from erepo.clinic.times import WARSAW

#: Years between which people may choose; beyond them some zone cannot write a time.
_FIRST, _LAST = 1900, 2200


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice among the documents that are due; what is left open chooses everything.

    A choice never makes a document due: kinds that are off stay where they are.

    Attributes:
        kinds: only these; empty means all.
        taken_in_from: first Polish day on which a document was taken in.
        taken_in_to: last such day, included.
        effective_from: first Polish day on which a document was made; those without a date are left out.
        effective_to: last such day, included.
        limit: most documents; None means all.
        ids: only these, by their opaque ids; empty means all.

    Raises:
        PeriodWrong: a period ends before it begins, or lies outside the years 1900 to 2200.
    """

    kinds: tuple[Kind, ...] = ()
    taken_in_from: date | None = None
    taken_in_to: date | None = None
    effective_from: date | None = None
    effective_to: date | None = None
    limit: int | None = None
    ids: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check the periods."""
        for begin, end in ((self.taken_in_from, self.taken_in_to), (self.effective_from, self.effective_to)):
            if any(day and not _FIRST <= day.year <= _LAST for day in (begin, end)):
                raise PeriodWrong(begin=begin or "-", end=end or "-")
            if begin and end and end < begin:
                raise PeriodWrong(begin=begin, end=end)

    @property
    def rest(self) -> "Choice":
        """The same choice with nothing taken any more: what is told after a run."""
        return replace(self, limit=0)

    def less(self, taken: int) -> "Choice":
        """Return the same choice after so many documents were taken of it."""
        return self if self.limit is None else replace(self, limit=max(0, self.limit - taken))

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        """Return what a document must fulfil, the limit aside; empty where everything is chosen."""
        found: list[sa.ColumnElement[bool]] = []
        if self.ids:
            found.append(document.c.public_id.in_(self.ids))
        if self.kinds:
            found.append(document.c.kind.in_([kind.value for kind in self.kinds]))
        for column, begin, end in (
            (document.c.taken_in_at, self.taken_in_from, self.taken_in_to),
            (document.c.effective_at, self.effective_from, self.effective_to),
        ):
            if begin:
                found.append(column >= datetime.combine(begin, time.min, WARSAW))
            if end:
                found.append(column <= datetime.combine(end, time.max, WARSAW))
        return found


def read_day(text: str) -> date | None:
    """Return the day that a form names as YYYY-MM-DD; None for an empty field.

    Raises:
        DayWrong: it names no day.
    """
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise DayWrong from None


#: Everything that is due.
EVERYTHING: Final = Choice()
