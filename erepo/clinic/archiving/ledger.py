"""The commits of archiving (points M, A, D of the package's table); every one is fenced by the lease."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import uuid4

import sqlalchemy as sa

from erepo.clinic import chain
from erepo.clinic.archiving.leases import Lease, held, release
from erepo.clinic.archiving.reasons import stored_words
from erepo.clinic.archiving.shipments import Shipment
from erepo.clinic.archiving.verdicts import Judgement
from erepo.clinic.chain import words
from erepo.clinic.database import Database, repeated
from erepo.clinic.states import State, move
from erepo.clinic.tables import batch, document, now, submission
from erepo.identifiers import oids
from erepo.xds.vocabulary import Xds

#: Event of a document whose submission was answered with a signed Success.
ARCHIVED = "archived"
#: States in which a document still has a way to go.
OPEN = (State.QUEUED.value, State.SENDING.value)


#: What a refused relationship means: state and code of the link. An older version that the registry has lost
#: may come back, and is linked then.
_GIVEN_UP = {
    Xds.DEPRECATED_DOCUMENT.value: ("forked", words.FORKED),
    Xds.UNRESOLVED_REFERENCE.value: ("alone", words.NOT_ARCHIVED),
}


def new_unique_id() -> str:
    """Return a fresh uniqueId for a submission."""
    return oids.uuid_oid(uuid4())


@repeated
def mark(database: Database, lease: Lease, shipments: Sequence[Shipment]) -> None:
    """Write down that these may be on their way, before the first octet leaves (M)."""
    with held(database, lease) as connection:
        ids = [id_ for shipment in shipments for id_ in shipment.document_ids]
        move(connection, ids, State.QUEUED, State.SENDING, "sending")
        connection.execute(
            submission.update()
            .where(submission.c.id.in_([shipment.id for shipment in shipments]))
            .values(state="sending", attempts=submission.c.attempts + 1, sent_at=now())
        )


@repeated
def archive(
    database: Database,
    lease: Lease,
    shipments: Sequence[Shipment],
    repository: str,
    *,
    event: str = ARCHIVED,
) -> None:
    """Write down that these are in the repository, hash and size confirmed (A)."""
    with held(database, lease) as connection:
        moment = now()
        values = {"archived_at": moment, "repository_unique_id": repository, "reason_code": None}
        # Whatever was read back earlier was another deposit.
        values |= {"verified_at": None, "read_back_at": None}
        ids = [id_ for shipment in shipments for id_ in shipment.document_ids]
        move(connection, ids, State.SENDING, State.ARCHIVED, event, values=values)
        _finish(connection, [shipment.id for shipment in shipments], "accepted")
        chain.reopen(connection, ids)
        if event == ARCHIVED:
            # The answer was to this very request; what is found by asking is asked about its links, too.
            chain.linked(connection, [one.id for each in shipments for one in each.items if one.replaces])


@repeated
def requeue(database: Database, lease: Lease, told: Sequence[tuple[Shipment, str]]) -> None:
    """Write down that these are surely not in the repository; they will be sent with the same ids.

    Args:
        database: the clinic's.
        lease: of their batch.
        told: submissions with the code of the reason.
    """
    by_code: dict[str, list[Shipment]] = defaultdict(list)
    for shipment, code in told:
        by_code[code].append(shipment)
    with held(database, lease) as connection:
        for code, shipments in by_code.items():
            ids = [id_ for shipment in shipments for id_ in shipment.document_ids]
            move(connection, ids, State.SENDING, State.QUEUED, "requeued", reason=code)
            connection.execute(
                submission.update()
                .where(submission.c.id.in_([shipment.id for shipment in shipments]))
                .values(state="prepared", reason_code=code)
            )


@repeated
def reject(database: Database, lease: Lease, shipment: Shipment, judgement: Judgement) -> None:
    """Write down that the documents of a submission are refused for good, why, and what to do next."""
    reason, next_step = stored_words(judgement)
    values = {"reason_code": judgement.code, "reason_text": reason, "next_step": next_step}
    with held(database, lease) as connection:
        ids = shipment.document_ids
        move(connection, ids, State.SENDING, State.REJECTED, "rejected", values=values, reason=judgement.code)
        _finish(connection, [shipment.id], "failed", judgement)


@repeated
def send_alone(database: Database, lease: Lease, shipment: Shipment, judgement: Judgement) -> None:
    """Give up the relationship that the registry refused; the document is sent again, as an original."""
    state, code = _GIVEN_UP.get(judgement.code, ("refused", words.REFUSED))
    with held(database, lease) as connection:
        ids = shipment.document_ids
        chain.loosen(connection, ids, state, code)
        move(connection, ids, State.SENDING, State.QUEUED, "requeued", reason=code)
        connection.execute(
            submission.update()
            .where(submission.c.id == shipment.id)
            .values(state="prepared", reason_code=judgement.code)
        )


@repeated
def split(database: Database, lease: Lease, shipment: Shipment, judgement: Judgement) -> None:
    """Give each document of a refused submission one of its own, to find the rotten one."""
    with held(database, lease) as connection:
        found = connection.execute(
            sa.select(submission.c.patient_key, submission.c.batch_id).where(submission.c.id == shipment.id)
        ).one()
        _finish(connection, [shipment.id], "failed", judgement)
        move(connection, shipment.document_ids, State.SENDING, State.QUEUED, "split", reason=judgement.code)
        for item in shipment.items:
            single = connection.execute(
                submission.insert().values(
                    unique_id=new_unique_id(),
                    batch_id=found.batch_id,
                    patient_key=found.patient_key,
                    documents=1,
                    bytes=item.size,
                )
            ).inserted_primary_key
            assert single is not None
            connection.execute(
                document.update().where(document.c.id == item.id).values(submission_id=single[0])
            )


@repeated
def close(database: Database, lease: Lease) -> tuple[int, int]:
    """Close the batch if nothing of it is open, and give it back (D).

    Returns:
        (queued, sending): documents still open.
    """
    with database.begin() as connection:
        finish(connection, [lease.batch_id])
        release(connection, lease)
        rows = connection.execute(
            sa.select(document.c.state, sa.func.count())
            .join(submission, submission.c.id == document.c.submission_id)
            .where(submission.c.batch_id == lease.batch_id, document.c.state.in_(OPEN))
            .group_by(document.c.state)
        ).all()
    counts: dict[str, int] = {state: count for state, count in rows}  # noqa: C416 - no tuples to mypy
    return counts.get(State.QUEUED.value, 0), counts.get(State.SENDING.value, 0)


def finish(connection: sa.Connection, batch_ids: Sequence[str]) -> None:
    """Close those of the batches that have no open document left (D)."""
    still_open = (
        sa.select(submission.c.batch_id)
        .join(document, document.c.submission_id == submission.c.id)
        .where(submission.c.batch_id == batch.c.id, document.c.state.in_(OPEN))
    )
    connection.execute(
        batch.update()
        .where(batch.c.id.in_(batch_ids), batch.c.state != "finished", ~still_open.exists())
        .values(state="finished", finished_at=now())
    )


def _finish(
    connection: sa.Connection, ids: Sequence[int], state: str, judgement: Judgement | None = None
) -> None:
    values = {"state": state, "finished_at": now()}
    if judgement is not None:
        values |= {"reason_code": judgement.code, "reason_text": judgement.context}
    connection.execute(submission.update().where(submission.c.id.in_(ids)).values(values))
