"""The repair plan: every difference stands in it, and what is safe is repaired, whenever the process ends."""

from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from erepo.cli import verify_plan
from erepo.clinic.archiving import summary
from erepo.clinic.archiving.comparing import Finding
from erepo.clinic.content import ContentStore
from erepo.clinic.coverage import count_open
from erepo.clinic.earchive import EArchive
from erepo.clinic.purging import purge
from erepo.clinic.states import State, move
from erepo.clinic.tables import audit_event, document, now
from erepo.clinic.tables_earchive import repair
from erepo.clinic.tables_migrating import deletion
from erepo.clinic.verifying import repairing, verify
from erepo.clinic.verifying.errors import RepairUnknown
from erepo.clinic.verifying.plan import Planner, read_plan
from erepo.clinic.verifying.repairing import repair_all
from erepo.clinic.verifying.report import Archived
from erepo.content import MemoryContent
from erepo.settings import Settings
from flows import verifying_page
from tests.support import fake_cloud
from tests.support.archive_desk import Desk
from tests.support.clinic_side import new_clinic, samples
from tests.support.cloud import running_cloud
from tests.support.earchive import ArchiveDesk


class Crash(BaseException):
    """The process ends here."""


def plan(desk: Desk) -> list[tuple[str, str, str]]:
    """Return the open rows as (what, copy, action)."""
    with desk.database.read() as connection:
        return [(one.what, one.copy, one.action) for one in read_plan(connection)]


def ids(desk: Desk) -> list[str]:
    """Return the ids of the open rows."""
    with desk.database.read() as connection:
        return [one.id for one in read_plan(connection)]


def flip(path: Path) -> None:
    """Change one bit of a file."""
    octets = bytearray(path.read_bytes())
    octets[len(octets) // 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(octets)


async def damaged(archive: ArchiveDesk) -> None:
    """Archive documents, damage one of them in the eArchiwum, and find out."""
    archive.take_in(4, 2)
    await archive.run()
    flip(archive.blob_files()[1])
    report = await verify(archive.archive, archive.database, read_back=True)
    assert [one.what for one in report.differing] == ["content"]


async def healed(archive: ArchiveDesk) -> None:
    """Archive what was made local, and find everything right."""
    assert summary(await archive.run()).complete
    assert (await verify(archive.archive, archive.database, read_back=True)).complete
    await archive.check_all_archived_once()
    assert plan(archive) == []


async def test_purging_leaves_what_is_in_the_repair_plan(
    archive: ArchiveDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The repository's copy was right again, and is purged here while a repair removes it there: all stay."""
    await damaged(archive)
    flip(archive.blob_files()[1])
    with archive.database.begin() as connection:
        connection.execute(document.update().values(archived_at=now() - timedelta(days=400)))
    find, reports = repairing._find, []

    async def meanwhile(cloud: Any, unique_id: str) -> Any:
        reports.append(await purge(archive.archive, archive.database))
        return await find(cloud, unique_id)

    monkeypatch.setattr(repairing, "_find", meanwhile)
    [done] = await repair_all(archive.archive, archive.database, ids(archive))
    assert (done.outcome, reports[0].purged) == ("replaced", 3)
    store = ContentStore.at(archive.settings)
    [sha256] = [row[0] for row in archive.rows(document.c.sha256, document.c.state) if row[1] == "local"]
    assert store.check(sha256).sha256 == sha256


async def test_damaged_octets_are_replaced_from_the_copy_here(archive: ArchiveDesk) -> None:
    """S4: named, in the plan, replaced by the good copy, each step in the document's history."""
    await damaged(archive)
    assert plan(archive) == [("content", "here", "replace")]
    [done] = await repair_all(archive.archive, archive.database, ids(archive), actor="nowak")
    assert done.outcome == "replaced"
    assert archive.states() == {"archived": 3, "local": 1}
    await healed(archive)
    assert [row[0] for row in archive.rows(repair.c.state)] == ["repaired"]
    wanted = audit_event.c.event.in_(("verify_failed", "missed"))
    with archive.database.read() as connection:
        rows = connection.execute(sa.select(audit_event.c.event, audit_event.c.actor).where(wanted))
        told = [tuple(row) for row in rows]
    assert told == [("verify_failed", "erepo"), ("missed", "nowak")]


async def test_what_is_missing_is_sent_again(desk: Desk) -> None:
    """The repository has lost a document: it becomes local and is archived anew."""
    desk.take_in(3, 1)
    await desk.run()
    key = next(iter(desk.cloud.entries))
    del desk.cloud.entries[key]
    report = await verify(desk.cloud, desk.database)
    assert len(report.missing) == 1
    assert plan(desk) == [("missing", "here", "send-again")]
    await verify(desk.cloud, desk.database)
    assert len(plan(desk)) == 1


async def test_without_a_good_copy_it_stays_and_is_told(archive: ArchiveDesk) -> None:
    """Purged here and damaged there: loud, refused, and never closed until it is right again."""
    archive.take_in(2, 1)
    await archive.run()
    with archive.database.begin() as connection:
        every = list(connection.execute(sa.select(document.c.id)).scalars())
        move(connection, every, State.ARCHIVED, State.REMOTE, "purged")
    for path in (archive.settings.clinic_home / "content").glob("??/*"):
        path.unlink()
    victim = archive.blob_files()[0]
    good = victim.read_bytes()
    flip(victim)
    await verify(archive.archive, archive.database, read_back=True)
    assert plan(archive) == [("content", "none", "no-copy")]
    [done] = await repair_all(archive.archive, archive.database, ids(archive))
    assert done.outcome == "refused"
    assert done.problem is not None
    assert "człowieka" in done.problem.explain("pl")[0]
    await verify(archive.archive, archive.database)
    assert len(plan(archive)) == 1
    victim.write_bytes(good)
    assert (await verify(archive.archive, archive.database, read_back=True)).complete
    assert plan(archive) == []
    assert [row[0] for row in archive.rows(repair.c.state)] == ["gone"]


async def test_a_copy_that_is_damaged_here_too_is_no_good_copy(archive: ArchiveDesk) -> None:
    """The copy here is read and hashed when the plan is made, and again before anything is removed."""
    await damaged(archive)
    with archive.database.read() as connection:
        wanted = sa.select(document.c.sha256).join(repair, repair.c.document_id == document.c.id)
        name = connection.execute(wanted).scalar_one()
    flip(archive.settings.clinic_home / "content" / name[:2] / name)
    before = archive.blob_files()
    [done] = await repair_all(archive.archive, archive.database, ids(archive))
    assert done.outcome == "refused"
    assert archive.blob_files() == before
    await verify(archive.archive, archive.database, read_back=True)
    assert plan(archive) == [("content", "none", "no-copy")]
    with archive.database.read() as connection:
        assert count_open(connection) == {"no-copy": 1}


async def test_what_is_being_deleted_is_not_repaired(archive: ArchiveDesk) -> None:
    """A person's order to delete counts: nothing is removed here, and nothing sent again."""
    await damaged(archive)
    with archive.database.begin() as connection:
        [one] = connection.execute(sa.select(repair.c.document_id)).scalars()
        connection.execute(deletion.insert().values(document_id=one, actor="nowak"))
    before = archive.blob_files()
    [done] = await repair_all(archive.archive, archive.database, ids(archive))
    assert (done.outcome, archive.blob_files()) == ("refused", before)
    assert archive.states() == {"archived": 4}


async def test_something_else_under_our_id_is_left_for_a_person(desk: Desk) -> None:
    """Another hash, another size, two entries: evidence; nothing is removed."""
    desk.take_in(3, 1)
    await desk.run()
    entries = desk.cloud.entries
    for key, changed in zip(list(entries), ({"hash": "0" * 40}, {"size": 1}, {}), strict=True):
        name, entry = entries[key]
        entries[key if changed else f"{key}x"] = (name, fake_cloud.replace(entry, **changed))
    await verify(desk.cloud, desk.database)
    assert sorted(plan(desk)) == [(what, "here", "inspect") for what in ("hash", "size", "twice")]
    done = await repair_all(desk.cloud, desk.database, ids(desk))  # type: ignore[arg-type]
    assert {one.outcome for one in done} == {"refused"}


def test_only_what_is_lost_or_damaged_is_ever_repaired(tmp_path: Path) -> None:
    """Whatever else a check may find is for a person, and has words on both pages."""
    settings = Settings(_env_file=None, home=tmp_path)  # type: ignore[call-arg]
    planner, octets = Planner(settings), b"<a/>"
    ContentStore.at(settings).put(MemoryContent(octets))
    values = dict.fromkeys(Archived._fields, 1) | {"sha256": sha256(octets).hexdigest()}
    one = Archived(**values)  # type: ignore[arg-type]
    proposed = {finding: planner.judge(one, finding).action for finding in (None, *Finding)}
    assert proposed.pop(None) == "replace"
    assert proposed.pop(Finding.MISSING) == "send-again"
    assert set(proposed.values()) == {"inspect"}
    kinds = {"content", *(finding.value for finding in Finding)} - {"equal"}
    assert set(verify_plan.WHAT) == set(verifying_page.WHAT) == kinds


async def test_an_unknown_id_changes_nothing(archive: ArchiveDesk) -> None:
    """A mistyped id among good ones: told before anything is done."""
    await damaged(archive)
    with pytest.raises(RepairUnknown):
        await repair_all(archive.archive, archive.database, [*ids(archive), "nothing"])
    assert archive.states() == {"archived": 4}


_STEPS: list[tuple[Any, str]] = [
    (EArchive, "remove_metadata"),
    (EArchive, "remove_documents"),
    (repairing, "_commit"),
]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", range(len(_STEPS)))
async def test_a_crash_while_repairing_is_made_good_by_the_same_order(
    archive: ArchiveDesk, step: int, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever was removed already, the copy here is kept until the document is archived again."""
    await damaged(archive)
    owner, name = _STEPS[step]
    real = getattr(owner, name)

    async def later(*values: Any) -> None:
        if when == "after":
            await real(*values)
        raise Crash

    def now(*values: Any) -> None:
        if when == "after":
            real(*values)
        raise Crash

    wanted = ids(archive)
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, later if owner is EArchive else now)
        with pytest.raises(Crash):
            await repair_all(archive.archive, archive.database, wanted)
    await archive.reopen()
    if plan(archive):
        await repair_all(archive.archive, archive.database, wanted)
    await healed(archive)


async def test_a_verification_between_the_halves_of_a_repair(
    archive: ArchiveDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found missing then, it is sent again, and the damaged octets do not come back with it."""
    await damaged(archive)

    async def crash(*_: Any) -> None:
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(EArchive, "remove_documents", crash)
        with pytest.raises(Crash):
            await repair_all(archive.archive, archive.database, ids(archive))
    await verify(archive.archive, archive.database, read_back=True)
    assert plan(archive) == [("missing", "here", "send-again")]
    await repair_all(archive.archive, archive.database, ids(archive))
    await healed(archive)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Any]:
    """A service with one account."""
    with running_cloud(tmp_path / "service") as running:
        yield running


async def test_the_service_does_its_part_of_a_replacement(service: Any, tmp_path: Path) -> None:
    """Entry and octets go from the real service, the others of its submission stay; archived anew once."""
    with new_clinic(tmp_path / "clinic", service.tenant) as clinic:
        clinic.take_in(samples(5, 3, patients=1, size=6000), tmp_path / "in")
        await clinic.send_all()
        with clinic.database.begin() as connection:
            first = connection.execute(sa.select(document.c.id).limit(1)).scalar_one()
            row = {"id": "r", "document_id": first, "what": "content", "copy": "here", "action": "replace"}
            connection.execute(repair.insert().values(row))
        async with clinic.connection() as connected:
            [done] = await repair_all(connected, clinic.database, ["r"])
            assert done.outcome == "replaced"
            assert sorted((await clinic.entries()).values()) == [0, 1, 1]
        assert summary(await clinic.send_all()).complete
        assert set((await clinic.entries()).values()) == {1}
        async with clinic.connection() as connected:
            assert (await verify(connected, clinic.database, read_back=True)).complete
