"""`erepo cloud init` and `erepo cloud trust`."""

import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID
from typer.testing import CliRunner

from erepo.cli.cloud import app
from erepo.cloud.addresses import is_server_name, service_url
from erepo.cloud.errors import PublicAddressMissing
from erepo.pki.authority import Authority
from erepo.pki.keys import new_key
from erepo.pki.pem import read_certificate, write_certificates
from erepo.settings import Settings
from tests.support.cloud import RunningCloud
from tests.support.waiting import until

pytestmark = pytest.mark.one_store


def names(folder: Path) -> set[str]:
    """Return the names in the service's TLS certificate."""
    certificate = read_certificate((folder / "tls.pem").read_bytes())
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {str(each.value) for each in found}


def test_init_may_run_again(runner: CliRunner, tmp_path: Path) -> None:
    """A second `init` keeps keys, certificates and database."""
    assert runner.invoke(app, ["init"]).exit_code == 0
    kept = {path: path.read_bytes() for path in (tmp_path / "var" / "cloud").rglob("*.pem")}
    assert kept
    assert runner.invoke(app, ["init"]).exit_code == 0
    assert kept == {path: path.read_bytes() for path in kept}


def test_init_with_another_name_renews_the_server_certificate(runner: CliRunner, tmp_path: Path) -> None:
    """A further name is taken into a new TLS certificate beside the earlier ones; the signing one stays."""
    runner.invoke(app, ["init", "--name", "first.example"])
    folder = tmp_path / "var" / "cloud"
    tls, wss = (folder / "tls.pem").read_bytes(), (folder / "wss.pem").read_bytes()
    assert runner.invoke(app, ["init", "--name", "repository.example"]).exit_code == 0
    assert (folder / "tls.pem").read_bytes() != tls
    assert (folder / "wss.pem").read_bytes() == wss
    assert {"first.example", "repository.example", "localhost", "127.0.0.1"} <= names(folder)


def test_the_public_address_is_in_the_certificate_and_in_what_clients_are_told(
    runner: CliRunner, tmp_path: Path
) -> None:
    """EREPO_PUBLIC_URL decides the certificate's name and every address of account.json."""
    public = {"EREPO_HOST": "0.0.0.0", "EREPO_PUBLIC_URL": "https://Repository.example:9443/"}
    assert runner.invoke(app, ["init"], env=public).exit_code == 0
    assert "repository.example" in names(tmp_path / "var" / "cloud")
    arguments = ["tenant", "add", "0000000000001003", "--credentials", str(tmp_path / "c")]
    assert runner.invoke(app, arguments, env=public).exit_code == 0
    assert "https://Repository.example:9443/services/0000000000001003/xds/registry" in (
        tmp_path / "c" / "account.json"
    ).read_text("utf-8")


def test_a_service_that_listens_everywhere_needs_its_public_address(
    runner: CliRunner, tmp_path: Path
) -> None:
    """Nobody guesses an address for clients: credentials are refused, and nothing was changed."""
    everywhere = {"EREPO_HOST": "0.0.0.0"}
    assert runner.invoke(app, ["init"], env=everywhere).exit_code == 0
    arguments = ["tenant", "add", "0000000000001003", "--credentials", str(tmp_path / "c")]
    refused = runner.invoke(app, arguments, env=everywhere)
    assert refused.exit_code == 1
    assert "EREPO_PUBLIC_URL" in refused.stderr
    assert runner.invoke(app, ["tenant", "show", "0000000000001003"]).exit_code == 1
    assert not (tmp_path / "c").exists()


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "https://127.0.0.1:8400"),
        ("::1", "https://[::1]:8400"),
        ("clinic.pl", "https://clinic.pl:8400"),
    ],
)
def test_without_a_public_address_the_host_is_told(host: str, url: str) -> None:
    """The address is that of EREPO_HOST and the port; IPv6 in brackets."""
    assert service_url(Settings(_env_file=None, host=host)) == url


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_everywhere_is_no_address(host: str) -> None:
    """Listening on all addresses tells none."""
    with pytest.raises(PublicAddressMissing):
        service_url(Settings(_env_file=None, host=host))


@pytest.mark.parametrize(
    "wrong",
    [
        "http://a.example",
        "https://a.example/path",
        "https://",
        "a.example",
        "https://u@a.example",
        "https://a?b",
    ],
)
def test_a_public_address_is_name_and_port_alone(runner: CliRunner, wrong: str) -> None:
    """Another scheme, a path, a user or a query is refused: endpoints begin at the root, over TLS."""
    result = runner.invoke(app, ["init"], env={"EREPO_PUBLIC_URL": wrong})
    assert result.exit_code == 1
    assert "EREPO_PUBLIC_URL" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["serve"],
        ["tenant", "list"],
        ["tenant", "add", "0000000000001003"],
        ["tenant", "set", "0000000000001003", "--codes", "polish"],
        ["patients", "count", "0000000000001003"],
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
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


def leaf() -> bytes:
    """Return a certificate that is no authority."""
    return write_certificates([Authority.create("a").issue_signer(new_key("ec-p256"), "leaf")])


def expired() -> bytes:
    """Return an authority whose time is over."""
    key, name = new_key("ec-p256"), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "old")])
    until_day = datetime.now(UTC) - timedelta(days=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(until_day - timedelta(days=9))
        .not_valid_after(until_day)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return write_certificates([certificate])


@pytest.mark.parametrize(
    "content",
    [
        b"to be done",
        b"-" * 3_000_000,
        leaf(),
        expired(),
        Authority.create("fine").pem + expired(),
    ],
    ids=["text", "endless", "leaf", "expired", "one-of-two-expired"],
)
def test_trust_takes_nothing_but_valid_authorities(runner: CliRunner, tmp_path: Path, content: bytes) -> None:
    """A file that is no certificate, far too large, of a leaf or expired is refused, whole."""
    runner.invoke(app, ["init"])
    (tmp_path / "file.pem").write_bytes(content)
    result = runner.invoke(app, ["trust", "add", str(tmp_path / "file.pem")])
    assert result.exit_code == 1
    assert len(result.stderr.strip().splitlines()) == 2
    assert not list((tmp_path / "var" / "cloud" / "trust").glob("*.pem"))


def test_a_strange_file_among_the_authorities_hides_no_later_one(own_cloud: RunningCloud) -> None:
    """What is no certificate is told once in the log; authorities added afterwards are still taken up."""
    own_cloud.start()
    strange = own_cloud.home.trust / "notes.pem"
    strange.write_text("to be done")
    until(lambda: any("cannot be read" in line for line in own_cloud.log))
    strange.unlink()
    own_cloud.home.add_trust(Authority.create("office").pem)
    until(lambda: any("authorities added: 1" in line for line in own_cloud.log))


@pytest.mark.parametrize("wrong", ["bad name", "-a.example", "a..example", "https://a.example", "", "a" * 64])
def test_a_name_that_no_certificate_may_have_is_refused(
    runner: CliRunner, tmp_path: Path, wrong: str
) -> None:
    """`init --name` takes DNS names and addresses; with anything else nothing is made."""
    assert runner.invoke(app, ["init", "--name", wrong]).exit_code == 2
    assert not (tmp_path / "var").exists()


@pytest.mark.parametrize("name", ["a.example", "*.a.example", "localhost", "192.0.2.7", "2001:db8::1"])
def test_names_and_addresses_go_into_the_certificate(name: str) -> None:
    """DNS names, a star before them, and addresses of both kinds are names of a server."""
    assert is_server_name(name)


def test_a_port_in_use_is_told_in_words(runner: CliRunner) -> None:
    """`serve` on a port that somebody else has ends with cause and cure, exit code 1."""
    assert runner.invoke(app, ["init"]).exit_code == 0
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = runner.invoke(app, ["serve"], env={"EREPO_PORT_BASE": str(port)})
    assert result.exit_code == 1
    assert f"Port {port} (erepo cloud) is already in use" in result.stderr
    assert "EREPO_PORT_BASE" in result.stderr
