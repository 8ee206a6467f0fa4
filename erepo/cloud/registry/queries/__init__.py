"""The registry's answers to stored queries (ITI-18; TF-2 3.18).

A query is answered in two steps. `finding` (by patient) and `getting` (by id) choose objects through a
`Reader`, which asks every question with the tenant's number, in portions any database takes, and never for
more than an answer may hold. Then `replaying` turns what was chosen into references, or into the XML that
came in. The number of statements does not depend on the number of objects found, only on how many portions
their ids fill.
"""

from sqlalchemy import Connection

from erepo.cloud.registry.queries.finding import FINDERS
from erepo.cloud.registry.queries.getting import GETTERS
from erepo.cloud.registry.queries.reading import MOST_OBJECTS, MOST_REFERENCES, Condition, Reader
from erepo.cloud.registry.queries.replaying import Found, references, replay
from erepo.cloud.tenancy.tenants import Tenant
from erepo.xds.errors import QueryError
from erepo.xds.iti18 import OBJECT_REF, StoredQuery
from erepo.xds.queries import HOME
from erepo.xds.responses import RegistryError
from erepo.xds.vocabulary import Xds

__all__ = ["MOST_OBJECTS", "MOST_REFERENCES", "Found", "answer"]

_HANDLERS = {**FINDERS, **GETTERS}


def answer(
    connection: Connection, tenant: Tenant, query: StoredQuery, within: Condition | None = None
) -> Found:
    """Answer a stored query that was read and checked by `erepo.xds`.

    Args:
        connection: a transaction that only reads.
        tenant: whose registry is asked.
        query: the question.
        within: what every object must fit to be there at all, for a reader who sees some of them only.

    Raises:
        QueryError: XDSUnknownStoredQuery, XDSUnknownCommunity, XDSStoredQueryMissingParam,
            XDSTooManyResults, XDSResultNotSinglePatient, or XDSRegistryError for a value of no known form.
    """
    handle = _HANDLERS.get(query.id)
    if handle is None:
        raise QueryError([RegistryError(Xds.UNKNOWN_QUERY, "this stored query is not supported")])
    _check_home(tenant, query)
    wants_references = query.return_type == OBJECT_REF
    most = MOST_REFERENCES if wants_references else MOST_OBJECTS
    reader = Reader(connection, tenant.id, most, whole=not wants_references, within=within)
    chosen = handle(reader, query)
    if wants_references:
        return references(chosen)
    # By patient, one patient is certain; by id it must be looked at (TF-2 3.18.4.1.2.3.7.5 note 3).
    if query.id in GETTERS and len({row.patient_id for row in chosen} - {None}) > 1:
        raise QueryError([RegistryError(Xds.RESULT_NOT_SINGLE_PATIENT, "objects of several patients")])
    return replay(connection, tenant.id, chosen)


def _check_home(tenant: Tenant, query: StoredQuery) -> None:
    """Refuse what is meant for another community; it may stand in the attribute or as a parameter."""
    for home in filter(None, (query.home, query.value(HOME))):
        if home != tenant.home_community_id:
            context = f"this community is {tenant.home_community_id}"
            raise QueryError([RegistryError(Xds.UNKNOWN_COMMUNITY, context)])
