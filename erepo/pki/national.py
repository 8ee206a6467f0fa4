"""The two certificates that P1 issues to a provider: which is which, and what each must permit (§4.11).

P1's certificates name no account and no purpose as ours do, so a swap of the two files is found as far as
they tell: by what they are permitted for, and by a "TLS" or "WSS" in their names. Both sides check alike: the
clinic before anything is sent or revoked, the service before anything is stored.
"""

import re
from datetime import datetime
from typing import Any, Final, Literal

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from erepo.pki.errors import IsAuthority, KeyUnsupported, MissingUsage
from erepo.pki.trust import check_time

Slot = Literal["TLS", "WSS"]
SLOTS: Final[tuple[Slot, Slot]] = ("TLS", "WSS")
_ANY: Final = ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE


def look_swapped(tls: x509.Certificate, wss: x509.Certificate) -> bool:
    """Tell whether each of two certificates seems to stand in the other's place."""
    named = _word(tls), _word(wss)
    if named in {("WSS", "TLS"), ("WSS", None), (None, "TLS")}:
        return True
    return may_connect(wss) and not may_connect(tls) and named != ("TLS", "WSS")


def may_connect(certificate: x509.Certificate) -> bool:
    """Tell whether a certificate may be a TLS client's: it says so, or says nothing about its use."""
    extended = _extension(certificate, x509.ExtendedKeyUsage)
    return extended is None or bool({ExtendedKeyUsageOID.CLIENT_AUTH, _ANY} & set(extended))


def check_national(certificate: x509.Certificate, slot: Slot, at: datetime) -> None:
    """Prove that a certificate is valid and permits its purpose, as far as it says what it permits.

    Raises:
        CertificateExpired, CertificateNotYetValid: its time.
        IsAuthority, MissingUsage: what it permits.
        KeyUnsupported: P1 knows RSA-SHA256 alone, so the WSS key must be RSA (§4.3).
    """
    check_time(certificate, at=at)
    basic = _extension(certificate, x509.BasicConstraints)
    if basic is not None and basic.ca:
        raise IsAuthority
    usage = _extension(certificate, x509.KeyUsage)
    if usage is not None and not (usage.digital_signature or (slot == "WSS" and usage.content_commitment)):
        raise MissingUsage(usage="digitalSignature")
    if slot == "TLS" and not may_connect(certificate):
        raise MissingUsage(usage="clientAuth")
    public = certificate.public_key()
    if slot == "WSS" and not isinstance(public, rsa.RSAPublicKey):
        raise KeyUnsupported(kind=type(public).__name__)


def _word(certificate: x509.Certificate) -> Slot | None:
    """Return the purpose that stands as a word of its own in the certificate's name."""
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    text = " ".join(str(each.value) for each in names)
    found = {each.upper() for each in re.findall(r"(?<![a-z])(?:tls|wss)(?![a-z])", text, re.IGNORECASE)}
    return next((slot for slot in SLOTS if found == {slot}), None)


def _extension(certificate: x509.Certificate, kind: type[Any]) -> Any:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
