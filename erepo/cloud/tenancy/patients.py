"""The patients of an account that takes documents of registered patients only (`patients=registered`)."""

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, delete, func, insert, select

from erepo.cloud.storage.tables import patient
from erepo.cloud.tenancy.tenants import now
from erepo.identifiers.hl7 import CX

#: Most patients of one call; one statement asks for all of them.
MOST = 500
_KNOWN = select(patient.c.patient_id).where(
    patient.c.tenant_id == bindparam("tenant"), patient.c.patient_id.in_(bindparam("ids", expanding=True))
)


def add(connection: Connection, tenant_id: int, wanted: Sequence[CX]) -> int:
    """Register patients under the account's lock; return how many were not there yet.

    A submission that begins after the commit may name them.
    """
    ids = list(dict.fromkeys(str(each) for each in wanted))
    known = set(connection.scalars(_KNOWN, {"tenant": tenant_id, "ids": ids}))
    rows = [
        {"tenant_id": tenant_id, "patient_id": each, "registered_at": now()}
        for each in ids
        if each not in known
    ]
    if rows:
        connection.execute(insert(patient), rows)
    return len(rows)


def remove(connection: Connection, tenant_id: int, unwanted: Sequence[CX]) -> int:
    """Take patients away; return how many were there. Their documents stay, no new ones are taken."""
    ids = [str(each) for each in unwanted]
    gone = delete(patient).where(patient.c.tenant_id == tenant_id, patient.c.patient_id.in_(ids))
    return connection.execute(gone).rowcount


def count(connection: Connection, tenant_id: int) -> int:
    """Return how many patients are registered."""
    query = select(func.count()).select_from(patient).where(patient.c.tenant_id == tenant_id)
    return int(connection.scalar(query) or 0)
