"""Sending the record to the audit repository, beside the requests and never in their way.

At least once and in the order of each chain: the cursors move after a batch is confirmed, so a crash anywhere
repeats events and loses none. Repeated events are the same octets.
"""

import logging
import random
import threading
from urllib.parse import urlsplit

from sqlalchemy import select

from erepo.cloud.audit.dicom import Origin
from erepo.cloud.audit.evidence import told
from erepo.cloud.audit.outbox import Batch, Outbox
from erepo.cloud.audit.syslog import NotConfirmed, Sink, deliver, open_sink, write_syslog
from erepo.cloud.errors import where
from erepo.cloud.storage.database import Database
from erepo.cloud.storage.tables import service
from erepo.settings import Settings

log = logging.getLogger("erepo.cloud")

#: Seconds between two looks when nothing waits.
_PAUSE = 1.0
_LONGEST_PAUSE = 60.0
#: So often a receiver that never sends close_notify gets the same batch before that is taken for its manner.
_PATIENCE = 5


class AuditSender:
    """One thread that sends; `stop` ends it after the batch under way."""

    def __init__(self, database: Database, sink: Sink, origin: Origin) -> None:
        self._outbox = Outbox(database)
        self._sink, self._origin = sink, origin
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="erepo-audit", daemon=True)
        self._unconfirmed = 0

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def stop(self) -> None:
        """End after the batch under way."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            try:
                pause = 0.0 if self._send() else _PAUSE
                failures = 0
            except Exception as error:  # noqa: BLE001  # whatever it is, the record must go out later
                failures += 1
                if failures in {1, 10} or failures % 100 == 0:
                    log.warning("the audit repository was not reached (%d times): %s", failures, where(error))
                # Not in step with other processes, and never sooner than half of what it should be.
                pause = min(_PAUSE * 2 ** min(failures - 1, 6), _LONGEST_PAUSE) * random.uniform(0.5, 1)  # noqa: S311  # no secret
            self._stopping.wait(pause)
        self._leave()

    def _send(self) -> bool:
        """Send one batch; False when there is none, or when another process sends."""
        batch = self._outbox.next_batch()
        if batch is None or not self._outbox.hold():
            return False
        # Another process may have moved the cursors before the lease was ours.
        batch = self._outbox.next_batch()
        if batch is None:
            return False
        self._deliver(batch)
        self._outbox.delivered(batch)
        return True

    def _deliver(self, batch: Batch) -> None:
        frames = (write_syslog(told(each), self._origin) for each in batch.facts)
        try:
            deliver(self._sink, frames)
        except NotConfirmed:
            self._unconfirmed += 1
            if self._unconfirmed < _PATIENCE:
                raise
            if self._unconfirmed == _PATIENCE:
                log.warning("the audit repository sends no close_notify: what it gets cannot be confirmed")
        except OSError:
            self._unconfirmed = 0
            raise
        else:
            self._unconfirmed = 0

    def _leave(self) -> None:
        try:
            self._outbox.leave()
        except Exception as error:  # noqa: BLE001  # the lease ends by itself
            log.info("the lease of the audit repository was not given back: %s", where(error))


def sender_for(settings: Settings, database: Database, url: str) -> AuditSender | None:
    """Return the sender to the sink of the settings; None where there is none.

    Raises:
        SinkMalformed, SinkCredentialsUnusable: the settings are wrong.
    """
    if not settings.audit.sink:
        return None
    sink = open_sink(settings.audit)
    with database.read() as connection:
        home = connection.scalar(select(service.c.value).where(service.c.name == "home"))
    return AuditSender(database, sink, Origin(url, urlsplit(url).hostname or "", home or ""))
