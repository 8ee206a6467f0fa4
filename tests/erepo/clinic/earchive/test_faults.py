"""What disks and shares do to the eArchiwum (S1, S3, S4), and that every one of it has its own words."""

import errno
import json
import resource
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from erepo.blobs import store as blob_store
from erepo.clinic.archiving import summary
from erepo.clinic.database import Database, open_clinic
from erepo.clinic.earchive import check, errors, open_archive, rebuild, records
from erepo.clinic.earchive.archive import Archive
from erepo.clinic.earchive.index import obj
from erepo.clinic.intake import Intake
from erepo.clinic.repositories import init_earchive, opening
from erepo.clinic.verifying import verify
from erepo.settings import Settings
from erepo.xds import iti18
from erepo.xds.iti43 import DocumentRequest
from tests.support.clinic_side import samples
from tests.support.earchive import ArchiveDesk


@pytest.fixture
def small_files() -> Iterator[None]:
    """Let no file grow beyond 1.5 MB in this process, more than the database needs: what a quota does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def opened(desk: ArchiveDesk) -> Archive:
    """Open the archive itself beside the desk's."""
    return open_archive(desk.archive.place, desk.archive.index_file)


def take_large(desk: ArchiveDesk, size: int) -> None:
    """Take in one large document."""
    folder = desk.folder.parent / "large"
    folder.mkdir()
    (folder / "0.xml").write_bytes(samples(99, 1, size=size)[0])
    Intake.at(desk.database, desk.settings).take_folder([folder])


async def test_a_full_disk_stops_at_once_and_loses_nothing(desk: ArchiveDesk, request: Any) -> None:
    """S1: one clear reason, no storm, nothing half-visible; with room again the next run delivers."""
    take_large(desk, 2_000_000)
    request.getfixturevalue("small_files")
    [result] = await desk.run()
    assert result.problem is not None
    assert (result.problem.code, result.problem.retryable) == ("earchive.full", False)
    assert "brak" in result.problem.cause_pl
    assert desk.states() == {"queued": 1}
    assert desk.blob_files() == []
    assert not list((desk.folder / "records").glob("*/*.json"))
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert summary(await desk.run()).complete
    await desk.check_all_archived_once()


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, "earchive.full"),
        (errno.EDQUOT, "earchive.full"),
        (errno.EROFS, "earchive.read-only"),
        (errno.EACCES, "earchive.read-only"),
        (errno.EIO, "earchive.faulty"),
        (errno.ESTALE, "earchive.faulty"),
    ],
)
@pytest.mark.parametrize("place", ["octets", "record"])
async def test_each_error_of_the_disk_has_its_own_words(
    desk: ArchiveDesk, number: int, code: str, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S1, S3: whichever write it strikes, nothing is stored, nothing rejected, and the next run delivers."""
    desk.take_in(3, 1)

    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, "says the disk", "/mnt/name of a patient")

    with monkeypatch.context() as patch:
        if place == "octets":
            patch.setattr(blob_store, "write_durably", refuse)
        else:
            patch.setattr(records.os, "fsync", refuse)
        [result] = await desk.run()
    assert result.problem is not None
    assert result.problem.code == code
    assert "patient" not in str(result)
    assert desk.states() == {"queued": 3}
    assert desk.blob_files() == []
    assert summary(await desk.run()).complete
    await desk.check_all_archived_once()


async def test_a_failure_after_the_record_is_asked_about(
    desk: ArchiveDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nobody can know whether it landed, archiving asks, finds it, and stores nothing twice."""
    desk.take_in(3, 1)
    real, struck = records.flush_folder, []

    def fail_once(folder: Path) -> None:
        real(folder)
        if folder.parent.name == "records" and not struck:
            struck.append(folder)
            raise OSError(errno.EIO, "I/O error")

    monkeypatch.setattr(records, "flush_folder", fail_once)
    total = summary(await desk.run())
    assert struck
    assert (total.complete, total.recovered) == (True, 3)
    await desk.check_all_archived_once()


async def test_a_share_that_is_not_mounted_gets_no_empty_archive(desk: ArchiveDesk) -> None:
    """The mount point is an empty folder: a typed refusal, nothing is written there, nothing is lost."""
    desk.take_in(2, 1)
    away = desk.folder.with_name("unmounted")
    desk.folder.rename(away)
    desk.folder.mkdir()
    [result] = await desk.run()
    assert result.problem is not None
    assert result.problem.code == "earchive.folder-missing"
    with pytest.raises(errors.FolderMissing):
        async with opening(desk.database, desk.settings):
            pass
    with pytest.raises(errors.FolderMissing):
        init_earchive(desk.database, desk.settings, desk.folder)
    assert list(desk.folder.iterdir()) == []
    desk.folder.rmdir()
    away.rename(desk.folder)
    assert summary(await desk.run()).complete


async def test_a_share_that_goes_while_it_is_written_to(
    desk: ArchiveDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Octets that landed on the mount point are never taken for archived."""
    desk.take_in(2, 1)
    away, real = desk.folder.with_name("unmounted"), blob_store.write_durably
    went = []

    def go(path: Path, chunks: Any, mode: int = 0o600) -> int:
        if not went:
            went.append(path)
            desk.folder.rename(away)
            desk.folder.mkdir()
        return real(path, chunks, mode)

    monkeypatch.setattr(blob_store, "write_durably", go)
    [result] = await desk.run()
    assert result.problem is not None
    assert desk.states() == {"queued": 2}
    shutil.rmtree(desk.folder)
    away.rename(desk.folder)
    assert summary(await desk.run()).complete
    await desk.check_all_archived_once()


async def test_a_flipped_bit_is_named_and_never_given_out(desk: ArchiveDesk) -> None:
    """S4: octets that changed on the disk are found by check and by verify, and not delivered."""
    desk.take_in(5, 2)
    await desk.run()
    victim = desk.blob_files()[2]
    octets = bytearray(victim.read_bytes())
    octets[1000] ^= 4
    victim.chmod(0o600)
    victim.write_bytes(octets)
    archive = opened(desk)
    found = check(archive)
    archive.close()
    assert (len(found.damaged), found.sound) == (1, False)
    report = await verify(desk.archive, desk.database, read_back=True)
    assert (report.equal, [one.what for one in report.differing]) == (4, ["content"])
    victim.unlink()
    report = await verify(desk.archive, desk.database, read_back=True)
    assert report.equal == 4


async def test_a_damaged_index_is_made_again(desk: ArchiveDesk) -> None:
    """S4: the index is only a means; from the records comes one that answers the same."""
    desk.take_in(6, 3)
    await desk.run()
    await desk.archive.__aexit__(None, None, None)
    file = desk.archive.index_file
    file.write_bytes(b"not a database" * 1000)
    with pytest.raises(errors.IndexDamaged):
        await desk.archive.__aenter__()
    file.unlink()
    with pytest.raises(errors.IndexDamaged):
        await desk.archive.__aenter__()
    taken, damaged = rebuild(desk.archive.place, file)
    assert (taken > 0, damaged) == (True, [])
    await desk.archive.__aenter__()
    assert (await verify(desk.archive, desk.database, read_back=True)).complete
    await desk.check_all_archived_once()


async def test_a_damaged_record_is_named_and_left_out_only_when_told(desk: ArchiveDesk) -> None:
    """S4: a bit in a record ends a rebuild, unless it is to be skipped; the rest stays readable."""
    desk.take_in(6, 6)
    await desk.run()
    numbers = sorted((desk.folder / "records").glob("*/*.json"))
    octets = bytearray(numbers[1].read_bytes())
    octets[-10] ^= 1
    numbers[1].write_bytes(octets)
    file = desk.archive.index_file
    with pytest.raises(errors.RecordDamaged):
        rebuild(desk.archive.place, file)
    assert (await verify(desk.archive, desk.database)).complete
    await desk.archive.__aexit__(None, None, None)
    lost = octets.count(b'"key"')
    assert rebuild(desk.archive.place, file, skip_damaged=True) == (len(numbers) - 1, [2])
    await desk.archive.__aenter__()
    report = await verify(desk.archive, desk.database)
    assert (report.equal, len(report.missing)) == (6 - lost, lost)
    desk.take_in(1, 1, seed=2)
    assert summary(await desk.run()).complete


async def test_a_folder_from_an_older_copy_is_told(desk: ArchiveDesk) -> None:
    """Records that the index remembers and the folder has lost are no silent loss."""
    desk.take_in(3, 3)
    await desk.run()
    last = max((desk.folder / "records").glob("*/*.json"))
    lost = last.read_bytes().count(b'"key"')
    last.unlink()
    with pytest.raises(errors.ArchiveBehind) as caught:
        await desk.reopen()
    known = int(last.stem)
    assert caught.value.data == {"found": known - 1, "known": known}
    rebuild(desk.archive.place, desk.archive.index_file)
    await desk.archive.__aenter__()
    assert len((await verify(desk.archive, desk.database)).missing) == lost


async def test_an_archive_serves_one_installation(desk: ArchiveDesk, tmp_path: Path) -> None:
    """Another installation is refused, unless it takes over; then the former one is."""
    other = ArchiveDesk(tmp_path / "other")
    other.close()
    second = type(desk.settings)(_env_file=None, home=tmp_path / "new")  # type: ignore[call-arg]
    database = open_clinic(second)
    with pytest.raises(errors.ForeignArchive):
        init_earchive(database, second, desk.folder)
    init_earchive(database, second, desk.folder, taking_over=True)
    database.close()
    desk.take_in(1, 1)
    [result] = await desk.run()
    assert result.problem is not None
    assert result.problem.code == "earchive.foreign"


async def test_a_folder_in_use_becomes_no_archive(
    tmp_path: Path, clinic_database: Database, clinic_settings: Settings
) -> None:
    """A folder with somebody's files, one that does not exist, one of a later version: each refused."""
    folder = tmp_path / "full"
    folder.mkdir()
    (folder / "holiday.jpg").write_bytes(b"x")
    with pytest.raises(errors.FolderInUse):
        init_earchive(clinic_database, clinic_settings, folder)
    with pytest.raises(errors.FolderMissing):
        init_earchive(clinic_database, clinic_settings, tmp_path / "none")
    made = tmp_path / "made"
    made.mkdir()
    place = init_earchive(clinic_database, clinic_settings, made).place
    mark = made / "earchiwum.json"
    mark.write_text(json.dumps(json.loads(mark.read_text()) | {"format": 2}))
    with pytest.raises(errors.ArchiveTooNew):
        place.check()


async def test_words_of_removed_entries_leave_the_records(desk: ArchiveDesk) -> None:
    """What is removed leaves no patient's data in the folder, and stays removed after a rebuild."""
    desk.take_in(1, 1)
    await desk.run()
    [name] = desk.unique_ids()
    found = (await desk.archive.query(iti18.get_documents(unique_ids=[name]))).metadata.documents[0]
    patient = found.patient_id.id.encode()
    stored = [path for path in desk.folder.rglob("*") if path.is_file()]
    assert any(patient in path.read_bytes() for path in stored)
    with opened(desk).reading() as connection:
        every = [row.entry_uuid for row in connection.execute(obj.select())]
    await desk.archive.remove_metadata(every)
    await desk.archive.remove_documents([DocumentRequest(desk.archive.repository_unique_id, name)])
    stored = [path for path in desk.folder.rglob("*") if path.is_file()]
    assert not any(patient in path.read_bytes() for path in stored)
    assert desk.blob_files() == []
    await desk.archive.__aexit__(None, None, None)
    rebuild(desk.archive.place, desk.archive.index_file)
    await desk.archive.__aenter__()
    assert await desk.copies() == []
