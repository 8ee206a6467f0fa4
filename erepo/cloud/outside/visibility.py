"""What another provider may ask SOZ about: what is in P1's index, Approved here, and of its patient.

Everything else is not there. The rows are read anew by each request, and once more in the transaction that
records the access.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from erepo.cloud.national import keeping
from erepo.cloud.national.indexing.ledger import INDEXED
from erepo.cloud.national.keeping import Registration
from erepo.cloud.registry.kinds import Kind, Status
from erepo.cloud.storage.tables import p1_index, registry_object
from erepo.cloud.tenancy.tenants import Tenant, is_open

_entry = registry_object.c
_SAME = (p1_index.c.tenant_id == _entry.tenant_id) & (p1_index.c.unique_id == _entry.unique_id)
#: Values of one statement: databases have a bound on them.
_PORTION = 200


@dataclass(frozen=True, slots=True)
class Door:
    """An account's door.

    Attributes:
        owner: the account.
        registration: in P1, the present one.
        repositories: ids under which its documents are known: its own, and those that P1 gave.
    """

    owner: Tenant
    registration: Registration
    repositories: frozenset[str]


def door_of(connection: Connection, owner: Tenant) -> Door | None:
    """Return an account's door; None where its repository is not registered in P1."""
    found = keeping.present(connection, owner.id)
    if found is None or found.registered_at is None or found.envelope is None:
        return None
    # What was indexed under an earlier id is asked for by it.
    given = [found, *(each for each in keeping.former(connection, owner.id) if each.registered_at)]
    ids = {each.repository_id for each in given if each.repository_id}
    return Door(owner, found, frozenset({owner.repository_unique_id, *ids}))


def visible(
    connection: Connection, tenant_id: int, patient: str, unique_ids: Sequence[str]
) -> frozenset[str]:
    """Return which documents are in P1's index, Approved, and of a patient; none of a closed account.

    Args:
        connection: a transaction on the owner's rows.
        tenant_id: of the owner.
        patient: CX.
        unique_ids: of the documents in question.
    """
    found: set[str] = set()
    wanted = list(dict.fromkeys(unique_ids))
    for start in range(0, len(wanted), _PORTION):
        query = (
            select(p1_index.c.unique_id)
            .join_from(registry_object, p1_index, _SAME)
            .where(
                is_open(tenant_id),
                _entry.tenant_id == tenant_id,
                _entry.kind == int(Kind.DOCUMENT_ENTRY),
                _entry.status == int(Status.APPROVED),
                _entry.patient_id == patient,
                _entry.unique_id.in_(wanted[start : start + _PORTION]),
                p1_index.c.state == INDEXED,
            )
        )
        found.update(connection.scalars(query))
    return frozenset(found)
