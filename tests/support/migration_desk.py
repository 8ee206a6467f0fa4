"""A clinic with archived documents beside a model of the repository that can remove: for migration."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from erepo.clinic.content import ContentStore
from erepo.clinic.migrating import Selection, Summary, migrate
from erepo.clinic.permissions import Permission, grant
from erepo.clinic.tables import document, now
from erepo.clinic.tables_migrating import migration_item
from tests.support.archive_desk import Desk
from tests.support.removing_cloud import RemovingCloud

LOGIN = "archiwum"
ALL = Selection(everything=True)


class MigrationDesk(Desk):
    """A desk whose user may migrate and delete.

    Attributes:
        cloud: the repository.
        store: the clinic's content.
    """

    cloud: RemovingCloud

    def __init__(self, folder: Path, **settings: Any) -> None:
        super().__init__(folder, **settings)
        self.cloud = RemovingCloud(self.settings)
        self.store = ContentStore.at(self.settings)
        with self.database.begin() as connection:
            for permission in (Permission.MIGRATE, Permission.DELETE):
                grant(connection, LOGIN, permission, actor="test")

    def proven_only(self) -> None:
        """Let the repository accept removals only of what is proven to be here: invariant I3."""

        def guard(unique_ids: Sequence[str]) -> None:
            with self.database.read() as connection:
                rows = connection.execute(
                    sa.select(document.c.unique_id, document.c.sha256, document.c.size)
                    .join(migration_item, migration_item.c.document_id == document.c.id)
                    .where(
                        document.c.unique_id.in_(unique_ids),
                        document.c.state == "migrating",
                        migration_item.c.step == "durable",
                    )
                ).all()
            assert {row.unique_id for row in rows if self._is_here(row.sha256, row.size)} == set(unique_ids)

        self.cloud.guard = guard

    async def archive(self, count: int, patients: int = 3, *, seed: int = 1, purge: int = 0) -> None:
        """Take documents in and archive them; purge the content of some."""
        self.take_in(count, patients, seed=seed)
        with self.database.begin() as connection:
            connection.execute(document.update().where(document.c.due_at.is_not(None)).values(due_at=now()))
        await self.run()
        self.purge(purge)

    def purge(self, count: int) -> None:
        """Make some archived documents remote: their content leaves this place."""
        with self.database.begin() as connection:
            wanted = sa.select(document.c.id, document.c.sha256).where(document.c.state == "archived")
            rows = connection.execute(wanted.order_by(document.c.id).limit(count)).all()
            ids = [row.id for row in rows]
            connection.execute(
                document.update()
                .where(document.c.id.in_(ids))
                .values(state="remote", purged_at=now(), content_path=None)
            )
        for row in rows:
            self.store.remove(row.sha256)

    async def migrate(self, selection: Selection = ALL, **options: Any) -> Summary:
        """Migrate in one run."""
        return await migrate(self.cloud, self.database, selection, LOGIN, **options)

    def public_ids(self, states: Sequence[str] = ("archived", "remote", "blocked")) -> list[str]:
        """Return opaque ids of documents in some states."""
        rows = self.rows(document.c.public_id, document.c.state, document.c.id)
        return [row[0] for row in sorted(rows, key=lambda row: row[2]) if row[1] in states]

    def unsafe(self) -> list[str]:
        """Return the uniqueIds of documents that exist nowhere whole: invariant I1 says there are none."""
        columns = (document.c.unique_id, document.c.sha256, document.c.size, document.c.state)
        return [
            unique_id
            for unique_id, sha256, size, state in self.rows(*columns)
            if state != "deleted" and unique_id not in self.cloud.octets and not self._is_here(sha256, size)
        ]

    def assert_home(self) -> None:
        """Every document is blocked, whole here, named so, and gone there."""
        columns = (document.c.state, document.c.sha256, document.c.content_path, document.c.purged_at)
        for state, sha256, path, purged_at in self.rows(*columns):
            assert (state, path, purged_at) == ("blocked", f"{sha256[:2]}/{sha256}", None)
            assert self.store.check(sha256).sha256 == sha256
        assert not self.cloud.entries
        assert not self.cloud.octets
        assert not self.cloud.links
        assert not self.cloud.sets

    def _is_here(self, sha256: str, size: int) -> bool:
        return self.store.has(sha256, size) and self.store.check(sha256).size == size
