"""Other providers at an account's door: ITI-43 with P1's assertion, of what is in P1's index; nothing else.

    POST /services/{account}/p1/xds/repository

The connection is P1's, the message is in P1's profile of WS-Security (Body and Timestamp signed by the
provider's WSS key; addressing is compared, and proven by nothing), the assertion is P1's and of the same
provider. What is not indexed, not Approved, of another patient, or not permitted by SOZ does not exist.

    commit of the record and of P1's audit message ─► first octet of the answer

**That commit is the commit point of an access.** What is visible is asked again in its transaction; SOZ's
decision is of this very request.
"""

import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, select

from erepo.acting import AssertionRefused
from erepo.cloud import addresses
from erepo.cloud.audit.events import BREAK_GLASS, Action, Event, Thing
from erepo.cloud.audit.evidence import Once
from erepo.cloud.consents import NothingVisible, Reader
from erepo.cloud.consents.keeping import Access, note
from erepo.cloud.errors import MethodNotAllowed, PathUnknown, where
from erepo.cloud.national.errors import P1Overdue
from erepo.cloud.national.indexing.port import Provider
from erepo.cloud.outside import queue
from erepo.cloud.outside.errors import BearerRefused, DecisionUnavailable
from erepo.cloud.outside.visibility import Door, door_of, visible
from erepo.cloud.registry.jobs import Change, Outcome
from erepo.cloud.repository import retrieving
from erepo.cloud.service import Cloud
from erepo.cloud.storage.tables import tenant as tenants_table
from erepo.cloud.tenancy import tenants
from erepo.cloud.web import xds
from erepo.cloud.web.acting import certificate_of
from erepo.cloud.web.answers import Answer, Send
from erepo.cloud.web.calls import Request
from erepo.cloud.web.exchange import Caller, Question, Reply, Transaction
from erepo.cloud.web.trail import Trail
from erepo.cloud.web.transactions.retrieving import retrieved
from erepo.errors import ErepoError
from erepo.identifiers import CX, oids
from erepo.pki.bundle import fingerprint
from erepo.soap.errors import MalformedEnvelope, MessageRefused
from erepo.soap.mtom import Received, unpack
from erepo.soap.names import ACTION, MESSAGE_ID, TO
from erepo.soap.signing import Signer
from erepo.soap.verifying import Verified
from erepo.xds import iti43
from erepo.xds.errors import RequestRejected
from erepo.xds.responses import RegistryError
from erepo.xds.vocabulary import Xds

if TYPE_CHECKING:
    from cryptography import x509

    from erepo.cloud.outside.opening import Outside
    from erepo.p1 import Decision
    from erepo.p1.bearers import Bearer

log = logging.getLogger("erepo.cloud")

#: Documents of one request: SOZ is asked about each. And its octets, most of them the assertion's.
MOST_DOCUMENTS: Final = 50
LARGEST: Final = 256 * 1024
_EMERGENCY: Final = "BTG"
#: How often an answer is made anew because an index was withdrawn while it was made.
_TRIES: Final = 3


def is_foreign(cloud: Cloud, request: Request) -> bool:
    """Tell whether a connection is another provider's, by P1's word: no account's path is there for it."""
    if cloud.outside is None:
        return False
    certificate = certificate_of(request.certificate)
    return cloud.outside.peers.issued(request.fingerprint, certificate, cloud.trust)


async def serve(cloud: Cloud, request: Request, account: str, trail: Trail, send: Send) -> None:
    """Answer a request of another provider at an account's door.

    Raises:
        PathUnknown: the account does not exist, or is not registered in P1.
        SenderRefused: the connection's certificate is not in force.
        ServiceBusy: too many requests of the provider are under way.
        MethodNotAllowed, BodyTooLarge, …: as at other endpoints.
    """
    assert cloud.outside is not None
    trail.transaction, trail.action = "ITI-43", Action.READ
    peer = certificate_of(request.certificate)
    organisation = cloud.outside.peers.connection(peer, cloud.now())
    trail.who = replace(trail.who, account=f"{oids.PROVIDER}:{organisation}")
    door = await cloud.reading(partial(_door, cloud, account))
    if door is None:
        raise PathUnknown
    if request.method != "POST":
        raise MethodNotAllowed(allowed="POST")
    trail.tenant_id = door.owner.id
    visit = _Visit(cloud, cloud.outside, door, organisation, peer, request, trail)
    share = f"p1 {organisation}"
    with cloud.outside.turn(organisation):
        async with cloud.bodies.read(share, request.headers, request.receive, LARGEST) as body:
            answer = await visit.answer(body)
            async with cloud.bodies.answering(share, len(answer.body)):
                await answer.send(send, cloud.settings.http.write)


def _door(cloud: Cloud, account: str) -> Door | None:
    wanted = select(tenants_table.c.id)
    wanted = wanted.where(tenants_table.c.account == account, tenants_table.c.state == "active")
    with cloud.database.everyone("whose door another provider comes to") as connection:
        if connection.scalar(wanted) is None:
            return None
        owner = tenants.find(connection, account)
    with cloud.database.read(owner.id) as connection:
        return door_of(connection, replace(owner, security="wss"))


@dataclass
class _Visit:
    """One request of another provider."""

    cloud: Cloud
    outside: "Outside"
    door: Door
    organisation: str
    peer: "x509.Certificate"
    request: Request
    trail: Trail
    decisions: Mapping[str, "Decision"] = field(default_factory=dict)

    async def answer(self, body: bytearray) -> Answer:
        """Prove, decide, record, and return the answer; a refusal is recorded, too."""
        cloud, door = self.cloud, self.door
        caller = Caller(cloud, door.owner, self.request.path, self.trail, self.request.certificate)
        received: Received | None = None
        try:
            provider = await self._provider()
            caller = replace(caller, signer=Signer(provider.credentials.wss))
            # Small enough to be proven on the event loop, as accounts' small messages are.
            content_type = self.request.headers.get(b"content-type", b"").decode("latin-1")
            received = unpack(content_type, body, cloud.settings.limits)
            return await self._given(Question(caller, self._proven(received), large=False), provider)
        except ErepoError as error:
            rule = error.data.get("rule", "") if isinstance(error, MessageRefused) else ""
            log.info("account %s, another provider: refused, %s %s", door.owner.account, error.code, rule)
            return await xds.refusal(caller, received, error)
        except Exception as error:  # noqa: BLE001  # whatever it is, the other side must hear something
            log.error("account %s: %s", door.owner.account, where(error))  # noqa: TRY400  # texts may hold patient data
            return await xds.refusal(caller, received, error)

    async def _provider(self) -> Provider:
        """Open the owner's P1 certificates: they sign the answers, and ask SOZ."""
        owner, registration = self.door.owner, self.door.registration
        opened = await self.cloud.heavily(partial(self.cloud.opened.of, owner.id, registration))
        return Provider(owner.id, registration.wss_fingerprint, opened)

    def _proven(self, received: Received) -> Verified:
        from erepo.p1.verifying import P1Verifier  # noqa: PLC0415 — loaded with the door, see `Cloud`

        cloud, peers = self.cloud, self.outside.peers
        wss = cloud.settings.wss

        def accept(certificate: "x509.Certificate") -> None:
            peers.signer(certificate, self.peer, cloud.now())

        verifier = P1Verifier(peers.wss, life=wss.life, skew=wss.skew, clock=cloud.now, accept=accept)
        verified = verifier.verify(received)
        header = received.envelope[0]
        if any(header.find(name) is None for name in (ACTION, MESSAGE_ID, TO)):
            raise MalformedEnvelope(rule="no Action, MessageID or To")
        return verified

    async def _given(self, question: Question, provider: Provider) -> Answer:
        """Do what was asked.

        Raises:
            MessageRefused, SenderRefused, BearerRefused: nothing is proven.
            DecisionUnavailable, StandingUnknown: SOZ did not decide, or nobody knows whether they may ask.
            StorageUnavailable, ServiceStopping: it could not be recorded; nothing is given.
        """
        self._enter(question.verified)
        await self._standing(question.verified)
        bearer = self._bearer(question)
        self._remember(bearer)
        if bearer.purpose == _EMERGENCY:
            await self._alarm(bearer)
        patient = str(CX(bearer.patient.extension, bearer.patient.root))
        requests, errors = _asked(question.verified)
        ours = [each for each in requests if each.repository_unique_id in self.door.repositories]
        seen = await self._visible(patient, [each.document_unique_id for each in ours])
        self.decisions = await self._decided(provider, bearer, sorted(seen))
        for _ in range(_TRIES):
            given = {each for each in seen if self.decisions[each].permitted}
            handle = partial(self._retrieve, frozenset(given), requests, errors)
            reply, answer = await xds.handled(question, Transaction("ITI-43", Action.READ, handle))
            with suppress(NothingVisible):
                return await self._recorded(patient, reply, answer)
            seen &= await self._visible(patient, sorted(seen))
        raise DecisionUnavailable(reason="index")

    def _enter(self, verified: Verified) -> None:
        trail = self.trail
        trail.message = verified.message_id[:200]
        if verified.certificate is not None:
            trail.who = replace(trail.who, signer=fingerprint(verified.certificate))
        if verified.action != iti43.ACTION:
            raise xds.ActionRefused(rule="an action that this endpoint does not serve")
        xds.check_address(verified.to, self.request.path)
        if verified.replay_key is not None and verified.fresh_until is not None:
            trail.once = (Once(verified.replay_key, verified.fresh_until.replace(tzinfo=None)),)

    async def _standing(self, verified: Verified) -> None:
        assert verified.certificate is not None
        inquire = partial(self.outside.peers.inquire, self.peer, verified.certificate, self.cloud.now())
        await self.cloud.inquiring(inquire)

    def _bearer(self, question: Question) -> "Bearer":
        from erepo.p1.bearers import Vouched, read_bearer  # noqa: PLC0415 — as above

        cloud, verified, peers = self.cloud, question.verified, self.outside.peers
        holders = tuple(each for each in (self.peer, verified.certificate) if each is not None)
        expected = Vouched(
            organisation=self.organisation,
            issuer=peers.issuer,
            signers=peers.tokens,
            holders=holders,
            audiences=self._names(),
            now=cloud.now(),
            skew=cloud.settings.wss.skew,
        )
        try:
            return read_bearer(verified, expected)
        except AssertionRefused as error:
            raise BearerRefused(rule=error.data["rule"]) from error

    def _names(self) -> frozenset[str]:
        """Return what an audience may call this door."""
        url = addresses.door_url(self.cloud.settings, self.cloud.base_url)
        door = addresses.door_of(url, self.door.owner.account)
        return frozenset({door, url, *self.door.repositories, self.door.owner.home_community_id})

    def _remember(self, bearer: "Bearer") -> None:
        trail = self.trail
        user = ":".join(bearer.user)
        trail.who = replace(trail.who, user=user, role=bearer.role, purpose=bearer.purpose)
        trail.things = (self._patient(bearer),)
        if bearer.one_time is not None:
            trail.once = (*trail.once, Once(bearer.one_time, bearer.until.replace(tzinfo=None)))

    def _patient(self, bearer: "Bearer") -> Thing:
        return Thing("patient", str(CX(bearer.patient.extension, bearer.patient.root))).bounded()

    async def _alarm(self, bearer: "Bearer") -> None:
        """Raise the alarm before anything is looked at: rather one too many than none."""
        log.warning("account %s: break-glass by another provider", self.door.owner.account)
        await self.trail.beside(BREAK_GLASS, [self._patient(bearer), Thing("reason", BREAK_GLASS, "P1: BTG")])

    async def _visible(self, patient: str, unique_ids: Sequence[str]) -> frozenset[str]:
        return await self.cloud.reading(partial(self._look, patient, unique_ids))

    def _look(self, patient: str, unique_ids: Sequence[str]) -> frozenset[str]:
        with self.cloud.database.read(self.door.owner.id) as connection:
            return visible(connection, self.door.owner.id, patient, unique_ids)

    async def _decided(
        self, provider: Provider, bearer: "Bearer", unique_ids: Sequence[str]
    ) -> Mapping[str, "Decision"]:
        if not unique_ids:
            return {}
        ask = partial(self.outside.deciders.decide, provider, bearer.token, unique_ids)
        try:
            return await self.outside.calls.call(ask)
        except P1Overdue as error:
            raise DecisionUnavailable(reason=error.code) from error

    async def _retrieve(
        self,
        given: frozenset[str],
        requests: Sequence[iti43.DocumentRequest],
        errors: Sequence[RegistryError],
        question: Question,
    ) -> Reply:
        if errors:
            return retrieved(requests, [], errors)
        cloud, door = self.cloud, self.door
        found = partial(retrieving.retrieve, cloud, door.owner, requests, question.damaged)
        documents, missing = await cloud.reading(
            partial(found, seen=given.__contains__, names=door.repositories)
        )
        return retrieved(requests, documents, missing)

    async def _recorded(self, patient: str, reply: Reply, answer: Answer) -> Answer:
        """Record the access, for the patient as well, and queue P1's message, in one transaction.

        Raises:
            NothingVisible: something that is to be given is not visible any more; nothing was recorded.
        """
        given = [each.id for each in reply.things if each.kind == "document"]
        decided = (Thing("decision", each, word.value) for each, word in self.decisions.items())
        evidence = self.trail.evidence((*self.trail.things[:1], *reply.things, *decided)).ended(reply.errors)
        queued: list[bool] = []
        apply = partial(self._write, patient, given, evidence.events[0], queued)
        await self.trail.write(Change(evidence=evidence, apply=apply))
        if not queued[-1]:
            self.cloud.metrics.untold()
            log.error("account %s: too many audit messages wait for P1", self.door.owner.account)
        return answer

    def _write(
        self, patient: str, given: Sequence[str], event: Event, queued: list[bool], connection: Connection
    ) -> Outcome:
        if visible(connection, self.door.owner.id, patient, given) != frozenset(given):
            raise NothingVisible
        reader = Reader.provider(oids.PROVIDER, self.organisation)
        emergency = event.who.purpose == _EMERGENCY
        access = Access((), reader, given, event.who.user, emergency, patient)
        note(connection, self.door.owner.id, access, self.cloud.consent_time())
        queued.append(queue.enqueue(connection, self.door.owner.id, event))
        return Outcome()


def _asked(verified: Verified) -> tuple[Sequence[iti43.DocumentRequest], Sequence[RegistryError]]:
    """Return what is asked for, and what speaks against the request as a whole."""
    try:
        requests = iti43.read_request(verified)
    except RequestRejected as error:
        return (), error.errors
    if len(requests) > MOST_DOCUMENTS:
        context = f"more than {MOST_DOCUMENTS} documents in one request"
        return (), [RegistryError(Xds.REPOSITORY_ERROR, context)]
    return requests, ()
