"""Sending the messages that wait, beside the requests and never in their way.

    waiting ──taken for a minute──► handed over ──► sent, emptied
       │                                └─ refused for good ──► given-up, emptied
       └── nobody wants it any more ──► late, emptied

At least once: a message is taken in a commit of its own, handed over, and marked in another; a crash in
between sends it again, with the same Message-ID, when the minute is over. Several processes may send. What is
in a message is in no log; its failure is told by a code and a count.
"""

import logging
import secrets
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, delete, or_, select, update

from erepo.cloud.errors import where
from erepo.cloud.patients.messages import Message
from erepo.cloud.storage.tables_portal import portal_message
from erepo.errors import ErepoError
from erepo.mail import SendingRefused
from erepo.portal import writing
from erepo.portal.office import Office

log = logging.getLogger("erepo.portal")

#: Seconds between two looks when nothing waits.
PAUSE: Final = 0.5
#: How long one process may be sending a message.
_HELD: Final = timedelta(seconds=90)
#: Pause before a message is tried again: doubled each time, at most the second.
_FIRST, _LONGEST = timedelta(seconds=5), timedelta(minutes=15)
#: What is over is forgotten after so long; it holds nothing any more.
_KEPT: Final = timedelta(days=1)
_table = portal_message.c


class NoCarrier(SendingRefused):
    """A text message, and nobody to send it."""

    code = "portal.no-carrier"


@dataclass
class Sender:
    """One thread that sends; `stop` ends it after the message under way."""

    office: Office
    _stopping: threading.Event = field(default_factory=threading.Event, init=False)
    _thread: threading.Thread | None = field(default=None, init=False)
    _holder: str = field(default_factory=lambda: secrets.token_hex(16), init=False)

    def start(self) -> None:
        """Begin to send."""
        self._thread = threading.Thread(target=self._run, name="erepo-messages", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the message under way."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                idle = not self.send_next()
            except Exception as error:  # noqa: BLE001  # whatever it is, messages must go out later
                log.warning("messages wait: %s", where(error))
                idle = True
            if idle:
                self._stopping.wait(PAUSE)

    def send_next(self) -> bool:
        """Send one message that is due; return whether there was one."""
        row = self._take()
        if row is None:
            return False
        if row.until <= self.office.now():
            self._done(row, "late")
            return True
        try:
            self._hand_over(Message.opened(self.office.keys, bytes(row.sealed)), row)
        except SendingRefused as error:
            log.warning("a message of kind %s cannot be sent, %s", row.kind, error.code)
            self._done(row, "given-up", error.code)
        except ErepoError as error:
            log.info("a message of kind %s waits, %s (%d times)", row.kind, error.code, row.attempts + 1)
            self._later(row, error.code)
        else:
            self._done(row, "sent")
        return True

    def _hand_over(self, message: Message, row: Row[Any]) -> None:
        office = self.office
        url, minutes = office.settings.portal_url, office.settings.portal.code_seconds // 60
        if message.channel == "sms":
            if office.carriers.sms is None:
                raise NoCarrier(server="-", phase="sms", status="-")
            office.carriers.sms.send(message.address, writing.short(message, url, minutes), row.reference)
            return
        office.carriers.mail.send(writing.mail(message, row.reference, office.carriers.sender, url, minutes))

    def _take(self) -> Row[Any] | None:
        """Take the message that has waited longest; what is over is forgotten."""
        at = self.office.now()
        free = or_(_table.held_until.is_(None), _table.held_until <= at)
        due = (_table.state == "waiting", _table.next_at <= at, free)
        query = select(portal_message).where(*due).order_by(_table.next_at, _table.id).limit(1)
        with self.office.cloud.database.read() as connection:  # most looks find nothing, and must not write
            if connection.execute(query).first() is None and not self._over(connection, at):
                return None
        with self.office.cloud.database.write() as connection:
            over = (_table.state != "waiting", _table.until <= at - _KEPT)
            connection.execute(delete(portal_message).where(*over))
            connection.execute(delete(portal_message).where(_table.state == "void", _table.until <= at))
            row = connection.execute(query.with_for_update(skip_locked=True)).first()
            if row is not None:
                values = {"holder": self._holder, "held_until": at + _HELD}
                connection.execute(update(portal_message).where(_table.id == row.id).values(values))
        return row

    @staticmethod
    def _over(connection: Any, at: datetime) -> bool:
        query = select(_table.id).where(_table.state == "void", _table.until <= at).limit(1)
        return connection.execute(query).first() is not None

    def _done(self, row: Row[Any], state: str, failure: str = "") -> None:
        self._mark(row, state=state, sealed=b"", attempts=row.attempts + 1, failure=failure or None)

    def _later(self, row: Row[Any], failure: str) -> None:
        pause = min(_FIRST * 2 ** min(row.attempts, 10), _LONGEST)
        at = self.office.now() + pause
        self._mark(row, attempts=row.attempts + 1, next_at=at, failure=failure, holder=None, held_until=None)

    def _mark(self, row: Row[Any], **values: Any) -> None:
        """Write what became of a message, if it is still ours."""
        mine = (_table.id == row.id, _table.holder == self._holder, _table.state == "waiting")
        with self.office.cloud.database.write() as connection:
            connection.execute(update(portal_message).where(*mine).values(values))
