"""Another provider: P1's certificates, P1's token, and ITI-43 at somebody's door for P1's providers.

with running_p1(tmp_path) as p1:
    reader = ForeignProvider(p1.provider("000000011111"), service_ca_pem)
    got = reader.retrieve(address, repository_id, [unique_id])   # typed; raises what the answer means
    answer = reader.post(reader.message(address, repository_id, [unique_id]))   # octets, for attackers
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

import httpx
from lxml import etree

from erepo.p1 import Identified, Token
from erepo.p1.packing import P1Message, content_type, pack_p1
from erepo.p1.verifying import P1Verifier
from erepo.pki.bundle import Bundle
from erepo.pki.tls import client_context
from erepo.pki.trust import TrustStore
from erepo.settings import Limits
from erepo.soap.faults import raise_fault
from erepo.soap.headers import Addressing
from erepo.soap.message import Outgoing, new_message_id, pack
from erepo.soap.mtom import unpack
from erepo.soap.signing import ReadyAssertion, Signer, sha256
from erepo.soap.versions import SOAP_12
from erepo.xds import iti43
from tests.support.p1 import Provider

PATIENT = Identified("2.16.840.1.113883.3.4424.1.1.616", "80051200006")


#: Opening a key for TLS takes longer than a whole exchange.
_context = cache(client_context)


def exclusive(carried: ReadyAssertion) -> ReadyAssertion:
    """Return an assertion in the form that a message's own signature can cover, without spare prefixes."""
    root = etree.fromstring(carried.octets)
    octets = etree.tostring(root, method="c14n", exclusive=True, with_comments=False)
    return ReadyAssertion(carried.identifier, octets, sha256(octets))


@dataclass(frozen=True)
class Message:
    """A message on its way: where to, and its octets."""

    address: str
    content_type: str
    octets: bytes = field(repr=False)


@dataclass
class ForeignProvider:
    """One provider with a doctor who wants documents.

    Attributes:
        provider: its certificates, and P1.
        service_ca: PEM of whom it trusts as the server of the other side.
        patient: about whom its tokens are.
    """

    provider: Provider
    service_ca: bytes = field(repr=False)
    patient: Identified = PATIENT

    def token(self, **changes: Any) -> Token:
        """Have P1 issue a token; `changes` are fields of `TokenRequest`."""
        with self.provider.client() as client:
            return client.token(self.provider.asking(**{"patient": self.patient, **changes}))

    def message(
        self,
        address: str,
        repository_id: str,
        unique_ids: Sequence[str],
        *,
        assertion: ReadyAssertion | None = None,
        signer: Bundle | None = None,
        payload: etree._Element | None = None,
        mtom: bool = False,
        at: datetime | None = None,
        **changes: str,
    ) -> Message:
        """Return a signed ITI-43 message in P1's profile.

        Args:
            address: the door's.
            repository_id: repositoryUniqueId of the documents.
            unique_ids: theirs.
            assertion: P1's; one is asked for where none is given.
            signer: another key than the provider's.
            payload: another body.
            mtom: as MTOM, its addressing and the assertion signed as well.
            at: Created.
            changes: `action`, `to`.
        """
        carried = assertion or self.token().assertion
        if payload is None:
            payload = iti43.write_request([iti43.DocumentRequest(repository_id, each) for each in unique_ids])
        action, to = changes.get("action", iti43.ACTION), changes.get("to", address)
        key, now = Signer(signer or self.provider.wss), at or datetime.now(UTC)
        if mtom:
            signed = exclusive(carried)
            packed = pack(Outgoing(action, to, payload), key, now=now, assertion=signed)
            return Message(address, packed.content_type, b"".join(packed.chunks()))
        message = P1Message(payload, SOAP_12, Addressing(action, to, new_message_id()), carried)
        return Message(address, content_type(SOAP_12, action), pack_p1(message, key, now=now))

    def post(self, message: Message, tls: Bundle | None = None) -> httpx.Response:
        """Send octets over the provider's connection, or with another certificate."""
        context = _context(tls or self.provider.tls, self.service_ca)
        with httpx.Client(verify=context, trust_env=False, timeout=60) as http:
            headers = {"content-type": message.content_type}
            return http.post(message.address, content=message.octets, headers=headers)

    def retrieve(
        self, address: str, repository_id: str, unique_ids: Sequence[str], **options: Any
    ) -> iti43.RetrieveResult:
        """ITI-43: send, prove the answer (signed by a provider's key of P1) and read it.

        Raises:
            FaultRefused, FaultRetryable: a SOAP fault.
            MessageRefused: the answer proves nothing.
        """
        return self.read(self.post(self.message(address, repository_id, unique_ids, **options)), address)

    def read(self, answer: httpx.Response, address: str = "") -> iti43.RetrieveResult:
        """Prove an answer and read it; as `retrieve`."""
        received = unpack(answer.headers["content-type"], bytearray(answer.content), Limits())
        trust = TrustStore([self.provider.p1.home.providers.certificate])
        verified = P1Verifier(trust).verify(received)
        raise_fault(verified.payload, address)
        return iti43.read_response(verified)

    def about(self, patient: Identified) -> "ForeignProvider":
        """Return the same provider with tokens about somebody else."""
        return replace(self, patient=patient)
