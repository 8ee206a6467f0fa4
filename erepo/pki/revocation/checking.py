"""Whether a certificate was revoked: asked at the doors, remembered in between.

`check` asks the authorities and is for the moments at which somebody begins to trust a certificate. What it
finds or cannot prove is raised, never returned: **no answer is no proof** (certbot takes it for one).

    the operator's own list for the issuer      decides alone, nothing is asked
    a responder (OCSP)                          asked first; its word about the certificate is final
    a list (CRL)                                fetched where no responder answers; else the kept one, in time
    nothing published                           nothing is asked, nothing refused

`refuse_revoked` and `expect_current` ask nobody: they are for every message, and look into the lists at hand.
`refresh` brings these up to date beside the work.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Final

from cryptography import x509

from erepo.errors import ErepoError
from erepo.pki.bundle import fingerprint
from erepo.pki.revocation.addresses import extension, host_of, published
from erepo.pki.revocation.crls import RevocationList, prove_list, read_list, shown
from erepo.pki.revocation.errors import (
    CertificateRevoked,
    CrlMissing,
    CrlUnreachable,
    CrlUnusable,
    StatusAddressRefused,
    StatusUnknown,
    StatusUntrusted,
)
from erepo.pki.revocation.fetching import Fetcher
from erepo.pki.revocation.keeping import Lists
from erepo.pki.revocation.ocsp import ask_about, judge_answer
from erepo.settings import RevocationSettings

log = logging.getLogger("erepo.pki")

_OTHERS: Final = "it is not about authorities / nie dotyczy urzędów"
#: A certificate and the authority that signed it.
Pair = tuple[x509.Certificate, x509.Certificate]


class Revocation:
    """Asks and remembers; safe to share between threads.

    Args:
        settings: what is asked, for how long, how old a list may be.
        folder: where the last good lists are kept.
        clock: now, aware, UTC.
    """

    def __init__(
        self,
        settings: RevocationSettings,
        folder: Path,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings, self._clock = settings, clock
        self._lists = Lists(settings, folder)
        self._lock = threading.Lock()
        self._closing = threading.Event()
        #: What responders said of certificates whose authority publishes no list.
        self._revoked: dict[str, CertificateRevoked] = {}
        self._asked_at: dict[str, datetime] = {}

    def check(self, chain: Sequence[x509.Certificate], *, online: bool = True) -> None:
        """Return if no certificate of a proven chain was revoked, as far as its authorities say anything.

        Blocks up to `settings.seconds` for each certificate: call it off the event loop.

        Args:
            chain: leaf first, a trusted authority last; as `TrustStore.path` gives it.
            online: False asks nobody: only the operator's own lists count.

        Raises:
            RevokedByCrl, RevokedByOcsp: one was.
            StatusUnknown, StatusUntrusted: it cannot be proven that none was; the leaf class says why.
        """
        for certificate, issuer in pairwise(chain):
            self._check(certificate, issuer, online=online)

    def _check(self, certificate: x509.Certificate, issuer: x509.Certificate, *, online: bool) -> None:
        if self._configured(certificate, issuer) or not online:
            return
        places = published(certificate)
        if places.nothing:
            return
        fetcher = Fetcher(self._settings)
        fetcher.begin()
        trouble: ErepoError | None = None
        for url in places.responders:
            try:
                self._ask(fetcher, url, certificate, issuer)
            except StatusUnknown as error:
                trouble = error
            except CertificateRevoked as error:
                self._remember(certificate, error)
                raise
            else:
                # A hold that was lifted: what was remembered is over.
                self._remember(certificate, None)
                return
        for url in places.crls:
            try:
                found = self._current(fetcher, url, issuer)
            except (StatusUnknown, StatusAddressRefused) as error:
                trouble = error
            else:
                _expect_not_listed(certificate, found, url)
                return
        raise trouble or StatusAddressRefused(host="-", rule="no http address / brak adresu http")

    def _configured(self, certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
        """Tell whether the operator's own lists prove that the certificate was not revoked.

        Raises:
            CrlStale: there are such lists, and all are too old.
        """
        found = self._lists.configured(issuer, self._clock())
        lists = [each for each in found if each.covers(certificate)]
        if not lists:
            return False
        newest = max(lists, key=lambda each: each.until(self._lists.longest))
        newest.expect_current(self._clock(), self._lists.longest)
        newest.refuse_listed(certificate)
        return True

    def _ask(
        self, fetcher: Fetcher, url: str, certificate: x509.Certificate, issuer: x509.Certificate
    ) -> None:
        question, host = ask_about(certificate, issuer), host_of(url)
        answer = fetcher.answer_of(url, question.octets)
        delegate = judge_answer(answer, question, host, self._clock())
        if delegate is None or extension(delegate.extensions, x509.OCSPNoCheck) is not None:
            return
        # Who answers in the authority's name may have been revoked as well; only lists are asked: no circles.
        for place in published(delegate).crls:
            self._current(fetcher, place, issuer).refuse_listed(delegate)
            return

    def _current(self, fetcher: Fetcher, url: str, issuer: x509.Certificate) -> RevocationList:
        """Fetch a list, or return the kept one while it counts.

        Raises:
            CrlUnreachable, CrlStale: neither.
            CrlForged, CrlUnusable: what came is none of the issuer's; it is not hidden behind the kept one.
        """
        moment, host = self._clock(), host_of(url)
        try:
            octets = fetcher.list_of(url)
        except CrlUnreachable:
            kept = self._lists.kept(url, issuer, moment)
            if kept is None:
                raise
            kept.expect_current(moment, self._lists.longest)
            return kept
        crl = read_list(octets, host)
        fetched = prove_list(crl, issuer, host, at=moment, url=url, fetched_at=moment)
        found = self._lists.keep(url, fetched)
        found.expect_current(moment, self._lists.longest)
        return found

    def refuse_revoked(self, certificate: x509.Certificate, issuer: x509.Certificate) -> None:
        """Return if nothing at hand says that the certificate was revoked. Asks nobody.

        A list of the operator's that cannot be read is no reason here: `expect_current` refuses for it.

        Raises:
            RevokedByCrl, RevokedByOcsp: something does; an old list as well.
        """
        with self._lock:
            told = self._revoked.get(fingerprint(certificate))
        if told is not None:
            raise type(told)(**told.data)
        moment = self._clock()
        with suppress(StatusUntrusted):
            for each in self._lists.configured(issuer, moment):
                each.refuse_listed(certificate)
        for url in published(certificate).crls:
            kept = self._lists.kept(url, issuer, moment)
            if kept is not None:
                kept.refuse_listed(certificate)

    def expect_current(self, certificate: x509.Certificate, issuer: x509.Certificate) -> None:
        """Return if a list at hand still tells about the certificate, or none is published. Asks nobody.

        An authority that publishes by OCSP alone is asked at the doors and by `refresh`, not here.

        Raises:
            CrlStale: all are too old.
            CrlMissing: none was ever fetched.
            CrlUnusable, CrlForged: the operator's own list cannot be read.
        """
        if self._configured(certificate, issuer):
            return
        moment, urls = self._clock(), published(certificate).crls
        kept = [one for url in urls if (one := self._lists.kept(url, issuer, moment)) is not None]
        if kept:
            newest = max(kept, key=lambda each: each.until(self._lists.longest))
            newest.expect_current(moment, self._lists.longest)
        elif urls:
            raise CrlMissing(issuer=shown(issuer))

    def due(self, certificate: x509.Certificate, issuer: x509.Certificate, every: timedelta) -> bool:
        """Tell whether a list that the certificate names is to be fetched anew. Asks nobody.

        Args:
            certificate: names the lists.
            issuer: signs them.
            every: after so long in any case; sooner where a list ends sooner.
        """
        return any(self._list_due(url, issuer, every) for url in published(certificate).crls)

    def _list_due(self, url: str, issuer: x509.Certificate, every: timedelta) -> bool:
        moment = self._clock()
        kept = self._lists.kept(url, issuer, moment)
        return kept is None or kept.is_due(moment, every)

    def refresh(self, pairs: Iterable[Pair], every: timedelta = timedelta(0)) -> int:
        """Bring up to date what is at hand about these certificates; return how many addresses failed.

        Each address is asked once. What fails is logged and stays as it was: whoever needs it finds it stale.

        Args:
            pairs: certificates with their issuers.
            every: what is younger, and does not end soon, is not asked for.
        """
        asked: set[tuple[str, str]] = set()
        failed = 0
        for certificate, issuer in pairs:
            if self._closing.is_set():
                break
            places = published(certificate)
            for url in places.crls:
                key = url, fingerprint(issuer)
                if key not in asked and self._list_due(url, issuer, every):
                    asked.add(key)
                    failed += self._refreshed(url, issuer)
            if places.responders and not places.crls and self._answer_due(certificate, every):
                failed += self._asked(certificate, issuer)
        return failed

    def close(self) -> None:
        """Let a `refresh` under way end soon."""
        self._closing.set()

    def _refreshed(self, url: str, issuer: x509.Certificate) -> bool:
        fetcher = Fetcher(self._settings)
        fetcher.begin()
        try:
            octets, moment = fetcher.list_of(url), self._clock()
            crl = read_list(octets, host_of(url))
            self._lists.keep(
                url, prove_list(crl, issuer, host_of(url), at=moment, url=url, fetched_at=moment)
            )
        except ErepoError as error:
            log.warning("a revocation list could not be brought up to date: %s", error)
            return True
        return False

    def _answer_due(self, certificate: x509.Certificate, every: timedelta) -> bool:
        mark, moment = fingerprint(certificate), self._clock()
        last = self._asked_at.get(mark)
        if last is not None and moment - last < every:
            return False
        self._asked_at[mark] = moment
        return True

    def _asked(self, certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
        try:
            self._check(certificate, issuer, online=True)
        except CertificateRevoked as error:
            log.warning("a registered certificate was revoked: %s", error)
        except ErepoError as error:
            log.warning("the status of a certificate could not be asked: %s", error)
            return True
        return False

    def _remember(self, certificate: x509.Certificate, error: CertificateRevoked | None) -> None:
        with self._lock:
            if error is None:
                self._revoked.pop(fingerprint(certificate), None)
            else:
                self._revoked[fingerprint(certificate)] = error


def _expect_not_listed(certificate: x509.Certificate, found: RevocationList, url: str) -> None:
    if not found.covers(certificate):
        # Whoever plays it to us in place of the authorities' list hides what that one says.
        raise CrlUnusable(source=host_of(url), rule=_OTHERS)
    found.refuse_listed(certificate)
