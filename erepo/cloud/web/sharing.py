"""Other accounts at an owner's XDS endpoints: ITI-18 and ITI-43 of what is shared with them, nothing else.

Who sees nothing (no consent, not yet, no more, another transaction) hears what everybody hears of an address
that is not theirs: the 404 of `PathUnknown`. Who sees something is proven as at their own address: by their
own certificates, and by an assertion that is meant for the owner's.

**The commit of an access is its commit point.** The consents are asked again in the transaction that records
it, under the owner's lock, so none is granted after the commit of a revocation; the pieces of an answer that
is under way ask again, too.
"""

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from sqlalchemy import Connection, select

from erepo.acting import Actor
from erepo.cloud.audit.events import BREAK_GLASS, CUT_OFF, Result, Thing
from erepo.cloud.audit.evidence import Once
from erepo.cloud.consents import Consent, NothingVisible, Reader, Visible, visible
from erepo.cloud.consents.errors import ConsentEnded
from erepo.cloud.consents.keeping import Access, note
from erepo.cloud.errors import PathUnknown
from erepo.cloud.registry.jobs import Change, Outcome
from erepo.cloud.service import Cloud
from erepo.cloud.storage.tables import tenant as tenants_table
from erepo.cloud.tenancy import tenants
from erepo.cloud.tenancy.tenants import Tenant
from erepo.cloud.web import xds
from erepo.cloud.web.acting import certificate_of, names_of, proven_actor, remember
from erepo.cloud.web.answers import Answer
from erepo.cloud.web.calls import Call
from erepo.cloud.web.exchange import Caller, Question, Reply, Transaction
from erepo.cloud.web.transactions import TRANSACTIONS
from erepo.content import Buffer
from erepo.errors import ErepoError
from erepo.pki.bundle import fingerprint
from erepo.soap.mtom import Received, unpack
from erepo.soap.verifying import Verified
from erepo.xds import iti18, iti43

log = logging.getLogger("erepo.cloud")

#: What a foreign account may ask for.
_SHARED: Final = frozenset({iti18.ACTION, iti43.ACTION})
#: Bytes of an answer after which the consents are asked again.
_EVERY: Final = 256 * 1024
_EMERGENCY: Final = "BTG"
#: How often an answer is made anew because a consent ended while it was made.
_TRIES: Final = 3


@dataclass(frozen=True, slots=True)
class _Door:
    """An owner's address with somebody else before it."""

    owner: Tenant
    """With the security that this exchange has: signed where either account wants that."""
    shares: bool
    """Whether a consent names who asks: then they may know that something is here."""


async def serve(call: Call, account: str) -> None:
    """Answer a message to another account's endpoint; `call.tenant` is who asks.

    Raises:
        PathUnknown: nothing is there for them.
    """
    cloud, reader = call.cloud, call.tenant
    door = await cloud.reading(partial(_door, cloud, reader, account))
    if door is None:
        raise PathUnknown
    try:
        async with call.body(cloud.settings.limits.soap_part) as body:
            answer = await _answer(call, door, body)
            async with cloud.bodies.answering(reader.account, len(answer.body)):
                await answer.send(call.send, cloud.settings.http.write)
    except ConsentEnded:
        raise
    except ErepoError:
        if door.shares:
            raise
        raise PathUnknown from None


def _door(cloud: Cloud, reader: Tenant, account: str) -> _Door | None:
    """Look behind an address; it costs the same whether the account exists or not."""
    columns = (tenants_table.c.id, tenants_table.c.emergencies)
    wanted = select(*columns).where(tenants_table.c.account == account, tenants_table.c.state == "active")
    with cloud.database.everyone("whose address it is, is what is asked") as connection:
        found = connection.execute(wanted).one_or_none()
    number = found.id if found is not None else 0
    with cloud.database.read(number) as connection:
        shares = bool(visible(connection, number, Reader.account(reader.account), cloud.consent_time()))
    if found is None or not (shares or found.emergencies == "allow"):
        return None
    with cloud.database.everyone("the owner of what is shared") as connection:
        owner = tenants.find(connection, account)
    signed = "wss" in (owner.security, reader.security)
    return _Door(replace(owner, security="wss" if signed else "mtls"), shares)


async def _answer(call: Call, door: _Door, body: bytearray) -> Answer:
    cloud, request = call.cloud, call.request
    caller = Caller(cloud, door.owner, request.path, call.trail, request.certificate)
    received: Received | None = None
    try:
        large = len(body) > cloud.settings.limits.large_body
        content_type = request.headers.get(b"content-type", b"").decode("latin-1")
        unpacking = partial(unpack, content_type, body, cloud.settings.limits)
        received = await cloud.heavily(unpacking) if large else unpacking()
        policy = replace(call.tenant, security=door.owner.security)
        proving = partial(xds.prove, cloud, policy, received)
        verified = await cloud.heavily(proving) if large else proving()
        return await _Reading(call, door, Question(caller, verified, large)).answer()
    except ErepoError as error:
        if isinstance(error, (PathUnknown, NothingVisible)) or not door.shares:
            raise PathUnknown from None
        log.info("account %s at %s: refused, %s", call.tenant.account, door.owner.account, error.code)
        call.trail.tenant_id = door.owner.id
        return await xds.refusal(caller, received, error)


class _Reading:
    """One proven message of a foreign account."""

    def __init__(self, call: Call, door: _Door, question: Question) -> None:
        self._call, self._door, self._question = call, door, question
        self._cloud, self._owner = call.cloud, door.owner
        self._reader = Reader.account(call.tenant.account)
        self._emergency = False

    async def answer(self) -> Answer:
        """Decide, handle, record, and return the answer that watches over itself.

        Raises:
            PathUnknown, NothingVisible: nothing is there for who asks.
            MessageRefused, StorageUnavailable, ServiceStopping: as for the owner.
        """
        question, trail = self._question, self._call.trail
        transaction = self._transaction()
        xds.check_address(question.verified.to, question.caller.path)
        actor, once = await self._actor()
        self._emergency = self._owner.emergencies == "allow" and _is_emergency(actor)
        if not await self._cloud.reading(self._view):
            raise PathUnknown
        before = trail.tenant_id, trail.transaction, trail.action, trail.who
        self._enter(transaction, actor, once)
        try:
            if self._emergency:
                await self._alarm(actor)
            return await self._given(transaction)
        except NothingVisible:
            # It is told, and recorded, as if nothing had ever been there.
            trail.tenant_id, trail.transaction, trail.action, trail.who = before
            trail.once, trail.things = (), ()
            raise

    async def _given(self, transaction: Transaction) -> Answer:
        """Handle and record; once more where a consent among several ended in between."""
        for _ in range(_TRIES):
            view = await self._cloud.reading(self._view)
            if not view:
                break
            reply, answer = await xds.handled(replace(self._question, view=view), transaction)
            with suppress(NothingVisible):
                return await self._recorded(reply, answer)
        raise NothingVisible

    def _transaction(self) -> Transaction:
        verified = self._question.verified
        served = TRANSACTIONS.get(self._question.caller.path.rpartition("/")[2], {})
        transaction = served.get(verified.action) if verified.action in _SHARED else None
        if transaction is None:
            raise PathUnknown
        return transaction

    async def _actor(self) -> tuple[Actor, tuple[Once, ...]]:
        verified, cloud = self._question.verified, self._cloud
        names = names_of(cloud, self._owner, verified.to)
        holder = certificate_of(self._question.caller.certificate)
        proven = await proven_actor(cloud, self._call.tenant, names, verified, holder)
        once = [Once(proven.one_time, proven.until.replace(tzinfo=None))] if proven.one_time else []
        return proven.actor, (*_once(verified), *once)

    def _view(self) -> Visible:
        with self._cloud.database.read(self._owner.id) as connection:
            return self._seen(connection)

    def _seen(self, connection: Connection) -> Visible:
        if self._emergency:
            return Visible(self._owner.id, everything=True)
        return visible(connection, self._owner.id, self._reader, self._cloud.consent_time())

    def _enter(self, transaction: Transaction, actor: Actor, once: tuple[Once, ...]) -> None:
        """Let the record be the owner's from now on."""
        trail, verified = self._call.trail, self._question.verified
        trail.tenant_id, trail.transaction, trail.action = (
            self._owner.id,
            transaction.name,
            transaction.action,
        )
        trail.once, trail.message = once, verified.message_id[:200]
        if verified.certificate is not None:
            trail.who = replace(trail.who, signer=fingerprint(verified.certificate))
        remember(trail, actor)

    async def _alarm(self, actor: Actor) -> None:
        """Raise the alarm before anything is looked at: rather one too many than none."""
        log.warning("account %s: break-glass by %s", self._owner.account, self._call.tenant.account)
        await self._call.trail.beside(BREAK_GLASS, [Thing("reason", BREAK_GLASS, actor.reason)])

    async def _recorded(self, reply: Reply, answer: Answer) -> Answer:
        trail = self._call.trail
        given = [each.id for each in reply.things if each.kind == "document"]
        consents = await self._cloud.reading(partial(self._granting, reply.entries, given))
        things = (*reply.things, *(Thing("consent", each.id) for each in consents))
        evidence = trail.evidence(things).ended(reply.errors)
        apply = partial(self._note, reply.entries, given)
        await trail.write(Change(evidence=evidence, apply=apply))
        return self._watched(answer, given, things) if given and not self._emergency else answer

    def _granting(self, entries: tuple[str, ...], given: list[str]) -> list[Consent]:
        with self._cloud.database.read(self._owner.id) as connection:
            return self._granted(connection, entries, given)

    def _granted(self, connection: Connection, entries: tuple[str, ...], given: list[str]) -> list[Consent]:
        """Return the consents that show, now, what was found and what is given.

        Raises:
            NothingVisible: some of it is not shown any more.
        """
        view = self._seen(connection)
        if not view or not view.all_shown(connection, entries):
            raise NothingVisible
        found = {each.number: each for each in view.showing(connection, entries)}
        for unique_id in given:
            found |= {each.number: each for each in view.granted(connection, unique_id)}
        return list(found.values())

    def _note(self, entries: tuple[str, ...], given: list[str], connection: Connection) -> Outcome:
        self._granted(connection, entries, given)
        view = self._seen(connection)
        if entries:
            whose = view.patients_of(connection, entries) if self._emergency else ()
            self._access(connection, None, view.showing(connection, entries), whose)
        for unique_id in given:
            whose = view.patients_with(connection, unique_id) if self._emergency else ()
            self._access(connection, unique_id, view.granted(connection, unique_id), whose)
        return Outcome()

    def _access(
        self, connection: Connection, unique_id: str | None, consents: Sequence[Consent], whose: Sequence[str]
    ) -> None:
        """Record an access; of an emergency with whose document it is: no consent tells once it is gone."""
        numbers, actor = [each.number for each in consents], self._call.trail.who.user
        for patient in whose or (None,):
            access = Access(numbers, self._reader, [unique_id], actor, self._emergency, patient)
            note(connection, self._owner.id, access, self._cloud.consent_time())

    def _watched(self, answer: Answer, given: list[str], things: tuple[Thing, ...]) -> Answer:
        length = len(answer.body) if answer.length is None else answer.length
        if length <= _EVERY:
            return answer
        return replace(answer, body=b"", stream=self._pieces(answer, given, things), length=length)

    async def _pieces(
        self, answer: Answer, given: list[str], things: tuple[Thing, ...]
    ) -> AsyncIterator[Buffer]:
        sent = 0
        async for piece in answer.pieces():
            if sent >= _EVERY:
                sent = 0
                await self._expect_still(given, things)
            yield piece
            sent += len(piece)

    async def _expect_still(self, given: list[str], things: tuple[Thing, ...]) -> None:
        try:
            await self._cloud.reading(partial(self._granting, (), given))
        except NothingVisible:
            await self._call.trail.beside(CUT_OFF, things, ConsentEnded.code, Result.MINOR)
            raise ConsentEnded from None


def _is_emergency(actor: Actor) -> bool:
    return actor.purpose.code.upper() == _EMERGENCY and bool(actor.reason)


def _once(verified: Verified) -> tuple[Once, ...]:
    if verified.replay_key is None or verified.fresh_until is None:
        return ()
    return (Once(verified.replay_key, verified.fresh_until.replace(tzinfo=None)),)
