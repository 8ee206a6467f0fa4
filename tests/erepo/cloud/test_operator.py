"""The operator's commands."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from erepo.cli.cloud import app
from erepo.pki.authority import Authority
from erepo.pki.bundle import Bundle
from tests.support.cloud import RunningCloud, free_port
from tests.support.waiting import until

ACCOUNT = "0000000000001003"


@pytest.fixture
def runner(tmp_path: Path) -> CliRunner:
    """Runs commands with a home of their own."""
    environment = {
        "EREPO_HOME": str(tmp_path / "var"),
        "EREPO_PORT_BASE": str(free_port()),
        "EREPO_LANGUAGE": "en",
    }
    return CliRunner(env=environment)


def test_init_may_run_again(runner: CliRunner, tmp_path: Path) -> None:
    """A second `init` keeps keys, certificates and database."""
    assert runner.invoke(app, ["init"]).exit_code == 0
    kept = {path: path.read_bytes() for path in (tmp_path / "var" / "cloud").rglob("*.pem")}
    assert len(kept) == 3
    assert runner.invoke(app, ["init"]).exit_code == 0
    assert kept == {path: path.read_bytes() for path in kept}


def test_init_with_another_name_renews_the_server_certificate(runner: CliRunner, tmp_path: Path) -> None:
    """A further name is taken into a new TLS certificate; the signing certificate stays."""
    runner.invoke(app, ["init"])
    folder = tmp_path / "var" / "cloud"
    tls, wss = (folder / "tls.pem").read_bytes(), (folder / "wss.pem").read_bytes()
    assert runner.invoke(app, ["init", "--name", "repository.example"]).exit_code == 0
    assert (folder / "tls.pem").read_bytes() != tls
    assert (folder / "wss.pem").read_bytes() == wss


def test_a_tenant_with_credentials_is_active(runner: CliRunner, tmp_path: Path) -> None:
    """`tenant add --credentials` writes everything a peer needs and makes the account active."""
    runner.invoke(app, ["init"])
    folder = tmp_path / "credentials"
    arguments = ["tenant", "add", ACCOUNT, "--credentials", str(folder), "--limit-documents", "7"]
    assert runner.invoke(app, arguments).exit_code == 0
    names = {"ca.pem", "tls.pem", "tls.key", "wss.pem", "wss.key", "account.json"}
    assert {path.name for path in folder.iterdir()} == names
    facts = json.loads((folder / "account.json").read_text())
    assert {"account", "registry", "repository", "repositoryUniqueId", "homeCommunityId", "service"} <= set(
        facts
    )
    bundle = Bundle.from_pem((folder / "wss.pem").read_bytes(), (folder / "wss.key").read_bytes())
    assert (bundle.subject_account, bundle.subject_purpose) == (ACCOUNT, "WSS")
    shown = json.loads(runner.invoke(app, ["tenant", "show", ACCOUNT, "--json"]).stdout)
    assert (shown["state"], shown["limitDocuments"]) == ("active", 7)


def test_a_tenant_without_credentials_waits(runner: CliRunner) -> None:
    """Without --credentials the account is ordered; the list shows both."""
    runner.invoke(app, ["init"])
    assert runner.invoke(app, ["tenant", "add", ACCOUNT]).exit_code == 0
    listed = json.loads(runner.invoke(app, ["tenant", "list", "--json"]).stdout)
    assert [(each["account"], each["state"]) for each in listed] == [(ACCOUNT, "ordered")]
    assert runner.invoke(app, ["tenant", "list"]).exit_code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["tenant", "add", "123"],
        ["tenant", "show", "0000000000009999"],
        ["tenant", "suspend", "0000000000009999"],
        ["tenant", "add", ACCOUNT],
    ],
    ids=["malformed", "unknown", "unknown-suspended", "twice"],
)
def test_mistakes_are_explained(runner: CliRunner, arguments: list[str]) -> None:
    """A wrong command ends with exit code 1, the cause and the cure, and no traceback."""
    runner.invoke(app, ["init"])
    runner.invoke(app, ["tenant", "add", ACCOUNT])
    result = runner.invoke(app, arguments)
    assert result.exit_code == 1
    assert len(result.stderr.strip().splitlines()) == 2
    assert "Traceback" not in result.output


@pytest.mark.parametrize("arguments", [["serve"], ["tenant", "list"], ["tenant", "add", ACCOUNT]], ids=str)
def test_nothing_works_before_init(runner: CliRunner, arguments: list[str]) -> None:
    """Without `init` every command says so."""
    result = runner.invoke(app, arguments)
    assert result.exit_code == 1
    assert "erepo cloud init" in result.stderr


def test_trust_takes_authorities(runner: CliRunner, tmp_path: Path) -> None:
    """`trust add` stores the authorities of a file."""
    runner.invoke(app, ["init"])
    (tmp_path / "office.pem").write_bytes(Authority.create("office").pem)
    assert runner.invoke(app, ["trust", "add", str(tmp_path / "office.pem")]).exit_code == 0
    assert len(list((tmp_path / "var" / "cloud" / "trust").glob("*.pem"))) == 1


def test_suspend_and_resume(runner: CliRunner, tmp_path: Path) -> None:
    """An account can be closed and opened again."""
    runner.invoke(app, ["init"])
    runner.invoke(app, ["tenant", "add", ACCOUNT, "--credentials", str(tmp_path / "c")])
    for command, state in (("suspend", "suspended"), ("resume", "active")):
        assert runner.invoke(app, ["tenant", command, ACCOUNT]).exit_code == 0
        assert json.loads(runner.invoke(app, ["tenant", "show", ACCOUNT, "--json"]).stdout)["state"] == state


def test_a_strange_file_among_the_authorities_hides_no_later_one(own_cloud: RunningCloud) -> None:
    """What is no certificate is told once in the log; authorities added afterwards are still taken up."""
    own_cloud.start()
    strange = own_cloud.home.trust / "notes.pem"
    strange.write_text("to be done")
    until(lambda: any("cannot be read" in line for line in own_cloud.log))
    strange.unlink()
    own_cloud.home.add_trust(Authority.create("office").pem)
    until(lambda: any("authorities added: 1" in line for line in own_cloud.log))
