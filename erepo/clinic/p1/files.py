"""The two `.p12` files that P1 issues to a provider, checked before anything is sent.

P1's files use old ciphers (3DES, RC2); what leaves this module never does: the keys are sealed anew under our
own passphrase to be kept, and under a password of one use to be sent.

Which is which cannot be proven: P1's subjects are alike. But a certificate that may be used for a TLS client
and not for signatures is no WSS certificate, and the other way round.
"""

import base64
import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from erepo.clinic.errors import FileUnreadable
from erepo.clinic.p1.errors import P1FilesSame, P1FilesSwapped, P1FileWrong
from erepo.clinic.tables import now
from erepo.errors import ErepoError
from erepo.pki import Bundle
from erepo.pki.keys import same_key
from erepo.pki.names import shown_subject
from erepo.texts import Text, day_words

_LARGEST: Final = 1024**2

_EXPIRED: Final = Text("its certificate ended on {day}.", "jego certyfikat wygasł {day}.")
_NOT_YET: Final = Text("its certificate begins on {day}.", "jego certyfikat jest ważny od {day}.")
_NO_CLIENT: Final = Text(
    "the one given as TLS may not be used for TLS, the other may",
    "certyfikat podany jako TLS nie może służyć do TLS, a drugi może",
)


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What people compare: serial number, subject, validity; nothing in it is secret."""

    serial: str
    subject: str
    not_before: datetime
    not_after: datetime

    @classmethod
    def of(cls, certificate: x509.Certificate) -> "FileFacts":
        """Read them from a certificate."""
        return cls(
            f"{certificate.serial_number:X}",
            shown_subject(certificate),
            certificate.not_valid_before_utc,
            certificate.not_valid_after_utc,
        )

    def as_json(self) -> dict[str, str]:
        """Return plain data."""
        return {
            "serial": self.serial,
            "subject": self.subject,
            "notBefore": self.not_before.isoformat(),
            "notAfter": self.not_after.isoformat(),
        }


@dataclass(frozen=True, eq=False)
class Pair:
    """Both bundles, open; keep them in memory only."""

    tls: Bundle
    wss: Bundle

    @property
    def facts(self) -> tuple[FileFacts, FileFacts]:
        """What people compare, TLS first."""
        return FileFacts.of(self.tls.certificate), FileFacts.of(self.wss.certificate)

    def sealed(self, passphrase: bytes) -> dict[str, str]:
        """Return both as base64 of PKCS#12 with AES-256 under our own passphrase, as the block keeps them."""
        return {
            f"{purpose}_pkcs12": base64.b64encode(
                bundle.to_pkcs12(passphrase, f"P1 {purpose.upper()}")
            ).decode()
            for purpose, bundle in (("tls", self.tls), ("wss", self.wss))
        }

    def to_send(self) -> dict[str, Any]:
        """Return both as PKCS#12 with AES-256, each under a random password of this one use."""
        content: dict[str, Any] = {}
        for purpose, bundle in (("tls", self.tls), ("wss", self.wss)):
            password = secrets.token_urlsafe(32)
            sealed = bundle.to_pkcs12(password.encode(), f"P1 {purpose.upper()}")
            content[f"{purpose}_pkcs12"] = base64.b64encode(sealed).decode("ascii")
            content[f"{purpose}_password"] = password
        return content


def read_pair(tls: bytes, tls_password: bytes, wss: bytes, wss_password: bytes) -> Pair:
    """Open both files and check them.

    Raises:
        P1FileWrong: one cannot be opened, or is not valid now; says which and why.
        P1FilesSame, P1FilesSwapped: the two do not fit together.
    """
    return check_pair(Pair(_open("TLS", tls, tls_password), _open("WSS", wss, wss_password)))


def check_pair(pair: Pair) -> Pair:
    """Check two open bundles.

    Raises:
        P1FileWrong, P1FilesSame, P1FilesSwapped: see `read_pair`.
    """
    for purpose, bundle in (("TLS", pair.tls), ("WSS", pair.wss)):
        _valid_now(purpose, bundle.certificate)
    serial = pair.facts[0].serial
    if pair.tls.fingerprint == pair.wss.fingerprint:
        raise P1FilesSame(what="certificate / certyfikat", serial=serial)
    if same_key(pair.tls.key.public_key(), pair.wss.key.public_key()):
        raise P1FilesSame(what="key / klucz", serial=serial)
    if not _for_tls(pair.tls.certificate) and _for_tls(pair.wss.certificate):
        raise P1FilesSwapped(reason_en=_NO_CLIENT.en, reason_pl=_NO_CLIENT.pl)
    return pair


def read_file(path: Path) -> bytes:
    """Return a file of bounded size.

    Raises:
        FileUnreadable: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST + 1)
    except OSError as error:
        raise FileUnreadable(problem=error.strerror) from None


def _open(purpose: str, octets: bytes, password: bytes) -> Bundle:
    try:
        return Bundle.from_pkcs12(octets, password)
    except ErepoError as error:
        words = {f"problem_{speak}": error.explain(speak)[0] for speak in ("en", "pl")}
        raise P1FileWrong(purpose=purpose, **words) from None


def _valid_now(purpose: str, certificate: x509.Certificate) -> None:
    moment = now()
    if moment > certificate.not_valid_after_utc:
        problem, day = _EXPIRED, certificate.not_valid_after_utc
    elif moment < certificate.not_valid_before_utc:
        problem, day = _NOT_YET, certificate.not_valid_before_utc
    else:
        return
    words = {f"problem_{speak}": problem.fill(speak, day=day_words(day)) for speak in ("en", "pl")}
    raise P1FileWrong(purpose=purpose, **words)


def _for_tls(certificate: x509.Certificate) -> bool:
    """Tell whether a certificate may be a TLS client's: it says so, or says nothing about its use."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return True
    return ExtendedKeyUsageOID.CLIENT_AUTH in usage or ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE in usage
