"""A provider's two P1 certificates with their keys: opened, checked, shown, packed for the vault.

P1's certificates name no account and no purpose as ours do, so a swap of the two files is found as far as
they tell: by what they are permitted for, and by a "TLS" or "WSS" in their names.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

import orjson
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from erepo.cloud.national.errors import P1CertificateRefused, P1CertificatesSwapped, P1CertificateTwice
from erepo.cloud.national.opening import open_files
from erepo.errors import ErepoError
from erepo.pki.bundle import Bundle
from erepo.pki.errors import IsAuthority, KeyUnsupported, MissingUsage
from erepo.pki.keys import clear_key, same_key
from erepo.pki.names import shown_subject
from erepo.pki.trust import check_time

Slot = Literal["TLS", "WSS"]
SLOTS: Final[tuple[Slot, Slot]] = ("TLS", "WSS")


@dataclass(frozen=True, slots=True)
class Given:
    """A `.p12` file and its password, as the clinic sent them."""

    pkcs12: bytes = field(repr=False)
    password: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Credentials:
    """Both certificates with their keys."""

    tls: Bundle = field(repr=False)
    wss: Bundle = field(repr=False)


def open_credentials(tls: Given, wss: Given, at: datetime) -> Credentials:
    """Open both files and check what is in them. Takes a while: call it off the event loop.

    Args:
        tls: of the connection to P1.
        wss: of the signatures for P1.
        at: the moment at which they must be valid, aware.

    Raises:
        P1CertificateRefused: a file does not open, or its certificate is not fit; the slot is named.
        P1CertificatesSwapped, P1CertificateTwice: right files in wrong places.
    """
    bundles: dict[Slot, Bundle] = {}
    files = [(each.pkcs12, each.password) for each in (tls, wss)]
    for slot, found in zip(SLOTS, open_files(files), strict=True):
        if isinstance(found, ErepoError):
            raise P1CertificateRefused(slot=slot, error=found)
        bundles[slot] = found
    one, other = bundles["TLS"], bundles["WSS"]
    if same_key(one.key.public_key(), other.key.public_key()):
        raise P1CertificateTwice
    if _look_swapped(one.certificate, other.certificate):
        raise P1CertificatesSwapped
    for slot, bundle in bundles.items():
        try:
            _check(bundle.certificate, slot, at)
        except ErepoError as error:
            raise P1CertificateRefused(slot=slot, error=error) from None
    return Credentials(one, other)


def _look_swapped(tls: x509.Certificate, wss: x509.Certificate) -> bool:
    named = _word(tls), _word(wss)
    if named in {("WSS", "TLS"), ("WSS", None), (None, "TLS")}:
        return True
    return _may_connect(wss) and not _may_connect(tls) and named != ("TLS", "WSS")


def _word(certificate: x509.Certificate) -> Slot | None:
    """Return the purpose that stands as a word of its own in the certificate's name."""
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    text = " ".join(str(each.value) for each in names)
    found = {each.upper() for each in re.findall(r"(?<![a-z])(?:tls|wss)(?![a-z])", text, re.IGNORECASE)}
    return next((slot for slot in SLOTS if found == {slot}), None)


def _may_connect(certificate: x509.Certificate) -> bool:
    extended = _extension(certificate, x509.ExtendedKeyUsage)
    return extended is None or bool({ExtendedKeyUsageOID.CLIENT_AUTH, _ANY} & set(extended))


_ANY = ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE


def _check(certificate: x509.Certificate, slot: Slot, at: datetime) -> None:
    """Prove that a certificate is valid now and permits its purpose, as far as it says what it permits."""
    check_time(certificate, at=at)
    basic = _extension(certificate, x509.BasicConstraints)
    if basic is not None and basic.ca:
        raise IsAuthority
    usage = _extension(certificate, x509.KeyUsage)
    if usage is not None and not (usage.digital_signature or (slot == "WSS" and usage.content_commitment)):
        raise MissingUsage(usage="digitalSignature")
    if slot == "TLS" and not _may_connect(certificate):
        raise MissingUsage(usage="clientAuth")
    public = certificate.public_key()
    if slot == "WSS" and not isinstance(public, rsa.RSAPublicKey):  # P1 knows RSA-SHA256 alone (§4.3)
        raise KeyUnsupported(kind=type(public).__name__)


def _extension(certificate: x509.Certificate, kind: type[Any]) -> Any:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def facts_of(bundle: Bundle) -> dict[str, str]:
    """Return what may be shown of a certificate (manual 1.3: serial number and validity)."""
    certificate = bundle.certificate
    return {
        "serial": f"{certificate.serial_number:X}",
        "subject": shown_subject(certificate)[:500],
        "notBefore": f"{certificate.not_valid_before_utc:%Y-%m-%dT%H:%M:%SZ}",
        "notAfter": f"{certificate.not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}",
    }


def pack(credentials: Credentials) -> bytes:
    """Return both as octets for the vault: the keys are in clear in them, the passwords are gone."""
    parts = {
        slot: {
            "key": clear_key(bundle.key).decode("ascii"),
            "certificates": bundle.certificate_pem.decode("ascii"),
        }
        for slot, bundle in zip(SLOTS, (credentials.tls, credentials.wss), strict=True)
    }
    return orjson.dumps(parts)


def unpack(octets: bytes) -> Credentials:
    """Return what `pack` packed."""
    parts = orjson.loads(octets)
    tls, wss = (
        Bundle.from_pem(parts[slot]["certificates"].encode("ascii"), parts[slot]["key"].encode("ascii"))
        for slot in SLOTS
    )
    return Credentials(tls, wss)
