"""kill -9 during `erepo import`, at random moments: every file is taken in once, nothing is lost."""

import itertools
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from erepo.cda.samples import write_samples
from erepo.clinic.content import ContentStore
from erepo.clinic.database import open_clinic
from erepo.clinic.intake import Intake
from erepo.clinic.tables import audit_event, document
from erepo.content import FileContent, digest
from erepo.settings import Settings

FILES = 300
KILLS = 8

#: Longest wait between the last outcome awaited and the kill, in seconds: about one group of files.
LONGEST = 0.1

# Not the whole command line: its start-up would only make the kills miss.
_IMPORT = """
import sys
from pathlib import Path
from erepo.clinic.database import open_clinic
from erepo.clinic.intake import Intake
from erepo.settings import Settings
settings = Settings()
intake = Intake.at(open_clinic(settings), settings)
print("begun", flush=True)
delete = sys.argv[2] == "delete"
intake.take_folder([Path(sys.argv[1])], lambda one: print(one.public_id, flush=True), delete_source=delete)
"""


def _run_and_kill(folder: Path, home: Path, mode: str, rng: random.Random) -> set[str]:
    """Import until some outcomes and some milliseconds have passed, then kill; return the ids reported."""
    command = [sys.executable, "-c", _IMPORT, str(folder), mode]
    environment = {**os.environ, "EREPO_HOME": str(home)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "begun\n"
            lines = list(itertools.islice(process.stdout, rng.randrange(FILES)))
            time.sleep(rng.uniform(0, LONGEST))
        finally:
            process.kill()
        lines += list(process.stdout)
    # The last line may be cut off by the kill.
    return {line.strip() for line in lines if len(line) == 33}


def _stored(settings: Settings) -> dict[str, str]:
    """Return SHA-256 by public id of what the database holds; each content is read back on the way."""
    database, store = open_clinic(settings), ContentStore.at(settings)
    with database.read() as connection:
        rows = connection.execute(sa.select(document.c.public_id, document.c.sha256)).all()
    database.close()
    return {row.public_id: store.check(row.sha256).sha256 for row in rows}


@pytest.mark.kill
@pytest.mark.parametrize("mode", ["keep", "delete"])
def test_killed_imports_lose_nothing_and_double_nothing(tmp_path: Path, mode: str) -> None:
    """After each kill every reported document is there, whole; in the end each file is one document."""
    folder, settings = tmp_path / "in", Settings(home=tmp_path / "home")
    write_samples(folder, seed=5, count=FILES, size=(5_000, 20_000))
    originals = {digest(FileContent(path)).sha256 for path in folder.iterdir()}
    rng = random.Random(20260302)
    progress = set()
    for _ in range(KILLS):
        reported = _run_and_kill(folder, settings.home, mode, rng)
        stored = _stored(settings)
        progress.add(len(stored))
        assert reported <= set(stored)
        left = {digest(FileContent(path)).sha256 for path in folder.iterdir()}
        assert left | set(stored.values()) == originals
    assert len(progress) > 1, "the kills must hit imports at work"

    database = open_clinic(settings)
    summary = Intake.at(database, settings).take_folder([folder], delete_source=mode == "delete")
    assert summary.refused == 0
    with database.read() as connection:
        taken = sa.select(sa.func.count()).where(audit_event.c.event == "taken_in")
        assert connection.execute(taken).scalar() == FILES
    database.close()
    assert sorted(_stored(settings).values()) == sorted(originals)
    assert len(list(folder.iterdir())) == (FILES if mode == "keep" else 0)
