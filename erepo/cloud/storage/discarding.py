"""Removing blobs, only where it is known that nothing points at them and nothing ever will.

Known it is when a submission was refused after its blobs were put, and when documents were removed (ITI-86).
The transaction that decides it notes the keys; **its commit is the commit point**. Then the blobs go, then
the notes; what a crash or a store that is down leaves of them is finished when a service starts.

A blob that neither a document nor a note names is never removed here: when the database was restored from an
older backup, it may be the only copy of a document that was confirmed since. `erepo cloud check` names it,
and only the operator removes it.
"""

import logging
from collections.abc import Iterable, Sequence
from itertools import groupby

from sqlalchemy import Connection, bindparam, delete, insert, select

from erepo.blobs.errors import StorageUnavailable
from erepo.blobs.store import BlobStore
from erepo.cloud.errors import where
from erepo.cloud.storage.database import Database
from erepo.cloud.storage.tables import discarded_blob, document
from erepo.cloud.storage.tables_patients_own import own_document

log = logging.getLogger("erepo.cloud")

#: Seconds; far above the longest request (`http.total`): what is younger may belong to one under way.
OLD = 6 * 3600.0
_SLICE = 500
_NOTE = insert(discarded_blob)
_FORGET = delete(discarded_blob).where(
    discarded_blob.c.tenant_id == bindparam("tenant"),
    discarded_blob.c.key.in_(bindparam("keys", expanding=True)),
)
_NOTED = (
    select(discarded_blob.c.key)
    .where(discarded_blob.c.key > bindparam("after"))
    .order_by(discarded_blob.c.key)
    .limit(_SLICE)
)
_NAMED = tuple(
    select(table.c.blob_key).where(
        table.c.tenant_id == bindparam("tenant"),
        table.c.blob_key.in_(bindparam("keys", expanding=True)),
    )
    for table in (document, own_document)
)


def tenant_of(key: str) -> int:
    """Return the number of the tenant whose blob it is."""
    return int(key.partition("/")[0])


def note(connection: Connection, keys: Sequence[str]) -> None:
    """Write down, in the transaction that decides it, that these blobs are to be removed."""
    if keys:
        connection.execute(_NOTE, [{"tenant_id": tenant_of(key), "key": key} for key in keys])


def discard(database: Database, blobs: BlobStore, keys: Sequence[str]) -> bool:
    """Remove blobs of one tenant that nothing points at, and what was noted of them.

    Asks once more whether nothing does: a mistake of ours must not cost a document. Never fails: what was
    committed stands, and so does its answer. Tells whether both stores did what was asked.
    """
    if not keys:
        return True
    tenant = tenant_of(keys[0])
    try:
        with database.read(tenant) as connection:
            asked = {"tenant": tenant, "keys": keys}
            named = {key for query in _NAMED for key in connection.scalars(query, asked)}
        gone = _delete(blobs, [key for key in keys if key not in named])
        if gone:
            with database.write(tenant) as connection:
                connection.execute(_FORGET, {"tenant": tenant, "keys": gone})
    except StorageUnavailable as error:
        log.warning("blobs that nothing points at, or notes of them, stay: %s", where(error))
        return False
    if named:
        log.error("documents name %d blobs that were to be removed: they stay", len(named))
    return len(gone) + len(named) == len(set(keys))


def _delete(blobs: BlobStore, keys: Iterable[str]) -> list[str]:
    """Remove blobs, as long as their store does it; return which are gone."""
    gone = []
    for key in keys:
        try:
            blobs.delete(key)
        except (OSError, StorageUnavailable) as error:
            # It would be as slow to refuse the others.
            log.warning("blobs that nothing points at stay: %s", where(error))
            break
        gone.append(key)
    return gone


def finish(database: Database, blobs: BlobStore) -> int:
    """Remove what was noted and is not gone yet; return how many notes were looked at.

    May run while the service works, also in several processes at once. Ends where a store is down.

    Raises:
        StorageUnavailable: the database does not answer.
    """
    last, count = "", 0
    while True:
        with database.everyone("blobs to be removed, of all accounts") as connection:
            noted = list(connection.scalars(_NOTED, {"after": last}))
        if not noted:
            return count
        last = noted[-1]
        for _, keys in groupby(noted, tenant_of):
            if not discard(database, blobs, list(keys)):
                return count
        count += len(noted)
