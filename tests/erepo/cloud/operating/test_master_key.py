"""`erepo cloud master-key rotate`, and the key that `erepo cloud init` makes."""

import base64
import json
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from erepo.cli.cloud import app
from tests.erepo.cloud.operating.conftest import Run

pytestmark = pytest.mark.one_store


def test_init_makes_a_key_and_keeps_it(run: Run, tmp_path: Path) -> None:
    """The key is for its owner alone, and a second `init` leaves it as it is."""
    file = tmp_path / "var" / "cloud" / "secrets" / "master-key"
    kept = file.read_bytes()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(base64.b64decode(kept)) == 32
    run("init")
    assert file.read_bytes() == kept


def test_the_key_is_changed_by_a_command(run: Run, tmp_path: Path) -> None:
    """It tells both ids and what to do with the former key, which stays; each change is another key."""
    first = json.loads(run("master-key", "rotate", "--json").stdout)
    assert (first["secrets"], first["finished"]) == (0, False)
    words = run("master-key", "rotate").stdout
    assert first["present"] in words
    assert "backups" in words
    kept = {path.name for path in (tmp_path / "var" / "cloud" / "secrets").glob("master-key*")}
    former = {f"master-key-{first['former']}", f"master-key-{first['present']}"}
    assert kept == {"master-key", *former}


def test_a_key_in_the_settings_must_be_a_new_one(run: Run, runner: CliRunner, tmp_path: Path) -> None:
    """The setting takes over from the file; the same key again is told, and so is what is none."""
    given = {"EREPO_CLOUD_KEY": base64.b64encode(bytes(range(32))).decode()}
    assert runner.invoke(app, ["master-key", "rotate"], env=given).exit_code == 0
    again = runner.invoke(app, ["master-key", "rotate"], env=given)
    assert again.exit_code == 1
    assert "EREPO_CLOUD_KEY_PREVIOUS" in again.stderr
    wrong = runner.invoke(app, ["master-key", "rotate"], env={"EREPO_CLOUD_KEY": "abc"})
    assert wrong.exit_code == 1
    assert given["EREPO_CLOUD_KEY"] not in again.output + wrong.output
