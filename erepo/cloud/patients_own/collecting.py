"""The clinic's side: what waits, the octets of one, and what the clinic did with it."""

import hashlib
import logging
from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlalchemy import Connection

from erepo.cloud.patients_own import keeping
from erepo.cloud.patients_own.errors import OwnDocumentDamaged, OwnDocumentSettled, SettlementInvalid
from erepo.cloud.patients_own.giving import moment
from erepo.cloud.patients_own.keeping import Row, Settlement
from erepo.cloud.patients_own.sealing import open_facts, open_octets
from erepo.cloud.patients_own.states import Reason, State
from erepo.cloud.service import Cloud
from erepo.cloud.vault.errors import SecretDamaged

log = logging.getLogger("erepo.cloud")

_FIELDS: Final = frozenset({"outcome", "sha256", "reason"})
_ENDS: Final = {State.TAKEN.value, State.REFUSED.value}


@dataclass(frozen=True, slots=True)
class Page:
    """Documents that wait, as the clinic is told of them; `last` is to be given as `after` to read on."""

    documents: list[dict[str, Any]]
    last: int
    more: bool


def page(cloud: Cloud, tenant_id: int, after: int, limit: int) -> Page:
    """Return what waits behind `after`; one whose row was damaged is left out, and told to the operator.

    Raises:
        MasterKeyUnknown, MasterKeyMalformed: the operator has to act.
    """
    with cloud.database.read(tenant_id) as connection:
        rows = keeping.waiting(connection, tenant_id, after, limit + 1)
    told = []
    for row in rows[:limit]:
        try:
            told.append(_told(cloud, row))
        except SecretDamaged:
            log.error("a document of a patient does not open: row %d of own_document", row.id)  # noqa: TRY400
    last = rows[:limit][-1].id if rows else after
    return Page(told, last, len(rows) > limit)


def _told(cloud: Cloud, row: Row) -> dict[str, Any]:
    facts = open_facts(cloud.vault, row.tenant_id, row.public_id, row.envelope)
    return {
        "id": row.public_id,
        "size": row.size,
        "sha256": row.sha256,
        "contentType": row.mime_type,
        "patient": {"root": facts.root, "extension": facts.extension},
        "title": facts.title,
        "givenAt": moment(row.given_at),
    }


def waiting(cloud: Cloud, tenant_id: int, public_id: str) -> Row:
    """Return a document that waits.

    Raises:
        OwnDocumentUnknown: there is none of this id.
        OwnDocumentSettled: it waits no more.
    """
    with cloud.database.read(tenant_id) as connection:
        row = keeping.find(connection, tenant_id, public_id)
    if not row.state.waits:
        raise OwnDocumentSettled(state=row.state.value, wanted=State.OFFERED.value)
    return row


def octets_of(cloud: Cloud, tenant_id: int, public_id: str) -> tuple[Row, bytes]:
    """Return a document's octets as the patient gave them.

    Raises:
        OwnDocumentUnknown: there is none of this id.
        OwnDocumentSettled: it waits no more.
        OwnDocumentDamaged: the octets are not those that were given.
        StorageUnavailable: the store does not answer.
    """
    row = waiting(cloud, tenant_id, public_id)
    try:
        facts = open_facts(cloud.vault, tenant_id, public_id, row.envelope)
        with cloud.blobs.open(row.blob_key) as blob:
            octets = open_octets(blob.read(), tenant_id, facts, row.salt)
    except (KeyError, SecretDamaged):
        octets = b""
    if hashlib.sha256(octets).hexdigest() != row.sha256:
        log.error("a document of a patient does not open: row %d of own_document", row.id)
        raise OwnDocumentDamaged
    return row, octets


def settlement(body: bytes | bytearray) -> Settlement:
    """Read what a clinic says it did with a document.

    Raises:
        SettlementInvalid: `field` names what is wrong.
    """
    try:
        sent = orjson.loads(body)
    except orjson.JSONDecodeError:
        sent = None
    if not isinstance(sent, dict) or not sent.keys() <= _FIELDS:
        raise SettlementInvalid(field="-")
    outcome, sha256, reason = (sent.get(name) for name in ("outcome", "sha256", "reason"))
    if not isinstance(outcome, str) or outcome not in _ENDS:
        raise SettlementInvalid(field="outcome")
    if not isinstance(sha256, str):
        raise SettlementInvalid(field="sha256")
    if reason not in (list(Reason) if outcome == State.REFUSED.value else [None]):
        raise SettlementInvalid(field="reason")
    return Settlement(State(outcome), sha256, Reason(reason) if reason else None)


def settled(connection: Connection, tenant_id: int, public_id: str) -> dict[str, Any]:
    """Return what is told of a document that a clinic asks for by its id.

    Raises:
        OwnDocumentUnknown: there is none of this id.
    """
    row = keeping.find(connection, tenant_id, public_id)
    return {"id": row.public_id, "state": row.state.value, "settledAt": moment(row.settled_at)}
