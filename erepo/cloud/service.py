"""The service put together: everything a request needs, made once per process."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from sqlalchemy import select

from erepo.acting import Memory
from erepo.cloud.addresses import door_url, service_url
from erepo.cloud.audit.dicom import Origin
from erepo.cloud.audit.sending import sender_for
from erepo.cloud.bodies import Bodies
from erepo.cloud.errors import where
from erepo.cloud.metrics import Metrics
from erepo.cloud.national.abroad import Abroad
from erepo.cloud.national.indexing.opened import Opened
from erepo.cloud.national.indexing.p1 import P1Index
from erepo.cloud.national.indexing.port import NationalIndex  # noqa: TC001  # the annotation is evaluated
from erepo.cloud.national.port import NationalDomain  # noqa: TC001  # the annotation is evaluated
from erepo.cloud.national.searching.p1 import P1Abroad
from erepo.cloud.national.searching.port import Abroad as Others  # noqa: TC001  # the annotation is evaluated
from erepo.cloud.national.szar import Szar
from erepo.cloud.panel.hashing import Hashing
from erepo.cloud.registry.group import Registrar
from erepo.cloud.registry.jobs import Job, Outcome  # noqa: TC001  # the annotation is evaluated
from erepo.cloud.storage.database import Database
from erepo.cloud.storage.discarding import OLD, finish
from erepo.cloud.storage.numbers import Numbers
from erepo.cloud.storage.places import open_blobs
from erepo.cloud.storage.tables import service
from erepo.cloud.storage.writer import Arrivals, GroupWriter
from erepo.cloud.tenancy.home import Home
from erepo.cloud.tenancy.tenants import Directory, Tenant
from erepo.cloud.vault.keyring import Keyring
from erepo.cloud.vault.vault import Vault
from erepo.pki.revocation import Revocation
from erepo.pki.trust import TrustStore
from erepo.settings import Settings
from erepo.soap.signing import Signer
from erepo.soap.verifying import Verifier

if TYPE_CHECKING:
    from erepo.cloud.outside.opening import Outside
    from erepo.cloud.outside.sending import P1AuditSender

Result = TypeVar("Result")

log = logging.getLogger("erepo.cloud")


class Cloud:
    """One process of the repository service.

    Args:
        settings: where the state lies, limits, time-outs.
        base_url: how clients reach the service; goes into the answer to an activation.

    Raises:
        CloudNotInitialised: `erepo cloud init` has not run.
    """

    def __init__(self, settings: Settings, base_url: str = "") -> None:
        self.settings = settings
        self.base_url = base_url or service_url(settings)
        self.home = Home(settings)
        self.database = Database(settings.cloud_url)
        self.database.check()
        self.blobs = open_blobs(settings, self.home.blobs)
        self.directory = Directory(self.database)
        self.numbers = Numbers(self.database)
        self.bodies = Bodies(settings)
        self.trust: TrustStore = self.home.trusted()
        self.tls = self.home.bundle("tls")
        self.wss = self.home.bundle("wss")
        #: Finds out whether certificates were revoked, and remembers the lists.
        self.revocation = Revocation(settings.revocation, self.home.folder / "crl", self.now)
        #: Short reads of the database.
        self.readers = ThreadPoolExecutor(4, "erepo-reader")
        #: Hashing, compressing and writing of large bodies; two, so that a third waits instead of
        #: taking memory.
        self.heavy = ThreadPoolExecutor(2, "erepo-heavy")
        #: Opening of files that may ask for much work; nothing else ever waits for it.
        self.openers = ThreadPoolExecutor(2, "erepo-opener")
        #: Questions to certificate authorities, which may be slow to answer.
        self.inquirers = ThreadPoolExecutor(4, "erepo-status")
        #: Passwords of the panel, one at a time.
        self.hashing = Hashing()

        #: Sends the record to the operator's audit repository, where there is one.
        self.sender = sender_for(settings, self.database, self.base_url)
        #: Messages to the repository that are being received or verified.
        self.arrivals = Arrivals()
        self.verifier = self._verifier()
        #: Assertions about acting users that were proven lately.
        self.assertions = Memory()
        self.signer = Signer(self.wss)
        registrar = Registrar(self.numbers)
        self.writer: GroupWriter[Job, Outcome] = GroupWriter(
            self.database,
            registrar.prepare,
            registrar.apply,
            more=lambda: self.arrivals.count,
            tenant=lambda job: job.evidence.tenant_id,
        )

        #: What accounts entrust to the service, sealed.
        self.vault = Vault(self.database, Keyring(settings))
        #: The national domain, and the threads in which it is called.
        self.domain: NationalDomain = Szar(settings)
        self.abroad = Abroad()
        index = P1Index(settings, self.abroad)
        self.index: NationalIndex = index
        #: Documents of other providers.
        self.others: Others = P1Abroad(settings, self.abroad, index)
        self.opened = Opened(self.vault)
        #: Other providers, where the settings let them in.
        self.outside = self._outside() if settings.p1.token_issuer else None
        #: What tells P1 of accesses, in both directions; where the settings name its audit repository.
        self.p1_audit = self._p1_audit() if settings.p1.audit_sink else None

        self.metrics = Metrics(self.database, lambda: self.writer.waiting)

    def _outside(self) -> "Outside":
        # Loaded where it is wanted: P1's library of SOAP costs every start of the service half a second.
        from erepo.cloud.outside.opening import Outside  # noqa: PLC0415

        return Outside(self.settings, self.revocation)

    def _p1_audit(self) -> "P1AuditSender":
        from erepo.cloud.outside.sending import P1AuditSender  # noqa: PLC0415 — as above

        with self.database.read() as connection:
            home = connection.scalar(select(service.c.value).where(service.c.name == "home"))
        url = door_url(self.settings, self.base_url)
        origin = Origin(url, urlsplit(url).hostname or "", home or "")
        return P1AuditSender(self.database, self.settings, self.opened.of, origin)

    def _verifier(self) -> Verifier:
        wss = self.settings.wss
        return Verifier(self.trust, life=wss.life, skew=wss.skew)

    async def tenant_of(self, tls_fingerprint: str) -> Tenant | None:
        """Return whose certificate it is, None when it is nobody's."""
        fresh, found = self.directory.remembered(tls_fingerprint)
        if fresh:
            return found
        return await self.reading(partial(self.directory.look_up, tls_fingerprint))

    async def reading(self, work: Callable[[], Result]) -> Result:
        """Run a short piece of blocking work beside the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self.readers, work)

    async def heavily(self, work: Callable[[], Result]) -> Result:
        """Run a long piece of work beside the event loop; at most two at once."""
        return await asyncio.get_running_loop().run_in_executor(self.heavy, work)

    async def opening(self, work: Callable[[], Result]) -> Result:
        """Open what a client has sealed, beside the event loop; it may take as long as its maker wants."""
        return await asyncio.get_running_loop().run_in_executor(self.openers, work)

    async def inquiring(self, work: Callable[[], Result]) -> Result:
        """Ask a certificate authority, beside the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self.inquirers, work)

    def start(self) -> None:
        """Begin to write; called on the event loop that serves."""
        self.writer.start()
        if self.sender is not None:
            self.sender.start()
        if self.p1_audit is not None:
            self.p1_audit.start()
        self.readers.submit(self._tidy)

    def _tidy(self) -> None:
        """Remove halves of blobs, and blobs that were decided to go; never what only looks unused."""
        try:
            removed = self.blobs.remove_leftovers(OLD) + finish(self.database, self.blobs)
        except Exception as error:  # noqa: BLE001 — nobody waits for this work and would see its end
            log.warning("leftovers of a crash stay where they are: %s", where(error))
            return
        if removed:
            log.info("removed %d files that a crash had left", removed)

    async def stop(self) -> None:
        """Write what is queued, then no more."""
        await asyncio.get_running_loop().run_in_executor(None, self.writer.stop)
        if self.sender is not None:
            await asyncio.get_running_loop().run_in_executor(None, self.sender.stop)
        if self.p1_audit is not None:
            await asyncio.get_running_loop().run_in_executor(None, self.p1_audit.stop)

    def trusts(self, trust: TrustStore) -> None:
        """Accept certificates of these authorities from now on."""
        self.trust = trust
        self.verifier = self._verifier()

    def now(self) -> datetime:
        """The service's clock, aware, UTC."""
        return datetime.now(UTC)

    def consent_time(self) -> datetime:
        """The moment by which consents begin and end, as the tables keep moments: UTC, naive."""
        return self.now().replace(tzinfo=None)

    def close(self) -> None:
        """Finish what is under way and close the database."""
        self.revocation.close()
        self.abroad.close()
        if self.outside is not None:
            self.outside.close()
        self.heavy.shutdown()
        self.openers.shutdown(cancel_futures=True)
        self.inquirers.shutdown(cancel_futures=True)
        self.readers.shutdown()
        self.hashing.close()
        self.database.close()
