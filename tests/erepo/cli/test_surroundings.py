"""Secrets are made once and travel in the environment only."""

from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from erepo.cli.stack import Stack
from erepo.cli.supervisor import Supervisor
from erepo.cli.surroundings import Surroundings
from erepo.settings import Settings


@pytest.fixture
def around(tmp_path: Path) -> Surroundings:
    """Give the surroundings of an empty home with its secrets made."""
    one = Surroundings(Settings(home=tmp_path / "home", port_base=23400))
    one.secrets.make()
    return one


def test_secret_files_are_for_their_owner_only(around: Surroundings) -> None:
    """Folder 0700, files 0600."""
    assert around.secrets.folder.stat().st_mode & 0o777 == 0o700
    files = list(around.secrets.folder.iterdir())
    assert {file.name for file in files} == {"key-passphrase", "prefect-login", "prefect-encryption-key"}
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


def test_secrets_are_made_once(around: Surroundings) -> None:
    """A second start finds the same secrets: keys and blocks stay readable."""
    before = {file: file.read_bytes() for file in around.secrets.folder.iterdir()}
    around.secrets.make()
    assert {file: file.read_bytes() for file in around.secrets.folder.iterdir()} == before


def test_the_encryption_key_is_one_that_prefect_takes(around: Surroundings) -> None:
    """Prefect wants a Fernet key."""
    Fernet(around.prefect_server()["PREFECT_SERVER_ENCRYPTION_KEY"])


def test_the_passphrase_is_found_by_the_settings(around: Surroundings) -> None:
    """What we make is what `Settings.passphrase` reads."""
    assert around.settings.passphrase == around.secrets.key_passphrase.read_bytes()


def test_nothing_of_the_users_own_prefect_gets_in(
    around: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A profile, an address or a key of another Prefect does not lead our programs astray."""
    for name in ("PREFECT_API_URL", "PREFECT_API_KEY", "PREFECT_PROFILE", "PREFECT_HOME"):
        monkeypatch.setenv(name, "foreign")
    environment = around.prefect_server()
    assert "foreign" not in environment.values()
    assert environment["PREFECT_HOME"] == str(around.home / "prefect")
    assert environment["PREFECT_API_URL"] == "http://127.0.0.1:23403/api"


def test_the_users_choice_of_database_gets_in(around: Surroundings, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL under Prefect is a matter of one variable."""
    monkeypatch.setenv("PREFECT_SERVER_DATABASE_CONNECTION_URL", "postgresql+asyncpg://db/prefect")
    database = around.prefect_server()["PREFECT_SERVER_DATABASE_CONNECTION_URL"]
    assert database == "postgresql+asyncpg://db/prefect"


def test_no_secret_stands_in_an_argument_list(around: Surroundings) -> None:
    """Every user of a machine can read the arguments of every process."""
    stack = Stack(around, Supervisor(around.logs))
    programs = (stack.prefect(), stack.worker(), stack.cloud(), stack.office())
    arguments = " ".join(word for program in programs for word in program.arguments)
    secrets = [file.read_text() for file in around.secrets.folder.iterdir()]
    assert [secret for secret in secrets if secret in arguments] == []
    assert [secret for secret in secrets if secret in repr(programs)] == []


def test_two_users_of_one_machine_share_no_temporary_folder(around: Surroundings) -> None:
    """Prefect's worker would take /tmp/runner_storage, which belongs to whoever was first."""
    around.secrets.make()
    assert Path(around.prefect_client()["TMPDIR"]).is_relative_to(around.home)
