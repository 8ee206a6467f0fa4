"""The outbox: which deliveries are due, and what became of them."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa

from erepo.clinic.database import Database
from erepo.clinic.locking import place_of, unlock
from erepo.clinic.tables import now
from erepo.clinic.tables_api import webhook, webhook_delivery
from erepo.settings import ApiSettings

#: Most deliveries looked for at once.
PAGE: Final = 64
#: Longest delay between two attempts, in seconds.
_LONGEST: Final = 6 * 3600.0
_GROWTH: Final = 4.0
#: By how much delays differ, so that what failed together does not come back together.
_JITTER: Final = 0.2


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one receiver."""

    id: int
    webhook_id: str
    message_id: str
    body: str = field(repr=False)
    attempts: int
    url: str
    secret: str = field(repr=False)


def due(
    database: Database, passphrase: Callable[[], bytes], busy: frozenset[str] = frozenset()
) -> list[Delivery]:
    """Return deliveries whose time has come; of each document and webhook only the oldest pending one.

    Args:
        database: the clinic's.
        passphrase: tells the one of the clinic's keys, where it is needed.
        busy: webhooks that are being served and left out.

    Raises:
        PassphraseMissing, WrongPassphrase: secrets cannot be opened; nothing is lost.
    """
    earlier = webhook_delivery.alias()
    first = ~sa.exists().where(
        earlier.c.webhook_id == webhook_delivery.c.webhook_id,
        earlier.c.public_id == webhook_delivery.c.public_id,
        earlier.c.state == "pending",
        earlier.c.id < webhook_delivery.c.id,
    )
    columns = [webhook_delivery.c[name] for name in ("id", "webhook_id", "message_id", "body", "attempts")]
    statement = (
        sa.select(*columns, webhook.c.url, webhook.c.secret, webhook.c.secret_locked)
        .join(webhook, webhook.c.id == webhook_delivery.c.webhook_id)
        .where(
            webhook_delivery.c.state == "pending",
            webhook_delivery.c.next_at <= now(),
            webhook_delivery.c.webhook_id.not_in(busy),
            first,
        )
        .order_by(webhook_delivery.c.next_at, webhook_delivery.c.id)
        .limit(PAGE)
    )
    with database.read() as connection:
        rows = connection.execute(statement).all()
    return [
        Delivery(
            id=row.id,
            webhook_id=row.webhook_id,
            message_id=row.message_id,
            body=row.body,
            attempts=row.attempts,
            url=row.url,
            secret=_opened(row, passphrase),
        )
        for row in rows
    ]


def _opened(row: Any, passphrase: Callable[[], bytes]) -> str:
    if row.secret:
        return str(row.secret)
    return unlock(bytes(row.secret_locked), passphrase(), place_of(webhook, row.webhook_id))


def note_outcome(database: Database, one: Delivery, problem: str, settings: ApiSettings) -> None:
    """Write down what became of an attempt.

    Args:
        database: the clinic's.
        one: what was sent.
        problem: what happened; empty means that the receiver took it.
        settings: how often and how soon it is tried again.
    """
    with database.begin() as connection:
        connection.execute(
            webhook_delivery.update()
            .where(webhook_delivery.c.id == one.id, webhook_delivery.c.state == "pending")
            .values(**_values(one, problem, settings))
        )


def _values(one: Delivery, problem: str, settings: ApiSettings) -> dict[str, object]:
    attempts, moment = one.attempts + 1, now()
    if not problem:
        return {"state": "delivered", "attempts": attempts, "outcome": "ok", "finished_at": moment}
    if attempts >= settings.webhook_attempts:
        return {"state": "failed", "attempts": attempts, "outcome": problem, "finished_at": moment}
    delay = timedelta(seconds=delay_after(attempts, settings.webhook_delay))
    return {"attempts": attempts, "outcome": problem, "next_at": moment + delay}


def delay_after(attempts: int, first: float) -> float:
    """Return the seconds to wait after so many attempts: growing, up to six hours, never quite the same."""
    # Not for secrets: it spreads load.
    spread = 1 + random.uniform(-_JITTER, _JITTER)  # noqa: S311
    return min(first * _GROWTH ** (attempts - 1), _LONGEST) * spread


def forget_delivered(database: Database, days: int) -> int:
    """Forget deliveries that were made more than some days ago; what was given up stays visible."""
    with database.begin() as connection:
        old = webhook_delivery.c.finished_at < now() - timedelta(days=days)
        made = webhook_delivery.c.state == "delivered"
        return connection.execute(webhook_delivery.delete().where(made, old)).rowcount
