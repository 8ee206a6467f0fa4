"""`erepo cloud check`: both directions, on both databases and blob stores, with and without a second copy."""

import asyncio
import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from typer.testing import CliRunner, Result

from erepo.blobs.copies import MirroredBlobStore
from erepo.blobs.store import BlobStore, new_key
from erepo.cli.cloud import app
from erepo.cloud.audit.events import Event
from erepo.cloud.fixity import checking, sampling
from erepo.cloud.fixity.checking import Options
from erepo.cloud.fixity.findings import Finding, Kind
from erepo.cloud.fixity.sampling import BUCKETS
from erepo.cloud.storage.database import Database
from erepo.cloud.storage.places import open_blobs
from erepo.cloud.storage.tables import audit_event, document, document_octets, registry_object
from tests.support.cloud import ACCOUNT, RunningCloud, running_cloud
from tests.support.cloud_client import connected, make_entry, make_submission

LARGE = 400_000


@contextmanager
def stored(tmp_path: Path, stores: str, *, copy: bool) -> Iterator[RunningCloud]:
    """Run a service with two small documents, a large one that compresses little, and a large raw one."""
    more = {"EREPO_CLOUD_BLOBS_COPY": f"file://{tmp_path / 'copy'}"} if copy else {}
    with running_cloud(tmp_path, stores=stores, environment=more) as cloud:
        yield cloud


async def fill(cloud: RunningCloud) -> None:
    """Store four documents."""
    large = [secrets.token_hex(LARGE).encode(), b"%PDF" + secrets.token_bytes(LARGE)]
    async with connected(cloud.tenant) as client:
        for octets in [b"<a/>" * 100, b"small", *large]:
            entry = make_entry()
            response = await client.provide(make_submission((entry, octets)))
            assert not response.errors


@pytest.fixture
async def cloud(tmp_path: Path, stores: str) -> Any:
    """A service with four documents and no second copy."""
    with stored(tmp_path, stores, copy=False) as running:
        await fill(running)
        yield running


@pytest.fixture
async def mirrored(tmp_path: Path, stores: str) -> Any:
    """The same with a second copy in a folder."""
    with stored(tmp_path, stores, copy=True) as running:
        await fill(running)
        yield running


def run(cloud: RunningCloud, *arguments: str, code: int) -> Result:
    """Run `erepo cloud check`."""
    environment = {name: value for name, value in cloud.environment.items() if name.startswith("EREPO_")}
    result = CliRunner(env=environment | {"EREPO_LANGUAGE": "en"}).invoke(app, ["check", *arguments])
    assert result.exit_code == code, result.output
    return result


def found(cloud: RunningCloud, *arguments: str, code: int) -> dict[str, Any]:
    """Return what `erepo cloud check --json` says."""
    facts: dict[str, Any] = json.loads(run(cloud, "--json", *arguments, code=code).stdout)
    return facts


@contextmanager
def opened(cloud: RunningCloud) -> Iterator[tuple[Database, BlobStore]]:
    """Open database and blob stores as the service has them."""
    with closing(Database(cloud.settings.cloud_url)) as database:
        yield database, open_blobs(cloud.settings, cloud.home.blobs)


def blob_keys(cloud: RunningCloud) -> dict[int, str]:
    """Return the keys of blobs by document."""
    with opened(cloud) as (database, _), database.everyone("a test looks") as connection:
        rows = connection.execute(select(document.c.id, document.c.blob_key).order_by(document.c.id))
        return {row.id: row.blob_key for row in rows if row.blob_key is not None}


def change(cloud: RunningCloud, *statements: Any) -> None:
    """Change the database behind the service's back."""
    with opened(cloud) as (database, _), database.everyone("a test breaks it", write=True) as connection:
        for statement in statements:
            connection.execute(statement)


def recorded(cloud: RunningCloud) -> list[Event]:
    """Return the events of checks in all chains."""
    with opened(cloud) as (database, _), database.everyone("a test looks") as connection:
        events = [Event.read(bytes(each)) for each in connection.scalars(select(audit_event.c.facts))]
    return [each for each in events if each.who.endpoint == "erepo cloud check"]


def flipped(octets: bytes) -> bytes:
    """Return the octets with one bit of the middle turned."""
    middle = len(octets) // 2
    return octets[:middle] + bytes([octets[middle] ^ 1]) + octets[middle + 1 :]


def first_of(store: BlobStore) -> BlobStore:
    """Return the store that is read, of two."""
    return store.first if isinstance(store, MirroredBlobStore) else store


def damage(store: BlobStore, key: str, how: Callable[[bytes], bytes]) -> None:
    """Write a blob anew, changed."""
    with closing(store.open(key)) as file:
        octets = file.read()
    store.put(key, [how(octets)])


def test_all_is_well(cloud: RunningCloud) -> None:
    """Beside the running service everything is read and counted; exit code 0; the run is recorded."""
    facts = found(cloud, code=0)
    assert (facts["well"], facts["documents"], facts["entries"], facts["found"]) == (True, 4, 4, 0)
    assert facts["bytes"] > LARGE
    assert [each.result for each in recorded(cloud)] == [0]
    assert "wrong 0" in run(cloud, code=0).stdout


@pytest.mark.parametrize(
    ("how", "kind"),
    [(flipped, "damaged"), (lambda octets: octets[:-1], "damaged"), (lambda octets: octets[:0], "damaged")],
    ids=["one-bit", "cut", "empty"],
)
def test_a_damaged_blob_is_named(cloud: RunningCloud, how: Callable[[bytes], bytes], kind: str) -> None:
    """One bit, one byte or everything lost: named by account and number, exit code 1, and recorded."""
    number, key = next(iter(blob_keys(cloud).items()))
    with opened(cloud) as (_, blobs):
        damage(blobs, key, how)
    facts = found(cloud, code=1)
    (one,) = facts["findings"]
    assert (one["kind"], one["place"], one["account"], one["document"]) == (kind, "blobs", ACCOUNT, number)
    (event,) = [each for each in recorded(cloud) if each.codes]
    assert event.codes == ("check.damaged", "check.in-blobs")
    assert event.who.account == ACCOUNT
    text = run(cloud, code=1)
    assert f"* blobs {ACCOUNT} {number}: damaged" in text.stdout
    assert "--repair" in text.stderr


def test_a_missing_blob_and_an_orphan_are_told_apart(cloud: RunningCloud) -> None:
    """A row without blob is missing; a blob without row is an orphan, but not while it is young."""
    number, key = next(iter(blob_keys(cloud).items()))
    with opened(cloud) as (database, blobs):
        blobs.delete(key)
        lone = new_key(1)
        blobs.put(lone, [b"nobody's"])
        assert [each["kind"] for each in found(cloud, code=1)["findings"]] == ["missing"]
        kept: list[Finding] = []
        checking.check(database, blobs, Options(young=0), checking.Watcher(find=kept.append))
    assert [(each.kind, each.symbol, each.name) for each in kept] == [
        (Kind.MISSING, "-", str(number)),
        (Kind.ORPHAN, "+", lone),
    ]


def test_damaged_octets_in_the_database_are_named(cloud: RunningCloud) -> None:
    """Small contents are read and hashed as large ones are, and lost ones are missing."""
    with opened(cloud) as (database, _), database.everyone("a test looks") as connection:
        rows = connection.execute(select(document_octets).order_by(document_octets.c.document_id)).all()
    first, second = rows[0].document_id, rows[1].document_id
    mine = document_octets.c.document_id
    change(
        cloud,
        update(document_octets).where(mine == first).values(octets=flipped(bytes(rows[0].octets))),
        delete(document_octets).where(mine == second),
    )
    kinds = {(each["document"], each["kind"], each["place"]) for each in found(cloud, code=1)["findings"]}
    assert kinds == {(first, "damaged", "database"), (second, "missing", "database")}


def test_registry_and_documents_are_held_against_each_other(cloud: RunningCloud) -> None:
    """Another hash in the registry, an entry without document, a document without entry."""
    entries = registry_object.c.kind == 1
    with opened(cloud) as (database, _), database.everyone("a test looks") as connection:
        query = select(registry_object.c.id, registry_object.c.document_id).where(entries)
        rows = connection.execute(query.order_by(registry_object.c.id)).all()
    first, second, third = rows[:3]
    this = registry_object.c.id
    change(
        cloud,
        update(registry_object).where(this == first.id).values(sha1="0" * 40),
        update(registry_object).where(this == second.id).values(document_id=10**9),
        update(registry_object).where(this == third.id).values(document_id=None),
    )
    kinds = {(each["document"], each["kind"]) for each in found(cloud, code=1)["findings"]}
    assert kinds == {
        (first.document_id, "disagrees"),
        (second.id, "no-document"),
        (second.document_id, "no-entry"),
        (third.document_id, "no-entry"),
    }


async def test_what_happens_meanwhile_is_no_finding(cloud: RunningCloud) -> None:
    """While documents are stored, checks of the running service find nothing wrong."""
    async with connected(cloud.tenant) as client:

        async def submit() -> None:
            for _ in range(20):
                octets = secrets.token_bytes(LARGE)
                assert not (await client.provide(make_submission((make_entry(), octets)))).errors

        storing = asyncio.gather(submit(), submit())
        while not storing.done():
            assert (await asyncio.to_thread(found, cloud, code=0))["well"]
        await storing
    assert found(cloud, code=0)["documents"] == 44


def test_without_a_second_copy_nothing_can_be_repaired(cloud: RunningCloud) -> None:
    """`--repair` says what is missing, and looks at nothing: exit code 2."""
    assert "EREPO_CLOUD_BLOBS_COPY" in run(cloud, "--repair", code=2).stderr


async def test_what_one_copy_has_lost_comes_back_from_the_other(mirrored: RunningCloud) -> None:
    """Damaged and missing blobs of either store are written anew from the proven one; then all is well."""
    (first, first_key), (second, second_key) = blob_keys(mirrored).items()
    with opened(mirrored) as (_, blobs):
        assert isinstance(blobs, MirroredBlobStore)
        damage(blobs.first, first_key, flipped)
        blobs.second.delete(second_key)
    facts = found(mirrored, code=1)
    places = {(each["document"], each["kind"], each["place"]) for each in facts["findings"]}
    assert places == {(first, "damaged", "blobs"), (second, "missing", "copy")}
    facts = found(mirrored, "--repair", code=0)
    assert (facts["found"], facts["repaired"], facts["well"]) == (2, 2, True)
    assert found(mirrored, code=0)["found"] == 0
    codes = {each.codes for each in recorded(mirrored) if "check.repaired" in each.codes}
    assert codes == {
        ("check.damaged", "check.in-blobs", "check.repaired"),
        ("check.missing", "check.in-copy", "check.repaired"),
    }


def test_what_both_copies_have_lost_is_not_repaired(mirrored: RunningCloud) -> None:
    """No copy is ever made of a damaged one: both are named, exit code 1, and stay as they are."""
    key = next(iter(blob_keys(mirrored).values()))
    with opened(mirrored) as (_, blobs):
        assert isinstance(blobs, MirroredBlobStore)
        damage(blobs.first, key, flipped)
        damage(blobs.second, key, lambda octets: octets + b"!" if octets[:4] == b"%PDF" else octets[:-9])
        facts = found(mirrored, "--repair", code=1)
        assert {(each["place"], each["repaired"]) for each in facts["findings"]} == {
            ("blobs", False),
            ("copy", False),
        }
        with closing(blobs.second.open(key)) as file:
            kept = file.read()
    assert found(mirrored, "--repair", code=1)["repaired"] == 0
    with opened(mirrored) as (_, blobs), closing(first_of(blobs.second).open(key)) as file:
        assert file.read() == kept


class RemovedMeanwhile(MirroredBlobStore):
    """Two stores; while one is repaired, the document and both its blobs are removed."""

    def __init__(self, both: MirroredBlobStore, database: Database) -> None:
        super().__init__(both.first, both.second)
        self._database = database

    def restore(self, key: str) -> int:
        """Write the blob anew when the removal is done, from octets that were read before."""
        with closing(self.second.open(key)) as file:
            octets = file.read()
        with self._database.everyone("a test removes", write=True) as connection:
            connection.execute(delete(document).where(document.c.blob_key == key))
        self.delete(key)
        return self.first.put(key, [octets])


def test_a_repair_does_not_bring_back_what_was_removed_meanwhile(mirrored: RunningCloud) -> None:
    """The octets of a document that was removed while it was repaired are in no store afterwards."""
    key = next(iter(blob_keys(mirrored).values()))
    with opened(mirrored) as (database, blobs):
        assert isinstance(blobs, MirroredBlobStore)
        damage(blobs.first, key, flipped)
        racing = RemovedMeanwhile(blobs, database)
        assert checking.check(database, racing, Options(repair=True)).repaired == 0
        assert key not in set(blobs.keys())


def test_samples_read_everything_in_turn(cloud: RunningCloud) -> None:
    """Ten checks of 10 % read each document at least once; then nothing is older than the first of them."""
    with opened(cloud) as (database, _), database.everyone("a test looks") as connection:
        stored = sampling.unchecked_since(connection)
    read = sum(found(cloud, "--sample", "10%", code=0)["documents"] for _ in range(10))
    assert 4 <= read <= 8  # a tenth of 101 buckets is 11, so the last one takes some again
    with opened(cloud) as (database, _), database.everyone("a test looks") as connection:
        unread = sampling.unchecked_since(connection)
    assert stored is not None
    assert unread is not None
    assert unread > stored


def test_since_reads_only_what_is_new(cloud: RunningCloud) -> None:
    """`--since` leaves earlier contents unread, and says nothing about their age."""
    assert found(cloud, "--since", "1h", code=0)["documents"] == 4
    assert found(cloud, "--since", "2999-01-01", code=0)["documents"] == 0
    with opened(cloud) as (database, _), database.everyone("a test looks") as connection:
        last = sampling.last(connection)
    assert last is not None
    assert last["documents"] == 0


@pytest.mark.one_store
@pytest.mark.parametrize(
    "arguments",
    [
        ["--sample", "0"],
        ["--sample", "101%"],
        ["--since", "soon"],
        ["--rate", "fast"],
        ["--sample", "1%", "--since", "1d"],
    ],
    ids=" ".join,
)
def test_mistakes_are_explained(tmp_path: Path, arguments: list[str]) -> None:
    """A share, time or rate that is none ends with 2 before anything is looked at."""
    runner = CliRunner(env={"EREPO_HOME": str(tmp_path), "EREPO_LANGUAGE": "en"})
    result = runner.invoke(app, ["check", *arguments])
    assert result.exit_code == 2
    assert "Traceback" not in result.output


@pytest.mark.one_store
def test_a_service_that_is_not_set_up_cannot_be_checked(tmp_path: Path) -> None:
    """Exit code 2, with the cure, as JSON where that is asked for."""
    runner = CliRunner(env={"EREPO_HOME": str(tmp_path), "EREPO_LANGUAGE": "en"})
    result = runner.invoke(app, ["check", "--json"])
    assert result.exit_code == 2
    assert json.loads(result.stdout)["problem"]["code"] == "cloud.not-initialised"


def test_a_sample_reaches_all_strides() -> None:
    """Whatever stride row numbers come in, below the number of buckets, none is left out."""
    for stride in range(1, BUCKETS):
        assert len({number * stride % BUCKETS for number in range(BUCKETS)}) == BUCKETS
