"""Every vector against the running service over mutual TLS: a signed fault, nothing told, one event."""

import http.client
import json
import os
import re
import select
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from erepo.pki.trust import TrustStore
from erepo.soap.faults import read_fault
from erepo.soap.mtom import unpack
from erepo.soap.names import FAULT
from erepo.soap.verifying import Verifier
from erepo.xds import iti41
from tests.erepo.soap.attacks.catalogue import VECTORS
from tests.support.attack_kit import Kit, Message, Vector
from tests.support.cloud import RunningCloud, TenantCredentials, running_cloud
from tests.support.soap_messages import LIMITS, Identity, Sample, identity

#: Of the product, whose members are much alike, one in eight; all of them in the long form.
_STEP = 1 if os.environ.get("EREPO_SOAK") else 8
_PRODUCT = [vector for vector in VECTORS if vector.code.startswith("W")]
ATTACKS = [*_PRODUCT[::_STEP], *(vector for vector in VECTORS if not vector.code.startswith("W"))]
#: Sentences of faults; nothing else may be said.
TOLD = {
    "Only SOAP 1.2 is spoken here.",
    "A mandatory header is not understood.",
    "The message cannot be processed as it is.",
    "The security header cannot be processed.",
    "An unsupported algorithm was used.",
    "The security token could not be authenticated.",
    "The signature was invalid or does not cover what it must.",
    "The message has expired.",
}
#: Values of signatures may hold any word.
_BASE64 = re.compile(rb">[A-Za-z0-9+/=]{40,}<")
INNER = (b"EVIL", b"Traceback", b"lxml", b"site-packages", b"passwd", b"rim:Title", b"asn1", b".py")


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    """Run a service."""
    with running_cloud(tmp_path_factory.mktemp("attacked"), users="optional") as running:
        yield running


@pytest.fixture(scope="module")
def beacon() -> Iterator[socket.socket]:
    """Listen where the attacks want something sent to."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


class Line:
    """A kept-alive connection of an account, and what comes back on it."""

    def __init__(self, tenant: TenantCredentials) -> None:
        self._tenant = tenant
        self._verifier = Verifier(TrustStore.from_pem(tenant.ca_pem))
        host, _, path = tenant.repository.partition("//")[2].partition("/")
        self._path = f"/{path}"
        self._connection = http.client.HTTPSConnection(host, context=tenant.tls_context(), timeout=60)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def post(self, message: Message) -> tuple[int, str, bytes]:
        """Send a message; returns status, content type and body."""
        return self._send("POST", self._path, message[1], message[0])

    def _send(self, method: str, path: str, body: bytes = b"", kind: str = "") -> tuple[int, str, bytes]:
        headers = {"Content-Type": kind.encode("latin-1", "replace").decode("latin-1")} if kind else {}
        for last in (False, True):
            try:
                self._connection.request(method, path, body, headers)
                answer = self._connection.getresponse()
                return answer.status, answer.getheader("Content-Type", ""), answer.read()
            except (ConnectionError, http.client.HTTPException):
                self._connection.close()
                if last:
                    raise
        raise AssertionError

    def events(self, after: int) -> list[dict[str, Any]]:
        """Return the account's events behind a number."""
        found: list[dict[str, Any]] = []
        while True:
            path = f"/services/{self._tenant.account}/audit?after={after}&limit=500"
            page = json.loads(self._send("GET", path)[2])
            found += page["events"]
            after = page["next"]
            if not page["more"]:
                return found

    def fault(self, message: Message) -> str:
        """Send a message that is to be refused; returns the fault's codes, or what is wrong about it."""
        status, kind, body = self.post(message)
        readable = _BASE64.sub(b"", body)
        if status not in (400, 500) or any(word in readable for word in INNER):
            return f"HTTP {status}: {readable!r}"
        verified = self._verifier.verify(unpack(kind, body, LIMITS))
        fault = read_fault(verified.payload)
        if verified.payload.tag != FAULT or fault.reason not in TOLD:
            return f"told: {fault}"
        return f"{fault.code}/{fault.subcode}"


@pytest.fixture
def line(cloud: RunningCloud) -> Iterator[Line]:
    """Open a connection of the account."""
    opened = Line(cloud.tenant)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def kit(cloud: RunningCloud, beacon: socket.socket) -> Kit:
    """Return the kit of somebody who got hold of a message, and of the account's own key for forging."""
    stranger = identity()
    victim = Identity(stranger.authority, cloud.tenant.wss)
    sample = Sample([b"octets"], to=cloud.tenant.repository, action=iti41.ACTION)
    address = f"http://127.0.0.1:{beacon.getsockname()[1]}"
    return Kit(victim, identity("rsa-3072"), stranger, sample, address)


def proper(vector: Vector, told: str) -> bool:
    """Tell whether a fault is the one that an attack deserves."""
    if not vector.refusals:
        return told.startswith(("Sender/", "VersionMismatch/", "MustUnderstand/"))
    expected = {"Sender/FailedAuthentication"}  # whoever is elder or stranger elsewhere is unknown here
    for kind in vector.refusals:
        prefix, _, local = kind.fault.partition(":")
        expected.add(f"{local}/" if prefix == "soap" else f"Sender/{local}")
    return told in expected


def test_the_good_message_is_read(line: Line, kit: Kit) -> None:
    """What the attacks are made of gets past the door: the registry refuses its metadata, in an answer."""
    status, _, body = line.post(kit.mtom(b"document"))
    assert status == 200, body
    assert b"RegistryResponse" in body


def sendable(message: Message) -> bool:
    """Tell whether HTTP can carry the Content-Type at all."""
    return message[0].isprintable() and len(message[0]) < 60_000


def test_every_attack_ends_as_a_fault(line: Line, kit: Kit, beacon: socket.socket) -> None:
    """Each is answered with the fault it deserves, leaves exactly one event, and nobody is called."""
    wrong, sent = [], 0
    before = len(line.events(0))
    for vector in ATTACKS:
        message = vector.make(kit)
        if not sendable(message):
            continue
        sent += 1
        told = line.fault(message)
        if not proper(vector, told):
            wrong.append(f"{vector.code}: {vector.title}: {told}")
    assert not wrong
    assert sent > 600
    events = [each for each in line.events(before) if each["who"]["endpoint"].endswith("/repository")]
    assert len(events) == sent, events[-1]
    assert all(each["result"] for each in events)
    assert not select.select([beacon], [], [], 0)[0], "somebody called whom a message named"


def test_the_service_is_as_good_as_before(line: Line, kit: Kit, cloud: RunningCloud) -> None:
    """After all of them the good message is still read, and the service wrote no unexpected error."""
    assert line.post(kit.mtom(b"document"))[0] == 200
    assert not [each for each in cloud.log if "unexpected" in each or "ERROR" in each]
