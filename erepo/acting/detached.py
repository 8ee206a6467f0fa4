"""A detached signature of an account over the exact body of a REST request (RFC 7515, appendix F).

    X-Erepo-Signature: BASE64URL(header) ".." BASE64URL(signature)
    header  {"alg": "ES256", "RS256" or "PS256", "x5t#S256": …} and, if wanted, "typ", "iat", "jti"

The signature binds the body's octets, not what they mean; that a request is done once is for whoever reads
the body to see to (an id in it). The key decides about the algorithm, not the header.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import orjson
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from jwt.algorithms import Algorithm, get_default_algorithms

from erepo.acting.errors import SealRefused
from erepo.acting.reading import Expected
from erepo.errors import ErepoError
from erepo.pki.bundle import Bundle, fingerprint
from erepo.soap.verifying import load_certificate

#: Where the signature stands.
HEADER: Final = "x-erepo-signature"
#: Seconds since `iat` after which a signature that bears one is refused.
LONGEST: Final = 600.0
_LARGEST = 8192
#: Nothing else is understood: above all nothing that brings a key in, and no `crit` or `b64`.
_KNOWN = frozenset({"alg", "x5t#S256", "typ", "iat", "jti"})
_TYPES = ("", "JOSE", "JWT")
_FAR = 1e12
_ALGORITHMS: Final[Mapping[str, Algorithm]] = get_default_algorithms()


@dataclass(frozen=True)
class Detached:
    """A signature that was proven.

    Attributes:
        text: the header's value, as it came: evidence together with the body.
        signer: SHA-256 of the signing certificate, hex.
    """

    text: str = field(repr=False)
    signer: str


def write_detached(
    body: bytes, wss: Bundle, *, algorithm: str = "", now: datetime | None = None, jti: str = ""
) -> str:
    """Return the value of `X-Erepo-Signature` for a body.

    Args:
        body: the very octets that will be sent.
        wss: the account's WSS key and certificate.
        algorithm: of those that its key may use; empty: ES256 or RS256.
        now: when it was signed, UTC; None leaves it out.
        jti: an id of the signature; empty leaves it out.
    """
    name = algorithm or _algorithms(wss.certificate)[0]
    header: dict[str, Any] = {"alg": name, "x5t#S256": _thumbprint(wss.certificate)}
    header |= {"iat": int(now.timestamp())} if now else {}
    header |= {"jti": jti} if jti else {}
    protected = _encoded(orjson.dumps(header))
    signature = _ALGORITHMS[name].sign(_signed(protected, body), wss.key)
    return f"{protected}..{_encoded(signature)}"


def read_detached(text: str, body: bytes | bytearray, expected: Expected) -> Detached:
    """Prove that one of an account's registered WSS keys signed these octets.

    Args:
        text: value of the header.
        body: the octets as they came.
        expected: whose certificates, whom they are trusted by, and the present.

    Raises:
        SealRefused: it proves nothing.
    """
    protected, signature = _parts(text)
    header = _header(protected)
    certificate = _signer(header, expected.certificates)
    name = header.get("alg")
    if name not in _algorithms(certificate):
        raise SealRefused(rule="an algorithm that its key may not use")
    _check_time(header, expected)
    key: Any = certificate.public_key()
    if not _ALGORITHMS[name].verify(_signed(protected, bytes(body)), key, signature):
        raise SealRefused(rule="the signature is not over this body")
    try:
        expected.trust.verify(certificate, at=expected.now)
    except ErepoError as error:
        raise SealRefused(rule=f"its signer is not trusted ({error.code})") from error
    return Detached(text, fingerprint(certificate))


def _parts(text: str) -> tuple[str, bytes]:
    if not text:
        raise SealRefused(rule="none is there")
    pieces = text.split(".")
    if len(text) > _LARGEST or len(pieces) != 3 or pieces[1]:  # header, nothing, signature
        raise SealRefused(rule="no detached JWS")
    return pieces[0], _decoded(pieces[2])


def _header(protected: str) -> Mapping[str, Any]:
    try:
        header = orjson.loads(_decoded(protected))
    except orjson.JSONDecodeError:
        raise SealRefused(rule="no detached JWS") from None
    if not isinstance(header, dict):
        raise SealRefused(rule="no detached JWS")
    if header.keys() - _KNOWN or str(header.get("typ", "")).upper() not in _TYPES:
        raise SealRefused(rule="a header that is not understood")
    return header


def _signer(header: Mapping[str, Any], registered: Sequence[x509.Certificate]) -> x509.Certificate:
    named = header.get("x5t#S256")
    for each in registered:
        if named == _thumbprint(each):
            return each
    raise SealRefused(rule="not by a registered WSS certificate of the account (x5t#S256)")


def _check_time(header: Mapping[str, Any], expected: Expected) -> None:
    if "iat" not in header:
        return
    issued, now = header["iat"], expected.now.timestamp()
    if isinstance(issued, bool) or not isinstance(issued, int | float) or not abs(issued) < _FAR:
        raise SealRefused(rule="a moment is no number")
    if issued > now + expected.skew or issued + LONGEST + expected.skew <= now:
        raise SealRefused(rule="its time is over, or not come yet")


def _algorithms(certificate: x509.Certificate) -> tuple[str, ...]:
    """Return the algorithms of a key, the usual one first; none for a key of another kind."""
    try:
        key = load_certificate(certificate.public_bytes(Encoding.DER))[1]
    except ErepoError:
        return ()
    if isinstance(key, ec.EllipticCurvePublicKey):
        return ("ES256",)
    return "RS256", "PS256"


def _signed(protected: str, body: bytes) -> bytes:
    return f"{protected}.{_encoded(body)}".encode("ascii")


def _thumbprint(certificate: x509.Certificate) -> str:
    return _encoded(certificate.fingerprint(SHA256()))


def _encoded(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).decode("ascii").rstrip("=")


def _decoded(text: str) -> bytes:
    """Return the octets of base64url without padding, written in its one form.

    Raises:
        SealRefused: it is none.
    """
    try:
        octets = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise SealRefused(rule="no detached JWS") from None
    if _encoded(octets) != text:
        raise SealRefused(rule="no detached JWS")
    return octets
