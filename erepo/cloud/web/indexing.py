"""REST: a document's index in P1 (manual 1.3)."""

import re
from functools import partial
from typing import Any, Final

import orjson
from sqlalchemy import Connection, select

from erepo.acting import Actor, UserUnknown
from erepo.cloud.audit.events import Thing
from erepo.cloud.audit.evidence import now
from erepo.cloud.errors import RequestMalformed
from erepo.cloud.national import keeping
from erepo.cloud.national.indexing import ledger
from erepo.cloud.national.indexing.errors import DocumentUnknown
from erepo.cloud.national.indexing.ledger import Key, Row
from erepo.cloud.national.indexing.port import Provider
from erepo.cloud.national.indexing.preflight import Held, Ready, Wanted, check
from erepo.cloud.national.indexing.working import Indexing
from erepo.cloud.registry import queries
from erepo.cloud.storage.tables import document
from erepo.cloud.structure import keeping as structures
from erepo.cloud.structure.errors import StructureNone
from erepo.cloud.tenancy.tenants import Tenant
from erepo.cloud.web.acting import bearer, require_actor
from erepo.cloud.web.answers import Answer, json_answer
from erepo.cloud.web.calls import Call
from erepo.cloud.web.national import AccountMeans
from erepo.identifiers.oids import is_oid
from erepo.xds.ebrim import OBJECT_LIST, Rules, read_objects
from erepo.xds.iti18 import get_documents, write_response
from erepo.xds.model import DocumentEntry
from erepo.xds.vocabulary import APPROVED

_PATH: Final = re.compile(r"/services/[0-9]{16}/documents/(.+)/index", re.DOTALL)
_LONGEST: Final = 256
_LONGEST_EXTENSION: Final = 128
_YEARS: Final = range(1900, 3000)
_PURPOSE: Final = re.compile(r"[A-Z]{1,20}")


async def answer_state(call: Call) -> Answer:
    """Answer `GET …/index`.

    Raises:
        DocumentUnknown: the account has no such document, and never had it indexed.
    """
    key = _key(call)
    await bearer(call.cloud, call.tenant, call.request.headers, call.trail)
    row = await _row(call, key)
    return json_answer(200, shown(key.unique_id, row))


async def answer_index(call: Call) -> Answer:
    """Answer `POST …/index`; what is in the index already is answered alike.

    Raises:
        RequestMalformed: the body is another.
        IndexProblem: see `erepo.cloud.national.indexing.errors`.
    """
    key, actor = _key(call), await _actor(call)
    async with call.body() as body:
        wanted = _wanted(key.unique_id, body)
    row = await _row(call, key)
    if row is not None and row.state == ledger.INDEXED:
        return json_answer(200, {**shown(key.unique_id, row), "recovered": True})
    held = await AccountMeans(call).read(partial(_held, call.tenant, wanted))
    if held.entry is None:
        raise DocumentUnknown
    ready = check(wanted, held, actor, call.cloud.now())
    work = await _work(call, key, ready)
    row = await work.register(ready, held)
    return json_answer(200, {**shown(key.unique_id, row), "recovered": work.recovered})


async def answer_withdraw(call: Call) -> Answer:
    """Answer `DELETE …/index`; what is in no index stays as it is.

    P1 is asked, whether or not we know of an index: our row may be lost with a backup.

    Raises:
        DocumentUnknown: neither the account nor P1 has it, and nobody ever had it indexed.
        IndexProblem: see `erepo.cloud.national.indexing.errors`.
    """
    key, actor = _key(call), await _actor(call)
    means = AccountMeans(call)
    row = await means.read(partial(ledger.present, key=key))
    if row is None or row.state != ledger.WITHDRAWN:
        wanted = Wanted(key.unique_id)
        # What was removed from the repository while it was indexed leaves the index all the same.
        held = await means.read(partial(_held, call.tenant, wanted))
        ready = check(wanted, held, actor, call.cloud.now(), withdrawing=True)
        row = await (await _work(call, key, ready)).withdraw(ready)
        if row is None and held.entry is None:
            raise DocumentUnknown
    return json_answer(200, shown(key.unique_id, row))


def shown(unique_id: str, row: Row | None) -> dict[str, Any]:
    """Return what is told of a document's index, None where there is none."""
    return {
        "uniqueId": unique_id,
        "entryUuid": row.entry_uuid if row else None,
        "state": row.shown(now()) if row else "none",
        "indexedAt": _moment(row.indexed_at) if row else None,
        "withdrawnAt": _moment(row.withdrawn_at) if row else None,
        "repositoryUniqueId": row.repository_id if row else None,
        "replacedBy": row.replaced_by if row else None,
    }


def _moment(at: Any) -> str | None:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}" if at else None


def _key(call: Call) -> Key:
    found = _PATH.fullmatch(call.request.path)
    unique_id = found[1] if found else ""
    call.trail.things = (Thing("document", unique_id, call.tenant.repository_unique_id).bounded(),)
    if not _is_text(unique_id, _LONGEST):
        raise DocumentUnknown
    return Key(call.tenant.id, unique_id)


async def _actor(call: Call) -> Actor:
    actor = await require_actor(call.cloud, call.tenant, call.request.headers, call.trail)
    if actor is None:  # whatever the account may leave out, P1 wants to know
        raise UserUnknown(rule="no token")
    return actor


async def _row(call: Call, key: Key) -> Row | None:
    """Return the row; None for a document of the account without one.

    Raises:
        DocumentUnknown: there is neither.
    """
    means = AccountMeans(call)
    row = await means.read(partial(ledger.present, key=key))
    if row is None and await means.read(partial(_entry, call.tenant, key.unique_id)) is None:
        raise DocumentUnknown
    return row


async def _work(call: Call, key: Key, ready: Ready) -> Indexing:
    cloud = call.cloud
    credentials = await cloud.heavily(partial(cloud.opened.of, call.tenant.id, ready.registration))
    provider = Provider(call.tenant.id, ready.registration.wss_fingerprint, credentials)
    repository = call.tenant.repository_unique_id
    return Indexing(key, repository, provider, cloud.index, AccountMeans(call), now)


def _held(tenant: Tenant, wanted: Wanted, connection: Connection) -> Held:
    entry = _entry(tenant, wanted.unique_id, connection)
    mine = (document.c.tenant_id == tenant.id, document.c.unique_id == wanted.unique_id)
    octets = connection.execute(select(document.c.sha1, document.c.size).where(*mine)).one_or_none()
    try:
        provider = structures.held(connection, tenant.id)["provider"]
    except StructureNone:
        provider = None
    return Held(
        entry=entry,
        sha1=octets.sha1 if octets else None,
        size=octets.size if octets else None,
        target=_entry(tenant, wanted.replaces, connection) if wanted.replaces else None,
        registration=keeping.present(connection, tenant.id),
        provider=provider,
    )


def _entry(tenant: Tenant, unique_id: str, connection: Connection) -> DocumentEntry | None:
    """Return a document as it is registered: its valid version, else its latest."""
    found = queries.answer(connection, tenant, get_documents([unique_id]))
    listed = next(write_response(elements=found.elements).iter(OBJECT_LIST))
    entries = read_objects(listed, Rules.ANSWER).documents
    return max(entries, key=lambda one: (one.status == APPROVED, one.version or 1), default=None)


def _wanted(unique_id: str, body: bytearray) -> Wanted:
    try:
        sent = orjson.loads(body)
        event, replaces, year = sent.get("medicalEvent"), sent.get("replaces"), sent["storageYear"]
        purpose = sent.get("purpose", "TREAT")
        named = (event["root"], event["extension"]) if event is not None else None
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        raise RequestMalformed(reason="replaces, medicalEvent, storageYear, purpose") from None
    if named is not None and not _is_event(*named):
        raise RequestMalformed(reason="medicalEvent")
    if replaces is not None and not _is_text(replaces, _LONGEST):
        raise RequestMalformed(reason="replaces")
    if replaces == unique_id:
        raise RequestMalformed(reason="replaces")
    if type(year) is not int or year not in _YEARS:
        raise RequestMalformed(reason="storageYear")
    if not isinstance(purpose, str) or not _PURPOSE.fullmatch(purpose):
        raise RequestMalformed(reason="purpose")
    return Wanted(unique_id, replaces or "", named, year, purpose)


def _is_event(root: object, extension: object) -> bool:
    return isinstance(root, str) and is_oid(root) and _is_text(extension, _LONGEST_EXTENSION)


def _is_text(value: object, longest: int) -> bool:
    """Tell whether it is what an id may be: neither XML nor every database holds a control character."""
    return isinstance(value, str) and 0 < len(value) <= longest and value.isprintable()
