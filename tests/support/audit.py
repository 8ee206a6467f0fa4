"""Chains of events in a real database."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import insert

from erepo.cloud.audit.chain import Chains
from erepo.cloud.audit.events import Action, Event, Thing, Who
from erepo.cloud.audit.evidence import now
from erepo.cloud.storage.database import Database
from erepo.cloud.storage.tables import audit_head
from tests.support.cloud import stores_of

#: Numbers of the accounts that have a chain, 0 beside them.
FIRST, SECOND = 7, 8


def an_event(number: int = 0) -> Event:
    """Return some event; `number` makes it differ."""
    who = Who(account="0000000000001003", address="127.0.0.1", endpoint="/services/0000000000001003")
    return Event("ITI-43", Action.READ, who, now(), (Thing("document", f"1.2.3.{number}"),))


def append(database: Database, tenant_id: int, count: int) -> None:
    """Append events to a chain in one transaction."""
    with database.write(tenant_id) as connection:
        chains = Chains(connection, [tenant_id])
        chains.append(tenant_id, [an_event(number) for number in range(count)])
        chains.save()


@contextmanager
def new_database(folder: Path, stores: str) -> Iterator[Database]:
    """Make a database with empty chains of the two accounts."""
    with stores_of(stores) as addresses:
        url = addresses.get("EREPO_CLOUD_DATABASE_URL", f"sqlite:///{folder / 'cloud.db'}")
        database = Database(url)
        try:
            database.create()
            with database.everyone("a test", write=True) as connection:
                rows = [{"tenant_id": each, "number": 0, "hash": bytes(32)} for each in (FIRST, SECOND)]
                connection.execute(insert(audit_head), rows)
            yield database
        finally:
            database.close()
