"""Which documents: by their ids, or by kind, patient and dates."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

import sqlalchemy as sa

from erepo.cda.kinds import Kind
from erepo.clinic.migrating.errors import DatesWrong, DocumentsUnknown, NothingChosen, PatientNotHere
from erepo.clinic.shared import DocumentsShared, is_shared
from erepo.clinic.states import State
from erepo.clinic.tables import document, patient
from erepo.clinic.tables_migrating import deletion
from erepo.clinic.times import WARSAW, sensible
from erepo.identifiers.hl7 import CX

#: States in which a document lies in the repository.
REMOTE_STATES = (State.ARCHIVED, State.REMOTE)
_SLICE = 500


@dataclass(frozen=True)
class Selection:
    """What a person chose; all that is given must hold.

    Attributes:
        ids: opaque ids; none means any.
        kinds: kinds; none means any.
        patient: number of the patient in this clinic's database, see `patient_number`; 0 means any.
        effective: first and last day of the document's own date, Polish time; None is open.
        archived: the same of the day it was archived.
        everything: with nothing else given: all of them.
        most: at most so many; 0 means all.
    """

    ids: Sequence[str] = ()
    kinds: Sequence[Kind] = ()
    patient: int = 0
    effective: tuple[date | None, date | None] = (None, None)
    archived: tuple[date | None, date | None] = (None, None)
    everything: bool = False
    most: int = 0


class Chosen(NamedTuple):
    """One document that was chosen."""

    id: int
    public_id: str
    kind: str
    state: str
    size: int
    patient_key: int
    archived_at: datetime | None


@dataclass(frozen=True)
class Preview:
    """What a run would do.

    Attributes:
        documents: documents it would bring back.
        bytes: octets of them.
        here: of these, whose content lies here still.
        kinds: documents of each kind.
        elsewhere: documents named by their ids that are not in the repository (any more).
        shared: documents that fit the filters and stay there, for a consent shows them.
    """

    documents: int = 0
    bytes: int = 0
    here: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    elsewhere: int = 0
    shared: int = 0


def choose(
    connection: sa.Connection, selection: Selection, states: Sequence[State] = REMOTE_STATES
) -> list[Chosen]:
    """Return the documents in some states that were chosen, those of one patient together.

    A document that is being deleted is none of them.

    Raises:
        NothingChosen: neither ids nor a filter.
        DatesWrong: a span ends before it begins, or lies at an end of the calendar.
        DocumentsUnknown: ids that belong to no document.
    """
    conditions = [
        document.c.state.in_([state.value for state in states]),
        ~sa.exists().where(
            deletion.c.document_id == document.c.id, deletion.c.step.in_(("intended", "removed"))
        ),
        *_conditions(selection),
    ]
    columns = [document.c[name] for name in Chosen._fields]
    wanted = sa.select(*columns).where(*conditions).order_by(document.c.patient_key, document.c.id)
    if not selection.ids:
        rows = connection.execute(wanted.limit(selection.most or None))
        return [Chosen(*row) for row in rows]
    _check_known(connection, selection.ids)
    found = [Chosen(*row) for part in _slices(selection.ids) for row in _of(connection, wanted, part)]
    found.sort(key=lambda one: (one.patient_key, one.id))
    return found[: selection.most or None]


def choose_unshared(connection: sa.Connection, selection: Selection) -> tuple[list[Chosen], int]:
    """Return the chosen documents that no consent shows, and how many others the filters met.

    Raises:
        NothingChosen, DatesWrong, DocumentsUnknown: see `choose`.
        DocumentsShared: some of those named by their ids are shared; a person must decide about that first.
    """
    found = choose(connection, replace(selection, most=0))
    shown: set[int] = set()
    for start in range(0, len(found), _SLICE):
        part = document.c.id.in_([one.id for one in found[start : start + _SLICE]])
        shown.update(connection.execute(sa.select(document.c.id).where(part, is_shared())).scalars())
    if shown and selection.ids:
        raise DocumentsShared(count=len(shown))
    return [one for one in found if one.id not in shown][: selection.most or None], len(shown)


def preview(connection: sa.Connection, selection: Selection) -> Preview:
    """Return what bringing these back would mean, without doing anything.

    Raises:
        NothingChosen, DatesWrong, DocumentsUnknown, DocumentsShared: see `choose_unshared`.
    """
    chosen, shared = choose_unshared(connection, selection)
    kinds: dict[str, int] = {}
    for one in chosen:
        kinds[one.kind] = kinds.get(one.kind, 0) + 1
    return Preview(
        documents=len(chosen),
        bytes=sum(one.size for one in chosen),
        here=sum(one.state == State.ARCHIVED.value for one in chosen),
        kinds=dict(sorted(kinds.items())),
        elsewhere=max(0, len(set(selection.ids)) - len(chosen)) if not selection.most else 0,
        shared=shared,
    )


def patient_number(connection: sa.Connection, whose: CX) -> int:
    """Return the number that stands for a patient where the identifier must not: forms, parameters, logs.

    Raises:
        PatientNotHere: the clinic has no document of this patient.
    """
    found = connection.execute(
        sa.select(patient.c.id).where(
            patient.c.identifier == whose.id, patient.c.authority == whose.authority_oid
        )
    ).scalar()
    if found is None:
        raise PatientNotHere
    return int(found)


def _conditions(selection: Selection) -> Iterator[sa.ColumnElement[bool]]:
    filters = [
        *([document.c.kind.in_([str(kind) for kind in selection.kinds])] if selection.kinds else ()),
        *([document.c.patient_key == selection.patient] if selection.patient else ()),
        *_span(document.c.effective_at, *selection.effective),
        *_span(document.c.archived_at, *selection.archived),
    ]
    if not (filters or selection.ids or selection.everything):
        raise NothingChosen
    yield from filters


def _span(
    column: sa.ColumnElement[datetime | None], first: date | None, last: date | None
) -> Iterator[sa.ColumnElement[bool]]:
    # At the ends of the calendar some zone cannot write the day.
    strange = any(day and not sensible(datetime.combine(day, time(), UTC)) for day in (first, last))
    if strange or (first and last and last < first):
        raise DatesWrong
    if first:
        yield column >= datetime.combine(first, time(), WARSAW)
    if last:
        yield column < datetime.combine(last + timedelta(days=1), time(), WARSAW)


def _check_known(connection: sa.Connection, ids: Sequence[str]) -> None:
    known = 0
    for part in _slices(ids):
        counted = sa.select(sa.func.count()).select_from(document).where(document.c.public_id.in_(part))
        known += connection.execute(counted).scalar_one()
    if known < len(set(ids)):
        raise DocumentsUnknown(count=len(set(ids)) - known)


def _of(
    connection: sa.Connection, wanted: sa.Select[tuple[object, ...]], part: Sequence[str]
) -> Iterable[sa.Row[tuple[object, ...]]]:
    return connection.execute(wanted.where(document.c.public_id.in_(part)))


def _slices(ids: Sequence[str]) -> Iterator[list[str]]:
    listed = list(dict.fromkeys(ids))
    for start in range(0, len(listed), _SLICE):
        yield listed[start : start + _SLICE]
