"""Archiving into the eArchiwum: the same code as into the service, and what a crash at any step leaves."""

import contextlib
import itertools
from collections.abc import Callable
from typing import Any

import pytest

from erepo.blobs.store import FileBlobStore
from erepo.clinic.archiving import leases, ledger, reconcile, summary
from erepo.clinic.earchive import EArchive, archive, check
from erepo.clinic.earchive.records import Records
from erepo.clinic.verifying import verify
from tests.support.crashing import Crash, fail_at
from tests.support.earchive import ArchiveDesk


async def test_documents_arrive_and_are_verified(desk: ArchiveDesk) -> None:
    """Everything due is archived once, read back equal, and the archive is sound."""
    desk.take_in(20, 6)
    total = summary(await desk.run())
    assert (total.archived, total.rejected, total.complete) == (20, [], True)
    await desk.check_all_archived_once()
    report = await verify(desk.archive, desk.database, read_back=True)
    assert (report.equal, report.complete) == (20, True)
    opened = archive.open_archive(desk.archive.place, desk.archive.index_file)
    found = check(opened)
    opened.close()
    assert (found.documents, found.sound, found.orphans) == (20, True, 0)


async def test_the_folder_holds_the_documents_as_they_were_taken_in(desk: ArchiveDesk) -> None:
    """Whoever has the folder can read a document without this program."""
    desk.take_in(3, 3)
    await desk.run()
    kept = sorted(path.read_bytes() for path in (desk.settings.clinic_home / "content").glob("??/*"))
    assert sorted(path.read_bytes() for path in desk.blob_files()) == kept


async def test_an_older_backup_of_the_clinic_finds_its_documents(desk: ArchiveDesk) -> None:
    """Neither the clinic's database nor the index needs to remember: nothing is stored twice."""
    desk.take_in(6, 3)
    index = desk.archive.index_file.read_bytes()
    await desk.run()
    await desk.archive.__aexit__(None, None, None)
    for end in ("", "-wal", "-shm"):
        desk.archive.index_file.with_name(desk.archive.index_file.name + end).unlink(missing_ok=True)
    desk.archive.index_file.write_bytes(index)
    await desk.archive.__aenter__()
    await desk.check_all_archived_once()


def _boundaries() -> list[tuple[Any, str]]:
    return [
        (ledger, "mark"),
        (ledger, "archive"),
        (FileBlobStore, "put"),
        (Records, "append"),
        (archive, "apply"),
        (EArchive, "provide"),
        (EArchive, "query"),
    ]


def _crash_at(moment: int, when: str, patch: pytest.MonkeyPatch) -> Callable[[], bool]:
    """Let the process end before or after its `moment`-th step across any boundary."""
    crashed = fail_at(moment, when, patch, _boundaries())
    delete, close = FileBlobStore.delete, ledger.close
    # A process that has ended tidies nothing up.
    patch.setattr(FileBlobStore, "delete", lambda *one: None if crashed() else delete(*one))
    patch.setattr(ledger, "close", lambda *one: (0, 0) if crashed() else close(*one))
    return crashed


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_crash_at_any_step_loses_nothing_and_stores_nothing_twice(
    desk: ArchiveDesk, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For k = 1, 2, …: end the process at its k-th step, start again, until a run passes clean."""
    monkeypatch.setattr(leases, "is_dead", bool)
    for moment in itertools.count(1):
        desk.take_in(4, 2, seed=moment)
        with monkeypatch.context() as patch:
            has_crashed = _crash_at(moment, when, patch)
            with contextlib.suppress(Crash):
                await desk.run()
        await desk.reopen()
        asked = await reconcile(desk.archive, desk.database)
        assert asked.problem is None
        total = summary(await desk.run())
        assert total.complete, total
        await desk.check_all_archived_once()
        if not has_crashed():
            break
    assert moment > 10
    report = await verify(desk.archive, desk.database, read_back=True)
    assert report.complete
