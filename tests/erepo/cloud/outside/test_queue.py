"""Audit messages that wait for P1, on both kinds of databases."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from erepo.cloud.audit.events import Event
from erepo.cloud.outside import queue
from erepo.cloud.storage.tables import tenant
from tests.support.audit import FIRST, an_event, new_database


def account() -> dict[str, Any]:
    """Return the row of an account."""
    words = dict.fromkeys(("security", "patients", "codes", "users"), "wss")
    sizes = dict.fromkeys(("limit_bytes", "limit_documents", "used_bytes", "used_documents"), 1)
    ids = {"id": FIRST, "account": f"{FIRST:016}", "repository_unique_id": "2.25.7", "source_id": "2.25.8"}
    return {**ids, **words, **sizes, "state": "active", "created_at": datetime.now(UTC).replace(tzinfo=None)}


def test_what_waits_is_bounded(tmp_path: Path, stores: str) -> None:
    """An account's messages are bounded and come in order; the oldest age is told; the delivered are gone."""
    with new_database(tmp_path, stores) as database:
        with database.everyone("a test", write=True) as connection:
            connection.execute(insert(tenant), account())
        for number, taken in enumerate((True, True, False)):
            with database.write(FIRST) as connection:
                assert queue.enqueue(connection, FIRST, an_event(number), most=2) is taken
        with database.everyone("a test") as connection:
            assert queue.waiting(connection).messages == 2
            assert queue.waiting(connection).seconds >= 0
        assert queue.accounts(database) == [FIRST]
        rows = queue.batch(database, FIRST)
        assert [Event.read(facts).things[0].id for _, facts in rows] == ["1.2.3.0", "1.2.3.1"]
        queue.delivered(database, FIRST, [rows[0][0]])
        assert queue.batch(database, FIRST) == rows[1:]
