"""The row of an account's structure: one, replaced as a whole, untouched by the same content."""

from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, Row, insert, select, update

from erepo.cloud.storage.tables import structure
from erepo.cloud.structure.content import Structure
from erepo.cloud.structure.errors import StructureNone


def keep(connection: Connection, tenant_id: int, sent: Structure, at: datetime) -> bool:
    """Store a structure; return whether it is another one than before.

    Args:
        connection: a transaction under the account's lock.
        tenant_id: whose.
        sent: what was checked.
        at: UTC, naive.
    """
    found = _row(connection, tenant_id)
    if found is not None and found.sha256 == sent.sha256:
        return False
    values = {"sha256": sent.sha256, "content": sent.content, "updated_at": at}
    if found is None:
        connection.execute(insert(structure), {"tenant_id": tenant_id, **values})
    else:
        connection.execute(update(structure).where(structure.c.tenant_id == tenant_id).values(values))
    return True


def held(connection: Connection, tenant_id: int) -> dict[str, Any]:
    """Return what an account has sent, with its hash and the moment since which it holds.

    Raises:
        StructureNone: nothing.
    """
    found = _row(connection, tenant_id)
    if found is None:
        raise StructureNone
    content: dict[str, Any] = orjson.loads(found.content)
    return {**content, "sha256": found.sha256, "updatedAt": f"{found.updated_at:%Y-%m-%dT%H:%M:%SZ}"}


def _row(connection: Connection, tenant_id: int) -> Row[Any] | None:
    return connection.execute(select(structure).where(structure.c.tenant_id == tenant_id)).one_or_none()
