"""Keys and certificates of the clinic's account."""

from typing import TYPE_CHECKING, ClassVar

from prefect.blocks.core import Block
from pydantic import Field, SecretStr

from blocks.bundles import seal, unseal
from blocks.looks import LOGO, documentation

if TYPE_CHECKING:
    from erepo.pki.bundle import Bundle


class TenantCertificates(Block):
    """One generation of the account's two key pairs: TLS for the channel, WSS for signing messages.

    Prefect's API shows the secrets of a block to whoever reaches it, therefore both PKCS#12 files are
    encrypted and their passphrase comes from EREPO_KEY_PASSPHRASE or a file, never from Prefect. A new
    generation is a new block; the old one is kept until the new one is proven.

    Example:
        Load the block and open the keys:
        ```python
        from blocks import TenantCertificates
        from erepo.settings import Settings

        block = TenantCertificates.load("BLOCK_NAME")
        bundle = block.tls(Settings().passphrase)
        ```
    """

    _block_type_name: ClassVar[str] = "erepo tenant certificates"
    _block_type_slug: ClassVar[str] = "erepo-tenant-certificates"
    _logo_url = LOGO
    _documentation_url = documentation("tenantcertificates")

    account: str = Field(
        title="Konto / Account",
        description="16 cyfr identyfikatora konta. / The 16 digits of the account.",
        pattern=r"^\d{16}$",
    )
    tls_pkcs12: SecretStr = Field(
        title="Klucz i certyfikat TLS / TLS key and certificate",
        description="Base64 zaszyfrowanego pliku .p12 do połączenia. / "
        "Base64 of the encrypted .p12 file for the channel.",
    )
    wss_pkcs12: SecretStr = Field(
        title="Klucz i certyfikat WSS / WSS key and certificate",
        description="Base64 zaszyfrowanego pliku .p12 do podpisywania komunikatów. / "
        "Base64 of the encrypted .p12 file for signing messages.",
    )
    tls_fingerprint: str = Field(
        "",
        title="Odcisk certyfikatu TLS / TLS fingerprint",
        description="SHA-256 certyfikatu TLS, szesnastkowo. / SHA-256 of the TLS certificate, hex.",
    )
    wss_fingerprint: str = Field(
        "",
        title="Odcisk certyfikatu WSS / WSS fingerprint",
        description="SHA-256 certyfikatu WSS, szesnastkowo. / SHA-256 of the WSS certificate, hex.",
    )
    valid_until: str = Field(
        "",
        title="Ważne do / Valid until",
        description="Kiedy wygasa pierwszy z nich, ISO 8601. / When the first of the two expires, ISO 8601.",
    )

    @classmethod
    def of(cls, account: str, tls: "Bundle", wss: "Bundle", passphrase: bytes) -> "TenantCertificates":
        """Make the block of two open bundles; the keys are encrypted before they enter it."""
        return cls(
            account=account,
            tls_pkcs12=seal(tls, passphrase, f"{account} TLS"),
            wss_pkcs12=seal(wss, passphrase, f"{account} WSS"),
            tls_fingerprint=tls.fingerprint,
            wss_fingerprint=wss.fingerprint,
            valid_until=min(
                tls.certificate.not_valid_after_utc, wss.certificate.not_valid_after_utc
            ).isoformat(),
        )

    @property
    def generation(self) -> str:
        """Name to save this generation under: the account and the start of the TLS fingerprint."""
        return self.named(self.account, self.tls_fingerprint)

    @staticmethod
    def named(account: str, tls_fingerprint: str) -> str:
        """Return the name of the generation with a certain TLS certificate."""
        return f"{account}-{tls_fingerprint[:12]}"

    def tls(self, passphrase: bytes) -> "Bundle":
        """Open the TLS key and certificate.

        Raises:
            BundleUnreadable: wrong passphrase or damaged block.
        """
        return unseal(self.tls_pkcs12, passphrase, kind="TenantCertificates", purpose="TLS")

    def wss(self, passphrase: bytes) -> "Bundle":
        """Open the WSS key and certificate.

        Raises:
            BundleUnreadable: wrong passphrase or damaged block.
        """
        return unseal(self.wss_pkcs12, passphrase, kind="TenantCertificates", purpose="WSS")
