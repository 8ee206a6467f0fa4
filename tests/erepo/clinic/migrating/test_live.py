"""`erepo migrate` and `erepo documents delete` against the real service: by hand, killed, cut."""

import asyncio
import contextlib
import itertools
import json
import random
import signal
import sqlite3
import subprocess  # noqa: TC003 - named in a signature
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner, Result

from erepo.cli.root import app
from erepo.clinic.archiving import summary
from erepo.clinic.content import ContentStore
from erepo.clinic.migrating import Selection, migrate, working
from erepo.clinic.permissions import Permission, grant
from erepo.clinic.tables import document, now, patient
from erepo.clinic.verifying import verify
from erepo.xds import iti18
from erepo.xds.iti43 import DocumentRequest
from tests.support.clinic_side import Clinic, new_clinic, samples
from tests.support.cloud import RunningCloud, running_cloud
from tests.support.cutting_proxy import Cut, CuttingProxy

ACCOUNTS, SEEDS = itertools.count(7201), itertools.count(900)
LOGIN = "archiwum"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    """One service for the module; each test has an account of its own."""
    with running_cloud(tmp_path_factory.mktemp("cloud")) as cloud:
        yield cloud


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again at once."""
    monkeypatch.setattr(working, "PAUSE", 0.01)


@pytest.fixture
def clinic(cloud: RunningCloud, tmp_path: Path) -> Iterator[Clinic]:
    """A clinic with an account of its own, whose user may migrate and delete."""
    tenant = cloud.add_tenant(f"{next(ACCOUNTS):016d}")
    with new_clinic(tmp_path / "clinic", tenant, in_flight=4) as clinic:
        allow(clinic)
        yield clinic


def allow(clinic: Clinic) -> None:
    """Let the user migrate and delete."""
    with clinic.database.begin() as connection:
        for permission in (Permission.MIGRATE, Permission.DELETE):
            grant(connection, LOGIN, permission, actor="test")


async def run(clinic: Clinic, *arguments: str, given: str | None = None) -> Result:
    """Run a command in this process, in a thread: it has a loop of its own."""
    return await asyncio.to_thread(CliRunner().invoke, app, arguments, env=clinic.environment, input=given)


async def archived(clinic: Clinic, tmp_path: Path, count: int, *, purge: bool = True, **options: int) -> None:
    """Take documents in and archive them; purge their content here."""
    seed = next(SEEDS)
    clinic.take_in(samples(seed, count, **options), tmp_path / f"in{seed}")
    assert summary(await clinic.send_all()).complete
    if purge:
        store = ContentStore.at(clinic.settings)
        with clinic.database.begin() as connection:
            connection.execute(
                document.update()
                .where(document.c.state == "archived")
                .values(state="remote", purged_at=now(), content_path=None)
            )
        for sha256 in list(store.stored()):
            store.remove(sha256)


def rows(clinic: Clinic, *columns: sa.Column[str]) -> list[tuple[str, ...]]:
    """Return columns of all documents."""
    with clinic.database.read() as connection:
        return [tuple(row) for row in connection.execute(sa.select(*columns).order_by(document.c.id))]


async def assert_home(clinic: Clinic) -> None:
    """Every document is blocked and whole here; neither registry nor repository knows any."""
    assert clinic.states() == {"blocked": len(clinic.unique_ids())}
    store = ContentStore.at(clinic.settings)
    for (sha256,) in rows(clinic, document.c.sha256):
        assert store.check(sha256).sha256 == sha256
    names = clinic.unique_ids()
    async with clinic.connection() as connection:
        found = await connection.query(iti18.get_documents(names, return_type=iti18.OBJECT_REF))
        requests = [DocumentRequest(connection.repository_unique_id, name) for name in names]
        assert (found.object_refs, (await connection.retrieve(requests)).documents) == ((), ())


async def test_the_whole_way_by_commands(clinic: Clinic, tmp_path: Path) -> None:
    """Listed, looked at, refused, brought home, unblocked, archived again under the same ids, verified."""
    await archived(clinic, tmp_path, 6, patients=2)
    ids = [one["id"] for one in json.loads((await run(clinic, "migrate", "list", "--json")).stdout)]
    assert len(ids) == 6
    seen = await run(clinic, "migrate", "run", "--all", "--as", LOGIN, "--dry-run", "--json")
    assert json.loads(seen.stdout)["documents"] == 6
    no = await run(clinic, "migrate", "run", "--all", "--as", LOGIN, given="n\n")
    assert "6 documents" in no.stdout
    assert clinic.states() == {"remote": 6}
    one = await run(clinic, "migrate", "run", ids[0], "--as", LOGIN, given="y\n")
    assert (one.exit_code, f"{ids[0]} migrated" in one.stdout) == (0, True), one.output
    rest = await run(clinic, "migrate", "run", "--all", "--as", LOGIN, "--yes", "--json")
    assert (rest.exit_code, json.loads(rest.stdout)["migrated"]) == (0, 5), rest.output
    await assert_home(clinic)
    assert len((await run(clinic, "migrate", "list", "--blocked")).stdout.splitlines()) == 6
    back = await run(clinic, "migrate", "unblock", ids[0], ids[1], "--as", LOGIN, "--json")
    assert json.loads(back.stdout) == {"unblocked": 2}
    assert json.loads((await run(clinic, "archive", "--json")).stdout)["archived"] == 2
    assert clinic.states() == {"archived": 2, "blocked": 4}
    async with clinic.connection() as connection:
        assert (await verify(connection, clinic.database, read_back=True)).complete


async def test_one_patient_by_number_or_from_the_input(clinic: Clinic, tmp_path: Path) -> None:
    """The identifier is read from the input and never an argument; its number does as well."""
    await archived(clinic, tmp_path, 6, patients=3)
    with clinic.database.read() as connection:
        key, identifier, authority = connection.execute(
            sa.select(patient.c.id, patient.c.identifier, patient.c.authority).order_by(patient.c.id)
        ).first() or (0, "", "")
    whose = f"{identifier}^^^&{authority}&ISO"
    assert (await run(clinic, "migrate", "number", given=f"{whose}\n")).stdout.strip() == str(key)
    look = ("migrate", "run", "--as", LOGIN, "--dry-run", "--json", "--patient")
    counts = {
        (await run(clinic, *look, "-", given=f"{whose}\n")).stdout,
        (await run(clinic, *look, str(key))).stdout,
    }
    assert [0 < json.loads(one)["documents"] < 6 for one in counts] == [True]
    assert (await run(clinic, *look, "44051401359")).exit_code == 2


async def test_only_who_may_and_only_what_was_chosen(clinic: Clinic, tmp_path: Path) -> None:
    """Without a filter, a permission or a user nothing happens, and the exit code says so."""
    await archived(clinic, tmp_path, 2)
    nothing = await run(clinic, "migrate", "run", "--as", LOGIN, "--yes", "--json")
    assert (nothing.exit_code, json.loads(nothing.stdout)["problem"]["code"]) == (
        2,
        "migration.nothing-chosen",
    )
    nobody = await run(clinic, "migrate", "run", "--all", "--as", "nobody", "--yes", "--json")
    assert (nobody.exit_code, json.loads(nobody.stdout)["problem"]["code"]) == (2, "user.unknown")
    assert clinic.states() == {"remote": 2}


async def test_deleting_by_command(clinic: Clinic, tmp_path: Path) -> None:
    """A prescription goes for good after a confirmation; a result never."""
    await archived(clinic, tmp_path, 3)
    ids = [name for (name,) in rows(clinic, document.c.public_id)]
    with clinic.database.begin() as connection:
        one = document.c.public_id == ids[0]
        connection.execute(document.update().where(one).values(kind="prescription"))
        connection.execute(document.update().where(~one).values(kind="lab_result"))
    refused = await run(clinic, "documents", "delete", *ids, "--as", LOGIN, "--yes", "--json")
    assert (refused.exit_code, json.loads(refused.stdout)["problem"]["code"]) == (2, "deletion.kind")
    unasked = await run(clinic, "documents", "delete", ids[1], "--as", LOGIN, given="y\n")
    assert (unasked.exit_code, "FOR GOOD" in unasked.output) == (2, False)
    assert (await run(clinic, "documents", "delete", ids[0], "--as", LOGIN, given="n\n")).exit_code == 1
    assert clinic.states() == {"remote": 3}
    done = await run(clinic, "documents", "delete", ids[0], "--as", LOGIN, given="y\n")
    assert (done.exit_code, clinic.states()) == (0, {"remote": 2, "deleted": 1}), done.output
    assert sorted((await clinic.entries()).values()) == [0, 1, 1]


@pytest.mark.kill
async def test_kill_9_of_the_command_at_any_moment(clinic: Clinic, tmp_path: Path) -> None:
    """`erepo migrate run` is killed three times at random moments; the last run brings the rest home."""
    await archived(clinic, tmp_path, 90, patients=30)
    clinic.environment |= {"EREPO_BATCH_DOCUMENTS": "30", "EREPO_IN_FLIGHT": "4"}
    draw, killed = random.Random(time.time_ns()), 0
    command = ("migrate", "run", "--all", "--as", LOGIN, "--yes", "--json")
    for _ in range(3):
        process = clinic.start(*command)
        await _at_work(clinic, process)
        await asyncio.sleep(draw.uniform(0, 0.25))
        process.kill()
        await asyncio.to_thread(process.communicate)
        killed += process.returncode == -signal.SIGKILL
    assert killed
    last = clinic.start(*command)
    output, errors = await asyncio.to_thread(last.communicate, timeout=300)
    assert last.returncode == 0, (output, errors)
    await assert_home(clinic)


async def _at_work(clinic: Clinic, process: "subprocess.Popen[bytes]") -> None:
    """Wait until the process holds a batch, or has ended."""
    path = clinic.settings.clinic_url.removeprefix("sqlite:///")
    for _ in range(6000):
        with contextlib.closing(sqlite3.connect(path, timeout=30)) as connection:
            held = "SELECT run_key FROM migration_batch WHERE run_key IS NOT NULL"
            if any(f"|{process.pid}|" in key for (key,) in connection.execute(held)):
                return
        if process.poll() is not None:
            return
        await asyncio.sleep(0.02)


@pytest.mark.kill
async def test_an_interrupted_command_finishes_what_is_in_hand(clinic: Clinic, tmp_path: Path) -> None:
    """SIGINT asks for a stop: documents in hand are finished, none is left half-done, exit code 1."""
    await archived(clinic, tmp_path, 90, patients=30)
    clinic.environment |= {"EREPO_BATCH_DOCUMENTS": "30", "EREPO_IN_FLIGHT": "1"}
    process = clinic.start("migrate", "run", "--all", "--as", LOGIN, "--yes", "--json")
    await _at_work(clinic, process)
    process.send_signal(signal.SIGINT)
    output, errors = await asyncio.to_thread(process.communicate, timeout=300)
    assert process.returncode == 1, (output, errors)
    assert json.loads(output)["stopped"] is True
    assert set(clinic.states()) <= {"blocked", "remote"}


@pytest.mark.kill
async def test_kill_9_of_the_service_in_mid_run(tmp_path: Path) -> None:
    """The service dies while documents leave it and starts again; the next run brings the rest home."""
    with (
        running_cloud(tmp_path / "own") as own,
        new_clinic(tmp_path / "clinic", own.tenant, in_flight=4) as clinic,
    ):
        allow(clinic)
        await archived(clinic, tmp_path, 60, patients=30)
        seen = asyncio.Event()
        async with clinic.connection() as connection:
            work = asyncio.create_task(
                migrate(
                    connection,
                    clinic.database,
                    Selection(everything=True),
                    LOGIN,
                    progress=lambda *_: seen.set(),
                )
            )
            waiting = asyncio.create_task(seen.wait())
            await asyncio.wait([work, waiting], return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            await asyncio.to_thread(own.kill)
            await work
        await asyncio.to_thread(own.start)
        done = await run(clinic, "migrate", "run", "--all", "--as", LOGIN, "--yes")
        assert done.exit_code == 0, done.output
        await assert_home(clinic)


@pytest.mark.parametrize("cut", [Cut.MID_REQUEST, Cut.BEFORE_ANSWER])
async def test_a_cut_line_costs_nothing_but_another_run(clinic: Clinic, tmp_path: Path, cut: Cut) -> None:
    """The line breaks a little later each time; runs go on until one passes."""
    await archived(clinic, tmp_path, 10, patients=4)
    port = int(clinic.connection().registry_url.split(":")[2].split("/")[0])
    for octets in itertools.count(14_000, 40_000):
        async with (
            CuttingProxy(port, lambda _: cut, octets=octets) as proxy,
            clinic.connection(proxy.port) as connection,
        ):
            total = await migrate(connection, clinic.database, Selection(everything=True), LOGIN)
        if total.complete:
            break
    assert clinic.states() == {"blocked": 10}
    await assert_home(clinic)


@pytest.mark.kill
async def test_two_commands_beside_an_archiving_one(clinic: Clinic, tmp_path: Path) -> None:
    """Processes of their own meet on the same patients; every document ends in one place, whole."""
    await archived(clinic, tmp_path, 16, patients=5)
    seed = next(SEEDS)
    clinic.take_in(samples(seed, 16, patients=5), tmp_path / f"in{seed}")
    command = ("migrate", "run", "--all", "--as", LOGIN, "--yes", "--json")
    started = [clinic.start(*command), clinic.start("archive", "--json"), clinic.start(*command)]
    for process in started:
        await asyncio.to_thread(process.communicate, timeout=300)
    assert set(clinic.states()) <= {"blocked", "archived"}
    last = await run(clinic, *command)
    assert last.exit_code == 0, last.output
    await assert_home(clinic)
