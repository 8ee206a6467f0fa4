"""Whom P1 vouches for: connections, signatures and tokens, each by an authority of its own.

**A certificate is P1's or a tenant's, never both.** The TLS layer takes connections of either kind; here it
is told which they are. What both kinds of authorities have issued counts as a tenant's: it finds nothing at
this door. So neither passes at the other's.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Self, TypeVar

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from erepo.cloud.outside.errors import DoorMisconfigured, SenderRefused, StandingUnknown
from erepo.errors import ErepoError
from erepo.p1.bearers import TokenSigners
from erepo.pki.bundle import fingerprint
from erepo.pki.keys import public_key_of, same_key
from erepo.pki.national import Slot, check_national, look_swapped
from erepo.pki.revocation import Revocation, StatusUnknown, StatusUntrusted
from erepo.pki.trust import TrustStore
from erepo.settings import Settings

Read = TypeVar("Read")

_MOST = 4096
#: How long it is believed that a certificate was not revoked.
_GOOD_NEWS = timedelta(minutes=10)
_ONLY_TLS = frozenset({ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH})


@dataclass(frozen=True, eq=False)
class Peers:
    """The authorities, and how they name a provider.

    Attributes:
        tls, wss: authorities of providers' certificates.
        tokens: who signs assertions.
        issuer: of assertions.
        number: finds resort code part I in a subject.
        revocation: the lists at hand.
    """

    tls: TrustStore
    wss: TrustStore
    tokens: TokenSigners
    issuer: str
    number: re.Pattern[str]
    revocation: Revocation
    _known: dict[str, bool] = field(default_factory=dict, repr=False)
    _standing: dict[str, datetime] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, settings: Settings, revocation: Revocation) -> Self:
        """Return what the settings name.

        Raises:
            DoorMisconfigured: something is missing or unreadable.
        """
        given = settings.p1
        tls = _read("PROVIDERS_TLS_CA", given.providers_tls_ca or given.providers_ca, TrustStore.from_pem)
        wss = _read("PROVIDERS_WSS_CA", given.providers_wss_ca or given.providers_ca, TrustStore.from_pem)
        file = given.token_ca or settings.p1_signing_authority
        tokens = _read("TOKEN_CA", file, partial(TokenSigners, providers=(tls, wss)))
        if tokens.shared:  # any provider could sign an assertion about itself
            raise DoorMisconfigured(setting="EREPO_P1__TOKEN_CA")
        return cls(
            tls=tls,
            wss=wss,
            tokens=tokens,
            issuer=given.token_issuer,
            number=re.compile(given.provider_number),
            revocation=revocation,
        )

    def issued(self, fingerprint: str, certificate: x509.Certificate, tenants: TrustStore) -> bool:
        """Tell whether a connection's certificate is P1's; says nothing about whether it is in force."""
        known = self._known.get(fingerprint)
        if known is None:
            if len(self._known) >= _MOST:
                self._known.clear()
            known = self._known[fingerprint] = self.tls.issuer_of(certificate) is not None
        return known and tenants.issuer_of(certificate) is None

    def connection(self, certificate: x509.Certificate, at: datetime) -> str:
        """Return the provider (resort code I) of a connection.

        Raises:
            SenderRefused: the certificate is not in force, or names none.
        """
        self._prove(certificate, self.tls, "TLS", at)
        return self._named(certificate)

    def signer(self, certificate: x509.Certificate, peer: x509.Certificate, at: datetime) -> None:
        """Return if a message's signer is the provider of the connection.

        Raises:
            SenderRefused: it is not, or the certificate is not in force.
        """
        self._prove(certificate, self.wss, "WSS", at)
        uses = _uses(certificate)
        if (uses and uses <= _ONLY_TLS) or look_swapped(peer, certificate):
            raise SenderRefused(rule="signed with a certificate for connections")
        if same_key(public_key_of(certificate), public_key_of(peer)):
            raise SenderRefused(rule="one key for the connection and the signature")
        if self._named(certificate) != self._named(peer):
            raise SenderRefused(rule="signed by another provider than the connection's")

    def inquire(self, peer: x509.Certificate, signer: x509.Certificate, at: datetime) -> None:
        """Return if the authorities of a sender's certificates have not revoked them, as far as they say so.

        Asks the network, and remembers good news for ten minutes: call it off the event loop.

        Raises:
            SenderRefused: one was revoked.
            StandingUnknown: nobody says.
        """
        for certificate, trust in ((peer, self.tls), (signer, self.wss)):
            name = fingerprint(certificate)
            if at < self._standing.get(name, at):
                continue
            try:
                self.revocation.check(trust.path(certificate, at=at))
            except (StatusUnknown, StatusUntrusted) as error:
                raise StandingUnknown(reason=error.code) from error
            except ErepoError as error:
                raise SenderRefused(rule=f"a revoked certificate ({error.code})") from error
            if len(self._standing) >= _MOST:
                self._standing.clear()
            self._standing[name] = at + _GOOD_NEWS

    def _prove(self, certificate: x509.Certificate, trust: TrustStore, slot: Slot, at: datetime) -> None:
        try:
            trust.verify(certificate, at=at)
            check_national(certificate, slot, at)
            issuer = trust.issuer_of(certificate)
            if issuer is not None:
                self.revocation.refuse_revoked(certificate, issuer)
        except ErepoError as error:
            raise SenderRefused(rule=f"the {slot} certificate ({error.code})") from error

    def _named(self, certificate: x509.Certificate) -> str:
        found = {each[0] for each in self.number.finditer(certificate.subject.rfc4514_string())}
        if len(found) != 1:
            raise SenderRefused(rule="its subject does not name one provider")
        return found.pop()


def _read(name: str, file: Path | None, read: Callable[[bytes], Read]) -> Read:
    setting = f"EREPO_P1__{name}"
    if file is None:
        raise DoorMisconfigured(setting=setting)
    try:
        return read(file.read_bytes())
    except (OSError, ErepoError):
        raise DoorMisconfigured(setting=setting) from None


def _uses(certificate: x509.Certificate) -> frozenset[x509.ObjectIdentifier]:
    try:
        return frozenset(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    except x509.ExtensionNotFound:
        return frozenset()
