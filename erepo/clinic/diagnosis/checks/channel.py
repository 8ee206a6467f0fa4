"""The secure channel: swapped keys, versions of TLS, refused certificates (manual 2.5)."""

import re
from typing import Final

from erepo.clinic.diagnosis.errors import OurCertificateRefused, ServiceNotTrusted, TlsVersionRefused
from erepo.clinic.diagnosis.findings import Finding
from erepo.clinic.diagnosis.ground import Ground
from erepo.clinic.diagnosis.running import no_account
from erepo.errors import ErepoError, RetryableError
from erepo.pki import Bundle, CertificatePurpose
from erepo.pki.checks import check_identity
from erepo.soap.errors import SecureChannelFailed
from erepo.texts import Text

_GOOD = Text(
    "The secure channel to {address} stands, with the account's own TLS certificate.",
    "Bezpieczny kanał do {address} działa, z certyfikatem TLS tego konta.",
)
#: What OpenSSL calls it, and what it is; the first that fits.
_KINDS: Final = (
    (re.compile("VERSION|PROTOCOL|NO_CIPHERS|HANDSHAKE_FAILURE|NO_SHARED_CIPHER"), TlsVersionRefused),
    (re.compile("CERTIFICATE_VERIFY_FAILED|HOSTNAME_MISMATCH|SELF_SIGNED"), ServiceNotTrusted),
    (re.compile("certificate refused|CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED"), OurCertificateRefused),
)


def channel(ground: Ground) -> Finding:
    """Put each key to its certificate, then shake hands with the service."""
    row = ground.account()
    if row is None:
        return no_account()
    passphrase = ground.settings.passphrase
    for purpose, certificate, key in ground.credentials().pairs():
        try:
            bundle = Bundle.from_pem(certificate, key, passphrase)
            check_identity(bundle.certificate, account=row.account, purpose=CertificatePurpose(purpose))
        except ErepoError as error:
            return Finding.of(error)
    refusal = ground.visit().error
    if isinstance(refusal, SecureChannelFailed):
        return Finding.of(_told_apart(refusal))
    if isinstance(refusal, RetryableError):
        return Finding.unasked(refusal)
    return Finding.good(_GOOD, address=row.service_url)


def _told_apart(error: SecureChannelFailed) -> SecureChannelFailed:
    if type(error) is not SecureChannelFailed:
        return error
    reason = str(error.data.get("reason", ""))
    kind = next((kind for pattern, kind in _KINDS if pattern.search(reason)), SecureChannelFailed)
    return kind(**error.data)
