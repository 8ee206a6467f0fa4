"""Chains of events in a real database."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import insert, select

from erepo.cloud.audit.chain import Chains
from erepo.cloud.audit.events import Action, Event, Thing, Who
from erepo.cloud.audit.evidence import now
from erepo.cloud.storage.database import Database
from erepo.cloud.storage.tables import audit_event, audit_head, tenant
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


@dataclass
class Record:
    """What a running service has recorded; `new` tells what came since the last look."""

    database: Database
    seen: dict[int, int] = field(default_factory=dict)

    def number(self, account: str) -> int:
        """Return the number of an account's chain."""
        with self.database.everyone("a test") as connection:
            return int(connection.scalars(select(tenant.c.id).where(tenant.c.account == account)).one())

    def new(self) -> list[tuple[int, Event]]:
        """Return the events of all chains since the last look, each with the number of its chain."""
        columns = audit_event.c
        with self.database.everyone("a test") as connection:
            rows = connection.execute(select(columns.tenant_id, columns.number, columns.facts)).all()
        fresh = [row for row in rows if row.number > self.seen.get(row.tenant_id, 0)]
        for row in fresh:
            self.seen[row.tenant_id] = max(row.number, self.seen.get(row.tenant_id, 0))
        ordered = sorted(fresh, key=lambda row: (row.tenant_id, row.number))
        return [(row.tenant_id, Event.read(bytes(row.facts))) for row in ordered]

    def one(self) -> tuple[int, Event]:
        """Return the one event since the last look; there must be exactly one."""
        found = self.new()
        assert len(found) == 1, [(chain, each.transaction, each.codes) for chain, each in found]
        return found[0]


@contextmanager
def record_of(url: str) -> Iterator[Record]:
    """Read the record of a service by the address of its database."""
    database = Database(url)
    try:
        record = Record(database)
        record.new()
        yield record
    finally:
        database.close()
