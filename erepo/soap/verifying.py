"""Verifying a received message: what is not proven is not handed on.

Order of work (W3C, XML Signature Best Practices): size, DOCTYPE, shape (all before this module), form of
the Security header, trust in the key, signature over SignedInfo, references, freshness. References are
resolved by position, never by searching for an id: the Body is the element where the Body stands, and so on.

Not verified here: who the signer may act for (`accept`), revocation, SAML assertions, wsa:To against our own
address; and whether the message was seen before, which only a shared store can say (`Verified.replay_key`).
"""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from cryptography import x509
from lxml import etree

from erepo.errors import ErepoError
from erepo.soap.canonical import body_digest, canonical_octets
from erepo.soap.envelope import Shape, read_shape
from erepo.soap.errors import (
    AlgorithmRefused,
    CoverageRefused,
    MalformedEnvelope,
    MalformedXop,
    SecurityMalformed,
    SecurityMissing,
    SignatureInvalid,
    SignerRefused,
)
from erepo.soap.mtom import Received, octets_of
from erepo.soap.names import (
    ACTION,
    ANONYMOUS,
    ASSERTION,
    MESSAGE_ID,
    RELATES_TO,
    REPLY_TO,
    SECURITY,
    TO,
    WSU,
    WSU_ID,
)
from erepo.soap.signature import METHODS, REFUSALS, SecurityHeader, read_security
from erepo.soap.timestamps import Freshness
from erepo.xmlsig import keys
from erepo.xmlsig.keys import PublicKey

Accept = Callable[[x509.Certificate], None]

_REQUIRED = (ACTION, MESSAGE_ID, TO)
_ids = etree.XPath("//@wsu:Id|//@Id|//@ID|//@xml:id", namespaces={"wsu": WSU})


class Trust(Protocol):
    """Which certificates are trusted (`erepo.pki.trust.TrustStore`)."""

    def verify(self, certificate: x509.Certificate, *, at: datetime) -> None:
        """Return if the certificate chains to an authority and is valid; raise a typed error otherwise."""
        ...


@dataclass(frozen=True)
class Verified:
    """A message and what was proven about it.

    Attributes:
        payload: the element inside the Body that the signature covers.
        certificate: of the signer; None if the message came without WS-Security and that was allowed.
        created: of the Timestamp; None likewise.
        replay_key: SHA-256 of the canonical SignedInfo: equal in every copy of the message, whatever else was
            changed about it. The receiver remembers it until `fresh_until`, in the transaction of its
            effect, and refuses a second one (`MessageReplayed`). None likewise.
        fresh_until: the moment from which the message is too old anyway; None likewise.
        assertion: the SAML assertion of the Security header, the only one there; None where there is none.
            Nothing else about it is proven (`erepo.acting`).
        received: for `octets_of(received, element)`.
    """

    action: str
    message_id: str
    to: str
    reply_to: str
    relates_to: str
    payload: etree._Element
    certificate: x509.Certificate | None
    created: datetime | None
    received: Received = field(repr=False)
    replay_key: bytes | None = None
    fresh_until: datetime | None = None
    assertion: etree._Element | None = field(default=None, repr=False)


class Verifier:
    """Verifies messages; safe to share between threads.

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
        life: float = 300,
        skew: float = 60,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        accept: Accept | None = None,
    ) -> None:
        self._trust, self._clock, self._accept = trust, clock, accept
        self._freshness = Freshness(life, skew)

    def verify(self, received: Received, *, accept: Accept | None = None) -> Verified:
        """Prove a message and return its verified pieces.

        Raises:
            MessageRefused: one of its kinds, for the first rule that is broken.
        """
        now = self._clock()
        shape = read_shape(received.envelope)
        if SECURITY not in shape.headers:
            raise SecurityMissing(rule="no Security header")
        security = read_security(shape.headers[SECURITY])
        certificate, key = prove_signer(security, received, self._trust, now)
        canonical = canonical_octets(security.signed_info, security.prefixes)
        check_signature(key, security.algorithm, security.value, canonical)
        _check_references(shape, security, received)
        created, until = self._freshness.check(security.timestamp, now)
        for asked in (self._accept, accept):
            if asked:
                asked(certificate)
        key_of_copies = hashlib.sha256(canonical).digest()
        proven = _Proven(certificate, created, key_of_copies, until, security.assertion)
        return _verified(shape, received, proven)


def prove_signer(
    security: SecurityHeader, received: Received, trust: Trust, now: datetime
) -> tuple[x509.Certificate, PublicKey]:
    """Return the certificate of a Security header's token and its key, both trusted.

    Raises:
        SecurityMalformed, SignerRefused, AlgorithmRefused: they are not.
    """
    try:
        octets = bytes(octets_of(received, security.token))
    except MalformedXop:
        raise SecurityMalformed(rule="the token is no base64") from None
    certificate, key = load_certificate(octets)
    try:
        trust.verify(certificate, at=now)
    except ErepoError as error:
        raise SignerRefused(rule=f"certificate not trusted ({error.code})") from error
    return certificate, key


def read_unsigned(received: Received) -> Verified:
    """Read a message of a peer that is known by mutual TLS alone.

    Of a WS-Security header only an assertion is taken; a signature over the message is not looked at. A
    missing wsa:To means the anonymous address (WS-Addressing 1.0 Core 3.2).

    Raises:
        MessageRefused: the envelope is malformed, or there are two assertions.
    """
    shape = read_shape(received.envelope)
    security = shape.headers.get(SECURITY)
    assertions = [] if security is None else security.findall(ASSERTION)
    if len(assertions) > 1:
        raise SecurityMalformed(rule="an element of the Security header twice")
    return _verified(shape, received, _Proven(assertion=assertions[0] if assertions else None))


@dataclass(frozen=True)
class _Proven:
    """What a signature proves beside the message itself."""

    certificate: x509.Certificate | None = None
    created: datetime | None = None
    replay_key: bytes | None = None
    fresh_until: datetime | None = None
    assertion: etree._Element | None = None


def _verified(shape: Shape, received: Received, proven: _Proven) -> Verified:
    for name in _REQUIRED if proven.certificate is not None else (ACTION, MESSAGE_ID):
        if name not in shape.headers:
            raise MalformedEnvelope(rule=f"no {etree.QName(name).localname}")
    reply_to = shape.headers.get(REPLY_TO)
    return Verified(
        action=shape.value(ACTION),
        message_id=shape.value(MESSAGE_ID),
        to=shape.value(TO) or ANONYMOUS,
        reply_to="" if reply_to is None else (reply_to[0].text or "").strip(),
        relates_to=shape.value(RELATES_TO),
        payload=shape.payload,
        certificate=proven.certificate,
        created=proven.created,
        received=received,
        replay_key=proven.replay_key,
        fresh_until=proven.fresh_until,
        assertion=proven.assertion,
    )


def load_certificate(der: bytes) -> tuple[x509.Certificate, PublicKey]:
    """Return a certificate and its key, if that is of a kind that may sign here.

    Raises:
        SignerRefused: unreadable or too large.
        AlgorithmRefused: neither EC P-256 nor RSA of 2048 to 8192 bits.
    """
    return keys.load_certificate(der, REFUSALS)


def check_signature(key: PublicKey, algorithm: str, value: bytes, canonical: bytes) -> None:
    """Return if the signature over canonical octets is this key's; the key decides about the algorithm.

    Raises:
        AlgorithmRefused: another algorithm than the key's, or none of the wire.
        SignatureInvalid: it is wrong.
    """
    if algorithm not in METHODS:
        raise AlgorithmRefused(rule="signature method")
    keys.check_signature(key, algorithm, value, canonical, REFUSALS)


def _check_references(shape: Shape, security: SecurityHeader, received: Received) -> None:
    covered = check_digests(shape, security, received)
    required = [shape.headers.get(name) for name in (*_REQUIRED, RELATES_TO)]
    required += [shape.body, security.timestamp]
    if any(element is not None and element not in covered for element in required):
        raise CoverageRefused(rule="Body, Timestamp, To, Action, MessageID or RelatesTo is not signed")


def check_digests(shape: Shape, security: SecurityHeader, received: Received) -> set[etree._Element]:
    """Return the parts that the signature covers; which of them must be there is for the caller to say.

    Raises:
        CoverageRefused: something unknown is referred to, or an id stands twice.
        SignatureInvalid: a digest is wrong.
    """
    positions = _positions(shape, security)
    covered: set[etree._Element] = set()
    for reference in security.references:
        element = positions.get(reference.identifier)
        if element is None:
            raise CoverageRefused(rule="a reference to something that is no known part")
        if element is shape.body:
            digest = body_digest(element, reference.prefixes, received)
        else:
            digest = hashlib.sha256(canonical_octets(element, reference.prefixes)).digest()
        if not hmac.compare_digest(digest, reference.digest):
            raise SignatureInvalid(rule="the digest of a signed part is wrong")
        covered.add(element)
    token = security.token.get(WSU_ID, "")
    _check_unique(shape.body, {reference.identifier for reference in security.references} | {token})
    return covered


def _positions(shape: Shape, security: SecurityHeader) -> dict[str, etree._Element]:
    """Return the parts that may be signed, by their wsu:Id; an assertion by its ID."""
    parts = [shape.body, security.timestamp, security.token]
    parts += [element for name, element in shape.headers.items() if name != SECURITY]
    found: dict[str, etree._Element] = {}
    for part in parts:
        identifier = part.get(WSU_ID)
        if identifier is None:
            continue
        if identifier in found:
            raise CoverageRefused(rule="an id twice")
        found[identifier] = part
    # SAML's own id attribute (SAML token profile 1.1, 3.5); its STR-Transform is not taken.
    assertion = security.assertion
    if assertion is not None and (identifier := assertion.get("ID")) is not None:
        if identifier in found:
            raise CoverageRefused(rule="an id twice")
        found[identifier] = assertion
    return found


def _check_unique(body: etree._Element, identifiers: set[str]) -> None:
    seen: set[str] = set()
    for value in _ids(body):
        if value in identifiers:
            if value in seen:
                raise CoverageRefused(rule="a signed id stands twice in the message")
            seen.add(value)
