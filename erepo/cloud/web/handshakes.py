"""Failed TLS handshakes in the record: a node that cannot prove itself is a security alert (ITI-19, ITI-20).

What a scanner does a thousand times a minute must not fill the disk: a few alerts a minute are recorded one
by one, the others as a number in the next one.
"""

import asyncio
import logging
import re
import time

from erepo.cloud.audit.events import NODE, Action, Event, Result, Thing, Who
from erepo.cloud.audit.evidence import Evidence, now
from erepo.cloud.registry.jobs import Note, Outcome
from erepo.cloud.service import Cloud
from erepo.errors import ErepoError

log = logging.getLogger("erepo.cloud")

_MINUTE = 60.0
#: Alerts that are recorded one by one in a minute.
MOST_ALERTS = 30


class HandshakeAlerts:
    """Records failed handshakes in the chain of connections that belong to no account."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._since = time.monotonic()
        self._recorded = self._passed_over = 0

    def __call__(self, reason: str, address: str) -> None:
        """Record one, unless there were too many in this minute; called on the event loop."""
        if time.monotonic() - self._since > _MINUTE:
            self._since, self._recorded = time.monotonic(), 0
        if self._recorded >= MOST_ALERTS:
            self._passed_over += 1
            return
        self._recorded += 1
        things = (Thing("handshakes", "not recorded", str(self._passed_over)),) if self._passed_over else ()
        self._passed_over = 0
        code = "tls." + (re.sub(r"[^a-z0-9]+", "-", reason.lower())[:60] or "failed")
        event = Event(NODE, Action.EXECUTE, Who(address=address), now(), things).ended(
            Result.SERIOUS, (code,)
        )
        try:
            self._cloud.writer.submit(Note(evidence=Evidence(0, (event,)))).add_done_callback(_look)
        except ErepoError as error:
            log.error("a failed handshake is not recorded, %s", error.code)  # noqa: TRY400  # says all there is


def _look(future: asyncio.Future[Outcome]) -> None:
    if not future.cancelled() and (error := future.exception()) is not None:
        log.error("a failed handshake is not recorded, %s", getattr(error, "code", type(error).__name__))
