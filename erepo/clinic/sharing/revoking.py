"""Revoking: "Odwołanie zgody" (manual 1.4). Written down first, then sent until the service confirms it."""

import asyncio
from dataclasses import asdict, dataclass
from typing import Any

from erepo.clinic.archiving.results import Problem
from erepo.clinic.rest.errors import ConsentUnknown
from erepo.clinic.sharing import ledger
from erepo.clinic.sharing.channel import Channel
from erepo.clinic.sharing.errors import RevocationUnconfirmed
from erepo.clinic.sharing.states import ConsentState

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


async def revoke(channel: Channel, consent_id: str, login: str, reason: str = REASON) -> Revocation:
    """Revoke a consent now; also inside a maintenance window, without a licence, and after it was refused.

    From the intent on it is never forgotten: what the service has not confirmed is repeated by `settle`.

    Args:
        channel: to the service.
        consent_id: UUID.
        login: who revokes; needs the permission `share`.
        reason: why, in one line; goes to the service.

    Raises:
        NoSuchUser, PermissionMissing, ConsentUnknown, ConsentFixed, MatterWrong: nothing was changed.
    """
    state = await asyncio.to_thread(
        ledger.intend_revocation, channel.database, consent_id, login, reason, channel.clock()
    )
    return (
        await go_on(channel, consent_id) if state is ConsentState.REVOKING else Revocation(consent_id, state)
    )


async def go_on(channel: Channel, consent_id: str) -> Revocation:
    """Bring a revocation further; whatever keeps it back is written down and told."""
    problem = None
    try:
        await deliver(channel, consent_id)
    except Exception as error:  # noqa: BLE001 - whatever it is, the revocation stands, for the next run
        problem = await asyncio.to_thread(ledger.note_problem, channel.database, consent_id, error)
    with channel.database.read() as connection:
        return Revocation(consent_id, ConsentState(ledger.read(connection, consent_id).state), problem)


async def deliver(channel: Channel, consent_id: str) -> None:
    """Have the service end a consent, and write down that it has.

    Raises:
        RevocationUnconfirmed: the service does not know it, and a late request could still bring it.
        ErepoError: nobody knows yet whether it has ended.
    """
    with channel.database.read() as connection:
        row = ledger.read(connection, consent_id)
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
