"""Engines of the two databases, set up so that the rest of the service need not know which it has.

SQLite runs in WAL mode with `synchronous=FULL`: a commit that returned survives a power cut. Writers begin
with `BEGIN IMMEDIATE`, so what they read cannot change before they write, also with a second service process.

PostgreSQL keeps its own durability (`synchronous_commit=on` is asked for, whatever the server's default).
Writers run READ COMMITTED and lock the rows of their tenants before they read anything else: each later
statement sees what others committed before the lock was given. Readers run REPEATABLE READ, READ ONLY: one
state of the database for all statements of an answer. No statement, lock or idle transaction waits for ever.
"""

from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url

from erepo.durable import keep_private, make_folder

#: Seconds that a writer waits for another process's lock; both databases keep to it.
LOCK_WAIT = 30

_SQLITE = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    f"PRAGMA busy_timeout={LOCK_WAIT * 1000}",  # a second process may be committing
    "PRAGMA foreign_keys=ON",
    "PRAGMA cache_size=-32768",  # 32 MB: the indexes on random keys must stay warm
    "PRAGMA wal_autocheckpoint=4000",
    "PRAGMA case_sensitive_like=ON",  # as LIKE is in the standard and on PostgreSQL
)

_POSTGRESQL = {
    "timezone": "UTC",
    "synchronous_commit": "on",
    "statement_timeout": "120s",
    "lock_timeout": f"{LOCK_WAIT}s",
    "idle_in_transaction_session_timeout": "120s",
    "standard_conforming_strings": "on",
}
#: What libpq itself watches over: a server that is gone is noticed within about a minute.
_LIBPQ = {
    "connect_timeout": 10,
    "keepalives_idle": 20,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "tcp_user_timeout": 40_000,
    "application_name": "erepo",
}

_POOL = {"pool_size": 8, "max_overflow": 8, "pool_timeout": 30}


def make_engine(url: str) -> Engine:
    """Return the engine for an address; nothing is opened but the folder of a SQLite file is made.

    Raises:
        sqlalchemy.exc.ArgumentError, ImportError, TypeError, ValueError: no such address, or no driver.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(parsed)
    if parsed.get_backend_name() == "postgresql":
        return _postgresql(parsed)
    # Another database might work by chance; nothing of it is tested.
    raise ImportError(parsed.get_backend_name())


def reading(engine: Engine) -> Engine:
    """Return the same engine as readers use it."""
    if engine.dialect.name == "sqlite":
        return engine
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def writing(engine: Engine) -> Engine:
    """Return the same engine as writers use it."""
    return engine.execution_options(erepo_writes=True)


def _sqlite(url: URL) -> Engine:
    if url.database:
        make_folder(Path(url.database).parent)
    # An error would quote the row otherwise, and with it a patient.
    engine = create_engine(url, hide_parameters=True, connect_args={"check_same_thread": False}, **_POOL)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver's own BEGIN would come too late
    if file := connection.execute("PRAGMA database_list").fetchone()[2]:
        # Its journals get the same rights.
        keep_private(Path(file))
    for pragma in _SQLITE:
        connection.execute(pragma)


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("erepo_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _postgresql(url: URL) -> Engine:
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    settings = " ".join(f"-c {name}={value}" for name, value in _POSTGRESQL.items())
    wanted: dict[str, Any] = {**_LIBPQ, "options": settings}
    # What the operator wrote into the address wins.
    arguments = {name: value for name, value in wanted.items() if name not in url.query}
    return create_engine(
        url,
        hide_parameters=True,
        isolation_level="READ COMMITTED",
        pool_pre_ping=True,
        pool_use_lifo=True,
        connect_args=arguments,
        **_POOL,
    )
