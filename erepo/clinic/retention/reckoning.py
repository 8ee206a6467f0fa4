"""The last year of keeping of documents that are here: by kind, by class, by the versions of a document.

All versions of a document (same setId, same patient) are kept as long as the last of them: the base year is
the year of the last effectiveTime among them. A class that a person gave to one version holds for all. What
has been archived before keeps, in the registry, the year it was sent with; the clinic's row decides.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from erepo.clinic.retention.classes import CLASSES, RetentionClass, last_year
from erepo.clinic.retention.rows import SLICE, is_gone
from erepo.clinic.tables import document, kind_rule, patient
from erepo.clinic.tables_retention import document_class
from erepo.clinic.times import WARSAW, read_time


def reckon_new(connection: sa.Connection, ids: Sequence[int]) -> None:
    """Let new documents prolong the older versions here, and take over their class."""
    other = document.alias("other")
    known = sa.select(other.c.id).where(
        other.c.set_id == document.c.set_id,
        other.c.patient_key == document.c.patient_key,
        other.c.id != document.c.id,
    )
    found = sa.select(document.c.id).where(document.c.id.in_(ids), known.correlate(document).exists())
    reckon(connection, list(connection.execute(found).scalars()))


def reckon(connection: sa.Connection, ids: Sequence[int]) -> int:
    """Write the last year of keeping of some documents and of all their versions.

    Returns:
        The number of documents whose year changed.
    """
    changed = 0
    for versions in _together(connection, ids):
        years = _years(versions)
        for row in versions:
            if row.destroy_after_year != years[row.id]:
                wanted = document.c.id == row.id
                year = {"destroy_after_year": years[row.id]}
                changed += connection.execute(document.update().where(wanted).values(**year)).rowcount
    return changed


def versions_of(connection: sa.Connection, ids: Sequence[int]) -> list[int]:
    """Return some documents with all their versions."""
    return sorted({row.id for versions in _together(connection, ids) for row in versions})


def _together(connection: sa.Connection, ids: Sequence[int]) -> list[list[Any]]:
    own = connection.execute(
        sa.select(document.c.id, document.c.set_id, document.c.patient_key).where(document.c.id.in_(ids))
    ).all()
    alone = [row.id for row in own if row.set_id is None]
    sets = sorted({row.set_id for row in own if row.set_id is not None})
    keys = {(row.set_id, row.patient_key) for row in own}
    groups: dict[Any, list[Any]] = {}
    for condition in (*_parts(document.c.id, alone), *_parts(document.c.set_id, sets)):
        for row in connection.execute(_SELECT.where(condition, sa.not_(is_gone()))):
            key = (row.set_id, row.patient_key)
            if row.set_id is None:
                groups[row.id] = [row]
            elif key in keys:
                groups.setdefault(key, []).append(row)
    return list(groups.values())


def _parts(column: sa.Column[Any], values: Sequence[Any]) -> Iterable[sa.ColumnElement[bool]]:
    return (column.in_(values[start : start + SLICE]) for start in range(0, len(values), SLICE))


_SELECT = (
    sa.select(
        document.c.id,
        document.c.set_id,
        document.c.patient_key,
        document.c.effective_at,
        document.c.taken_in_at,
        document.c.destroy_after_year,
        kind_rule.c.retention_years,
        patient.c.birth_date,
        document_class.c["class"].label("given"),
        document_class.c.base_year,
        document_class.c.given_at,
    )
    .join(kind_rule, kind_rule.c.kind == document.c.kind)
    .join(patient, patient.c.id == document.c.patient_key)
    .outerjoin(document_class, document_class.c.document_id == document.c.id)
)


def _years(versions: Sequence[Any]) -> dict[int, int]:
    entry = max(_year(row) for row in versions)
    given = [row for row in versions if row.given is not None]
    if given:
        latest = max(given, key=lambda row: (row.given_at, row.id))
        years = CLASSES[RetentionClass(latest.given)].years
        return dict.fromkeys((row.id for row in versions), (latest.base_year or entry) + years)
    found = {}
    for row in versions:
        born = read_time(row.birth_date)
        found[row.id] = last_year(entry, row.retention_years, born.astimezone(WARSAW).year if born else None)
    return found


def _year(row: Any) -> int:
    moment = row.effective_at or row.taken_in_at
    return int(moment.astimezone(WARSAW).year)
