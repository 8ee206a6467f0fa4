"""Indexing one document in P1, and withdrawing its index, in steps that may be cut off anywhere.

    step                                   commit point      what the same request does after a crash
    the row is taken, submission id kept   our transaction   waits until the row is free, then begins anew
    P1 is asked what it has                -                 asks again
    about to send: noted                   our transaction   asks, then sends the same submission again
    P1 registers                           theirs            asks and finds it
    P1's entryUUID is kept                 our transaction   answers alike

P1 is asked before anything is sent, always: an index that is there is never made twice, even if our row was
lost with a backup. After a lost answer, P1's own time-out or an answer that proves nothing it is asked at
once. What was sent and never arrived goes out again under the same submission id, of which P1 takes one.
"""

import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy import Connection

from erepo.cloud.audit.events import Thing
from erepo.cloud.national.indexing import ledger
from erepo.cloud.national.indexing.errors import IndexBusy, IndexClockApart, IndexOutcomeUnknown
from erepo.cloud.national.indexing.judging import certain, told, worth_asking
from erepo.cloud.national.indexing.ledger import Key, Row
from erepo.cloud.national.indexing.metadata import registration_of, withdrawal_of
from erepo.cloud.national.indexing.port import NationalIndex, Provider, Session
from erepo.cloud.national.indexing.preflight import Held, Ready, not_ready
from erepo.cloud.national.registering import Means
from erepo.errors import ErepoError
from erepo.identifiers.oids import new_uuid_oid
from erepo.xds.model import DocumentEntry
from erepo.xds.vocabulary import APPROVED, DEPRECATED

#: Longer than all calls of a request to P1 together (`national.port.CALL_SECONDS`, five of them).
LEASE: Final = timedelta(seconds=180)
#: P1 takes no submission whose time differs by 15 minutes (REG.WER.4636); the message travels, too.
_APART: Final = 14 * 60
#: P1 takes no message older than its signature's five minutes: after them nothing more arrives.
_ARRIVES: Final = timedelta(minutes=6)


@dataclass(slots=True)
class Indexing:
    """Work on one document's index.

    Attributes:
        key: account and document.
        repository: the account's own, for the record.
        provider: in whose name P1 is asked.
        index: P1's.
        means: how rows are read and written.
        clock: UTC, naive.
        holder: this request's name in the row.
        recovered: whether the index was there before this request sent anything.
    """

    key: Key
    repository: str
    provider: Provider
    index: NationalIndex
    means: Means
    clock: Callable[[], datetime]
    holder: str = field(default_factory=lambda: secrets.token_hex(16))
    recovered: bool = False
    _phase: str = "token"
    _uncertain: bool = False

    async def register(self, ready: Ready, held: Held) -> Row:
        """Have the document in P1's index and return its row; nothing is sent if it is there.

        Raises:
            IndexProblem: see `errors`.
        """
        row = await self._claimed(withdrawing=False)
        if row.state == ledger.INDEXED:
            self.recovered = True
            return row
        # What an earlier request sent may be there, whenever that was: until P1 itself says otherwise.
        self._uncertain = row.sent_at is not None
        try:
            async with self.index.session(self.provider, ready.acting) as session:
                return await self._registered(session, ready, held, row)
        except Exception as error:
            await self._released(error, uncertain=self._uncertain)
            self._retell(error)
            raise

    async def _registered(self, session: Session, ready: Ready, held: Held, row: Row) -> Row:
        self._phase = "ask"
        wanted = ready.wanted
        ids = [wanted.unique_id, *([wanted.replaces] if wanted.replaces else [])]
        found = await session.find(ids)
        if there := _ours(found.documents, wanted.unique_id, {ready.repository_id}):
            self.recovered = True
            return await self._kept(there[0], ready, found.documents)
        self._uncertain = self._on_its_way(row)
        if abs(found.ahead) > _APART:
            raise IndexClockApart(phase="ask")
        targets = [each.entry_uuid for each in _ours(found.documents, wanted.replaces, {ready.repository_id})]
        if wanted.replaces and not targets:
            raise not_ready("replaces", phase="ask")
        assert held.sha1 is not None
        assert held.size is not None
        moment = self.clock().replace(tzinfo=UTC)
        registration = registration_of(ready, held.sha1, held.size, row.submission_id, moment, targets)
        await self._write(partial(ledger.note_sent, at=self.clock()), "sent")
        self._phase = "register"
        try:
            await session.register(registration)
        except ErepoError as error:
            if not worth_asking(error):
                raise
            return await self._asked_again(session, ready, ids, error)
        return await self._asked_again(session, ready, ids, None)

    async def _asked_again(
        self, session: Session, ready: Ready, ids: list[str], error: ErepoError | None
    ) -> Row:
        """Ask what became of what was sent: P1 gives every index an entryUUID of its own."""
        try:
            found = await session.find(ids)
        except ErepoError as unheard:
            raise IndexOutcomeUnknown(phase="register") from (error or unheard)
        there = _ours(found.documents, ready.wanted.unique_id, {ready.repository_id})
        if not there:
            raise error or IndexOutcomeUnknown(phase="register")
        self.recovered = error is not None
        return await self._kept(there[0], ready, found.documents)

    async def _kept(self, there: DocumentEntry, ready: Ready, documents: tuple[DocumentEntry, ...]) -> Row:
        at, replaces = self.clock(), ready.wanted.replaces
        old = [each.status for each in documents if each.unique_id == replaces]
        replaced = Key(self.key.tenant_id, replaces) if set(old) == {DEPRECATED} else None

        def keep(connection: Connection, key: Key, holder: str) -> None:
            facts = {"entry_uuid": there.entry_uuid, "repository_id": there.repository_unique_id}
            ledger.note_indexed(connection, key, holder, at, **facts)
            if replaced is not None:
                ledger.note_replaced(connection, replaced, at, key.unique_id)

        await self._write(keep, f"indexed {there.entry_uuid}")
        return await self._row()

    async def withdraw(self, ready: Ready) -> Row | None:
        """Have the document's index withdrawn and return its row; None where there never was any.

        P1 is asked even where no row says that anything was sent: rows are lost with a backup.

        Raises:
            IndexProblem: see `errors`.
        """
        row = await self._claimed(withdrawing=True)
        try:
            async with self.index.session(self.provider, ready.acting) as session:
                await self._withdrawn(session, ready, row)
        except Exception as error:
            await self._released(error, uncertain=True)
            self._retell(error)
            raise
        return await self.means.read(partial(ledger.present, key=self.key))

    def _retell(self, error: Exception) -> None:
        """Raise what an error of P1's client means; return for any other.

        Raises:
            IndexProblem: see `errors`.
        """
        if isinstance(error, ErepoError) and (problem := told(error, self._phase)) is not error:
            raise problem from error

    async def _withdrawn(self, session: Session, ready: Ready, row: Row) -> None:
        self._phase = "ask"
        unique_id, mine = self.key.unique_id, {ready.repository_id, row.repository_id}
        found = await session.find([unique_id])
        if there := _ours(found.documents, unique_id, mine):
            if abs(found.ahead) > _APART:
                raise IndexClockApart(phase="ask")
            moment, targets = self.clock().replace(tzinfo=UTC), [each.entry_uuid for each in there]
            self._phase = "register"
            try:
                patient = there[0].patient_id
                await session.update(withdrawal_of(ready, new_uuid_oid(), moment, targets, patient))
            except ErepoError as error:
                if not worth_asking(error):
                    raise
                if _ours((await session.find([unique_id])).documents, unique_id, mine):
                    raise
        elif self._on_its_way(row):
            # What was sent a moment ago may still arrive, and would stand there after the withdrawal.
            raise IndexOutcomeUnknown(phase="ask")
        elif row.sent_at is None and row.indexed_at is None:
            await self._write(ledger.drop, "nothing to withdraw")
            return
        await self._write(partial(ledger.note_withdrawn, at=self.clock()), "withdrawn")

    def _on_its_way(self, row: Row) -> bool:
        return row.sent_at is not None and self.clock() - row.sent_at < _ARRIVES

    async def _claimed(self, *, withdrawing: bool) -> Row:
        at = self.clock()
        claim = partial(ledger.claim, at=at, until=at + LEASE, withdrawing=withdrawing)
        await self._write(claim, "withdrawal begun" if withdrawing else "asked")
        return await self._row()

    async def _row(self) -> Row:
        row = await self.means.read(partial(ledger.present, key=self.key))
        assert row is not None
        return row

    async def _released(self, error: Exception, *, uncertain: bool) -> None:
        """Let the next request begin at once; failing that, the row is free when its time is over."""
        if isinstance(error, IndexBusy):
            return
        nothing = self._phase != "register" or (isinstance(error, ErepoError) and certain(error))
        release = partial(ledger.release, certain=nothing and not uncertain)
        with suppress(ErepoError):
            await self._write(release, "failed")

    async def _write(self, step: Callable[..., None], word: str) -> None:
        bound = partial(step, key=self.key, holder=self.holder)
        things = [Thing("document", self.key.unique_id, self.repository), Thing("setting", "P1 index", word)]
        await self.means.write(bound, things)


def _ours(
    documents: tuple[DocumentEntry, ...], unique_id: str, repositories: set[str | None]
) -> list[DocumentEntry]:
    """Return the valid index of a document in our repository; another's of the same id is none of ours."""
    mine = [one for one in documents if one.unique_id == unique_id and one.status == APPROVED]
    return [one for one in mine if one.repository_unique_id in repositories]
