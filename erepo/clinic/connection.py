"""The connection to one account in the cloud: documents in, questions, documents back."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from cryptography import x509

from erepo.acting import Actor, Assertions
from erepo.clinic.archiving.errors import AccountMissing, DescriptionUnusable
from erepo.clinic.pipeline import LARGE_LANES
from erepo.clinic.service_status import ServiceStatus
from erepo.pki.bundle import Bundle
from erepo.pki.errors import WrongSubject
from erepo.pki.names import parse_subject
from erepo.pki.tls import client_context
from erepo.pki.trust import TrustStore
from erepo.settings import Settings
from erepo.soap.client import SoapClient
from erepo.soap.errors import SignerRefused
from erepo.soap.http import AiohttpChannel
from erepo.soap.signing import Signer
from erepo.soap.verifying import Accept, Verifier
from erepo.xds import iti18, iti41, iti43, iti57, iti62, iti86
from erepo.xds.iti18 import QueryResult, StoredQuery
from erepo.xds.iti41 import Submission
from erepo.xds.iti43 import DocumentRequest, RetrieveResult
from erepo.xds.responses import raise_for_status, read_registry_response


@dataclass
class CloudConnection:
    """An account with its addresses and keys; `async with` opens it.

    Attributes:
        account: 16-digit id.
        service_url: `…/services/{account}`.
        registry_url: endpoint of ITI-18, ITI-57 and ITI-62.
        repository_url: endpoint of ITI-41, ITI-43 and ITI-86.
        repository_unique_id: OID of the repository.
        source_id: OID of the provider, source of the submissions.
        tls: key and certificate of the channel.
        wss: key and certificate of the signatures.
        trust_pem: authorities of the service.
        service_signer: the service's signing certificate at activation; its successors bear the same subject.
        actor: on whose behalf requests are made; None sends them without a person.
        settings: time-outs, limits, documents in flight.
    """

    account: str
    service_url: str
    registry_url: str
    repository_url: str
    repository_unique_id: str
    source_id: str
    tls: Bundle = field(repr=False)
    wss: Bundle = field(repr=False)
    trust_pem: bytes = field(repr=False)
    service_signer: bytes = field(default=b"", repr=False)
    actor: Actor | None = field(default=None, repr=False)
    settings: Settings = field(default_factory=Settings, repr=False)
    _client: SoapClient | None = field(default=None, init=False, repr=False)
    _channel: AiohttpChannel | None = field(default=None, init=False, repr=False)
    _status: ServiceStatus | None = field(default=None, init=False, repr=False)

    async def __aenter__(self) -> Self:
        """Make ready; the first message opens the first connection."""
        limits, wss = self.settings.limits, self.settings.wss
        self._channel = AiohttpChannel(
            client_context(self.tls, self.trust_pem),
            self.settings.http,
            limits,
            connections=self.settings.in_flight + LARGE_LANES,
        )
        trust = TrustStore.from_pem(self.trust_pem)
        self._status = ServiceStatus(self.settings, trust, self.service_signer)
        self._status.refresh()
        accept = self._status.accepting(_only(self.service_signer))
        verifier = Verifier(trust, life=wss.life, skew=wss.skew, accept=accept)
        signer = Signer(self.wss)
        acting = Assertions(self.actor, signer, self.service_url) if self.actor else None
        self._client = SoapClient(self._channel, signer, verifier, life=wss.life, actor=acting)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all connections."""
        if self._channel is not None:
            await self._channel.close()
        self._client = self._channel = self._status = None

    async def provide(self, submission: Submission) -> None:
        """Store a submission; see `Cloud.provide` (`erepo.clinic.repository`)."""
        try:
            payload, attachments = iti41.write_request(submission)
        except ValueError as error:
            # Its own text would quote the description.
            raise DescriptionUnusable(problem=type(error).__name__) from None
        answer = await (await self._changing()).call(
            self.repository_url, iti41.ACTION, payload, attachments, expect_action=iti41.RESPONSE_ACTION
        )
        raise_for_status(*read_registry_response(answer.payload))

    async def query(self, query: StoredQuery) -> QueryResult:
        """Ask the registry; see `Cloud.query`."""
        answer = await self._open.call(
            self.registry_url,
            iti18.ACTION,
            iti18.write_query(query),
            mtom=False,
            expect_action=iti18.RESPONSE_ACTION,
        )
        result = iti18.read_response(answer)
        raise_for_status(result.status, result.errors)
        return result

    async def retrieve(self, requests: Sequence[DocumentRequest]) -> RetrieveResult:
        """Fetch documents; see `Cloud.retrieve`."""
        answer = await self._open.call(
            self.repository_url,
            iti43.ACTION,
            iti43.write_request(requests),
            expect_action=iti43.RESPONSE_ACTION,
        )
        return iti43.read_response(answer)

    async def update(self, update: iti57.Update) -> None:
        """Change registered metadata; see `Cloud.update`."""
        answer = await self._open.call(
            self.registry_url,
            iti57.ACTION,
            iti57.write_request(update),
            mtom=False,
            expect_action=iti57.RESPONSE_ACTION,
        )
        raise_for_status(*read_registry_response(answer.payload))

    async def remove_metadata(self, entry_uuids: Sequence[str]) -> None:
        """Remove objects of the registry; see `Cloud.remove_metadata`."""
        answer = await (await self._changing()).call(
            self.registry_url,
            iti62.ACTION,
            iti62.write_request(entry_uuids),
            mtom=False,
            expect_action=iti62.RESPONSE_ACTION,
        )
        raise_for_status(*read_registry_response(answer.payload))

    async def remove_documents(self, requests: Sequence[DocumentRequest]) -> None:
        """Remove octets; see `Cloud.remove_documents`."""
        answer = await (await self._changing()).call(
            self.repository_url,
            iti86.ACTION,
            iti86.write_request(requests),
            expect_action=iti86.RESPONSE_ACTION,
        )
        raise_for_status(*read_registry_response(answer.payload))

    async def _changing(self) -> SoapClient:
        """For what changes something in the service.

        Raises:
            StatusUnknown, StatusUntrusted: nobody can tell whether the service was revoked; nothing was sent.
        """
        if self._status is not None:
            await self._status.expect_current()
        return self._open

    @property
    def _open(self) -> SoapClient:
        if self._client is None:
            raise AccountMissing(what="connection not opened")
        return self._client


class _SameSubject:
    """Accepts the service's signer alone: who else the same authority vouches for is not the service."""

    def __init__(self, signer: x509.Certificate) -> None:
        self._subject = signer.subject

    def __call__(self, certificate: x509.Certificate) -> None:
        """Return if it is the service's.

        Raises:
            SignerRefused: it is somebody else's.
        """
        if certificate.subject != self._subject:
            raise SignerRefused(rule="not the signer of this service")


def _only(signer_pem: bytes) -> Accept:
    return _SameSubject(x509.load_pem_x509_certificate(signer_pem)) if signer_pem.strip() else _no_account


def _no_account(certificate: x509.Certificate) -> None:
    """Refuse accounts where the service's signer is not known: one authority may vouch for both.

    Raises:
        SignerRefused: the certificate names an account.
    """
    with suppress(WrongSubject):
        parse_subject(certificate)
        raise SignerRefused(rule="signed by an account, not by the service")
