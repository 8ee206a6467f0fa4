"""An account's certificates over their life: registered beside each other, retired when the next are proven.

Old and new are accepted until the old ones are retired; a verifier takes every active WSS certificate
(`Tenant.signers`), a connection every active TLS certificate, and neither a retired one. **Each call is one
transaction**, its commit the commit point: the same call again finds its work done. Retiring leaves the pair
that was just proven to work, so an account never locks itself out.
"""

from collections.abc import Sequence
from typing import Any

from cryptography import x509
from sqlalchemy import Connection, Row, insert, select, update
from sqlalchemy.exc import IntegrityError

from erepo.cloud.errors import AccountOccupied
from erepo.cloud.storage.tables import certificate
from erepo.cloud.tenancy.errors import CertificateRetired
from erepo.cloud.tenancy.tenants import certificate_row
from erepo.pki.bundle import fingerprint
from erepo.pki.names import CertificatePurpose
from erepo.pki.pem import read_certificate
from erepo.pki.serials import check_serials

Pair = tuple[x509.Certificate, x509.Certificate]


def register(connection: Connection, tenant_id: int, account: str, pair: Pair) -> None:
    """Register a TLS and a WSS certificate beside those that are there; one that is there already stays.

    The certificates must have been checked (`erepo.pki.checks`).

    Raises:
        SerialTwice: one of them bears the number of another one of its issuer.
        CertificateRetired: one of them was retired before.
        AccountOccupied: one of them is registered elsewhere.
    """
    rows = registered(connection, tenant_id)
    check_serials([*pair, *(read_certificate(row.pem.encode("ascii")) for row in rows)])
    known = {row.fingerprint: row.state for row in rows}
    fresh = []
    for purpose, each in zip(CertificatePurpose, pair, strict=True):
        state = known.get(fingerprint(each))
        if state == "retired":
            raise CertificateRetired(purpose=purpose.value)
        if state is None:
            fresh.append(certificate_row(tenant_id, purpose, each))
    if not fresh:
        return
    try:
        with connection.begin_nested():
            connection.execute(insert(certificate), fresh)
    except IntegrityError:  # a fingerprint is given once, over all accounts
        raise AccountOccupied(account=account) from None


def retire_others(connection: Connection, tenant_id: int, pair: Pair) -> int:
    """Retire every active certificate of an account but these two; return how many."""
    others = (
        update(certificate)
        .where(certificate.c.tenant_id == tenant_id)
        .where(certificate.c.state == "active")
        .where(certificate.c.fingerprint.not_in([fingerprint(each) for each in pair]))
    )
    return connection.execute(others.values(state="retired")).rowcount


def registered(connection: Connection, tenant_id: int) -> Sequence[Row[Any]]:
    """Return the rows of an account's certificates, newest first."""
    query = select(certificate).where(certificate.c.tenant_id == tenant_id)
    return connection.execute(query.order_by(certificate.c.id.desc())).all()


def shown(row: Row[Any]) -> dict[str, str]:
    """Return what is told of a certificate."""
    found = read_certificate(row.pem.encode("ascii"))
    return {
        "purpose": row.purpose,
        "fingerprint": row.fingerprint,
        "serial": f"{found.serial_number:X}",
        "notBefore": f"{found.not_valid_before_utc:%Y-%m-%dT%H:%M:%SZ}",
        "notAfter": f"{found.not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}",
        "state": row.state,
    }
