"""Real handshakes over real sockets."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from erepo.pki import Bundle, client_context, new_key, server_context
from tests.support.certificates import Recipe, root

AUTHORITY = root()
SERVER_KEY = new_key()
SERVER = Bundle(SERVER_KEY, AUTHORITY.issue_server(SERVER_KEY, ["localhost", "127.0.0.1"]))
CLIENT_RECIPE = Recipe(issuer=AUTHORITY)


def client(recipe: Recipe = CLIENT_RECIPE) -> Bundle:
    """A client's bundle."""
    return Bundle(recipe.key, recipe.make())


@contextmanager
def listening(context: ssl.SSLContext) -> Iterator[tuple[int, list[Exception]]]:
    """Serve one connection that says the peer's CN; yields (port, list of what went wrong)."""
    trouble: list[Exception] = []

    def serve(listener: socket.socket) -> None:
        try:
            plain, _ = listener.accept()
            plain.settimeout(60)
            with context.wrap_socket(plain, server_side=True) as peer:
                subject = peer.getpeercert()["subject"]
                peer.sendall(subject[-1][0][1].encode())
        except OSError as error:
            trouble.append(error)
            plain.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        yield listener.getsockname()[1], trouble
        thread.join(120)


def talk(context: ssl.SSLContext, port: int, name: str = "localhost") -> tuple[str, str | None]:
    """Connect, read what the server says, return it and the protocol."""
    with (
        socket.create_connection(("127.0.0.1", port), 10) as plain,
        context.wrap_socket(plain, server_hostname=name) as channel,
    ):
        said = channel.recv(100).decode()
        if not said:
            raise ConnectionAbortedError
        return said, channel.version()


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
def test_both_sides_know_each_other(name: str) -> None:
    """Client and server with certificates of one authority talk TLS 1.3, and the server sees the subject."""
    with listening(server_context(SERVER, AUTHORITY.pem)) as (port, trouble):
        said, version = talk(client_context(client(), AUTHORITY.pem), port, name)
    assert said == "0000000000001003 TLS"
    assert version == "TLSv1.3"
    assert trouble == []


def test_tls_1_2_is_still_spoken() -> None:
    """A peer that stops at TLS 1.2 is served with forward secrecy."""
    context = client_context(client(), AUTHORITY.pem)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with listening(server_context(SERVER, AUTHORITY.pem)) as (port, _):
        assert talk(context, port)[1] == "TLSv1.2"


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_older_tls_is_refused() -> None:
    """TLS 1.1 does not get in (manual 2.5)."""
    context = client_context(client(), AUTHORITY.pem)
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with listening(server_context(SERVER, AUTHORITY.pem)) as (port, _), pytest.raises(ssl.SSLError):
        talk(context, port)


@pytest.mark.parametrize(
    "bundle",
    [None, client(Recipe(issuer=root("Stranger"))), client(Recipe())],
    ids=["no certificate", "another authority", "self-signed"],
)
def test_a_stranger_is_not_let_in(bundle: Bundle | None) -> None:
    """The server refuses a client without a certificate of its authorities."""
    context = client_context(bundle, AUTHORITY.pem)
    # With TLS 1.3 the refusal is an alert, a reset or a silent end, as the timing falls.
    with (
        listening(server_context(SERVER, AUTHORITY.pem)) as (port, trouble),
        pytest.raises((ssl.SSLError, ConnectionError)),
    ):
        talk(context, port)
    assert trouble


def test_a_server_that_trusts_nobody() -> None:
    """An empty list of authorities lets nobody in."""
    context = client_context(client(), AUTHORITY.pem)
    with (
        listening(server_context(SERVER, b"")) as (port, trouble),
        pytest.raises((ssl.SSLError, ConnectionError)),
    ):
        talk(context, port)
    assert trouble


def test_the_client_checks_the_servers_name() -> None:
    """A certificate for another host is refused."""
    with (
        listening(server_context(SERVER, AUTHORITY.pem)) as (port, _),
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        talk(client_context(client(), AUTHORITY.pem), port, "example.org")


def test_the_client_checks_the_servers_authority() -> None:
    """A server of an authority that was not given is refused, the system's authorities are not asked."""
    context = client_context(client(), root("Other").pem)
    with (
        listening(server_context(SERVER, AUTHORITY.pem)) as (port, _),
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        talk(context, port)


def descriptors() -> set[str]:
    """The open descriptors of this process that name something (not the listing's own)."""
    return {str(entry.readlink()) for entry in Path("/proc/self/fd").iterdir() if entry.exists()}


def test_no_key_touches_a_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Building a context opens no file for writing but one in memory, and leaves no descriptor behind."""
    before = descriptors()
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    client_context(client(), AUTHORITY.pem)
    assert list(tmp_path.iterdir()) == []
    assert descriptors() == before
