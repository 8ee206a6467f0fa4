"""Fixed authorities, and what they say of their certificates since."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from cryptography import x509

from erepo.errors import ConfigurationError
from erepo.pki.revocation.checking import Revocation
from erepo.pki.trust import TrustStore
from erepo.settings import Settings
from erepo.texts import Text


class ProvidersAuthorityMissing(ConfigurationError):
    """EREPO_P1__PROVIDERS_CA names no readable file."""

    code = "pki.providers-authority-missing"
    cause = Text(
        "The file of the authorities of P1's certificates cannot be read (EREPO_P1__PROVIDERS_CA).",
        "Nie można odczytać pliku urzędów certyfikatów P1 (EREPO_P1__PROVIDERS_CA).",
    )
    cure = Text(
        "Correct the setting, or leave it empty: then these certificates' issuer is not checked here.",
        "Popraw ustawienie albo pozostaw je puste: wtedy wystawca tych certyfikatów nie jest tu sprawdzany.",
    )


@dataclass(frozen=True, eq=False)
class Vouching:
    """Who may vouch, and how revocation is found out."""

    trust: TrustStore
    revocation: Revocation

    @classmethod
    def of_providers(cls, settings: Settings, revocation: Revocation) -> Self | None:
        """Return the proof of providers' P1 certificates; None where their authorities are not fixed.

        Raises:
            ProvidersAuthorityMissing: the setting's file cannot be read.
            CertificateUnreadable: no certificate in it.
        """
        file = settings.p1.providers_ca
        if file is None:
            return None
        try:
            return cls(TrustStore.from_pem(file.read_bytes()), revocation)
        except OSError:
            raise ProvidersAuthorityMissing from None

    def expect(
        self, certificate: x509.Certificate, intermediates: Sequence[x509.Certificate], at: datetime
    ) -> None:
        """Prove that a fixed authority vouches for a certificate and has not revoked it. Asks the network.

        Raises:
            CertificateRefused: it does not, or has.
            StatusUnknown, StatusUntrusted: nobody proves that it has not.
        """
        self.revocation.check(self.trust.path(certificate, intermediates, at=at))
