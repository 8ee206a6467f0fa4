"""The other directions: from the blob stores to the database, and between registry and documents."""

import itertools
from collections.abc import Iterator

from sqlalchemy import BindParameter, bindparam, func, or_, select

from erepo.blobs.copies import MirroredBlobStore
from erepo.blobs.store import BlobStore
from erepo.cloud.fixity.findings import Finding, Kind, Place
from erepo.cloud.registry.kinds import Kind as ObjectKind
from erepo.cloud.storage.database import Database
from erepo.cloud.storage.discarding import OLD, tenant_of
from erepo.cloud.storage.tables import document, registry_object
from erepo.cloud.storage.tables_patients_own import own_document

_REASON = "fixity is the operator's, of all accounts"
_KEYS = 500
#: Row numbers of one transaction.
_WINDOW = 20_000
_KNOWN = tuple(
    select(table.c.blob_key).where(table.c.blob_key.in_(bindparam("keys", expanding=True)))
    for table in (document, own_document)
)
_entry = registry_object.alias()
_IS_ENTRY = _entry.c.kind == ObjectKind.DOCUMENT_ENTRY
_LOW: BindParameter[int] = bindparam("low")
_HIGH: BindParameter[int] = bindparam("high")
_IN_WINDOW = _entry.c.id.between(_LOW, _HIGH)

_COUNT = select(func.count()).where(_IS_ENTRY, _entry.c.document_id.is_not(None), _IN_WINDOW)
_DISAGREES = (
    select(_entry.c.tenant_id, document.c.id)
    .join_from(_entry, document, document.c.id == _entry.c.document_id)
    .where(_IS_ENTRY, _IN_WINDOW)
    .where(
        or_(
            _entry.c.sha1.is_distinct_from(document.c.sha1),
            _entry.c.size.is_distinct_from(document.c.size),
            _entry.c.tenant_id != document.c.tenant_id,
        )
    )
)
_NO_DOCUMENT = (
    select(_entry.c.tenant_id, _entry.c.id)
    .join_from(_entry, document, document.c.id == _entry.c.document_id, isouter=True)
    .where(_IS_ENTRY, _IN_WINDOW)
    .where(_entry.c.document_id.is_not(None), document.c.id.is_(None))
)
_NO_ENTRY = (
    select(document.c.tenant_id, document.c.id)
    .where(document.c.id.between(_LOW, _HIGH))
    .where(
        ~select(_entry.c.id)
        .where(_entry.c.tenant_id == document.c.tenant_id, _entry.c.unique_id == document.c.unique_id)
        .where(_IS_ENTRY, _entry.c.document_id == document.c.id)
        .exists()
    )
)
_QUESTIONS = ((Kind.DISAGREES, _DISAGREES), (Kind.NO_DOCUMENT, _NO_DOCUMENT), (Kind.NO_ENTRY, _NO_ENTRY))


def orphans(database: Database, blobs: BlobStore, young: float = OLD) -> Iterator[tuple[int, list[Finding]]]:
    """Look for blobs that no document points at; yields how many were looked at, and which those are.

    Args:
        database: where documents are listed.
        blobs: the store, or both.
        young: blobs put less than so many seconds ago are left alone: their transaction may be under way.
    """
    stores: tuple[tuple[BlobStore, Place], ...] = ((blobs, Place.BLOBS),)
    if isinstance(blobs, MirroredBlobStore):
        stores = ((blobs.first, Place.BLOBS), (blobs.second, Place.COPY))
    for store, place in stores:
        keys = store.keys(young)
        while some := list(itertools.islice(keys, _KEYS)):
            with database.everyone(_REASON) as connection:
                known = {key for query in _KNOWN for key in connection.scalars(query, {"keys": some})}
            unknown = [key for key in some if key not in known and _is_there(store, key)]
            yield (
                len(some),
                [Finding(Kind.ORPHAN, place, tenant_of(key), key=key) for key in unknown],
            )


def count_orphans(database: Database, blobs: BlobStore, young: float) -> tuple[int, int]:
    """Return how many blobs are orphans, and how many were looked at; of both stores where there are two."""
    lone = looked = 0
    for count, found in orphans(database, blobs, young):
        looked += count
        lone += len(found)
    return lone, looked


def _is_there(store: BlobStore, key: str) -> bool:
    """Look again: a document may have been removed, and its blob with it, since the keys were listed."""
    try:
        store.open(key).close()
    except KeyError:
        return False
    return True


def registry(database: Database) -> Iterator[tuple[int, list[Finding]]]:
    """Hold registry and documents against each other; yields entries looked at, and what differs.

    In windows of row numbers, each a short transaction: what is registered meanwhile is seen whole.
    """
    with database.everyone(_REASON) as connection:
        tops = [connection.scalar(select(func.max(table.c.id))) or 0 for table in (document, registry_object)]
    for low in range(0, max(tops) + 1, _WINDOW):
        window = {"low": low, "high": low + _WINDOW - 1}
        with database.everyone(_REASON) as connection:
            entries = int(connection.scalar(_COUNT, window) or 0)
            found = [
                Finding(kind, Place.REGISTRY, row.tenant_id, document=row.id)
                for kind, query in _QUESTIONS
                for row in connection.execute(query, window)
            ]
        yield entries, found
