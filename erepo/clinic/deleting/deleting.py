"""Deleting documents in the repository."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from erepo.clinic.archiving.reasons import problem_of
from erepo.clinic.archiving.results import Rejection
from erepo.clinic.content import ContentStore
from erepo.clinic.database import Database
from erepo.clinic.deleting import ledger
from erepo.clinic.deleting.errors import UnderHold
from erepo.clinic.deleting.ledger import Doomed
from erepo.clinic.indexing.leaving import withdraw_first
from erepo.clinic.maintenance import check_outside
from erepo.clinic.removal import RemoteDocument, is_registered, remove_remote
from erepo.clinic.repository import Cloud
from erepo.errors import ErepoError


@dataclass(frozen=True)
class Deleted:
    """What became of documents that were to be deleted.

    Attributes:
        deleted: opaque ids of those that are gone.
        failed: the others, with reasons; the next call goes on with those that are gone in part.
    """

    deleted: list[str] = field(default_factory=list)
    failed: list[Rejection] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)


async def delete_documents(
    cloud: Cloud, database: Database, public_ids: Sequence[str], login: str
) -> Deleted:
    """Delete archived documents of the five kinds in the repository, and their content here.

    Args:
        cloud: an opened connection to the repository.
        database: the clinic's.
        public_ids: opaque ids; all of them may be deleted, or none is.
        login: who orders it; needs the permission `delete`.

    Raises:
        NoSuchUser, PermissionMissing, MaintenanceNow: nothing was changed.
        NotInRepository, KindNotDeletable, UnderHold, DocumentsShared: the same.
        RetryableError: nobody could be asked; what was ordered is finished by `finish_deletions`.
    """
    await asyncio.to_thread(check_outside, database)
    wanted = await asyncio.to_thread(ledger.intend, database, public_ids, login)
    return await _delete(cloud, database, wanted)


async def finish_deletions(cloud: Cloud, database: Database) -> Deleted:
    """Bring to an end what interrupted calls have left; does nothing where nothing was.

    Raises:
        RetryableError: nobody could be asked; the next call tries again.
    """
    return await _delete(cloud, database, None)


async def _delete(cloud: Cloud, database: Database, wanted: Sequence[str] | None) -> Deleted:
    doomed = await asyncio.to_thread(ledger.begin, database, wanted)
    # A hold that came after the order counts, as long as nothing was removed.
    held = [one for one in doomed if one.held and await is_registered(cloud, _remote(cloud, one))]
    failed = [_rejection(one, UnderHold(count=1)) for one in held]
    if held:
        await asyncio.to_thread(ledger.give_up, database, held, UnderHold.code)
    going = [one for one in doomed if one not in held]
    if going:
        failed += await _remove(cloud, database, going)
    gone = await asyncio.to_thread(ledger.load, database, "removed", wanted)
    if gone:
        store = ContentStore.at(cloud.settings)
        await asyncio.to_thread(ledger.remove_content, database, store, gone)
    return Deleted([one.public_id for one in gone], failed)


async def _remove(cloud: Cloud, database: Database, doomed: Sequence[Doomed]) -> list[Rejection]:
    await withdraw_first(cloud, database, [one.id for one in doomed])
    removal = await remove_remote(cloud, [_remote(cloud, one) for one in doomed])
    gone = [one for one in doomed if one.unique_id in removal.gone]
    if gone:
        await asyncio.to_thread(ledger.delete, database, gone)
    failed = []
    for one in doomed:
        error = removal.failed.get(one.unique_id)
        if error is None:
            continue
        if isinstance(error, ErepoError) and await is_registered(cloud, _remote(cloud, one)):
            await asyncio.to_thread(ledger.give_up, database, [one], error.code)
        failed.append(_rejection(one, error))
    return failed


def _remote(cloud: Cloud, one: Doomed) -> RemoteDocument:
    here = one.repository_unique_id or cloud.repository_unique_id
    return RemoteDocument(one.unique_id, here, one.entry_uuid or "")


def _rejection(one: Doomed, error: Exception) -> Rejection:
    told = problem_of(error)
    return Rejection(one.public_id, told.code, told.cause_en, told.cause_pl, told.cure_en, told.cure_pl)
