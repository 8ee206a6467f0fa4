"""How messages to patients stand: for the operator's figures, which know nothing of what is in them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from erepo.cloud.storage.tables_portal import portal_message


@dataclass(frozen=True, slots=True)
class Outbox:
    """How the messages stand, of all people: for figures."""

    waiting: int
    seconds: float
    """Age of the oldest that waits; 0 when none does."""
    lost: int
    """Those of the last days that nobody will get: refused by the server, or too late."""


def outbox(connection: Connection, at: datetime) -> Outbox:
    """Return how the messages stand; those for nobody count nowhere.

    Args:
        connection: of the transaction.
        at: the present, UTC, naive.
    """
    table = portal_message.c
    waits, lost = table.state == "waiting", table.state.in_(("given-up", "late"))
    oldest = select(func.count(), func.min(table.created_at)).where(waits)
    count, since = connection.execute(oldest).one()
    age = (at - since).total_seconds() if since is not None else 0.0
    never = connection.scalar(select(func.count()).select_from(portal_message).where(lost))
    return Outbox(int(count), max(age, 0.0), int(never or 0))
