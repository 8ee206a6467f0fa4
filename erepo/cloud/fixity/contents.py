"""From the database to the contents: every document's octets, wherever they lie, and the repair of blobs."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from sqlalchemy import BindParameter, bindparam, func, select

from erepo.blobs.copies import MirroredBlobStore
from erepo.blobs.store import BlobStore
from erepo.cloud.fixity.findings import Finding, Kind, Place
from erepo.cloud.fixity.pace import Pace
from erepo.cloud.fixity.reading import Expected, judge_blob, judge_inline
from erepo.cloud.fixity.sampling import Selection
from erepo.cloud.storage.database import Database
from erepo.cloud.storage.discarding import discard
from erepo.cloud.storage.tables import document, document_octets

#: Documents in memory at once; each has at most `INLINE` bytes with it.
_PAGE = 32
_THREADS = 4
_REASON = "fixity is the operator's, of all accounts"


@dataclass(frozen=True, slots=True)
class Checker:
    """Reads contents.

    Attributes:
        database: where documents are listed.
        blobs: where large contents lie.
        pace: how fast.
        repair: whether to repair one copy from the other.
    """

    database: Database
    blobs: BlobStore
    pace: Pace
    repair: bool = False

    def count(self, selection: Selection) -> int:
        """Return how many documents will be read."""
        query = select(func.count()).select_from(document).where(selection.where)
        with self.database.everyone(_REASON) as connection:
            return int(connection.scalar(query) or 0)

    def pages(self, selection: Selection) -> Iterator[tuple[int, list[Finding]]]:
        """Read everything selected; yields how many documents a page had, and what was wrong with them.

        Each page is a short transaction of its own, so the service's database can go on.
        """
        after: BindParameter[int] = bindparam("after")
        query = (
            select(document, document_octets.c.octets)
            .join_from(document, document_octets, isouter=True)
            .where(document.c.id > after, selection.where)
            .order_by(document.c.id)
            .limit(_PAGE)
        )
        last = -1
        with ThreadPoolExecutor(_THREADS, "erepo-fixity") as pool:
            while True:
                with self.database.everyone(_REASON) as connection:
                    rows = [Expected.of(row) for row in connection.execute(query, {"after": last})]
                if not rows:
                    return
                last = rows[-1].document
                yield len(rows), [each for found in pool.map(self._check, rows) for each in found]

    def _check(self, expected: Expected) -> list[Finding]:
        if expected.key is None:
            wrong = judge_inline(expected, self.pace)
            found = [] if wrong is None else [_finding(expected, wrong, Place.DATABASE)]
        elif isinstance(self.blobs, MirroredBlobStore):
            found = self._check_both(expected, expected.key, self.blobs)
        else:
            wrong = judge_blob(expected, expected.key, self.blobs, self.pace)
            found = [] if wrong is None else [_finding(expected, wrong, Place.BLOBS)]
        if not found or self._still_there(expected):
            return found
        # A document that was removed meanwhile is neither damaged nor missing, and must not come back.
        if expected.key is not None and any(each.repaired for each in found):
            discard(self.database, self.blobs, [expected.key])
        return []

    def _check_both(self, expected: Expected, key: str, both: MirroredBlobStore) -> list[Finding]:
        first = judge_blob(expected, key, both.first, self.pace)
        second = judge_blob(expected, key, both.second, self.pace)
        repaired: bool | None = None
        if self.repair and (first is None) != (second is None) and self._still_there(expected):
            repaired = self._repair(expected, key, both, first_is_wrong=first is not None)
        elif self.repair and first is not None:
            repaired = False
        found = []
        for wrong, place in ((first, Place.BLOBS), (second, Place.COPY)):
            if wrong is not None:
                found.append(_finding(expected, wrong, place, repaired))
        return found

    def _repair(self, expected: Expected, key: str, both: MirroredBlobStore, *, first_is_wrong: bool) -> bool:
        """Write the wrong one anew from the one that was just proven; prove it again afterwards."""
        work: Callable[[str], int] = both.restore if first_is_wrong else both.copy_again
        try:
            work(key)
        except Exception:  # noqa: BLE001  # whatever the store's client raises, nothing was repaired
            return False
        return judge_blob(expected, key, both.first if first_is_wrong else both.second, self.pace) is None

    def _still_there(self, expected: Expected) -> bool:
        query = select(document.c.blob_key).where(document.c.id == expected.document)
        with self.database.everyone(_REASON) as connection:
            row = connection.execute(query).one_or_none()
        return row is not None and row.blob_key == expected.key


def _finding(expected: Expected, wrong: Kind, place: Place, repaired: bool | None = None) -> Finding:
    return Finding(
        wrong, place, expected.tenant_id, document=expected.document, key=expected.key, repaired=repaired
    )
