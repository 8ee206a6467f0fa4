"""A client of the service for tests: our own SOAP stack, and small synthetic submissions."""

import asyncio
import secrets
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

from cryptography import x509

from erepo.acting import Actor, Assertions
from erepo.content import Buffer, MemoryContent
from erepo.identifiers.hl7 import CX, XCN
from erepo.pki.bundle import fingerprint
from erepo.pki.pem import read_certificate
from erepo.pki.trust import TrustStore
from erepo.settings import HttpTimeouts, Limits
from erepo.soap.client import SoapClient
from erepo.soap.http import AiohttpChannel
from erepo.soap.mtom import Attachment
from erepo.soap.signing import Signer
from erepo.soap.verifying import Verified, Verifier
from erepo.xds import iti18, iti41, iti42, iti43, iti57, iti62, iti86
from erepo.xds.iti41 import Submission
from erepo.xds.model import Association, Author, Code, DocumentEntry, SubmissionSet
from erepo.xds.responses import RegistryResponse, read_registry_response
from erepo.xds.vocabulary import ORIGINAL, AssociationType
from tests.support.actors import DOCTOR
from tests.support.cloud import TenantCredentials

PATIENT = CX("80051212357", "2.16.840.1.113883.3.4424.1.1.616")
_CODE = Code("1", "2.16.840.1.113883.3.4424.11.1.32", "code")


def new_oid() -> str:
    """Return a fresh OID."""
    return f"2.25.{uuid.uuid4().int}"


def make_entry(unique_id: str = "", patient: CX = PATIENT, **changed: object) -> DocumentEntry:
    """Return a complete document entry without hash and size."""
    entry = DocumentEntry(
        entry_uuid=f"Document{secrets.token_hex(4)}",
        unique_id=unique_id or new_oid(),
        patient_id=patient,
        class_code=_CODE,
        type_code=_CODE,
        format_code=_CODE,
        facility_type=_CODE,
        practice_setting=_CODE,
        confidentiality=(Code("N", "2.16.840.1.113883.5.25", "normal"),),
        mime_type="text/xml",
        language="pl-PL",
        creation_time="20260101120000",
        source_patient_id=patient,
        authors=(Author(person=XCN("3123456", "Nowak", "Jan")),),
        title="Karta",
    )
    return replace(entry, **changed)  # type: ignore[arg-type]


def make_submission(
    *documents: tuple[DocumentEntry, Buffer], unique_id: str = "", patient: CX = PATIENT
) -> Submission:
    """Return a submission of these documents."""
    submission_set = SubmissionSet(
        entry_uuid="SubmissionSet01",
        unique_id=unique_id or new_oid(),
        source_id="1.2.3.4.5",
        patient_id=patient,
        content_type=_CODE,
        submission_time=datetime.now(UTC).strftime("%Y%m%d%H%M%S"),
    )
    members = tuple(
        Association(
            entry_uuid=f"Association{number}",
            type=AssociationType.HAS_MEMBER,
            source=submission_set.entry_uuid,
            target=entry.entry_uuid,
            submission_set_status=ORIGINAL,
        )
        for number, (entry, _) in enumerate(documents)
    )
    entries = tuple((entry, MemoryContent(octets)) for entry, octets in documents)
    return Submission(submission_set, entries, members)


def one_document(octets: Buffer, **changed: object) -> Submission:
    """Return a submission of one document."""
    return make_submission((make_entry(**changed), octets))  # type: ignore[arg-type]


@dataclass
class CloudClient:
    """Speaks to one account of the service."""

    soap: SoapClient
    tenant: TenantCredentials

    async def provide(self, submission: Submission, *, mtom: bool = True) -> RegistryResponse:
        """ITI-41."""
        payload, attachments = iti41.write_request(submission)
        verified = await self._call(self.tenant.repository, iti41, payload, attachments, mtom=mtom)
        return read_registry_response(verified.payload)

    async def retrieve(self, *unique_ids: str, repository: str = "") -> iti43.RetrieveResult:
        """ITI-43."""
        repository = repository or str(self.tenant.facts["repositoryUniqueId"])
        requests = [iti43.DocumentRequest(repository, unique_id) for unique_id in unique_ids]
        verified = await self._call(self.tenant.repository, iti43, iti43.write_request(requests))
        return iti43.read_response(verified)

    async def register(self, registration: iti42.Registration) -> RegistryResponse:
        """ITI-42."""
        return await self._answered(self.tenant.registry, iti42, iti42.write_request(registration))

    async def update(self, update: iti57.Update) -> RegistryResponse:
        """ITI-57."""
        return await self._answered(self.tenant.registry, iti57, iti57.write_request(update))

    async def remove_objects(self, *entry_uuids: str) -> RegistryResponse:
        """ITI-62."""
        return await self._answered(self.tenant.registry, iti62, iti62.write_request(entry_uuids))

    async def remove_documents(self, *unique_ids: str, repository: str = "") -> RegistryResponse:
        """ITI-86."""
        repository = repository or str(self.tenant.facts["repositoryUniqueId"])
        requests = [iti43.DocumentRequest(repository, unique_id) for unique_id in unique_ids]
        return await self._answered(self.tenant.repository, iti86, iti86.write_request(requests))

    async def _answered(self, url: str, transaction: ModuleType, payload: Any) -> RegistryResponse:
        verified = await self._call(url, transaction, payload, mtom=False)
        return read_registry_response(verified.payload)

    async def query(self, query: iti18.StoredQuery) -> iti18.QueryResult:
        """ITI-18."""
        payload = iti18.write_query(query)
        verified = await self._call(self.tenant.registry, iti18, payload, mtom=False)
        return iti18.read_response(verified)

    async def _call(
        self,
        url: str,
        transaction: ModuleType,
        payload: Any,
        attachments: Sequence[Attachment] = (),
        *,
        mtom: bool = True,
    ) -> Verified:
        return await self.soap.call(
            url,
            transaction.ACTION,
            payload,
            attachments,
            expect_action=transaction.RESPONSE_ACTION,
            mtom=mtom,
        )


@asynccontextmanager
async def connected(
    tenant: TenantCredentials,
    *,
    wss: TenantCredentials | None = None,
    signed: bool = True,
    actor: Actor | None = DOCTOR,
    connections: int = 16,
    limits: Limits | None = None,
) -> AsyncIterator[CloudClient]:
    """Open a client; `wss` takes the signing key from another account, `actor` says who acts for it."""
    limits = limits or Limits()
    channel = AiohttpChannel(tenant.tls_context(), HttpTimeouts(), limits, connections)
    trust = TrustStore.from_pem(tenant.ca_pem)
    signer = Signer((wss or tenant).wss) if signed else None
    verifier = Verifier(trust, accept=_only(tenant)) if signed else None
    try:
        acting = assertions_of(tenant, actor) if signed and actor else None
        yield CloudClient(SoapClient(channel, signer, verifier, limits=limits, actor=acting), tenant)
    finally:
        await channel.close()
        # aiohttp leaves the end of TLS to the loop; a test that blocks next would never give it the time.
        await asyncio.sleep(0.05)


def assertions_of(tenant: TenantCredentials, actor: Actor = DOCTOR) -> Assertions:
    """Return assertions that somebody acts for an account."""
    mine = replace(actor, organisation=tenant.account)
    return Assertions(mine, Signer(tenant.wss), str(tenant.facts["service"]))


def _only(tenant: TenantCredentials) -> Callable[[x509.Certificate], None]:
    expected = fingerprint(read_certificate(str(tenant.facts["serviceSigner"]).encode()))

    def accept(certificate: x509.Certificate) -> None:
        assert fingerprint(certificate) == expected

    return accept
