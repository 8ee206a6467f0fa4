"""`erepo archive` and `erepo verify` as a person and a program see them."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner, Result

from erepo.cli.root import app
from erepo.clinic.account import keys_folder, load_connection
from erepo.clinic.archiving.errors import AccountMissing
from erepo.clinic.tables import account, audit_event, cell, document, kind_rule, now, onboarding, unit
from erepo.pki.errors import WrongPassphrase
from erepo.settings import Settings
from erepo.soap.errors import SignerRefused
from erepo.xds import iti18
from tests.support.clinic_side import Clinic, new_clinic, samples
from tests.support.cloud import RunningCloud, running_cloud
from tests.support.waiting import until

EXAMPLES = sorted((Path(__file__).parents[4] / "shared" / "pik" / "examples").glob("*.xml"))


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    """One service for the module."""
    with running_cloud(tmp_path_factory.mktemp("cloud")) as cloud:
        yield cloud


@pytest.fixture
def clinic(cloud: RunningCloud, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Clinic]:
    """A clinic with an account of its own."""
    number = 3001 + [item.name for item in request.session.items].index(request.node.name)
    with new_clinic(tmp_path / "clinic", cloud.add_tenant(f"{number:016d}")) as clinic:
        yield clinic


def run(clinic: Clinic, *arguments: str) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(app, arguments, env=clinic.environment)


def test_archive_and_verify_tell_counts_and_exit_0(clinic: Clinic, tmp_path: Path) -> None:
    """A good run ends with 0 and says what was done, for people and as JSON."""
    clinic.take_in(samples(1, 6, patients=2), tmp_path / "in")
    archived = run(clinic, "archive", "--json")
    assert archived.exit_code == 0, archived.output
    assert json.loads(archived.stdout)["archived"] == 6
    again = run(clinic, "archive")
    assert (again.exit_code, again.stdout) == (0, "Nothing is due.\n")
    verified = run(clinic, "verify", "--read-back")
    assert (verified.exit_code, verified.stdout) == (
        0,
        "verified 6/6, different 0, missing 0, not checked 0\n",
    )
    assert json.loads(run(clinic, "verify", "--json").stdout)["equal"] == 6


def test_a_dry_run_changes_nothing_and_the_real_one_does_what_it_said(clinic: Clinic, tmp_path: Path) -> None:
    """What would be sent and why the rest stays, in words and as JSON; then a chosen kind alone is sent."""
    clinic.take_in(samples(5, 8, patients=3), tmp_path / "in")
    chosen = ("--kind", "lab-result", "--taken-in-from", "2026-01-01", "--limit", "1")
    shown = run(clinic, "archive", "--dry-run", *chosen)
    assert shown.exit_code == 0, shown.output
    assert "Would be sent" in shown.stdout
    assert "due, but not chosen" in shown.stdout
    told = json.loads(run(clinic, "archive", "--dry-run", "--json", *chosen).stdout)
    assert [one["kind"] for one in told["due"]] == ["lab_result"]
    assert (told["due"][0]["documents"], told["waiting"], told["obstacles"]) == (1, 0, [])
    assert clinic.states() == {"local": 8}
    done = json.loads(run(clinic, "archive", "--json", *chosen).stdout)
    assert (done["archived"], done["purge"]["purged"]) == (1, 0)
    assert sum(done["skipped"].values()) == 7
    assert clinic.states() == {"local": 7, "archived": 1}


def test_wrong_choices_are_refused_before_anything(clinic: Clinic) -> None:
    """An unknown kind and a period that ends before it begins: words, exit code 2."""
    assert run(clinic, "archive", "--kind", "novel").exit_code == 2
    days = ("--effective-from", "2026-02-01", "--effective-to", "2026-01-01")
    refused = run(clinic, "archive", *days)
    assert (refused.exit_code, "2026-02-01 to 2026-01-01" in refused.stderr) == (2, True)


def test_an_incomplete_structure_is_listed_line_by_line(clinic: Clinic, tmp_path: Path) -> None:
    """Each missing code by its record, in Polish too, from the real run and from the dry one."""
    clinic.take_in(samples(6, 1), tmp_path / "in")
    with clinic.database.begin() as connection:
        connection.execute(unit.update().values(resort_v=""))
        connection.execute(cell.update().values(resort_x=""))
    clinic.environment["EREPO_LANGUAGE"] = "pl"
    for arguments in (("archive",), ("archive", "--dry-run")):
        shown = run(clinic, *arguments)
        assert shown.exit_code == 2
        lines = shown.stderr.splitlines()
        assert '- jednostka 1 "Zaklad" (units[1]): kod resortowy cz. V (resort_v)' in lines
        assert sum(line.startswith("- ") for line in lines) == 2
    assert clinic.states() == {"local": 1}


def test_local_copies_leave_once_their_days_are_over(clinic: Clinic, tmp_path: Path) -> None:
    """Against the real service: confirmed, read back, removed; still verified; one in doubt stays."""
    clinic.take_in(samples(7, 6, patients=2), tmp_path / "in")
    assert run(clinic, "archive").exit_code == 0
    with clinic.database.begin() as connection:
        connection.execute(document.update().values(archived_at=now() - timedelta(days=31)))
        first = sa.select(sa.func.min(document.c.id)).scalar_subquery()
        connection.execute(document.update().where(document.c.id == first).values(sha256="0" * 64))
    ahead = json.loads(run(clinic, "archive", "--dry-run", "--json").stdout)
    assert sum(one["documents"] for one in ahead["purge"]) == 6
    shown = run(clinic, "archive")
    assert shown.exit_code == 1
    assert "Not confirmed by the repository" in shown.stdout
    assert clinic.states() == {"archived": 1, "remote": 5}
    assert len(list((clinic.settings.clinic_home / "content").glob("??/*"))) == 1
    assert json.loads(run(clinic, "verify", "--read-back", "--json").stdout)["equal"] == 5
    assert run(clinic, "status").exit_code == 0
    again = json.loads(run(clinic, "archive", "--json").stdout)
    assert (again["purge"]["purged"], len(again["purge"]["kept"])) == (0, 1)


def test_two_processes_at_once_remove_each_copy_once(clinic: Clinic, tmp_path: Path) -> None:
    """One of them killed in the middle: the other, or the next run, ends it; nothing is lost."""
    clinic.take_in(samples(8, 40, patients=20), tmp_path / "in")
    assert run(clinic, "archive").exit_code == 0
    with clinic.database.begin() as connection:
        connection.execute(document.update().values(archived_at=now() - timedelta(days=31)))
    processes = [clinic.start("archive", "--json") for _ in range(2)]
    until(lambda: clinic.states()["remote"] > 0 or processes[0].poll() is not None)
    processes[0].kill()
    for process in processes:
        process.communicate(timeout=300)
    assert run(clinic, "archive").exit_code == 0
    assert clinic.states() == {"remote": 40}
    assert not list((clinic.settings.clinic_home / "content").glob("??/*"))
    with clinic.database.read() as connection:
        purged = sa.select(sa.func.count()).where(audit_event.c.event == "purged")
        assert connection.execute(purged).scalar() == 40
    assert json.loads(run(clinic, "verify", "--read-back", "--json").stdout)["equal"] == 40


def test_archive_shows_a_table_with_rejected_documents(clinic: Clinic, tmp_path: Path) -> None:
    """A rejected document is named by its opaque id with cause and cure; the exit code is 1."""
    clinic.take_in(samples(2, 3, patients=3), tmp_path / "in")
    next((clinic.settings.clinic_home / "content").glob("??/*")).unlink()
    shown = run(clinic, "archive")
    assert shown.exit_code == 1
    assert "archiving.local-content-lost" in shown.stdout
    assert "Import the original file again" in " ".join(shown.stdout.split())


def test_the_service_down_is_told_in_words_and_exit_1(clinic: Clinic, tmp_path: Path) -> None:
    """Cause and cure go to stderr; the documents wait."""
    clinic.take_in(samples(3, 3, patients=3), tmp_path / "in")
    clinic.reach_through(1)
    shown = run(clinic, "archive")
    assert shown.exit_code == 1
    assert "does not answer" in shown.stderr
    assert "nothing is lost" in shown.stderr
    assert clinic.states() == {"queued": 3}


def test_a_few_documents_that_nobody_could_be_asked_about_are_told_with_the_cause(
    clinic: Clinic, tmp_path: Path
) -> None:
    """Also where there are fewer of them than attempts: the cause, the cure, and exit code 2."""
    clinic.take_in(samples(3, 3, patients=3), tmp_path / "in")
    assert run(clinic, "archive").exit_code == 0
    clinic.reach_through(1)
    shown = run(clinic, "verify")
    assert (shown.exit_code, shown.stdout.endswith("not checked 3\n")) == (2, True)
    assert "does not answer" in shown.stderr


def test_without_an_account_nothing_can_be_sent(clinic: Clinic) -> None:
    """No active account is a clear refusal with exit code 2, in both forms."""
    with clinic.database.begin() as connection:
        connection.execute(account.update().values(active=False))
    shown = run(clinic, "archive")
    assert (shown.exit_code, "no activated account" in shown.stderr) == (2, True)
    told = run(clinic, "verify", "--json")
    assert (told.exit_code, json.loads(told.stdout)["problem"]["code"]) == (2, "archiving.account-missing")


@pytest.mark.parametrize("command", ["archive", "verify"])
def test_a_machine_that_refuses_is_told_like_an_error_of_ours(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """A file that cannot be read ends with exit code 2, in words and as JSON."""
    monkeypatch.delenv("EREPO_KEY_PASSPHRASE", raising=False)
    clinic.environment.pop("EREPO_KEY_PASSPHRASE", None)
    (clinic.settings.home / "secrets" / "key-passphrase").mkdir(parents=True)
    shown = run(clinic, command)
    assert (shown.exit_code, "What to do: " in shown.stderr) == (2, True), shown.output
    told = run(clinic, command, "--json")
    assert (told.exit_code, json.loads(told.stdout)["problem"]["code"]) == (2, "erepo.machine")


def test_missing_keys_and_wrong_passphrases_are_told_apart(clinic: Clinic) -> None:
    """Keys on disk are encrypted; without the passphrase there is no connection, without the key neither."""
    key = keys_folder(clinic.settings, clinic.tenant.account) / "wss.key"
    assert b"ENCRYPTED" in key.read_bytes()
    assert key.stat().st_mode & 0o077 == 0
    other = Settings(_env_file=None, home=clinic.settings.home, key_passphrase="wrong")  # type: ignore[call-arg]
    with pytest.raises(WrongPassphrase):
        load_connection(clinic.database, other)
    key.unlink()
    with pytest.raises(AccountMissing):
        load_connection(clinic.database, clinic.settings)


def test_keys_of_the_onboarding_ledger_go_before_key_files(clinic: Clinic) -> None:
    """An account that was onboarded here needs no key files."""
    folder = keys_folder(clinic.settings, clinic.tenant.account)
    names = {
        "tls_key_pem": "tls.key",
        "tls_certificate": "tls.pem",
        "wss_key_pem": "wss.key",
        "wss_certificate": "wss.pem",
    }
    row = {column: (folder / name).read_bytes() for column, name in names.items()}
    with clinic.database.begin() as connection:
        connection.execute(onboarding.insert().values(account=clinic.tenant.account, state="active", **row))
    for name in names.values():
        (folder / name).unlink()
    loaded = load_connection(clinic.database, clinic.settings)
    assert loaded.wss.fingerprint == clinic.tenant.wss.fingerprint
    assert loaded.tls.fingerprint == clinic.tenant.tls.fingerprint


async def test_an_answer_signed_by_somebody_else_is_not_believed(clinic: Clinic) -> None:
    """Only the service's own signer counts, whoever else its authority has certified."""
    connection = clinic.connection()
    connection.service_signer = connection.wss.certificate_pem
    async with connection:
        with pytest.raises(SignerRefused):
            await connection.query(iti18.get_documents(unique_ids=["1.2.3"]))
    with pytest.raises(AccountMissing):
        await connection.query(iti18.get_documents(unique_ids=["1.2.3"]))


@pytest.mark.skipif(not EXAMPLES, reason="official examples are not here")
def test_all_official_examples_are_archived_and_come_back_equal(clinic: Clinic, tmp_path: Path) -> None:
    """The sixteen official examples: archived, found again, byte-equal."""
    with clinic.database.begin() as connection:
        connection.execute(kind_rule.update().values(auto_archive=True, local_days=0))
    clinic.take_in([path.read_bytes() for path in EXAMPLES], tmp_path / "in")
    with clinic.database.begin() as connection:
        connection.execute(sa.text("UPDATE document SET due_at = taken_in_at"))
    archived = run(clinic, "archive", "--json")
    assert archived.exit_code == 0, archived.output
    assert json.loads(archived.stdout)["archived"] == len(EXAMPLES)
    verified = run(clinic, "verify", "--read-back", "--json")
    assert verified.exit_code == 0, verified.output
