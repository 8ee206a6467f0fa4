"""Opening the service's database: SQLite by default, PostgreSQL by its URL.

SQLite runs in WAL mode with `synchronous=FULL`: a commit that returned survives a power cut. Writers begin
with `BEGIN IMMEDIATE`, so what they read cannot change before they write, also with a second service process.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, insert, inspect, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from erepo.cloud.errors import CloudNotInitialised
from erepo.cloud.storage.plans import plan_for_many
from erepo.cloud.storage.tables import audit_head, metadata, number_block, service
from erepo.durable import make_folder
from erepo.settings import DatabaseAddressWrong

#: Raised with every change of the tables; a service refuses a database of another number.
SCHEMA = "2"

_SQLITE = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA busy_timeout=30000",  # a second process may be committing
    "PRAGMA foreign_keys=ON",
    "PRAGMA cache_size=-32768",  # 32 MB: the indexes on random keys must stay warm
    "PRAGMA wal_autocheckpoint=4000",
)


class Database:
    """The engine and the two ways to use it: `read` and `write`.

    Raises:
        DatabaseAddressWrong: no such address, or no driver for it.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        try:
            self.engine = _engine(url)
        except (ArgumentError, ImportError):
            # Nothing of the address is told: it may hold a password.
            raise DatabaseAddressWrong(side="CLOUD") from None
        self._writing = self.engine.execution_options(erepo_writes=True)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database and changes nothing."""
        with self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that is committed when the block ends well and undone otherwise."""
        with self._writing.connect() as connection, connection.begin():
            yield connection

    def create(self) -> None:
        """Make the tables where they are missing; may be called any number of times."""
        with self.write() as connection:
            metadata.create_all(connection)
            plan_for_many(connection)
            if connection.scalar(select(service.c.value).where(service.c.name == "schema")) is None:
                connection.execute(insert(service), {"name": "schema", "value": SCHEMA})
                connection.execute(insert(number_block), {"name": "row", "next": 1})
                connection.execute(insert(audit_head), {"tenant_id": 0, "number": 0, "hash": bytes(32)})

    def check(self) -> None:
        """Prove that the tables are there and of our schema.

        Raises:
            CloudNotInitialised: they are not.
        """
        with self.read() as connection:
            # Asked like this, a database that is locked or may not be read is not mistaken for an empty one.
            there = inspect(connection).has_table(service.name)
            wanted = select(service.c.value).where(service.c.name == "schema")
            found = connection.scalar(wanted) if there else None
        if found != SCHEMA:
            raise CloudNotInitialised(home=_shown(self.url))

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def _shown(url: str) -> str:
    return make_url(url).render_as_string(hide_password=True)


def _engine(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, pool_size=8, max_overflow=8, pool_pre_ping=True)
    if parsed.database:
        make_folder(Path(parsed.database).parent)
    engine = create_engine(parsed, pool_size=8, max_overflow=8, connect_args={"check_same_thread": False})
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver's own BEGIN would come too late
    for pragma in _SQLITE:
        connection.execute(pragma)


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("erepo_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
