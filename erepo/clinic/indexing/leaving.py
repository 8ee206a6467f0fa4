"""What is about to leave the repository leaves P1's index first, where P1 can be asked.

Called by deleting, destroying and migrating just before they remove something. It never stands in their way:
what cannot be withdrawn now stays `withdrawing`, and what was not even noted is seen by the next run
(`enrolling`), for the document is gone.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa

from erepo.clinic.connection import CloudConnection
from erepo.clinic.database import Database
from erepo.clinic.indexing import ledger
from erepo.clinic.indexing.enrolling import GONE
from erepo.clinic.indexing.pausing import pause_of
from erepo.clinic.indexing.results import Reason
from erepo.clinic.indexing.states import Index, move
from erepo.clinic.repository import Cloud
from erepo.clinic.rest import AccountClient
from erepo.clinic.rest.errors import IndexRefusal
from erepo.clinic.rest.speaking import account_client
from erepo.clinic.tables import now
from erepo.clinic.tables_indexing import document_index

log: Final = logging.getLogger("erepo.indexing")
_SLICE: Final = 500
_i = document_index.c


async def withdraw_first(
    cloud: Cloud, database: Database, document_ids: Sequence[int], *, actor: str = "erepo"
) -> None:
    """Withdraw the indexes of documents that are about to be removed; whatever fails is owed.

    Args:
        cloud: the repository in use; one that is no account in the cloud has no index in P1.
        database: the clinic's.
        document_ids: internal ids.
        actor: on whose order they are removed.
    """
    try:
        await asyncio.to_thread(_withdraw, cloud, database, document_ids, actor)
    except Exception as error:  # noqa: BLE001 - what fails here is owed, and nobody's removal waits for it
        log.warning("indexes stay owed: %s", type(error).__name__)


def _withdraw(cloud: Cloud, database: Database, document_ids: Sequence[int], actor: str) -> None:
    owed: list[int] = []
    for start in range(0, len(document_ids), _SLICE):
        owed += _note(database, document_ids[start : start + _SLICE], actor)
    if not owed or not isinstance(cloud, CloudConnection):
        return
    with database.read() as connection:
        pause = pause_of(connection, cloud.account)
    if pause is not None and now() < pause.resume_at:
        return
    with account_client(cloud) as client:
        for document_id in owed:
            mine = ledger.claim(database, document_id, actor, now())
            if mine is None or not mine.entry.withdrawing:
                continue
            # The first failure leaves the rest to the next run: removals do not wait for P1.
            try:
                _ask(client, mine.entry.unique_id)
            except Exception as error:
                ledger.back(database, mine, Reason.of(error), to=None, next_at=None)
                raise
            ledger.went(database, mine, now())


def _ask(client: AccountClient, unique_id: str) -> None:
    try:
        client.withdraw_index(unique_id, sleep=_no_patience)
    except IndexRefusal as refusal:
        if refusal.data["code"] != "index.document-unknown":
            raise


def _note(database: Database, document_ids: Sequence[int], actor: str) -> list[int]:
    """Write down which indexes have to go; return them."""
    with database.begin() as connection:
        known = connection.execute(
            sa.select(_i.document_id, _i.state)
            .where(_i.document_id.in_(document_ids), _i.state.in_(("indexed", "withdrawing")))
            .order_by(_i.document_id)
            .with_for_update()
        ).all()
        fresh = [row.document_id for row in known if row.state == Index.INDEXED.value]
        values = {"next_at": None, "attempts": 0, "code": GONE, "told": None, "run_key": None}
        move(connection, fresh, Index.INDEXED, Index.WITHDRAWING, "index_to_go", actor=actor,
             values=values, why=GONE)  # fmt: skip
    return [row.document_id for row in known]


class _Impatient(Exception):
    """Another process is at work on the index."""


def _no_patience(_seconds: float) -> None:
    raise _Impatient
