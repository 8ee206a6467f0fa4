"""A call returns the one proven answer to its question, or a typed error; over real mutual TLS."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import pytest
from lxml import etree

from erepo.content import MemoryContent
from erepo.errors import ErepoError, PermanentError, RetryableError
from erepo.settings import HttpTimeouts, Limits
from erepo.soap.client import SoapClient
from erepo.soap.errors import (
    AnswerMismatched,
    CoverageRefused,
    FaultRefused,
    FaultRetryable,
    MalformedXop,
    MessageExpired,
    MessageRefused,
    SecurityMissing,
    SignerRefused,
)
from erepo.soap.faults import fault_of, read_fault, write_fault
from erepo.soap.http import AiohttpChannel
from erepo.soap.message import Outgoing, Packed, pack
from erepo.soap.mtom import Attachment, include, octets_of, unpack
from erepo.soap.names import ANONYMOUS, FAULT_ACTION, REFERENCE, SAML2
from erepo.soap.signing import ReadyAssertion, Signer
from erepo.soap.verifying import Verified, read_unsigned
from tests.support.soap_messages import ACTION, LIMITS, XDS, Identity, identity, wire
from tests.support.tls_server import Pki, Script, answer, make_pki, read_request, running_peer

ANSWER_ACTION = f"{ACTION}Response"
Reply = Callable[[Verified], Outgoing]


def echo(request: Verified) -> Outgoing:
    """Answer with the documents of the request."""
    root = etree.Element(f"{{{XDS}}}Response")
    attachments = []
    for number, place in enumerate(request.payload.findall(f"{{{XDS}}}Document")):
        attachments.append(Attachment(f"{number}", MemoryContent(octets_of(request.received, place))))
        etree.SubElement(root, f"{{{XDS}}}Document").append(include(f"{number}"))
    return Outgoing(ANSWER_ACTION, ANONYMOUS, root, attachments, relates_to=request.message_id)


def service(
    identity: Identity,
    reply: Reply,
    signer: Signer | None,
    *,
    mtom: bool = True,
    shift: timedelta = timedelta(),
) -> Script:
    """Return a peer that verifies each request and signs what `reply` says, by a clock that is wrong."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head, _, body = (await read_request(reader)).partition(b"\r\n\r\n")
        (kind,) = [line for line in head.decode().split("\r\n") if line.lower().startswith("content-type:")]
        received = unpack(kind.partition(":")[2].strip(), body, LIMITS)
        request = identity.verifier().verify(received) if signer else read_unsigned(received)
        packed: Packed = pack(reply(request), signer, mtom=mtom, now=datetime.now(UTC) + shift)
        writer.write(answer("200 OK", wire(packed), content_type=packed.content_type))
        await writer.drain()

    return script


@pytest.fixture(scope="module")
def pki() -> Pki:
    """Return throw-away TLS certificates."""
    return make_pki()


@pytest.fixture
async def channel(pki: Pki) -> AsyncIterator[AiohttpChannel]:
    """Return a channel that is closed at the end."""
    async with AiohttpChannel(pki.client_context(), HttpTimeouts(), Limits()) as opened:
        yield opened


async def ask(client: SoapClient, url: str, documents: list[bytes], *, mtom: bool = True) -> list[bytes]:
    """Call a service with documents and return those of its answer."""
    root = etree.Element(f"{{{XDS}}}Request")
    attachments = []
    for number, octets in enumerate(documents):
        attachments.append(Attachment(f"{number}", MemoryContent(octets)))
        etree.SubElement(root, f"{{{XDS}}}Document").append(include(f"{number}"))
    got = await client.call(url, ACTION, root, attachments, expect_action=ANSWER_ACTION, mtom=mtom)
    return [bytes(octets_of(got.received, place)) for place in got.payload]


@pytest.mark.parametrize("mtom", [True, False])
@pytest.mark.parametrize("large_body", [10, 10**6])
async def test_documents_go_and_come_back(
    pki: Pki, channel: AiohttpChannel, elliptic: Identity, mtom: bool, large_body: int
) -> None:
    """A signed question brings a proven answer with the exact octets, on the loop and off it."""
    client = SoapClient(channel, elliptic.signer, elliptic.verifier(), limits=Limits(large_body=large_body))
    documents = [b"\r\n", b"x" * 100_000, b""]
    async with running_peer(pki, service(elliptic, echo, elliptic.signer, mtom=mtom)) as peer:
        assert await ask(client, peer.url, documents, mtom=mtom) == documents


async def test_mutual_tls_alone(pki: Pki, channel: AiohttpChannel, elliptic: Identity) -> None:
    """A tenant without WS-Security sends and reads unsigned messages."""
    async with running_peer(pki, service(elliptic, echo, None)) as peer:
        assert await ask(SoapClient(channel, None, None), peer.url, [b"octets"]) == [b"octets"]


def replying(**changes: object) -> Reply:
    """Return a reply like `echo` with some fields changed."""

    def reply(request: Verified) -> Outgoing:
        fields = {
            "action": ANSWER_ACTION,
            "to": ANONYMOUS,
            "payload": etree.Element(f"{{{XDS}}}Response"),
            "relates_to": request.message_id,
        }
        return Outgoing(**(fields | changes))  # type: ignore[arg-type]

    return reply


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (replying(relates_to="urn:uuid:another"), AnswerMismatched),
        (replying(relates_to=None), AnswerMismatched),
        (replying(action="urn:another"), AnswerMismatched),
        (replying(to="https://elsewhere.example/"), AnswerMismatched),
    ],
)
async def test_answers_to_other_questions_are_refused(
    pki: Pki, channel: AiohttpChannel, elliptic: Identity, reply: Reply, error: type[ErepoError]
) -> None:
    """A good signature does not make somebody else's answer ours."""
    client = SoapClient(channel, elliptic.signer, elliptic.verifier())
    async with running_peer(pki, service(elliptic, reply, elliptic.signer)) as peer:
        with pytest.raises(error):
            await ask(client, peer.url, [])


async def test_answers_of_other_signers_are_refused(
    pki: Pki, channel: AiohttpChannel, elliptic: Identity
) -> None:
    """The signer must be of a trusted authority, and the caller may accept one only."""
    stranger = identity()
    sibling = identity("ec-p256", elliptic.authority)

    def only_the_service(certificate: object) -> None:
        if certificate != elliptic.bundle.certificate:
            raise SignerRefused(rule="not the service")

    client = SoapClient(channel, elliptic.signer, elliptic.verifier(accept=only_the_service))
    for signer in (stranger.signer, sibling.signer):
        async with running_peer(pki, service(elliptic, echo, signer)) as peer:
            with pytest.raises(SignerRefused):
                await ask(client, peer.url, [])
    async with running_peer(pki, service(elliptic, echo, elliptic.signer)) as peer:
        assert await ask(client, peer.url, []) == []


@pytest.mark.parametrize("shift", [timedelta(minutes=-7), timedelta(minutes=2)])
async def test_stale_answers_are_refused(
    pki: Pki, channel: AiohttpChannel, elliptic: Identity, shift: timedelta
) -> None:
    """A signed answer whose time is over, or has not come, is none."""
    client = SoapClient(channel, elliptic.signer, elliptic.verifier())
    async with running_peer(pki, service(elliptic, echo, elliptic.signer, shift=shift)) as peer:
        with pytest.raises(MessageExpired):
            await ask(client, peer.url, [])


async def test_unsigned_answers_are_refused(pki: Pki, channel: AiohttpChannel, elliptic: Identity) -> None:
    """Whoever signs wants signed answers, faults included (M44)."""
    client = SoapClient(channel, None, elliptic.verifier())
    for reply in (echo, replying(payload=write_fault(ValueError()), action=FAULT_ACTION)):
        async with running_peer(pki, service(elliptic, reply, None)) as peer:
            with pytest.raises(SecurityMissing):
                await ask(client, peer.url, [])


@pytest.mark.parametrize(
    ("reason", "error", "name"),
    [
        (CoverageRefused(rule="x"), FaultRefused, "Sender/FailedCheck"),
        (MalformedXop(rule="x"), FaultRefused, "Sender"),
        (MessageExpired(rule="x"), FaultRetryable, "Sender/MessageExpired"),
        (ValueError("secret"), FaultRetryable, "Receiver"),
    ],
)
async def test_faults_become_errors(
    pki: Pki,
    channel: AiohttpChannel,
    elliptic: Identity,
    reason: Exception,
    error: type[ErepoError],
    name: str,
) -> None:
    """A proven fault says by its codes whether sending again can help."""
    client = SoapClient(channel, elliptic.signer, elliptic.verifier())
    reply = replying(payload=write_fault(reason), action=FAULT_ACTION)
    async with running_peer(pki, service(elliptic, reply, elliptic.signer)) as peer:
        with pytest.raises(error) as raised:
            await ask(client, peer.url, [])
    assert raised.value.data["fault"] == name
    assert raised.value.retryable is (error is FaultRetryable)
    assert raised.value.explain("pl")


def test_faults_tell_nothing_of_the_inside() -> None:
    """A fault holds codes and a fixed sentence; never the error's own words."""
    octets = etree.tostring(write_fault(ValueError("PESEL 44051401359")))
    assert b"4405" not in octets
    assert b"ValueError" not in octets
    fault = read_fault(write_fault(MessageRefused(rule="inner words")))
    assert (fault.code, fault.subcode) == ("Sender", "InvalidSecurity")
    assert "inner" not in fault.reason


def test_fault_codes_carry_their_http_status() -> None:
    """Sender faults travel with 400, all others with 500 (SOAP 1.2 part 2)."""
    assert fault_of(MalformedXop(rule="x")).http_status == 400
    assert fault_of(PermanentError()).http_status == 400
    assert fault_of(RetryableError()).http_status == 500
    assert fault_of(ValueError()).http_status == 500


def test_hostile_fault_texts_are_not_repeated() -> None:
    """Codes of a peer that are no plain names do not get into our logs."""
    payload = write_fault(ValueError())
    payload[0][0].text = "soap:Receiver\nINFO all is well"
    payload[1][0].text = "x" * 10_000
    fault = read_fault(payload)
    assert fault.code == ""
    assert len(fault.reason) == 200


def test_fault_namespaces_reach_the_receiver(elliptic: Identity) -> None:
    """The prefix in a fault's subcode is declared where it arrives."""
    outgoing = Outgoing(
        FAULT_ACTION, ANONYMOUS, write_fault(CoverageRefused(rule="x")), relates_to="urn:uuid:1"
    )
    packed = pack(outgoing, elliptic.signer, mtom=False)
    verified = elliptic.verifier().verify(unpack(packed.content_type, wire(packed), LIMITS))
    assert "wsse" in verified.payload.nsmap


async def test_each_request_says_who_acts(pki: Pki, channel: AiohttpChannel, elliptic: Identity) -> None:
    """The assertion is asked for anew for each request, carried, and covered by the signature."""
    made: list[ReadyAssertion] = []
    seen: list[str] = []

    def actor() -> ReadyAssertion:
        octets = f'<a:Assertion xmlns:a="{SAML2}" ID="_{len(made)}"></a:Assertion>'.encode()
        made.append(ReadyAssertion(f"_{len(made)}", octets, hashlib.sha256(octets).digest()))
        return made[-1]

    def reply(request: Verified) -> Outgoing:
        assert request.assertion is not None
        references = request.received.envelope.iter(REFERENCE)
        assert f"#{request.assertion.get('ID')}" in [each.get("URI") for each in references]
        seen.append(request.assertion.get("ID", ""))
        return echo(request)

    client = SoapClient(channel, elliptic.signer, elliptic.verifier(), actor=actor)
    async with running_peer(pki, service(elliptic, reply, elliptic.signer)) as peer:
        for _ in range(2):
            assert await ask(client, peer.url, [b"octets"]) == [b"octets"]
    assert seen == ["_0", "_1"]
