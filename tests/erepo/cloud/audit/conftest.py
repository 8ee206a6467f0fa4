"""A database with chains of events on both kinds of databases; a service whose record can be read."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from erepo.cloud.storage.database import Database
from erepo.xds import iti18
from tests.support.audit import FIRST, SECOND, Record, append, new_database, record_of
from tests.support.cloud import RunningCloud, running_cloud
from tests.support.cloud_client import connected, make_entry, one_document
from tests.support.registering import Desk, entry
from tests.support.spoken import OTHER, Stock, Wire


@pytest.fixture
def chains(tmp_path: Path, stores: str) -> Iterator[Database]:
    """A database whose first chain has twelve events, the second three, and nobody's none."""
    with new_database(tmp_path, stores) as database:
        append(database, FIRST, 12)
        append(database, SECOND, 3)
        yield database


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    """A service with two accounts that loses its patience soon."""
    folder = tmp_path_factory.mktemp("cloud")
    with running_cloud(folder, environment={"EREPO_HTTP__READ": "1"}) as running:
        running.add_tenant(OTHER)
        yield running


@pytest.fixture
def record(cloud: RunningCloud) -> Iterator[Record]:
    """What is recorded from now on."""
    with record_of(cloud.settings.cloud_url) as opened:
        yield opened


@pytest.fixture
def wire(cloud: RunningCloud) -> Wire:
    """The means to send."""
    return Wire(cloud, cloud.tenant)


@pytest.fixture(scope="module")
def stock(cloud: RunningCloud) -> Stock:
    """Something to read, to update and to remove."""

    async def fill() -> Stock:
        made = Stock()
        async with connected(cloud.tenant) as client:
            desk = Desk(client)
            for _ in range(3):
                document = make_entry()
                await client.provide(one_document(b"<a/>", unique_id=document.unique_id))
                made.provided.append(document.unique_id)
                made.registered.append((await desk.document()).entry_uuid)
            alone = (await desk.register(entry())).submission_set.unique_id
            found = (await client.query(iti18.get_submission_set_and_contents(unique_id=alone))).metadata
            made.sets.append(
                [
                    one.entry_uuid
                    for group in (found.submission_sets, found.documents, found.associations)
                    for one in group
                ]
            )
        return made

    return asyncio.run(fill())
