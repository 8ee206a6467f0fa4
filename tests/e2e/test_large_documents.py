"""Documents of 100 MB pass within a bounded memory, and small ones do not wait behind them."""

import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import sqlalchemy as sa

from erepo.cda.samples import generate
from erepo.clinic.intake import Intake
from erepo.clinic.tables import document, now
from tests.support.clinic_side import Clinic, new_clinic
from tests.support.cloud import RunningCloud, running_cloud
from tests.support.memory import PeakUntilEnd, peak, reset_peak

LARGE, SMALL = 3, 60
SIZE = 100 * 1000**2
#: What the issue allows above idle, in bytes.
ALLOWED = 400 * 1000**2


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[RunningCloud]:
    """Run a service of its own."""
    with running_cloud(tmp_path / "service") as cloud:
        yield cloud


@pytest.fixture
def clinic(tmp_path: Path, cloud: RunningCloud) -> Iterator[Clinic]:
    """Set up a clinic with three documents of 100 MB (a scan and two CDA) and sixty small ones, all due."""
    folder = tmp_path / "documents"
    folder.mkdir()
    chance = random.Random(4)
    (folder / "44051401359_skan.pdf").write_bytes(b"%PDF-1.7\n" + chance.randbytes(SIZE) + b"\n%%EOF\n")
    kinds = ["lab_result", "diagnostic_result", "discharge_summary"]
    samples = [*generate(1, LARGE - 1, kinds=kinds, size=SIZE), *generate(2, SMALL, kinds=kinds, size=20_000)]
    for number, sample in enumerate(samples):
        (folder / f"{number}.xml").write_bytes(sample.octets)
    with new_clinic(tmp_path / "clinic", cloud.tenant) as clinic:
        taken = Intake.at(clinic.database, clinic.settings).take_folder(sorted(folder.iterdir())).taken
        assert taken == LARGE + SMALL
        with clinic.database.begin() as connection:
            connection.execute(document.update().values(due_at=now()))
        yield clinic


@pytest.mark.timeout(1200)
async def test_documents_of_100_mb_pass_within_400_mb_and_small_ones_go_on(
    cloud: RunningCloud, clinic: Clinic
) -> None:
    """Sender and service stay under 400 MB above idle each, and no small document waits for a large one."""
    assert cloud.process
    service = psutil.Process(cloud.process.pid)
    idle = service.memory_info().rss
    reset_peak(service.pid)
    cold = clinic.start("archive", "--limit", "1", "--json")
    idle_sender = PeakUntilEnd(cold.pid)
    finish(cold)

    sender = clinic.start("archive", "--json")
    most = PeakUntilEnd(sender.pid)
    finish(sender)

    assert clinic.states() == {"archived": LARGE + SMALL}
    assert most.result() - idle_sender.result() < ALLOWED
    assert peak(service.pid) - idle < ALLOWED
    assert small_before_large(clinic) == SMALL


def finish(process: subprocess.Popen[bytes]) -> None:
    """Wait for a good end."""
    words = process.communicate(timeout=400)
    assert process.returncode == 0, words


def small_before_large(clinic: Clinic) -> int:
    """Count the small documents archived before the last large one."""
    columns = sa.select(document.c.size, document.c.archived_at).order_by(document.c.archived_at)
    with clinic.database.read() as connection:
        sizes = [row.size for row in connection.execute(columns)]
    last_large = max(index for index, size in enumerate(sizes) if size >= SIZE)
    return sum(size < SIZE for size in sizes[:last_large])
