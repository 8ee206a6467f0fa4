"""Which content may go. Every question runs along an index of what lies both here and in the repository."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from erepo.cda.kinds import Kind
from erepo.clinic.database import Database
from erepo.clinic.kinds import GRACE, KindRule, read_rules
from erepo.clinic.rereading import Archived
from erepo.clinic.tables import UtcDateTime, document

#: Rows read from the database at once.
PAGE = 1000

_COLUMNS = tuple(document.c[name] for name in Archived._fields[:-1])


def is_over(rule: KindRule, moment: datetime) -> sa.ColumnElement[bool]:
    """Return what makes a document's local days over; nothing of a kind that is off is ever moved."""
    if not rule.auto_archive:
        return sa.false()
    return sa.and_(
        # Written out, not as a parameter: only so the partial index is known to hold the answer.
        document.c.state == sa.literal("archived", literal_execute=True),
        document.c.kind == rule.kind.value,
        _since(rule) <= moment - timedelta(days=rule.local_days),
        document.c.archived_at <= moment - GRACE,
        document.c.legal_hold.is_(False),
    )


def page_of(
    rule: KindRule, moment: datetime, repository: str, after: tuple[datetime, int] | None, most: int = PAGE
) -> sa.Select[tuple[object, ...]]:
    """Return the question for the next documents of a kind whose local days are over, the longest first.

    Args:
        rule: of the kind.
        moment: now.
        repository: id of the repository that can be asked; documents of another one stay.
        after: time and internal id of the last one of the page before.
        most: rows.
    """
    since = _since(rule)
    conditions = [is_over(rule, moment), document.c.repository_unique_id == repository]
    if after is not None:
        place = sa.tuple_(sa.literal(after[0], UtcDateTime()), sa.literal(after[1]))
        conditions.append(sa.tuple_(since, document.c.id) > place)
    return (
        sa.select(*_COLUMNS, since.label("since"))
        .where(*conditions)
        .order_by(since, document.c.id)
        .limit(most)
    )


def pages(database: Database, moment: datetime, repository: str) -> Iterator[Sequence[Archived]]:
    """Yield what is over, page by page, each a short read of its own; what stays is not met again."""
    with database.read() as connection:
        rules = read_rules(connection)
    for rule in rules.values():
        after = None
        while rule.auto_archive:
            with database.read() as connection:
                rows = connection.execute(page_of(rule, moment, repository, after)).all()
            if rows:
                yield [Archived(*row[:-1]) for row in rows]
                after = (rows[-1].since, rows[-1].id)
            if len(rows) < PAGE:
                break


def count_due(connection: sa.Connection, moment: datetime) -> dict[Kind, tuple[int, int]]:
    """Return (documents, octets) whose local days are over, for each kind that has any."""
    found: dict[Kind, tuple[int, int]] = {}
    for kind, rule in read_rules(connection).items():
        if not rule.auto_archive:
            continue
        count, octets = connection.execute(
            sa.select(sa.func.count(), sa.func.sum(document.c.size)).where(is_over(rule, moment))
        ).one()
        if count:
            found[kind] = (count, int(octets))
    return found


def _since(rule: KindRule) -> sa.ColumnElement[datetime]:
    return document.c.taken_in_at if rule.waits else document.c.archived_at
