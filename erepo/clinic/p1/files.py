"""The two `.p12` files that P1 issues to a provider, checked before anything is sent.

P1's files use old ciphers (3DES, RC2); what leaves this module never does: the keys are sealed anew under our
own passphrase to be kept, and under a password of one use to be sent.

Which is which cannot be proven: P1's subjects are alike. But a certificate that may be used for a TLS client
and not for signatures is no WSS certificate, and the other way round.
"""

import base64
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from cryptography import x509

from erepo.clinic.errors import FileUnreadable
from erepo.clinic.p1.errors import P1FilesSame, P1FilesSwapped, P1FileWrong
from erepo.clinic.tables import now
from erepo.errors import ErepoError
from erepo.pki import Bundle
from erepo.pki.errors import CertificateRefused, KeyUnsupported
from erepo.pki.keys import same_key
from erepo.pki.names import shown_subject
from erepo.pki.national import SLOTS, Slot, check_national, look_swapped, may_connect
from erepo.pki.revocation import Revocation
from erepo.pki.revocation.vouching import Vouching
from erepo.pki.serials import check_serials
from erepo.settings import Settings
from erepo.texts import Text, day_words

_LARGEST: Final = 1024**2

_EXPIRED: Final = Text("its certificate ended on {day}.", "jego certyfikat wygasł {day}.")
_NOT_YET: Final = Text("its certificate begins on {day}.", "jego certyfikat jest ważny od {day}.")
_NO_CLIENT: Final = Text(
    "the one given as TLS may not be used for TLS, the other may",
    "certyfikat podany jako TLS nie może służyć do TLS, a drugi może",
)
_NAMES: Final = Text("their names say so", "wskazują na to ich nazwy")


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
    """Open both files and check them, but for their authority: `check_authority` does that.

    Raises:
        P1FileWrong: one cannot be opened, or is not valid now; says which and why.
        P1FilesSame, P1FilesSwapped: the two do not fit together.
    """
    return check_pair(Pair(_open("TLS", tls, tls_password), _open("WSS", wss, wss_password)))


def check_pair(pair: Pair) -> Pair:
    """Check two open bundles as the service will, so that a bad pair is refused before anything is revoked.

    Raises:
        P1FileWrong, P1FilesSame, P1FilesSwapped: see `read_pair`.
    """
    for slot, bundle in zip(SLOTS, (pair.tls, pair.wss), strict=True):
        _valid_now(slot, bundle.certificate)
    serial = pair.facts[0].serial
    if pair.tls.fingerprint == pair.wss.fingerprint:
        raise P1FilesSame(what="certificate / certyfikat", serial=serial)
    if same_key(pair.tls.key.public_key(), pair.wss.key.public_key()):
        raise P1FilesSame(what="key / klucz", serial=serial)
    if look_swapped(pair.tls.certificate, pair.wss.certificate):
        reason = _NAMES if may_connect(pair.tls.certificate) else _NO_CLIENT
        raise P1FilesSwapped(reason_en=reason.en, reason_pl=reason.pl)
    for slot, bundle in zip(SLOTS, (pair.tls, pair.wss), strict=True):
        with _wrong(slot):
            check_national(bundle.certificate, slot, now())
    with _wrong("WSS"):
        check_serials((pair.tls.certificate, pair.wss.certificate))
    return pair


def check_authority(pair: Pair, settings: Settings) -> None:
    """Prove that P1's authority vouches for both certificates and has not revoked them, where it is fixed.

    Raises:
        P1FileWrong: it does not, or has; says which and why.
        StatusUnknown, StatusUntrusted: nobody proves that it has not.
        ProvidersAuthorityMissing, CertificateUnreadable: the setting's file cannot be used.
    """
    revocation = Revocation(settings.revocation, settings.clinic_home / "crl")
    providers = Vouching.of_providers(settings, revocation)
    for slot, bundle in zip(SLOTS, (pair.tls, pair.wss), strict=True) if providers is not None else ():
        assert providers is not None
        with _wrong(slot):
            providers.expect(bundle.certificate, bundle.chain, now())


@contextmanager
def _wrong(slot: Slot) -> Iterator[None]:
    try:
        yield
    except (CertificateRefused, KeyUnsupported) as error:
        words = {f"problem_{speak}": error.explain(speak)[0] for speak in ("en", "pl")}
        raise P1FileWrong(purpose=slot, **words) from None


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
