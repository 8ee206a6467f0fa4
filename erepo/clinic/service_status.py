"""Whether the service's signing certificate was revoked, as far as its authority publishes anything.

The list is brought up to date when a connection is opened, if that is due, beside the work: reading waits
for no authority's server, only the first change does, for a bounded time. A signer that any list names proves
nothing any more. Where the list is too old, nothing is handed to the service, and what it returns can still
be read.
"""

import asyncio
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from cryptography import x509

from erepo.pki.revocation import CertificateRevoked, Revocation
from erepo.pki.trust import TrustStore
from erepo.settings import Settings
from erepo.soap.errors import SignerRefused
from erepo.soap.verifying import Accept


class ServiceStatus:
    """What is known of one service's signer.

    Args:
        settings: of the clinic.
        trust: authorities of the service.
        signer: PEM of its signing certificate at activation; may be empty.
        clock: now, aware.
    """

    def __init__(
        self,
        settings: Settings,
        trust: TrustStore,
        signer: bytes,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._trust, self._clock = trust, clock
        self._every = timedelta(seconds=settings.revocation.refresh)
        self._revocation = Revocation(settings.revocation, settings.clinic_home / "crl", clock)
        known = x509.load_pem_x509_certificate(signer) if signer.strip() else None
        issuer = trust.issuer_of(known) if known is not None else None
        self._pair = (known, issuer) if known is not None and issuer is not None else None
        self._refreshing: threading.Thread | None = None

    def refresh(self) -> None:
        """Begin to bring the list up to date if that is due; what fails leaves the kept one."""
        if self._pair is not None and self._revocation.due(*self._pair, self._every):
            # Nobody who only reads has to wait for its end, not even at the end of the program.
            self._refreshing = threading.Thread(
                target=self._revocation.refresh, args=([self._pair],), name="erepo-status", daemon=True
            )
            self._refreshing.start()

    async def expect_current(self) -> None:
        """Return if something may be handed to the service; waits for a refresh under way.

        Raises:
            CrlStale, CrlMissing: no list of its authority tells anything now; nothing was sent.
            StatusUntrusted: the operator's own list cannot be used.
        """
        if self._refreshing is not None and self._refreshing.is_alive():
            await asyncio.to_thread(self._refreshing.join)
        if self._pair is not None:
            self._revocation.expect_current(*self._pair)

    def accepting(self, accept: Accept) -> Accept:
        """Return what refuses a signer that was revoked, after `accept` has had its say."""

        def both(certificate: x509.Certificate) -> None:
            accept(certificate)
            issuer = self._trust.issuer_of(certificate)
            if issuer is None:
                return
            try:
                self._revocation.refuse_revoked(certificate, issuer)
            except CertificateRevoked as error:
                raise SignerRefused(rule=f"certificate revoked ({error.code})") from error

        return both
