"""Bringing to an end what people have ordered and a crash or a silent repository has interrupted.

Deleting and destroying begin with a person's order that is written down, and what has begun is nobody's
document any more. It must not wait for that person's next command: whoever speaks with the repository anyway
(archiving, the nightly verifying) finishes it. Nothing is ordered here. What a restored backup has
brought back is destroyed again in the same way (`erepo.clinic.retention.replaying`).
"""

import asyncio
from dataclasses import dataclass

import sqlalchemy as sa

from erepo.clinic.archiving.results import Problem
from erepo.clinic.database import Database
from erepo.clinic.deleting import finish_deletions
from erepo.clinic.maintenance import refuse_inside
from erepo.clinic.maintenance.errors import MaintenanceNow
from erepo.clinic.repository import Cloud
from erepo.clinic.retention import Proposal, begin_replay, execute, read_proposals, write_protocol
from erepo.clinic.retention.errors import ProtocolUntrusted
from erepo.clinic.tables_migrating import deletion
from erepo.clinic.tables_retention import destruction_item
from erepo.settings import Settings

#: Steps of a deletion that has an end before it.
_OPEN = ("intended", "removed")


@dataclass(frozen=True)
class Finished:
    """What was brought to an end.

    Attributes:
        deleted: documents that a person had ordered to be deleted.
        destroyed: documents of confirmed destructions.
        open: documents that are still begun.
        problem: why they are.
    """

    deleted: int = 0
    destroyed: int = 0
    open: int = 0
    problem: Problem | None = None


async def finish_interrupted(cloud: Cloud, database: Database) -> Finished:
    """Finish interrupted deletions and confirmed destructions; does nothing where there are none.

    Whatever goes wrong is told in the result: what calls this has work of its own, which must not fail by it.
    Inside a maintenance window nothing is done.

    Args:
        cloud: an opened connection to the repository in use.
        database: the clinic's.
    """
    problems: list[Problem] = []
    try:
        started = await asyncio.to_thread(_begun, database, cloud.settings, problems)
    except MaintenanceNow:
        return Finished()
    deleted = destroyed = 0
    try:
        done = await finish_deletions(cloud, database)
        deleted = len(done.deleted)
        for proposal in await asyncio.to_thread(_untold, database, cloud.settings):
            await asyncio.to_thread(write_protocol, database, cloud.settings, proposal.id)
        for proposal in started:
            before = await asyncio.to_thread(_destroyed, database, proposal.id)
            ended = await execute(cloud, database, cloud.settings, proposal)
            await asyncio.to_thread(write_protocol, database, cloud.settings, proposal.id)
            destroyed += ended.destroyed - before
            problems += [ended.problem] if ended.problem else []
    except Exception as error:  # noqa: BLE001 - whatever it is, these stay begun, and the next run goes on
        problems.append(Problem.of(error))
    left = await asyncio.to_thread(_left, database)
    return Finished(deleted, destroyed, left, problems[0] if problems else None)


def _begun(database: Database, settings: Settings, problems: list[Problem]) -> list[Proposal]:
    with database.read() as connection:
        refuse_inside(connection)
    try:
        if begin_replay(database, settings).untrusted:
            problems.append(Problem.of(ProtocolUntrusted(proposal="-")))
    except OSError as error:
        problems.append(Problem.of(error))
    with database.read() as connection:
        return [one for one in read_proposals(connection) if one.state == "confirmed"]


def _untold(database: Database, settings: Settings) -> list[Proposal]:
    """Return finished destructions without a protocol: the process ended in between."""
    folder = settings.clinic_home / "destruction"
    with database.read() as connection:
        finished = [one for one in read_proposals(connection) if one.state == "finished"]
    return [one for one in finished if not (folder / f"{one.id}.json").exists()]


def _destroyed(database: Database, proposal: str) -> int:
    return _count(database, destruction_item.c.destruction_id == proposal, ("destroyed",))


def _left(database: Database) -> int:
    with database.read() as connection:
        ordered = connection.execute(
            sa.select(sa.func.count()).select_from(deletion).where(deletion.c.step.in_(_OPEN))
        ).scalar_one()
    return ordered + _count(database, sa.true(), ("destroying",))


def _count(database: Database, which: sa.ColumnElement[bool], states: tuple[str, ...]) -> int:
    items = sa.select(sa.func.count()).select_from(destruction_item)
    with database.read() as connection:
        return connection.execute(items.where(which, destruction_item.c.state.in_(states))).scalar_one()
