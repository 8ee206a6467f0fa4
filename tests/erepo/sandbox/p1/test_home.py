"""The sandbox's folder and its commands."""

from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner

from erepo.cli.p1_sandbox import app
from erepo.pki import Bundle
from erepo.sandbox.p1.errors import FaultUnknown, P1SandboxNotReady, ProviderMalformed
from erepo.sandbox.p1.faults import Fault
from erepo.sandbox.p1.home import Home
from tests.support.p1 import Provider, RunningP1

#: One sandbox serves all of them.
pytestmark = pytest.mark.xdist_group("p1")


def run(home: Path, *arguments: str, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    """Run `erepo p1-sandbox …` and return (exit code, what it wrote)."""
    monkeypatch.setenv("EREPO_HOME", str(home))
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.output


def test_setting_up_again_changes_no_key(p1: RunningP1) -> None:
    """What clients trust, and what signs, stays; only the server's own certificate is made anew."""
    folder = p1.home.folder
    kept = [folder / name for name in ("ca/services/ca.pem", "ca/providers/ca.pem", "wss.pem", "token.pem")]
    kept += [folder / "admin" / "tls.key", folder / "p1.db"]
    before = [file.read_bytes() if file.suffix == ".pem" else b"" for file in kept]
    Home.initialise(folder, ["127.0.0.1", "localhost"])
    assert [file.read_bytes() if file.suffix == ".pem" else b"" for file in kept] == before


def test_keys_are_for_their_owner_only(p1: RunningP1, provider: Provider) -> None:
    """Every key, password and `.p12` is 0600; keys at rest are encrypted, the administrator's apart."""
    assert provider.resort_i
    for file in p1.home.folder.rglob("*"):
        if file.suffix in {".key", ".p12", ".json"} or file.name == "passphrase":
            assert file.stat().st_mode & 0o777 == 0o600, file
        if file.suffix == ".key" and file.parent.name != "admin":
            assert b"ENCRYPTED" in file.read_bytes(), file


def test_a_provider_gets_two_files_that_open(p1: RunningP1, tmp_path: Path) -> None:
    """Without leading zeros as well; both in PBESv2, for different keys, with different passwords."""
    p1.home.add_provider("33333", tmp_path)
    words = orjson.loads((tmp_path / "passwords.json").read_bytes())
    bundles = [
        Bundle.from_pkcs12((tmp_path / each["file"]).read_bytes(), each["password"].encode())
        for each in words.values()
    ]
    assert [each["file"] for each in words.values()] == [
        "Podmiot_leczniczy_000000033333-tls.p12",
        "Podmiot_leczniczy_000000033333-wss.p12",
    ]
    assert bundles[0].fingerprint != bundles[1].fingerprint
    assert words["tls"]["password"] != words["wss"]["password"]
    with pytest.raises(ProviderMalformed):
        p1.home.add_provider("not a number", tmp_path)


def test_nothing_is_opened_that_was_not_set_up(tmp_path: Path) -> None:
    """The cure names the command."""
    with pytest.raises(P1SandboxNotReady, match="p1-sandbox init"):
        Home.open(tmp_path)


@pytest.mark.parametrize(("service", "kind"), [("szar", "busy"), ("soz", "no-id"), ("token", "")])
def test_only_faults_that_exist_are_set(service: str, kind: str) -> None:
    """A mistyped fault would never strike."""
    with pytest.raises(FaultUnknown):
        Fault(service, kind)


def test_the_commands(p1: RunningP1, provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    """Faults, rules and events are set for the running sandbox; lists speak to people and to programs."""
    home = p1.home.folder.parent
    assert run(home, "fault", "set", "soz", "busy", "--times", "2", monkeypatch=monkeypatch)[0] == 0
    code, words = run(home, "fault", "list", "--json", monkeypatch=monkeypatch)
    told = orjson.loads(words)
    assert (code, told["faults"]) == (0, [{"service": "soz", "kind": "busy", "times": 2, "seconds": 30.0}])
    assert "no-id" in told["known"]["szar-repository"]
    assert "no-id" in run(home, "fault", "list", monkeypatch=monkeypatch)[1]
    assert run(home, "fault", "clear", "soz", monkeypatch=monkeypatch)[0] == 0
    assert p1.home.store.faults() == []
    assert run(home, "fault", "set", "soz", "nothing", monkeypatch=monkeypatch)[0] == 1
    assert run(home, "rule", "Deny", "--document", "1.2^X", monkeypatch=monkeypatch)[0] == 0
    assert p1.home.store.decision("anybody", "1.2^X") == "Deny"
    assert run(home, "event", "7^^^&1.2.3&ISO", monkeypatch=monkeypatch)[0] == 0
    assert p1.home.store.has_event("7^^^&1.2.3&ISO")
    assert run(home, "event", "7", monkeypatch=monkeypatch)[0] == 2
    code, words = run(home, "list", "--json", monkeypatch=monkeypatch)
    assert provider.resort_i in orjson.loads(words)["providers"]
    assert provider.resort_i in run(home, "list", monkeypatch=monkeypatch)[1]
    assert run(home / "elsewhere", "list", monkeypatch=monkeypatch)[0] == 1


def test_a_taken_port_is_told(p1: RunningP1, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second sandbox on the same port says who has it."""
    home = p1.home.folder.parent
    code, _ = run(home, "serve", "--port", str(p1.port), monkeypatch=monkeypatch)
    assert code == 1
