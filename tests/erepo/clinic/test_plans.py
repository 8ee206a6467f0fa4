"""What a run asks of the clinic's database, however many documents are archived."""

import asyncio
import contextlib
import re
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import event, make_url
from sqlalchemy.engine import Engine

from erepo.clinic.abroad.ledger import here
from erepo.clinic.archiving import Choice, reconcile, send_batch
from erepo.clinic.content import ContentStore
from erepo.clinic.indexing import enrol, ledger, report, untold
from erepo.clinic.outlook import look_ahead
from erepo.clinic.purging import purge
from erepo.clinic.repository import Cloud
from erepo.clinic.shared import count_shared
from erepo.clinic.sharing.ledger import advance, is_anything_due, open_ones
from erepo.clinic.sharing.listing import count_standing
from erepo.clinic.tables import document, now
from tests.bench.clinic_loader import load_clinic
from tests.support.archive_desk import Desk
from tests.support.life import ModelWorld

STORED = 2_000
#: A step through all rows of a table that grows with the archive; the index holds documents under way.
_WHOLE = re.compile(
    r"SCAN (document|submission|patient|audit_event)(?! USING INDEX ix_document_in_hand)"
    r"|SEARCH document USING INTEGER PRIMARY KEY \(rowid>"
)
_QUESTIONS = ("SELECT", "UPDATE", "DELETE", "WITH")


@contextlib.contextmanager
def overheard() -> Iterator[dict[str, Any]]:
    """Collect the statements of the block, each with values it was given once."""
    heard: dict[str, Any] = {}

    def hear(_connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, many: bool) -> None:
        if not many and statement.lstrip().startswith(_QUESTIONS):
            heard[statement] = values

    event.listen(Engine, "before_cursor_execute", hear)
    try:
        yield heard
    finally:
        event.remove(Engine, "before_cursor_execute", hear)


def _age(desk: Desk, state: str, **values: object) -> None:
    with desk.database.begin() as connection:
        connection.execute(document.update().where(document.c.state == state).values(**values))


async def _archive(cloud: Cloud, desk: Desk) -> None:
    _age(desk, "local", due_at=now())
    await reconcile(cloud, desk.database)
    for batch in desk.plan().batches:
        await send_batch(cloud, desk.database, batch)


async def _run(world: ModelWorld) -> dict[str, Any]:
    """Archive and purge a document beside many; return what was asked."""
    desk = world.desk
    async with world.opened() as cloud:
        desk.take_in(1, 1)
        await _archive(cloud, desk)
        load_clinic(desk.settings, STORED)
        desk.take_in(3, 1, seed=2)
        _age(desk, "local", due_at=now())
        with overheard() as heard:
            await reconcile(cloud, desk.database)
            for batch in desk.plan().batches:
                await send_batch(cloud, desk.database, batch)
            look_ahead(desk.database, desk.settings, Choice())
        old = document.update().where(document.c.id > STORED).values(archived_at=now() - timedelta(days=90))
        with desk.database.begin() as connection:
            connection.execute(old)
        with overheard() as more:
            await purge(cloud, desk.database)
    return heard | more


def test_no_question_of_a_run_goes_through_the_whole_archive(tmp_path: Path) -> None:
    """Each is answered by an index that leads to what is under way; a scan would grow with the years."""
    world = ModelWorld(tmp_path / "clinic")
    with contextlib.closing(world.desk) as desk:
        heard = asyncio.run(_run(world))
        assert len(heard) > 30
        _explain(desk, heard, _WHOLE)


def _explain(desk: Desk, heard: dict[str, Any], whole: re.Pattern[str]) -> None:
    with desk.database.read() as connection:
        for statement, values in heard.items():
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
            steps = [step for *_, step in plan]
            assert not [step for step in steps if whole.search(step)], (steps, statement)


#: The same for indexing and consents; intake's newest rows are looked through from a number on.
_WHOLE_OF_E = re.compile(
    r"SCAN (document|newer|submission|document_index|patient|audit_event)\b"
    r"|SCAN consent(?! USING INDEX ix_consent_open)\b|SCAN consent_document"
    r"|SEARCH newer USING .*ix_document_state"
)


def _index_all(desk: Desk) -> None:
    """Have everything archived in the index, too; no clinic has figures about its tables."""
    path = make_url(desk.settings.clinic_url).database
    with contextlib.closing(sqlite3.connect(str(path), isolation_level=None)) as connection:
        connection.execute(
            "INSERT INTO document_index (document_id, unique_id, lawful, deadline, created_at, state)"
            " SELECT id, unique_id, 1, taken_in_at, taken_in_at, 'indexed' FROM document"
        )
        connection.execute("DELETE FROM sqlite_stat1")
    desk.database.close()


def test_neither_indexing_nor_sharing_goes_through_the_whole_archive(tmp_path: Path) -> None:
    """What is due is found by its state, what went by its own, and consents that are over by nobody."""
    world = ModelWorld(tmp_path / "clinic")
    with contextlib.closing(world.desk) as desk:

        async def fill() -> None:
            async with world.opened() as cloud:
                desk.take_in(1, 1)
                await _archive(cloud, desk)

        asyncio.run(fill())
        load_clinic(desk.settings, STORED)
        _index_all(desk)
        desk.take_in(3, 1, seed=2)
        at = now()
        with overheard() as heard:
            assert enrol(desk.database, ContentStore.at(desk.settings), at).new == 3
            with desk.database.read() as connection:
                assert ledger.due(connection, at) == []
                assert untold(connection, at, timedelta(hours=6)) is not None
            advance(desk.database, at)
            open_ones(desk.database)
            is_anything_due(desk.database, at)
            with desk.database.read() as connection:
                assert here(connection, {"0" * 40}) == {}
                assert report(connection, "0" * 16, at, timedelta(hours=6)).states == {"waiting": 3}
                assert count_standing(connection, at) == {}
                assert count_shared(connection, at) == 0
        assert len(heard) > 12
        _explain(desk, heard, _WHOLE_OF_E)
