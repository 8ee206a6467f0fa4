"""The acting user beside a REST request: a JWT signed with the account's WSS key (RFC 7519, RFC 8725).

    header  {"typ": "JWT", "alg": "ES256" or "RS256", "x5t#S256": …}
    claims  {"iss": account, "aud": service, "sub": "OID:number", "role", "purpose", "iat", "nbf", "exp",
             "jti"}

`role` and `purpose` are `{"code", "system", "display"}`. The key decides about the algorithm, not the token.
"""

import base64
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from jwt.types import Options

from erepo.acting.actor import Actor, known_person
from erepo.acting.describing import coded
from erepo.acting.errors import TokenRefused, UserUnknown
from erepo.acting.reading import Expected, same_audience
from erepo.errors import ErepoError
from erepo.identifiers import oids
from erepo.identifiers.hl7 import CE
from erepo.pki.bundle import Bundle
from erepo.soap.verifying import load_certificate

#: Seconds a token of ours is valid, and the longest that is accepted.
LIFE: Final = 300.0
LONGEST: Final = 600.0
_LARGEST = 8192
#: Seconds since 1970 that no moment reaches.
_FAR = 1e12
_TYPES = ("", "JWT", "AT+JWT", "APPLICATION/JWT")
#: Headers that would bring in a key, or a rule we do not know.
_FORBIDDEN = frozenset({"jku", "x5u", "jwk", "crit", "zip", "b64"})
#: Times and audience are checked here, by the settings' skew and the service's own names.
_SIGNATURE_ALONE: Final[Options] = {
    "verify_signature": True,
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_aud": False,
    "verify_iss": False,
    "verify_sub": False,
    "verify_jti": False,
}
_PURPOSES = ("purpose", "purposeOfUse", "purpose_of_use", "purposeofuse")
_ROLES = ("role", "user_role", "roles")


def write_token(actor: Actor, wss: Bundle, audience: str, *, now: datetime, life: float = LIFE) -> str:
    """Return a signed token that names who acts.

    Args:
        actor: the person; its organisation is the issuer.
        wss: the account's WSS key and certificate.
        audience: the service's address.
        now: UTC.
        life: seconds until it expires, at most `LONGEST`.
    """
    issued = int(now.timestamp())
    claims = {
        "iss": actor.organisation,
        "aud": audience,
        "sub": f"{actor.id_root}:{actor.id}",
        "role": _written(actor.role),
        "purpose": _written(actor.purpose),
        "iat": issued,
        "nbf": issued,
        "exp": issued + int(life),
        "jti": secrets.token_hex(16),
    }
    if actor.name:
        claims["name"] = actor.name
    headers = {"x5t#S256": _thumbprint(wss.certificate)}
    return jwt.encode(claims, wss.key, _algorithm(wss.certificate), headers)


@dataclass
class Tokens:
    """The token of one actor, made anew when half its time is over."""

    actor: Actor
    wss: Bundle = field(repr=False)
    audience: str
    life: float = LIFE
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC), repr=False)
    _kept: tuple[datetime, str] | None = field(default=None, init=False, repr=False)

    def __call__(self) -> str:
        """Return a token that is valid for at least half of its life."""
        now, kept = self.clock(), self._kept
        if kept and abs(now - kept[0]) < timedelta(seconds=self.life / 2):
            return kept[1]
        made = write_token(self.actor, self.wss, self.audience, now=now, life=self.life)
        self._kept = now, made
        return made


def read_token(text: str, expected: Expected) -> Actor:
    """Prove a token and return who acts.

    Raises:
        UserUnknown: there is none, or it names nobody with PESEL or NPWZ.
        TokenRefused: it proves nothing.
    """
    if not text:
        raise UserUnknown(rule="no token")
    certificate, claims = _signed(text, expected.certificates)
    _check_claims(claims, expected)
    try:
        expected.trust.verify(certificate, at=expected.now)
    except ErepoError as error:
        raise TokenRefused(rule=f"its signer is not trusted ({error.code})") from error
    if claims["iss"] != expected.account:
        raise TokenRefused(rule="issued by another account")
    role, purpose = _coded(claims, _ROLES), _coded(claims, _PURPOSES)
    if role is None or purpose is None:
        raise TokenRefused(rule="no role" if role is None else "no purpose of use")
    pairs = (("", "sub"), (oids.PESEL, "pesel"), (oids.NPWZ_DOCTOR, "npwz"))
    try:
        person = known_person((root, str(claims[key])) for root, key in pairs if claims.get(key))
    except ValueError:
        raise TokenRefused(rule="it names two people") from None
    if person is None:
        raise UserUnknown(rule="no valid PESEL or NPWZ in the token")
    name = claims.get("name", "")
    fit = isinstance(name, str) and name.isprintable() and len(name) <= 256
    return Actor(*person, role, purpose, expected.account, name if fit else "")


def _signed(text: str, registered: Sequence[x509.Certificate]) -> tuple[x509.Certificate, dict[str, Any]]:
    """Return the registered certificate whose key signed a token, and what it signed."""
    if len(text) > _LARGEST:
        raise TokenRefused(rule="too large")
    try:
        header = jwt.get_unverified_header(text)
    except jwt.PyJWTError:
        raise TokenRefused(rule="no JWT") from None
    if _FORBIDDEN & header.keys() or str(header.get("typ", "")).upper() not in _TYPES:
        raise TokenRefused(rule="a header that is not understood")
    for candidate in registered:
        claims = _claims(text, candidate) if _names(header, candidate) else None
        if claims is not None:
            return candidate, claims
    raise TokenRefused(rule="not signed by a registered WSS key of the account")


def _names(header: Mapping[str, Any], certificate: x509.Certificate) -> bool:
    """Tell whether a header speaks of a certificate, or says nothing about it."""
    thumbprint, chain = header.get("x5t#S256"), header.get("x5c")
    named = thumbprint is None or thumbprint == _thumbprint(certificate)
    return named and (chain is None or _leads(chain, certificate))


def _claims(text: str, certificate: x509.Certificate) -> dict[str, Any] | None:
    """Return the claims if this certificate's key signed them with its own algorithm."""
    try:
        found: dict[str, Any] = jwt.decode(
            text,
            key=certificate.public_key(),  # type: ignore[arg-type]  # EC P-256 or RSA: the algorithm says so
            algorithms=[_algorithm(certificate)],
            options=_SIGNATURE_ALONE,
        )
    except (jwt.PyJWTError, ErepoError):
        return None
    return found


def _check_claims(claims: Mapping[str, Any], expected: Expected) -> None:
    if not {"iss", "aud", "iat", "exp"} <= claims.keys():
        raise TokenRefused(rule="a claim is missing")
    _check_times(claims, expected)
    audiences = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    ours = set(map(same_audience, expected.audiences))
    if not any(isinstance(each, str) and same_audience(each) in ours for each in audiences):
        raise TokenRefused(rule="meant for another audience")


def _check_times(claims: Mapping[str, Any], expected: Expected) -> None:
    issued, until, since = claims["iat"], claims["exp"], claims.get("nbf", claims["iat"])
    if not all(map(_is_moment, (issued, until, since))):
        raise TokenRefused(rule="a moment is no number")
    now, skew = expected.now.timestamp(), expected.skew
    if max(issued, since) > now + skew:
        raise TokenRefused(rule="not valid yet")
    if until + skew <= now:
        raise TokenRefused(rule="its time is over")
    if not 0 < until - issued <= LONGEST:
        raise TokenRefused(rule=f"valid for more than {LONGEST:.0f} seconds")


def _is_moment(value: object) -> bool:
    """Tell whether a claim is a number that can be reckoned with: JSON has endless ones, and NaN."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _FAR


def _coded(claims: Mapping[str, Any], keys: Sequence[str]) -> CE | None:
    value = next((claims[key] for key in keys if claims.get(key)), None)
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, Mapping):
        system = value.get("system") or value.get("codeSystem") or value.get("scheme") or ""
        display = value.get("display") or value.get("displayName") or ""
        value = str(CE(str(value.get("code") or ""), str(system), str(display)))
    return coded(value) if isinstance(value, str) else None


def _written(value: CE) -> dict[str, str]:
    return {"code": value.code, "system": value.scheme, "display": value.display}


def _algorithm(certificate: x509.Certificate) -> str:
    """Return the one algorithm of a key: ES256 or RS256.

    Raises:
        MessageRefused: a key of another kind.
    """
    key = load_certificate(certificate.public_bytes(Encoding.DER))[1]
    assert isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey)
    return "ES256" if isinstance(key, ec.EllipticCurvePublicKey) else "RS256"


def _thumbprint(certificate: x509.Certificate) -> str:
    return base64.urlsafe_b64encode(certificate.fingerprint(SHA256())).decode().rstrip("=")


def _leads(chain: object, certificate: x509.Certificate) -> bool:
    """Tell whether a certificate is the first of an x5c header."""
    first = chain[0] if isinstance(chain, list) and chain else None
    try:
        octets = base64.b64decode(first, validate=True) if isinstance(first, str) else b""
    except ValueError:  # of base64, and for what is no ASCII
        return False
    return octets == certificate.public_bytes(Encoding.DER)
