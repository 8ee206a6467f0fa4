"""What falls due: documents whose time of keeping is over, held ones apart."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from erepo.clinic.retention.rows import is_gone, is_held, is_needed
from erepo.clinic.tables import document
from erepo.clinic.times import WARSAW


@dataclass(frozen=True, slots=True)
class DueDocument:
    """One document whose time is over.

    Attributes:
        document: opaque id.
        kind: `erepo.cda.kinds.Kind`.
        kept_until: last year in which it had to be kept.
        state: on the clinic's side.
        held: whether a legal hold keeps it all the same.
    """

    document: str
    kind: str
    kept_until: int
    state: str
    held: bool


@dataclass(frozen=True, slots=True)
class DueCount:
    """How many documents of one kind and year are due, and how many of them are held."""

    kind: str
    kept_until: int
    due: int
    held: int


@dataclass(frozen=True)
class RetentionReport:
    """What may be destroyed in a year.

    Attributes:
        year: whose documents are listed: all that had to be kept until the end of an earlier one.
        due: documents that may be destroyed.
        held: documents whose time is over, kept by a legal hold.
        without_year: documents whose last year is not known; they never fall due.
        counts: by kind and year.
        documents: all of them.
    """

    year: int
    due: int = 0
    held: int = 0
    without_year: int = 0
    counts: list[DueCount] = field(default_factory=list)
    documents: list[DueDocument] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)


def this_year(now: datetime) -> int:
    """Return the calendar year in Poland."""
    return now.astimezone(WARSAW).year


def read_report(connection: sa.Connection, year: int) -> RetentionReport:
    """Return what may be destroyed in a year."""
    documents = list(_documents(connection, year))
    kinds = Counter((one.kind, one.kept_until, one.held) for one in documents)
    counts = [
        DueCount(kind, until, kinds[kind, until, False], kinds[kind, until, True])
        for kind, until in sorted({key[:2] for key in kinds}, key=lambda key: (key[1], key[0]))
    ]
    unknown = sa.select(sa.func.count()).select_from(document)
    without = connection.execute(
        unknown.where(document.c.destroy_after_year.is_(None), sa.not_(is_gone()))
    ).scalar_one()
    held = sum(one.held for one in documents)
    return RetentionReport(year, len(documents) - held, held, without, counts, documents)


def _documents(connection: sa.Connection, year: int) -> Iterator[DueDocument]:
    held = is_held().label("held")
    columns = (
        document.c.public_id,
        document.c.kind,
        document.c.destroy_after_year,
        document.c.state,
        held,
    )
    rows = connection.execute(
        sa.select(*columns)
        .where(
            document.c.destroy_after_year < year,
            sa.not_(is_gone()),
            sa.or_(is_held(), sa.not_(is_needed(year))),
        )
        .order_by(document.c.destroy_after_year, document.c.kind, document.c.id)
    )
    return (DueDocument(*(*row[:-1], bool(row[-1]))) for row in rows)
