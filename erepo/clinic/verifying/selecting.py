"""Which documents are checked, and in what order; every page is a short read of its own, by an index."""

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, Final

import sqlalchemy as sa

from erepo.clinic.coverage import count_archived
from erepo.clinic.database import Database
from erepo.clinic.rereading import Archived
from erepo.clinic.states import DEPOSITED
from erepo.clinic.tables import IN_REPOSITORY, document
from erepo.clinic.tables_chain import chain_link

#: Documents of one question.
SLICE: Final = 100
#: Rows read from the database at once.
PAGE: Final = 2000

_KNOWN, _PERHAPS = 1, 2
#: By the best link to a document: whether the registry must show it as replaced; None: it may.
_REPLACED: Final[Mapping[int | None, bool | None]] = {None: False, _KNOWN: True, _PERHAPS: None}


def _replaced() -> sa.ColumnElement[int | None]:
    """The best link to a document: one that is known to the registry before one that may be.

    One that stands alone may be: its document was taken out of the registry, which goes on showing the older
    one as replaced, or it is being linked at this moment.
    """
    state = chain_link.c.state
    settled = sa.select(sa.func.min(sa.case((state == "linked", _KNOWN), else_=_PERHAPS))).where(
        chain_link.c.predecessor_id == document.c.id, state.in_(("linked", "open", "alone"))
    )
    return settled.correlate(document).scalar_subquery()


_COLUMNS = [*(document.c[name] for name in Archived._fields[:-1]), _replaced().label("replaced")]


def _archived(values: Sequence[Any]) -> Archived:
    return Archived(*values[:-1])._replace(replaced=_REPLACED[values[-1]])


def count(database: Database) -> int:
    """Return how many documents are in the repository."""
    with database.read() as connection:
        return count_archived(connection)


def everything(database: Database) -> Iterator[Archived]:
    """Yield what is archived, by patient."""
    last = (-1, -1)
    while True:
        with database.read() as connection:
            rows = connection.execute(
                sa.select(*_COLUMNS)
                .where(
                    # Almost everything is archived: by the index of states, each page would sort all of it.
                    sa.func.coalesce(document.c.state, "").in_(DEPOSITED),
                    sa.tuple_(document.c.patient_key, document.c.id)
                    > sa.tuple_(sa.literal(last[0]), sa.literal(last[1])),
                )
                .order_by(document.c.patient_key, document.c.id)
                .limit(PAGE)
            ).all()
        yield from (_archived(row) for row in rows)
        if len(rows) < PAGE:
            return
        last = (rows[-1].patient_key, rows[-1].id)


#: A document with the moment from which its age counts: last read back, or archived if it never was.
Aged = tuple[datetime, Archived]


def oldest_first(database: Database, before: datetime, page: int = PAGE) -> Iterator[Aged]:
    """Yield what is archived, whatever was not read back for longest first.

    Args:
        database: the clinic's.
        before: what was read back, or archived, at this moment or later is left out; so a document is
            yielded once, although it is read back meanwhile.
        page: rows read at once.
    """
    streams = (_pages(database, before, page, never=True), _pages(database, before, page, never=False))
    return heapq.merge(*streams, key=lambda aged: (aged[0], aged[1].id))


def never_statement(before: datetime, last: Sequence[Any] | None, page: int) -> sa.Select[Any]:
    """Return the question for documents that were never read back, from the longest archived."""
    wanted = _statement((document.c.archived_at, document.c.id), before, last, page)
    return wanted.where(document.c.read_back_at.is_(None))


def again_statement(before: datetime, last: Sequence[Any] | None, page: int) -> sa.Select[Any]:
    """Return the question for documents that were read back before, from the longest ago."""
    order = (document.c.read_back_at, document.c.archived_at, document.c.id)
    return _statement(order, before, last, page)


def _statement(
    order: Sequence[sa.Column[Any]], before: datetime, last: Sequence[Any] | None, page: int
) -> sa.Select[Any]:
    """Ask in the order of the index, after the last row seen."""
    wanted = sa.select(*(one.label(f"key{place}") for place, one in enumerate(order)), *_COLUMNS)
    wanted = wanted.where(IN_REPOSITORY, order[0] < before)
    if last is not None:
        values = (sa.literal(value, one.type) for value, one in zip(last, order, strict=True))
        wanted = wanted.where(sa.tuple_(*order) > sa.tuple_(*values))
    return wanted.order_by(*order).limit(page)


def _pages(database: Database, before: datetime, page: int, *, never: bool) -> Iterator[Aged]:
    statement, width = (never_statement, 2) if never else (again_statement, 3)
    last: Sequence[Any] | None = None
    while True:
        with database.read() as connection:
            rows = connection.execute(statement(before, last, page)).all()
        for row in rows:
            yield row[0], _archived(row[width:])
        if len(rows) < page:
            return
        last = rows[-1][:width]


def slices(archived: Iterable[Archived]) -> Iterator[Sequence[Archived]]:
    """Yield documents of one patient together, as they come, at most `SLICE`."""
    for _, of_patient in groupby(archived, key=lambda one: one.patient_key):
        together: list[Archived] = []
        for one in of_patient:
            together.append(one)
            if len(together) == SLICE:
                yield together
                together = []
        if together:
            yield together
