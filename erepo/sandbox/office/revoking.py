"""Certificates that the office takes back, and the list (CRL) that says so.

    revoked/<serial>.json     one for each: when, why; durable before any list names it
    revoked.crl               the present list in DER, for whoever is given it as a file

The list is signed anew whenever it is asked for, and ends after a week; the file is renewed daily while the
office runs. What was revoked stays so.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Literal

import orjson
from cryptography import x509

from erepo.durable import write_durably
from erepo.pki.authority import Authority
from erepo.pki.names import CertificatePurpose, parse_subject
from erepo.pki.pem import read_certificate
from erepo.sandbox.office.errors import SerialUnknown

Reason = Literal[
    "unspecified",
    "keyCompromise",
    "affiliationChanged",
    "superseded",
    "cessationOfOperation",
    "privilegeWithdrawn",
]
_LIFE: Final = timedelta(days=7)
_DAILY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Revoked:
    """One certificate that was taken back."""

    serial: str
    account: str
    purpose: CertificatePurpose
    at: datetime
    reason: str


def revoke(home: Path, authority: Authority, serial: str, reason: str) -> Revoked:
    """Take a certificate back and renew the list; one that was taken back before stays as it was.

    Args:
        home: the office's.
        authority: signs the list.
        serial: in hex, as everywhere here; upper or lower case.
        reason: why; a word of X.509.

    Raises:
        SerialUnknown: the office has issued no such certificate.
        OSError: the disk refused; run it again.
    """
    certificate = _issued(home, serial)
    account, purpose = parse_subject(certificate)
    file = _file(home, certificate.serial_number)
    if not file.exists():
        at = datetime.now(UTC).replace(microsecond=0)
        write_durably(file, [orjson.dumps({"at": at.isoformat(), "reason": reason})])
    publish(home, authority)
    kept = orjson.loads(file.read_bytes())
    at = datetime.fromisoformat(kept["at"])
    return Revoked(f"{certificate.serial_number:X}", account, purpose, at, kept["reason"])


def is_revoked(home: Path, certificate: x509.Certificate) -> bool:
    """Tell whether the office has taken a certificate back."""
    return _file(home, certificate.serial_number).exists()


def publish(home: Path, authority: Authority) -> bytes:
    """Sign the present list, keep it as `revoked.crl`, and return it (DER)."""
    entries = []
    for file in sorted((home / "revoked").glob("[!.]*.json")):
        kept = orjson.loads(file.read_bytes())
        reason = x509.ReasonFlags(kept["reason"])
        entries.append((int(file.stem, 16), datetime.fromisoformat(kept["at"]), reason))
    octets = authority.revocation_list(entries, life=_LIFE)
    write_durably(home / "revoked.crl", [octets], mode=0o644)
    return octets


def renew(home: Path, authority: Authority) -> None:
    """Renew the file if it is a day old, or missing."""
    file = home / "revoked.crl"
    if not file.exists() or datetime.now(UTC).timestamp() - file.stat().st_mtime > _DAILY.total_seconds():
        publish(home, authority)


def _issued(home: Path, serial: str) -> x509.Certificate:
    try:
        wanted = int(serial.removeprefix("0x"), 16)
    except ValueError:
        wanted = -1
    for file in (home / "issued").glob("[!.]*.pem"):
        certificate = read_certificate(file.read_bytes())
        if certificate.serial_number == wanted:
            return certificate
    raise SerialUnknown(serial=ascii(serial)[1:-1][:60])


def _file(home: Path, serial: int) -> Path:
    return home / "revoked" / f"{serial:x}.json"
