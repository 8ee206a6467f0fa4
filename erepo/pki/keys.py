"""Private keys: made, encrypted, read back, judged."""

from typing import Literal

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from erepo.passphrase import tried
from erepo.pki.errors import (
    CertificateUnreadable,
    KeyUnreadable,
    KeyUnsupported,
    WeakKey,
    WrongPassphrase,
)

KeyType = Literal["ec-p256", "rsa-3072"]
PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey

_CURVES = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
#: P1 issues RSA-2048 (polish-domain §4.11), which is below 128-bit strength: accepted, never made.
_SHORTEST_RSA = 2048


def new_key(key_type: KeyType = "ec-p256") -> PrivateKey:
    """Make a private key of the kind that the setting `key_type` names.

    Raises:
        KeyUnsupported: no such kind.
    """
    if key_type == "ec-p256":
        return ec.generate_private_key(ec.SECP256R1())
    if key_type == "rsa-3072":
        return rsa.generate_private_key(public_exponent=65537, key_size=3072)
    raise KeyUnsupported(kind=ascii(key_type)[:40])


def encrypt_key(key: PrivateKey, passphrase: bytes) -> bytes:
    """Return the key as encrypted PKCS#8 in PEM (PBES2: PBKDF2-HMAC-SHA256, AES-256-CBC).

    The strength against guessing is the passphrase's: the library stretches it by 2048 rounds only, so it
    should be random (the set-up makes it so), not a word somebody remembers.

    Raises:
        WrongPassphrase: the passphrase is empty; a key never leaves memory in clear.
    """
    if not passphrase:
        raise WrongPassphrase(what="PKCS#8")
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(passphrase),
    )


def clear_key(key: PrivateKey) -> bytes:
    """Return a private key as PKCS#8 PEM in clear, for programs that take no other; keep it 0600."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def load_key(pem: bytes, passphrase: bytes | None = None) -> PrivateKey:
    """Read a private key from PEM (PKCS#8, PKCS#1 or SEC 1; encrypted or not).

    Raises:
        KeyUnreadable: there is no key in it.
        WrongPassphrase: the passphrase is wrong, or missing for an encrypted key.
        KeyUnsupported: a kind of key that is not used here.
        WeakKey: RSA below 2048 bits.
    """
    # A passphrase offered for a key that is in clear is no reason to refuse it.
    secrets = tried(passphrase) if passphrase and b"ENCRYPTED" in pem else (None,)
    for secret in secrets:
        try:
            return check_private(serialization.load_pem_private_key(pem, secret))
        except UnsupportedAlgorithm:
            raise KeyUnsupported(kind="?") from None
        except TypeError:
            raise WrongPassphrase(what="PKCS#8") from None
        except ValueError:
            # The causes are dropped on purpose: their texts may quote the input.
            continue
    raise WrongPassphrase(what="PKCS#8") if secrets != (None,) else KeyUnreadable


def check_private(key: object) -> PrivateKey:
    """Return the private key if its kind and strength are accepted.

    Raises:
        KeyUnsupported: neither RSA nor EC on a NIST curve.
        WeakKey: RSA below 2048 bits.
    """
    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise KeyUnsupported(kind=type(key).__name__)
    check_public(key.public_key())
    return key


def check_public(key: object) -> PublicKey:
    """Return the public key if its kind and strength are accepted.

    Raises:
        KeyUnsupported: neither RSA nor EC on a NIST curve.
        WeakKey: RSA below 2048 bits.
    """
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size < _SHORTEST_RSA:
            raise WeakKey(kind="RSA", bits=key.key_size)
        return key
    if isinstance(key, ec.EllipticCurvePublicKey):
        if not isinstance(key.curve, _CURVES):
            raise KeyUnsupported(kind=key.curve.name)
        return key
    raise KeyUnsupported(kind=type(key).__name__)


def public_key_of(certificate: x509.Certificate) -> PublicKey:
    """Return the public key of a certificate, which the library reads only when it is asked for.

    Raises:
        KeyUnsupported, WeakKey: as `check_public`; also a kind or curve that the library does not know.
        CertificateUnreadable: it is no key of its kind.
    """
    try:
        key = certificate.public_key()
    except UnsupportedAlgorithm:
        raise KeyUnsupported(kind=certificate.public_key_algorithm_oid.dotted_string[:40]) from None
    except ValueError:
        raise CertificateUnreadable from None
    return check_public(key)


def check_signing(key: PublicKey) -> None:
    """Prove that a key may sign messages (RSA, or EC on P-256); with another nothing could be said.

    Raises:
        KeyUnsupported: another curve.
    """
    if isinstance(key, ec.EllipticCurvePublicKey) and not isinstance(key.curve, ec.SECP256R1):
        raise KeyUnsupported(kind=key.curve.name)


def describe(key: PublicKey) -> str:
    """Return the kind of a key in words: `RSA 3072`, `EC secp256r1`."""
    return f"RSA {key.key_size}" if isinstance(key, rsa.RSAPublicKey) else f"EC {key.curve.name}"


def same_key(one: PublicKey, other: PublicKey) -> bool:
    """Tell whether two public keys are the same one."""
    return public_der(one) == public_der(other)


def public_der(key: PublicKey) -> bytes:
    """Return the SubjectPublicKeyInfo in DER: the identity of a key."""
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
