"""A real kill -9 of a process that rotates, at random moments: the account works, and the rotation ends."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from erepo.clinic.rotation import Demand
from tests.erepo.clinic.onboarding.conftest import PASSPHRASE
from tests.erepo.clinic.rotation.conftest import Rotating

KILLS = 6

#: Says when it is ready, so that the kill falls into the work and not into its preparation.
CHILD = """
import sys, time
from datetime import timedelta
from pathlib import Path
from erepo.clinic import rotation
from erepo.clinic.database import open_clinic
from erepo.clinic.mail import MaildirMailbox, Mailer
from erepo.settings import Settings
account, port, folder, sender, office = sys.argv[1:]
settings = Settings()
database = open_clinic(settings)
mailer = Mailer("127.0.0.1", int(port), sender, tls="none")
print("ready", flush=True)
rotation.start(database, settings, account, demand=rotation.Demand.FORCED)
rotation.mail_requests(database, account, mailer, office)
while not rotation.collect_certificates(database, account, MaildirMailbox(Path(folder))):
    time.sleep(0.01)
rotation.register(database, settings, account)
rotation.cut_over(database, settings, account, timedelta(0))
rotation.published(database, account)
rotation.retire(database, settings, account)
"""


def child(rotating: Rotating, home: Path) -> subprocess.Popen[str]:
    """Start a process that rotates from where the ledger stands."""
    office = rotating.clinic.world.office
    mailer = office.mailer()
    box = str(office.mailbox().folder)
    ours = {
        "EREPO_HOME": str(home),
        "EREPO_CLINIC_DATABASE_URL": str(rotating.database.engine.url),
        "EREPO_KEY_PASSPHRASE": PASSPHRASE.decode(),
    }
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, rotating.account, str(office.port), box, mailer.sender, office.address],
        env=os.environ | ours,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.kill
def test_kill_9_at_any_moment(rotating: Rotating, tmp_path: Path) -> None:
    """After each kill the keys in the ledger are accepted; the rest is done by who comes next."""
    chance = random.Random(rotating.account)
    for _ in range(KILLS):
        with child(rotating, tmp_path) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            time.sleep(chance.uniform(0, 0.6))
            process.send_signal(signal.SIGKILL)
            process.wait(60)
        assert rotating.works()
    rotating.go_on(Demand.FORCED)
    assert rotating.stage is None
    assert rotating.works()
    assert rotating.accepted() == 2
