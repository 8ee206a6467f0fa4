"""Stored queries that begin with a patient (TF-2 3.18.4.1.2.3.7.1 to .4 and .14)."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Row

from erepo.cloud.registry.kinds import Kind
from erepo.cloud.registry.queries.conditions import (
    CONTENTS,
    DE,
    DOCUMENTS,
    FD,
    FOLDERS,
    SETS,
    SS,
    filters,
    statuses,
    types,
)
from erepo.cloud.registry.queries.reading import Reader
from erepo.identifiers import CX
from erepo.xds.iti18 import StoredQuery
from erepo.xds.queries import PATIENT, QueryId

Rows = list[Row[Any]]
Handler = Callable[[Reader, StoredQuery], Rows]


def _patient(query: StoredQuery, name: str) -> str:
    """Return a patient's id as it is kept: `id^^^&OID&ISO`, without the empty components that may follow."""
    return str(CX.parse(query.value(name)))


def _find_documents(reader: Reader, query: StoredQuery) -> Rows:
    wanted = statuses(query, DE), types(query), *filters(reader, query, DOCUMENTS)
    return [*reader.of_patient(_patient(query, PATIENT), Kind.DOCUMENT_ENTRY, *wanted).values()]


def _find_submission_sets(reader: Reader, query: StoredQuery) -> Rows:
    wanted = statuses(query, SS), *filters(reader, query, SETS)
    return [*reader.of_patient(_patient(query, f"{SS}PatientId"), Kind.SUBMISSION_SET, *wanted).values()]


def _find_folders(reader: Reader, query: StoredQuery) -> Rows:
    wanted = statuses(query, FD), *filters(reader, query, FOLDERS)
    return [*reader.of_patient(_patient(query, f"{FD}PatientId"), Kind.FOLDER, *wanted).values()]


def _get_all(reader: Reader, query: StoredQuery) -> Rows:
    """Everything of a patient, and all associations that touch it, also those whose other end stays out."""
    patient = _patient(query, "$patientId")
    narrowed = statuses(query, DE), types(query), *filters(reader, query, DOCUMENTS, CONTENTS)
    found = reader.of_patient(patient, Kind.SUBMISSION_SET, statuses(query, SS))
    found |= reader.of_patient(patient, Kind.DOCUMENT_ENTRY, *narrowed)
    found |= reader.of_patient(patient, Kind.FOLDER, statuses(query, FD))
    return [*found.values(), *reader.touching(found).values()]


FINDERS: Mapping[str, Handler] = {
    QueryId.FIND_DOCUMENTS: _find_documents,
    QueryId.FIND_DOCUMENTS_BY_REFERENCE_ID: _find_documents,
    QueryId.FIND_SUBMISSION_SETS: _find_submission_sets,
    QueryId.FIND_FOLDERS: _find_folders,
    QueryId.GET_ALL: _get_all,
}
