"""Tables of the sandbox's P1; the document index lies in a database of its own (`registry`)."""

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
)

metadata = MetaData()

provider = Table(
    "provider",
    metadata,
    Column("resort_i", String(12), primary_key=True),
    Column("created_at", DateTime, nullable=False),
)
certificate = Table(
    "certificate",
    metadata,
    Column("fingerprint", String(64), primary_key=True),
    Column("resort_i", ForeignKey("provider.resort_i"), nullable=True),
    Column("purpose", String(5), nullable=False),
    Column("revoked", Boolean, nullable=False, default=False),
)
repository = Table(
    "repository",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("resort_i", ForeignKey("provider.resort_i"), nullable=False),
    Column("url", String, nullable=False, default=""),
    Column("created_at", DateTime, nullable=False),
    sqlite_autoincrement=True,
)
fault = Table(
    "fault",
    metadata,
    Column("service", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("left", Integer, nullable=False),
    Column("seconds", Float, nullable=False),
)
rule = Table(
    "rule",
    metadata,
    Column("organisation", String, primary_key=True),
    Column("document", String, primary_key=True),
    Column("decision", String, nullable=False),
)
audit = Table(
    "audit",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("resort_i", ForeignKey("provider.resort_i"), nullable=False),
    Column("at", DateTime, nullable=False),
    Column("message", LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)
event = Table("event", metadata, Column("id", String, primary_key=True))
seen = Table(
    "seen",
    metadata,
    Column("key", LargeBinary, primary_key=True),
    Column("until", DateTime, nullable=False),
)
