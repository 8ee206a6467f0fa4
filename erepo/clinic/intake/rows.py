"""Rows of new documents: many in few statements."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import sqlalchemy as sa

from erepo.cda.kinds import Kind
from erepo.clinic import audit, chain
from erepo.clinic.chain.noting import OWN
from erepo.clinic.intake.describing import Described, row_of
from erepo.clinic.intake.files import Loaded
from erepo.clinic.intake.patients import patient_keys
from erepo.clinic.kinds import KindRule
from erepo.clinic.retention import reckon_new
from erepo.clinic.states import FIRST
from erepo.clinic.tables import document, now


class Known(NamedTuple):
    """A document that is here already."""

    public_id: str
    state: str


@dataclass(frozen=True, slots=True)
class Fresh:
    """A file described and ready to become a row."""

    loaded: Loaded
    described: Described
    known: Known = field(default_factory=lambda: Known(uuid.uuid4().hex, FIRST.value))

    @property
    def sha256(self) -> str:
        """Hex digest of its bytes."""
        return self.loaded.digests.sha256


def find_known(connection: sa.Connection, digests: Sequence[str]) -> dict[str, Known]:
    """Return the documents that are here already, by SHA-256."""
    columns = (document.c.sha256, document.c.public_id, document.c.state)
    rows = connection.execute(sa.select(*columns).where(document.c.sha256.in_(digests)))
    return {sha256: Known(public_id, state) for sha256, public_id, state in rows}


def insert_documents(
    connection: sa.Connection,
    fresh: Sequence[Fresh],
    rules: Mapping[Kind, KindRule],
    *,
    actor: str = "erepo",
    origin: str = "own",
) -> None:
    """Add documents with their patients and their first audit event.

    Args:
        connection: the transaction; the caller commits.
        fresh: documents whose bytes no row has yet and whose content is durable.
        rules: of all kinds.
        actor: who brought them, for the audit.
        origin: `own`, or `foreign` for documents of other providers.
    """
    if not fresh:
        return
    _settle_ids(connection, fresh)
    patients = [one.described.patient for one in fresh]
    keys = patient_keys(connection, patients, ours=origin == OWN)
    moment = now()
    rows = [
        row_of(one.described, one.loaded, rules[one.described.kind], moment)
        | {
            "public_id": one.known.public_id,
            "state": FIRST.value,
            "origin": origin,
            "patient_key": keys[one.described.patient.key],
            "content_path": f"{one.sha256[:2]}/{one.sha256}",
        }
        for one in fresh
    ]
    connection.execute(document.insert(), rows)
    ids = ids_of(connection, [one.sha256 for one in fresh])
    audit.record(connection, "taken_in", ids, to_state=FIRST.value, actor=actor)
    chain.note(connection, {one.sha256: one.described.header for one in fresh}, ids)
    reckon_new(connection, ids)


def ids_of(connection: sa.Connection, digests: Sequence[str]) -> list[int]:
    """Return the internal ids of documents by SHA-256, in order of id."""
    statement = sa.select(document.c.id).where(document.c.sha256.in_(digests)).order_by(document.c.id)
    return list(connection.execute(statement).scalars())


def _settle_ids(connection: sa.Connection, fresh: Sequence[Fresh]) -> None:
    """Give documents whose id other bytes carry already an id of their own (official examples collide)."""
    wanted = [one.described.unique_id for one in fresh]
    statement = sa.select(document.c.unique_id).where(document.c.unique_id.in_(wanted))
    used = set(connection.execute(statement).scalars())
    for one in fresh:
        if one.described.unique_id in used:
            one.described.take_own_id(one.sha256, "id.used-by-another")
        used.add(one.described.unique_id)
