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
    if connection.dialect.name == "sqlite":
        for name, when in _SQLITE:
            body = f"BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"
            connection.execute(text(f"CREATE TRIGGER IF NOT EXISTS {name} {when} {body}"))
        return
    missing = set(missing_triggers(connection))
    if missing:
        connection.execute(text(_FUNCTION))
    for name, table, when, rows in _POSTGRESQL:
        if name in missing:
            call = f"CREATE TRIGGER {name} {when} ON {table} {rows} EXECUTE FUNCTION erepo_append_only()"
            connection.execute(text(call))


def missing_triggers(connection: Connection) -> Sequence[str]:
    """Return the names of triggers that somebody has removed or switched off."""
    if connection.dialect.name == "sqlite":
        wanted = [name for name, _ in _SQLITE]
        query = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    else:
        wanted = [name for name, *_ in _POSTGRESQL]
        query = (
            "SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
            " WHERE relname IN ('audit_event', 'audit_head') AND tgenabled = 'O'"
            " AND pg_table_is_visible(pg_class.oid)"
        )
    there = set(connection.scalars(text(query)))
    return [name for name in wanted if name not in there]
