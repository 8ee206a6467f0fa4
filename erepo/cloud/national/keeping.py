"""The rows of an account's registrations: one present, the revoked ones without their secrets.

Each function is one step of a transaction under the account's lock, and finds its work done when it comes
again. What a revocation forgets for use stays readable as history: the id, the certificates' fingerprints.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, Row, insert, select, update

from erepo.cloud.national.credentials import Credentials, facts_of
from erepo.cloud.national.errors import P1CertificatesPresent, P1RegistrationBusy
from erepo.cloud.storage.tables import p1_registration
from erepo.cloud.vault.envelope import Envelope

_table = p1_registration.c


@dataclass(frozen=True, slots=True)
class Registration:
    """One registration."""

    id: int
    tls_fingerprint: str
    wss_fingerprint: str
    facts: dict[str, dict[str, str]]
    """`tls` and `wss`: what may be shown of the certificates."""
    envelope: Envelope | None = field(repr=False)
    asked: bool
    """P1 was asked for an id, and how that ended is not known."""
    repository_id: str | None
    address: str | None
    registered_at: datetime | None

    @property
    def state(self) -> str:
        """`stored` until P1 knows everything, then `registered`."""
        return "stored" if self.registered_at is None else "registered"

    def is_of(self, credentials: Credentials) -> bool:
        """Tell whether it is with these certificates."""
        pair = (self.tls_fingerprint, self.wss_fingerprint)
        return pair == (credentials.tls.fingerprint, credentials.wss.fingerprint)

    @property
    def subjects(self) -> tuple[str, str]:
        """Whose certificates they are."""
        return self.facts["tls"]["subject"], self.facts["wss"]["subject"]


def present(connection: Connection, tenant_id: int) -> Registration | None:
    """Return an account's present registration."""
    query = select(p1_registration).where(_table.tenant_id == tenant_id, _table.revoked_at.is_(None))
    row = connection.execute(query).one_or_none()
    return _registration(row) if row is not None else None


def former(connection: Connection, tenant_id: int) -> list[Registration]:
    """Return an account's revoked registrations, latest first."""
    query = select(p1_registration).where(_table.tenant_id == tenant_id, _table.revoked_at.is_not(None))
    return [_registration(row) for row in connection.execute(query.order_by(_table.id.desc()))]


def store(
    connection: Connection, tenant_id: int, credentials: Credentials, envelope: Envelope, at: datetime
) -> None:
    """Store certificates that are to be registered, unless they are there.

    Raises:
        P1CertificatesPresent: others are.
    """
    found = present(connection, tenant_id)
    if found is not None:
        if not found.is_of(credentials):
            raise P1CertificatesPresent
        return
    row = {
        "tenant_id": tenant_id,
        "tls_fingerprint": credentials.tls.fingerprint,
        "wss_fingerprint": credentials.wss.fingerprint,
        "facts": orjson.dumps({"tls": facts_of(credentials.tls), "wss": facts_of(credentials.wss)}).decode(),
        "key_id": envelope.key_id,
        "wrapped": envelope.wrapped,
        "sealed": envelope.sealed,
        "stored_at": at,
    }
    connection.execute(insert(p1_registration), row)


def note_asked(connection: Connection, tenant_id: int, number: int, at: datetime | None) -> None:
    """Note that P1 is about to be asked for an id; None: that it was asked in vain, which is certain.

    Raises:
        P1RegistrationBusy: the registration is not what it was.
    """
    _change(connection, tenant_id, number, asked_at=at)


def note_repository(connection: Connection, tenant_id: int, number: int, repository_id: str) -> None:
    """Keep the id that P1 gave.

    Raises:
        P1RegistrationBusy: the registration is not what it was.
    """
    _change(connection, tenant_id, number, repository_id=repository_id, asked_at=None)


def note_access(connection: Connection, tenant_id: int, number: int, address: str, at: datetime) -> None:
    """Keep what P1 was told of where the repository is: from now on it is registered.

    Raises:
        P1RegistrationBusy: the registration is not what it was.
    """
    _change(connection, tenant_id, number, address=address, registered_at=at)


def revoke(connection: Connection, tenant_id: int, at: datetime) -> None:
    """End the present registration and erase its keys; without one nothing happens."""
    mine = (_table.tenant_id == tenant_id) & _table.revoked_at.is_(None)
    erased = {"key_id": None, "wrapped": None, "sealed": None}
    connection.execute(update(p1_registration).where(mine).values(revoked_at=at, **erased))


def _change(connection: Connection, tenant_id: int, number: int, **values: Any) -> None:
    mine = (_table.id == number) & (_table.tenant_id == tenant_id) & _table.revoked_at.is_(None)
    # Another process may have revoked it, or got an id for it, since it was read.
    if "repository_id" in values:
        mine &= _table.repository_id.is_(None)
    if not connection.execute(update(p1_registration).where(mine).values(values)).rowcount:
        raise P1RegistrationBusy


def _registration(row: Row[Any]) -> Registration:
    sealed = row.sealed is not None
    return Registration(
        id=row.id,
        tls_fingerprint=row.tls_fingerprint,
        wss_fingerprint=row.wss_fingerprint,
        facts=orjson.loads(row.facts),
        envelope=Envelope(row.key_id, bytes(row.wrapped), bytes(row.sealed)) if sealed else None,
        asked=row.asked_at is not None,
        repository_id=row.repository_id,
        address=row.address,
        registered_at=row.registered_at,
    )
