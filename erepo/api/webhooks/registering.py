"""Webhooks: added, listed, removed; each change is audited in its transaction."""

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from erepo.api.errors import WebhookUnknown
from erepo.api.webhooks.feeding import wait_for_writers
from erepo.api.webhooks.guarding import check_url
from erepo.api.webhooks.signing import check_secret, new_secret
from erepo.clinic.audit import note
from erepo.clinic.database import Database
from erepo.clinic.locking import lock, place_of
from erepo.clinic.retention.erasing import overwrite
from erepo.clinic.tables import audit_event, now
from erepo.clinic.tables_api import webhook, webhook_delivery


@dataclass(frozen=True, slots=True)
class Made:
    """A new webhook with its secret."""

    id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Webhook:
    """A webhook with how it goes; see `models.WebhookState`."""

    id: str
    url: str
    states: list[str]
    created_at: datetime
    created_by: str
    pending: int = 0
    delivered: int = 0
    failed: int = 0
    last_problem: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)


def add_webhook(
    connection: sa.Connection,
    url: str,
    states: Sequence[str],
    *,
    secret: str | None,
    private: bool,
    actor: str,
    passphrase: bytes,
) -> Made:
    """Add a webhook; it is told of what happens from now on.

    Args:
        connection: the transaction; the caller commits.
        url: where to POST.
        states: only changes to these; empty means all.
        secret: of the receiver's choice; None makes one.
        private: whether addresses inside the clinic are allowed.
        actor: who wants it.
        passphrase: of the clinic's keys; the secret is kept under it.

    Raises:
        WebhookAddressRefused, RequestInvalid: address or secret cannot be used.
    """
    made = Made(secrets.token_hex(16), check_secret(secret) if secret else new_secret())
    address = check_url(url, private=private)
    # What is committed after this webhook is told, also under a lower number than the highest there is.
    wait_for_writers(connection)
    last = connection.execute(sa.select(sa.func.max(audit_event.c.id))).scalar() or 0
    connection.execute(
        webhook.insert().values(
            id=made.id,
            url=address,
            secret="",
            secret_locked=lock(made.secret, passphrase, place_of(webhook, made.id)),
            states=list(states),
            after_event=last,
            created_by=actor,
        )
    )
    _note(connection, "webhook_added", made.id, actor, states=list(states))
    return made


def lock_all(database: Database, passphrase: bytes) -> int:
    """Encrypt the secrets that earlier versions kept in clear; return how many there were."""
    query = sa.select(webhook.c.id, webhook.c.secret).where(webhook.c.secret != "")
    with database.read() as connection:
        if connection.execute(query).first() is None:
            return 0
    with database.begin() as connection:
        overwrite(connection)
        rows = connection.execute(query.with_for_update()).all()
        for row in rows:
            values = {"secret": "", "secret_locked": lock(row.secret, passphrase, place_of(webhook, row.id))}
            connection.execute(webhook.update().where(webhook.c.id == row.id).values(values))
            _note(connection, "webhook_secret_locked", row.id, "erepo")
    return len(rows)


def list_webhooks(connection: sa.Connection) -> list[Webhook]:
    """Return all webhooks with their counts, in the order they were made."""
    statement = sa.select(webhook).order_by(webhook.c.created_at, webhook.c.id)
    return [_shown(connection, row) for row in connection.execute(statement).all()]


def read_webhook(connection: sa.Connection, webhook_id: str) -> Webhook:
    """Return one webhook.

    Raises:
        WebhookUnknown: there is none of this id.
    """
    row = connection.execute(sa.select(webhook).where(webhook.c.id == webhook_id)).one_or_none()
    if row is None:
        raise WebhookUnknown
    return _shown(connection, row)


def remove_webhook(connection: sa.Connection, webhook_id: str, *, actor: str) -> None:
    """Remove a webhook with all that was still to be delivered.

    Raises:
        WebhookUnknown: there is none of this id.
    """
    connection.execute(webhook_delivery.delete().where(webhook_delivery.c.webhook_id == webhook_id))
    if not connection.execute(webhook.delete().where(webhook.c.id == webhook_id)).rowcount:
        raise WebhookUnknown
    _note(connection, "webhook_removed", webhook_id, actor)


def retry(connection: sa.Connection, webhook_id: str, *, actor: str) -> int:
    """Try what was given up again, at once; return how many deliveries.

    Raises:
        WebhookUnknown: there is none of this id.
    """
    read_webhook(connection, webhook_id)
    again = connection.execute(
        webhook_delivery.update()
        .where(webhook_delivery.c.webhook_id == webhook_id, webhook_delivery.c.state == "failed")
        .values(state="pending", attempts=0, next_at=now(), finished_at=None)
    ).rowcount
    if again:
        _note(connection, "webhook_retried", webhook_id, actor, deliveries=again)
    return again


def _shown(connection: sa.Connection, row: Any) -> Webhook:
    mine = webhook_delivery.c.webhook_id == row.id
    counted = sa.select(webhook_delivery.c.state, sa.func.count()).where(mine)
    counts = {state: count for state, count in connection.execute(counted.group_by(webhook_delivery.c.state))}  # noqa: C416 - rows are no tuples to mypy
    last = connection.execute(
        sa.select(webhook_delivery.c.outcome)
        .where(mine, webhook_delivery.c.outcome.is_not(None), webhook_delivery.c.state != "delivered")
        .order_by(webhook_delivery.c.id.desc())
        .limit(1)
    ).scalar()
    counted_by = {name: counts.get(name, 0) for name in ("pending", "delivered", "failed")}
    return Webhook(
        row.id, row.url, row.states, row.created_at, row.created_by, **counted_by, last_problem=last
    )


def _note(connection: sa.Connection, event: str, webhook_id: str, actor: str, **detail: Any) -> None:
    note(connection, event, subject="webhook", subject_id=webhook_id, actor=actor, detail=detail)
