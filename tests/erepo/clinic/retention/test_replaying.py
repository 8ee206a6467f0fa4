"""A backup from before a destruction brings rows back; what was erased is destroyed again."""

import contextlib
import itertools
import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from erepo.clinic.archiving import leases, summary
from erepo.clinic.finishing import Finished, finish_interrupted
from erepo.clinic.retention import (
    HoldReason,
    Proposal,
    adopt,
    begin_replay,
    execute,
    executing,
    hold,
    read_proposals,
    replaying,
    write_protocol,
)
from erepo.clinic.retention.erased import Erased, erased_folder
from erepo.clinic.retention.errors import ProtocolUntrusted
from erepo.clinic.sealing import key_file
from erepo.clinic.tables import audit_event, document, patient
from erepo.clinic.verifying import verify
from tests.support.chains import another_patient, version
from tests.support.crashing import Crash, fail_at
from tests.support.keeping import Keeper
from tests.support.removing_cloud import RemovingCloud


class Backup:
    """A copy of database, content, and what the repository holds, as they are now."""

    def __init__(self, keeper: Keeper, folder: Path) -> None:
        self.keeper, self.folder = keeper, folder
        home = keeper.desk.settings.clinic_home
        folder.mkdir()
        self._copy(home / "clinic.db", folder / "clinic.db")
        shutil.copytree(home / "content", folder / "content")
        cloud = keeper.cloud
        self.there = (
            dict(cloud.entries),
            dict(cloud.octets),
            dict(cloud.members),
            dict(cloud.sets),
            [*cloud.links],
        )

    def restore(self, *, repository: bool = False) -> None:
        """Bring it back; the folder of what was erased stays as it is."""
        home = self.keeper.desk.settings.clinic_home
        self.keeper.desk.database.close()
        self._copy(self.folder / "clinic.db", home / "clinic.db")
        shutil.rmtree(home / "content")
        shutil.copytree(self.folder / "content", home / "content")
        if repository:
            cloud = self.keeper.cloud
            entries, octets, members, sets, links = self.there
            cloud.entries, cloud.octets, cloud.members = dict(entries), dict(octets), dict(members)
            cloud.sets, cloud.links = dict(sets), [*links]

    @staticmethod
    def _copy(source: Path, target: Path) -> None:
        with (
            contextlib.closing(sqlite3.connect(source)) as one,
            contextlib.closing(sqlite3.connect(target)) as two,
        ):
            one.backup(two)


async def archived(keeper: Keeper, *documents: bytes) -> list[str]:
    """Bring documents and archive them."""
    ids = keeper.bring(*documents)
    for _ in range(2):
        assert summary(await keeper.desk.run()).complete
    return ids


async def destroy(keeper: Keeper, proposal: Proposal | None = None) -> Proposal:
    """Propose, confirm, carry out, and write the protocol."""
    confirmed = keeper.confirm(proposal or keeper.propose())
    done = await execute(keeper.cloud, keeper.desk.database, keeper.desk.settings, confirmed)
    assert done.open == 0
    write_protocol(keeper.desk.database, keeper.desk.settings, confirmed.id)
    return confirmed


async def finish(keeper: Keeper) -> Finished:
    """Do what the nightly verifying does beside its own work."""
    return await finish_interrupted(keeper.cloud, keeper.desk.database)


def check_gone(keeper: Keeper) -> None:
    """Nothing by which document or patient could be recognised is left."""
    for word in ("44051401359", "19440514", "^A1", "^A2", "^C1"):
        assert keeper.octets_of(word) == [], word


@pytest.mark.parametrize("repository", [False, True])
async def test_what_a_backup_brings_back_is_destroyed_again(
    keeper: Keeper, tmp_path: Path, repository: bool
) -> None:
    """Rows, content and, from a backup of its own, the repository: gone again; another patient's stays."""
    await archived(keeper, version(1), version(2))
    keeper.bring(version(1, name="C", series="S3"))
    await archived(keeper, version(1, name="B", series="S2", year=2040, patient=another_patient()))
    backup = Backup(keeper, tmp_path / "backup")
    proposal = await destroy(keeper)
    protocol = keeper.desk.settings.clinic_home / "destruction" / f"{proposal.id}.json"
    first = protocol.read_bytes()
    backup.restore(repository=repository)
    shutil.rmtree(backup.folder)
    assert keeper.octets_of("44051401359")
    assert await finish(keeper) == Finished(destroyed=3)
    check_gone(keeper)
    assert len(list(keeper.store.stored())) == 1
    assert [entry.unique_id[-2:] for _, entry in keeper.cloud.entries.values()] == ["B1"]
    assert sorted(keeper.desk.rows(patient.c.identifier)) == [("-",), ("02070803628",)]
    events = [row[0] for row in keeper.desk.rows(audit_event.c.event)]
    assert (events.count("destruction_replayed"), events.count("destroyed")) == (3, 3)
    assert protocol.read_bytes() == first
    again = json.loads(protocol.with_name(f"{proposal.id}.2.json").read_bytes())
    assert again["counts"] == {"destroyed": 3}
    assert (again["proposal"]["proposed_by"], again["proposal"]["confirmed_by"]) == ("anna", "jan")
    assert await finish(keeper) == Finished()
    assert (await verify(keeper.cloud, keeper.desk.database)).complete


async def test_a_restored_document_is_sent_to_nobody(keeper: Keeper, tmp_path: Path) -> None:
    """Destroyed before it was ever archived; restored, the look comes before the plan."""
    keeper.bring(version(1))
    backup = Backup(keeper, tmp_path / "backup")
    await destroy(keeper)
    backup.restore()
    assert keeper.desk.states() == {"local": 1}
    assert begin_replay(keeper.desk.database, keeper.desk.settings).begun == 1
    assert keeper.desk.plan().planned == 0
    await finish(keeper)
    assert keeper.cloud.entries == {}


async def test_a_list_that_came_back_goes_on_with_nothing(keeper: Keeper, tmp_path: Path) -> None:
    """One was held after the backup and kept; restored without the hold it is kept all the same."""
    held, other = await archived(keeper, version(1), version(1, name="B", series="S2"))
    proposal = keeper.propose()
    backup = Backup(keeper, tmp_path / "backup")
    with keeper.desk.database.begin() as connection:
        hold(connection, [held], HoldReason.COURT, "anna")
    await destroy(keeper, proposal)
    backup.restore(repository=True)
    assert await finish(keeper) == Finished(destroyed=1)
    assert keeper.items(proposal) == {held: ("dropped", "restored"), other: ("destroyed", None)}
    assert [entry.unique_id[-2:] for _, entry in keeper.cloud.entries.values()] == ["A1"]


async def test_a_hold_that_came_back_stops_nothing(keeper: Keeper, tmp_path: Path) -> None:
    """It was released before the destruction, and the backup knows only that it was set."""
    [one] = await archived(keeper, version(1))
    with keeper.desk.database.begin() as connection:
        hold(connection, [one], HoldReason.COURT, "anna")
    backup = Backup(keeper, tmp_path / "backup")
    with keeper.desk.database.begin() as connection:
        connection.execute(document.update().values(legal_hold=False))
    await destroy(keeper)
    backup.restore()
    assert await finish(keeper) == Finished(destroyed=1)


async def test_what_is_on_its_way_is_settled_first(keeper: Keeper, tmp_path: Path) -> None:
    """All or none of a file is begun, for its first document stands for the others."""
    one, _ = await archived(keeper, version(1), version(1, name="B", series="S2"))
    backup = Backup(keeper, tmp_path / "backup")
    await destroy(keeper)
    backup.restore()
    keeper.set_state(one, "sending")
    found = begin_replay(keeper.desk.database, keeper.desk.settings)
    assert (found.begun, found.waiting) == (0, 1)
    keeper.set_state(one, "archived")
    assert await finish(keeper) == Finished(destroyed=2)


async def test_only_the_seal_of_this_installation_destroys(keeper: Keeper, tmp_path: Path) -> None:
    """Changed, renamed, or sealed by another key: told, and nothing is touched."""
    [one] = keeper.bring(version(1))
    backup = Backup(keeper, tmp_path / "backup")
    await destroy(keeper)
    backup.restore()
    settings = keeper.desk.settings
    [file] = erased_folder(settings).iterdir()
    good, key = file.read_bytes(), key_file(settings).read_bytes()
    file.write_bytes(good.replace(b"lab_result", b"lab_resulT"))
    done = await finish(keeper)
    assert done.problem is not None
    assert done.problem.code == ProtocolUntrusted.code
    file.write_bytes(good)
    file.rename(file.with_name(f"{file.stem.partition('-')[0]}-{'0' * 32}.json"))
    assert begin_replay(keeper.desk.database, settings).untrusted == 1
    file.with_name(f"{file.stem.partition('-')[0]}-{'0' * 32}.json").rename(file)
    key_file(settings).unlink()
    assert begin_replay(keeper.desk.database, settings).untrusted == 1
    assert keeper.desk.rows(document.c.public_id, document.c.state) == [(one, "local")]
    key_file(settings).write_bytes(key)
    assert begin_replay(keeper.desk.database, settings).begun == 1


async def test_files_of_a_newer_backup_are_taken_over(keeper: Keeper, tmp_path: Path) -> None:
    """The whole home was restored; the newest copy of the folder is given."""
    await archived(keeper, version(1))
    backup, settings = Backup(keeper, tmp_path / "backup"), keeper.desk.settings
    await destroy(keeper)
    newest = tmp_path / "newest"
    erased_folder(settings).rename(newest)
    backup.restore()
    assert begin_replay(keeper.desk.database, settings).begun == 0
    (newest / f"{'1' * 32}-{'2' * 32}.json").write_bytes(b"0\n{}")
    assert adopt(settings, newest) == 1
    assert begin_replay(keeper.desk.database, settings).begun == 1


async def test_nothing_is_erased_that_is_not_written_down(
    keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk refuses the file: content and row stay, begun; the next call goes on."""
    keeper.bring(version(1))
    proposal = keeper.confirm(keeper.propose())

    def refuse(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Erased, "put", refuse)
        with pytest.raises(OSError, match="No space"):
            await execute(keeper.cloud, keeper.desk.database, keeper.desk.settings, proposal)
    assert len(list(keeper.store.stored())) == 1
    assert keeper.octets_of("44051401359")
    done = await execute(keeper.cloud, keeper.desk.database, keeper.desk.settings, proposal)
    assert (done.destroyed, done.open) == (1, 0)
    names = Erased.at(keeper.desk.settings).names()
    assert [one.proposal for one in names] == [proposal.id]


_BOUNDARIES: list[tuple[Any, str]] = [
    (replaying, "_begin"),
    (executing, "_finish_some"),
    (Erased, "put"),
    (executing, "_erase"),
    (executing, "_count"),
    (RemovingCloud, "remove_metadata"),
    (RemovingCloud, "remove_documents"),
]


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_crash_at_any_boundary_of_a_replay(
    keeper: Keeper, tmp_path: Path, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For k = 1, 2, …: it ends at its k-th step; the next run destroys the rest, each once."""
    monkeypatch.setattr(leases, "is_dead", bool)
    monkeypatch.setattr(executing, "SLICE", 2)
    names = ("A", "C", "D")
    await archived(keeper, *(version(1, name=name, series=name) for name in names))
    backup = Backup(keeper, tmp_path / "backup")
    await destroy(keeper)
    for moment in itertools.count(1):
        backup.restore(repository=True)
        with monkeypatch.context() as patch:
            has_crashed = fail_at(moment, when, patch, _BOUNDARIES)
            with contextlib.suppress(Crash):
                await finish(keeper)
        done = await finish(keeper)
        assert (done.open, done.problem) == (0, None)
        assert {row[0] for row in keeper.desk.rows(document.c.origin)} == {"destroyed"}
        assert (keeper.cloud.entries, keeper.cloud.octets, list(keeper.store.stored())) == ({}, {}, [])
        if not has_crashed():
            break
    assert moment > 6


async def test_a_replay_costs_a_question_where_nothing_came_back(keeper: Keeper) -> None:
    """No file is read, and nothing is written: names and an index tell."""
    await archived(keeper, version(1))
    await destroy(keeper)
    asked: list[str] = []
    sa.event.listen(
        keeper.desk.database.engine, "before_cursor_execute", lambda *call: asked.append(str(call[2]))
    )
    file = next(erased_folder(keeper.desk.settings).iterdir())
    file.chmod(0)
    assert begin_replay(keeper.desk.database, keeper.desk.settings).begun == 0
    assert len([one for one in asked if one.startswith("SELECT")]) == 1
    with keeper.desk.database.read() as connection:
        assert [one.state for one in read_proposals(connection)] == ["finished"]
