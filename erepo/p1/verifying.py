"""Verifying a message in the P1 profile: the client does it with answers, the sandbox with requests.

As strict as `erepo.soap.verifying`, of which it uses every step; only what must be covered differs. P1 signs
Body and Timestamp, so the addressing headers of a verified message are **not** proven here: whoever uses them
relies on TLS. Nothing but RSA-SHA256 is taken.
"""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from types import MappingProxyType

from cryptography import x509

from erepo.content import Buffer
from erepo.p1.packing import LIFE
from erepo.settings import XmlLimits
from erepo.soap.canonical import canonical_octets
from erepo.soap.envelope import Shape, read_shape
from erepo.soap.errors import (
    AlgorithmRefused,
    CoverageRefused,
    MalformedEnvelope,
    SecurityMissing,
    SignerRefused,
)
from erepo.soap.mtom import Received
from erepo.soap.names import (
    ACTION,
    ANONYMOUS,
    MESSAGE_ID,
    RELATES_TO,
    RSA_SHA256,
    SECURITY,
    TO,
    XOP_INCLUDE,
)
from erepo.soap.parsing import parse_xml
from erepo.soap.signature import read_security
from erepo.soap.timestamps import Freshness
from erepo.soap.verifying import Accept, Trust, Verified, check_digests, check_signature, prove_signer
from erepo.soap.versions import SOAP_12, SoapVersion

#: Largest message of P1 that is read; an answer to a query for a patient's whole index is far below.
MOST = 16 * 1024**2
_XML = XmlLimits()


def read_p1(octets: Buffer, version: SoapVersion, most: int = MOST) -> Received:
    """Parse a message strictly; nothing in it is trusted yet.

    Raises:
        MalformedXml, MalformedEnvelope: it is none of this version of SOAP.
    """
    envelope = parse_xml(octets, most, _XML)
    if envelope.tag != version.name("Envelope"):
        raise MalformedEnvelope(rule="the root is no envelope of the expected SOAP version")
    if next(envelope.iter(XOP_INCLUDE), None) is not None:
        raise MalformedEnvelope(rule="xop:Include in a message without parts")
    return Received(envelope, MappingProxyType({}), multipart=False)


def others_than(own: x509.Certificate) -> Accept:
    """Return what refuses our own certificate as a signer: a message of ours that comes back is no answer.

    P1's authority may have issued the provider's certificate and vouch for P1's answers as well.
    """

    def accept(certificate: x509.Certificate) -> None:
        if certificate == own:
            raise SignerRefused(rule="the answer is signed by ourselves")

    return accept


class P1Verifier:
    """Verifies messages of the P1 profile; safe to share between threads.

    Args:
        trust: authorities of the signers.
        life: longest age of a message in seconds.
        skew: how far the clocks may differ, in seconds.
        clock: the present, UTC.
        accept: asked about each signer's certificate last; raises its own error to refuse.
    """

    def __init__(
        self,
        trust: Trust,
        *,
        life: float = LIFE,
        skew: float = 60,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        accept: Accept | None = None,
    ) -> None:
        self._trust, self._clock, self._accept = trust, clock, accept
        self._freshness = Freshness(life, skew)

    def verify(self, received: Received, version: SoapVersion = SOAP_12) -> Verified:
        """Prove a message; `action`, `to`, `message_id` and `relates_to` of what is returned are not proven.

        Raises:
            MessageRefused: one of its kinds, for the first rule that is broken.
        """
        now = self._clock()
        shape = read_shape(received.envelope, version)
        if SECURITY not in shape.headers:
            raise SecurityMissing(rule="no Security header")
        security = read_security(shape.headers[SECURITY], version)
        certificate, key = prove_signer(security, received, self._trust, now)
        if security.algorithm != RSA_SHA256:
            raise AlgorithmRefused(rule="P1 knows RSA-SHA256 only")
        canonical = canonical_octets(security.signed_info, security.prefixes)
        check_signature(key, security.algorithm, security.value, canonical)
        covered = check_digests(shape, security, received)
        if not {shape.body, security.timestamp} <= covered:
            raise CoverageRefused(rule="Body or Timestamp is not signed")
        created, until = self._freshness.check(security.timestamp, now)
        if self._accept:
            self._accept(certificate)
        return Verified(
            **_unproven(shape),
            reply_to="",
            payload=shape.payload,
            certificate=certificate,
            created=created,
            received=received,
            replay_key=hashlib.sha256(canonical).digest(),
            fresh_until=until,
            assertion=security.assertion,
        )


def _unproven(shape: Shape) -> dict[str, str]:
    return {
        "action": shape.value(ACTION),
        "message_id": shape.value(MESSAGE_ID),
        "to": shape.value(TO) or ANONYMOUS,
        "relates_to": shape.value(RELATES_TO),
    }
