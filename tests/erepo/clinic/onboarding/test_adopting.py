"""The other two ways in (four PEM files, two .p12 files of another location), and out again as .p12."""

import base64
import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import pkcs12
from typer.testing import CliRunner, Result

from erepo.cli.certificates import app
from erepo.clinic import onboarding
from erepo.clinic.database import Database, open_database
from erepo.clinic.onboarding import Bundles, PemPair, Step, errors
from erepo.pki import Bundle, encrypt_key
from erepo.pki import errors as pki
from erepo.pki.keys import clear_key
from erepo.pki.pem import write_certificates
from tests.erepo.clinic.onboarding.conftest import PASSPHRASE, Clinic, World
from tests.support.ports import free_port

SECRET = "hasło z innej lokalizacji"


@dataclass
class Elsewhere:
    """A second location: an empty clinic, and the files of the first one."""

    world: World
    account: str
    bundles: Bundles
    database: Database
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def file(self, name: str, content: bytes) -> Path:
        """Write a file."""
        path = self.folder / name
        path.write_bytes(content)
        return path

    def pems(self) -> list[str]:
        """The options with the four PEM files; the WSSE key is encrypted."""
        tls, wss = self.bundles.tls, self.bundles.wss
        files = {
            "--tls-cert": self.file("tls.pem", write_certificates([tls.certificate])),
            "--tls-key": self.file("tls.key", clear_key(tls.key)),
            "--wss-cert": self.file("wss.pem", write_certificates([wss.certificate])),
            "--wss-key": self.file("wss.key", encrypt_key(wss.key, SECRET.encode())),
            "--wss-password-file": self.file("password", SECRET.encode() + b"\n"),
        }
        return [part for option, file in files.items() for part in (option, str(file))]

    def stores(self, *, swapped: bool = False) -> list[str]:
        """The options with the two .p12 files and their passwords."""
        self.file("tls.p12", self.bundles.tls.to_pkcs12(SECRET.encode()))
        self.file("wss.p12", self.bundles.wss.to_pkcs12(SECRET.encode()))
        secret = str(self.file("password", SECRET.encode() + b"\n"))
        names = ["wss.p12", "tls.p12"] if swapped else ["tls.p12", "wss.p12"]
        return [
            *("--tls-p12", str(self.folder / names[0]), "--wss-p12", str(self.folder / names[1])),
            *("--tls-password-file", secret, "--wss-password-file", secret),
        ]

    def adopt(self, *options: str, **more: str) -> Result:
        """Run the command."""
        ca = str(self.file("ca.pem", self.world.cloud.ca.read_bytes()))
        arguments = ["adopt", *options, "--service", self.world.cloud.url, "--service-ca", ca]
        return self.run(*arguments, **more)

    def run(self, *arguments: str, **more: str) -> Result:
        """Run a command of `erepo certificates`."""
        return CliRunner().invoke(app, list(arguments), env=self.environment, **more)  # type: ignore[arg-type]

    def step(self) -> Step | None:
        """How far it has come here."""
        entry = onboarding.progress(self.database, self.account)
        return entry.step if entry else None


@pytest.fixture(scope="module")
def first(
    world: World, empty_database: bytes, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Bundles]:
    """An account that is active at its first location."""
    file = tmp_path_factory.mktemp("first") / "clinic.db"
    file.write_bytes(empty_database)
    clinic = Clinic(world, open_database(f"sqlite:///{file}"), next(world.accounts))
    clinic.onboard()
    opened = onboarding.bundles(clinic.database, clinic.account, PASSPHRASE)
    clinic.database.close()
    return clinic.account, opened


@pytest.fixture
def elsewhere(
    world: World, first: tuple[str, Bundles], empty_database: bytes, tmp_path: Path
) -> Iterator[Elsewhere]:
    """A second location that knows nothing of the account."""
    home = tmp_path / "second"
    (home / "clinic").mkdir(parents=True)
    (home / "clinic" / "clinic.db").write_bytes(empty_database)
    database = open_database(f"sqlite:///{home / 'clinic' / 'clinic.db'}")
    one = Elsewhere(world, *first, database, tmp_path)
    one.environment = {
        "EREPO_HOME": str(home),
        "EREPO_KEY_PASSPHRASE": "another passphrase",
        "EREPO_LANGUAGE": "en",
        "EREPO_PORT_BASE": str(free_port()),
    }
    yield one
    database.close()


@pytest.mark.parametrize("way", ["pems", "stores"])
def test_a_second_location(way: str, elsewhere: Elsewhere) -> None:
    """Either way ends where the way by requests ends: an active account whose keys open here."""
    options = elsewhere.pems() if way == "pems" else elsewhere.stores()
    done = elsewhere.adopt(*options, "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["account"] == elsewhere.account
    assert elsewhere.step() is Step.ACTIVE
    here = onboarding.bundles(elsewhere.database, elsewhere.account, b"another passphrase")
    assert here.tls.fingerprint == elsewhere.bundles.tls.fingerprint
    onboarding.check(elsewhere.database, elsewhere.account)
    assert elsewhere.adopt(*options).exit_code == 0, "the same again changes nothing"
    raw = b"".join(file.read_bytes() for file in (elsewhere.folder / "second").rglob("*") if file.is_file())
    assert b"BEGIN PRIVATE KEY" not in raw
    assert SECRET.encode() not in raw


def test_the_password_is_asked_for(elsewhere: Elsewhere) -> None:
    """Without files the command asks, and shows nothing of what is typed."""
    options = elsewhere.stores()[:4]
    done = elsewhere.adopt(*options, input=f"{SECRET}\n{SECRET}\n")
    assert done.exit_code == 0, done.output
    assert SECRET not in done.output


def test_a_wrong_password(elsewhere: Elsewhere) -> None:
    """It is told as that, and nothing is kept."""
    done = elsewhere.adopt(*elsewhere.stores()[:4], input="falsch\nfalsch\n")
    assert done.exit_code == 1
    assert "does not open the .p12 file" in done.output
    assert elsewhere.step() is None


def test_swapped_stores_are_named(elsewhere: Elsewhere) -> None:
    """The words say which file is which, and nothing is kept."""
    done = elsewhere.adopt(*elsewhere.stores(swapped=True))
    assert done.exit_code == 1
    assert "swapped: wss.p12 belongs to WSS and tls.p12 to TLS" in done.output
    assert elsewhere.step() is None


@pytest.mark.parametrize("what", ["keys", "certificates"])
def test_swapped_pem_files_are_named(what: str, elsewhere: Elsewhere) -> None:
    """Swapped keys and swapped certificates are told apart."""
    tls, wss = elsewhere.bundles.tls, elsewhere.bundles.wss
    pems = [write_certificates([one.certificate]) for one in (tls, wss)]
    keys = [clear_key(one.key) for one in (tls, wss)]
    (pems if what == "certificates" else keys).reverse()
    with pytest.raises(errors.FilesSwapped) as caught:
        onboarding.read_pairs(
            PemPair(pems[0], keys[0], "a.pem", "a.key"), PemPair(pems[1], keys[1], "b.pem", "b.key")
        )
    end = "pem" if what == "certificates" else "key"
    assert caught.value.data == {"tls": f"a.{end}", "wss": f"b.{end}"}


def test_a_key_of_somebody_else(elsewhere: Elsewhere) -> None:
    """A key that fits neither certificate is told as that."""
    options = elsewhere.pems()
    stranger = Bundle.from_pem(
        write_certificates([elsewhere.bundles.wss.certificate]), clear_key(elsewhere.bundles.wss.key)
    )
    elsewhere.file("tls.key", clear_key(stranger.key))
    done = elsewhere.adopt(*options)
    assert done.exit_code == 1
    assert "does not belong to this private key" in done.output


def test_missing_files_are_named(elsewhere: Elsewhere) -> None:
    """Half of either way is none."""
    for options, missing in ((elsewhere.pems()[:6], "--wss-key"), (elsewhere.stores()[:2], "--wss-p12")):
        done = elsewhere.adopt(*options)
        assert done.exit_code == 1
        assert f"Missing: {missing}" in done.output


def test_not_beside_keys_made_here(elsewhere: Elsewhere) -> None:
    """Where requests were made, others' keys do not slip in; of another account not at all."""
    form = onboarding.Form(elsewhere.account, "Przychodnia")
    onboarding.make_requests(elsewhere.database, form, b"another passphrase")
    done = elsewhere.adopt(*elsewhere.stores())
    assert "already made here" in done.output
    other = elsewhere.adopt(*elsewhere.stores(), "--account", "9" * 16)
    assert "belongs to the account" in other.output
    assert elsewhere.step() is Step.REQUESTED


def test_shown_and_addressed(elsewhere: Elsewhere) -> None:
    """Both certificates with serial, validity, days and generation; the addresses with the number in them."""
    elsewhere.adopt(*elsewhere.stores())
    shown = json.loads(elsewhere.run("show", "--json").stdout)
    assert [one["purpose"] for one in shown["certificates"]] == ["TLS", "WSS"]
    assert shown["certificates"][0]["daysLeft"] > 300
    assert shown["generation"] == f"{elsewhere.account}-{elsewhere.bundles.tls.fingerprint[:12]}"
    assert shown["technical"]["repositoryUniqueId"]
    words = elsewhere.run("show").stdout
    assert shown["certificates"][1]["serial"] in words
    addresses = json.loads(elsewhere.run("addresses", "--json").stdout)
    root = f"{elsewhere.world.cloud.url}/services/{elsewhere.account}"
    assert addresses == {"panel": f"{root}/app", "eSurvey": f"{root}/e-survey-gui/#/login"}
    assert f"{root}/app" in elsewhere.run("addresses", elsewhere.account).stdout


def test_saved_as_p12(elsewhere: Elsewhere) -> None:
    """A modern .p12, 0600, under a new random password; never over another file, never into a pipe."""
    elsewhere.adopt(*elsewhere.stores())
    out, secret = elsewhere.folder / "out.p12", elsewhere.folder / "out.txt"
    done = elsewhere.run("export", "--out", str(out), "--password-file", str(secret))
    assert done.exit_code == 0, done.output
    password = secret.read_text().strip()
    assert re.fullmatch(r"([A-Za-z2-9]{6}-){3}[A-Za-z2-9]{6}", password)
    assert password not in done.output
    assert [file.stat().st_mode & 0o777 for file in (out, secret)] == [0o600, 0o600]
    back = Bundle.from_pkcs12(out.read_bytes(), password.encode())
    assert back.fingerprint == elsewhere.bundles.tls.fingerprint
    assert b"\x60\x86\x48\x01\x65\x03\x04\x01\x2a" in out.read_bytes(), "AES-256-CBC"
    assert pkcs12.load_pkcs12(out.read_bytes(), password.encode()).cert is not None
    again = elsewhere.run("export", "--out", str(out), "--password-file", str(secret))
    assert "is there already" in again.output
    one = elsewhere.folder / "one"
    assert elsewhere.run("export", "--out", str(one), "--password-file", str(one)).exit_code == 1
    assert not one.exists(), "the file would have taken its password with it"
    piped = elsewhere.run("export", "--out", str(elsewhere.folder / "b.p12"))
    assert "shown on a terminal only" in piped.output
    assert not (elsewhere.folder / "b.p12").exists()


@pytest.mark.parametrize("copy", [False, True])
def test_the_password_on_a_terminal(copy: bool, elsewhere: Elsewhere) -> None:
    """It is shown once, or put on the terminal's clipboard (OSC 52) and not shown."""
    elsewhere.adopt(*elsewhere.stores())
    out = elsewhere.folder / "wss.out.p12"
    command = [sys.executable, "-m", "erepo", "certificates", "export", "--out", str(out)]
    command += ["--purpose", "wss", *(["--copy"] if copy else [])]
    leader, follower = pty.openpty()
    environment = {**os.environ, **elsewhere.environment}
    subprocess.run(command, env=environment, stdout=follower, stderr=follower, check=True, timeout=300)
    os.close(follower)
    shown = os.read(leader, 100_000).decode()
    os.close(leader)
    if copy:
        found = re.search(r"\x1b\]52;c;([A-Za-z0-9+/=]+)\x07", shown)
        assert found is not None
        password = base64.b64decode(found[1]).decode()
        assert password not in shown
    else:
        (password,) = re.findall(r"(?:[A-Za-z2-9]{6}-){3}[A-Za-z2-9]{6}", shown)
    assert Bundle.from_pkcs12(out.read_bytes(), password.encode()).subject_purpose == "WSS"


def test_a_passphrase_must_be_there(elsewhere: Elsewhere) -> None:
    """Keys are never kept in clear."""
    with pytest.raises(pki.WrongPassphrase):
        onboarding.adopt(elsewhere.database, elsewhere.bundles.tls, elsewhere.bundles.wss, b"")
    assert elsewhere.step() is None
