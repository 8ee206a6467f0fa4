"""Keys and certificates that P1 issued to the provider."""

from typing import TYPE_CHECKING, ClassVar

from prefect.blocks.core import Block
from pydantic import Field, SecretStr

from blocks.bundles import seal, unseal
from blocks.looks import LOGO, documentation

if TYPE_CHECKING:
    from erepo.pki.bundle import Bundle


class P1Certificates(Block):
    """The provider's two P1 certificates (TLS and WSS), as encrypted PKCS#12 under our own passphrase.

    They must be revoked in the service before they are replaced. The files that P1 hands out use old ciphers;
    they are sealed anew before they enter the block.

    Example:
        Load the block and open the signing key:
        ```python
        from blocks import P1Certificates
        from erepo.settings import Settings

        block = P1Certificates.load("BLOCK_NAME")
        bundle = block.wss(Settings().passphrase)
        ```
    """

    _block_type_name: ClassVar[str] = "erepo P1 certificates"
    _block_type_slug: ClassVar[str] = "erepo-p1-certificates"
    _logo_url = LOGO
    _documentation_url = documentation("p1certificates")

    provider: str = Field(
        title="Podmiot / Provider",
        description="Kod resortowy I podmiotu, do którego należą certyfikaty. / "
        "Resort code I of the provider the certificates belong to.",
    )
    tls_pkcs12: SecretStr = Field(
        title="Klucz i certyfikat TLS / TLS key and certificate",
        description="Base64 zaszyfrowanego pliku .p12 do połączenia z P1. / "
        "Base64 of the encrypted .p12 file for the channel to P1.",
    )
    wss_pkcs12: SecretStr = Field(
        title="Klucz i certyfikat WSS / WSS key and certificate",
        description="Base64 zaszyfrowanego pliku .p12 do podpisywania komunikatów do P1. / "
        "Base64 of the encrypted .p12 file for signing messages to P1.",
    )

    @classmethod
    def of(cls, provider: str, tls: "Bundle", wss: "Bundle", passphrase: bytes) -> "P1Certificates":
        """Make the block of two open bundles; the keys are encrypted before they enter it."""
        return cls(
            provider=provider,
            tls_pkcs12=seal(tls, passphrase, "P1 TLS"),
            wss_pkcs12=seal(wss, passphrase, "P1 WSS"),
        )

    def tls(self, passphrase: bytes) -> "Bundle":
        """Open the TLS key and certificate.

        Raises:
            BundleUnreadable: wrong passphrase or damaged block.
        """
        return unseal(self.tls_pkcs12, passphrase, kind="P1Certificates", purpose="TLS")

    def wss(self, passphrase: bytes) -> "Bundle":
        """Open the WSS key and certificate.

        Raises:
            BundleUnreadable: wrong passphrase or damaged block.
        """
        return unseal(self.wss_pkcs12, passphrase, kind="P1Certificates", purpose="WSS")
