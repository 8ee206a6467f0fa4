"""One ordered consent on its way: its documents into the repository, the consent to the service."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import sqlalchemy as sa

from erepo.clinic.archiving import Choice, plan, send_batch
from erepo.clinic.archiving.errors import BatchTaken, LeaseLost
from erepo.clinic.archiving.results import BatchResult, Problem
from erepo.clinic.maintenance import check_outside
from erepo.clinic.rest.errors import ConsentConflict, ConsentInvalid, ConsentUnfit, ConsentUnknown
from erepo.clinic.sharing import ledger
from erepo.clinic.sharing.channel import Channel
from erepo.clinic.sharing.errors import DocumentsUnfit, ValidityWrong
from erepo.clinic.sharing.revoking import end
from erepo.clinic.sharing.states import LIVE, ConsentState, document_ids
from erepo.clinic.states import State
from erepo.clinic.tables import document, submission

#: Plannings of one call: a document may wait for the version before it, which the first one takes.
ROUNDS = 3
_ON_THE_WAY = (State.QUEUED.value, State.SENDING.value)
_FINAL = (ConsentConflict, ConsentInvalid, ConsentUnfit)


@dataclass(frozen=True)
class Shared:
    """What became of one consent.

    Attributes:
        consent: its id.
        state: where it stands now.
        documents: how many it names.
        archived: documents that were put into the repository for it by this call.
        unfit: opaque ids of documents to blame for a refusal, each with a code.
        problem: why it is not at the service.
    """

    consent: str
    state: ConsentState
    documents: int = 0
    archived: int = 0
    unfit: dict[str, str] = field(default_factory=dict)
    problem: Problem | None = None

    @property
    def done(self) -> bool:
        """Whether the service has it."""
        return self.state in LIVE and self.problem is None

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)


async def share(channel: Channel, consent_id: str, login: str) -> Shared:
    """Send a consent: "Wyślij" (manual 1.4). Documents that are not in the repository are archived first.

    May be repeated at any moment. What cannot be finished now stays ordered, and `settle` goes on with it.

    Args:
        channel: to the service.
        consent_id: UUID of a draft, or of a consent whose sending was interrupted.
        login: who orders it; needs the permission `share`.

    Raises:
        NoSuchUser, PermissionMissing, MaintenanceNow: nothing was changed.
        ConsentUnknown, ConsentFixed, ValidityWrong, DocumentsUnfit: likewise.
    """
    await asyncio.to_thread(check_outside, channel.database)
    await asyncio.to_thread(ledger.order, channel.database, consent_id, login, channel.clock())
    return await go_on(channel, consent_id)


async def go_on(channel: Channel, consent_id: str) -> Shared:
    """Bring an ordered or sent consent further; whatever keeps it back is written down and told."""
    problem, archived = None, 0
    try:
        archived = await _deposit(channel, consent_id)
        state = await asyncio.to_thread(
            ledger.seal, channel.database, consent_id, channel.account, channel.clock()
        )
        if state is ConsentState.SENT:
            await _give(channel, consent_id)
    except (DocumentsUnfit, ValidityWrong, *_FINAL) as error:
        problem = Problem.of(error)  # written down as the reason of its refusal
    except Exception as error:  # noqa: BLE001 - whatever it is, the consent stays as it is, for the next run
        problem = await asyncio.to_thread(ledger.note_problem, channel.database, consent_id, error)
    return await asyncio.to_thread(_told, channel, consent_id, archived, problem)


async def _deposit(channel: Channel, consent_id: str) -> int:
    """Archive what of an ordered consent is not in the repository yet; return how many documents went."""
    archived = 0
    for _ in range(ROUNDS):
        waiting = await asyncio.to_thread(_missing, channel, consent_id)
        if not waiting:
            return archived
        choice = Choice(ids=tuple(waiting))
        await asyncio.to_thread(
            plan, channel.database, channel.cloud.settings, now=channel.clock(), choice=choice
        )
        results = [
            await _sent(channel, batch) for batch in await asyncio.to_thread(_batches, channel, list(waiting))
        ]
        archived += sum(one.archived for one in results)
        for one in results:
            one.raise_for_problem()
        if not any(one.archived for one in results):
            return archived
    return archived


async def _sent(channel: Channel, batch: str) -> BatchResult:
    try:
        return await send_batch(channel.cloud, channel.database, batch)
    except (BatchTaken, LeaseLost):
        return BatchResult(batch)  # another archiver brings it to an end


def _missing(channel: Channel, consent_id: str) -> Sequence[str]:
    with channel.database.read() as connection:
        row = ledger.read(connection, consent_id)
        if row.state != ConsentState.ORDERED:
            return ()
        on_the_way = document.c.state.in_((State.LOCAL.value, *_ON_THE_WAY))
        mine = document.c.id.in_(document_ids(connection, row.number))
        return connection.execute(sa.select(document.c.public_id).where(mine, on_the_way)).scalars().all()


def _batches(channel: Channel, public_ids: Sequence[str]) -> Sequence[str]:
    """Return the batches of these documents; those of others are left to the archiving."""
    wanted = (
        sa.select(submission.c.batch_id)
        .join(document, document.c.submission_id == submission.c.id)
        .where(document.c.public_id.in_(public_ids), document.c.state.in_(_ON_THE_WAY))
        .distinct()
    )
    with channel.database.read() as connection:
        return sorted(one for one in connection.execute(wanted).scalars() if one)


async def _give(channel: Channel, consent_id: str) -> None:
    """Give the sealed body; one that went out before is asked for by its id first.

    Raises:
        ConsentConflict, ConsentInvalid, ConsentUnfit: refused for good, and that is written down.
        ErepoError: nobody knows yet whether it is there.
    """
    row = await asyncio.to_thread(ledger.look, channel.database, consent_id)
    remote = None
    try:
        if row.attempts:
            try:
                remote = await channel.state(consent_id, row.ordered_by)
            except ConsentUnknown:
                remote = None
        if remote is None:
            at = channel.clock()
            # Signed before the attempt is written down: from then on the signature only grows older.
            signature = channel.signature(row.body)
            if not await asyncio.to_thread(ledger.attempt, channel.database, consent_id, at):
                return
            remote = await channel.give(row.body, signature, row.ordered_by)
    except _FINAL as error:
        await asyncio.to_thread(ledger.refuse_sent, channel.database, consent_id, error, error.named)
        raise
    state = await asyncio.to_thread(
        ledger.confirm, channel.database, consent_id, channel.clock(), revoked=remote.state == "revoked"
    )
    if state is ConsentState.REVOKING:
        # Revoked while it was on its way: it has just begun to show something.
        await end(channel, consent_id)


def _told(channel: Channel, consent_id: str, archived: int, problem: Problem | None) -> Shared:
    with channel.database.read() as connection:
        row = ledger.read(connection, consent_id)
        count = len(document_ids(connection, row.number))
    unfit = (row.reason or {}).get("documents", {})
    return Shared(consent_id, ConsentState(row.state), count, archived, unfit, problem)
