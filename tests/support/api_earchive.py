"""The interface of a clinic that has an eArchiwum in use, people who may, and documents in it."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from erepo.clinic.archiving import plan, send_batch
from erepo.clinic.content import ContentStore
from erepo.clinic.intake import Intake
from erepo.clinic.permissions import Permission, grant
from erepo.clinic.repositories import init_earchive, load_earchive
from erepo.clinic.structure import store_structure
from erepo.clinic.structure_file import parse_structure
from erepo.clinic.tables import document, now
from tests.support.api import RunningApi, running_api
from tests.support.clinic_side import STRUCTURE

#: Login of the archiving user, who may everything here.
LOGIN = "archiwum"


@contextmanager
def running_archive(folder: Path, *, start: bool = True) -> Iterator[RunningApi]:
    """Run the interface of a clinic whose eArchiwum lies in `folder/share`."""
    share = folder / "share"
    share.mkdir()
    with running_api(folder, start=False) as api:
        with api.database.begin() as connection:
            store_structure(connection, parse_structure(STRUCTURE))
            for permission in Permission:
                grant(connection, LOGIN, permission, actor="test")
        init_earchive(api.database, api.settings, share)
        if start:
            api.start()
        yield api


def archived(api: RunningApi, folder: Path, *documents: bytes, remote: bool = False) -> list[str]:
    """Take documents in and archive them; `remote`: their content leaves this place. Return their ids."""
    intake = Intake.at(api.database, api.settings)
    ids = []
    for octets in documents:
        path = folder / f"{len(list(folder.iterdir()))}.xml"
        path.write_bytes(octets)
        outcome = intake.take(path)
        assert outcome.reason is None, outcome
        ids.append(outcome.public_id)
    with api.database.begin() as connection:
        own = document.c.public_id.in_(ids)
        connection.execute(document.update().where(own).values(due_at=now()))
    asyncio.run(_send(api))
    if remote:
        with api.database.begin() as connection:
            rows = connection.execute(sa.select(document.c.sha256).where(own)).scalars().all()
            connection.execute(document.update().where(own).values(state="remote", content_path=None))
        for sha256 in rows:
            ContentStore.at(api.settings).remove(sha256)
    return ids


async def _send(api: RunningApi) -> None:
    async with load_earchive(api.database, api.settings) as cloud:
        for batch in plan(api.database, api.settings, now=now()).batches:
            assert (await send_batch(cloud, api.database, batch)).problem is None


def states(api: RunningApi, ids: list[str]) -> list[str]:
    """Return the states of documents, in the order of the ids."""
    with api.database.read() as connection:
        rows = connection.execute(sa.select(document.c.public_id, document.c.state)).tuples().all()
    return [dict(rows)[one] for one in ids]
