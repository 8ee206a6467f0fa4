"""Migration and deleting on PostgreSQL, where rows are locked and transactions meet."""

import asyncio
import contextlib
from pathlib import Path

from erepo.clinic.deleting import NotInRepository, delete_documents
from erepo.clinic.migrating import unblock
from erepo.clinic.tables import document
from tests.support import postgres
from tests.support.migration_desk import ALL, LOGIN, MigrationDesk


async def test_two_migrations_and_a_deletion_at_once(tmp_path: Path) -> None:
    """Each document goes one way: home, or away; nothing is in between, nothing is lost."""
    with (
        postgres.database() as url,
        contextlib.closing(
            MigrationDesk(tmp_path, in_flight=4, batch_documents=4, clinic_database_url=url)
        ) as desk,
    ):
        await desk.archive(16, 4, purge=8)
        doomed = desk.public_ids()[5:9]
        with desk.database.begin() as connection:
            connection.execute(
                document.update().where(document.c.public_id.in_(doomed)).values(kind="prescription")
            )

        async def delete(one: str) -> int:
            try:
                return len((await delete_documents(desk.cloud, desk.database, [one], LOGIN)).deleted)
            except NotInRepository:
                return 0  # it is on its way home

        _, _, *gone = await asyncio.gather(desk.migrate(), desk.migrate(), *map(delete, doomed))
        await desk.migrate()
        away = sum(gone)
        found = desk.states()
        assert (found.get("deleted", 0), found["blocked"]) == (away, 16 - away)
        assert desk.unsafe() == []
        assert not desk.cloud.octets
        assert unblock(desk.database, ALL, LOGIN) == 16 - away
        await desk.run()
        assert desk.states().get("archived") == 16 - away
