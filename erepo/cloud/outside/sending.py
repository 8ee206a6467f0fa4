"""Bringing audit messages to P1's audit repository, beside the requests and never in their way (ITI-20).

    rows of an account ─► its P1 TLS certificate ─► RFC 5424 in RFC 5425's frames ─► close_notify ─► rows gone

At least once, in the order of each account. An account whose messages cannot be delivered waits by itself,
longer after each failure; the others go on.
"""

import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from erepo.cloud.audit.dicom import Origin
from erepo.cloud.audit.events import Event
from erepo.cloud.audit.syslog import NotConfirmed, Sink, address_of, deliver, write_syslog
from erepo.cloud.errors import where
from erepo.cloud.national import keeping
from erepo.cloud.national.credentials import Credentials
from erepo.cloud.national.keeping import Registration
from erepo.cloud.outside import queue
from erepo.cloud.outside.errors import DoorMisconfigured
from erepo.cloud.storage.database import Database
from erepo.cloud.storage.leases import Lease
from erepo.p1.addresses import trust_of
from erepo.pki.tls import client_context
from erepo.settings import Settings

log = logging.getLogger("erepo.cloud")

_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 300.0
#: After this another process goes on where one was killed. A batch that takes longer may be sent by both.
_LEASE_SECONDS: Final = 15.0
#: So often a receiver that never sends close_notify gets the same batch before that is taken for its manner.
_PATIENCE: Final = 5
#: Seconds a message may wait before that is an alarm, and between two of them.
ALARM_AFTER: Final = 3600.0


@dataclass(slots=True)
class _Trouble:
    """What an account's messages have met since the last success."""

    failures: int = 0
    unconfirmed: int = 0
    not_before: float = 0.0


class NoCredentials(OSError):
    """The account has no P1 certificates any more: its messages wait until it has."""


class P1AuditSender:
    """One thread that sends; `stop` ends it after the batch under way.

    Args:
        database: of the service.
        settings: where the repository is, and whom to trust as it.
        opened: gives an account's certificates.
        origin: who reports.

    Raises:
        DoorMisconfigured: the settings name no repository.
    """

    def __init__(
        self,
        database: Database,
        settings: Settings,
        opened: Callable[[int, Registration], Credentials],
        origin: Origin,
    ) -> None:
        self._database, self._settings, self._opened, self._origin = database, settings, opened, origin
        place = address_of(settings.p1.audit_sink)
        if place is None:
            raise DoorMisconfigured(setting="EREPO_P1__AUDIT_SINK")
        self._host, self._port = place
        self._lease = Lease(database, "p1-audit", _LEASE_SECONDS)
        self._troubles: dict[int, _Trouble] = {}
        self._alarmed = -ALARM_AFTER
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="erepo-p1-audit", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def stop(self) -> None:
        """End after the batch under way."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                pause = 0.0 if self._round() else _PAUSE
            except Exception as error:  # noqa: BLE001  # whatever it is, the messages must go out later
                log.warning("audit messages for P1 were not sent: %s", where(error))
                pause = _PAUSE * 5
            self._stopping.wait(pause)
        try:
            self._lease.leave()
        except Exception as error:  # noqa: BLE001  # the lease ends by itself
            log.info("the lease of P1's audit messages was not given back: %s", where(error))

    def _round(self) -> bool:
        """Give each account that waits its turn; False when nothing was delivered."""
        moved = False
        for tenant_id in queue.accounts(self._database):
            trouble = self._troubles.setdefault(tenant_id, _Trouble())
            if self._stopping.is_set() or time.monotonic() < trouble.not_before or not self._lease.hold():
                continue
            moved |= self._turn(tenant_id, trouble)
        return moved

    def _turn(self, tenant_id: int, trouble: _Trouble) -> bool:
        rows = queue.batch(self._database, tenant_id)
        if not rows:
            return False
        try:
            self._deliver(tenant_id, [facts for _, facts in rows], trouble)
        except Exception as error:  # noqa: BLE001  # of one account: the others must have their turn
            self._failed(trouble, error)
            return False
        queue.delivered(self._database, tenant_id, [number for number, _ in rows])
        trouble.failures, trouble.not_before = 0, 0.0
        return True

    def _deliver(self, tenant_id: int, facts: list[bytes], trouble: _Trouble) -> None:
        sink = self._sink(tenant_id)
        frames = (write_syslog(Event.read(each), self._origin, bom=True) for each in facts)
        try:
            deliver(sink, frames)
        except NotConfirmed:
            trouble.unconfirmed += 1
            if trouble.unconfirmed < _PATIENCE:
                raise
            if trouble.unconfirmed == _PATIENCE:
                log.warning("P1's audit repository sends no close_notify: what it gets cannot be confirmed")
        else:
            trouble.unconfirmed = 0

    def _sink(self, tenant_id: int) -> Sink:
        with self._database.read(tenant_id) as connection:
            registration = keeping.present(connection, tenant_id)
        if registration is None or registration.envelope is None:
            raise NoCredentials
        own = self._opened(tenant_id, registration)
        return Sink(self._host, self._port, client_context(own.tls, trust_of(self._settings)[0]))

    def _failed(self, trouble: _Trouble, error: Exception) -> None:
        trouble.failures += 1
        # Not in step with other processes, and never sooner than half of what it should be.
        pause = min(_PAUSE * 2 ** min(trouble.failures - 1, 10), _LONGEST_PAUSE)
        trouble.not_before = time.monotonic() + pause * random.uniform(0.5, 1)  # noqa: S311  # no secret
        if trouble.failures in {1, 10} or trouble.failures % 100 == 0:
            count = trouble.failures
            log.warning("P1's audit repository was not reached (%d times): %s", count, where(error))
        self._alarm()

    def _alarm(self) -> None:
        """Tell loudly, now and then, that messages have waited for too long."""
        if time.monotonic() - self._alarmed < ALARM_AFTER:
            return
        with self._database.everyone("figures of the whole service") as connection:
            found = queue.waiting(connection)
        if found.seconds >= ALARM_AFTER:
            self._alarmed = time.monotonic()
            log.error(
                "ALARM: %d audit messages wait for P1, the oldest %d s", found.messages, int(found.seconds)
            )
