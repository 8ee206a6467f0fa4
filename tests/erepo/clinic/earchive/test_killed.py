"""`erepo archive` into the eArchiwum, killed for real at random moments."""

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import closing

import pytest

from erepo.clinic.archiving import summary
from erepo.clinic.earchive import check, open_archive
from erepo.clinic.tables import document
from erepo.clinic.verifying import verify
from tests.support.earchive import ArchiveDesk


@pytest.mark.kill
async def test_kill_9_at_any_moment_loses_and_doubles_nothing(desk: ArchiveDesk) -> None:
    """Killed four times while records are written; the next run finishes: all archived once, all sound."""
    desk.take_in(60, 60)
    surroundings = os.environ | {
        "EREPO_HOME": str(desk.settings.home),
        "EREPO_BATCH_DOCUMENTS": "20",
        "EREPO_IN_FLIGHT": "4",
    }
    draw, killed = random.Random(time.time_ns()), 0
    for _ in range(4):
        before = len(desk.records())
        killed += await asyncio.to_thread(_kill_one, desk, surroundings, before + 2, draw.uniform(0, 0.1))
    assert killed
    await desk.reopen()
    for _ in range(2):
        total = summary(await desk.run())
    assert total.problem is None
    await desk.check_all_archived_once()
    assert len(desk.rows(document.c.id)) == 60
    assert (await verify(desk.archive, desk.database, read_back=True)).complete
    with closing(open_archive(desk.archive.place, desk.archive.index_file)) as archive:
        assert check(archive).sound


def _kill_one(desk: ArchiveDesk, surroundings: dict[str, str], records: int, later: float) -> bool:
    """Archive, and kill it some moments after so many records are there; tell whether it was in time."""
    process = subprocess.Popen(
        [sys.executable, "-m", "erepo", "archive", "--json"], env=surroundings, stdout=subprocess.PIPE
    )
    while process.poll() is None and len(desk.records()) < records:
        time.sleep(0.01)
    time.sleep(later)
    process.kill()
    process.communicate()
    return process.returncode == -signal.SIGKILL
