"""Which documents wait for the version before them, and how that shows."""

from datetime import datetime

import sqlalchemy as sa

from erepo.clinic.chain.words import WAITS, WAITS_CURE, WORDS
from erepo.clinic.states import State
from erepo.clinic.tables import document, kind_rule
from erepo.clinic.tables_chain import chain_link
from erepo.texts import language

_OLDER = document.alias("older")
_RULE = kind_rule.alias("older_rule")
#: On their way: they will be archived, or come to an end in which nobody waits for them.
_MOVING = (State.QUEUED.value, State.SENDING.value, State.MIGRATING.value)


def waits() -> sa.ColumnElement[bool]:
    """Return the condition that a row of `document` waits for the version it replaces."""
    return (
        sa.select(chain_link.c.document_id)
        .join(_OLDER, _OLDER.c.id == chain_link.c.predecessor_id)
        .outerjoin(_RULE, _RULE.c.kind == _OLDER.c.kind)
        .where(
            chain_link.c.document_id == document.c.id,
            chain_link.c.state == "open",
            sa.or_(
                _OLDER.c.state.in_(_MOVING),
                sa.and_(_OLDER.c.state == State.LOCAL.value, _RULE.c.auto_archive.is_(True)),
            ),
        )
        .correlate(document)
        .exists()
    )


def _due(now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return document.c.state == State.LOCAL.value, document.c.due_at <= now, waits()


def count_waiting(connection: sa.Connection, now: datetime) -> int:
    """Return how many documents are due and wait for the version before them."""
    statement = sa.select(sa.func.count()).select_from(document).where(*_due(now))
    return connection.execute(statement).scalar_one()


def mark_waiting(connection: sa.Connection, now: datetime) -> None:
    """Let those that wait say so where people look: reason and next step of the document."""
    spoken = language()
    words = {
        "reason_code": WAITS,
        "reason_text": WORDS[WAITS].fill(spoken),
        "next_step": WAITS_CURE.fill(spoken),
    }
    unmarked = sa.or_(document.c.reason_code.is_(None), document.c.reason_code != WAITS)
    found = sa.select(document.c.id).where(*_due(now), unmarked)
    ids = list(connection.execute(found).scalars())
    for start in range(0, len(ids), 500):
        part = document.c.id.in_(ids[start : start + 500])
        connection.execute(document.update().where(part).values(**words))
