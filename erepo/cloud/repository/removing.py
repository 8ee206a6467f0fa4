"""Removing documents for good (ITI-86, supplement RMD).

All documents of a request go or none: of the transactions of XDS only ITI-18 and ITI-43 know a partial
success (TF-3 tables 4.2.4.2-1 to -4). Each document that cannot be removed has its own error, located by its
uniqueId.

Order, and the commit points: rows, octets that lie in rows, and the account's use go in the writer's
transaction, **whose commit is the commit point**: from then on ITI-43 finds nothing. Blobs, noted in the same
transaction, go after it, those of a crash when a service starts. Metadata stays until ITI-62.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import BindParameter, Connection, Row, bindparam, delete, select, update

from erepo.cloud.audit.evidence import Evidence
from erepo.cloud.registry.jobs import Change, Outcome
from erepo.cloud.registry.registering import slices
from erepo.cloud.storage.tables import document, document_octets, registry_object, tenant
from erepo.cloud.tenancy.tenants import Tenant
from erepo.xds.iti43 import DocumentRequest
from erepo.xds.responses import RegistryError
from erepo.xds.vocabulary import Xds

_TENANT: BindParameter[int] = bindparam("tenant")
_MANY: BindParameter[list[Any]] = bindparam("many", expanding=True)
_document, _object, _octets = document.c, registry_object.c, document_octets.c
_FIND = select(_document.id, _document.unique_id, _document.size, _document.blob_key).where(
    _document.tenant_id == _TENANT, _document.unique_id.in_(_MANY)
)
# By uniqueId, which has an index; entries of the same uniqueId in other repositories have no document here.
_LOOSEN = (
    update(registry_object)
    .where(_object.tenant_id == _TENANT, _object.unique_id.in_(_MANY), _object.unique_id.is_not(None))
    .values(document_id=None)
)
_DROP = (
    delete(document_octets).where(_octets.tenant_id == _TENANT, _octets.document_id.in_(_MANY)),
    delete(document).where(_document.tenant_id == _TENANT, _document.id.in_(_MANY)),
)
_USE = (
    update(tenant)
    .where(tenant.c.id == _TENANT)
    .values(
        used_bytes=tenant.c.used_bytes - bindparam("size"),
        used_documents=tenant.c.used_documents - bindparam("count"),
    )
)


def check_requests(account: Tenant, requests: Sequence[DocumentRequest]) -> list[RegistryError]:
    """Refuse what is asked of another repository or community."""
    errors = []
    for each in requests:
        wanted = each.document_unique_id
        if each.repository_unique_id != account.repository_unique_id:
            errors.append(RegistryError(Xds.UNKNOWN_REPOSITORY, each.repository_unique_id, location=wanted))
        elif each.home and each.home != account.home_community_id:
            errors.append(RegistryError(Xds.UNKNOWN_COMMUNITY, each.home, location=wanted))
    return errors


class DocumentRemoval:
    """A request to remove documents, checked against the repository's own ids, ready for the writer."""

    def __init__(self, tenant_id: int, unique_ids: Sequence[str], evidence: Evidence) -> None:
        self._tenant_id, self._evidence = tenant_id, evidence
        self._wanted = tuple(dict.fromkeys(unique_ids))

    def change(self) -> Change:
        """Return it as the writer takes it."""
        return Change(evidence=self._evidence, apply=self._apply)

    def _apply(self, connection: Connection) -> Outcome:
        rows = [*self._find(connection)]
        missing = set(self._wanted) - {row.unique_id for row in rows}
        if missing:
            code = Xds.DOCUMENT_UNIQUE_ID
            return Outcome(
                tuple(RegistryError(code, one, location=one) for one in self._wanted if one in missing)
            )
        self._remove(connection, rows)
        return Outcome(unused=tuple(row.blob_key for row in rows if row.blob_key))

    def _find(self, connection: Connection) -> Iterator[Row[Any]]:
        for some in slices(self._wanted):
            yield from connection.execute(_FIND, {"tenant": self._tenant_id, "many": some})

    def _remove(self, connection: Connection, rows: Sequence[Row[Any]]) -> None:
        for some in slices(self._wanted):
            connection.execute(_LOOSEN, {"tenant": self._tenant_id, "many": some})
        for numbers in slices([row.id for row in rows]):
            for statement in _DROP:
                connection.execute(statement, {"tenant": self._tenant_id, "many": numbers})
        freed = {"size": sum(row.size for row in rows), "count": len(rows)}
        connection.execute(_USE, {"tenant": self._tenant_id, **freed})
