"""The running service understands any client, and answers in kind, on the same connection."""

import http.client
import select
import socket
from collections.abc import Iterator

import pytest
from lxml import etree

from erepo.pki.trust import TrustStore
from erepo.soap.faults import read_fault
from erepo.soap.message import Outgoing, pack
from erepo.soap.mtom import unpack
from erepo.soap.names import ACTION, FAULT, REPLY_TO, SOAP, SOAP11, TO, WSA
from erepo.soap.signing import Signer
from erepo.soap.verifying import Verified, Verifier
from erepo.xds import iti41, iti43
from erepo.xds.responses import read_registry_response
from tests.support.attack_kit import Message, drop_references, forge, header, one
from tests.support.cloud import RunningCloud, running_cloud
from tests.support.cloud_client import make_entry, make_submission, new_oid
from tests.support.packages import WRITERS, plain
from tests.support.soap_messages import LIMITS, Identity, identity, wire

Line = http.client.HTTPSConnection
DOCUMENTS = (b"<one/>\r\n", "zażółć = \t\n".encode() * 30, b"three")


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    """Run a service."""
    with running_cloud(tmp_path_factory.mktemp("any-client"), users="optional") as running:
        yield running


@pytest.fixture
def line(cloud: RunningCloud) -> Iterator[Line]:
    """Open a connection of the account."""
    host = cloud.tenant.repository.partition("//")[2].partition("/")[0]
    opened = http.client.HTTPSConnection(host, context=cloud.tenant.tls_context(), timeout=60)
    yield opened
    opened.close()


def provide(cloud: RunningCloud, *names: str) -> Message:
    """Return our own signed ITI-41 message of three documents."""
    entries = [(make_entry(name), octets) for name, octets in zip(names, DOCUMENTS, strict=True)]
    payload, attachments = iti41.write_request(make_submission(*entries))
    packed = pack(
        Outgoing(iti41.ACTION, cloud.tenant.repository, payload, attachments), Signer(cloud.tenant.wss)
    )
    return packed.content_type, wire(packed)


def retrieve(cloud: RunningCloud, *names: str) -> etree._Element:
    """Return a simple ITI-43 message, as a tree to be bent and signed anew."""
    repository = str(cloud.tenant.facts["repositoryUniqueId"])
    payload = iti43.write_request([iti43.DocumentRequest(repository, name) for name in names])
    outgoing = Outgoing(iti43.ACTION, cloud.tenant.repository, payload)
    return etree.fromstring(wire(pack(outgoing, Signer(cloud.tenant.wss), mtom=False)))


def ask(cloud: RunningCloud, line: Line, message: Message) -> tuple[int, str, Verified]:
    """Send a message and return the proven answer."""
    path = "/" + cloud.tenant.repository.partition("//")[2].partition("/")[2]
    line.request("POST", path, message[1], {"Content-Type": message[0]})
    answer = line.getresponse()
    kind, body = answer.getheader("Content-Type", ""), answer.read()
    verified = Verifier(TrustStore.from_pem(cloud.tenant.ca_pem)).verify(unpack(kind, body, LIMITS))
    return answer.status, kind, verified


def signed(cloud: RunningCloud, tree: etree._Element) -> Message:
    """Sign a tree anew, as a client that writes it so."""
    forge.sign(tree, Identity(identity().authority, cloud.tenant.wss))
    return "application/soap+xml; charset=utf-8", etree.tostring(tree)


@pytest.mark.parametrize("name", WRITERS)
def test_documents_in_any_package_are_stored(name: str, cloud: RunningCloud, line: Line) -> None:
    """However the package is written, the documents come back octet for octet, in a package."""
    names = [new_oid() for _ in DOCUMENTS]
    status, kind, verified = ask(cloud, line, WRITERS[name].write(provide(cloud, *names)))
    assert status == 200
    assert kind.startswith("multipart/related")
    assert not read_registry_response(verified.payload).errors
    _, kind, verified = ask(cloud, line, signed(cloud, retrieve(cloud, *names)))
    assert kind.startswith("application/soap+xml")
    found = {each.document_unique_id: each.content for each in iti43.read_response(verified).documents}
    assert tuple(b"".join(found[each].chunks()) for each in names) == DOCUMENTS


def test_reply_to_may_be_missing(cloud: RunningCloud, line: Line) -> None:
    """A request without ReplyTo is answered on its connection like any other."""
    tree = retrieve(cloud, "1.2.3")
    drop_references(tree, "reply-to")
    header(tree).remove(one(tree, REPLY_TO))
    assert ask(cloud, line, signed(cloud, tree))[0] == 200


@pytest.mark.parametrize("name", ["ReplyTo", "FaultTo"])
def test_nobody_else_is_ever_called(name: str, cloud: RunningCloud, line: Line) -> None:
    """An endpoint elsewhere, well signed, is refused on the connection; that endpoint hears nothing."""
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        tree = retrieve(cloud, "1.2.3")
        drop_references(tree, "reply-to")
        header(tree).remove(one(tree, REPLY_TO))
        block = etree.SubElement(header(tree), f"{{{WSA}}}{name}")
        address = f"http://127.0.0.1:{elsewhere.getsockname()[1]}/collect"
        etree.SubElement(block, f"{{{WSA}}}Address").text = address
        status, _, verified = ask(cloud, line, signed(cloud, tree))
        assert (status, read_fault(verified.payload).code) == (400, "Sender")
        assert not select.select([elsewhere], [], [], 0.2)[0]


@pytest.mark.parametrize("content_type", ["text/xml; charset=utf-8", "application/soap+xml"])
def test_soap_11_is_told_the_version(content_type: str, cloud: RunningCloud, line: Line) -> None:
    """A message of SOAP 1.1 hears which version is spoken here."""
    octets = etree.tostring(retrieve(cloud, "1.2.3")).replace(SOAP.encode(), SOAP11.encode())
    status, _, verified = ask(cloud, line, (content_type, octets))
    fault = read_fault(verified.payload)
    assert (status, fault.code) == (500, "VersionMismatch")
    assert "SOAP 1.2" in fault.reason


def test_answers_come_as_the_question_did(cloud: RunningCloud, line: Line) -> None:
    """A question in a package is answered in one, documents as parts."""
    names = [new_oid() for _ in DOCUMENTS]
    ask(cloud, line, plain.write(provide(cloud, *names)))
    repository = str(cloud.tenant.facts["repositoryUniqueId"])
    payload = iti43.write_request([iti43.DocumentRequest(repository, names[0])])
    packed = pack(Outgoing(iti43.ACTION, cloud.tenant.repository, payload), Signer(cloud.tenant.wss))
    status, kind, verified = ask(cloud, line, (packed.content_type, wire(packed)))
    assert status == 200
    assert kind.startswith("multipart/related")
    assert len(verified.received.attachments) == 1


def test_lies_about_the_length_end_as_such(cloud: RunningCloud) -> None:
    """A body longer or shorter than announced, or compressed, is never read as a message."""
    host = cloud.tenant.repository.partition("//")[2].partition("/")[0]
    path = "/" + cloud.tenant.repository.partition("//")[2].partition("/")[2]
    octets = etree.tostring(retrieve(cloud, "1.2.3"))
    for headers, body, statuses in [
        ({"Content-Length": str(len(octets) - 10)}, octets, {400}),
        ({"Content-Length": "-1"}, octets, {400}),
        ({"Content-Length": "1e3"}, octets, {400}),
        ({"Content-Length": str(len(octets)), "Content-Encoding": "gzip"}, octets, {400, 415}),
        ({"Content-Length": str(len(octets)), "Content-Encoding": "deflate, gzip"}, octets, {400, 415}),
        ({"Content-Length": str(10**12)}, octets, {413}),
    ]:
        line = http.client.HTTPSConnection(host, context=cloud.tenant.tls_context(), timeout=60)
        line.putrequest("POST", path)
        for name, value in ({"Content-Type": "application/soap+xml"} | headers).items():
            line.putheader(name, value)
        line.endheaders()
        line.send(body)
        assert line.getresponse().status in statuses, headers
        line.close()


def test_the_signed_action_decides_and_the_body_must_fit(cloud: RunningCloud, line: Line) -> None:
    """A Body of another transaction than wsa:Action says is refused, whatever the media type says."""
    tree = retrieve(cloud, "1.2.3")
    one(tree, ACTION).text = iti41.ACTION
    _, octets = signed(cloud, tree)
    content_type = f'application/soap+xml; action="{iti43.ACTION}"'
    status, _, verified = ask(cloud, line, (content_type, octets))
    refused = verified.payload.tag == FAULT or read_registry_response(verified.payload).errors
    assert refused, (status, etree.tostring(verified.payload))


def test_a_message_elsewhere_is_refused(cloud: RunningCloud, line: Line) -> None:
    """A message signed for another address, or for the other endpoint of the account, is not for this one."""
    for other in (cloud.tenant.registry, cloud.tenant.repository.replace("1003", "1010")):
        tree = retrieve(cloud, "1.2.3")
        one(tree, TO).text = other
        status, _, verified = ask(cloud, line, signed(cloud, tree))
        assert (status, read_fault(verified.payload).code) == (400, "Sender")
