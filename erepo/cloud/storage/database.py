"""Opening the service's database: SQLite by default, PostgreSQL by its URL (see `engines`).

Every transaction says for whom it runs: `read` and `write` name the accounts by their row numbers, `everyone`
gives a reason.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, insert
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from erepo.blobs.errors import StorageUnavailable
from erepo.cloud.errors import CloudNotInitialised, DatabaseOutdated, DatabaseTooNew, DatabaseUnreachable
from erepo.cloud.storage.append_only import make_append_only
from erepo.cloud.storage.engines import make_engine, reading, writing
from erepo.cloud.storage.failures import is_passing, is_storage
from erepo.cloud.storage.plans import plan_for_many
from erepo.cloud.storage.row_security import is_above_policies, make_policies, tell_tenants
from erepo.cloud.storage.scopes import Everyone, Scope, enter
from erepo.cloud.storage.seal import seal
from erepo.cloud.storage.tables import number_block, service
from erepo.cloud.storage.upgrading import SCHEMA, lock, upgrade, version
from erepo.settings import DatabaseAddressWrong

log = logging.getLogger("erepo.cloud")


class Database:
    """The engine and the ways to use it: `read`, `write` and `everyone`.

    Raises:
        DatabaseAddressWrong: no such address, or no driver for it.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        try:
            self.engine = make_engine(url)
        except (ArgumentError, ImportError, TypeError, ValueError):
            # Nothing of the address is told: it may hold a password, or what an unescaped @ left of one.
            raise DatabaseAddressWrong(side="CLOUD") from None
        seal(self.engine)
        if self.engine.dialect.name == "postgresql":
            tell_tenants(self.engine)
        self._reading, self._writing = reading(self.engine), writing(self.engine)

    @contextmanager
    def read(self, *tenants: int) -> Iterator[Connection]:
        """A transaction that sees one state of the database, only these tenants' rows, and changes none."""
        with _transaction(self._reading, frozenset(tenants)) as connection:
            yield connection

    @contextmanager
    def write(self, *tenants: int) -> Iterator[Connection]:
        """A transaction on rows of these tenants: committed when the block ends well, undone otherwise.

        When the connection breaks while the commit is under way, nobody knows whether it happened: the error
        is then the same as for any broken connection, and whoever hears of it must ask.
        """
        with _transaction(self._writing, frozenset(tenants)) as connection:
            yield connection

    @contextmanager
    def everyone(self, reason: str, *, write: bool = False) -> Iterator[Connection]:
        """A transaction on rows of all tenants: for the operator's work, never for what a request asks.

        Args:
            reason: why no tenant can be named.
            write: as `write` does it.
        """
        with _transaction(self._writing if write else self._reading, Everyone(reason)) as connection:
            yield connection

    def create(self) -> None:
        """Make the tables, or bring those of an earlier erepo up to date; may be called any number of times.

        Raises:
            DatabaseTooNew: a later erepo has been here; nothing was changed.
            DatabaseUnreachable: nobody answers, or not to us.
        """
        with _opening(), self.everyone("the tables are made", write=True) as connection:
            lock(connection)
            upgrade(connection)
            plan_for_many(connection)
            make_append_only(connection)
            make_policies(connection)
            if version(connection) is None:
                connection.execute(insert(service), {"name": "schema", "value": str(SCHEMA)})
                connection.execute(insert(number_block), {"name": "row", "next": 1})

    def check(self) -> None:
        """Prove that the tables are there and of our schema.

        Raises:
            CloudNotInitialised: they are not there.
            DatabaseOutdated, DatabaseTooNew: they are those of another erepo.
            DatabaseUnreachable: nobody answers, or not to us.
        """
        with _opening(), self.read() as connection:
            found = version(connection)
            if is_above_policies(connection):
                log.warning("the database's role is above row-level security; give the service a plain one")
        if found is None:
            raise CloudNotInitialised(home=_shown(self.url))
        if found != SCHEMA:
            wrong = DatabaseOutdated if found < SCHEMA else DatabaseTooNew
            raise wrong(found=found, wanted=SCHEMA)

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


@contextmanager
def _transaction(engine: Engine, scope: Scope) -> Iterator[Connection]:
    try:
        yield from _begun(engine, scope)
    except (DBAPIError, NoConnectionFree) as error:
        if is_storage(error) and not is_passing(error):
            raise StorageUnavailable from error
        raise


def _begun(engine: Engine, scope: Scope) -> Iterator[Connection]:
    with engine.connect() as connection:
        enter(connection, scope)
        ended = False
        try:
            with connection.begin():
                yield connection
                ended = True
        except DBAPIError as error:
            # Whatever the driver calls it: no constraint is left to a commit, so it is the line or the disk.
            if ended and not is_passing(error):
                raise StorageUnavailable from error
            raise


@contextmanager
def _opening() -> Iterator[None]:
    """Tell the operator why the database does not open: it holds no patient's data yet."""
    try:
        yield
    except StorageUnavailable as error:
        told = " ".join(str(getattr(error.__cause__, "orig", "")).split())
        raise DatabaseUnreachable(reason=told[:300] or type(error.__cause__).__name__) from error


def _shown(url: str) -> str:
    return make_url(url).render_as_string(hide_password=True)
