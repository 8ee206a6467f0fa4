"""Row numbers known before the insert, unique over all processes (the hi/lo method).

A process reserves a block in its own committed transaction and gives the numbers out from memory; a crash
only leaves a gap.
"""

import threading

from sqlalchemy import Connection, select, update

from erepo.cloud.storage.database import Database
from erepo.cloud.storage.tables import number_block

_BLOCK = 1 << 14


class Numbers:
    """Gives out ranges of row numbers; safe to call from several threads."""

    def __init__(self, database: Database, block: int = _BLOCK) -> None:
        self._database = database
        self._block = block
        self._next = self._end = 0
        self._lock = threading.Lock()

    def take(self, count: int) -> range:
        """Return `count` numbers in a row that nobody else has or will get."""
        with self._lock:
            if self._end - self._next < count:
                self._reserve(max(self._block, count))
            start = self._next
            self._next += count
            return range(start, start + count)

    def take_within(self, connection: Connection, count: int) -> range:
        """Take numbers as part of a transaction that is under way, for what only it can know it needs.

        The block of the other numbers cannot be renewed then: on SQLite the two would wait for each other.
        """
        return _advance(connection, count)

    def _reserve(self, count: int) -> None:
        with self._database.write() as connection:
            taken = _advance(connection, count)
        self._next, self._end = taken.start, taken.stop


def _advance(connection: Connection, count: int) -> range:
    mine = number_block.c.name == "row"
    start = connection.scalars(select(number_block.c.next).where(mine).with_for_update()).one()
    connection.execute(update(number_block).where(mine).values(next=start + count))
    return range(start, start + count)
