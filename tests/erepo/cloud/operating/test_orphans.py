"""Blobs that no row names: never removed by a guess, only when the operator says so, and that is recorded."""

import asyncio
import json
import os
import secrets
import shutil
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from typer.testing import CliRunner, Result

from erepo.blobs.copies import MirroredBlobStore
from erepo.blobs.store import FileBlobStore, new_key
from erepo.cli.cloud import app
from erepo.cloud.audit.events import Event
from erepo.cloud.fixity.checking import Options, check
from erepo.cloud.fixity.findings import Kind
from erepo.cloud.storage.database import Database
from erepo.cloud.storage.tables import audit_event
from erepo.content import read_all
from erepo.xds.iti41 import Submission
from tests.support.cloud import RunningCloud
from tests.support.cloud_client import connected, one_document

MONTHS = 100 * 24 * 3600.0


def run(cloud: RunningCloud, *arguments: str, code: int, answer: str = "") -> Result:
    """Run an `erepo cloud` command."""
    environment = {name: value for name, value in cloud.environment.items() if name.startswith("EREPO_")}
    runner = CliRunner(env=environment | {"EREPO_LANGUAGE": "en"})
    result = runner.invoke(app, [*arguments], input=answer)
    assert result.exit_code == code, result.output
    return result


def found(cloud: RunningCloud, *arguments: str, code: int) -> dict[str, Any]:
    """Return what `erepo cloud check --json` says."""
    facts: dict[str, Any] = json.loads(run(cloud, "check", "--json", *arguments, code=code).stdout)
    return facts


def recorded(cloud: RunningCloud) -> list[Event]:
    """Return the events of checks that name an orphan."""
    with closing(Database(cloud.settings.cloud_url)) as database, database.everyone("a test") as connection:
        events = [Event.read(bytes(each)) for each in connection.scalars(select(audit_event.c.facts))]
    return [each for each in events if "check.orphan" in each.codes]


async def stored(cloud: RunningCloud) -> Submission:
    """Store a document that is too large for a row."""
    submission = one_document(b"%PDF" + secrets.token_bytes(400_000))
    async with connected(cloud.tenant) as client:
        assert not (await client.provide(submission)).errors
    return submission


def age(cloud: RunningCloud) -> None:
    """Make every file of the blob store months old."""
    for path in cloud.home.blobs.rglob("*"):
        if path.is_file():
            os.utime(path, (time.time() - MONTHS,) * 2)


@pytest.mark.one_store
async def test_an_older_database_costs_no_document_that_was_confirmed_since(
    own_cloud: RunningCloud, tmp_path: Path
) -> None:
    """A backup does not know the latest blobs: starts leave them, and the newer database has them."""
    own_cloud.start()
    await stored(own_cloud)
    assert own_cloud.stop() == 0
    file = Path(own_cloud.settings.cloud_url.removeprefix("sqlite:///"))
    older, newer = tmp_path / "older.db", tmp_path / "newer.db"
    shutil.copy(file, older)
    own_cloud.start()
    confirmed = await stored(own_cloud)
    assert own_cloud.stop() == 0
    shutil.copy(file, newer)
    age(own_cloud)
    before = set(own_cloud.blobs.keys())
    shutil.copy(older, file)
    for _ in range(2):
        own_cloud.start()
        assert own_cloud.stop() == 0
    assert set(own_cloud.blobs.keys()) == before
    assert [each["kind"] for each in found(own_cloud, code=1)["findings"]] == ["orphan"]
    shutil.copy(newer, file)
    own_cloud.start()
    async with connected(own_cloud.tenant) as client:
        entry, content = confirmed.entries[0]
        result = await client.retrieve(entry.unique_id)
    assert read_all(result.documents[0].content) == read_all(content)


@pytest.mark.one_store
async def test_orphans_go_only_when_the_operator_says_so(own_cloud: RunningCloud) -> None:
    """No start, check or unconfirmed wish removes them; a confirmed one does, and is recorded."""
    own_cloud.start()
    await stored(own_cloud)
    kept, lone = set(own_cloud.blobs.keys()), new_key(1)
    own_cloud.blobs.put(lone, [b"nobody's"])
    assert found(own_cloud, code=0)["found"] == 0  # too young to be told
    age(own_cloud)
    own_cloud.stop()
    own_cloud.start()
    assert [each["key"] for each in found(own_cloud, code=1)["findings"]] == [lone]
    removing = ("--remove-orphans", "--older-than", "48h")
    refused = run(own_cloud, "check", *removing, code=1, answer="n\n")
    assert "only copy" in " ".join(refused.output.split())
    run(own_cloud, "check", "--json", *removing, code=2)  # a program cannot be asked
    run(own_cloud, "check", "--remove-orphans", "--older-than", "200d", "--yes", code=0)  # younger than that
    assert set(own_cloud.blobs.keys()) == kept | {lone}
    assert not [each for each in recorded(own_cloud) if "check.removed" in each.codes]
    facts = found(own_cloud, *removing, "--yes", code=0)
    (one,) = facts["findings"]
    assert (one["kind"], one["key"], one["removed"]) == ("orphan", lone, True)
    assert set(own_cloud.blobs.keys()) == kept
    event = recorded(own_cloud)[-1]
    assert event.codes == ("check.orphan", "check.in-blobs", "check.removed")
    assert [(each.kind, each.id) for each in event.things] == [("object", lone)]
    run(own_cloud, "audit", "verify", code=0)
    assert found(own_cloud, code=0)["found"] == 0


@pytest.mark.one_store
def test_a_store_that_the_database_does_not_know_is_not_emptied(own_cloud: RunningCloud) -> None:
    """Where most blobs are orphans, `--yes` is not enough: somebody has to look, and then it is done."""
    blobs = own_cloud.blobs
    for _ in range(3):
        blobs.put(new_key(1), [b"of another database"])
    age(own_cloud)
    removing = ("--remove-orphans", "--older-than", "48h")
    problem = json.loads(run(own_cloud, "check", "--json", *removing, "--yes", code=2).stdout)["problem"]
    assert problem["code"] == "cloud.orphans-too-many"
    assert len(set(blobs.keys())) == 3
    assert "3 of 3" in " ".join(run(own_cloud, "check", *removing, code=0, answer="y\n").output.split())
    assert set(blobs.keys()) == set()


@pytest.mark.one_store
def test_an_age_without_a_wish_to_remove_means_nothing(own_cloud: RunningCloud) -> None:
    """`--older-than` is of `--remove-orphans` only, and both are refused where they cannot be meant."""
    run(own_cloud, "check", "--older-than", "3d", code=2)
    run(own_cloud, "check", "--yes", code=2)
    for wrong in ("soon", "5h", "0d"):
        run(own_cloud, "check", "--remove-orphans", "--older-than", wrong, "--yes", code=2)


@pytest.mark.parametrize("copy", [False, True], ids=["single", "mirrored"])
async def test_orphans_are_removed_from_every_store(
    own_cloud: RunningCloud, tmp_path: Path, copy: bool
) -> None:
    """Each store's orphans go, and every document stays."""
    own_cloud.start()
    await stored(own_cloud)
    blobs = own_cloud.blobs
    if copy:
        blobs = MirroredBlobStore(blobs, FileBlobStore(tmp_path / "copy"))
        for key in set(blobs.first.keys()):
            blobs.copy_again(key)
    kept, lone = set(blobs.keys()), new_key(1)
    blobs.put(lone, [b"nobody's"])
    await asyncio.sleep(1.1)  # a bucket's clock has whole seconds
    with closing(Database(own_cloud.settings.cloud_url)) as database:
        report = check(database, blobs, Options(young=0, remove=True))
        assert (report.counts, report.removed, report.well) == ({Kind.ORPHAN: 1 + copy}, 1 + copy, True)
    assert set(blobs.keys()) == kept


def test_nobody_is_asked_where_nothing_is_to_be_removed(cloud: RunningCloud) -> None:
    """`--remove-orphans` without a single orphan of that age asks nothing, and removes nothing."""
    result = run(cloud, "check", "--remove-orphans", "--older-than", "36500d", code=0)
    assert "for good" not in result.output
    assert "removed 0" in result.output
