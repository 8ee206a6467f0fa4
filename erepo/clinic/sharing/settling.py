"""Bringing to an end what is open: consents half-sent, revocations unconfirmed, times that are over.

Runs by itself (`settle-consents/every-10-minutes`), and before whatever a person does with consents.
"""

import asyncio
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from erepo.clinic.archiving.results import Problem
from erepo.clinic.database import Database
from erepo.clinic.maintenance import check_outside
from erepo.clinic.maintenance.errors import MaintenanceNow
from erepo.clinic.sharing import ledger, revoking, sending
from erepo.clinic.sharing.channel import Channel
from erepo.clinic.sharing.errors import DocumentsWaiting, RevocationUnconfirmed
from erepo.clinic.sharing.states import OPEN, ConsentState
from erepo.clinic.tables import now

#: Consents of which one call takes care, and failures in a row after which it leaves the rest to the next.
MOST, PATIENCE = 500, 3
#: What a consent may well wait for: no reason to raise an alarm.
_EXPECTED = (DocumentsWaiting.code, MaintenanceNow.code)


@dataclass(frozen=True)
class Settled:
    """What a call has brought to an end.

    Attributes:
        sent: consents that the service has now.
        revoked: consents that it has ended.
        refused: consents that it, or our own check, has refused.
        begun, expired: consents whose time has come, or is over.
        open: consents with which something is still to be done.
        problem: why they are open; None where they only wait for documents, or for a window's end.
        consents: ids of those that came into another state, with it.
    """

    sent: int = 0
    revoked: int = 0
    refused: int = 0
    begun: int = 0
    expired: int = 0
    open: int = 0
    problem: Problem | None = None
    consents: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)


def is_due(database: Database) -> bool:
    """Tell whether `settle` would find anything to do."""
    return ledger.is_anything_due(database, now())


async def settle(channel: Channel) -> Settled:
    """Finish what is open, revocations first; whatever goes wrong is told in the result."""
    total = await asyncio.to_thread(_advanced, channel)
    failures = 0
    for consent_id in (await asyncio.to_thread(ledger.open_ones, channel.database))[:MOST]:
        state, problem = await _settle(channel, consent_id)
        total = _add(total, consent_id, state, problem)
        failures = failures + 1 if _is_down(problem) else 0
        if failures >= PATIENCE:
            break
    left = await asyncio.to_thread(ledger.open_ones, channel.database)
    return replace(total, open=len(left), problem=total.problem if left else None)


def _advanced(channel: Channel) -> Settled:
    counts = ledger.advance(channel.database, channel.clock())
    return Settled(begun=counts.get(ConsentState.ACTIVE, 0), expired=counts.get(ConsentState.EXPIRED, 0))


async def _settle(channel: Channel, consent_id: str) -> tuple[ConsentState, Problem | None]:
    row = await asyncio.to_thread(ledger.look, channel.database, consent_id)
    state = ConsentState(row.state)
    if state is ConsentState.REVOKING:
        ended = await revoking.deliver(channel, consent_id)
        return ended.state, ended.problem
    if state not in OPEN:
        return state, None
    try:
        await asyncio.to_thread(check_outside, channel.database)
    except MaintenanceNow as error:
        # A revocation never waits for the end of a window; what begins to show something does.
        return state, Problem.of(error)
    given = await sending.go_on(channel, consent_id)
    return given.state, given.problem


def _is_down(problem: Problem | None) -> bool:
    """Tell whether others would meet the same: nobody answers. What one consent waits for is its own."""
    own = (DocumentsWaiting.code, RevocationUnconfirmed.code)
    return problem is not None and problem.retryable and problem.code not in own


def _add(total: Settled, consent_id: str, state: ConsentState, problem: Problem | None) -> Settled:
    if state in OPEN:
        expected = problem is not None and problem.code in _EXPECTED
        return total if expected else replace(total, problem=total.problem or problem)
    name = {ConsentState.REVOKED: "revoked", ConsentState.REFUSED: "refused"}.get(state, "sent")
    told = {**total.consents, consent_id: state.value}
    return replace(total, consents=told, **{name: getattr(total, name) + 1})
