"""The database itself refuses to change what was recorded: triggers on the chains of events.

Rows of `audit_event` are added and never changed or removed; `audit_head` only moves forward. This stops
mistakes and whoever reaches the database through the service. Whoever may change the tables themselves can
remove the triggers as well: that is found by `erepo cloud audit verify`, with anchors kept elsewhere.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, text

_REFUSED = "append-only"

# INSERT OR REPLACE deletes without firing a trigger of DELETE, so the insert itself is looked at.
_SQLITE = (
    ("audit_event_update", "BEFORE UPDATE ON audit_event"),
    ("audit_event_delete", "BEFORE DELETE ON audit_event"),
    (
        "audit_event_insert",
        (
            "BEFORE INSERT ON audit_event WHEN NEW.number <="
            " (SELECT number FROM audit_head WHERE tenant_id = NEW.tenant_id)"
        ),
    ),
    (
        "audit_head_update",
        "BEFORE UPDATE ON audit_head WHEN NEW.number <= OLD.number OR NEW.tenant_id <> OLD.tenant_id",
    ),
    ("audit_head_delete", "BEFORE DELETE ON audit_head"),
    (
        "audit_head_insert",
        (
            "BEFORE INSERT ON audit_head WHEN NEW.number <> 0"
            " OR EXISTS (SELECT 1 FROM audit_head WHERE tenant_id = NEW.tenant_id)"
        ),
    ),
)

_FUNCTION = f"""
CREATE OR REPLACE FUNCTION erepo_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '{_REFUSED}' USING ERRCODE = 'integrity_constraint_violation'; END $$
"""
_POSTGRESQL = (
    ("audit_event_kept", "audit_event", "BEFORE UPDATE OR DELETE OR TRUNCATE", "FOR EACH STATEMENT"),
    ("audit_head_kept", "audit_head", "BEFORE DELETE OR TRUNCATE", "FOR EACH STATEMENT"),
    (
        "audit_head_forward",
        "audit_head",
        "BEFORE UPDATE",
        "FOR EACH ROW WHEN (NEW.number <= OLD.number OR NEW.tenant_id <> OLD.tenant_id)",
    ),
    ("audit_head_begin", "audit_head", "BEFORE INSERT", "FOR EACH ROW WHEN (NEW.number <> 0)"),
)


def make_append_only(connection: Connection) -> None:
    """Make the triggers where they are missing; may be called any number of times."""
    missing = set(missing_triggers(connection))
    if connection.dialect.name == "sqlite":
        for name, when in _SQLITE:
            if name in missing:
                connection.execute(text(f"DROP TRIGGER IF EXISTS {name}"))
                connection.execute(text(_made(name, when)))
        return
    if missing:
        connection.execute(text(_FUNCTION))
    for name, table, when, rows in _POSTGRESQL:
        if name in missing:
            connection.execute(text(f"DROP TRIGGER IF EXISTS {name} ON {table}"))
            call = f"CREATE TRIGGER {name} {when} ON {table} {rows} EXECUTE FUNCTION erepo_append_only()"
            connection.execute(text(call))


def missing_triggers(connection: Connection) -> Sequence[str]:
    """Return the names of triggers that somebody has removed, switched off, or made to do nothing."""
    if connection.dialect.name == "sqlite":
        query = text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        there = {row.name: row.sql for row in connection.execute(query)}
        return [name for name, when in _SQLITE if there.get(name) != _made(name, when)]
    query = text(
        "SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
        " JOIN pg_proc ON pg_proc.oid = tgfoid"
        " WHERE relname IN ('audit_event', 'audit_head') AND tgenabled = 'O'"
        " AND (tgqual IS NULL) = (tgname LIKE '%kept') AND prosrc = :source"
        " AND pg_table_is_visible(pg_class.oid)"
    )
    working = set(connection.scalars(query, {"source": _FUNCTION.split("$$")[1]}))
    return [name for name, *_ in _POSTGRESQL if name not in working]


def _made(name: str, when: str) -> str:
    """Return what makes a trigger of SQLite, and how SQLite tells it."""
    return f"CREATE TRIGGER {name} {when} BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"
