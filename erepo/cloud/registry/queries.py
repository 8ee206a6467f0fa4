"""The registry's answers to stored queries (ITI-18; TF-2 3.18).

FindDocuments, GetDocuments and GetSubmissionSetAndContents; the others are XDSUnknownStoredQuery.

Every question is asked with the tenant's number first. Results carry the XML that came in; the status stands
in its own column and is put in place here.
"""

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import zstandard
from lxml import etree
from sqlalchemy import Connection, Row, Select, and_, exists, or_, select

from erepo.cloud.registry.kinds import Kind, Status, Value
from erepo.cloud.registry.stamping import Element
from erepo.cloud.storage.tables import object_value, registry_object
from erepo.cloud.tenancy.tenants import Tenant
from erepo.xds.errors import QueryError
from erepo.xds.iti18 import OBJECT_REF, StoredQuery
from erepo.xds.queries import (
    DOCUMENT_UNIQUE_ID,
    DOCUMENT_UUID,
    PATIENT,
    SET_UNIQUE_ID,
    SET_UUID,
    STATUS,
    TYPE,
    QueryId,
)
from erepo.xds.responses import RegistryError
from erepo.xds.vocabulary import APPROVED, DEPRECATED, STABLE, Xds

#: Most objects of one answer; more is XDSTooManyResults (ask for ObjectRef, then in slices).
MOST_OBJECTS = 5_000
MOST_REFERENCES = 100_000

_object = registry_object.c
_STATUS = {APPROVED: Status.APPROVED, DEPRECATED: Status.DEPRECATED}
_STATUS_URN = {int(number): urn for urn, number in _STATUS.items()}
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
_LARGEST_XML = 64 * 1024**2
_DE, _SS = "$XDSDocumentEntry", "$XDSSubmissionSet"
_COLUMNS = {
    f"{_DE}ClassCode": _object.class_code,
    f"{_DE}TypeCode": _object.type_code,
    f"{_DE}FormatCode": _object.format_code,
    f"{_DE}PracticeSettingCode": _object.practice_setting,
    f"{_DE}HealthcareFacilityTypeCode": _object.facility_type,
}
_TIMES = {
    "CreationTime": _object.created,
    "ServiceStartTime": _object.service_start,
    "ServiceStopTime": _object.service_stop,
}
_VALUES = {
    f"{_DE}ConfidentialityCode": Value.CONFIDENTIALITY,
    f"{_DE}EventCodeList": Value.EVENT_CODE,
}


@dataclass(frozen=True, slots=True)
class Found:
    """The result of a query: references, or elements as they were received."""

    refs: tuple[str, ...] = ()
    elements: tuple[Element, ...] = ()


def answer(connection: Connection, tenant: Tenant, query: StoredQuery) -> Found:
    """Answer a stored query that was read and checked by `erepo.xds`.

    Raises:
        QueryError: XDSUnknownStoredQuery, XDSTooManyResults, XDSResultNotSinglePatient, or a missing
        parameter.
    """
    handle = _HANDLERS.get(query.id)
    if handle is None:
        raise QueryError([RegistryError(Xds.UNKNOWN_QUERY, "this stored query is not supported")])
    return handle(connection, tenant, query)


def _find_documents(connection: Connection, tenant: Tenant, query: StoredQuery) -> Found:
    wanted = _all(tenant, Kind.DOCUMENT_ENTRY).where(_object.patient_id == query.value(PATIENT))
    wanted = wanted.where(_object.status.in_(_statuses(query, STATUS)))
    return _fetch(connection, query, wanted.where(*_document_filters(query)))


def _get_documents(connection: Connection, tenant: Tenant, query: StoredQuery) -> Found:
    wanted = _all(tenant, Kind.DOCUMENT_ENTRY)
    uuids, unique_ids = query.values(DOCUMENT_UUID), query.values(DOCUMENT_UNIQUE_ID)
    if uuids:
        wanted = wanted.where(_object.entry_uuid.in_(list(_uuids(uuids))))
    else:
        wanted = wanted.where(_object.unique_id.in_(unique_ids))
    return _fetch(connection, query, wanted, single_patient=True)


def _get_submission_set_and_contents(connection: Connection, tenant: Tenant, query: StoredQuery) -> Found:
    wanted = _all(tenant, Kind.SUBMISSION_SET)
    if unique_id := query.value(SET_UNIQUE_ID):
        wanted = wanted.where(_object.unique_id == unique_id)
    else:
        wanted = wanted.where(_object.entry_uuid.in_(list(_uuids([query.value(SET_UUID)]))))
    submission_set = connection.execute(wanted).one_or_none()
    if submission_set is None:
        return Found()
    links = connection.execute(
        _all(tenant, Kind.ASSOCIATION).where(_object.source_object == submission_set.id)
    ).all()
    members = _all(tenant, Kind.DOCUMENT_ENTRY).where(
        _object.id.in_([link.target_object for link in links]), *_document_filters(query, ("FormatCode",))
    )
    documents = connection.execute(members).all()
    kept = {row.id for row in documents}
    links = [link for link in links if link.target_object in kept]
    return _found(query, [submission_set, *documents, *links])


_Handler = Callable[[Connection, Tenant, StoredQuery], Found]
_HANDLERS: Mapping[str, _Handler] = {
    QueryId.FIND_DOCUMENTS: _find_documents,
    QueryId.GET_DOCUMENTS: _get_documents,
    QueryId.GET_SUBMISSION_SET_AND_CONTENTS: _get_submission_set_and_contents,
}


def _all(tenant: Tenant, kind: Kind) -> Select[Any]:
    return (
        select(
            _object.id,
            _object.entry_uuid,
            _object.status,
            _object.patient_id,
            _object.source_object,
            _object.target_object,
            _object.xml,
        )
        .where(_object.tenant_id == tenant.id)
        .where(_object.kind == int(kind))
        .order_by(_object.id)
    )


def _statuses(query: StoredQuery, name: str) -> list[int]:
    known = [int(_STATUS[each]) for each in query.values(name) if each in _STATUS]
    if not known:
        # Unknown values are ignored; when none is left the parameter counts as missing.
        raise QueryError([RegistryError(Xds.QUERY_MISSING_PARAM, f"{name} has no known value")])
    return known


def _document_filters(query: StoredQuery, only: Sequence[str] = ()) -> Iterator[Any]:
    for name, column in _COLUMNS.items():
        if (values := query.values(name)) and (not only or name.removeprefix(_DE) in only):
            yield column.in_(values)
    for name, value in _VALUES.items():
        # A slot given twice means AND, its members mean OR.
        for group in query.parameters.get(name, ()):
            yield _has_value(value, group)
    types = query.values(TYPE) or (STABLE,)
    yield _object.object_type.in_(list(_uuids(types)))
    if only:
        return
    yield from _time_filters(query)
    if persons := query.values(f"{_DE}AuthorPerson"):
        yield _like_value(Value.AUTHOR_PERSON, persons)


def _time_filters(query: StoredQuery) -> Iterator[Any]:
    for name, column in _TIMES.items():
        # From <= t < To; a document without the time is not held back by it.
        if start := _shortest(query.value(f"{_DE}{name}From")):
            yield or_(column.is_(None), column >= start)
        if end := _shortest(query.value(f"{_DE}{name}To")):
            yield or_(column.is_(None), column < end)


def _shortest(time: str) -> str:
    """Return a bound without the lowest values at its end: 20260101000000 and 2026 are one moment.

    Compared as texts, times of any precision then stand right of the bound or left of it.
    """
    while len(time) > len("2026") and time.endswith("01" if len(time) <= len("20260101") else "00"):
        time = time[:-2]
    return time


def _has_value(name: Value, texts: Sequence[str]) -> Any:
    return _value_exists(name, object_value.c.value.in_(texts))


def _like_value(name: Value, patterns: Sequence[str]) -> Any:
    return _value_exists(name, or_(*(object_value.c.value.like(pattern) for pattern in patterns)))


def _value_exists(name: Value, condition: Any) -> Any:
    belongs = and_(object_value.c.object_id == _object.id, object_value.c.name == int(name))
    return exists().where(belongs, condition)


def _uuids(texts: Sequence[str]) -> Iterator[bytes]:
    """Yield the well-formed ones; others name nothing."""
    for text in texts:
        try:
            yield uuid.UUID(text).bytes
        except ValueError:
            continue


def _fetch(
    connection: Connection, query: StoredQuery, wanted: Select[Any], *, single_patient: bool = False
) -> Found:
    if query.return_type == OBJECT_REF:
        wanted = wanted.with_only_columns(_object.entry_uuid, maintain_column_froms=True)
    most = MOST_REFERENCES if query.return_type == OBJECT_REF else MOST_OBJECTS
    rows = connection.execute(wanted.limit(most + 1)).all()
    if len(rows) > most:
        raise QueryError([RegistryError(Xds.TOO_MANY_RESULTS, f"more than {most} objects")])
    if single_patient and query.return_type != OBJECT_REF and len({row.patient_id for row in rows}) > 1:
        raise QueryError([RegistryError(Xds.RESULT_NOT_SINGLE_PATIENT, "objects of several patients")])
    return _found(query, rows)


def _found(query: StoredQuery, rows: Sequence[Row[Any]]) -> Found:
    if query.return_type == OBJECT_REF:
        return Found(refs=tuple(uuid.UUID(bytes=bytes(row.entry_uuid)).urn for row in rows))
    context = zstandard.ZstdDecompressor()
    return Found(elements=tuple(_element(context, row) for row in rows))


def _element(context: zstandard.ZstdDecompressor, row: Row[Any]) -> Element:
    octets = context.decompress(row.xml, max_output_size=_LARGEST_XML)
    element = etree.fromstring(octets, _PARSER)
    element.set("status", _STATUS_URN[row.status])
    return element
