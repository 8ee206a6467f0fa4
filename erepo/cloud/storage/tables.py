"""Tables of the service (SQLAlchemy Core, one dialect-neutral description for SQLite and PostgreSQL).

Every row of a tenant carries `tenant_id`, and every index a tenant reads through begins with it.

An object of the registry (document entry, submission set, folder, association) is one row of
`registry_object`: what queries ask for stands in columns, what may repeat stands in `object_value`, and `xml`
keeps the received element for exact replay (zstd, exclusive c14n; `status` in the column is the truth, not
the one in the XML). One table for all kinds makes the entryUUID unique across kinds and "is this uniqueId
used by any object" one question.

Numbers of rows come from `number_block` (see `storage.numbers`): they are known before the insert, so a group
of submissions is written with one `executemany` per table, and they grow, so the indexes on them grow at one
end.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()

#: SQLite gives only a column named exactly INTEGER its cheap row id.
Number = BigInteger().with_variant(Integer(), "sqlite")

service = Table(
    "service",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", Text, nullable=False),
)

number_block = Table(
    "number_block",
    metadata,
    Column("name", String(20), primary_key=True),
    Column("next", Number, nullable=False),
)

tenant = Table(
    "tenant",
    metadata,
    Column("id", Number, primary_key=True),
    Column("account", String(16), nullable=False, unique=True),
    Column("state", String(10), nullable=False),  # ordered, active, suspended
    Column("security", String(4), nullable=False),  # wss, mtls
    Column("patients", String(10), nullable=False),  # open, registered
    Column("codes", String(10), nullable=False),  # open, polish
    Column("users", String(10), nullable=False),  # required, optional: the assertion of who acts
    Column("signatures", String(10), nullable=False, server_default="check"),  # check, ignore
    Column("emergencies", String(10), nullable=False, server_default="refuse"),  # refuse, allow: break-glass
    Column("repository_unique_id", String(64), nullable=False, unique=True),
    Column("source_id", String(64), nullable=False),
    Column("limit_bytes", Number, nullable=False),
    Column("limit_documents", Number, nullable=False),
    Column("used_bytes", Number, nullable=False),
    Column("used_documents", Number, nullable=False),
    Column("valid_until", Date),
    Column("created_at", DateTime, nullable=False),
    Column("activated_at", DateTime),
)

certificate = Table(
    "certificate",
    metadata,
    Column("id", Number, primary_key=True),
    Column("tenant_id", ForeignKey("tenant.id"), nullable=False, index=True),
    Column("purpose", String(3), nullable=False),  # TLS, WSS
    Column("fingerprint", String(64), nullable=False, unique=True),  # SHA-256 of the DER, hex
    Column("state", String(10), nullable=False),  # active, retired
    Column("not_after", DateTime, nullable=False),
    Column("pem", Text, nullable=False),
    Column("registered_at", DateTime, nullable=False),
)

document = Table(
    "document",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=False),
    Column("tenant_id", ForeignKey("tenant.id"), nullable=False),
    Column("unique_id", String(256), nullable=False),
    Column("sha1", String(40), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("size", Number, nullable=False),
    Column("mime_type", String(128), nullable=False),
    Column("coding", String(4), nullable=False),  # raw, zstd: how the bytes are kept
    Column("blob_key", String(80), index=True),  # NULL: the bytes are in `document_octets`
    Column("stored_at", DateTime, nullable=False),
    UniqueConstraint("tenant_id", "unique_id"),
)

document_octets = Table(
    "document_octets",
    metadata,
    Column("document_id", ForeignKey("document.id"), primary_key=True, autoincrement=False),
    Column("tenant_id", Number, nullable=False),
    Column("octets", LargeBinary, nullable=False),
)

#: Blobs that were decided to be removed and may still be there (see `storage.discarding`).
discarded_blob = Table(
    "discarded_blob",
    metadata,
    Column("key", String(80), primary_key=True),
    Column("tenant_id", Number, nullable=False),
    sqlite_with_rowid=False,
)

registry_object = Table(
    "registry_object",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=False),
    Column("tenant_id", ForeignKey("tenant.id"), nullable=False),
    Column("kind", SmallInteger, nullable=False),  # erepo.cloud.registry.kinds.Kind
    Column("entry_uuid", LargeBinary(16), nullable=False),
    Column("lid", LargeBinary(16), nullable=False),
    Column("version", Integer, nullable=False),
    Column("status", SmallInteger, nullable=False),  # erepo.cloud.registry.kinds.Status
    Column("unique_id", String(256)),
    Column("patient_id", String(256)),
    Column("object_type", LargeBinary(16)),
    Column("created", String(14)),  # creationTime, submissionTime, lastUpdateTime
    Column("service_start", String(14)),
    Column("service_stop", String(14)),
    Column("class_code", String(256)),  # codes as "code^^scheme"; a set's contentTypeCode stands here too
    Column("type_code", String(256)),
    Column("format_code", String(256)),
    Column("facility_type", String(256)),
    Column("practice_setting", String(256)),
    Column("source_system", String(64)),  # sourceId of a submission set
    Column("association_type", String(80)),
    Column("source_object", Number),  # ends of an association, as row numbers
    Column("target_object", Number),
    Column("document_id", Number),
    Column("sha1", String(40)),  # of a document entry's octets, wherever they are kept
    Column("size", Number),
    Column("xml", LargeBinary, nullable=False),
    Column("registered_at", DateTime, nullable=False),
    UniqueConstraint("tenant_id", "entry_uuid"),
)


def _index(name: str, *columns: "Column[Any]", where: "ColumnElement[bool]", unique: bool = False) -> None:
    Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)


_object = registry_object.c
_index("ix_object_unique_id", _object.tenant_id, _object.unique_id, where=_object.unique_id.is_not(None))
_index(
    "ix_object_patient",
    _object.tenant_id,
    _object.patient_id,
    _object.kind,
    _object.status,
    where=_object.patient_id.is_not(None),
)
for _end in (_object.source_object, _object.target_object):
    _index(f"ix_{_end.name}", _object.tenant_id, _end, where=_end.is_not(None))
# The first version's logical id is its entryUUID, so only the few later ones need a place here.
_index(
    "ux_object_version",
    _object.tenant_id,
    _object.lid,
    _object.version,
    where=_object.version > 1,
    unique=True,
)
# A submission set's or folder's uniqueId is given once: the last word when two processes register it at one
# moment. Versions of a folder share it (ITI-57).
_index(
    "ux_object_once",
    _object.tenant_id,
    _object.unique_id,
    _object.version,
    where=_object.kind.in_([2, 3]),
    unique=True,
)

object_value = Table(
    "object_value",
    metadata,
    Column("object_id", ForeignKey("registry_object.id"), primary_key=True, autoincrement=False),
    Column("name", SmallInteger, primary_key=True),  # erepo.cloud.registry.kinds.Value
    Column("position", SmallInteger, primary_key=True),
    Column("tenant_id", Number, nullable=False),
    Column("value", Text, nullable=False),
    sqlite_with_rowid=False,
)

patient = Table(
    "patient",
    metadata,
    Column("tenant_id", ForeignKey("tenant.id"), primary_key=True, autoincrement=False),
    Column("patient_id", String(256), primary_key=True),
    Column("registered_at", DateTime, nullable=False),
    sqlite_with_rowid=False,
)

#: Messages that were accepted and may not come again before `until`.
replay = Table(
    "replay",
    metadata,
    Column("tenant_id", Number, primary_key=True, autoincrement=False),
    Column("key", LargeBinary(32), primary_key=True),
    Column("until", DateTime, nullable=False),
    sqlite_with_rowid=False,
)
Index("ix_replay_until", replay.c.tenant_id, replay.c.until)

#: Tenant 0 is nobody: requests of connections that belong to no account.
audit_head = Table(
    "audit_head",
    metadata,
    Column("tenant_id", Number, primary_key=True, autoincrement=False),
    Column("number", Number, nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
)

audit_event = Table(
    "audit_event",
    metadata,
    Column("tenant_id", Number, primary_key=True, autoincrement=False),
    Column("number", Number, primary_key=True, autoincrement=False),
    Column("at", DateTime, nullable=False),
    Column("facts", LargeBinary, nullable=False),  # JSON, the very octets that were hashed
    Column("hash", LargeBinary(32), nullable=False),
    sqlite_with_rowid=False,
)

#: Who may log in to an account's panel; passwords only as slow hashes (`panel.passwords`).
panel_user = Table(
    "panel_user",
    metadata,
    Column("tenant_id", ForeignKey("tenant.id"), primary_key=True, autoincrement=False),
    Column("login", String(64), primary_key=True),
    Column("password", String(200), nullable=False),
    Column("initial", String(200), nullable=False),  # of the request that made it: tells its repetition
    Column("must_change", Boolean, nullable=False),
    Column("created_at", DateTime, nullable=False),
    Column("changed_at", DateTime, nullable=False),
    sqlite_with_rowid=False,
)

#: Failed logins that are not forgiven yet, also of logins that nobody has.
panel_attempt = Table(
    "panel_attempt",
    metadata,
    Column("tenant_id", Number, primary_key=True, autoincrement=False),
    Column("login_key", LargeBinary(32), primary_key=True),  # SHA-256 of what was typed
    Column("failures", Integer, nullable=False),
    Column("last_at", DateTime, nullable=False),
    Column("locked_until", DateTime),
    sqlite_with_rowid=False,
)

#: Who is logged in to a panel; the cookie's value only as its hash.
panel_session = Table(
    "panel_session",
    metadata,
    Column("tenant_id", Number, primary_key=True, autoincrement=False),
    Column("key", LargeBinary(32), primary_key=True),
    Column("login", String(64), nullable=False),
    Column("certificate", String(64), nullable=False),  # fingerprint of the TLS certificate it was begun with
    Column("began_at", DateTime, nullable=False),
    Column("seen_at", DateTime, nullable=False),
    sqlite_with_rowid=False,
)

#: Up to which event a chain has reached the operator's audit repository (ITI-20).
audit_cursor = Table(
    "audit_cursor",
    metadata,
    Column("tenant_id", Number, primary_key=True, autoincrement=False),
    Column("number", Number, nullable=False),
)

#: One process at a time does a work that must not be done twice at once.
lease = Table(
    "lease",
    metadata,
    Column("name", String(20), primary_key=True),
    Column("holder", String(40), nullable=False),
    Column("until", DateTime, nullable=False),
)

#: The provider's structure as the clinic sent it last: canonical JSON.
structure = Table(
    "structure",
    metadata,
    Column("tenant_id", ForeignKey("tenant.id"), primary_key=True, autoincrement=False),
    Column("sha256", String(64), nullable=False),
    Column("content", Text, nullable=False),
    Column("updated_at", DateTime, nullable=False),
)

#: Registrations in the national domain (P1), one present and all former ones of an account.
p1_registration = Table(
    "p1_registration",
    metadata,
    Column("id", Number, primary_key=True),
    Column("tenant_id", ForeignKey("tenant.id"), nullable=False, index=True),
    Column("tls_fingerprint", String(64), nullable=False),
    Column("wss_fingerprint", String(64), nullable=False),
    Column("facts", Text, nullable=False),  # JSON: what may be shown of both certificates
    Column("key_id", String(16)),  # of the master key; this and the next two are gone after a revocation
    Column("wrapped", LargeBinary),  # the row's data key under the master key
    Column("sealed", LargeBinary),  # both keys and certificates under the data key
    Column("asked_at", DateTime),  # P1 was asked for an id, and how that ended is not known
    Column("repository_id", String(64)),
    Column("address", String(512)),  # what P1 was told of where the repository is
    Column("stored_at", DateTime, nullable=False),
    Column("registered_at", DateTime),
    Column("revoked_at", DateTime),
)
_present = p1_registration.c.revoked_at.is_(None)
_index("ux_p1_present", p1_registration.c.tenant_id, where=_present, unique=True)

#: The account's documents in P1's index, one row each (`national.indexing.ledger`).
p1_index = Table(
    "p1_index",
    metadata,
    Column("tenant_id", ForeignKey("tenant.id"), primary_key=True, autoincrement=False),
    Column("unique_id", String(256), primary_key=True),
    Column("state", String(10), nullable=False),  # asked, refused, indexed, withdrawn
    Column("submission_id", String(64), nullable=False),  # uniqueId of the submission, stored before sending
    Column("entry_uuid", String(64)),  # P1's own
    Column("repository_id", String(64)),
    Column("replaced_by", String(256)),
    Column("holder", String(32)),  # the request that is at work on it, and until when it may be
    Column("held_until", DateTime),
    Column("sent_at", DateTime),  # it was sent, and how that ended is not known
    Column("asked_at", DateTime, nullable=False),
    Column("indexed_at", DateTime),
    Column("withdrawn_at", DateTime),
    sqlite_with_rowid=False,
)
# Whoever knows the tables knows these.
from erepo.cloud.storage import (  # noqa: E402
    tables_consents,  # noqa: F401
    tables_outside,  # noqa: F401
    tables_patients_own,  # noqa: F401
    tables_portal,  # noqa: F401
)
