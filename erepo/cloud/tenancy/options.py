"""What the operator decides about an account after it was ordered; never called for a request."""

from collections.abc import Mapping, Sequence
from typing import Any

from cryptography import x509
from sqlalchemy import Connection, Row, insert, select, update

from erepo.cloud.errors import TenantUnknown
from erepo.cloud.storage.tables import certificate, tenant
from erepo.cloud.tenancy.tenants import certificate_row, check_term, now
from erepo.pki.names import CertificatePurpose

#: Columns of `tenant` that may be decided anew.
OPTIONS = (
    "security",
    "patients",
    "codes",
    "users",
    "signatures",
    "emergencies",
    "limit_bytes",
    "limit_documents",
    "valid_until",
)


def number_of(connection: Connection, account: str) -> int:
    """Return an account's row number: for the operator only.

    Raises:
        TenantUnknown: no such account.
    """
    number: int | None = connection.scalar(select(tenant.c.id).where(tenant.c.account == account))
    if number is None:
        raise TenantUnknown(account=account)
    return number


def options(connection: Connection, account: str) -> dict[str, Any]:
    """Return what the operator has decided about an account, by the names of `OPTIONS`."""
    columns = [tenant.c[name] for name in OPTIONS]
    row = connection.execute(select(*columns).where(tenant.c.account == account)).one()
    return dict(zip(OPTIONS, row, strict=True))


def change(connection: Connection, account: str, changed: Mapping[str, Any]) -> None:
    """Decide anew about an account; a running service takes it up within `FRESH` seconds.

    Args:
        connection: a transaction.
        account: which one.
        changed: new values by the names of `OPTIONS`.

    Raises:
        TermOver: the new last day has passed.
    """
    check_term(changed.get("valid_until"))
    values = {name: changed[name] for name in OPTIONS if name in changed}
    connection.execute(update(tenant).where(tenant.c.account == account).values(values))


def register(
    connection: Connection, account: str, tls: x509.Certificate, wss: x509.Certificate, *, retire: bool
) -> None:
    """Give an account further certificates: the operator's way when keys are lost or run out.

    Args:
        connection: a transaction.
        account: which one; one that waits for its activation becomes active.
        tls: of the connection.
        wss: of the signature.
        retire: whether its earlier certificates end now; without it they serve until they expire.
    """
    number = number_of(connection, account)
    if retire:
        mine = (certificate.c.tenant_id == number) & (certificate.c.state == "active")
        connection.execute(update(certificate).where(mine).values(state="retired"))
    rows = [
        certificate_row(number, CertificatePurpose.TLS, tls),
        certificate_row(number, CertificatePurpose.WSS, wss),
    ]
    connection.execute(insert(certificate), rows)
    waiting = (tenant.c.id == number) & (tenant.c.state == "ordered")
    connection.execute(update(tenant).where(waiting).values(state="active", activated_at=now()))


def certificates(connection: Connection, account: str) -> Sequence[Row[Any]]:
    """Return an account's certificates, newest first, without their PEM: for the operator only."""
    columns = (certificate.c.purpose, certificate.c.fingerprint, certificate.c.state, certificate.c.not_after)
    query = select(*columns).join(tenant).where(tenant.c.account == account)
    return connection.execute(query.order_by(certificate.c.id.desc())).all()
