"""C6, S4: files that a crash has torn or lost, hashes that have changed: named, repaired or refused."""

import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from erepo.clinic import rejected
from erepo.clinic.archiving import summary
from erepo.clinic.archiving import work as archiving
from erepo.clinic.earchive import check, open_archive, rebuild
from erepo.clinic.earchive.errors import ArchiveBehind, RecordDamaged
from erepo.clinic.intake import Intake
from erepo.clinic.migrating import working as migrating
from erepo.clinic.tables import document
from erepo.clinic.verifying import verify
from erepo.clinic.verifying.plan import read_plan
from erepo.clinic.verifying.repairing import repair_all
from tests.support.earchive import ArchiveDesk
from tests.support.migration_desk import MigrationDesk

PAGE = 4096
#: Pages of a document that a crash may have left; None: its name was never made durable.
PAGES = [None, 0, 1]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pauses."""
    for module in (archiving, migrating):
        monkeypatch.setattr(module, "PAUSE", 0.0)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[MigrationDesk]:
    """A clinic before a model of a repository."""
    with contextlib.closing(MigrationDesk(tmp_path, in_flight=4)) as desk:
        yield desk


@pytest.fixture
async def archive(tmp_path: Path) -> AsyncIterator[ArchiveDesk]:
    """A clinic before its eArchiwum."""
    with contextlib.closing(ArchiveDesk(tmp_path, in_flight=4)) as desk:
        async with desk:
            yield desk


def tear(path: Path, pages: int | None) -> None:
    """Leave so many pages of a file, or nothing, not even its name."""
    if pages is None:
        path.unlink()
        return
    octets = path.read_bytes()[: pages * PAGE]
    path.chmod(0o600)
    path.write_bytes(octets)


def contents(desk: Any) -> list[Path]:
    """Return the files of the clinic's own content."""
    return sorted((desk.settings.clinic_home / "content").glob("??/*"))


@pytest.mark.parametrize("pages", PAGES)
async def test_torn_content_is_refused_and_taken_in_again(desk: MigrationDesk, pages: int | None) -> None:
    """Not archived yet: refused with a reason; the same import heals it, and it is archived."""
    desk.take_in(4, 4)
    tear(contents(desk)[2], pages)
    total = summary(await desk.run())
    codes = {"archiving.local-content-lost", "XDSRepositoryMetadataError"}
    assert (total.archived, {one.code for one in total.rejected} <= codes) == (3, True)
    assert desk.states() == {"archived": 3, "rejected": 1}
    Intake.at(desk.database, desk.settings).take_folder([desk.settings.home / "in1"])
    with desk.database.begin() as connection:
        assert rejected.release(connection) == 1
    assert summary(await desk.run()).complete
    desk.assert_all_archived_once()
    assert desk.unsafe() == []


@pytest.mark.parametrize("pages", PAGES)
async def test_torn_content_of_an_archived_document_comes_from_the_repository(
    desk: MigrationDesk, pages: int | None
) -> None:
    """Migration proves its copy before it removes anything: a torn one is fetched anew."""
    desk.proven_only()
    await desk.archive(4, 4)
    tear(contents(desk)[1], pages)
    assert (await desk.migrate()).complete
    desk.assert_home()


@pytest.mark.parametrize("pages", PAGES)
async def test_torn_octets_in_the_earchive_are_named_and_replaced(
    archive: ArchiveDesk, pages: int | None
) -> None:
    """Named by check and verify, never given out, replaced from the copy here."""
    archive.take_in(4, 4)
    await archive.run()
    tear(archive.blob_files()[1], pages)
    with contextlib.closing(open_archive(archive.archive.place, archive.archive.index_file)) as opened:
        assert not check(opened).sound
    report = await verify(archive.archive, archive.database, read_back=True)
    assert report.equal == 3
    assert len(report.differing) + len(report.missing) == 1
    with archive.database.read() as connection:
        [row] = read_plan(connection)
    assert row.copy == "here"
    [done] = await repair_all(archive.archive, archive.database, [row.id])
    assert done.outcome in {"replaced", "sent-again"}, done.problem
    assert summary(await archive.run()).complete
    assert (await verify(archive.archive, archive.database, read_back=True)).complete
    await archive.check_all_archived_once()


@pytest.mark.parametrize("pages", [0, 1])
async def test_a_torn_record_is_refused_and_its_documents_sent_again(
    archive: ArchiveDesk, pages: int
) -> None:
    """An index made anew names it; told to leave it out, what it held is missing, and is sent again."""
    archive.take_in(4, 1)
    await archive.run(submission_documents=4)
    [record] = archive.records()
    tear(record, pages)
    with pytest.raises(RecordDamaged):
        rebuild(archive.archive.place, archive.archive.index_file)
    await archive.archive.__aexit__(None, None, None)
    rebuild(archive.archive.place, archive.archive.index_file, skip_damaged=True)
    await archive.archive.__aenter__()
    await _send_what_is_missing(archive, 4)


async def test_a_record_whose_name_was_lost_is_refused_and_its_documents_sent_again(
    archive: ArchiveDesk,
) -> None:
    """The folder ends before the index does: nothing opens until a person decides; then it is sent again."""
    archive.take_in(4, 4)
    await archive.run(submission_documents=1)
    tear(archive.records()[-1], None)
    with pytest.raises(ArchiveBehind):
        await archive.reopen()
    rebuild(archive.archive.place, archive.archive.index_file)
    await archive.archive.__aenter__()
    await _send_what_is_missing(archive, 1)


async def _send_what_is_missing(archive: ArchiveDesk, count: int) -> None:
    report = await verify(archive.archive, archive.database, read_back=True)
    assert len(report.missing) == count
    with archive.database.read() as connection:
        ids = [one.id for one in read_plan(connection)]
    done = await repair_all(archive.archive, archive.database, ids)
    assert [one.outcome for one in done] == ["sent-again"] * count
    assert summary(await archive.run()).complete
    assert (await verify(archive.archive, archive.database, read_back=True)).complete
    await archive.check_all_archived_once()


@pytest.mark.parametrize(("column", "what"), [("sha1", "hash"), ("sha256", "content"), ("size", "size")])
async def test_a_bit_in_the_database_is_named_and_nothing_is_repaired_by_it(
    archive: ArchiveDesk, column: str, what: str
) -> None:
    """S4: when the clinic's own row is wrong, verify names it, and no good copy is replaced because of it."""
    archive.take_in(3, 3)
    await archive.run()
    before = [path.read_bytes() for path in archive.blob_files()]
    [(id_, value), *_] = archive.rows(document.c.id, document.c[column])
    wrong = value + 1 if isinstance(value, int) else ("1" if value[0] == "0" else "0") + value[1:]
    _set(archive, id_, column, wrong)
    report = await verify(archive.archive, archive.database, read_back=True)
    assert [one.what for one in report.differing] == [what]
    with archive.database.read() as connection:
        ids = [one.id for one in read_plan(connection)]
    [done] = await repair_all(archive.archive, archive.database, ids)
    assert done.outcome == "refused"
    assert [path.read_bytes() for path in archive.blob_files()] == before
    _set(archive, id_, column, value)
    assert (await verify(archive.archive, archive.database, read_back=True)).complete


def _set(archive: ArchiveDesk, id_: int, column: str, value: Any) -> None:
    with archive.database.begin() as connection:
        connection.execute(sa.update(document).where(document.c.id == id_).values({column: value}))
