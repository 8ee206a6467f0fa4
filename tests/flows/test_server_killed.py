"""Kill -9 of Prefect's server in the middle of a run of archiving: nothing of ours hangs on it."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from subprocess import Popen

import pytest

from erepo.clinic import runs
from flows.archive_documents import archive_documents
from flows.import_documents import import_documents
from flows.watch_runs import watch_runs
from tests.flows.test_watch_runs import heard
from tests.support.cloud import RunningCloud
from tests.support.flow_clinic import PREFECT, ClinicUnderTest
from tests.support.prefect import kill_server, restart_server
from tests.support.suspending import begin_run, order, read

pytestmark = [*PREFECT, pytest.mark.kill]

DOCUMENTS = 78
#: States in which a run is over.
_FINAL = ("Completed", "Failed", "Crashed")


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few documents in a task, so that the server dies amid the work; silence counts at once."""
    monkeypatch.setenv("EREPO_BATCH_DOCUMENTS", "4")
    monkeypatch.setenv("EREPO_IN_FLIGHT", "1")
    monkeypatch.setattr(runs, "SILENT", timedelta(0))


def archived(clinic: ClinicUnderTest) -> int:
    """Count what has arrived."""
    return clinic.states().get("archived", 0)


def in_hand(clinic: ClinicUnderTest) -> bool:
    """Tell whether a batch is under way."""
    return "sending" in clinic.states()


def entries(cloud: RunningCloud) -> Counter[int]:
    """Count how many documents have how many entries in the registry, of any status."""
    question = "SELECT count(*) FROM registry_object WHERE document_id IS NOT NULL GROUP BY document_id"
    with closing(sqlite3.connect(cloud.settings.cloud_home / "cloud.db", timeout=30)) as connection:
        return Counter(count for (count,) in connection.execute(question))


async def until(met: Callable[[], bool], process: Popen[bytes], seconds: float = 180) -> None:
    """Wait until something holds, or the process has ended."""
    for _ in range(int(seconds * 50)):
        if met() or process.poll() is not None:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not come to that")


@pytest.mark.parametrize("alone", [True, False])
async def test_the_server_is_killed_amid_a_run(
    connected: ClinicUnderTest, cloud: RunningCloud, prefect_database: Path, small_batches: None, alone: bool
) -> None:
    """The run ends, or is a zombie that watch-runs ends; each document arrives once, the next run finishes.

    Alone, or together with the process of the run, as in a power cut.
    """
    connected.drop(DOCUMENTS)
    await import_documents(quiet_seconds=0)
    run = await order(archive_documents)
    process = await asyncio.to_thread(begin_run, "flows.archive_documents", "archive_documents", run)
    try:
        for _ in range(2400):
            if await heard(run):
                break
            await asyncio.sleep(0.05)
        await until(lambda: archived(connected) >= 4, process)
        before = archived(connected)
        assert 0 < before < DOCUMENTS
        await asyncio.to_thread(kill_server)
        try:
            if not alone:
                process.kill()
            # What is in hand is brought to its end without the server; between two batches nothing is.
            await until(lambda: archived(connected) > before or not in_hand(connected), process)
        finally:
            await asyncio.to_thread(restart_server)
        await asyncio.to_thread(process.wait, 240)
    finally:
        process.kill()
        process.wait(60)
    state = (await read(run)).state_name
    print(f"the run: {state}, archived {archived(connected)}")  # shown where the test fails
    assert alone or state == "Running"
    if state not in _FINAL:
        await watch_runs()
        assert (await read(run)).state_name == "Crashed"
    assert set(connected.states()) <= {"archived", "queued", "sending", "local"}
    await archive_documents()
    assert connected.states() == {"archived": DOCUMENTS}
    assert entries(cloud) == Counter({1: DOCUMENTS})
