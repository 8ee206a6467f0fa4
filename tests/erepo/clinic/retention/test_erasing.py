"""After a destruction nothing identifies document or patient: in no table there is, and in none to come."""

import re
from typing import Any, Final

import sqlalchemy as sa

from erepo.clinic.archiving import summary
from erepo.clinic.retention import execute
from erepo.clinic.tables import document, metadata, now, patient
from erepo.clinic.tables_abroad import abroad_document, abroad_search, document_origin
from erepo.clinic.tables_api import api_request, webhook, webhook_delivery
from erepo.clinic.tables_chain import chain_link
from erepo.clinic.tables_earchive import repair
from erepo.clinic.tables_indexing import document_index
from erepo.clinic.tables_inviting import patient_invitation
from erepo.clinic.tables_migrating import deletion, migration, migration_batch, migration_item
from erepo.clinic.tables_patients_own import own_document
from erepo.clinic.tables_purging import content_removal
from erepo.clinic.tables_sharing import consent, consent_document
from tests.support.chains import version
from tests.support.keeping import Keeper

#: Names of columns that may hold what a document or a person is recognised by.
_TELLING: Final = re.compile(
    r"sha|hash|fingerprint|unique_id|entry|public_id|identifier|pesel|npwz|header|title|patient|^given$|family"
    r"|birth|street|city|postal|message_id|body|set_id|source_name|reference|detail|text"
)
#: Rows that are deleted, or columns that are emptied or made to tell nothing.
ERASED: Final = {
    "abroad_document.entry_uuid", "abroad_document.public_id", "abroad_document.repository_unique_id",
    "abroad_document.sha1", "abroad_document.unique_id", "abroad_search.identifier",
    "document_origin.document_id", "document_origin.repository_unique_id", "document_origin.unique_id",
    "api_request.fingerprint", "chain_link.document_id", "chain_link.parent_unique_id",
    "chain_link.predecessor_entry", "chain_link.predecessor_id", "consent.body", "consent.patient_key",
    "consent_document.document_id", "content_removal.document_id",
    "deletion.document_id", "document.entry_uuid", "document.header", "document.patient_key",
    "document.reason_text", "document.reference_ids", "document.repository_unique_id", "document.set_id",
    "document.sha1", "document.sha256", "document.source_name", "document.title", "document.unique_id",
    "document_class.document_id", "document_index.document_id", "document_index.entry_uuid",
    "document_index.unique_id", "migration_item.document_id", "patient.birth_date", "patient.city",
    "patient.family", "patient.given", "patient.identifier", "patient.postal_code", "patient.street",
    "own_document.sha256", "patient_invitation.patient_id",
    "repair.document_id", "submission.entry_ids", "submission.entry_uuid", "submission.message_id",
    "submission.patient_key", "submission.reason_text", "webhook_delivery.body",
    "webhook_delivery.public_id",
}  # fmt: skip
#: What stays, and why it tells nothing.
STAYS: Final = {
    "account.repository_unique_id": "the repository's",
    "api_request.public_id": "the opaque id, until the key is forgotten",
    "api_token.sha256": "of a token",
    "audit_event.detail": "codes and counts: the history has to stay",
    "audit_event.document_id": "the history names an opaque row, which belongs to nobody",
    "certificate_alarm.fingerprint": "of a certificate",
    "destruction.fingerprint": "of a list of opaque ids",
    "destruction_item.document_id": "the protocol",
    "destruction_item.public_id": "the protocol: the opaque id",
    "document.public_id": "the opaque id",
    "document_index.repository_unique_id": "the repository's",
    "earchive.repository_unique_id": "the archive's",
    "foreign_repository.repository_unique_id": "the repository's",
    "legal_hold.document_id": "who held an opaque row, and for which code",
    "licence.text": "of a licence",
    "onboarding.message_id": "of a mail to the office",
    "own_document.public_id": "the opaque id",
    "p1_registration.repository_unique_id": "the repository's",
    "patient_invitation.body": "emptied once the service has confirmed it",
    "rotation.message_id": "of a mail to the office",
    "staff.family": "of the staff",
    "staff.given": "of the staff",
    "staff.npwz": "of the staff",
    "staff.pesel": "of the staff",
    "structure_sent.sha256": "of the structure",
    "submission.unique_id": "an id of ours, without patient or content",
    "webhook_delivery.message_id": "random",
}
#: Columns of `document` that say enough for a protocol, and nothing else.
_OF_THE_ROW: Final = {
    "id", "public_id", "kind", "state", "origin", "mime_type", "size", "taken_in_at", "destroy_after_year",
    "legal_hold", "unique_id", "sha256", "sha1", "patient_key", "title", "source_name",
}  # fmt: skip


def _telling() -> set[str]:
    found = set()
    for table in metadata.tables.values():
        for column in table.columns:
            points = {key.column.table.name for key in column.foreign_keys} & {"document", "patient"}
            if points or _TELLING.search(column.name):
                found.add(f"{table.name}.{column.name}")
    return found


def test_every_column_that_may_tell_is_erased_or_explained() -> None:
    """A new table about documents or patients must be thought of here before it can be merged."""
    known = ERASED | STAYS.keys()
    assert _telling() - known == set()
    assert known - _telling() == set()


def fill(keeper: Keeper, public_id: str) -> None:
    """Leave a line about a document in every ledger there is."""
    with keeper.desk.database.begin() as connection:
        wanted = sa.select(document.c.id).where(document.c.public_id == public_id)
        own = {"document_id": connection.execute(wanted).scalar_one()}
        connection.execute(migration.insert().values(id="m", actor="anna", documents=1, bytes=1))
        connection.execute(migration_batch.insert().values(id="b", migration_id="m", documents=1, bytes=1))
        connection.execute(migration_item.insert().values(batch_id="b", **own))
        connection.execute(deletion.insert().values(actor="anna", step="given_up", **own))
        connection.execute(content_removal.insert().values(**own))
        given = {"account": "1", "id": "o", "sha256": "fingerprint-of-what-was-given", "size": 1}
        told = {"given_at": now(), "settled_at": now(), "state": "taken", "public_id": public_id}
        connection.execute(own_document.insert().values(**given, **told))
        index = {"state": "replaced", "unique_id": "1.2", "lawful": True, "deadline": now()}
        connection.execute(document_index.insert().values(**index, **own))
        connection.execute(repair.insert().values(id="r", what="hash", copy="here", action="inspect", **own))
        connection.execute(
            api_request.insert().values(
                token_id="t", key="k", fingerprint="fingerprint-of-it", status=201, public_id=public_id
            )
        )
        mine = sa.select(document.c.sha1, patient.c.identifier, patient.c.authority).join(patient)
        row = connection.execute(mine.where(document.c.public_id == public_id)).one()
        whose = {
            "identifier": row.identifier,
            "authority": row.authority,
            "login": "anna",
            "purpose": "TREAT",
        }
        connection.execute(abroad_search.insert().values(id="s", expires_at=now(), **whose))
        named = {"unique_id": "1.2", "repository_unique_id": "1.2", "entry_uuid": "urn:uuid:1"}
        connection.execute(
            abroad_document.insert().values(
                search_id="s", number=1, sha1=row.sha1, public_id=public_id, **named
            )
        )
        connection.execute(document_origin.insert().values(repository_unique_id="1.2", **own))
        owner = sa.select(document.c.patient_key).where(document.c.public_id == public_id)
        row = {
            "id": "c", "patient_key": connection.execute(owner).scalar_one(), "recipient_kind": "person",
            "recipient_extension": "number-of-it", "recipient_name": "name-of-it", "matter": "matter-of-it",
            "valid_from": now(), "valid_until": now(), "state": "expired", "created_by": "anna",
            "body": b"octets-of-it", "revocation": b"octets-of-it",
        }  # fmt: skip
        invited = {"id": "i", "state": "ended", "invited_by": "anna"}
        connection.execute(patient_invitation.insert().values(patient_id=row["patient_key"], **invited))
        number = connection.execute(consent.insert().values(row).returning(consent.c.number)).scalar_one()
        connection.execute(consent_document.insert().values(consent_number=number, **own))
        values = {"url": "https://x", "secret": "s", "states": [], "after_event": 0, "created_by": "x"}
        connection.execute(webhook.insert().values(id="w", **values))
        sent = {"webhook_id": "w", "public_id": public_id, "message_id": "m", "body": "{}"}
        rows = [sent | {"event_id": 1, "state": "delivered"}, sent | {"event_id": 2, "state": "pending"}]
        connection.execute(webhook_delivery.insert(), rows)


def values_of(keeper: Keeper, public_id: str) -> dict[str, Any]:
    """Return the row of a document."""
    with keeper.desk.database.read() as connection:
        row = connection.execute(sa.select(document).where(document.c.public_id == public_id)).mappings()
        return dict(row.one())


async def test_no_table_knows_a_destroyed_document(keeper: Keeper) -> None:
    """With a line in every ledger: after it, none points at it, and no file holds an id or a hash of it."""
    older, newer = keeper.bring(version(1), version(1, name="N", parent="A1", series="S9", year=2040))
    await keeper.desk.run()
    assert summary(await keeper.desk.run()).complete
    with keeper.desk.database.begin() as connection:
        # Named by a document that outlives it, which never was joined to it.
        loose = chain_link.c.parent_unique_id.is_not(None)
        connection.execute(chain_link.update().where(loose).values(predecessor_id=None))
        connection.execute(document.update().values(read_back_at=now()))
    fill(keeper, older)
    before = values_of(keeper, older)
    proposal = keeper.confirm(keeper.propose())
    assert proposal.documents == 1
    done = await execute(keeper.cloud, keeper.desk.database, keeper.desk.settings, proposal)
    assert (done.destroyed, done.open) == (1, 0)
    with keeper.desk.database.read() as connection:
        for column in (
            migration_item.c.document_id,
            deletion.c.document_id,
            content_removal.c.document_id,
            document_index.c.document_id,
            repair.c.document_id,
            document_origin.c.document_id,
            consent_document.c.document_id,
        ):
            assert connection.execute(sa.select(column).where(column == before["id"])).all() == [], column
    for name in ("sha256", "sha1", "unique_id", "entry_uuid"):
        assert keeper.octets_of(str(before[name])) == [], name
    assert keeper.octets_of("fingerprint-of-it") == keeper.octets_of("fingerprint-of-what-was-given") == []
    assert keeper.desk.rows(abroad_document.c.number) == keeper.desk.rows(abroad_search.c.id) == []
    for mark in ("fingerprint-of-it", "number-of-it", "name-of-it", "matter-of-it", "octets-of-it"):
        assert keeper.octets_of(mark) == [], mark
    assert keeper.desk.rows(webhook_delivery.c.event_id) == [(2,)]
    row = values_of(keeper, older)
    told = {name for name, value in row.items() if value not in (None, "", 0)}
    assert told <= _OF_THE_ROW
    assert values_of(keeper, newer)["sha256"]
