"""What is refused before anything is believed: bodies, heads, addresses, actions."""

import asyncio
import os
import resource
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from erepo.cloud.web.door import HANDSHAKE_SECONDS, MOST_ARRIVALS, listen
from erepo.cloud.web.protocol import MOST_OF_ONE
from erepo.soap.errors import FaultRefused
from erepo.soap.message import Outgoing, pack
from erepo.soap.mtom import unpack
from erepo.soap.signing import Signer
from erepo.xds import iti18, iti41
from tests.erepo.cloud.conftest import OTHER
from tests.support.cloud import ACCOUNT, RunningCloud, TenantCredentials, running_cloud
from tests.support.cloud_client import CloudClient, assertions_of, connected, one_document
from tests.support.waiting import until

pytestmark = pytest.mark.one_store


@pytest.fixture
def http(cloud: RunningCloud) -> Iterator[httpx.Client]:
    """Plain HTTP with the first account's certificate."""
    with httpx.Client(verify=cloud.tenant.tls_context(), trust_env=False, timeout=60) as session:
        yield session


def test_health_is_told(http: httpx.Client, cloud: RunningCloud) -> None:
    """Whoever has a trusted certificate may ask whether the service is alive."""
    assert http.get(f"{cloud.url}/health").json() == {"status": "ok"}


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"content-encoding": "gzip"}, 400, "cloud.content-encoding"),
        ({"content-length": str(10**12)}, 413, "cloud.body-too-large"),
    ],
    ids=["compressed", "too-large"],
)
def test_bodies_are_refused_by_their_headers(
    cloud: RunningCloud, headers: dict[str, str], status: int, code: str
) -> None:
    """Compressed and oversized bodies are refused before a byte of them is read."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in ({"content-length": "3"} | headers).items())
    head = f"POST /services/{ACCOUNT}/xds/repository HTTP/1.1\r\nhost: x\r\n{lines}\r\n"
    answer = exchange(cloud, head.encode() + b"abc")
    assert f" {status} ".encode() in answer.split(b"\r\n")[0]
    assert code.encode() in answer


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/plain", b"hello"),
        ("application/soap+xml", b"<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><x>&e;</x>"),
        ("application/soap+xml", b"<unclosed"),
        ("multipart/related; boundary=b", b"--b\r\n\r\n"),
        ("", b""),
    ],
    ids=["plain", "doctype", "broken", "multipart", "nothing"],
)
def test_what_is_no_message_ends_in_a_fault(
    http: httpx.Client, cloud: RunningCloud, content_type: str, body: bytes
) -> None:
    """Anything but a SOAP message is answered with a fault that repeats nothing of it."""
    headers = {"content-type": content_type}
    response = http.post(cloud.tenant.repository, content=body, headers=headers)
    assert response.status_code == 400
    assert b"Fault" in response.content
    assert b"passwd" not in response.content
    assert b"Traceback" not in response.content


async def test_a_message_for_another_endpoint_is_refused(client: CloudClient, cloud: RunningCloud) -> None:
    """A signed message is only good at the address in its wsa:To and for an action of that endpoint."""
    payload = iti18.write_query(iti18.get_documents(unique_ids=["1.2.3"]))
    with pytest.raises(FaultRefused):
        await client.soap.call(
            cloud.tenant.repository, iti18.ACTION, payload, expect_action=iti18.RESPONSE_ACTION
        )


@pytest.mark.parametrize("bent", ["", "https://[", "https://[x]/services", "http://\u2100.example/"])
def test_a_message_addressed_elsewhere_is_refused(cloud: RunningCloud, bent: str) -> None:
    """A message signed for one endpoint, or for no address at all, is not taken at another."""
    signer, acting = Signer(cloud.tenant.wss), assertions_of(cloud.tenant)
    payload, attachments = iti41.write_request(one_document(b"x"))
    packed = pack(
        Outgoing(iti41.ACTION, bent or cloud.tenant.registry, payload, attachments),
        signer,
        assertion=acting(),
    )
    with httpx.Client(verify=cloud.tenant.tls_context(), trust_env=False, timeout=60) as session:
        response = session.post(
            cloud.tenant.repository,
            content=b"".join(packed.chunks()),
            headers={"content-type": packed.content_type},
        )
    assert response.status_code == 400


def test_answers_go_the_way_of_the_question(cloud: RunningCloud) -> None:
    """An MTOM question gets an MTOM answer, a simple one a simple answer; both are signed."""
    signer, acting = Signer(cloud.tenant.wss), assertions_of(cloud.tenant)
    with httpx.Client(verify=cloud.tenant.tls_context(), trust_env=False, timeout=60) as session:
        for mtom in (True, False):
            payload, attachments = iti41.write_request(one_document(b"x"))
            outgoing = Outgoing(iti41.ACTION, cloud.tenant.repository, payload, attachments)
            packed = pack(outgoing, signer, mtom=mtom, assertion=acting())
            response = session.post(
                cloud.tenant.repository,
                content=b"".join(packed.chunks()),
                headers={"content-type": packed.content_type},
            )
            received = unpack(response.headers["content-type"], response.content, cloud.settings.limits)
            assert received.multipart is mtom
            assert b"SignatureValue" in response.content


def test_chunked_bodies_are_taken(cloud: RunningCloud) -> None:
    """A request without Content-Length is read up to the limit."""
    signer, acting = Signer(cloud.tenant.wss), assertions_of(cloud.tenant)
    payload, attachments = iti41.write_request(one_document(b"x" * 200_000))
    packed = pack(
        Outgoing(iti41.ACTION, cloud.tenant.repository, payload, attachments), signer, assertion=acting()
    )
    with httpx.Client(verify=cloud.tenant.tls_context(), trust_env=False, timeout=60) as session:
        response = session.post(
            cloud.tenant.repository,
            content=(bytes(chunk) for chunk in packed.chunks()),
            headers={"content-type": packed.content_type},
        )
    assert b"ResponseStatusType:Success" in response.content


def test_a_head_without_end_is_refused(cloud: RunningCloud) -> None:
    """More than 64 kB of headers end in 400."""
    lines = "".join(f"x-{number}: {'y' * 1000}\r\n" for number in range(1200))
    answer = exchange(cloud, f"GET /health HTTP/1.1\r\nhost: x\r\n{lines}".encode())
    assert b" 400 " in answer.split(b"\r\n")[0]


@pytest.mark.parametrize(
    ("head", "trickle"),
    [
        ("POST /nothing HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        ("POST /nothing HTTP/1.1\r\nhost: x\r\ncontent-length: 60000\r\n\r\n", b"x"),
        ("GET /health HTTP/1.1\r\nhost: x\r\n\r\n", b"\r\n"),
    ],
    ids=["chunked", "sized", "empty-lines"],
)
def test_what_follows_an_answer_is_bounded(tmp_path: Path, head: str, trickle: bytes) -> None:
    """The rest of a refused request, or empty lines, keep no connection open by coming byte after byte."""
    with (
        running_cloud(tmp_path, environment={"EREPO_HTTP__READ": "1"}) as cloud,
        open_tls(cloud) as connection,
    ):
        connection.sendall(head.encode())
        assert connection.recv(65536).startswith(b"HTTP/1.1 ")
        with pytest.raises(OSError):  # noqa: PT011, PT012  # how TLS tells it, and when, is not said
            for _ in range(1200):
                time.sleep(0.1)
                connection.sendall(trickle)


def test_a_slow_upload_does_not_stand_in_the_way(cloud: RunningCloud, http: httpx.Client) -> None:
    """While a client holds back the rest of its body, others are served."""
    with open_tls(cloud) as slow:
        slow.sendall(
            f"POST /services/{ACCOUNT}/xds/repository HTTP/1.1\r\nhost: x\r\n"
            f"content-length: 200000000\r\n\r\n".encode()
        )
        start = time.monotonic()
        assert http.get(cloud.tenant.facts["service"]).status_code == 200
        assert time.monotonic() - start < 45


async def test_errors_tell_nothing_of_the_inside(own_cloud: RunningCloud) -> None:
    """When the disk refuses, a client hears that it should come again, and no text of the error."""
    own_cloud.start()
    (own_cloud.home.blobs / "1").write_bytes(b"a file where the tenant's folder should be")
    async with connected(own_cloud.tenant) as client:
        response = await client.provide(one_document(os.urandom(700_000)))
        assert [error.code for error in response.errors] == ["XDSRepositoryBusy"]
        assert "directory" not in response.errors[0].context
        assert (await client.provide(one_document(b"small"))).errors == ()
    assert not any("Traceback" in line for line in own_cloud.log)


async def test_stalled_senders_of_one_account_hold_up_no_other(cloud: RunningCloud) -> None:
    """An account whose uploads stall fills its own share of the memory; another one is served at once."""
    other = TenantCredentials(cloud.tenant.folder.with_name(OTHER))
    head = f"POST /services/{ACCOUNT}/xds/repository HTTP/1.1\r\nhost: x\r\ncontent-length: 1048576\r\n\r\n"
    stalled = [open_tls(cloud) for _ in range(80)]
    try:
        for each in stalled:
            each.sendall(head.encode() + b"x")
        async with connected(other) as client, asyncio.timeout(45):
            assert (await client.provide(one_document(b"x"))).errors == ()
    finally:
        for each in stalled:
            each.close()


@pytest.mark.parametrize("size", ["content-length: 250000000", "transfer-encoding: chunked"])
async def test_a_stalled_giant_holds_up_no_other(cloud: RunningCloud, size: str) -> None:
    """One connection that announces as much as all may hold keeps no other account's uploads waiting."""
    other = TenantCredentials(cloud.tenant.folder.with_name(OTHER))
    with open_tls(cloud) as stalled:
        stalled.sendall(
            f"POST /services/{ACCOUNT}/xds/repository HTTP/1.1\r\nhost: x\r\n{size}\r\n\r\n".encode()
        )
        await asyncio.sleep(0.3)
        async with connected(other) as client, asyncio.timeout(45):
            assert (await client.provide(one_document(os.urandom(2_000_000)))).errors == ()


def test_connections_of_one_certificate_are_bounded(cloud: RunningCloud) -> None:
    """Ever more connections of one client are cut off at its bound; it may go on when some are closed."""
    request = b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n"
    held = [open_tls(cloud) for _ in range(MOST_OF_ONE)]
    try:
        # A client's handshake is over before the service's: the last of them may not be counted yet.
        until(lambda: exchange(cloud, request) == b"")
    finally:
        for each in held:
            each.close()
    until(lambda: b"200 OK" in exchange(cloud, request))


def test_connections_without_a_handshake_are_bounded(own_cloud: RunningCloud) -> None:
    """Who never begins TLS is cut off soon; more of them than files are usual keep nobody out."""
    usual, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (128, most))
    try:
        own_cloud.start()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (usual, most))
    address = ("127.0.0.1", own_cloud.settings.cloud_port)
    with ExitStack() as stack:
        mute = [stack.enter_context(socket.create_connection(address, 60)) for _ in range(200)]
        assert b"200 OK" in exchange(own_cloud, b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n")
        mute[0].settimeout(2 * HANDSHAKE_SECONDS)
        assert mute[0].recv(1) == b""


def test_whoever_never_begins_takes_no_file_from_others(own_cloud: RunningCloud) -> None:
    """Where a process may have few files, the oldest of those who say nothing make room at once."""
    own_cloud.start()
    assert own_cloud.process
    resource.prlimit(own_cloud.process.pid, resource.RLIMIT_NOFILE, (160, 160))
    address = ("127.0.0.1", own_cloud.settings.cloud_port)
    with ExitStack() as stack:
        mute = [stack.enter_context(socket.create_connection(address, 5)) for _ in range(300)]
        assert b"200 OK" in exchange(own_cloud, b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n")
        mute[0].settimeout(HANDSHAKE_SECONDS / 3)
        assert mute[0].recv(1) == b""
    assert not any("no connection can be accepted" in line for line in own_cloud.log)


def test_handshakes_under_way_are_bounded(own_cloud: RunningCloud) -> None:
    """Of a crowd that never begins TLS the oldest are cut off; whoever begins it comes in all the same."""
    own_cloud.start()
    address = ("127.0.0.1", own_cloud.settings.cloud_port)
    with ExitStack() as stack:
        mute = [stack.enter_context(socket.create_connection(address, 60)) for _ in range(MOST_ARRIVALS + 20)]
        for _ in range(3):
            assert b"200 OK" in exchange(own_cloud, b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n")
        for each in mute[:20]:
            each.settimeout(HANDSHAKE_SECONDS / 3)
            assert each.recv(1) == b""
        newest = stack.enter_context(socket.create_connection(address, 60))
        newest.settimeout(0.1)
        with pytest.raises(TimeoutError):
            newest.recv(1)
        started = time.monotonic()
        assert own_cloud.stop() == 0
        assert time.monotonic() - started < HANDSHAKE_SECONDS


def test_a_taken_port_is_told(own_cloud: RunningCloud) -> None:
    """A second service on the same port ends at once instead of sharing it."""
    own_cloud.start()
    with pytest.raises(OSError, match="in use"):
        listen("127.0.0.1", own_cloud.settings.cloud_port, 1)
    for each in listen("localhost", 0, 1):
        each.close()


def test_a_frozen_client_does_not_hold_up_the_end(own_cloud: RunningCloud) -> None:
    """A service asked to stop ends soon, also when an idle client never answers its farewell."""
    own_cloud.start()
    with open_tls(own_cloud) as frozen:
        frozen.sendall(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n")
        frozen.recv(65536)
        started = time.monotonic()
        assert own_cloud.stop() == 0
        assert time.monotonic() - started < 35


def open_tls(cloud: RunningCloud) -> ssl.SSLSocket:
    """Return a raw connection with the first account's certificate."""
    plain = socket.create_connection(("127.0.0.1", cloud.settings.cloud_port), 60)
    return cloud.tenant.tls_context().wrap_socket(plain, server_hostname="127.0.0.1")


def exchange(cloud: RunningCloud, request: bytes) -> bytes:
    """Send raw bytes, return what comes back until the connection closes or rests."""
    answer = b""
    with open_tls(cloud) as connection:
        try:
            connection.settimeout(60)
            connection.sendall(request)
            while b"\r\n\r\n" not in answer or not answer.endswith((b"}", b".")):
                if not (more := connection.recv(65536)):
                    break
                connection.settimeout(2)
                answer += more
        except (TimeoutError, ConnectionError):
            pass
    return answer
