"""The office sells licences, too: a JWT signed with its Ed25519 key (what it says: `erepo.clinic.licence`).

    secrets/licence.key     the signing key, encrypted with the office's passphrase
    licence.pem             its public half, for the clinics: EREPO_LICENCE_KEY or clinic/trust/licence.pem

Commit point: the key is durable before its public half, and both before the first licence. A licence leaves
no trace in the office: issuing again gives another number.
"""

import secrets
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from erepo.durable import write_durably
from erepo.sandbox.office.errors import OfficeNotReady

TYPE = "erepo-licence+jwt"
_WARSAW = ZoneInfo("Europe/Warsaw")


def public_key_file(home: Path) -> Path:
    """Return where the key lies that clinics check licences with."""
    return home / "licence.pem"


def issue_licence(home: Path, account: str, first: date, last: date, holder: str = "") -> str:
    """Sign a licence for one account.

    Args:
        home: of the office.
        account: 16 digits.
        first: first day, in Poland.
        last: last day, inclusive.
        holder: to whom.

    Raises:
        OfficeNotReady: the office was never set up.
        ValueError: it ends before it begins.
    """
    if last < first:
        raise ValueError("a licence ends on or after its first day")
    claims = {
        "iss": "erepo sandbox office",
        "jti": f"L-{secrets.token_hex(8)}",
        "sub": account,
        "name": holder,
        "iat": int(datetime.now(UTC).timestamp()),
        "nbf": _midnight(first),
        "exp": _midnight(last + timedelta(days=1)),
    }
    return jwt.encode(claims, _key(home), "EdDSA", {"typ": TYPE})


def _midnight(day: date) -> int:
    return int(datetime.combine(day, time.min, _WARSAW).timestamp())


def _key(home: Path) -> Ed25519PrivateKey:
    file = home / "secrets" / "licence.key"
    try:
        passphrase = (home / "secrets" / "passphrase").read_bytes()
    except FileNotFoundError:
        raise OfficeNotReady(folder=str(home)) from None
    if not file.exists():
        made = Ed25519PrivateKey.generate()
        encryption = serialization.BestAvailableEncryption(passphrase)
        write_durably(
            file,
            [made.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)],
        )
    key = serialization.load_pem_private_key(file.read_bytes(), passphrase)
    assert isinstance(key, Ed25519PrivateKey)
    if not public_key_file(home).exists():
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        write_durably(public_key_file(home), [public], 0o644)
    return key
