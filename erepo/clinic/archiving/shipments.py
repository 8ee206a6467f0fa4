"""Submissions with their documents as they lie in the database, ready to be described and sent."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from erepo.cda.model import Patient
from erepo.clinic.states import DEPOSITED, State
from erepo.clinic.tables import document, patient, submission
from erepo.clinic.tables_chain import chain_link
from erepo.identifiers.hl7 import CX


@dataclass(frozen=True, slots=True)
class Item:
    """One document of a submission: what is needed to describe, send and compare it.

    Attributes:
        id: internal id.
        public_id: the only id that leaves the clinic's database.
        unique_id: XDS uniqueId.
        entry_uuid: XDS entry id.
        sha1: hex, of the octets as taken in.
        sha256: hex, of the octets as taken in.
        size: octets.
        mime_type: of the octets.
        kind: document kind.
        state: when it was read.
        patient: identifier of the patient.
        person: what else is known of the patient.
        header: header of a CDA as plain data; None for other files.
        title: of the document.
        reference_ids: further ids, as XDS writes them.
        created: when it was made, or came in.
        destroy_after_year: last year in which it must be kept; None when not known.
        replaces: entry id of the registered document whose place it takes; empty when it takes none.
    """

    id: int
    public_id: str
    unique_id: str
    entry_uuid: str
    sha1: str
    sha256: str
    size: int
    mime_type: str
    kind: str
    state: State
    patient: CX
    person: Patient
    header: dict[str, Any] | None
    title: str
    reference_ids: tuple[str, ...]
    created: datetime
    destroy_after_year: int | None
    replaces: str = ""


@dataclass(frozen=True, slots=True)
class Shipment:
    """One submission: documents of one patient that stand or fall together."""

    id: int
    unique_id: str
    attempts: int
    items: tuple[Item, ...]

    @property
    def size(self) -> int:
        """Octets of the documents."""
        return sum(item.size for item in self.items)

    @property
    def document_ids(self) -> list[int]:
        """Internal ids of the documents."""
        return [item.id for item in self.items]


_OLDER = document.alias("older")
_COLUMNS = (
    submission.c.id.label("submission_id"),
    submission.c.unique_id.label("submission_unique_id"),
    submission.c.attempts,
    document.c.id,
    document.c.public_id,
    document.c.unique_id,
    document.c.entry_uuid,
    document.c.sha1,
    document.c.sha256,
    document.c.size,
    document.c.mime_type,
    document.c.kind,
    document.c.state,
    patient.c.identifier,
    patient.c.authority,
    patient.c.given,
    patient.c.family,
    patient.c.birth_date,
    patient.c.sex,
    patient.c.city,
    document.c.header,
    document.c.title,
    document.c.reference_ids,
    document.c.effective_at,
    document.c.taken_in_at,
    document.c.destroy_after_year,
    sa.case(
        (chain_link.c.state != "open", None),
        (_OLDER.c.state.in_(DEPOSITED), _OLDER.c.entry_uuid),
        else_=chain_link.c.predecessor_entry,
    ).label("replaces"),
)


def load(connection: sa.Connection, batch_id: str, state: State) -> list[Shipment]:
    """Return the submissions of a batch whose documents are in one state, oldest first."""
    rows = connection.execute(
        sa.select(*_COLUMNS)
        .join(document, document.c.submission_id == submission.c.id)
        .join(patient, patient.c.id == document.c.patient_key)
        .outerjoin(chain_link, chain_link.c.document_id == document.c.id)
        .outerjoin(_OLDER, _OLDER.c.id == chain_link.c.predecessor_id)
        .where(submission.c.batch_id == batch_id, document.c.state == state.value)
        .order_by(submission.c.id, document.c.id)
    )
    return list(_shipments(rows))


def _shipments(rows: Iterable[Any]) -> Iterable[Shipment]:
    for _, together in groupby(rows, key=lambda row: row.submission_id):
        listed = list(together)
        first = listed[0]
        items = tuple(_item(row) for row in listed)
        yield Shipment(first.submission_id, first.submission_unique_id, first.attempts, items)


def _item(row: Any) -> Item:
    return Item(
        id=row.id,
        public_id=row.public_id,
        unique_id=row.unique_id,
        entry_uuid=row.entry_uuid,
        sha1=row.sha1,
        sha256=row.sha256,
        size=row.size,
        mime_type=row.mime_type,
        kind=row.kind,
        state=State(row.state),
        patient=CX(row.identifier, row.authority),
        person=Patient((), row.given, row.family, row.birth_date, row.sex, city=row.city),
        header=row.header,
        title=row.title,
        reference_ids=tuple(row.reference_ids or ()),
        created=row.effective_at or row.taken_in_at,
        destroy_after_year=row.destroy_after_year,
        replaces=row.replaces or "",
    )
