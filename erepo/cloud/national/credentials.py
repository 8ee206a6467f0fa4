"""A provider's two P1 certificates with their keys: opened, checked, shown, packed for the vault."""

from dataclasses import dataclass, field
from datetime import datetime

import orjson

from erepo.cloud.national.errors import P1CertificateRefused, P1CertificatesSwapped, P1CertificateTwice
from erepo.cloud.national.opening import open_files
from erepo.errors import ErepoError
from erepo.pki.bundle import Bundle
from erepo.pki.errors import CertificateRefused
from erepo.pki.keys import clear_key, same_key
from erepo.pki.names import shown_subject
from erepo.pki.national import SLOTS, Slot, check_national, look_swapped
from erepo.pki.revocation.vouching import Vouching
from erepo.pki.serials import check_serials


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


def open_credentials(tls: Given, wss: Given, at: datetime, providers: Vouching | None = None) -> Credentials:
    """Open both files and check what is in them. Takes a while: call it off the event loop.

    Args:
        tls: of the connection to P1.
        wss: of the signatures for P1.
        at: the moment at which they must be valid, aware.
        providers: who may vouch for them, and whether they were revoked; None: P1 itself judges that.

    Raises:
        P1CertificateRefused: a file does not open, or its certificate is not fit; the slot is named.
        StatusUnknown, StatusUntrusted: nobody proves that they were not revoked.
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
    if look_swapped(one.certificate, other.certificate):
        raise P1CertificatesSwapped
    for slot, bundle in bundles.items():
        try:
            check_national(bundle.certificate, slot, at)
        except ErepoError as error:
            raise P1CertificateRefused(slot=slot, error=error) from None
    _check_authority(bundles, at, providers)
    return Credentials(one, other)


def _check_authority(bundles: dict[Slot, Bundle], at: datetime, providers: Vouching | None) -> None:
    try:
        check_serials(each.certificate for each in bundles.values())
    except CertificateRefused as error:
        raise P1CertificateRefused(slot="WSS", error=error) from None
    for slot, bundle in bundles.items() if providers is not None else ():
        assert providers is not None
        try:
            providers.expect(bundle.certificate, bundle.chain, at)
        except CertificateRefused as error:
            raise P1CertificateRefused(slot=slot, error=error) from None


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
