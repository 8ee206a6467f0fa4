"""There, purged, back, unblocked, there again, purged again: whole every time, and linked as before."""

import contextlib
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from erepo.clinic.archiving import summary
from erepo.clinic.archiving import work as archiving
from erepo.clinic.migrating import Selection, unblock, working
from erepo.clinic.purging import purge
from erepo.clinic.reading import Reader, Who, find
from erepo.clinic.reading.fetching import fetch
from erepo.clinic.tables import document, now
from erepo.clinic.tables_purging import content_removal
from erepo.clinic.verifying import verify
from tests.support.chains import Shelf, version
from tests.support.migration_desk import ALL, LOGIN, MigrationDesk


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MigrationDesk]:
    """A clinic without pauses between rounds."""
    monkeypatch.setattr(working, "PAUSE", 0.001)
    monkeypatch.setattr(archiving, "PAUSE", 0.001)
    with contextlib.closing(MigrationDesk(tmp_path, in_flight=4)) as desk:
        yield desk


@pytest.fixture
def shelf(desk: MigrationDesk, tmp_path: Path) -> Shelf:
    """Brings single documents."""
    return Shelf(desk, tmp_path)


async def archive(desk: MigrationDesk) -> None:
    """Archive what is due, newer versions included."""
    with desk.database.begin() as connection:
        connection.execute(document.update().where(document.c.due_at.is_not(None)).values(due_at=now()))
    for _ in range(3):
        assert summary(await desk.run()).complete


async def age_and_purge(desk: MigrationDesk) -> int:
    """Let the local days pass, and purge."""
    with desk.database.begin() as connection:
        values = {"archived_at": now() - timedelta(days=40)}
        connection.execute(document.update().where(document.c.state == "archived").values(values))
    return (await purge(desk.cloud, desk.database)).purged


def assert_remote(desk: MigrationDesk) -> None:
    """Every document lies in the repository alone, to the octet."""
    columns = (document.c.unique_id, document.c.sha256, document.c.state, document.c.content_path)
    for unique_id, digest, state, path in desk.rows(*columns):
        assert (state, path, desk.store.path(digest).exists()) == ("remote", None, False)
        assert sha256(desk.cloud.octets[unique_id]).hexdigest() == digest
    assert desk.rows(content_removal.c.document_id) == []


async def test_there_and_back_and_there_again(desk: MigrationDesk, shelf: Shelf) -> None:
    """Twice the whole way: a chain of three is where it should be at every station, its links as before."""
    shelf.bring(version(1), version(2), version(3))
    await archive(desk)
    for _ in range(2):
        assert (shelf.current(), len(desk.cloud.links)) == (["A3"], 2)
        assert {link for link, _ in shelf.links().values()} == {"linked"}
        assert await age_and_purge(desk) == 3
        assert_remote(desk)
        assert (await desk.migrate()).migrated == 3
        desk.assert_home()
        assert unblock(desk.database, ALL, LOGIN) == 3
        await archive(desk)
    assert await age_and_purge(desk) == 3
    assert_remote(desk)


@pytest.mark.parametrize("number", [1, 2, 3])
async def test_one_version_of_three_goes_back_and_returns(
    desk: MigrationDesk, shelf: Shelf, number: int
) -> None:
    """Whichever it is, the last version is the current one afterwards, and nothing is called a fork."""
    ids = shelf.bring(version(1), version(2), version(3))
    await archive(desk)
    one = Selection(ids=[ids[number - 1]])
    assert (await desk.migrate(one)).migrated == 1
    unblock(desk.database, one, LOGIN)
    await archive(desk)
    assert shelf.current() == ["A3"]
    assert {link for link, _ in shelf.links().values()} == {"linked"}
    assert desk.states() == {"archived": 3}


async def test_an_older_version_is_no_damage_while_the_newer_one_is_away(
    desk: MigrationDesk, shelf: Shelf
) -> None:
    """The registry still shows it as replaced: brought back, unblocked, there again, no night complains."""
    newer = Selection(ids=shelf.bring(version(1), version(2))[1:])
    await archive(desk)
    assert (await desk.migrate(newer)).migrated == 1
    assert (await verify(desk.cloud, desk.database)).complete
    unblock(desk.database, newer, LOGIN)
    assert (await verify(desk.cloud, desk.database)).complete
    await archive(desk)
    assert (await verify(desk.cloud, desk.database)).complete


async def test_what_is_purged_while_it_is_opened_is_fetched(desk: MigrationDesk) -> None:
    """The content vanishes after it was looked for: the repository gives it."""
    await desk.archive(1, 1)
    with desk.database.read() as connection:
        found = find(connection, desk.public_ids()[0])
    real = desk.store.open

    class Vanishing:
        """The clinic's store, from which a purge takes the content at the last moment."""

        def open(self, digest: str) -> object:
            content = real(digest)
            desk.purge(1)
            return content

    fetched = await fetch(found, Vanishing(), lambda: contextlib.nullcontext(desk.cloud))  # type: ignore[arg-type]
    assert fetched.place == "repository"
    assert sha256(fetched.octets).hexdigest() == found.sha256


async def test_what_comes_back_while_it_is_opened_is_read_here(desk: MigrationDesk) -> None:
    """Looked up as remote, migrated before the repository is asked: the copy that has come back is read."""
    await desk.archive(1, 1, purge=1)

    @contextlib.asynccontextmanager
    async def too_late(*_: object) -> AsyncIterator[object]:
        await desk.migrate()
        yield desk.cloud

    reader = Reader(desk.database, desk.settings, too_late)  # type: ignore[arg-type]
    saved = await reader.save(desk.public_ids()[0], Who(LOGIN))
    assert desk.states() == {"blocked": 1}
    [(digest,)] = desk.rows(document.c.sha256)
    assert sha256(saved.document.content).hexdigest() == digest
