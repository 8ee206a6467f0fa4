"""A whole installation in processes of its own: no secret in an argument, a log, a database or a file."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from erepo.cli.demo_clinic import ACCOUNT
from erepo.clinic.database import open_database
from erepo.clinic.onboarding import bundles
from erepo.settings import Settings
from tests.support.ports import free_port_base
from tests.support.prefect import written
from tests.support.secret_scan import (
    files,
    forms,
    forms_of_key,
    hits,
    letters,
    open_to_others,
    watched_arguments,
)

pytestmark = [pytest.mark.prefect, pytest.mark.xdist_group("prefect")]


def marks_of(home: Path) -> set[bytes]:
    """Return every form of the private keys, the passphrase, the logins and the keys of an installation."""
    settings = Settings(_env_file=None, home=home)
    database = open_database(f"sqlite:///{home / 'clinic' / 'clinic.db'}")
    opened = bundles(database, ACCOUNT, settings.passphrase)
    database.close()
    found = forms_of_key(opened.tls.key) | forms_of_key(opened.wss.key)
    for file in (*(home / "secrets").iterdir(), *(home / "cloud" / "secrets").iterdir()):
        secret = file.read_bytes().strip().rpartition(b":")[2]
        found |= forms(secret)
    return found


def test_a_demonstration_keeps_its_secrets(tmp_path: Path) -> None:
    """Onboarding and archiving by a real worker, while the arguments of all processes are looked at."""
    home = tmp_path / "home"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("EREPO_", "PREFECT_"))}
    ours = {"EREPO_HOME": str(home), "EREPO_PORT_BASE": str(free_port_base()), "EREPO_LANGUAGE": "en"}
    with watched_arguments() as arguments:
        done = subprocess.run(
            [sys.executable, "-m", "erepo", "demo", "--documents", "3"],
            env=kept | ours,
            capture_output=True,
            timeout=500,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    secret_files = {
        str(file) for folder in ("secrets", "cloud/secrets") for file in (home / folder).iterdir()
    }
    prefect = home / "prefect"
    places = [
        *((place, octets) for place, octets in files(home) if place not in secret_files),
        *((place, text.encode()) for place, text in written(prefect / "prefect.db", prefect)),
        *letters(home / "office" / "mail"),
        *((f"arguments {one[:60]!r}", one) for one in arguments),
        ("output", done.stdout + done.stderr),
    ]
    assert hits(marks_of(home), places) == set()
    assert any(b"prefect.engine" in one or b"flow_run" in one for one in arguments)
    assert any(b"cloud\x00serve" in one for one in arguments)
    assert any("logs" in place for place, _ in places)
    exposed = open_to_others(home / "clinic", home / "secrets", home / "cloud")
    assert {one for one in exposed if not one.endswith(".pem") and "/inbox/" not in one} == set()
