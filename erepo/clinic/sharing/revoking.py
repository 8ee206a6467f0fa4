"""Revoking: "Odwołanie zgody" (manual 1.4). Written down first, then sent until the service confirms it."""

import asyncio
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from erepo.clinic.archiving.results import Problem
from erepo.clinic.database import Database
from erepo.clinic.rest.errors import ConsentUnknown
from erepo.clinic.sharing import ledger
from erepo.clinic.sharing.channel import Channel
from erepo.clinic.sharing.errors import RevocationUnconfirmed
from erepo.clinic.sharing.states import ConsentState
from erepo.clinic.tables import now

#: What the service is told where nobody says more.
REASON = "Odwołanie zgody w placówce"


@dataclass(frozen=True)
class Revocation:
    """What became of a revocation.

    Attributes:
        consent: its id.
        state: `revoked`, or `revoking` while the service has not confirmed it.
        problem: why it has not.
    """

    consent: str
    state: ConsentState
    problem: Problem | None = None

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)


def order_revocation(
    database: Database, consent_id: str, login: str, reason: str = REASON, *, at: datetime | None = None
) -> ConsentState:
    """Revoke a consent: from here on it is never forgotten, whether or not anybody can be reached now.

    Also inside a maintenance window, without a licence, and after it was refused. Idempotent.

    Args:
        database: the clinic's.
        consent_id: UUID.
        login: who revokes; needs the permission `share`.
        reason: why, in one line; goes to the service.
        at: now; for tests.

    Returns:
        `revoked` where nothing was ever sent; else `revoking`: `deliver` it at once.

    Raises:
        NoSuchUser, PermissionMissing, ConsentUnknown, ConsentFixed, MatterWrong: nothing was changed.
    """
    return ledger.intend_revocation(database, consent_id, login, reason, at or now())


async def deliver(channel: Channel, consent_id: str) -> Revocation:
    """Bring a revocation to the service; what keeps it back is written down, told, and tried by `settle`."""
    problem = None
    try:
        await end(channel, consent_id)
    except Exception as error:  # noqa: BLE001 - whatever it is, the revocation stands, for the next run
        problem = await asyncio.to_thread(ledger.note_problem, channel.database, consent_id, error)
    row = await asyncio.to_thread(ledger.look, channel.database, consent_id)
    return Revocation(consent_id, ConsentState(row.state), problem)


async def end(channel: Channel, consent_id: str) -> None:
    """Have the service end a consent, and write down that it has.

    Raises:
        RevocationUnconfirmed: the service does not know it, and a late request could still bring it.
        ErepoError: nobody knows yet whether it has ended.
    """
    row = await asyncio.to_thread(ledger.look, channel.database, consent_id)
    if row.state != ConsentState.REVOKING:
        return
    at, there = channel.clock(), True
    try:
        signature = channel.signature(row.revocation)
        await channel.revoke(consent_id, row.revocation, signature, row.revoked_by)
    except ConsentUnknown:
        if ledger.may_still_come(row, at):
            raise RevocationUnconfirmed from None
        there = False
    await asyncio.to_thread(ledger.revoked, channel.database, consent_id, channel.clock(), there=there)
