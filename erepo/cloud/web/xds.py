"""The XDS endpoints: from the octets of a SOAP message to the signed answer.

Small messages are verified and answered on the event loop (a thread costs more than it saves, performance.md
§6); bodies and answers above `limits.large_body` are handled in worker threads. Errors of the profile are
answers with HTTP 200; what is wrong with the message itself is a SOAP fault that says nothing of the inside.
"""

import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from functools import partial

from erepo.blobs.errors import StoredContentDamaged
from erepo.cloud import addresses
from erepo.cloud.audit.evidence import Once
from erepo.cloud.errors import SignerNotRegistered, where
from erepo.cloud.service import Cloud
from erepo.cloud.tenancy.tenants import Tenant
from erepo.cloud.web.acting import certificate_of, who_acts
from erepo.cloud.web.answers import Answer
from erepo.cloud.web.calls import Call
from erepo.cloud.web.exchange import Caller, Question, Reply, Transaction
from erepo.cloud.web.resources import service_document
from erepo.cloud.web.standing import expect_current, refuse_signer
from erepo.cloud.web.transactions import TRANSACTIONS
from erepo.content import Buffer
from erepo.errors import ErepoError
from erepo.pki.bundle import fingerprint
from erepo.soap.errors import MessageRefused
from erepo.soap.faults import fault_of, write_fault
from erepo.soap.message import Outgoing, Packed, pack
from erepo.soap.mtom import Received, unpack
from erepo.soap.names import ANONYMOUS, FAULT_ACTION, MESSAGE_ID
from erepo.soap.verifying import Verified, read_unsigned

log = logging.getLogger("erepo.cloud")

_HOP = 1024**2


class ActionRefused(MessageRefused):
    """The action is none of this endpoint's, or the message was addressed elsewhere."""

    code = "cloud.action-refused"
    fault = "soap:Sender"


async def serve_soap(call: Call) -> None:
    """Answer a message that is posted to an XDS endpoint; the answer is sent while its memory is counted."""
    cloud, trail, request = call.cloud, call.trail, call.request
    limits, account = cloud.settings.limits, call.tenant.account
    caller = Caller(cloud, call.tenant, request.path, trail, request.certificate)
    most = limits.message if request.path.endswith("/repository") else limits.soap_part
    with cloud.arrivals.expected() as trail.arrived:
        async with call.body(most) as body:
            content_type = request.headers.get(b"content-type", b"").decode("latin-1")
            answer = await serve_xds(caller, content_type, body)
            trail.arrived()
            async with cloud.bodies.answering(account, len(answer.body)):
                await answer.send(call.send, cloud.settings.http.write)


async def describe(call: Call) -> Answer:
    """Answer `?wsdl` and `?xsd=NAME` of an XDS endpoint.

    Raises:
        PathUnknown, MethodNotAllowed: see `service_document`.
    """
    call.trail.transaction = "wsdl"
    return service_document(call.cloud, call.request.path, call.request.query.decode("latin-1"))


async def serve_xds(caller: Caller, content_type: str, body: bytearray) -> Answer:
    """Answer one message at `/services/{account}/xds/…`; its record is written before the answer goes out.

    Args:
        caller: whose connection it is, and the endpoint.
        content_type: of the body.
        body: the message; must stay until the answer was sent.
    """
    cloud, tenant = caller.cloud, caller.tenant
    received: Received | None = None
    try:
        large = len(body) > cloud.settings.limits.large_body
        unpacking = partial(unpack, content_type, body, cloud.settings.limits)
        received = await cloud.heavily(unpacking) if large else unpacking()
        proving = partial(prove, cloud, tenant, received)
        verified = await cloud.heavily(proving) if large else proving()
        return await _answered(Question(caller, verified, large))
    except ErepoError as error:
        log.info("account %s: refused, %s", tenant.account, _why(error))
        return await refusal(caller, received, error)
    except Exception as error:  # noqa: BLE001  # whatever it is, the other side must hear something
        log.error("account %s: %s", tenant.account, where(error))  # noqa: TRY400  # texts may hold patient data
        return await refusal(caller, received, error)


def _why(error: ErepoError) -> str:
    """Return the code, and of a message refused the rule it broke: its sender hears next to nothing.

    `rule` is a phrase of ours, never content of a message (`erepo.soap.errors`).
    """
    rule = error.data.get("rule") if isinstance(error, MessageRefused) else None
    return f"{error.code}: {rule}" if rule else error.code


async def refusal(caller: Caller, received: Received | None, error: Exception) -> Answer:
    """Record a refusal and return the fault that tells it."""
    try:
        await caller.trail.refused(error)
    except ErepoError as unrecorded:
        log.error("account %s: a refusal is not recorded, %s", caller.tenant.account, unrecorded.code)  # noqa: TRY400  # texts may hold patient data
    return _fault(caller, received, error)


async def _answered(question: Question) -> Answer:
    """Handle a proven message, and record it."""
    transaction = _transaction(question)
    await who_acts(question)
    reply, answer = await handled(question, transaction)
    await question.trail.tell(reply.things, reply.errors)
    return answer


async def handled(question: Question, transaction: Transaction) -> tuple[Reply, Answer]:
    """Do what a transaction is for, and pack the answer: damage found while packing goes into a second one.

    Nothing is recorded yet, unless a job of the writer did it.
    """
    while True:
        reply = await transaction.handle(question)
        outgoing = Outgoing(
            reply.action,
            ANONYMOUS,
            reply.payload,
            reply.attachments,
            relates_to=question.verified.message_id,
        )
        try:
            answer = await _packed(question, outgoing)
        except StoredContentDamaged as error:
            damaged = question.damaged | {error.data["document"]}
            if damaged == question.damaged:
                raise
            log.error("stored content %s is damaged", error.data["document"])  # noqa: TRY400  # texts may hold patient data
            question = replace(question, damaged=damaged)
        else:
            return reply, answer


def _transaction(question: Question) -> Transaction:
    """Return what the message asks for, and put it into the record.

    Raises:
        ActionRefused: this endpoint does not serve it, or it was addressed to another.
        StatusStale: it would change something, and nobody can tell whether its sender was revoked.
    """
    verified, trail, path = question.verified, question.trail, question.caller.path
    if verified.replay_key is not None and verified.fresh_until is not None:
        trail.once = (Once(verified.replay_key, verified.fresh_until.replace(tzinfo=None)),)
    if verified.certificate is not None:
        trail.who = replace(trail.who, signer=fingerprint(verified.certificate))
    trail.message = verified.message_id[:200]
    transaction = TRANSACTIONS.get(path.rpartition("/")[2], {}).get(verified.action)
    if transaction is None:
        raise ActionRefused(rule="an action that this endpoint does not serve")
    trail.transaction, trail.action = transaction.name, transaction.action
    check_address(verified.to, path)
    peer = question.caller.certificate
    expect_current(question, transaction.action, certificate_of(peer) if peer else None)
    return transaction


def prove(cloud: Cloud, tenant: Tenant, received: Received) -> Verified:
    """Verify a message; the signer must be a registered WSS certificate of this very account.

    Raises:
        MessageRefused, SignerNotRegistered, SignerRevoked: it is not to be trusted.
    """
    if tenant.security == "mtls":
        return read_unsigned(received)
    verified = cloud.verifier.verify(received)
    if verified.certificate is None or fingerprint(verified.certificate) not in tenant.signers:
        raise SignerNotRegistered
    refuse_signer(cloud, verified.certificate)
    return verified


def check_address(to: str, path: str) -> None:
    """Return if a message was addressed to this endpoint.

    Raises:
        ActionRefused: to another.
    """
    # The host may differ behind a proxy; the path names account and endpoint.
    if to != ANONYMOUS and addresses.split(to).path != path:
        raise ActionRefused(rule="wsa:To is another address")


async def _packed(question: Question, outgoing: Outgoing) -> Answer:
    cloud = question.cloud
    signer = question.caller.signing
    mtom = question.verified.received.multipart
    work = partial(pack, outgoing, signer, mtom=mtom, life=cloud.settings.wss.life)
    if sum(each.content.size for each in outgoing.attachments) <= cloud.settings.limits.large_body:
        packed = work()
        return Answer(200, packed.content_type, b"".join(packed.chunks()))
    packed = await cloud.heavily(partial(_proven, work, outgoing, signed=signer is not None))
    return Answer(200, packed.content_type, stream=_stream(cloud, packed), length=packed.length)


def _proven(work: Callable[[], Packed], outgoing: Outgoing, *, signed: bool) -> Packed:
    """Pack what is too large to hold, of documents that were read to their ends.

    Raises:
        StoredContentDamaged: found now, and not when half of the answer is sent.
    """
    # Signing reads them anyway.
    for each in () if signed else outgoing.attachments:
        deque(each.content.chunks(), maxlen=0)
    return work()


async def _stream(cloud: Cloud, packed: Packed) -> AsyncIterator[Buffer]:
    """Yield the octets, read in a thread about a megabyte at a time."""
    chunks = packed.chunks()
    while pieces := await cloud.reading(partial(_some, chunks)):
        for piece in pieces:
            yield piece


def _some(chunks: Iterator[Buffer]) -> list[Buffer]:
    pieces, size = [], 0
    for chunk in chunks:
        pieces.append(chunk)
        size += len(chunk)
        if size >= _HOP:
            break
    return pieces


def _fault(caller: Caller, received: Received | None, error: Exception) -> Answer:
    """Return the signed fault for an error; RelatesTo is the MessageID as far as one can be seen."""
    relates_to = None
    if received is not None:
        found = next(received.envelope.iter(MESSAGE_ID), None)
        relates_to = (found.text or "").strip()[:200] or None if found is not None else None
    outgoing = Outgoing(FAULT_ACTION, ANONYMOUS, write_fault(error, relates_to), relates_to=relates_to)
    life = caller.cloud.settings.wss.life
    mtom = received is not None and received.multipart
    packed = pack(outgoing, caller.signing, mtom=mtom, life=life)
    return Answer(fault_of(error).http_status, packed.content_type, b"".join(packed.chunks()))
