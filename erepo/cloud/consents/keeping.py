"""The rows of an account's consents: added once, revoked once, never removed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, exists, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from erepo.acting import Detached
from erepo.cloud.consents.content import Given
from erepo.cloud.consents.decision import Consent, Kind, Reader, state_of
from erepo.cloud.consents.errors import ConsentConflict, ConsentDocumentsUnfit, ConsentUnknown
from erepo.cloud.registry.kinds import Kind as Object
from erepo.cloud.registry.kinds import Status
from erepo.cloud.storage.tables import document, registry_object
from erepo.cloud.storage.tables_consents import consent, consent_access, consent_document
from erepo.identifiers import oids

#: Most uniqueIds that a refusal names.
_NAMED: Final = 100
_PORTION: Final = 500


@dataclass(frozen=True, slots=True)
class Access:
    """A granted access that is about to be recorded."""

    consents: Sequence[int]
    """Numbers of the consents that granted it; empty in an emergency, and where SOZ did."""
    reader: Reader
    unique_ids: Sequence[str | None]
    """Documents that were given out; one None: a query."""
    actor: str = field(default="", repr=False)
    """The acting person of an account or provider, as `OID:number`; kept only where the number is public."""
    emergency: bool = False
    patient: str | None = field(default=None, repr=False)
    """CX, where no consent names the patient: the document may be removed."""


def keep(connection: Connection, tenant_id: int, given: Given, proof: Detached, at: datetime) -> bool:
    """Keep a consent with what proves it; the same again changes nothing. Return whether it is new.

    Args:
        connection: a transaction under the account's lock.
        tenant_id: whose documents they are.
        given: what was read and checked.
        proof: the signature over its body.
        at: UTC, naive.

    Raises:
        ConsentConflict: another body came under this id.
        ConsentDocumentsUnfit: not every document may be shared; nothing was kept.
    """
    found = _row(connection, tenant_id, given.id)
    if found is not None:
        if bytes(found.body) != given.body:
            raise ConsentConflict
        return False
    unfit = _unfit(connection, tenant_id, given)
    if unfit:
        raise ConsentDocumentsUnfit(count=len(unfit), documents=unfit[:_NAMED])
    row = {
        "tenant_id": tenant_id,
        "id": given.id,
        "patient_id": given.patient,
        "recipient_kind": given.recipient.kind.value,
        "recipient": given.recipient.key,
        "valid_from": given.valid_from,
        "valid_until": given.valid_until,
        "body": given.body,
        "signature": proof.text,
        "signer": proof.signer,
        "created_at": at,
    }
    try:
        with connection.begin_nested():
            number = connection.scalars(insert(consent).returning(consent.c.number), row).one()
    except IntegrityError:  # a process that is not under the lock: it can only be the same id
        raise ConsentConflict from None
    of_consent = {"consent_number": number, "tenant_id": tenant_id, "patient_id": given.patient}
    rows = [{**of_consent, "unique_id": each} for each in given.documents]
    connection.execute(insert(consent_document), rows)
    return True


def revoke(
    connection: Connection, tenant_id: int, consent_id: str, body: bytes, proof: Detached, at: datetime
) -> None:
    """End a consent now; one that was revoked before stays as it is.

    Raises:
        ConsentUnknown: there is none of this id.
    """
    found = _row(connection, tenant_id, consent_id)
    if found is None:
        raise ConsentUnknown
    mine = (
        consent.c.tenant_id == tenant_id,
        consent.c.number == found.number,
        consent.c.revoked_at.is_(None),
    )
    values = {
        "revoked_at": at,
        "revocation": body,
        "revocation_signature": proof.text,
        "revocation_signer": proof.signer,
    }
    connection.execute(update(consent).where(*mine).values(values))


def shown(connection: Connection, tenant_id: int, consent_id: str, at: datetime) -> dict[str, Any]:
    """Return what an account is told of one of its consents; neither patient nor recipient.

    Raises:
        ConsentUnknown: there is none of this id.
    """
    found = _row(connection, tenant_id, consent_id)
    if found is None:
        raise ConsentUnknown
    wanted = select(consent_document.c.unique_id).where(
        consent_document.c.tenant_id == tenant_id, consent_document.c.consent_number == found.number
    )
    documents = sorted(connection.scalars(wanted))
    access = consent_access.c
    counted = select(func.count(), func.max(access.at)).where(
        access.tenant_id == tenant_id, access.consent_number == found.number
    )
    count, last = connection.execute(counted).one()
    return {**_facts(found, at), "documents": documents, "accesses": {"count": count, "last": _iso(last)}}


def listed(
    connection: Connection, tenant_id: int, after: int, limit: int, at: datetime
) -> tuple[list[dict[str, Any]], int, bool]:
    """Return consents behind a number in the order they came, the number to go on from, and whether to."""
    query = select(consent).where(consent.c.tenant_id == tenant_id, consent.c.number > after)
    rows = connection.execute(query.order_by(consent.c.number).limit(limit + 1)).all()
    page = rows[:limit]
    last = page[-1].number if page else after
    return [_facts(row, at) for row in page], last, len(rows) > limit


def note(connection: Connection, tenant_id: int, access: Access, at: datetime) -> None:
    """Record a granted access, once for each consent that granted it and each document."""
    row = {
        "tenant_id": tenant_id,
        "at": at,
        "reader_kind": access.reader.kind.value,
        "reader": access.reader.key,
        "actor": _public(access.actor),
        "emergency": access.emergency,
        "patient_id": access.patient,
    }
    rows = [
        {**row, "consent_number": number, "unique_id": unique_id}
        for number in access.consents or (None,)
        for unique_id in access.unique_ids
    ]
    if rows:
        connection.execute(insert(consent_access), rows)


def read_row(row: Row[Any], documents: frozenset[str] = frozenset()) -> Consent:
    """Return a row of `consent` as the decision needs it."""
    return Consent(
        row.number,
        row.id,
        row.tenant_id,
        row.patient_id,
        Reader(Kind(row.recipient_kind), row.recipient),
        row.valid_from,
        row.valid_until,
        row.revoked_at is not None,
        documents,
    )


def _row(connection: Connection, tenant_id: int, consent_id: str) -> Row[Any] | None:
    query = select(consent).where(consent.c.tenant_id == tenant_id, consent.c.id == consent_id)
    return connection.execute(query).one_or_none()


def _unfit(connection: Connection, tenant_id: int, given: Given) -> list[str]:
    """Return which documents are not stored, registered, Approved and of the patient, all four."""
    entry = registry_object.c
    stored = exists().where(document.c.tenant_id == tenant_id, document.c.unique_id == entry.unique_id)
    fit: set[str | None] = set()
    for portion in _portions(given.documents):
        query = select(entry.unique_id).where(
            entry.tenant_id == tenant_id,
            entry.unique_id.in_(portion),
            entry.kind == int(Object.DOCUMENT_ENTRY),
            entry.status == int(Status.APPROVED),
            entry.patient_id == given.patient,
            stored,
        )
        fit.update(connection.scalars(query))
    return [each for each in given.documents if each not in fit]


def _portions(items: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(items), _PORTION):
        yield items[start : start + _PORTION]


def _public(actor: str) -> str | None:
    """Return who acts if a patient may be told so: a number of the right to practise, no PESEL."""
    return actor[:128] if actor.partition(":")[0] in oids.PUBLIC_REGISTERS else None


def _facts(row: Row[Any], at: datetime) -> dict[str, Any]:
    return {
        "id": row.id,
        "state": state_of(read_row(row), at).value,
        "recipientKind": row.recipient_kind,
        "validFrom": _iso(row.valid_from),
        "validUntil": _iso(row.valid_until),
        "createdAt": _iso(row.created_at),
        "revokedAt": _iso(row.revoked_at),
    }


def _iso(moment: datetime | None) -> str | None:
    return f"{moment.isoformat()}Z" if moment is not None else None
