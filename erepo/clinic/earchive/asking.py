"""Questions that the eArchiwum answers (ITI-18): those by id, which the clinic asks; no others."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import sqlalchemy as sa

from erepo.clinic.earchive.archive import Archive
from erepo.clinic.earchive.index import obj, objects_where, read_rows
from erepo.xds.errors import RegistryError, failure
from erepo.xds.iti18 import OBJECT_REF, QueryResult, StoredQuery
from erepo.xds.model import MetadataSet
from erepo.xds.queries import DOCUMENT_UNIQUE_ID, DOCUMENT_UUID, SET_UNIQUE_ID, SET_UUID, QueryId
from erepo.xds.vocabulary import AssociationType, ResponseStatus, Xds

_UUID: Final = "$uuid"


def ask(archive: Archive, query: StoredQuery) -> QueryResult:
    """Answer a stored query.

    Raises:
        XdsRefused: XDSUnknownStoredQuery for another one, XDSResultNotSinglePatient as a registry must.
        FolderMissing, IndexDamaged, RecordDamaged: nobody can be asked.
    """
    answer = _ANSWERS.get(query.id)
    if answer is None:
        raise failure([RegistryError(Xds.UNKNOWN_QUERY, "the eArchiwum answers questions by id only")])
    with archive.up_to_date() as connection:
        rows = list({row.id: row for row in answer(connection, query)}.values())
    if query.return_type == OBJECT_REF:
        refs = tuple(row.entry_uuid for row in rows)
        return QueryResult(ResponseStatus.SUCCESS, (), MetadataSet(), refs)
    if len({row.patient for row in rows} - {None}) > 1:
        raise failure([RegistryError(Xds.RESULT_NOT_SINGLE_PATIENT, "documents of several patients")])
    return QueryResult(ResponseStatus.SUCCESS, (), read_rows(rows), ())


def _documents(connection: sa.Connection, query: StoredQuery) -> list[Any]:
    only = obj.c.kind == "documents"
    return [
        *objects_where(connection, obj.c.unique_id, query.values(DOCUMENT_UNIQUE_ID), only),
        *objects_where(connection, obj.c.entry_uuid, query.values(DOCUMENT_UUID), only),
    ]


def _links(connection: sa.Connection, ids: Sequence[str]) -> list[Any]:
    return [
        *objects_where(connection, obj.c.source, ids),
        *objects_where(connection, obj.c.target, ids),
    ]


def _documents_and_links(connection: sa.Connection, query: StoredQuery) -> list[Any]:
    documents = _documents(connection, query)
    return [*documents, *_links(connection, [row.entry_uuid for row in documents])]


def _associations(connection: sa.Connection, query: StoredQuery) -> list[Any]:
    return _links(connection, query.values(_UUID))


def _sets_of(connection: sa.Connection, query: StoredQuery) -> list[Any]:
    """Return submission sets that hold an object, with the memberships that say so."""
    links = objects_where(connection, obj.c.target, query.values(_UUID))
    sets = objects_where(
        connection, obj.c.entry_uuid, [row.source for row in links], obj.c.kind == "submission_sets"
    )
    known = {row.entry_uuid for row in sets}
    return [*sets, *(row for row in links if row.source in known)]


def _set_and_contents(connection: sa.Connection, query: StoredQuery) -> list[Any]:
    only = obj.c.kind == "submission_sets"
    sets = [
        *objects_where(connection, obj.c.unique_id, query.values(SET_UNIQUE_ID), only),
        *objects_where(connection, obj.c.entry_uuid, query.values(SET_UUID), only),
    ]
    links = objects_where(connection, obj.c.source, [row.entry_uuid for row in sets])
    members = [one.target for one in read_rows(links).associations if one.type == AssociationType.HAS_MEMBER]
    return [*sets, *links, *objects_where(connection, obj.c.entry_uuid, members)]


_ANSWERS: Final[Mapping[str, Callable[[sa.Connection, StoredQuery], list[Any]]]] = MappingProxyType(
    {
        QueryId.GET_DOCUMENTS: _documents,
        QueryId.GET_DOCUMENTS_AND_ASSOCIATIONS: _documents_and_links,
        QueryId.GET_ASSOCIATIONS: _associations,
        QueryId.GET_SUBMISSION_SETS: _sets_of,
        QueryId.GET_SUBMISSION_SET_AND_CONTENTS: _set_and_contents,
    }
)
