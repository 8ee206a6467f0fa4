"""What the parameters of a query demand of one object, as conditions of a statement (TF-2 3.18.4.1.2.3)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, exists, or_

from erepo.cloud.registry.kinds import Status, Value
from erepo.cloud.registry.queries.reading import Reader, uuids
from erepo.cloud.storage.tables import object_value, registry_object
from erepo.xds.errors import QueryError
from erepo.xds.iti18 import StoredQuery
from erepo.xds.queries import TYPE
from erepo.xds.responses import RegistryError
from erepo.xds.vocabulary import APPROVED, DEPRECATED, ON_DEMAND, STABLE, Xds

DE, SS, FD = "$XDSDocumentEntry", "$XDSSubmissionSet", "$XDSFolder"
#: A pattern is tried on every author of every document that is otherwise wanted.
MOST_PATTERNS = 100
LONGEST_PATTERN = 1_000

_object = registry_object.c
_STATUS = {APPROVED: int(Status.APPROVED), DEPRECATED: int(Status.DEPRECATED)}

Condition = ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Searched:
    """Where the parameters of one kind of object look, by what follows the kind's prefix in their names."""

    prefix: str
    codes: Mapping[str, "Column[Any]"]
    times: Mapping[str, "Column[Any]"]
    lists: Mapping[str, Value]
    """Codes of which an object may have several: a repeated slot demands another one (AND)."""
    patterns: Mapping[str, Value]
    texts: Mapping[str, "Column[Any]"]


DOCUMENTS = Searched(
    DE,
    codes={
        "ClassCode": _object.class_code,
        "TypeCode": _object.type_code,
        "FormatCode": _object.format_code,
        "PracticeSettingCode": _object.practice_setting,
        "HealthcareFacilityTypeCode": _object.facility_type,
    },
    times={
        "CreationTime": _object.created,
        "ServiceStartTime": _object.service_start,
        "ServiceStopTime": _object.service_stop,
    },
    lists={"ConfidentialityCode": Value.CONFIDENTIALITY, "EventCodeList": Value.EVENT_CODE},
    patterns={"AuthorPerson": Value.AUTHOR_PERSON, "ReferenceIdList": Value.REFERENCE_ID},
    texts={},
)
SETS = Searched(
    SS,
    codes={"ContentType": _object.class_code},
    times={"SubmissionTime": _object.created},
    lists={},
    patterns={"AuthorPerson": Value.AUTHOR_PERSON},
    texts={"SourceId": _object.source_system},
)
FOLDERS = Searched(
    FD,
    codes={},
    times={"LastUpdateTime": _object.created},
    lists={"CodeList": Value.FOLDER_CODE},
    patterns={},
    texts={},
)
#: What the contents of submission sets and folders, and GetAll, may be narrowed by.
CONTENTS = ("FormatCode", "ConfidentialityCode")


def statuses(query: StoredQuery, prefix: str) -> Condition:
    """Return the condition of a `…Status` parameter; values that we do not know are ignored (3.18.4.1.2.3.6).

    Raises:
        QueryError: XDSStoredQueryMissingParam, when none is left.
    """
    name = f"{prefix}Status"
    known = sorted({_STATUS[each] for each in query.values(name) if each in _STATUS})
    if not known:
        raise QueryError([RegistryError(Xds.QUERY_MISSING_PARAM, f"{name} has no known value")])
    return _object.status.in_(known)


def types(query: StoredQuery) -> Condition:
    """Return the condition of $XDSDocumentEntryType; without it only stable documents are meant."""
    wanted = query.values(TYPE) or (STABLE,)
    return _object.object_type.in_(list(uuids(wanted)))


def filters(
    reader: Reader, query: StoredQuery, searched: Searched, only: Sequence[str] = ()
) -> Iterator[Condition]:
    """Yield a condition for each optional parameter that is there.

    Args:
        reader: who will ask.
        query: the parameters.
        searched: the kind of object.
        only: names to look at; the others are no parameters of this query.

    Raises:
        QueryError: XDSRegistryError, for a code or time of no known form, or too many patterns.
    """
    for name, column, groups in _given(query, searched, searched.codes, only):
        yield column.in_(_codes(name, groups[0]))
    for _, column, groups in _given(query, searched, searched.texts, only):
        yield column.in_(groups[0])
    # A slot given twice means AND, its members mean OR.
    for name, value, groups in _given(query, searched, searched.lists, only):
        yield from (_has(reader, value, object_value.c.value.in_(_codes(name, each))) for each in groups)
    for name, value, groups in _given(query, searched, searched.patterns, only):
        yield from (_has(reader, value, _like(reader, name, each)) for each in groups)
    if not only:
        yield from _times(query, searched)


def _given(
    query: StoredQuery, searched: Searched, names: Mapping[str, Any], only: Sequence[str]
) -> Iterator[tuple[str, Any, list[tuple[str, ...]]]]:
    """Yield the parameters that are there: full name, where it looks, alternatives of each repetition."""
    for name, place in names.items():
        full = f"{searched.prefix}{name}"
        groups = [group for group in query.parameters.get(full, ()) if group]
        if groups and (not only or name in only):
            yield full, place, groups


def _codes(name: str, texts: Sequence[str]) -> list[str]:
    for text in texts:
        code, _, scheme = text.partition("^^")
        if not code or not scheme or "^" in code or "^" in scheme:
            # Answering "nothing" would let a client believe that there is nothing.
            raise QueryError([RegistryError(Xds.REGISTRY_ERROR, f"{name}: 'code^^scheme' expected")])
    return list(dict.fromkeys(texts))


def _has(reader: Reader, name: Value, condition: Condition) -> Condition:
    value = object_value.c
    belongs = (
        value.tenant_id == reader.tenant_id,
        value.object_id == _object.id,
        value.name == int(name),
    )
    return exists().where(*belongs, condition)


def _like(reader: Reader, name: str, patterns: Sequence[str]) -> Condition:
    """Match as SQL's LIKE does: case counts, `%` and `_` are the only special characters."""
    if len(patterns) > MOST_PATTERNS or any(len(each) > LONGEST_PATTERN for each in patterns):
        context = f"{name}: more than {MOST_PATTERNS} patterns, or one longer than {LONGEST_PATTERN}"
        raise QueryError([RegistryError(Xds.REGISTRY_ERROR, context)])
    column = object_value.c.value
    if reader.dialect == "sqlite":
        # Its LIKE takes A for a; its GLOB does not.
        return or_(*(column.op("GLOB", is_comparison=True)(_glob(each)) for each in patterns))
    # HL7 writes delimiters with backslashes: they stand for themselves.
    return or_(*(column.like(each.replace("\\", "\\\\")) for each in patterns))


_GLOB = str.maketrans({"%": "*", "_": "?", "*": "[*]", "?": "[?]", "[": "[[]"})


def _glob(pattern: str) -> str:
    return pattern.translate(_GLOB)


def _times(query: StoredQuery, searched: Searched) -> Iterator[Condition]:
    for name, column in searched.times.items():
        bounds: list[Condition] = []
        # From <= t < To.
        if start := _bound(query, f"{searched.prefix}{name}From"):
            bounds.append(column >= start)
        if end := _bound(query, f"{searched.prefix}{name}To"):
            bounds.append(column < end)
        for bound in bounds:
            # An object without the time is not held back by it (3.18.4.1.2.3.3.1), and an on-demand document
            # has no time of creation yet (3.18.4.1.2.3.7.1 note 6).
            free: list[Condition] = [column.is_(None)]
            if name == "CreationTime":
                free.append(_object.object_type == next(uuids([ON_DEMAND])))
            yield or_(*free, bound)


def _bound(query: StoredQuery, name: str) -> str:
    """Return a bound without the lowest values at its end: 20260101000000 and 2026 are one moment.

    Compared as texts, times of any precision then stand right of the bound or left of it.
    """
    time = query.value(name)
    if time and not (time.isascii() and time.isdigit() and 4 <= len(time) <= 14):
        raise QueryError([RegistryError(Xds.REGISTRY_ERROR, f"{name}: YYYY[MM[DD[hh[mm[ss]]]]] expected")])
    while len(time) > len("2026") and time.endswith("01" if len(time) <= len("20260101") else "00"):
        time = time[:-2]
    return time
