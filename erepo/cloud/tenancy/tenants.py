"""Tenants: accounts, their certificates, their limits; and who a connection belongs to.

**A connection's tenant is found by the fingerprint of its client certificate and by nothing else.** The
account in the path is only compared with the one found, so a foreign account and an unknown one take the same
way and cost the same time.
"""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal

from cryptography import x509
from sqlalchemy import ColumnElement, Connection, Row, Select, exists, insert, select, update
from sqlalchemy.exc import IntegrityError

from erepo.cloud.errors import (
    AccountMalformed,
    AccountOccupied,
    TenantExists,
    TenantUnknown,
    TermOver,
)
from erepo.cloud.storage.database import Database
from erepo.cloud.storage.tables import audit_head, certificate, service, tenant
from erepo.identifiers.oids import new_uuid_oid
from erepo.pki.bundle import fingerprint
from erepo.pki.names import CertificatePurpose
from erepo.pki.pem import write_certificates

Security = Literal["wss", "mtls"]
Patients = Literal["open", "registered"]
Codes = Literal["open", "polish"]
Users = Literal["required", "optional"]
Signatures = Literal["check", "ignore"]
Emergencies = Literal["refuse", "allow"]
State = Literal["ordered", "active", "suspended"]

GIB = 1024**3
#: How long a change by the operator may stay unnoticed by a running service, in seconds.
FRESH = 1.0


@dataclass(frozen=True, slots=True)
class Tenant:
    """One account as the service needs it on every request."""

    id: int
    account: str
    state: State
    security: Security
    repository_unique_id: str
    home_community_id: str
    source_id: str
    limit_bytes: int
    limit_documents: int
    valid_until: date | None
    signers: frozenset[str]
    """Fingerprints of the registered WSS certificates."""
    patients: Patients = "open"
    """Whether any patient is taken, or only those that were registered."""
    codes: Codes = "open"
    """Whether any code is taken, or only those of the Polish sets."""
    users: Users = "optional"
    """Whether each request must say which person acts (ITI-40)."""
    signatures: Signatures = "check"
    """Whether documents whose own signature was forged are refused."""
    emergencies: Emergencies = "refuse"
    """Whether other accounts may read without a consent when a life is in danger (break-glass)."""

    @property
    def expired(self) -> bool:
        """Whether the account's term is over."""
        return self.valid_until is not None and datetime.now(UTC).date() > self.valid_until


@dataclass(frozen=True, slots=True)
class Usage:
    """What a tenant has stored."""

    used_bytes: int
    used_documents: int


@dataclass(frozen=True, slots=True)
class Order:
    """What the operator decides about a new account."""

    account: str
    limit_bytes: int = 50 * GIB
    limit_documents: int = 1_000_000
    security: Security = "wss"
    valid_until: date | None = None
    patients: Patients = "open"
    codes: Codes = "open"
    users: Users | None = None
    """None: required with WS-Security, optional with mutual TLS alone."""
    signatures: Signatures = "check"
    emergencies: Emergencies = "refuse"


def check_account(account: str) -> str:
    """Return the account if it is 16 digits.

    Raises:
        AccountMalformed: it is not.
    """
    if not re.fullmatch(r"[0-9]{16}", account):
        raise AccountMalformed(account=account)
    return account


def check_term(last_day: date | None) -> None:
    """Prove that an account's last day is not over.

    Raises:
        TermOver: it is.
    """
    if last_day is not None and last_day < datetime.now(UTC).date():
        raise TermOver(day=last_day.isoformat())


def check_new(connection: Connection, wanted: Order) -> None:
    """Prove that an account may be added.

    Raises:
        AccountMalformed, TermOver, TenantExists: it may not.
    """
    check_term(wanted.valid_until)
    if connection.scalar(select(tenant.c.id).where(tenant.c.account == check_account(wanted.account))):
        raise TenantExists(account=wanted.account)


def order(connection: Connection, wanted: Order) -> None:
    """Add an account that waits for its activation.

    Raises:
        TenantExists: the account is there already.
        AccountMalformed: it is not 16 digits.
        TermOver: its last day has passed.
    """
    check_new(connection, wanted)
    row = {
        "account": wanted.account,
        "state": "ordered",
        "security": wanted.security,
        "patients": wanted.patients,
        "codes": wanted.codes,
        "users": wanted.users or ("required" if wanted.security == "wss" else "optional"),
        "signatures": wanted.signatures,
        "emergencies": wanted.emergencies,
        "repository_unique_id": new_uuid_oid(),
        "source_id": new_uuid_oid(),
        "limit_bytes": wanted.limit_bytes,
        "limit_documents": wanted.limit_documents,
        "used_bytes": 0,
        "used_documents": 0,
        "valid_until": wanted.valid_until,
        "created_at": now(),
    }
    number = connection.scalars(insert(tenant).returning(tenant.c.id), row).one()
    connection.execute(insert(audit_head), {"tenant_id": number, "number": 0, "hash": bytes(32)})


def activate(
    connection: Connection, tenant_id: int, account: str, tls: x509.Certificate, wss: x509.Certificate
) -> None:
    """Register an account's two certificates and make it active; the same again changes nothing.

    The certificates must have been checked (`erepo.pki.checks`).

    Raises:
        AccountOccupied: it is active with other certificates, or suspended, or a certificate is registered
        elsewhere.
    """
    state = connection.scalars(select(tenant.c.state).where(tenant.c.id == tenant_id).with_for_update()).one()
    wanted = {(CertificatePurpose.TLS, fingerprint(tls)), (CertificatePurpose.WSS, fingerprint(wss))}
    if state == "active" and wanted <= set(_registered(connection, tenant_id)):
        return
    if state != "ordered":
        raise AccountOccupied(account=account)
    rows = [
        certificate_row(tenant_id, purpose, each)
        for purpose, each in ((CertificatePurpose.TLS, tls), (CertificatePurpose.WSS, wss))
    ]
    try:
        with connection.begin_nested():
            connection.execute(insert(certificate), rows)
    except IntegrityError:  # a fingerprint is given once, over all accounts
        raise AccountOccupied(account=account) from None
    connection.execute(
        update(tenant).where(tenant.c.id == tenant_id).values(state="active", activated_at=now())
    )


def _registered(connection: Connection, tenant_id: int) -> Sequence[tuple[CertificatePurpose, str]]:
    rows = connection.execute(
        select(certificate.c.purpose, certificate.c.fingerprint)
        .where(certificate.c.tenant_id == tenant_id)
        .where(certificate.c.state == "active")
    )
    return [(CertificatePurpose(row.purpose), row.fingerprint) for row in rows]


def certificate_row(tenant_id: int, purpose: CertificatePurpose, each: x509.Certificate) -> dict[str, Any]:
    """Return the row of a certificate that is registered now."""
    return {
        "tenant_id": tenant_id,
        "purpose": purpose.value,
        "fingerprint": fingerprint(each),
        "state": "active",
        "not_after": each.not_valid_after_utc.replace(tzinfo=None),
        "pem": write_certificates([each]).decode("ascii"),
        "registered_at": now(),
    }


def now() -> datetime:
    """The present as the tables keep it: UTC, naive."""
    return datetime.now(UTC).replace(tzinfo=None)


def suspend(connection: Connection, account: str) -> None:
    """Close an account: every request of it is refused.

    Raises:
        TenantUnknown: no such account.
    """
    _set_state(connection, account, "suspended")


def resume(connection: Connection, account: str) -> State:
    """Open a suspended account again and return its state: as before, active only if it has been activated.

    Raises:
        TenantUnknown: no such account.
    """
    has_certificates = select(certificate.c.id).join(tenant).where(tenant.c.account == account).limit(1)
    state: State = "ordered" if connection.scalar(has_certificates) is None else "active"
    _set_state(connection, account, state)
    return state


def _set_state(connection: Connection, account: str, state: State) -> None:
    done = connection.execute(update(tenant).where(tenant.c.account == account).values(state=state))
    if not done.rowcount:
        raise TenantUnknown(account=account)


def accounts(connection: Connection) -> Sequence[Row[Any]]:
    """Return all rows of `tenant`, by account: for the operator only."""
    return connection.execute(select(tenant).order_by(tenant.c.account)).all()


def find(connection: Connection, account: str) -> Tenant:
    """Return an account by its number: for the operator only, never for a request.

    Raises:
        TenantUnknown: no such account.
    """
    found = _load(connection, select(tenant).where(tenant.c.account == account))
    if found is None:
        raise TenantUnknown(account=account)
    return found


def is_open(tenant_id: int) -> ColumnElement[bool]:
    """Whether an account is active, asked beside what is read of it: what is under way ends with it."""
    return exists().where(tenant.c.id == tenant_id, tenant.c.state == "active")


def usage(connection: Connection, tenant_id: int) -> Usage:
    """Return what a tenant has stored at this moment."""
    row = connection.execute(
        select(tenant.c.used_bytes, tenant.c.used_documents).where(tenant.c.id == tenant_id)
    ).one()
    return Usage(row.used_bytes, row.used_documents)


def _load(connection: Connection, query: Select[Any]) -> Tenant | None:
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    home = connection.scalars(select(service.c.value).where(service.c.name == "home")).one()
    signers = [each for purpose, each in _registered(connection, row.id) if purpose is CertificatePurpose.WSS]
    return Tenant(
        id=row.id,
        account=row.account,
        state=row.state,
        security=row.security,
        repository_unique_id=row.repository_unique_id,
        home_community_id=home,
        source_id=row.source_id,
        limit_bytes=row.limit_bytes,
        limit_documents=row.limit_documents,
        valid_until=row.valid_until,
        signers=frozenset(signers),
        patients=row.patients,
        codes=row.codes,
        users=row.users,
        signatures=row.signatures,
        emergencies=row.emergencies,
    )


class Directory:
    """Finds the tenant of a client certificate, with a memory of `FRESH` seconds."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[str, tuple[float, Tenant | None]] = {}

    def remembered(self, tls_fingerprint: str) -> tuple[bool, Tenant | None]:
        """Return (whether the memory is fresh, the tenant in it) without touching the database."""
        until, found = self._known.get(tls_fingerprint, (0.0, None))
        return time.monotonic() < until, found

    def look_up(self, tls_fingerprint: str) -> Tenant | None:
        """Ask the database; None when the certificate is nobody's. Blocking: call it off the event loop."""
        query = (
            select(tenant)
            .join(certificate, certificate.c.tenant_id == tenant.c.id)
            .where(certificate.c.fingerprint == tls_fingerprint)
            .where(certificate.c.purpose == CertificatePurpose.TLS.value)
            .where(certificate.c.state == "active")
            .where(certificate.c.not_after > now())  # a connection may outlive its certificate
        )
        with self._database.everyone("whose certificate it is, is what is asked") as connection:
            found = _load(connection, query)
        if len(self._known) > 10_000:
            self._known.clear()
        self._known[tls_fingerprint] = (time.monotonic() + FRESH, found)
        return found

    def forget(self) -> None:
        """Drop the memory: something was changed by this process."""
        self._known.clear()
