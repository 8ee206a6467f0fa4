"""The life of an account, from its order to the end of the licence: real office, real service, real P1.

Everything is done by the commands a clinic without Prefect has; onboarding by the steps its flow takes.
"""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from typer.testing import CliRunner

from erepo.cda.samples import generate
from erepo.cli.root import app
from erepo.clinic import onboarding, rotation
from erepo.clinic.account import load_connection
from erepo.clinic.database import Database, open_clinic
from erepo.clinic.onboarding import Form
from erepo.clinic.p1.errors import P1CertificatesPresent
from erepo.clinic.rest.speaking import account_client
from erepo.sandbox.office.licences import TYPE, issue_licence, public_key_file
from erepo.settings import Settings
from erepo.soap.errors import AddressUnknown
from tests.support.clinic_side import PASSPHRASE, STRUCTURE
from tests.support.cloud import RunningCloud, running_cloud
from tests.support.office import RunningOffice, running_office
from tests.support.p1 import PROVIDER, RunningP1, running_p1

ACCOUNT = "0000000000007001"


@pytest.fixture
def p1(tmp_path: Path) -> Iterator[RunningP1]:
    """P1."""
    with running_p1(tmp_path / "national") as one:
        yield one


@pytest.fixture
def cloud(tmp_path: Path, p1: RunningP1) -> Iterator[RunningCloud]:
    """The service, with the account on order."""
    with running_cloud(tmp_path / "service", start=False, environment=p1.settings) as one:
        one.order(ACCOUNT)
        yield one


@pytest.fixture
def office(tmp_path: Path, cloud: RunningCloud) -> Iterator[RunningOffice]:
    """The office, which the service trusts."""
    with running_office(tmp_path / "vendor", cloud.ca.read_bytes()) as one:
        cloud.home.add_trust(one.authority_pem)
        cloud.start()
        yield one


@pytest.fixture
def database(tmp_path: Path, office: RunningOffice, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """The clinic, which the commands of this process act on."""
    issue_licence(office.home, ACCOUNT, datetime.now(UTC).date(), datetime.now(UTC).date())
    environment = {
        "HOME": str(tmp_path / "clinic"),
        "KEY_PASSPHRASE": PASSPHRASE,
        "LANGUAGE": "en",
        "LICENCE_KEY": str(public_key_file(office.home)),
    }
    for name, value in environment.items():
        monkeypatch.setenv(f"EREPO_{name}", value)
    opened = open_clinic(Settings())
    yield opened
    opened.close()


def run(*arguments: str, code: int = 0) -> str:
    """Run `erepo …`, expect an exit code, and return everything it said."""
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == code, result.output + repr(result.exception)
    return result.output


def test_the_life_of_an_account(
    database: Database,
    office: RunningOffice,
    cloud: RunningCloud,
    p1: RunningP1,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Onboarded, registered in P1 twice, rotated, archived and verified; then the licence ends."""
    onboard(database, office, cloud)
    assert ACCOUNT in run("account", "show")

    (tmp_path / "structure.json").write_bytes(STRUCTURE)
    run("structure", "load", str(tmp_path / "structure.json"))
    assert "was sent" in run("structure", "send")
    assert "the same structure" in run("structure", "remote")

    first, second = (issued(p1, tmp_path / name) for name in ("first", "second"))
    registered = run("account", "p1", "register", *first)
    (given,) = p1.repositories(PROVIDER)
    assert given in registered
    monkeypatch.setenv("EREPO_LANGUAGE", "pl")
    assert P1CertificatesPresent.cause.pl in flat(run("account", "p1", "register", *second, code=1))
    monkeypatch.setenv("EREPO_LANGUAGE", "en")
    assert "are revoked" in run("account", "p1", "revoke", "--without-prefect")
    assert given in run("account", "p1", "register", *second)
    assert p1.repositories(PROVIDER)[given].startswith(f"{cloud.url}/services/{ACCOUNT}/")

    rotate(database, office)
    assert given in run("account", "p1", "show")

    take_in(tmp_path / "first-documents", seed=1)
    assert json.loads(run("archive", "--json"))["archived"] == 1
    assert "verified 1/1" in run("verify", "--read-back")

    until_over = licence(office, tmp_path / "licence.jwt", seconds=6)
    assert ACCOUNT in run("account", "licence", "show", "--json")
    time.sleep(max(0.0, until_over - time.time()))
    take_in(tmp_path / "more-documents", seed=2)
    refused = json.loads(run("archive", "--json", code=2))
    assert refused["problem"]["code"] == "licence.expired"
    assert "verified 1/1" in run("verify", "--read-back")


def onboard(database: Database, office: RunningOffice, cloud: RunningCloud) -> None:
    """Keys, requests by mail, the office's answer, activation."""
    form = Form(ACCOUNT, organisation="Przychodnia Testowa", unit="Zakład")
    onboarding.make_requests(database, form, PASSPHRASE.encode())
    onboarding.mail_requests(database, ACCOUNT, office.mailer(), office.address)
    onboarding.collect_certificates(database, ACCOUNT, office.mailbox())
    onboarding.activate(database, ACCOUNT, cloud.url, PASSPHRASE.encode())


def issued(p1: RunningP1, folder: Path) -> list[str]:
    """Have P1 issue both .p12 files in its old cipher; return the options of the command."""
    p1.home.add_provider(PROVIDER, folder, legacy=True)
    options = ["--without-prefect"]
    for purpose, told in json.loads((folder / "passwords.json").read_bytes()).items():
        password = folder / f"{purpose}.password"
        password.write_text(told["password"])
        options += [f"--{purpose}", str(folder / told["file"]), f"--{purpose}-password", str(password)]
    return options


def flat(said: str) -> str:
    """Return what was said without the frame and the line ends of a terminal."""
    return " ".join(said.replace("│", " ").split())


def rotate(database: Database, office: RunningOffice) -> None:
    """Run the command until new certificates are in use; the old ones are refused afterwards."""
    old = load_connection(database, Settings())
    mail = ["--smtp-host", "127.0.0.1", "--smtp-port", str(office.port), "--sender", office.mailer().sender]
    options = [
        *mail,
        "--reply-folder",
        str(office.mailbox().folder),
        "--overlap-days",
        "0",
        "--without-flows",
    ]
    run("certificates", "rotate", "--because", "forced", *options)
    for _ in range(2400):
        if rotation.under_way(database, ACCOUNT) is None:
            break
        time.sleep(0.05)
        run("certificates", "rotate", *options)
    told = json.loads(run("certificates", "status", "--json"))
    assert told["rotation"]["stage"] == "retired"
    new = load_connection(database, Settings())
    assert new.tls.fingerprint != old.tls.fingerprint
    with account_client(new) as client:
        listed = {one.fingerprint: one.state for one in client.certificates().certificates}
    states = [listed[one.fingerprint] for one in (old.tls, old.wss, new.tls, new.wss)]
    assert states == ["retired", "retired", "active", "active"]
    with account_client(old) as client, pytest.raises(AddressUnknown):
        client.state()


def take_in(folder: Path, seed: int) -> None:
    """Take one document in that is due at once."""
    folder.mkdir()
    (sample,) = generate(seed, 1, kinds=["lab_result"], size=20_000)
    (folder / sample.file_name).write_bytes(sample.octets)
    run("kinds", "set", "lab_result", "--archive", "on", "--local-days", "0")
    run("import", str(folder))


def licence(office: RunningOffice, file: Path, seconds: int) -> int:
    """Load a licence that the office's own key has signed for some seconds; return when it is over."""
    secrets = office.home / "secrets"
    key = load_pem_private_key((secrets / "licence.key").read_bytes(), (secrets / "passphrase").read_bytes())
    assert isinstance(key, Ed25519PrivateKey)
    now = int(time.time())
    claims = {"jti": "L-short", "sub": ACCOUNT, "name": "", "nbf": now - 60, "exp": now + seconds}
    file.write_text(jwt.encode(claims, key, "EdDSA", {"typ": TYPE}))
    run("account", "licence", "load", str(file))
    return now + seconds
