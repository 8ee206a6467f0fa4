"""Asking the registry for older versions that we do not know to be there, before the newer one is sent."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa

from erepo.clinic.chain.noting import OWN, settle
from erepo.clinic.chain.words import FOREIGN, FORKED, NOT_ARCHIVED, UNKNOWN
from erepo.clinic.database import Database, repeated
from erepo.clinic.repository import Cloud
from erepo.clinic.states import DEPOSITED, State
from erepo.clinic.tables import document, submission
from erepo.clinic.tables_chain import chain_link
from erepo.xds import iti18
from erepo.xds.vocabulary import APPROVED

_OLDER = document.alias("older")
#: Ids of one question.
_IDS = 250


class _Wanted(NamedTuple):
    """A queued document whose older version is not known to be in the registry."""

    id: int
    parent_unique_id: str
    state: str | None
    origin: str


async def look(cloud: Cloud, database: Database, batch_id: str) -> None:
    """Find out where the older versions of a batch's queued documents stand.

    Each is settled before anything of it is sent: with the entry to be replaced, or as an original.

    Raises:
        RetryableError: nobody could be asked.
        XdsFailure: the registry could not answer.
    """
    wanted = await asyncio.to_thread(_wanted, database, batch_id)
    # By its id alone another provider's document could name any of ours that the registry knows.
    strange = [one for one in wanted if one.origin != OWN and one.state is None]
    await asyncio.to_thread(_settle, database, [one.id for one in strange], "alone", FOREIGN)
    wanted = [one for one in wanted if one not in strange]
    for start in range(0, len(wanted), _IDS):
        some = wanted[start : start + _IDS]
        # References may be of any number of patients; most often there is none, and one question is enough.
        names = sorted({one.parent_unique_id for one in some})
        listed = await cloud.query(iti18.get_documents(unique_ids=names, return_type=iti18.OBJECT_REF))
        if listed.object_refs:
            await _look_closely(cloud, database, some)
        else:
            await asyncio.to_thread(_settle_absent, database, some)


async def _look_closely(cloud: Cloud, database: Database, wanted: Sequence[_Wanted]) -> None:
    for one in wanted:
        found = await cloud.query(iti18.get_documents(unique_ids=[one.parent_unique_id]))
        entries = found.metadata.documents
        current = next((entry for entry in entries if entry.status in ("", APPROVED)), None)
        if current is not None:
            await asyncio.to_thread(_found, database, one.id, current.entry_uuid)
        elif entries:
            await asyncio.to_thread(_settle, database, [one.id], "forked", FORKED)
        else:
            await asyncio.to_thread(_settle_absent, database, [one])


def _wanted(database: Database, batch_id: str) -> list[_Wanted]:
    there = sa.and_(_OLDER.c.state.in_(DEPOSITED), _OLDER.c.entry_uuid.is_not(None))
    with database.read() as connection:
        rows = connection.execute(
            sa.select(document.c.id, chain_link.c.parent_unique_id, _OLDER.c.state, document.c.origin)
            .join(submission, submission.c.id == document.c.submission_id)
            .join(chain_link, chain_link.c.document_id == document.c.id)
            .outerjoin(_OLDER, _OLDER.c.id == chain_link.c.predecessor_id)
            .where(
                submission.c.batch_id == batch_id,
                document.c.state == State.QUEUED.value,
                chain_link.c.state == "open",
                chain_link.c.predecessor_entry.is_(None),
                sa.or_(_OLDER.c.id.is_(None), sa.not_(there)),
            )
            .order_by(document.c.id)
        )
        return [_Wanted(*row) for row in rows]


@repeated
def _found(database: Database, document_id: int, entry: str) -> None:
    with database.begin() as connection:
        connection.execute(
            chain_link.update().where(chain_link.c.document_id == document_id).values(predecessor_entry=entry)
        )


@repeated
def _settle_absent(database: Database, absent: Sequence[_Wanted]) -> None:
    with database.begin() as connection:
        settle(connection, [one.id for one in absent if one.state is None], "alone", UNKNOWN)
        settle(connection, [one.id for one in absent if one.state is not None], "alone", NOT_ARCHIVED)


@repeated
def _settle(database: Database, document_ids: Sequence[int], state: str, code: str) -> None:
    if document_ids:
        with database.begin() as connection:
            settle(connection, document_ids, state, code)
