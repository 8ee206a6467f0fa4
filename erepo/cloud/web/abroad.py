"""REST: documents of other providers, found in P1 and fetched from their repositories.

    POST /services/{account}/p1/search      what P1's index has of a patient
    POST /services/{account}/p1/documents   the octets of one of them

The patient stands in the body, never in an address. An emergency raises its alarm before anything is asked;
every answer leaves only when its record is written, with a document's also the audit message for P1.
"""

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import Connection

from erepo.acting import Actor, UserUnknown
from erepo.cloud.audit.events import BREAK_GLASS, CONSUMED, Action, Thing
from erepo.cloud.errors import RequestMalformed
from erepo.cloud.national import keeping
from erepo.cloud.national.indexing.port import Provider
from erepo.cloud.national.keeping import Registration
from erepo.cloud.national.searching.narrowing import narrowed
from erepo.cloud.national.searching.port import PURPOSE_SCHEME, Located, Window
from erepo.cloud.national.searching.preflight import Asked, Ready, check
from erepo.cloud.outside import queue
from erepo.cloud.registry.jobs import Change, Outcome
from erepo.cloud.structure import keeping as structures
from erepo.cloud.structure.errors import StructureNone
from erepo.cloud.tenancy.tenants import Tenant
from erepo.cloud.web.acting import require_actor
from erepo.cloud.web.answers import Answer, json_answer
from erepo.cloud.web.calls import Call
from erepo.cloud.web.national import AccountMeans
from erepo.identifiers.hl7 import CX
from erepo.identifiers.oids import is_oid
from erepo.xds.model import Code, DocumentEntry
from erepo.xds.queries import QueryId

log = logging.getLogger("erepo.cloud")

_POLAND: Final = ZoneInfo("Europe/Warsaw")
_PURPOSES: Final = frozenset({"TREAT", "CONTT", "BTG"})
_YEARS: Final = range(1900, 2200)
_LONGEST: Final = 256
_MOST_KINDS: Final = 50
#: Documents told of one search, those created last first.
MOST: Final = 1000
_SHA1: Final = 40
_HEX: Final = frozenset("0123456789abcdef")


async def answer_search(call: Call) -> Answer:
    """Answer `POST …/p1/search`.

    Raises:
        RequestMalformed: the body is another.
        AbroadProblem: see `erepo.cloud.national.searching.errors`.
    """
    actor = await _actor(call)
    async with call.body() as body:
        sent = _object(body)
    asked, kinds, window = _asked(sent), _kinds(sent), _window(sent)
    patient = Thing("patient", str(asked.patient))
    call.trail.things = (patient.bounded(), Thing("query", str(QueryId.FIND_DOCUMENTS)))
    ready = await _ready(call, asked, actor)
    await _alarm(call, asked, patient)
    provider = await _provider(call, ready)
    ask = partial(call.cloud.others.find, provider, ready.acting, kinds)
    found = await narrowed(ask, window, call.cloud.now())
    usable = [one for one in found.documents if is_usable(one)]
    if len(usable) < len(found.documents):
        log.warning("P1 names %d documents that nobody can fetch", len(found.documents) - len(usable))
    newest = sorted(usable, key=lambda one: one.creation_time, reverse=True)
    told = [described(one) for one in newest[:MOST]]
    return json_answer(200, {"documents": told, "more": len(newest) > MOST, "questions": found.questions})


async def answer_document(call: Call) -> None:
    """Answer `POST …/p1/documents` with the exact octets, piece by piece.

    Raises:
        RequestMalformed: the body is another.
        AbroadProblem: see `erepo.cloud.national.searching.errors`.
        ServiceBusy: the account has too many on their way.
    """
    cloud, actor = call.cloud, await _actor(call)
    async with call.body() as body:
        sent = _object(body)
    asked, wanted = _asked(sent), _located(sent)
    patient = Thing("patient", str(asked.patient))
    document = Thing("document", wanted.unique_id, wanted.repository_id)
    call.trail.things = (patient.bounded(), document.bounded())
    ready = await _ready(call, asked, actor)
    await _alarm(call, asked, patient, document)
    provider = await _provider(call, ready)
    # The whole message, and the document in it: both lie in memory until the clinic has taken it.
    room = 2 * (cloud.settings.p1.abroad_bytes if wanted.size is None else wanted.size)
    async with cloud.bodies.answering(call.tenant.account, room):
        found = await cloud.others.fetch(provider, ready.acting, wanted)
        await _told(call, (patient, document), found.address)
        answer = Answer(200, found.media_type, found.octets)
        await answer.send(call.send, cloud.settings.http.write)


async def _told(call: Call, things: tuple[Thing, ...], address: str) -> None:
    """Record that a document is given, and queue P1's message of it (ITI-20), in one transaction.

    Raises:
        StorageUnavailable, ServiceStopping: the document must not go out.
    """
    evidence = call.trail.evidence(things).ended(())
    event = evidence.events[0]
    # P1 hears of the two providers, not of the clinic's machine.
    who = replace(event.who, tls="", signer="", address="", endpoint=address)
    message = replace(event, transaction=CONSUMED, action=Action.CREATE, who=who)
    queued: list[bool] = []

    def apply(connection: Connection) -> Outcome:
        if call.cloud.p1_audit is not None:
            queued.append(queue.enqueue(connection, call.tenant.id, message))
        return Outcome()

    await call.trail.write(Change(evidence=evidence, apply=apply))
    if False in queued[-1:]:
        call.cloud.metrics.untold()
        log.error("account %s: too many audit messages wait for P1", call.tenant.account)


def is_usable(one: DocumentEntry) -> bool:
    """Tell whether an entry says where its document is, what it is called, and what octets it has."""
    return is_oid(one.repository_unique_id) and _is_text(one.unique_id) and _is_sha1(one.hash)


def described(one: DocumentEntry) -> dict[str, Any]:
    """Return what is told of a document: nothing of its patient, no title, no person."""
    institution = next((each for author in one.authors for each in author.institutions), None)
    return {
        "uniqueId": one.unique_id,
        "repositoryUniqueId": one.repository_unique_id,
        "entryUuid": one.entry_uuid,
        "classCode": _code(one.class_code),
        "typeCode": _code(one.type_code),
        "formatCode": _code(one.format_code),
        "mimeType": one.mime_type[:_LONGEST],
        "creationTime": one.creation_time[:_LONGEST],
        "size": one.size,
        "hash": one.hash.lower(),
        "institution": {
            "name": institution.name[:_LONGEST],
            "root": institution.authority_oid[:_LONGEST] or None,
            "extension": institution.id[:_LONGEST] or None,
        }
        if institution
        else None,
    }


def _code(code: Code | None) -> str | None:
    return code.code[:_LONGEST] if code else None


async def _actor(call: Call) -> Actor:
    actor = await require_actor(call.cloud, call.tenant, call.request.headers, call.trail)
    if actor is None:  # whatever the account may leave out, P1 wants to know
        raise UserUnknown(rule="no token")
    return actor


async def _ready(call: Call, asked: Asked, actor: Actor) -> Ready:
    # What P1 is told of the purpose, the record tells as well.
    call.trail.who = replace(call.trail.who, purpose=f"{asked.purpose}^^{PURPOSE_SCHEME}")
    registration, provider = await AccountMeans(call).read(partial(_held, call.tenant))
    return check(asked, registration, provider, actor, call.cloud.now())


def _held(tenant: Tenant, connection: Connection) -> tuple[Registration | None, Mapping[str, Any] | None]:
    try:
        provider = structures.held(connection, tenant.id)["provider"]
    except StructureNone:
        provider = None
    return keeping.present(connection, tenant.id), provider


async def _alarm(call: Call, asked: Asked, *things: Thing) -> None:
    """Write the alarm of an emergency before anything is asked: rather one too many than none."""
    if asked.emergency:
        await call.trail.beside(BREAK_GLASS, [Thing("reason", BREAK_GLASS, asked.reason), *things])


async def _provider(call: Call, ready: Ready) -> Provider:
    cloud = call.cloud
    credentials = await cloud.heavily(partial(cloud.opened.of, call.tenant.id, ready.registration))
    return Provider(call.tenant.id, ready.registration.wss_fingerprint, credentials)


def _object(body: bytearray) -> dict[str, Any]:
    try:
        sent = orjson.loads(body)
    except orjson.JSONDecodeError:
        sent = None
    if not isinstance(sent, dict):
        raise RequestMalformed(reason="a JSON object")
    return sent


def _asked(sent: Mapping[str, Any]) -> Asked:
    patient, purpose, reason = sent.get("patient"), sent.get("purpose", "TREAT"), sent.get("reason")
    if not isinstance(patient, dict):
        raise RequestMalformed(reason="patient")
    root, extension = patient.get("root"), patient.get("extension")
    if not (isinstance(root, str) and is_oid(root) and _is_text(extension)):
        raise RequestMalformed(reason="patient")
    if not isinstance(purpose, str) or purpose not in _PURPOSES:
        raise RequestMalformed(reason="purpose")
    if reason is not None and not isinstance(reason, str):
        raise RequestMalformed(reason="reason")
    return Asked(CX(str(extension), root), purpose, (reason or "").strip())


def _kinds(sent: Mapping[str, Any]) -> tuple[str, ...]:
    kinds = sent.get("kinds") or []
    if not (isinstance(kinds, list) and len(kinds) <= _MOST_KINDS and all(map(_is_kind, kinds))):
        raise RequestMalformed(reason="kinds")
    return tuple(dict.fromkeys(kinds))


def _is_kind(code: object) -> bool:
    return (
        isinstance(code, str) and 0 < len(code) <= 16 and code.isascii() and code.replace(".", "").isdigit()
    )


def _window(sent: Mapping[str, Any]) -> Window:
    """Return the window of two Polish days, both within it."""
    since, until = _day(sent, "from"), _day(sent, "to")
    window = Window(_begin(since) if since else None, _begin(until + timedelta(days=1)) if until else None)
    if window.since and window.until and window.since >= window.until:
        raise RequestMalformed(reason="from, to")
    return window


def _day(sent: Mapping[str, Any], name: str) -> date | None:
    text = sent.get(name)
    if text is None:
        return None
    try:
        day = date.fromisoformat(text)
    except (TypeError, ValueError):
        day = date.min
    if day.year not in _YEARS:
        raise RequestMalformed(reason=name)
    return day


def _begin(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=_POLAND).astimezone(ZoneInfo("UTC"))


def _located(sent: Mapping[str, Any]) -> Located:
    repository, unique_id = sent.get("repositoryUniqueId"), sent.get("uniqueId")
    sha1, size = sent.get("hash"), sent.get("size")
    if not (isinstance(repository, str) and is_oid(repository)):
        raise RequestMalformed(reason="repositoryUniqueId")
    if not _is_text(unique_id):
        raise RequestMalformed(reason="uniqueId")
    if not isinstance(sha1, str) or not _is_sha1(sha1):
        raise RequestMalformed(reason="hash")
    if size is not None and not (type(size) is int and 0 < size < 2**40):
        raise RequestMalformed(reason="size")
    return Located(repository, str(unique_id), sha1.lower(), size)


def _is_sha1(text: str) -> bool:
    return len(text) == _SHA1 and _HEX.issuperset(text.lower())


def _is_text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST and value.isprintable()
