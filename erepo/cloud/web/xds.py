"""The XDS endpoints: from the octets of a SOAP message to the signed answer.

Small messages are verified and answered on the event loop (a thread costs more than it saves, performance.md
§6); bodies and answers above `limits.large_body` are handled in worker threads. Errors of the profile are
answers with HTTP 200; what is wrong with the message itself is a SOAP fault that says nothing of the inside.
"""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from urllib.parse import urlsplit

from lxml import etree

from erepo.cloud.errors import (
    ServiceStopping,
    SignerNotRegistered,
    StorageUnavailable,
    StoredContentDamaged,
    where,
)
from erepo.cloud.registry import queries
from erepo.cloud.registry.rows import Job
from erepo.cloud.repository.retrieving import retrieve
from erepo.cloud.repository.storing import judge, store
from erepo.cloud.service import Cloud
from erepo.cloud.tenancy.tenants import Tenant
from erepo.cloud.web.answers import Answer
from erepo.content import Buffer
from erepo.errors import ErepoError
from erepo.pki.bundle import fingerprint
from erepo.soap.errors import MessageRefused
from erepo.soap.faults import fault_of, write_fault
from erepo.soap.message import Outgoing, Packed, ReadyBody, pack, ready_body
from erepo.soap.mtom import Attachment, Received, unpack
from erepo.soap.names import ANONYMOUS, FAULT_ACTION, MESSAGE_ID
from erepo.soap.verifying import Verified, read_unsigned
from erepo.xds import iti18, iti41, iti43
from erepo.xds.ebrim import OBJECT_LIST
from erepo.xds.errors import RequestRejected
from erepo.xds.responses import RegistryError, write_registry_response
from erepo.xds.vocabulary import Xds

log = logging.getLogger("erepo.cloud")

_HOP = 1024**2


class ActionRefused(MessageRefused):
    """The action is none of this endpoint's, or the message was addressed elsewhere."""

    code = "cloud.action-refused"
    fault = "soap:Sender"


@dataclass(frozen=True, slots=True)
class Reply:
    """The body of an answer."""

    action: str
    payload: etree._Element | ReadyBody  # the type lxml gives its elements has no public name
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls which endpoint."""

    cloud: Cloud
    tenant: Tenant
    path: str
    """The endpoint that was called; wsa:To must name it."""
    arrived: Callable[[], None] = lambda: None
    """To be called when a submission of this message is on its way to the writer, or none can follow."""


@dataclass(frozen=True, slots=True)
class Question:
    """A proven message of a tenant."""

    caller: Caller
    verified: Verified
    large: bool
    damaged: frozenset[object] = frozenset()
    """Numbers of documents whose stored octets are known to be wrong."""

    @property
    def cloud(self) -> Cloud:
        """The service."""
        return self.caller.cloud

    @property
    def tenant(self) -> Tenant:
        """Who asks."""
        return self.caller.tenant


_Handler = Callable[[Question], Awaitable[Reply]]


async def serve_xds(caller: Caller, content_type: str, body: bytearray) -> Answer:
    """Answer one message at `/services/{account}/xds/…`.

    Args:
        caller: whose connection it is, and the endpoint.
        content_type: of the body.
        body: the message; must stay until the answer was sent.
    """
    cloud, tenant, path = caller.cloud, caller.tenant, caller.path
    large = len(body) > cloud.settings.limits.large_body
    received: Received | None = None
    try:
        unpacking = partial(unpack, content_type, body, cloud.settings.limits)
        received = await cloud.heavily(unpacking) if large else unpacking()
        proving = partial(_prove, cloud, tenant, received)
        verified = await cloud.heavily(proving) if large else proving()
        handler = _HANDLERS.get(path.rpartition("/")[2], {}).get(verified.action)
        if handler is None:
            raise ActionRefused(rule="an action that this endpoint does not serve")  # noqa: TRY301  # one place turns errors into answers
        _check_address(verified.to, path)
        return await _answered(handler, Question(caller, verified, large))
    except ErepoError as error:
        log.info("account %s: refused, %s", tenant.account, error.code)
        return _fault(cloud, tenant, received, error)
    except Exception as error:  # noqa: BLE001  # whatever it is, the other side must hear something
        log.error("account %s: %s", tenant.account, where(error))  # noqa: TRY400  # texts may hold patient data
        return _fault(cloud, tenant, received, error)


async def _answered(handler: _Handler, question: Question) -> Answer:
    """Handle a proven message and pack the answer; damage found while packing goes into a second one."""
    while True:
        reply = await handler(question)
        outgoing = Outgoing(
            reply.action,
            ANONYMOUS,
            reply.payload,
            reply.attachments,
            relates_to=question.verified.message_id,
        )
        try:
            return await _packed(question, outgoing)
        except StoredContentDamaged as error:
            damaged = question.damaged | {error.data["document"]}
            if damaged == question.damaged:
                raise
            log.error("stored content %s is damaged", error.data["document"])  # noqa: TRY400  # texts may hold patient data
            question = replace(question, damaged=damaged)


def _prove(cloud: Cloud, tenant: Tenant, received: Received) -> Verified:
    """Verify a message; the signer must be a registered WSS certificate of this very account.

    Raises:
        MessageRefused, SignerNotRegistered: it is not to be trusted.
    """
    if tenant.security == "mtls":
        return read_unsigned(received)
    verified = cloud.verifier.verify(received)
    if verified.certificate is None or fingerprint(verified.certificate) not in tenant.signers:
        raise SignerNotRegistered
    return verified


def _check_address(to: str, path: str) -> None:
    # The host may differ behind a proxy; the path names account and endpoint.
    if to != ANONYMOUS and urlsplit(to).path != path:
        raise ActionRefused(rule="wsa:To is another address")


#: What nearly every submission is answered with.
_SUCCESS = ready_body(write_registry_response())


async def _provide(question: Question) -> Reply:
    """ITI-41."""
    errors = await _submit(question)
    return Reply(iti41.RESPONSE_ACTION, write_registry_response(errors=errors) if errors else _SUCCESS)


async def _submit(question: Question) -> Sequence[RegistryError]:
    cloud, tenant = question.cloud, question.tenant
    if tenant.expired:
        context = f"the account was valid until {tenant.valid_until}"
        return [RegistryError(Xds.REPOSITORY_OUT_OF_RESOURCES, context)]
    try:
        work = partial(_judge, tenant, question.verified)
        job = await cloud.heavily(work) if question.large else work()
        if isinstance(job, list):
            return job
        question.caller.arrived()
        return (await store(cloud, job)).errors
    except RequestRejected as error:
        return error.errors
    except (StorageUnavailable, ServiceStopping) as error:
        log.error("account %s: not stored, %s", tenant.account, where(error.__cause__ or error))  # noqa: TRY400  # texts may hold patient data
        return [RegistryError(Xds.REPOSITORY_BUSY, "the storage cannot take it now; nothing was stored")]


def _judge(tenant: Tenant, verified: Verified) -> Job | list[RegistryError]:
    submission = iti41.read_request(verified)
    objects = next(verified.payload.iter(OBJECT_LIST))
    return judge(tenant, submission, objects)


async def _retrieve(question: Question) -> Reply:
    """ITI-43."""
    cloud, tenant = question.cloud, question.tenant
    try:
        requests = iti43.read_request(question.verified)
    except RequestRejected as error:
        return _retrieved([], error.errors)
    if len(requests) > cloud.settings.limits.message_documents:
        context = f"more than {cloud.settings.limits.message_documents} documents in one request"
        return _retrieved([], [RegistryError(Xds.REPOSITORY_ERROR, context)])
    documents, errors = await cloud.reading(partial(retrieve, cloud, tenant, requests, question.damaged))
    return _retrieved(documents, errors)


def _retrieved(documents: Sequence[iti43.RetrievedDocument], errors: Sequence[RegistryError]) -> Reply:
    payload, attachments = iti43.write_response(documents, errors)
    return Reply(iti43.RESPONSE_ACTION, payload, attachments)


async def _query(question: Question) -> Reply:
    """ITI-18."""
    cloud, tenant = question.cloud, question.tenant
    try:
        query = iti18.read_query(question.verified)
        found = await cloud.reading(partial(_answer, cloud, tenant, query))
    except RequestRejected as error:
        return Reply(iti18.RESPONSE_ACTION, iti18.write_response(errors=error.errors))
    payload = iti18.write_response(refs=found.refs, elements=found.elements, home=tenant.home_community_id)
    return Reply(iti18.RESPONSE_ACTION, payload)


def _answer(cloud: Cloud, tenant: Tenant, query: iti18.StoredQuery) -> queries.Found:
    with cloud.database.read() as connection:
        return queries.answer(connection, tenant, query)


_HANDLERS: Mapping[str, Mapping[str, _Handler]] = {
    "repository": {iti41.ACTION: _provide, iti43.ACTION: _retrieve},
    "registry": {iti18.ACTION: _query},
}


async def _packed(question: Question, outgoing: Outgoing) -> Answer:
    cloud = question.cloud
    signer = None if question.tenant.security == "mtls" else cloud.signer
    mtom = question.verified.received.multipart
    work = partial(pack, outgoing, signer, mtom=mtom, life=cloud.settings.wss.life)
    if sum(each.content.size for each in outgoing.attachments) <= cloud.settings.limits.large_body:
        packed = work()
        return Answer(200, packed.content_type, b"".join(packed.chunks()))
    packed = await cloud.heavily(work)
    return Answer(200, packed.content_type, stream=_stream(cloud, packed), length=packed.length)


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


def _fault(cloud: Cloud, tenant: Tenant, received: Received | None, error: Exception) -> Answer:
    """Return the signed fault for an error; RelatesTo is the MessageID as far as one can be seen."""
    relates_to = None
    if received is not None:
        found = next(received.envelope.iter(MESSAGE_ID), None)
        relates_to = (found.text or "").strip()[:200] or None if found is not None else None
    outgoing = Outgoing(FAULT_ACTION, ANONYMOUS, write_fault(error, relates_to), relates_to=relates_to)
    signer = None if tenant.security == "mtls" else cloud.signer
    packed = pack(
        outgoing, signer, mtom=received is not None and received.multipart, life=cloud.settings.wss.life
    )
    return Answer(fault_of(error).http_status, packed.content_type, b"".join(packed.chunks()))
