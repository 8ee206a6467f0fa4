"""`erepo certificates`: the same rotation without Prefect, told in both languages."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from erepo.cli.certificates import app
from erepo.clinic.rotation import Stage
from erepo.pki import CertificatePurpose, read_csr
from erepo.pki.pem import write_certificates
from erepo.sandbox.office.service import Office
from tests.erepo.clinic.onboarding.conftest import PASSPHRASE
from tests.erepo.clinic.rotation.conftest import Rotating

Run = Callable[..., Any]


@pytest.fixture
def run(rotating: Rotating, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run a command on the clinic; returns what it printed."""
    monkeypatch.setenv("EREPO_HOME", str(tmp_path))
    monkeypatch.setenv("EREPO_CLINIC_DATABASE_URL", str(rotating.database.engine.url))
    monkeypatch.setenv("EREPO_KEY_PASSPHRASE", PASSPHRASE.decode())
    monkeypatch.setenv("EREPO_LANGUAGE", "en")

    def command(*arguments: str, code: int = 0) -> str:
        found = CliRunner().invoke(app, arguments)
        assert found.exit_code == code, found.output
        return found.output

    return command


def test_from_requests_in_a_folder_to_the_end(rotating: Rotating, run: Run, tmp_path: Path) -> None:
    """Requests carried by hand, files given by hand, then nothing is left of the old ones."""
    assert "New ones are due on" in run("status")
    run("rotate", "--because", "forced", "--requests", str(tmp_path / "out"))
    assert json.loads(run("status", "--json"))["rotation"]["stage"] == "requested"
    files = issued(rotating, tmp_path / "out")
    told = run("rotate", *files)
    assert "the new ones are in use" in told
    assert "rotate-certificates/daily" in told
    assert rotating.works()
    assert json.loads(run("rotate", "--json"))["rotation"]["stage"] == "cut_over"
    assert "old certificates are in use again" in run("rollback")
    run("rollback", code=1)
    run("rotate", "--because", "forced", "--requests", str(tmp_path / "again"))
    assert "given up" in run("rollback")


def test_receive_gives_them_to_the_rotation(rotating: Rotating, run: Run, tmp_path: Path) -> None:
    """The command of the onboarding serves an active account as well: its files are for the rotation."""
    run("rotate", "--because", "forced", "--requests", str(tmp_path / "out"))
    files = issued(rotating, tmp_path / "out")
    run("receive", files[0], code=1)
    assert rotating.stage is Stage.REQUESTED
    assert "erepo certificates rotate" in run("receive", *files)
    assert rotating.stage is Stage.RECEIVED


def test_a_serial_number_is_never_cut(rotating: Rotating, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is compared with the name of a file, also on a narrow terminal."""
    monkeypatch.setenv("COLUMNS", "60")
    told = run("status")
    assert all(one["serial"] in told for one in json.loads(run("status", "--json"))["certificates"])


def test_an_account_that_nobody_began(run: Run) -> None:
    """It is told as such, not as trouble of the machine; the step of the other one stands in words."""
    told = run("show", "0000000000007777", code=1)
    assert "0000000000007777" in told
    assert "onboard-clinic" in told
    assert "None" not in run("show")


def issued(rotating: Rotating, folder: Path) -> list[str]:
    """Issue as the office does, without its mail: requests of a folder in, names of two files out."""
    office, files = Office.open(rotating.clinic.world.office.home), []
    for purpose in CertificatePurpose:
        csr = read_csr((folder / f"{rotating.account}_{purpose.value}.csr").read_bytes())
        file = folder / f"{purpose.value}.pem"
        certificate = office.authority.issue_client(csr, rotating.account, purpose)
        file.write_bytes(write_certificates([certificate]))
        files.append(str(file))
    return files


def test_by_mail_without_flows(rotating: Rotating, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run again and again, it ends by itself; in Polish, with the day as people write it."""
    monkeypatch.setenv("EREPO_LANGUAGE", "pl")
    office = rotating.clinic.world.office
    box = office.mailbox().folder
    mail = ["--smtp-host", "127.0.0.1", "--smtp-port", str(office.port), "--sender", office.mailer().sender]
    options = [*mail, "--reply-folder", str(box), "--overlap-days", "0", "--without-flows"]
    told = run("rotate", "--because", "forced", *options)
    for _ in range(2400):
        if rotating.stage is None:
            break
        time.sleep(0.05)
        told = run("rotate", *options)
    assert rotating.stage is None
    assert "zakończona, stare wycofano" in told
    assert "Wymiana będzie potrzebna" in told
    assert rotating.accepted() == 2
    assert rotating.stage is not Stage.CUT_OVER
