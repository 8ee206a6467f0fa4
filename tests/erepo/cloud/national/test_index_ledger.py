"""The row of a document in P1's index, on both kinds of databases: who may work on it, what it remembers."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from erepo.cloud.national.indexing import ledger
from erepo.cloud.national.indexing.errors import IndexBusy
from erepo.cloud.national.indexing.ledger import ASKED, INDEXED, REFUSED, Key, Row
from erepo.cloud.storage.database import Database
from erepo.cloud.storage.tables import tenant as accounts
from tests.erepo.cloud.national.conftest import Place
from tests.support.cloud import TenantCredentials

AT = datetime.fromisoformat("2026-11-30T12:00:00")  # UTC, naive
LATER = AT + timedelta(minutes=3)


@pytest.fixture
def database(place: Place) -> Iterator[Database]:
    """The service's database."""
    opened = Database(place.cloud.settings.cloud_url)
    yield opened
    opened.close()


@pytest.fixture
def key(database: Database, tenant: TenantCredentials) -> Key:
    """A document of an account of the test's own."""
    with database.everyone("a test looks") as connection:
        found = connection.scalars(select(accounts.c.id).where(accounts.c.account == tenant.account))
        return Key(found.one(), "1.2.3^A")


def claim(database: Database, key: Key, holder: str, at: datetime = AT, *, withdrawing: bool = False) -> Row:
    """Take the row and return it."""
    with database.write(key.tenant_id) as connection:
        ledger.claim(connection, key, holder, at, at + (LATER - AT), withdrawing=withdrawing)
    return row(database, key)


def row(database: Database, key: Key) -> Row:
    """Return the row."""
    with database.read(key.tenant_id) as connection:
        found = ledger.present(connection, key)
    assert found is not None
    return found


def test_one_holder_at_a_time_and_none_for_ever(database: Database, key: Key) -> None:
    """A second request hears busy until the first one's time is over; then the first can write no more."""
    first = claim(database, key, "one")
    assert (first.state, first.shown(AT), first.shown(LATER)) == (ASKED, "indexing", "none")
    with pytest.raises(IndexBusy):
        claim(database, key, "two")
    assert claim(database, key, "two", LATER).submission_id == first.submission_id
    with database.write(key.tenant_id) as connection, pytest.raises(IndexBusy):
        ledger.note_sent(connection, key, "one", LATER)


def test_of_many_at_once_one_gets_it(database: Database, key: Key) -> None:
    """Eight threads take the row of a document that had none."""

    def attempt(number: int) -> bool:
        try:
            claim(database, key, f"holder {number}")
        except (IndexBusy, DBAPIError):  # a constraint, where the writer's own lock is not held
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(attempt, range(8))) == 1


def test_what_was_sent_is_not_forgotten_by_a_failure(database: Database, key: Key) -> None:
    """Only a certain refusal forgets a sending; the submission's id stays until P1 has it."""
    first = claim(database, key, "one")
    with database.write(key.tenant_id) as connection:
        ledger.note_sent(connection, key, "one", AT)
        ledger.release(connection, key, "one", certain=False)
    assert (row(database, key).state, row(database, key).shown(LATER)) == (ASKED, "indexing")
    again = claim(database, key, "two")
    assert (again.submission_id, again.sent_at) == (first.submission_id, AT)
    with database.write(key.tenant_id) as connection:
        ledger.release(connection, key, "two", certain=True)
    assert (row(database, key).state, row(database, key).shown(AT)) == (REFUSED, "none")


def test_an_index_is_taken_only_to_be_withdrawn(database: Database, key: Key) -> None:
    """Indexed, a request has nothing to do; withdrawn, the next one is another submission."""
    first = claim(database, key, "one")
    with database.write(key.tenant_id) as connection:
        ledger.note_indexed(connection, key, "one", AT, entry_uuid="urn:uuid:1", repository_id="1.2")
    assert claim(database, key, "two").holder is None
    assert claim(database, key, "three", withdrawing=True).state == INDEXED
    with database.write(key.tenant_id) as connection:
        ledger.note_withdrawn(connection, key, "three", AT)
    assert row(database, key).shown(AT) == "withdrawn"
    assert claim(database, key, "four").submission_id != first.submission_id
