"""The one record of a request: told with its effect, or before its answer goes out."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from erepo.cloud.audit.events import Action, Event, Result, Thing, Who
from erepo.cloud.audit.evidence import Evidence, Once, now
from erepo.cloud.registry.jobs import Note, Outcome
from erepo.errors import AccessRefused, ErepoError, InvalidInput
from erepo.soap.errors import MessageReplayed
from erepo.xds.responses import RegistryError

if TYPE_CHECKING:
    from erepo.cloud.registry.jobs import Job
    from erepo.cloud.service import Cloud


class Trail:
    """Gathers who asks and what for; makes sure that exactly one record of it is written.

    Attributes:
        tenant_id: the account of the connection, 0 when it is nobody's.
        transaction: `ITI-41`, or the name of a REST resource, as soon as it is known.
        once: what may be accepted once: the message, an assertion.
        things: what it is about, as far as was known when the evidence was last asked for.
        told: whether the record is written, or on its way with a job.
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
        self.told = False
        self.arrived: Callable[[], None] = lambda: None

    def evidence(self, things: Sequence[Thing] = ()) -> Evidence:
        """Return what goes with a job, or stands for a read."""
        self.things = tuple(things)
        event = Event(self.transaction, self.action, self.who, now(), self.things, self.message)
        return Evidence(self.tenant_id, (event,), self.once)

    async def write(self, job: "Job") -> Outcome:
        """Give a job to the writer and wait for its commit; its evidence is written with it.

        The job goes on even when the caller gives up waiting.

        Raises:
            MessageReplayed: the message was accepted before; nothing was done.
            StorageUnavailable, ServiceStopping: nothing was done.
        """
        self.arrived()
        outcome = await asyncio.shield(self._cloud.writer.submit(job))
        self.told = True
        if outcome.replayed:
            raise MessageReplayed(rule="the identical message was accepted before")
        return outcome

    async def tell(self, things: Sequence[Thing] = (), errors: Sequence[RegistryError] = ()) -> None:
        """Record a read, or a request refused by rules of XDS, unless a job did it already.

        Raises:
            MessageReplayed, StorageUnavailable, ServiceStopping: the answer must not go out.
        """
        if not self.told:
            await self.write(Note(evidence=self.evidence(things or self.things).ended(errors)))

    async def refused(self, error: Exception) -> None:
        """Record a refusal, unless the request was recorded before it failed."""
        if self.told:
            return
        code = error.code if isinstance(error, ErepoError) else "error.unexpected"
        # A refused message was not accepted: it may be corrected and come again.
        evidence = Evidence(self.tenant_id, self.evidence(self.things).events)
        note = Note(evidence=evidence.refused(code, _gravity(error)))
        self.arrived()
        await asyncio.shield(self._cloud.writer.submit(note))
        self.told = True


def _gravity(error: Exception) -> Result:
    if isinstance(error, (InvalidInput, AccessRefused)):
        return Result.SERIOUS
    return Result.MINOR if isinstance(error, ErepoError) else Result.MAJOR
