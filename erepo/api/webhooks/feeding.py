"""From the history to the outbox: each change of a state once for each webhook that wants it.

The cursor moves in the transaction that writes the deliveries, so none is left out and none comes twice.
"""

import uuid
from collections.abc import Sequence
from typing import Any, Final

import orjson
import sqlalchemy as sa

from erepo.clinic.database import Database
from erepo.clinic.tables import audit_event, document
from erepo.clinic.tables_api import webhook, webhook_delivery, webhook_feed

#: Name of the one cursor.
NAME: Final = "documents"
#: Events of one transaction.
_PAGE: Final = 500
#: How long writers of PostgreSQL are waited for, and wait themselves meanwhile.
PATIENCE: Final = "5s"


def feed(database: Database) -> int:
    """Write deliveries for what has happened; return how many events were read. Call until it returns 0."""
    with database.read() as connection:
        last, newest = (
            _cursor(connection),
            connection.execute(sa.select(sa.func.max(audit_event.c.id))).scalar(),
        )
    if last is not None and (newest or 0) <= last:
        return 0
    with database.begin() as connection:
        wait_for_writers(connection)
        return _feed(connection)


def _feed(connection: sa.Connection) -> int:
    last = _cursor(connection, locked=True)
    hooks = connection.execute(sa.select(webhook)).all()
    if last is None or not hooks:
        return _skip(connection, last)
    rows = connection.execute(
        sa.select(audit_event, document.c.public_id, document.c.kind, document.c.reason_code)
        .outerjoin(document, document.c.id == audit_event.c.document_id)
        .where(audit_event.c.id > last)
        .order_by(audit_event.c.id)
        .limit(_PAGE)
    ).all()
    if not rows:
        return 0
    deliveries = [one for row in rows if _is_change(row) for one in _deliveries(row, hooks)]
    if deliveries:
        connection.execute(webhook_delivery.insert(), deliveries)
    connection.execute(
        webhook_feed.update().where(webhook_feed.c.name == NAME).values(last_event=rows[-1].id)
    )
    return len(rows)


def _skip(connection: sa.Connection, last: int | None) -> int:
    """Go to the end of the history: nobody wants to know of it."""
    newest = connection.execute(sa.select(sa.func.max(audit_event.c.id))).scalar() or 0
    if last is not None:
        connection.execute(webhook_feed.update().where(webhook_feed.c.name == NAME).values(last_event=newest))
        return 0
    # Webhooks may have been made before anybody sent: their own beginnings keep older events out.
    first = connection.execute(sa.select(sa.func.min(webhook.c.after_event))).scalar()
    connection.execute(webhook_feed.insert().values(name=NAME, last_event=newest if first is None else first))
    return 1 if first is not None else 0


def _is_change(row: Any) -> bool:
    return row.public_id is not None and row.to_state is not None and row.to_state != row.from_state


def _deliveries(row: Any, hooks: Sequence[Any]) -> list[dict[str, Any]]:
    """Return what is sent of one event: ids, states, times and codes; nothing of a patient."""
    content = {
        "type": "document.state",
        "timestamp": row.at,
        "data": {
            "id": row.public_id,
            "kind": row.kind,
            "event": row.event,
            "from_state": row.from_state,
            "state": row.to_state,
            "at": row.at,
            "reason_code": row.reason_code if row.to_state == "rejected" else None,
        },
    }
    body = orjson.dumps(content, option=orjson.OPT_UTC_Z).decode()
    return [
        {
            "webhook_id": hook.id,
            "event_id": row.id,
            "public_id": row.public_id,
            "message_id": f"msg_{uuid.uuid4().hex}",
            "body": body,
        }
        for hook in hooks
        if row.id > hook.after_event and (not hook.states or row.to_state in hook.states)
    ]


def _cursor(connection: sa.Connection, *, locked: bool = False) -> int | None:
    statement = sa.select(webhook_feed.c.last_event).where(webhook_feed.c.name == NAME)
    return connection.execute(statement.with_for_update() if locked else statement).scalar()


def wait_for_writers(connection: sa.Connection) -> None:
    """See to it that no number below one we read is still to be committed.

    SQLite has one writer, so numbers are committed in order. PostgreSQL gives them out before the commit: a
    lower one may appear after we have passed it. The lock lets writers under way finish and the next wait,
    for as long as this short transaction lasts; of two who take it one waits, for both may write afterwards.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{PATIENCE}'")
        connection.exec_driver_sql("LOCK TABLE audit_event IN SHARE ROW EXCLUSIVE MODE")
