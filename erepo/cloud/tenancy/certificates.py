"""The certificates of an account as the account itself may see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from erepo.cloud.storage.tables import certificate
from erepo.pki.pem import read_certificate


@dataclass(frozen=True, slots=True)
class Registered:
    """One registered certificate; times are UTC, naive."""

    purpose: str
    """`TLS` or `WSS`."""
    fingerprint: str
    serial: str
    """Upper-case hex."""
    not_before: datetime
    not_after: datetime
    state: str
    """`active` or `retired`."""
    registered_at: datetime


def registered(connection: Connection, tenant_id: int) -> Sequence[Registered]:
    """Return an account's certificates: active ones first, TLS before WSS, then the newest first."""
    columns = certificate.c
    rows = connection.execute(
        select(certificate)
        .where(columns.tenant_id == tenant_id)
        .order_by(columns.state, columns.purpose, columns.id.desc())
    )
    return [
        Registered(
            purpose=row.purpose,
            fingerprint=row.fingerprint,
            serial=f"{(found := read_certificate(row.pem.encode())).serial_number:X}",
            not_before=found.not_valid_before_utc.replace(tzinfo=None),
            not_after=row.not_after,
            state=row.state,
            registered_at=row.registered_at,
        )
        for row in rows
    ]
