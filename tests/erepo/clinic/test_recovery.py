"""Archiving against the real service: lost answers, kills, outages, rotten documents, large documents."""

import asyncio
import contextlib
import itertools
import json
import random
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from erepo.clinic.archiving import send_batch, summary
from erepo.clinic.verifying import verify
from tests.support.clinic_side import Clinic, new_clinic, samples
from tests.support.cloud import RunningCloud, running_cloud
from tests.support.cutting_proxy import Cut, CuttingProxy

ACCOUNTS = itertools.count(2001)
SEEDS = itertools.count(100)


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    """One service for the module; each test has an account of its own."""
    with running_cloud(tmp_path_factory.mktemp("cloud")) as cloud:
        yield cloud


@pytest.fixture
def clinic(cloud: RunningCloud, tmp_path: Path) -> Iterator[Clinic]:
    """A clinic with an account of its own."""
    tenant = cloud.add_tenant(f"{next(ACCOUNTS):016d}")
    with new_clinic(tmp_path / "clinic", tenant, in_flight=4) as clinic:
        yield clinic


def fill(clinic: Clinic, tmp_path: Path, count: int, **options: int) -> None:
    """Take new documents in."""
    seed = next(SEEDS)
    clinic.take_in(samples(seed, count, **options), tmp_path / f"in{seed}")


async def assert_all_archived_once(clinic: Clinic) -> None:
    """Every document is archived, has one entry, and comes back with the same bytes."""
    assert clinic.states() == {"archived": len(clinic.unique_ids())}
    assert set((await clinic.entries()).values()) == {1}
    async with clinic.connection() as connection:
        report = await verify(connection, clinic.database, read_back=True)
    assert report.complete, report


async def test_documents_arrive_and_come_back_equal(clinic: Clinic, tmp_path: Path) -> None:
    """Taken in, planned, sent, registered, read back: equal by SHA-256."""
    fill(clinic, tmp_path, 30, patients=9)
    total = summary(await clinic.send_all())
    assert (total.archived, total.complete) == (30, True)
    await assert_all_archived_once(clinic)


@pytest.mark.parametrize("cut", [Cut.BEFORE_REQUEST, Cut.MID_REQUEST, Cut.BEFORE_ANSWER])
async def test_cut_connections_lose_nothing_and_store_nothing_twice(
    clinic: Clinic, tmp_path: Path, cut: Cut
) -> None:
    """Every other connection is cut at one point; runs go on until all is delivered; each document once."""
    fill(clinic, tmp_path, 20, patients=20)
    async with CuttingProxy(
        int(_port(clinic)), lambda number: cut if number % 2 == 0 else Cut.NEVER
    ) as proxy:
        for _ in range(12):
            if summary(await clinic.send_all(proxy.port, submission_documents=1)).complete:
                break
        assert proxy.cuts
    await assert_all_archived_once(clinic)


async def test_an_answer_lost_every_time_is_found_by_asking(clinic: Clinic, tmp_path: Path) -> None:
    """When no answer to a submission ever comes through, asking over a good line settles all of them."""
    fill(clinic, tmp_path, 4, patients=4)
    async with CuttingProxy(int(_port(clinic)), lambda _: Cut.BEFORE_ANSWER) as proxy:
        [result] = await clinic.send_all(proxy.port, submission_documents=1)
    assert result.problem is not None or result.finished
    assert summary(await clinic.send_all()).complete
    await assert_all_archived_once(clinic)


async def test_nobody_listening_is_told_with_cause_and_cure(clinic: Clinic, tmp_path: Path) -> None:
    """The service is down for the whole run: typed problem, everything queued, the next run delivers."""
    fill(clinic, tmp_path, 30, patients=30)
    async with CuttingProxy(1, lambda _: Cut.NEVER) as closed:
        port = closed.port
    [result] = await clinic.send_all(port, submission_documents=1)
    assert result.problem is not None
    assert (result.problem.code, result.retry_later) == ("remote.unavailable", 30)
    assert clinic.states() == {"queued": 30}
    assert summary(await clinic.send_all()).complete
    await assert_all_archived_once(clinic)


async def test_a_rotten_document_among_many_is_rejected_alone(clinic: Clinic, tmp_path: Path) -> None:
    """One document whose local bytes rotted is refused by the service; all others are archived."""
    fill(clinic, tmp_path, 25, patients=5)
    victim = sorted((clinic.settings.clinic_home / "content").glob("??/*"))[7]
    octets = bytearray(victim.read_bytes())
    octets[len(octets) // 2] ^= 1
    victim.write_bytes(octets)
    total = summary(await clinic.send_all())
    assert (total.archived, len(total.rejected), total.retry_later, total.unresolved) == (24, 1, 0, 0)
    assert clinic.states() == {"archived": 24, "rejected": 1}
    assert total.rejected[0].cure_pl


async def test_two_archivers_at_once_send_every_document_once(clinic: Clinic, tmp_path: Path) -> None:
    """Two processes started together share the batches; no document arrives twice."""
    fill(clinic, tmp_path, 60, patients=60)
    both = [clinic.start("archive", "--json") for _ in range(2)]
    outputs = [await asyncio.to_thread(one.communicate, timeout=300) for one in both]
    assert all(one.returncode in (0, 1) for one in both), outputs
    assert summary(await clinic.send_all()).complete
    await assert_all_archived_once(clinic)


@pytest.mark.kill
async def test_kill_9_of_the_command_at_any_moment_loses_and_doubles_nothing(
    clinic: Clinic, tmp_path: Path
) -> None:
    """`erepo archive` is killed five times at random moments; the last run finishes; all archived once."""
    fill(clinic, tmp_path, 100, patients=100)
    clinic.environment |= {"EREPO_BATCH_DOCUMENTS": "30", "EREPO_IN_FLIGHT": "4"}
    draw, killed = random.Random(time.time_ns()), 0
    for _ in range(5):
        process = clinic.start("archive", "--json")
        # Most of a short run is its start; the kills fall into the part where documents move.
        await _archiving(clinic, process)
        await asyncio.sleep(draw.uniform(0, 0.25))
        process.kill()
        await asyncio.to_thread(process.communicate)
        killed += process.returncode == -signal.SIGKILL
    assert killed
    last = clinic.start("archive", "--json")
    output, errors = await asyncio.to_thread(last.communicate, timeout=300)
    assert last.returncode == 0, (output, errors)
    assert json.loads(output)["problem"] is None
    await assert_all_archived_once(clinic)


async def _archiving(clinic: Clinic, process: subprocess.Popen[bytes]) -> None:
    """Wait until the process has begun to send, or has ended."""
    path = clinic.settings.clinic_url.removeprefix("sqlite:///")
    for _ in range(6000):
        with contextlib.closing(sqlite3.connect(path, timeout=30)) as connection:
            if connection.execute("SELECT count(*) FROM batch WHERE run_key IS NOT NULL").fetchone()[0]:
                return
        if process.poll() is not None:
            return
        await asyncio.sleep(0.02)


@pytest.mark.kill
async def test_kill_9_of_the_service_in_mid_run_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """The service is killed while documents arrive and started again; the next runs deliver the rest once."""
    with (
        running_cloud(tmp_path / "own") as own,
        new_clinic(tmp_path / "clinic", own.tenant, in_flight=8) as clinic,
    ):
        fill(clinic, tmp_path, 120, patients=120)
        for moment in (20, 60):
            seen = asyncio.Event()
            run = asyncio.create_task(_run_until(clinic, seen, moment))
            await seen.wait()
            await asyncio.to_thread(own.kill)
            await run
            await asyncio.to_thread(own.start)
        assert summary(await clinic.send_all()).complete
        await assert_all_archived_once(clinic)


async def _run_until(clinic: Clinic, seen: asyncio.Event, documents: int) -> None:
    """Send all batches; tell when so many documents are archived, or nothing more will be."""
    loop, done = asyncio.get_running_loop(), 0

    def progress(more: int, _: int) -> None:
        nonlocal done
        done += more
        if done >= documents:
            loop.call_soon_threadsafe(seen.set)

    try:
        planned = clinic.plan(submission_documents=1)
        async with clinic.connection() as connection:
            for batch in planned.batches:
                result = await send_batch(connection, clinic.database, batch, progress=progress)
                assert result.finished or result.problem is not None
    finally:
        seen.set()


async def test_large_documents_pass_while_small_ones_go_on(clinic: Clinic, tmp_path: Path) -> None:
    """Two documents of 20 MB and many small ones: all archived, and streaming holds no whole document."""
    large = [one for size in (20_000_000, 20_000_001) for one in samples(next(SEEDS), 1, size=size)]
    small = samples(next(SEEDS), 30, patients=30)
    clinic.take_in([*large, *small], tmp_path / "in")
    total = summary(await clinic.send_all())
    assert (total.archived, total.complete) == (32, True)
    await assert_all_archived_once(clinic)


async def test_verify_finds_a_flipped_byte_and_a_missing_document(tmp_path: Path) -> None:
    """What the service has lost or changed is named by id; the rest is equal."""
    with running_cloud(tmp_path / "own") as own, new_clinic(tmp_path / "clinic", own.tenant) as clinic:
        fill(clinic, tmp_path, 10, patients=3)
        assert summary(await clinic.send_all()).complete
        with clinic.database.begin() as connection:
            connection.exec_driver_sql("UPDATE document SET sha1 = substr(sha1, 2) || 'x' WHERE id = 1")
            connection.exec_driver_sql("UPDATE document SET unique_id = '1.2.3^gone' WHERE id = 2")
            connection.exec_driver_sql("UPDATE document SET sha256 = substr(sha256, 2) || 'x' WHERE id = 3")
        async with clinic.connection() as connection:
            quick = await verify(connection, clinic.database)
            full = await verify(connection, clinic.database, read_back=True)
    assert (quick.checked, quick.equal, [one.what for one in quick.differing], len(quick.missing)) == (
        10,
        8,
        ["hash"],
        1,
    )
    assert (full.equal, sorted(one.what for one in full.differing), len(full.missing)) == (
        7,
        ["content", "hash"],
        1,
    )
    assert not full.complete


async def test_verify_says_when_nobody_answers(clinic: Clinic, tmp_path: Path) -> None:
    """Documents that could not be checked are counted, and the problem is named."""
    fill(clinic, tmp_path, 12, patients=12)
    assert summary(await clinic.send_all()).complete
    async with CuttingProxy(1, lambda _: Cut.NEVER) as closed:
        port = closed.port
    async with clinic.connection(port) as connection:
        report = await verify(connection, clinic.database)
    assert (report.checked, report.unchecked, report.complete) == (0, 12, False)
    assert report.problem is not None
    assert report.problem.code == "remote.unavailable"


def _port(clinic: Clinic) -> str:
    return clinic.tenant.registry.rsplit(":", 1)[1].split("/", 1)[0]
