"""Authorities that the clinic's administrator has fixed, stronger than what comes by mail."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from erepo.pki import TrustStore


@dataclass(frozen=True)
class Pins:
    """PEM of the authorities; empty where none is fixed."""

    office: bytes = b""
    """Who may issue the account's certificates."""
    service: bytes = b""
    """Who vouches for the service's TLS and signing certificates."""

    @classmethod
    def from_folder(cls, folder: Path) -> Self:
        """Read `office.pem` and `service.pem` of a folder, as far as they are there."""
        office, service = folder / "office.pem", folder / "service.pem"
        return cls(*(file.read_bytes() if file.exists() else b"" for file in (office, service)))

    @property
    def office_trust(self) -> TrustStore | None:
        """Whom to believe the account's certificates; None where nothing is fixed.

        Raises:
            CertificateUnreadable: the file holds no certificate.
        """
        return TrustStore.from_pem(self.office) if self.office else None
