"""The clinic's database: SQLite (WAL, synchronous=FULL) by default, any other SQLAlchemy URL by a setting.

A writing transaction takes SQLite's write lock at its start (`BEGIN IMMEDIATE`), so that it never fails
half-way on a lock and what it has read stays true until it commits. On a database server two writers
can be in each other's way; then one of them is rolled back, is told so (`DatabaseBusy`), and does the same
again where it is `repeated`.
"""

import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar

import orjson
import sqlalchemy as sa

from erepo.clinic.errors import DatabaseBusy
from erepo.clinic.kinds import missing_rules, seed_rules
from erepo.durable import keep_private, make_folder
from erepo.settings import DatabaseAddressWrong, Settings

#: Newest migration; a test compares it with the scripts.
HEAD = "0021"

#: Milliseconds a writer waits for another one.
BUSY_TIMEOUT = 60_000

#: How often a transaction is begun anew that others were in the way of, and the first pause in seconds.
TRIES: Final = 5
PAUSE: Final = 0.02

_READ_ONLY = "erepo_read_only"
#: SQLSTATE serialization_failure and deadlock_detected: nothing was committed, and nothing was wrong.
_IN_THE_WAY: Final = frozenset({"40001", "40P01"})
#: unique_violation.
_THERE_ALREADY: Final = "23505"

Given = ParamSpec("Given")
Result = TypeVar("Result")


class Database:
    """A pool of connections to the clinic's database. May be shared by threads."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self._reader = engine.execution_options(**{_READ_ONLY: True})

    @contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        """Run a writing transaction: committed (and on the disk) on leaving, rolled back on any error.

        Raises:
            DatabaseBusy: other transactions were in the way; nothing was changed; the same may go well now.
        """
        try:
            with self.engine.begin() as connection:
                yield connection
        except sa.exc.DBAPIError as error:
            state = getattr(error.orig, "sqlstate", None)
            if state in _IN_THE_WAY:
                raise DatabaseBusy(state=state) from None
            raise

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Run reads on one consistent picture, without keeping writers waiting."""
        with self._reader.begin() as connection:
            yield connection

    def upgrade(self) -> None:
        """Bring the tables to the newest form and seed missing kind rules. Safe to call at every start.

        Where nothing is to be done, nothing is written and no writer is waited for.
        """
        with self.read() as connection:
            if _revision(connection) == HEAD and not missing_rules(connection):
                return
        with self.begin() as connection:
            if _revision(connection) != HEAD:
                _migrate(connection)
            seed_rules(connection)

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def repeated(work: Callable[Given, Result]) -> Callable[Given, Result]:
    """Have a function done again whose one transaction others were in the way of.

    Only for what changes nothing outside its transaction, or may change it twice.

    Raises:
        DatabaseBusy: they were so each of several times.
    """

    @wraps(work)
    def again(*values: Given.args, **named: Given.kwargs) -> Result:
        for number in range(1, TRIES):
            try:
                return work(*values, **named)
            except DatabaseBusy:
                time.sleep(PAUSE * 2**number * random.uniform(0.5, 1))  # noqa: S311 - jitter
        return work(*values, **named)

    return again


@contextmanager
def at_once(connection: sa.Connection) -> Iterator[None]:
    """Add a row that another transaction may add in the same moment, where writers do not exclude each other.

    Raises:
        DatabaseBusy: it did; what is `repeated` finds its row.
    """
    try:
        with connection.begin_nested():
            yield
    except sa.exc.IntegrityError as error:
        if getattr(error.orig, "sqlstate", None) != _THERE_ALREADY:
            raise
        raise DatabaseBusy(state=_THERE_ALREADY) from None


def open_database(url: str) -> Database:
    """Open the database at a SQLAlchemy URL; nothing is created but the folder of a SQLite file.

    Args:
        url: for instance `sqlite:////var/erepo/clinic/clinic.db` or `postgresql+psycopg://…`.

    Raises:
        DatabaseAddressWrong: no such address, or no driver for it.
    """
    try:
        return Database(_engine(url))
    except (sa.exc.ArgumentError, ImportError, TypeError, ValueError):
        # Nothing of the address is told: it may hold a password, or what an unescaped @ left of one.
        raise DatabaseAddressWrong(side="CLINIC") from None


def _engine(url: str) -> sa.Engine:
    address = sa.make_url(url)
    options: dict[str, Any] = {
        "json_serializer": to_json,
        "json_deserializer": orjson.loads,
        # Otherwise an error of the database would quote the row, and with it a patient.
        "hide_parameters": True,
    }
    if address.get_backend_name() != "sqlite":
        return sa.create_engine(address, pool_pre_ping=True, **options)
    if address.database:
        make_folder(Path(address.database).absolute().parent)
    engine = sa.create_engine(address, connect_args={"timeout": BUSY_TIMEOUT / 1000}, **options)
    sa.event.listen(engine, "connect", _prepare_sqlite)
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def open_clinic(settings: Settings) -> Database:
    """Open the clinic's database of this installation and bring it up to date."""
    database = open_database(settings.clinic_url)
    database.upgrade()
    return database


def to_json(value: object) -> str:
    """Write JSON; dataclasses and named tuples become objects."""
    return orjson.dumps(value, default=_named).decode()


def _named(value: object) -> object:
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return value._asdict()
    raise TypeError(f"no JSON form for {type(value).__name__}")


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # Transactions are begun by `_begin_sqlite`; the driver's own implicit BEGIN would be a deferred one.
    connection.isolation_level = None
    cursor = connection.cursor()
    if file := cursor.execute("PRAGMA database_list").fetchone()[2]:
        # Its journals get the same rights.
        keep_private(Path(file))
    for pragma in (f"busy_timeout={BUSY_TIMEOUT}", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    _write_ahead(cursor)
    cursor.close()


def _write_ahead(cursor: Any) -> None:
    """Switch to WAL; a new file that others open at this moment may say "locked" without waiting."""
    end = time.monotonic() + BUSY_TIMEOUT / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.01)
        else:
            return


def _begin_sqlite(connection: sa.Connection) -> None:
    reading = connection.get_execution_options().get(_READ_ONLY)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _revision(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()


def _migrate(connection: sa.Connection) -> None:
    # Alembic costs a quarter of a second to import, and almost every start finds the tables up to date.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", "erepo.clinic:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
