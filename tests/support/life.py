"""What the whole life of an archive is held against: both repositories, a guard, the invariants.

The guard stands between the code under test and the repository and writes down what must never happen at the
very moment it would: a removal of what is not proven to be safe (I3), a deposit of a blocked document (I6).
"""

import contextlib
import hashlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa

from erepo.clinic.content import ContentStore
from erepo.clinic.database import Database
from erepo.clinic.repository import Cloud
from erepo.clinic.tables import audit_event, batch, document
from erepo.clinic.tables_earchive import repair
from erepo.clinic.tables_migrating import deletion, migration_batch, migration_item
from erepo.clinic.tables_purging import content_removal
from erepo.errors import ErepoError
from erepo.xds import iti18
from erepo.xds.iti41 import Submission
from erepo.xds.iti43 import DocumentRequest
from erepo.xds.vocabulary import APPROVED
from tests.erepo.clinic.test_states import ALLOWED
from tests.support.archive_desk import Desk
from tests.support.earchive import ArchiveDesk
from tests.support.removing_cloud import RemovingCloud

UNDER_WAY = {"queued", "sending", "migrating"}


class World(Protocol):
    """A clinic and one kind of repository."""

    desk: Desk

    def opened(self) -> contextlib.AbstractAsyncContextManager[Cloud]:
        """Open the repository as a new process does."""

    async def entries(self, cloud: Cloud) -> list[tuple[str, str, str]]:
        """Return (uniqueId, hash, status) of every entry."""

    def octets(self) -> set[str]:
        """Return the SHA-256 of all that the repository holds."""

    def damage(self, unique_id: str, sha256: str) -> None:
        """Lose or spoil one document in the repository."""


class ModelWorld:
    """The model of a repository."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.desk = Desk(folder, in_flight=2, batch_documents=4, **settings)
        self.cloud = RemovingCloud(self.desk.settings)
        self.desk.cloud = self.cloud

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[Any]:
        """Nothing needs opening."""
        yield self.cloud

    async def entries(self, cloud: Cloud) -> list[tuple[str, str, str]]:
        """Read them from the model."""
        return [(one.unique_id, one.hash, one.status) for _, one in self.cloud.entries.values()]

    def octets(self) -> set[str]:
        """Read them from the model."""
        return {hashlib.sha256(octets).hexdigest() for octets in self.cloud.octets.values()}

    def damage(self, unique_id: str, sha256: str) -> None:
        """Let the repository forget the document, and whatever points at it."""
        going = {key for key, (_, one) in self.cloud.entries.items() if one.unique_id == unique_id}
        for key in going:
            del self.cloud.entries[key]
        ends = self.cloud.members.items()
        self.cloud.members = {key: one for key, one in ends if one.target not in going}
        self.cloud.links = [one for one in self.cloud.links if not going & {one.source, one.target}]
        self.cloud.octets.pop(unique_id, None)


class ArchiveWorld:
    """The eArchiwum, with a real folder on the disk."""

    def __init__(self, folder: Path) -> None:
        self.desk = self._own = ArchiveDesk(folder, in_flight=2, batch_documents=4)

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[Any]:
        """Open folder and index."""
        async with self._own.archive as archive:
            yield archive

    async def entries(self, cloud: Cloud) -> list[tuple[str, str, str]]:
        """Ask for them."""
        found = []
        for unique_id in self.desk.unique_ids():
            result = await cloud.query(iti18.get_documents(unique_ids=[unique_id]))
            found += [(one.unique_id, one.hash, one.status) for one in result.metadata.documents]
        return found

    def octets(self) -> set[str]:
        """Read them from the folder."""
        return {hashlib.sha256(path.read_bytes()).hexdigest() for path in self._own.blob_files()}

    def damage(self, unique_id: str, sha256: str) -> None:
        """Flip a bit of the document's octets."""
        for path in self._own.blob_files():
            octets = bytearray(path.read_bytes())
            if hashlib.sha256(octets).hexdigest() == sha256:
                octets[len(octets) // 2] ^= 1
                path.chmod(0o600)
                path.write_bytes(octets)


class Guard:
    """A repository that writes down what must never be asked of it.

    Attributes:
        broken: what was asked nevertheless, in words.
    """

    def __init__(self, cloud: Cloud, database: Database, store: ContentStore, broken: list[str]) -> None:
        self._cloud, self._database, self._store, self.broken = cloud, database, store, broken

    def __getattr__(self, name: str) -> Any:
        """Return what the repository has."""
        return getattr(self._cloud, name)

    async def provide(self, submission: Submission) -> None:
        """Deposit; what is sent must be on its way by a committed fact, and never blocked (I6)."""
        names = [entry.unique_id for entry, _ in submission.entries]
        for row in self._rows(document.c.unique_id.in_(names)):
            if row.state != "sending":
                self.broken.append(f"I6: sent while {row.state}")
        await self._cloud.provide(submission)

    async def remove_metadata(self, entry_uuids: Sequence[str]) -> None:
        """Remove entries; each document must be safe (I3)."""
        found = await self._cloud.query(iti18.get_documents(entry_uuids=entry_uuids))
        self._check([one.unique_id for one in found.metadata.documents])
        await self._cloud.remove_metadata(entry_uuids)

    async def remove_documents(self, requests: Sequence[DocumentRequest]) -> None:
        """Remove octets; each document must be safe (I3)."""
        self._check([one.document_unique_id for one in requests])
        await self._cloud.remove_documents(requests)

    def _check(self, unique_ids: Sequence[str]) -> None:
        rows = self._rows(document.c.unique_id.in_(unique_ids))
        if {row.unique_id for row in rows} != set(unique_ids):
            self.broken.append("I3: removed what the clinic does not know")
        for row in rows:
            durable = (row.state == "migrating" and row.step == "durable") or row.repair == "open"
            ordered = row.deletion in {"intended", "removed"}
            if not ordered and not (durable and is_whole(self._store, row.sha256)):
                self.broken.append(f"I3: removed while {row.state}, {row.step}, {row.deletion}, {row.repair}")

    def _rows(self, condition: Any) -> Sequence[Any]:
        columns = (document.c.unique_id, document.c.sha256, document.c.state)
        more = (migration_item.c.step, deletion.c.step.label("deletion"), repair.c.state.label("repair"))
        unfinished = migration_item.c.step.in_(("fetching", "durable"))
        with self._database.read() as connection:
            return connection.execute(
                sa.select(*columns, *more)
                .select_from(document)
                .outerjoin(migration_item, (migration_item.c.document_id == document.c.id) & unfinished)
                .outerjoin(deletion, deletion.c.document_id == document.c.id)
                .outerjoin(repair, (repair.c.document_id == document.c.id) & (repair.c.state == "open"))
                .where(condition)
            ).all()


def is_whole(store: ContentStore, sha256: str) -> bool:
    """Tell whether the copy here is there and byte-equal."""
    try:
        return store.check(sha256).sha256 == sha256
    except (ErepoError, OSError):
        return False


def illegal_moves(desk: Desk) -> list[tuple[str, str]]:
    """Return moves in the history that the second table of states does not have, or that do not join (I4)."""
    wanted = sa.select(audit_event.c.document_id, audit_event.c.from_state, audit_event.c.to_state)
    with desk.database.read() as connection:
        moves = wanted.where(audit_event.c.from_state.is_not(None)).order_by(audit_event.c.id)
        rows = connection.execute(moves).all()
        now = {row.id: row.state for row in connection.execute(sa.select(document.c.id, document.c.state))}
    at: dict[int, str] = {}
    wrong = []
    for document_id, source, target in rows:
        if (source, target) not in ALLOWED or at.get(document_id, "local") != source:
            wrong.append((source, target))
        at[document_id] = target
    return wrong + [
        (at.get(one, "local"), state) for one, state in now.items() if at.get(one, "local") != state
    ]


def left_open(desk: Desk) -> list[str]:
    """Return everything that is still under way; after a few good runs nothing may be (I5)."""
    states = sorted(UNDER_WAY & set(desk.states()))
    with desk.database.read() as connection:
        questions = {
            "archiving": sa.select(batch.c.id).where(batch.c.state != "finished"),
            "migration": sa.select(migration_item.c.document_id).where(
                migration_item.c.step.in_(("fetching", "durable"))
            ),
            "held migration": sa.select(migration_batch.c.id).where(migration_batch.c.run_key.is_not(None)),
            "deletion": sa.select(deletion.c.document_id).where(deletion.c.step.in_(("intended", "removed"))),
            "files to go": sa.select(content_removal.c.document_id),
        }
        return states + [name for name, question in questions.items() if connection.execute(question).first()]


def twice(entries: Sequence[tuple[str, str, str]]) -> bool:
    """Tell whether a document and content has two approved entries (I2)."""
    approved = [(unique_id, hash_) for unique_id, hash_, status in entries if status == APPROVED]
    return len(approved) != len(set(approved))
