"""How SQLite finds what stored queries ask for: never by reading all that a tenant has."""

import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import event

from erepo.cloud.registry.queries import answer
from erepo.cloud.storage.database import Database
from erepo.xds import iti18
from erepo.xds.errors import QueryError
from erepo.xds.queries import QueryId
from tests.support.registry_rows import Rows
from tests.support.registry_worlds import DE, World, make_query

#: A whole table, or an index of which only the tenant is used.
_WHOLE = re.compile(r"^SCAN (?!CONSTANT ROW)|\(tenant_id=\?\)$")


class Plans:
    """Asks the planner about each statement that is run, and keeps what it says."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.steps: list[str] = []
        self.statements = 0
        event.listen(rows.database.engine, "before_cursor_execute", self._explain)

    def _explain(self, connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if not statement.startswith("SELECT"):
            return
        self.statements += 1
        driver = connection.connection.driver_connection
        plan = driver.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
        self.steps += [step for *_, step in plan]


@pytest.fixture
def plans(tmp_path: Path) -> Iterator[Plans]:
    """An empty database whose statements are explained."""
    database = Database(f"sqlite:///{tmp_path / 'cloud.db'}")
    database.create()
    database.close()  # the planner's figures are read when a connection is opened
    yield Plans(Rows(database))
    database.close()


@pytest.mark.parametrize("query", QueryId)
def test_no_query_reads_all_of_a_tenant(plans: Plans, query: QueryId) -> None:
    """Every step of every plan looks rows up by more than the tenant, whatever parameters are given."""
    owner, objects = plans.rows.new_tenant(), World(1).objects()
    plans.rows.add(owner, objects)
    for seed in range(60):
        with plans.rows.database.read(owner.id) as connection:
            try:
                answer(connection, owner, make_query(Random(seed), query))
            except QueryError:
                continue
    assert plans.steps
    assert [step for step in set(plans.steps) if _WHOLE.search(step)] == []


@pytest.mark.parametrize("name", ["EntryUUID", "UniqueId"])
def test_long_lists_of_ids_are_looked_up_one_by_one(plans: Plans, name: str) -> None:
    """Twenty thousand ids, the most a query may bring, go in a few statements, each id through the index."""
    owner, objects = plans.rows.new_tenant(), World(1).objects()
    plans.rows.add(owner, objects)
    asked = tuple(uuid.uuid4().urn for _ in range(19_000)) + tuple(str(each) for each in range(1_000))
    known = objects[0].model
    asked = (known.entry_uuid, getattr(known, "unique_id", ""), *asked[:19_998])
    query = iti18.StoredQuery(
        QueryId.GET_DOCUMENTS_AND_ASSOCIATIONS, {f"{DE}{name}": (asked,)}, iti18.OBJECT_REF
    )
    with plans.rows.database.read(owner.id) as connection:
        found = answer(connection, owner, query)
    assert known.entry_uuid in found.refs
    assert plans.statements < 10
    assert [step for step in set(plans.steps) if _WHOLE.search(step)] == []
