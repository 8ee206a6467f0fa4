"""What was known of the account, when: hourly for ninety days, then one a day for ten years.

So an account never has more than about 5,800 rows. A second check within the same hour replaces the first.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Final

import sqlalchemy as sa

from erepo.clinic.tables import now
from erepo.clinic.tables_account import account_check

#: How long every hour is kept, and how long one check a day.
HOURLY: Final = timedelta(days=90)
DAILY: Final = timedelta(days=3653)
_HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Check:
    """The account at one moment; limits are None where the service tells none.

    Attributes:
        account: 16 digits.
        at: when it was asked, aware.
        valid_until: last moment of the account; None: open.
        used_bytes: octets of all documents.
        limit_bytes: most of them.
        used_documents: number of documents.
        limit_documents: most of them.
    """

    account: str
    at: datetime
    valid_until: datetime | None
    used_bytes: int
    limit_bytes: int | None
    used_documents: int
    limit_documents: int | None

    def used(self, resource: str) -> int:
        """Return the use of `bytes` or `documents`."""
        return self.used_bytes if resource == "bytes" else self.used_documents

    def limit(self, resource: str) -> int | None:
        """Return the limit of `bytes` or `documents`; None where there is none."""
        return (self.limit_bytes if resource == "bytes" else self.limit_documents) or None

    def share(self, resource: str) -> float | None:
        """Return the used share, 1.0 being full; None without a limit."""
        limit = self.limit(resource)
        return self.used(resource) / limit if limit else None

    def as_json(self) -> dict[str, Any]:
        """Return plain data, times as ISO 8601."""
        return {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in asdict(self).items()
        }


_COLUMNS: Final = tuple(account_check.c[name] for name in Check.__dataclass_fields__)


def keep(connection: sa.Connection, check: Check) -> None:
    """Add a check to the history and thin out what is old; in the caller's transaction."""
    hour = check.at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    table = account_check.c
    same_hour = sa.and_(table.account == check.account, table.at >= hour, table.at < hour + _HOUR)
    connection.execute(account_check.delete().where(same_hour))
    connection.execute(account_check.insert().values(asdict(check)))
    _thin(connection, check.account, check.at)


def _thin(connection: sa.Connection, account: str, moment: datetime) -> None:
    table = account_check.c
    connection.execute(account_check.delete().where(table.account == account, table.at < moment - DAILY))
    rows = connection.execute(
        sa.select(table.id, table.at)
        .where(table.account == account, table.at < moment - HOURLY)
        .order_by(table.at)
    ).all()
    superfluous = [one.id for one, later in pairwise(rows) if one.at.date() == later.at.date()]
    if superfluous:
        connection.execute(account_check.delete().where(table.id.in_(superfluous)))


def read_history(
    connection: sa.Connection, account: str, since: timedelta, *, until: datetime | None = None
) -> list[Check]:
    """Return the checks of the last time, oldest first.

    Args:
        connection: of the clinic's database.
        account: 16 digits.
        since: how far back.
        until: now; for tests.
    """
    table, moment = account_check.c, until or now()
    rows = connection.execute(
        sa.select(*_COLUMNS)
        .where(table.account == account, table.at >= moment - since, table.at <= moment)
        .order_by(table.at)
    )
    return [Check(*row) for row in rows]


def daily(checks: Iterable[Check]) -> list[Check]:
    """Return the last check of each day (UTC), oldest first."""
    by_day = {one.at.astimezone(UTC).date(): one for one in sorted(checks, key=lambda one: one.at)}
    return list(by_day.values())
