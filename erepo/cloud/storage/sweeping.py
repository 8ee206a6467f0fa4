"""Removing what a crash left behind: temporary files, and blobs that no row points at.

A blob is garbage only when it is older than any submission can be under way; a younger one may belong to a
transaction of another process that is about to commit. Metadata without a blob is never touched here: that is
damage, not garbage.
"""

import itertools

from sqlalchemy import bindparam, select

from erepo.cloud.storage.blobs import BlobStore
from erepo.cloud.storage.database import Database
from erepo.cloud.storage.tables import document

#: Seconds; far above the longest request (`http.total`).
OLD = 6 * 3600.0
_SLICE = 500
_KNOWN = select(document.c.blob_key).where(document.c.blob_key.in_(bindparam("keys", expanding=True)))


def sweep(database: Database, blobs: BlobStore, older_than: float = OLD) -> int:
    """Remove the garbage of crashes; return how many files went.

    May run while the service works, also in several processes at once.
    """
    removed = blobs.remove_leftovers(older_than)
    keys = blobs.keys(older_than)
    while some := list(itertools.islice(keys, _SLICE)):
        with database.everyone("blobs are asked for by their keys") as connection:
            known = set(connection.scalars(_KNOWN, {"keys": some}))
        for key in set(some) - known:
            blobs.delete(key)
            removed += 1
    return removed
