"""Tables of patients' accounts: who is known by which clinic, codes on their way, sessions, mail to be sent.

An account is a person's, not a tenant's: only `patient_link` has a tenant. Numbers of people and their
addresses stand here as keyed hashes (to be found) and sealed (to be used), never in clear; see
`erepo.cloud.patients.keys`.
"""

from sqlalchemy import (
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from erepo.cloud.storage.tables import Number, metadata

#: The key of all that follows, sealed under the master key: one row.
patient_secret = Table(
    "patient_secret",
    metadata,
    Column("name", String(20), primary_key=True),
    Column("key_id", String(16), nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)

#: One row for each person whom a clinic has identified, whichever clinics those are.
patient_account = Table(
    "patient_account",
    metadata,
    Column("id", Number, primary_key=True),
    Column("key", LargeBinary(32), nullable=False, unique=True),  # keyed hash of the CX
    Column("identifier", LargeBinary, nullable=False),  # the CX, sealed
    Column("created_at", DateTime, nullable=False),
)

#: A clinic vouches: this person, reached here. Never removed, only ended: it is evidence.
patient_link = Table(
    "patient_link",
    metadata,
    Column("number", Number, primary_key=True),
    Column("tenant_id", ForeignKey("tenant.id"), nullable=False),
    Column("id", String(36), nullable=False),  # of the clinic
    Column("account_id", ForeignKey("patient_account.id"), nullable=False),
    Column("channel", String(5), nullable=False),  # email, sms
    Column("contact_key", LargeBinary(32), nullable=False),  # keyed hash of channel and address
    Column("contact", LargeBinary, nullable=False),  # the address, sealed
    Column("language", String(2), nullable=False),
    Column("body", LargeBinary, nullable=False),  # the very octets that were signed, sealed
    Column("signature", Text, nullable=False),
    Column("signer", String(64), nullable=False),  # SHA-256 of the WSS certificate, hex
    Column("created_at", DateTime, nullable=False),
    Column("ended_at", DateTime),  # set: it counts no more
    Column("ending", LargeBinary),  # and what proves who ended it; empty where a later link took its place
    Column("ending_signature", Text),
    Column("ending_signer", String(64)),
    UniqueConstraint("tenant_id", "id"),
)
_standing = patient_link.c.ended_at.is_(None)
Index(
    "ux_patient_link_standing",
    patient_link.c.tenant_id,
    patient_link.c.account_id,
    unique=True,
    sqlite_where=_standing,
    postgresql_where=_standing,
)
Index("ix_patient_link_account", patient_link.c.account_id)
Index("ix_patient_link_contact", patient_link.c.tenant_id, patient_link.c.contact_key)
Index("ix_patient_link_number", patient_link.c.tenant_id, patient_link.c.number)

#: Sign-ins under way, also of numbers that nobody has.
portal_challenge = Table(
    "portal_challenge",
    metadata,
    Column("key", LargeBinary(32), primary_key=True),  # SHA-256 of what the browser holds
    Column("identifier_key", LargeBinary(32), nullable=False),
    Column("account_id", Number),  # NULL: nobody's
    Column("tries", Integer, nullable=False),
    Column("created_at", DateTime, nullable=False),
    Column("until", DateTime, nullable=False),
    Column("used_at", DateTime),
    sqlite_with_rowid=False,
)
Index("ix_portal_challenge_until", portal_challenge.c.until)

#: One code for each address that it was sent to, as a keyed hash bound to its challenge.
portal_code = Table(
    "portal_code",
    metadata,
    Column("challenge_key", LargeBinary(32), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("contact_key", LargeBinary(32), nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
    sqlite_with_rowid=False,
)

#: How often somebody asked or was wrong: by number, by address. Keys are keyed hashes.
portal_throttle = Table(
    "portal_throttle",
    metadata,
    Column("key", LargeBinary(32), primary_key=True),
    Column("times", Integer, nullable=False),
    Column("since", DateTime, nullable=False),
    Column("last_at", DateTime, nullable=False),
    Column("locked_until", DateTime),
    sqlite_with_rowid=False,
)
Index("ix_portal_throttle_last", portal_throttle.c.last_at)

#: Who is signed in; the token only as its hash.
portal_session = Table(
    "portal_session",
    metadata,
    Column("key", LargeBinary(32), primary_key=True),
    Column("id", String(32), nullable=False, unique=True),  # what lists and orders to end it call it
    Column("account_id", ForeignKey("patient_account.id"), nullable=False, index=True),
    Column("contact_key", LargeBinary(32), nullable=False),  # which address has been proven
    Column("form", String(6), nullable=False),  # cookie, token
    Column("began_at", DateTime, nullable=False),
    Column("seen_at", DateTime, nullable=False),
    sqlite_with_rowid=False,
)

#: Messages to people, sealed until they are sent; the code of a sign-in goes no other way.
portal_message = Table(
    "portal_message",
    metadata,
    Column("id", Number, primary_key=True),
    Column("state", String(8), nullable=False),  # waiting, sent, void (for nobody), given-up, late
    Column("kind", String(20), nullable=False),
    Column("reference", String(64), nullable=False),  # the same each time it is sent: Message-ID
    Column("sealed", LargeBinary, nullable=False),  # emptied once it is sent
    Column("attempts", Integer, nullable=False),
    Column("created_at", DateTime, nullable=False),
    Column("until", DateTime, nullable=False),  # after it nobody wants it any more
    Column("next_at", DateTime, nullable=False),
    Column("holder", String(32)),  # who is sending it, and until when they may be
    Column("held_until", DateTime),
    Column("failure", String(80)),  # code of the error, the last one
)
_waiting = portal_message.c.state == "waiting"
Index("ix_portal_message_due", portal_message.c.next_at, sqlite_where=_waiting, postgresql_where=_waiting)
Index("ix_portal_message_until", portal_message.c.until)
