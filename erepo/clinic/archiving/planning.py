"""What is due becomes submissions and batches (commit point P)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

import sqlalchemy as sa

from erepo.clinic import chain
from erepo.clinic.archiving import grouping, ledger
from erepo.clinic.archiving.choosing import EVERYTHING, Choice
from erepo.clinic.archiving.grouping import Waiting
from erepo.clinic.archiving.leases import is_free
from erepo.clinic.archiving.permission import check_permitted
from erepo.clinic.archiving.results import Plan
from erepo.clinic.archiving.withdrawing import withdraw
from erepo.clinic.database import Database
from erepo.clinic.metadata import entry_uuid
from erepo.clinic.states import State, move
from erepo.clinic.structure import check_ready
from erepo.clinic.tables import IN_HAND, batch, document, kind_rule, submission
from erepo.settings import Settings

#: Most documents planned by one call; the rest waits for the next run.
MOST = 100_000
#: Documents whose columns are read and written by one statement.
_SLICE = 500


def plan(
    database: Database,
    settings: Settings,
    *,
    now: datetime,
    choice: Choice = EVERYTHING,
    submission_documents: int = grouping.DOCUMENTS,
) -> Plan:
    """Queue what is due and return all batches that wait, those of unfinished runs first.

    May be called again at any moment: a document is planned once, and what an interrupted call has planned is
    returned by the next one. Batches of earlier runs are returned whatever the choice: their ids are taken
    and perhaps known to the registry already, and what was begun is brought to an end. Of these, only
    documents whose kind has been switched off since are taken out again.

    Args:
        database: the clinic's.
        settings: `batch_documents` is the size of a batch.
        now: documents due by then are planned (aware).
        choice: which of the documents that are due are planned by this call.
        submission_documents: most documents of one submission.

    Raises:
        StructureIncomplete: a resort code or the archiving user is missing; nothing was planned.
        MaintenanceNow, LicenceExpired…: depositing is not permitted now; see `check_permitted`.
    """
    check_permitted(database, settings)
    with database.read() as connection:
        check_ready(connection)
    withdraw(database)
    with database.read() as connection:
        due = [Waiting(*row[:3]) for row in connection.execute(chosen_due(now, choice))]
    submissions = grouping.group(due, documents=submission_documents)
    planned = 0
    for together in grouping.pack(submissions, settings.batch_documents):
        with database.begin() as connection:
            planned += _queue(connection, together)
    return _waiting(database, planned, now)


def chosen_due(now: datetime, choice: Choice) -> sa.Select[tuple[int, int, int, str]]:
    """Return the question for the documents that are due and chosen: id, patient, octets, kind."""
    conditions = [*is_due(now), sa.not_(chain.waits()), *choice.conditions()]
    return (
        sa.select(document.c.id, document.c.patient_key, document.c.size, document.c.kind)
        .join(kind_rule, kind_rule.c.kind == document.c.kind)
        .where(*conditions)
        .order_by(document.c.due_at, document.c.id)
        .limit(min(choice.limit if choice.limit is not None else MOST, MOST))
    )


def is_due(now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    """Return what makes a document due, beside its kind's rule joined to it."""
    return (
        document.c.state == State.LOCAL.value,
        document.c.due_at <= now,
        kind_rule.c.auto_archive.is_(True),
    )


def _queue(connection: sa.Connection, together: Sequence[Sequence[Waiting]]) -> int:
    """Write one batch; documents that another planner has taken meanwhile are left out."""
    wanted = [waiting.id for one in together for waiting in one]
    ids = _still_local(connection, wanted)
    kept = [[waiting for waiting in one if waiting.id in ids] for one in together]
    kept = [one for one in kept if one]
    if not kept:
        return 0
    batch_id = uuid4().hex
    octets = sum(waiting.size for one in kept for waiting in one)
    connection.execute(batch.insert().values(id=batch_id, documents=len(ids), bytes=octets))
    placed = _insert_submissions(connection, batch_id, kept)
    values = [
        {"key": waiting.id, "submission_id": key, "entry_uuid": entry_uuid(*ids[waiting.id])}
        for key, one in placed
        for waiting in one
    ]
    # Documents that waited for an older version said so; they do not wait any more.
    reason = dict.fromkeys(("reason_code", "reason_text", "next_step"))
    move(connection, list(ids), State.LOCAL, State.QUEUED, "queued", values=reason, batch=batch_id)
    connection.execute(document.update().where(document.c.id == sa.bindparam("key")), values)
    return len(ids)


def _insert_submissions(
    connection: sa.Connection, batch_id: str, groups: Sequence[Sequence[Waiting]]
) -> list[tuple[int, Sequence[Waiting]]]:
    """Insert one submission for each group; return their keys with the groups."""
    named = {ledger.new_unique_id(): one for one in groups}
    rows = [
        {
            "unique_id": unique_id,
            "batch_id": batch_id,
            "patient_key": one[0].patient,
            "documents": len(one),
            "bytes": sum(waiting.size for waiting in one),
        }
        for unique_id, one in named.items()
    ]
    connection.execute(submission.insert(), rows)
    keys = connection.execute(
        sa.select(submission.c.id, submission.c.unique_id).where(submission.c.batch_id == batch_id)
    )
    return [(row.id, named[row.unique_id]) for row in keys]


def _still_local(connection: sa.Connection, wanted: Sequence[int]) -> dict[int, tuple[str, str]]:
    """Return (uniqueId, SHA-256) of those that are still local, locked where the database can lock rows."""
    found: dict[int, tuple[str, str]] = {}
    for start in range(0, len(wanted), _SLICE):
        rows = connection.execute(
            sa.select(document.c.id, document.c.unique_id, document.c.sha256)
            .where(document.c.id.in_(wanted[start : start + _SLICE]), document.c.state == State.LOCAL.value)
            .with_for_update(skip_locked=True)
        )
        found |= {row.id: (row.unique_id, row.sha256) for row in rows}
    return found


def _open_batches() -> sa.Select[tuple[str, int, int]]:
    """Return the question for unfinished batches with documents in hand: id, documents, octets."""
    # Counted by submission first: a planner that starts from the batches goes through the whole archive.
    in_hand = (
        sa.select(
            document.c.submission_id,
            sa.func.count().label("documents"),
            sa.func.sum(document.c.size).label("octets"),
        )
        .where(IN_HAND)
        .group_by(document.c.submission_id)
        .subquery()
    )
    return (
        sa.select(submission.c.batch_id, sa.func.sum(in_hand.c.documents), sa.func.sum(in_hand.c.octets))
        .join(in_hand, in_hand.c.submission_id == submission.c.id)
        .join(batch, batch.c.id == submission.c.batch_id)
        .where(batch.c.state != "finished")
        .group_by(submission.c.batch_id)
    )


def _waiting(database: Database, planned: int, now: datetime) -> Plan:
    with database.begin() as connection:
        unfinished = connection.execute(
            sa.select(batch.c.id, batch.c.run_key)
            .where(batch.c.state != "finished")
            .order_by(batch.c.created_at)
        ).all()
        free = [row.id for row in unfinished if is_free(row.run_key)]
        ledger.finish(connection, free)
        open_rows = connection.execute(_open_batches()).all()
        if waiting := chain.count_waiting(connection, now):
            chain.mark_waiting(connection, now)
    counts = {row[0]: (int(row[1]), int(row[2])) for row in open_rows}
    batches = [batch_id for batch_id in free if batch_id in counts]
    return Plan(
        batches=batches,
        documents=sum(counts[one][0] for one in batches),
        planned=planned,
        bytes=sum(counts[one][1] for one in batches),
        waiting=waiting,
    )
