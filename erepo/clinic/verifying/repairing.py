"""Performing the repair plan: what is proposed and safe, one document at a time, by a person's order.

    send-again   octets without an entry go (ITI-86) ─► archived → local
    replace      entry and what points at it go (ITI-62) ─► octets go (ITI-86) ─► archived → local

Before anything is removed the local copy is read and hashed. The move to `local` closes the row in its
transaction: **that is the commit point**. A crash before it leaves the document `archived` and the row open;
the same order again finds less to remove and ends the same. The next archiving sends it under its own ids.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NoReturn

import sqlalchemy as sa

from erepo.clinic import rejected
from erepo.clinic.content import ContentStore
from erepo.clinic.database import Database, repeated
from erepo.clinic.errors import ContentDamaged
from erepo.clinic.repository import Cloud
from erepo.clinic.states import State
from erepo.clinic.tables import document
from erepo.clinic.tables_migrating import deletion
from erepo.clinic.verifying.errors import RepairRefused, RepairUnknown
from erepo.clinic.verifying.plan import REPLACE, SEND_AGAIN, Repair, read_plan
from erepo.texts import Text
from erepo.xds.errors import XdsRefused
from erepo.xds.iti18 import StoredQuery
from erepo.xds.iti43 import DocumentRequest
from erepo.xds.model import MetadataSet
from erepo.xds.queries import DOCUMENT_UNIQUE_ID, SET_UUID, QueryId
from erepo.xds.vocabulary import AssociationType, Xds

SAFE: Final = frozenset({SEND_AGAIN, REPLACE})

_REGISTERED = Text(
    "it is registered after all, verify it again", "jest jednak zarejestrowany, zweryfikuj ponownie"
)
_BY_A_PERSON = Text("this needs a person's decision", "wymaga to decyzji człowieka")
_STATE = Text("it is not in the state archived any more", "nie jest już zarchiwizowany")
_DELETING = Text("its deletion has been ordered", "zlecono jego usunięcie")
_NO_COPY = Text("there is no good copy here any more", "na miejscu nie ma już dobrej kopii")
_LINKED = Text("other documents point at it", "wskazują na niego inne dokumenty")


@dataclass(frozen=True)
class Repaired:
    """What became of one row: `sent-again`, `replaced`, or `refused` with its reason."""

    repair: Repair
    outcome: str
    problem: RepairRefused | None = None


async def repair_all(
    cloud: Cloud, database: Database, ids: Sequence[str], *, actor: str = "staff"
) -> list[Repaired]:
    """Repair rows of the plan; each by itself, a refused one keeps the others from nothing.

    Args:
        cloud: an opened connection.
        database: the clinic's.
        ids: of rows, or of documents.
        actor: who ordered it, for the audit.

    Raises:
        RepairUnknown: some id names no open row; nothing was done.
        RetryableError, XdsFailure: the repository does not do its part; what was repaired before stays so.
    """
    with database.read() as connection:
        rows = read_plan(connection, ids, limit=len(ids) + 1) if ids else []
    known = {name for row in rows for name in (row.id, row.document)}
    if strange := [one for one in ids if one not in known]:
        raise RepairUnknown(count=len(strange))
    return [await _repair(cloud, database, row, actor) for row in rows]


async def _repair(cloud: Cloud, database: Database, row: Repair, actor: str) -> Repaired:
    try:
        unique_id = await asyncio.to_thread(_check_local, cloud, database, row)
        found = await _find(cloud, unique_id)
        if row.action == SEND_AGAIN and found.documents:
            _refuse(row, _REGISTERED)
        if found.documents:
            await cloud.remove_metadata(await _closed_set(cloud, row, found))
        await _remove_octets(cloud, unique_id)
        await asyncio.to_thread(_commit, database, row, actor)
    except RepairRefused as problem:
        return Repaired(row, "refused", problem)
    return Repaired(row, "replaced" if row.action == REPLACE else "sent-again")


def _check_local(cloud: Cloud, database: Database, row: Repair) -> str:
    """Make sure that the document may be repaired from here; return its uniqueId."""
    if row.action not in SAFE:
        _refuse(row, _BY_A_PERSON)
    with database.read() as connection:
        columns = (document.c.id, document.c.unique_id, document.c.sha256, document.c.state)
        found: Any = connection.execute(sa.select(*columns).where(document.c.public_id == row.document)).one()
        ordered = deletion.c.document_id == found.id, deletion.c.step == "intended"
        going = connection.execute(sa.select(deletion.c.document_id).where(*ordered)).first()
    if found.state != State.ARCHIVED.value:
        _refuse(row, _STATE)
    if going:
        # What was removed for good, or is about to be, would be sent there again.
        _refuse(row, _DELETING)
    try:
        ContentStore.at(cloud.settings).check(found.sha256)
    except (ContentDamaged, OSError):
        _refuse(row, _NO_COPY)
    return str(found.unique_id)


async def _find(cloud: Cloud, unique_id: str) -> MetadataSet:
    query = StoredQuery(QueryId.GET_DOCUMENTS_AND_ASSOCIATIONS, {DOCUMENT_UNIQUE_ID: ((unique_id,),)})
    return (await cloud.query(query)).metadata


async def _closed_set(cloud: Cloud, row: Repair, found: MetadataSet) -> list[str]:
    """Return everything that goes with the entries: memberships, and sets that would be left empty.

    Raises:
        RepairRefused: another document points at it: its chain of versions would be torn.
    """
    if any(one.type != AssociationType.HAS_MEMBER for one in found.associations):
        _refuse(row, _LINKED)
    going = [one.entry_uuid for one in found.documents] + [one.entry_uuid for one in found.associations]
    for name in dict.fromkeys(link.source for link in found.associations):
        query = StoredQuery(QueryId.GET_SUBMISSION_SET_AND_CONTENTS, {SET_UUID: ((name,),)})
        whole = (await cloud.query(query)).metadata
        members = {link.entry_uuid for link in whole.associations if link.source == name}
        if whole.submission_sets and members <= set(going):
            going.append(name)
    return going


async def _remove_octets(cloud: Cloud, unique_id: str) -> None:
    """Octets that stay would be taken for the right ones by the next deposit of the same document."""
    try:
        await cloud.remove_documents([DocumentRequest(cloud.repository_unique_id, unique_id)])
    except XdsRefused as error:
        if any(one.code != Xds.DOCUMENT_UNIQUE_ID for one in error.errors):
            raise


@repeated
def _commit(database: Database, row: Repair, actor: str) -> None:
    with database.begin() as connection:
        if not rejected.send_again(connection, [row.document], actor=actor):
            _refuse(row, _STATE)


def _refuse(row: Repair, problem: Text) -> NoReturn:
    raise RepairRefused(document=row.document, problem_en=problem.en, problem_pl=problem.pl)
