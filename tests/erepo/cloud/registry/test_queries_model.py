"""Random registries and random stored queries: the answer is that of a list gone through by hand."""

from collections.abc import Iterator
from dataclasses import replace
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from erepo.cloud.registry.queries import answer
from erepo.cloud.storage.database import Database
from erepo.cloud.tenancy.tenants import Tenant
from erepo.identifiers.hl7 import XCN
from erepo.xds import iti18
from erepo.xds.errors import QueryError
from erepo.xds.model import Author
from erepo.xds.queries import QueryId
from erepo.xds.vocabulary import APPROVED, STABLE
from tests.support import postgres
from tests.support.reference_registry import ReferenceRegistry, Refused
from tests.support.registry_rows import Registered, Rows
from tests.support.registry_worlds import FAMILIES, PATIENTS, PATTERNS, World, make_query


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def rows(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rows]:
    """An empty database of each kind."""
    if request.param == "sqlite":
        yield from _rows(f"sqlite:///{tmp_path_factory.mktemp('registry') / 'cloud.db'}")
        return
    with postgres.database() as url:
        yield from _rows(url)


def _rows(url: str) -> Iterator[Rows]:
    database = Database(url)
    database.create()
    database.close()  # SQLite reads the planner's figures when a connection is opened
    yield Rows(database)
    database.close()


def ask(rows: Rows, owner: Tenant, query: iti18.StoredQuery) -> dict[str, tuple[str, str]] | str:
    """Return what is answered: id with status and time of last update; or the code of the error."""
    read: Any = SimpleNamespace(payload=iti18.write_query(query))
    try:
        with rows.database.read(owner.id) as connection:
            found = answer(connection, owner, iti18.read_query(read))
    except QueryError as error:
        return str(error.errors[0].code)
    answered = dict.fromkeys(found.refs, ("", ""))
    for element in found.elements:
        updated = element.xpath("string(*[@name='lastUpdateTime']//text())")
        answered[element.get("id", "")] = (element.get("status", ""), str(updated))
    assert len(answered) == len(found.refs) + len(found.elements), "an object twice"
    return answered


def expect(objects: list[Registered], query: iti18.StoredQuery) -> dict[str, tuple[str, str]] | str:
    """Return what the reference answers."""
    try:
        found = ReferenceRegistry(objects).ask(query)
    except Refused as refused:
        return str(refused)
    if query.return_type == iti18.OBJECT_REF:
        return dict.fromkeys(found, ("", ""))
    return {
        each.id: (each.status, getattr(each.model, "last_update_time", ""))
        for each in objects
        if each.id in found
    }


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_every_query_answers_as_the_reference_does(rows: Rows, seed: int) -> None:
    """Whatever is registered and asked, exactly the objects of the profile's definition come back.

    Every example has an account of its own with the same ids as all others: none may show.
    """
    random, owner, objects = Random(seed), rows.new_tenant(), World(seed).objects()
    rows.add(owner, objects)
    for query in [*QueryId, *[QueryId.FIND_DOCUMENTS] * 12, *QueryId]:
        asked = make_query(random, query)
        assert ask(rows, owner, asked) == expect(objects, asked), asked.parameters


def test_patterns_match_as_sql_says(rows: Rows) -> None:
    """Each pattern against each name: on any database case counts, and only % and _ are special."""
    owner, world = rows.new_tenant(), World(0)
    entries = [
        replace(world.document(), authors=(Author(person=XCN("7", name, "Jan")),), patient_id=PATIENTS[0])
        for name in FAMILIES
    ]
    objects = [Registered(replace(each, status=APPROVED, object_type=STABLE)) for each in entries]
    rows.add(owner, objects)
    found = 0
    for pattern in PATTERNS:
        query = iti18.find_documents(PATIENTS[0], AuthorPerson=[pattern])
        answered = ask(rows, owner, query)
        assert answered == expect(objects, query), pattern
        found += len(answered)
    assert found > len(PATTERNS)
