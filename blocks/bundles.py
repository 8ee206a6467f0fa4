"""PKCS#12 in blocks: base64 of an encrypted file whose passphrase is never kept beside it."""

import base64
import binascii
from typing import TYPE_CHECKING

from pydantic import SecretStr

from blocks.errors import BundleUnreadable
from erepo.errors import ErepoError

if TYPE_CHECKING:
    from erepo.pki.bundle import Bundle


def seal(bundle: "Bundle", passphrase: bytes, name: str) -> SecretStr:
    """Return the bundle as base64 of PKCS#12 (PBES2, AES-256), encrypted with the passphrase."""
    return SecretStr(base64.b64encode(bundle.to_pkcs12(passphrase, name)).decode("ascii"))


def unseal(sealed: SecretStr, passphrase: bytes, *, kind: str, purpose: str) -> "Bundle":
    """Open what `seal` made.

    Raises:
        BundleUnreadable: no base64, no PKCS#12, or another passphrase.
    """
    from erepo.pki.bundle import Bundle  # noqa: PLC0415 — showing a form must not load the cryptography

    try:
        return Bundle.from_pkcs12(base64.b64decode(sealed.get_secret_value(), validate=True), passphrase)
    except (ValueError, TypeError, binascii.Error, ErepoError):
        raise BundleUnreadable(kind=kind, purpose=purpose) from None
