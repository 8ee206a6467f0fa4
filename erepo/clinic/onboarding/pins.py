"""Authorities that the clinic's administrator has fixed, stronger than what comes by mail."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Self

from cryptography import x509

from erepo.pki import TrustStore
from erepo.pki.revocation import Revocation
from erepo.settings import Settings


@dataclass(frozen=True)
class Pins:
    """PEM of the authorities; empty where none is fixed."""

    office: bytes = b""
    """Who may issue the account's certificates."""
    service: bytes = b""
    """Who vouches for the service's TLS and signing certificates."""
    revocation: Revocation | None = field(default=None, compare=False, repr=False)
    """Finds out whether a certificate was revoked; None: that is not asked."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Read what is fixed in this installation."""
        revocation = Revocation(settings.revocation, settings.clinic_home / "crl")
        return replace(cls.from_folder(settings.clinic_home / "trust"), revocation=revocation)

    @classmethod
    def from_folder(cls, folder: Path) -> Self:
        """Read `office.pem` and `service.pem` of a folder, as far as they are there."""
        office, service = folder / "office.pem", folder / "service.pem"
        pems = [file.read_bytes() if file.exists() else b"" for file in (office, service)]
        return cls(office=pems[0], service=pems[1])

    @property
    def office_trust(self) -> TrustStore | None:
        """Whom to believe the account's certificates; None where nothing is fixed.

        Raises:
            CertificateUnreadable: the file holds no certificate.
        """
        return TrustStore.from_pem(self.office) if self.office else None

    def expect_unrevoked(
        self,
        certificate: x509.Certificate,
        intermediates: Sequence[x509.Certificate],
        trust: TrustStore | None,
        at: datetime,
    ) -> None:
        """Prove that a certificate was not revoked, as far as its authority says anything about that.

        Servers are asked only where the office's authority is fixed: without one, whoever mails us a chain
        of his own would decide where we call. Then the operator's own lists count, and the service judges.

        Args:
            certificate: checked already, but for this.
            intermediates: between it and an authority.
            trust: who vouches for it; None where nobody is known.
            at: now, aware.

        Raises:
            RevokedByCrl, RevokedByOcsp: it was revoked.
            StatusUnknown, StatusUntrusted: nobody proves that it was not.
        """
        if self.revocation is not None and trust is not None:
            chain = trust.path(certificate, intermediates, at=at)
            self.revocation.check(chain, online=bool(self.office))
