"""The one record of a request: told with its effect, or before its answer goes out."""

import asyncio
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING

from erepo.blobs.errors import StorageUnavailable
from erepo.cloud.audit.events import Action, Event, Result, Thing, Who
from erepo.cloud.audit.evidence import Evidence, Once, now
from erepo.cloud.bodies import ClientGone
from erepo.cloud.errors import ServiceStopping
from erepo.cloud.registry.jobs import Change, Note, Outcome
from erepo.errors import AccessRefused, ErepoError, InvalidInput
from erepo.soap.errors import MessageReplayed
from erepo.xds.responses import RegistryError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from erepo.cloud.registry.jobs import Job
    from erepo.cloud.service import Cloud


_OUTCOMES = {
    Result.SUCCESS: "done",
    Result.MINOR: "failed",
    Result.SERIOUS: "refused",
    Result.MAJOR: "error",
}


class Trail:
    """Gathers who asks and what for; makes sure that exactly one record of it is written.

    Attributes:
        tenant_id: the account of the connection, 0 when it is nobody's.
        transaction: `ITI-41`, or the name of a REST resource, as soon as it is known.
        once: what may be accepted once: the message, an assertion.
        things: what it is about, as far as was known when the evidence was last asked for.
        told: whether the record is written.
        outcome: how it ended, for figures: `done`, `failed` (by rules of XDS), `refused` (not to be trusted),
            `replayed`, `error` (of ours), `none` (nothing was recorded of it).
        silent: whether none need be written: nothing of an account was asked for.
        arrived: called when the request's job is on its way to the writer: nobody need wait for it.
    """

    def __init__(self, cloud: "Cloud", who: Who, transaction: str, action: Action = Action.EXECUTE) -> None:
        self._cloud = cloud
        self.who = who
        self.tenant_id = 0
        self.transaction, self.action = transaction, action
        self.message = ""
        self.once: tuple[Once, ...] = ()
        self.things: tuple[Thing, ...] = ()
        self.told = self.silent = False
        self._unrecordable = False
        self.outcome = "none"
        self.arrived: Callable[[], None] = lambda: None

    def evidence(self, things: Sequence[Thing] = ()) -> Evidence:
        """Return what goes with a job, or stands for a read."""
        self.things = tuple(each.bounded() for each in things)
        event = Event(self.transaction, self.action, self.who, now(), self.things, self.message)
        return Evidence(self.tenant_id, (event,), self.once)

    async def write(self, job: "Job") -> Outcome:
        """Give a job to the writer and wait for its commit; its evidence is written with it.

        The job goes on even when the caller gives up waiting.

        Raises:
            MessageReplayed: the message was accepted before; nothing was done.
            ServiceStopping: nothing was done.
            StorageUnavailable: nothing was, or all of it and only the database's answer was lost.
        """
        self.arrived()
        try:
            outcome = await asyncio.shield(self._cloud.writer.submit(job))
        except StorageUnavailable:
            # It may be committed with its key: what is recorded next must not be taken for its replay.
            self.once = ()
            raise
        self.told = True
        self.outcome = _ended(job, outcome)
        if outcome.replayed:
            raise MessageReplayed(rule="the identical message was accepted before")
        return outcome

    async def step(self, apply: Callable[["Connection"], Outcome], things: Sequence[Thing]) -> None:
        """Write one of several effects of a request, with its own event; the request's is still to come.

        Raises:
            ServiceStopping, StorageUnavailable: as `write`; and whatever `apply` raises: nothing was done.
        """
        event = Event(self.transaction, self.action, self.who, now(), tuple(things), self.message)
        self.arrived()
        job = Change(evidence=Evidence(self.tenant_id, (event,)), apply=apply)
        await asyncio.shield(self._cloud.writer.submit(job))

    async def beside(
        self, transaction: str, things: Sequence[Thing], code: str = "", result: Result = Result.SUCCESS
    ) -> None:
        """Write an event of its own beside the request's: an alarm, or what came after the answer began.

        Raises:
            ServiceStopping, StorageUnavailable: it is not recorded.
        """
        bounded = tuple(each.bounded() for each in things)
        event = Event(transaction, self.action, self.who, now(), bounded, self.message)
        event = event.ended(result, (code,) if code else ())
        await asyncio.shield(self._cloud.writer.submit(Note(evidence=Evidence(self.tenant_id, (event,)))))

    async def tell(self, things: Sequence[Thing] = (), errors: Sequence[RegistryError] = ()) -> None:
        """Record a read, or a request refused by rules of XDS, unless a job did it already.

        Raises:
            MessageReplayed, StorageUnavailable, ServiceStopping: the answer must not go out.
        """
        if self.told:
            return
        try:
            await self.write(Note(evidence=self.evidence(things or self.things).ended(errors)))
        except (StorageUnavailable, ServiceStopping):
            self._unrecordable = True
            raise

    async def refused(self, error: Exception) -> None:
        """Record a refusal, unless the request was recorded before it failed."""
        # Errors of libraries may have a `code` as well, which tells nobody anything.
        code = error.code if isinstance(error, (ErepoError, ClientGone)) else "error.unexpected"
        await self._refused(code, _gravity(error))

    async def answered(self, status: int) -> None:
        """Record an answer that is about to go out and of which nobody has told yet.

        Raises:
            StorageUnavailable, ServiceStopping: it must not go out.
        """
        if self.told or self.silent:
            return
        if status < HTTPStatus.BAD_REQUEST:
            await self.tell()
        else:
            await self._refused(f"http.{status}", Result.MINOR)

    async def _refused(self, code: str, result: Result) -> None:
        if self.outcome != "replayed":
            self.outcome = _OUTCOMES[result]
        # Where nothing could be written a moment ago, the client need not wait for that once more.
        if self.told or self._unrecordable:
            return
        # A refused message was not accepted: it may be corrected and come again.
        evidence = Evidence(self.tenant_id, self.evidence(self.things).events)
        self.arrived()
        try:
            await asyncio.shield(self._cloud.writer.submit(Note(evidence=evidence.refused(code, result))))
        except (StorageUnavailable, ServiceStopping):
            self._unrecordable = True
            raise
        self.told = True


def _ended(job: "Job", outcome: Outcome) -> str:
    if outcome.replayed:
        return "replayed"
    result = job.evidence.events[-1].result
    if isinstance(job, Note) or result is not Result.SUCCESS:
        return _OUTCOMES[result]
    return "failed" if outcome.refused else "done"


def _gravity(error: Exception) -> Result:
    if isinstance(error, (InvalidInput, AccessRefused)):
        return Result.SERIOUS
    return Result.MINOR if isinstance(error, (ErepoError, ClientGone)) else Result.MAJOR
