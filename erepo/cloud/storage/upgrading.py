"""Bringing the tables of an earlier erepo up to date: forward only, all steps in one transaction.

`erepo cloud init` does it; a service never does, so that it cannot happen by accident. **The commit of the
transaction is the commit point**: after a crash the database is as it was before. Both databases can undo
changes of tables. Each step is frozen as it was released; indexes have no history, they are made as `tables`
describes them now.
"""

from collections.abc import Callable, Mapping
from typing import Final

from sqlalchemy import Connection, Table, insert, inspect, select, text, update

from erepo.blobs.errors import StorageUnavailable
from erepo.cloud.errors import DatabaseOutdated, DatabaseTooNew
from erepo.cloud.storage.tables import audit_head, metadata, service, tenant

#: Raised with every change of the tables; a service refuses a database of another number.
SCHEMA: Final = 4

#: Any number, the same in every process: who holds it on PostgreSQL makes or changes the tables.
_LOCK = 0x65726570
_OURS = ("ix_", "ux_")
_FOUND = select(service.c.value).where(service.c.name == "schema")


def _to_2(connection: Connection) -> None:
    """Options of accounts; hash and size of document entries in the registry."""
    for column, default in (("patients", "open"), ("codes", "open"), ("users", "optional")):
        wanted = f"ADD COLUMN {column} VARCHAR(10) DEFAULT '{default}' NOT NULL"
        connection.execute(text(f"ALTER TABLE tenant {wanted}"))
    connection.execute(text("ALTER TABLE registry_object ADD COLUMN sha1 VARCHAR(40)"))
    number = "INTEGER" if connection.dialect.name == "sqlite" else "BIGINT"
    connection.execute(text(f"ALTER TABLE registry_object ADD COLUMN size {number}"))
    connection.execute(
        text(
            "UPDATE registry_object SET"
            " sha1 = (SELECT document.sha1 FROM document WHERE document.id = registry_object.document_id),"
            " size = (SELECT document.size FROM document WHERE document.id = registry_object.document_id)"
            " WHERE document_id IS NOT NULL"
        )
    )


def _to_3(_connection: Connection) -> None:
    """Blobs to be removed are noted: a new table, and those are made below."""


def _to_4(connection: Connection) -> None:
    """Whether the signatures inside an account's documents are verified; whether emergencies are served.

    Structures, registrations in P1, documents in P1's index, audit messages for P1, consents, patients'
    accounts and what they gave, and the panel's logins, failed attempts and sessions are new tables, and
    those are made below.
    """
    for column, default in (("signatures", "check"), ("emergencies", "refuse")):
        wanted = f"ADD COLUMN {column} VARCHAR(10) DEFAULT '{default}' NOT NULL"
        connection.execute(text(f"ALTER TABLE tenant {wanted}"))


#: What brings a database to a version from the one before it.
_STEPS: Final[Mapping[int, Callable[[Connection], None]]] = {2: _to_2, 3: _to_3, 4: _to_4}


def lock(connection: Connection) -> None:
    """Let one process at a time make or change the tables; a SQLite writer is alone already."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK})


def version(connection: Connection) -> int | None:
    """Return the version of the tables, None where there are none."""
    # Asked like this, a database that is locked or may not be read is not mistaken for an empty one.
    if not inspect(connection).has_table(service.name):
        return None
    found = connection.scalar(_FOUND)
    return int(found) if found is not None else None


def expect_ours(connection: Connection) -> None:
    """Prove, as the last thing of a transaction that writes, that the tables are still those of this erepo.

    Last, because on PostgreSQL a transaction may have waited for the upgrade inside a statement before.

    Raises:
        StorageUnavailable: `erepo cloud init` of another version was here while this process ran.
    """
    found = int(connection.scalars(_FOUND).one())
    if found != SCHEMA:
        wrong = DatabaseOutdated if found < SCHEMA else DatabaseTooNew
        raise StorageUnavailable from wrong(found=found, wanted=SCHEMA)


def upgrade(connection: Connection) -> None:
    """Change the tables that are there, make those that are missing, and every index.

    Raises:
        DatabaseTooNew: a later erepo has been here; nothing was changed.
    """
    found = version(connection)
    if found is not None and found > SCHEMA:
        raise DatabaseTooNew(found=found, wanted=SCHEMA)
    for number in range(found + 1 if found is not None else SCHEMA + 1, SCHEMA + 1):
        _STEPS[number](connection)
    metadata.create_all(connection)
    for table in metadata.sorted_tables:
        _renew_indexes(connection, table)
    _begin_chains(connection)
    if found is not None and found < SCHEMA:
        schema = service.c.name == "schema"
        connection.execute(update(service).where(schema).values(value=str(SCHEMA)))


def _renew_indexes(connection: Connection, table: Table) -> None:
    there = {
        str(each["name"]): each["column_names"]
        for each in inspect(connection).get_indexes(table.name)
        if str(each["name"]).startswith(_OURS)
    }
    wanted = {str(index.name): index for index in table.indexes}
    for name, columns in there.items():
        index = wanted.get(name)
        # The columns of an index on an expression have no names to compare.
        if index is not None and (None in columns or columns == [column.name for column in index.columns]):
            del wanted[name]
            continue
        connection.execute(text(f'DROP INDEX "{name}"'))
    for index in wanted.values():
        index.create(connection)


def _begin_chains(connection: Connection) -> None:
    """Give every account, and nobody (0), a head of its chain where it has none."""
    begun = set(connection.scalars(select(audit_head.c.tenant_id)))
    missing = [number for number in (0, *connection.scalars(select(tenant.c.id))) if number not in begun]
    if missing:
        rows = [{"tenant_id": number, "number": 0, "hash": bytes(32)} for number in missing]
        connection.execute(insert(audit_head), rows)
