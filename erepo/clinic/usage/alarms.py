"""The warning at 90 % of a limit (manual 1.1.2): once a crossing, by our own table.

A crossing is written down with the check that found it, in one transaction; it stays open until the use has
fallen below 88 %, so that a value which trembles around the line does not warn every hour. Who has been told
is written down after telling, so a crash in between tells twice rather than never; the event carries an id
that is made of the crossing, by which Prefect drops the second.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

import sqlalchemy as sa

from erepo.clinic.audit import note
from erepo.clinic.tables import now
from erepo.clinic.tables_account import RESOURCES, account_alarm
from erepo.clinic.usage.history import Check

#: Share at which is warned, and below which the warning is taken back.
LINE: Final = 0.90
BACK: Final = 0.88
#: Name of the event in Prefect.
EVENT: Final = "erepo.account.nearly-full"
_NAMESPACE: Final = UUID("6c2b0a3e-6f0d-5d0b-9a55-0f5b6ad3f0b1")


@dataclass(frozen=True, slots=True)
class Alarm:
    """An open crossing.

    Attributes:
        id: of its row.
        account: 16 digits.
        resource: `bytes` or `documents`.
        percent: the use when it was found.
        raised_at: when it was found.
        event_at: when the event was sent; None: not yet.
        notified_at: when somebody was notified; None: not yet.
    """

    id: int
    account: str
    resource: str
    percent: int
    raised_at: datetime
    event_at: datetime | None
    notified_at: datetime | None

    @property
    def event_id(self) -> UUID:
        """The event's id, the same for each attempt to send it."""
        return uuid5(_NAMESPACE, f"{self.account} {self.resource} {self.raised_at.isoformat()}")


_COLUMNS: Final = tuple(account_alarm.c[name] for name in Alarm.__dataclass_fields__)


def settle(connection: sa.Connection, check: Check) -> None:
    """Open and close crossings by a check; in the caller's transaction, which holds the account's row."""
    standing = {one.resource for one in open_alarms(connection, check.account)}
    for resource in RESOURCES:
        share = check.share(resource)
        if share is not None and share >= LINE and resource not in standing:
            percent = int(share * 100)
            connection.execute(
                account_alarm.insert().values(
                    account=check.account, resource=resource, percent=percent, raised_at=check.at
                )
            )
            _note(connection, "account_nearly_full", check.account, resource, percent)
        elif resource in standing and (share is None or share < BACK):
            is_open = sa.and_(
                account_alarm.c.account == check.account,
                account_alarm.c.resource == resource,
                account_alarm.c.cleared_at.is_(None),
            )
            connection.execute(account_alarm.update().where(is_open).values(cleared_at=check.at))
            _note(connection, "account_has_room", check.account, resource, int((share or 0) * 100))


def open_alarms(connection: sa.Connection, account: str) -> Sequence[Alarm]:
    """Return the crossings that are open."""
    rows = connection.execute(
        sa.select(*_COLUMNS)
        .where(account_alarm.c.account == account, account_alarm.c.cleared_at.is_(None))
        .order_by(account_alarm.c.id)
    )
    return [Alarm(*row) for row in rows]


def mark_event(connection: sa.Connection, alarm: Alarm) -> None:
    """Write down that the event was sent."""
    connection.execute(account_alarm.update().where(account_alarm.c.id == alarm.id).values(event_at=now()))


def mark_notified(connection: sa.Connection, alarm: Alarm) -> None:
    """Write down that somebody was notified."""
    connection.execute(account_alarm.update().where(account_alarm.c.id == alarm.id).values(notified_at=now()))


def _note(connection: sa.Connection, event: str, account: str, resource: str, percent: int) -> None:
    detail = {"resource": resource, "percent": percent}
    note(connection, event, subject="account", subject_id=account, detail=detail)
