"""What is left of a destroyed document: an opaque id, its kind, its year, and its history. Nothing else.

The act wants documentation destroyed "w sposób uniemożliwiający identyfikację pacjenta, którego dotyczyła".
So not only the content goes: also the ids by which the document could be recognised (uniqueId, setId,
hashes), its description, and with a patient's last document the patient. A row has to stay for the history,
which names it; it belongs to nobody then.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

import sqlalchemy as sa

from erepo.clinic.database import Database
from erepo.clinic.indexing import ledger
from erepo.clinic.tables import document, patient, submission
from erepo.clinic.tables_abroad import abroad_document, abroad_search, document_origin
from erepo.clinic.tables_api import api_request, webhook_delivery
from erepo.clinic.tables_chain import chain_link
from erepo.clinic.tables_earchive import repair
from erepo.clinic.tables_inviting import OPEN_INVITATIONS, patient_invitation
from erepo.clinic.tables_migrating import deletion, migration_item
from erepo.clinic.tables_patients_own import own_document
from erepo.clinic.tables_purging import content_removal
from erepo.clinic.tables_retention import document_class
from erepo.clinic.tables_sharing import consent, consent_document

#: The patient of rows that belong to nobody any more.
NOBODY: Final = ("-", "erepo:destroyed")

_COLUMNS: Final = tuple(
    document.c[name] for name in ("id", "public_id", "unique_id", "sha1", "patient_key", "taken_in_at")
)
#: Ledgers of which a destroyed document needs no line: what was done with it stands in the history.
_LINES: Final = (
    document_class.c.document_id,
    content_removal.c.document_id,
    migration_item.c.document_id,
    deletion.c.document_id,
    repair.c.document_id,
    document_origin.c.document_id,
)

_EMPTY: Final[Mapping[str, Any]] = MappingProxyType(
    dict.fromkeys(
        (
            "entry_uuid", "reference_ids", "header", "set_id", "version", "effective_at", "due_at",
            "content_path", "submission_id", "repository_unique_id", "archived_at", "verified_at",
            "read_back_at", "purged_at", "reason_code", "reason_text", "next_step", "warnings",
        )
    )
    | {"sha1": "", "size": 0, "mime_type": "", "title": "", "source_name": "", "origin": "destroyed"}
)  # fmt: skip


def erase(connection: sa.Connection, document_ids: Sequence[int]) -> None:
    """Erase everything by which documents, and patients left without any, could be recognised.

    May be repeated. The content must be gone already; the caller commits.
    """
    nobody = _nobody(connection)
    rows = connection.execute(sa.select(*_COLUMNS).where(document.c.id.in_(document_ids))).all()
    _erase_links(connection, document_ids, [row.unique_id for row in rows])
    _erase_lines(connection, document_ids)
    # An index that P1 still has is owed until it is withdrawn; by what id, is kept until then.
    ledger.forget(connection, sa.select(document.c.id).where(document.c.id.in_(document_ids)))
    _erase_requests(connection, [row.public_id for row in rows])
    _erase_consents(connection, document_ids, nobody)
    _erase_searches(connection, [row.sha1 for row in rows], {row.patient_key for row in rows} - {nobody})
    for row in rows:
        mark = f"destroyed:{row.public_id}"
        values = {**_EMPTY, "unique_id": mark, "sha256": mark, "patient_key": nobody}
        # The year says enough, and finds nobody in another system's log.
        values["taken_in_at"] = datetime(row.taken_in_at.year, 1, 1, tzinfo=UTC)
        connection.execute(document.update().where(document.c.id == row.id).values(**values))
    _erase_patients(connection, {row.patient_key for row in rows} - {nobody}, nobody)


def scrub(database: Database) -> None:
    """Let the database file forget what was erased in it; on a server, that is the administrator's work."""
    if database.engine.dialect.name != "sqlite":
        return
    # Not inside a transaction, which every other connection begins with.
    connection = database.engine.raw_connection()
    try:
        connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()


def overwrite(connection: sa.Connection) -> None:
    """Let what this connection erases be overwritten in the file, not only unlinked (SQLite)."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete=ON")


def _nobody(connection: sa.Connection) -> int:
    identifier, authority = NOBODY
    wanted = sa.and_(patient.c.identifier == identifier, patient.c.authority == authority)
    found = connection.execute(sa.select(patient.c.id).where(wanted)).scalar()
    if found is None:
        new = patient.insert().values(identifier=identifier, authority=authority).returning(patient.c.id)
        found = connection.execute(new).scalar_one()
    return int(found)


def _erase_links(connection: sa.Connection, ids: Sequence[int], unique_ids: Sequence[str]) -> None:
    """A successor that outlives what it replaced keeps that it replaced something, not what."""
    connection.execute(chain_link.delete().where(chain_link.c.document_id.in_(ids)))
    connection.execute(
        chain_link.update()
        .where(chain_link.c.predecessor_id.in_(ids) | chain_link.c.parent_unique_id.in_(unique_ids))
        .values(predecessor_id=None, predecessor_entry=None, parent_unique_id="destroyed")
    )


def _erase_lines(connection: sa.Connection, ids: Sequence[int]) -> None:
    for column in _LINES:
        connection.execute(sa.delete(column.table).where(column.in_(ids)))


def _erase_requests(connection: sa.Connection, public_ids: Sequence[str]) -> None:
    """A fingerprint is made from content and metadata: whoever has both could prove whose it was.

    The key stays taken until its days are over: a request that is repeated is refused, and brings nothing
    back. Of webhooks, what is still to be sent tells ids and states alone.
    """
    own = api_request.c.public_id.in_(public_ids)
    connection.execute(api_request.update().where(own).values(fingerprint="destroyed"))
    sent = sa.and_(webhook_delivery.c.public_id.in_(public_ids), webhook_delivery.c.state != "pending")
    connection.execute(webhook_delivery.delete().where(sent))
    # What the patient gave is not taken in again: the service's id stays.
    given = sa.and_(own_document.c.public_id.in_(public_ids), own_document.c.settled_at.is_not(None))
    connection.execute(own_document.update().where(given).values(sha256="destroyed"))


def _erase_consents(connection: sa.Connection, ids: Sequence[int], nobody: int) -> None:
    """What was sent names patient and documents; a consent without documents is nobody's. None of them holds.

    The service's own evidence is the service's.
    """
    mine = sa.select(consent_document.c.consent_number).where(consent_document.c.document_id.in_(ids))
    numbers = list(connection.execute(mine.distinct()).scalars())
    connection.execute(consent_document.delete().where(consent_document.c.document_id.in_(ids)))
    touched = consent.c.number.in_(numbers)
    connection.execute(consent.update().where(touched).values(body=None, revocation=None))
    left = sa.select(consent_document.c.document_id).where(
        consent_document.c.consent_number == consent.c.number
    )
    names = (
        "recipient_root",
        "recipient_extension",
        "recipient_account",
        "recipient_name",
        "reason",
        "problem",
    )
    connection.execute(
        consent.update()
        .where(touched, sa.not_(left.correlate(consent).exists()))
        .values(patient_key=nobody, matter="-", **dict.fromkeys(names))
    )


def _erase_searches(connection: sa.Connection, hashes: Sequence[str], keys: set[int]) -> None:
    """What P1 was asked stands for a day: not beyond the document, nor beyond another one of its patient."""
    asked = sa.and_(
        patient.c.identifier == abroad_search.c.identifier, patient.c.authority == abroad_search.c.authority
    )
    query = sa.select(abroad_search.c.id).join(patient, asked).where(patient.c.id.in_(keys))
    searches = connection.execute(query).scalars().all()
    found = abroad_document.c.search_id.in_(searches) | abroad_document.c.sha1.in_(hashes)
    connection.execute(abroad_document.delete().where(found))
    connection.execute(abroad_search.delete().where(abroad_search.c.id.in_(searches)))


def _erase_patients(connection: sa.Connection, keys: set[int], nobody: int) -> None:
    """Submissions without documents belong to nobody; a patient without either has never been here.

    An open invitation to the portal keeps its patient: it is a relation of its own, and somebody ends it.
    """
    carried = sa.select(document.c.id).where(document.c.submission_id == submission.c.id)
    empty = sa.and_(submission.c.patient_key.in_(keys), sa.not_(carried.correlate(submission).exists()))
    words = dict.fromkeys(("entry_uuid", "entry_ids", "message_id", "reason_text"))
    connection.execute(submission.update().where(empty).values(patient_key=nobody, **words))
    own = sa.select(document.c.id).where(document.c.patient_key == patient.c.id)
    sent = sa.select(submission.c.id).where(submission.c.patient_key == patient.c.id)
    invited = sa.select(patient_invitation.c.id).where(
        patient_invitation.c.patient_id == patient.c.id, patient_invitation.c.state.in_(OPEN_INVITATIONS)
    )
    left = sa.or_(*(one.correlate(patient).exists() for one in (own, sent, invited)))
    leaving = sa.select(patient.c.id).where(patient.c.id.in_(keys), sa.not_(left))
    ids = connection.execute(leaving).scalars().all()
    theirs = patient_invitation.update().where(patient_invitation.c.patient_id.in_(ids))
    connection.execute(theirs.values(patient_id=nobody, body=None))
    connection.execute(patient.delete().where(patient.c.id.in_(ids)))
