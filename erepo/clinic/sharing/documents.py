"""Which documents may be shared, and which are in the repository already."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from erepo.clinic.retention.rows import is_gone
from erepo.clinic.sharing.errors import DocumentsUnfit, DocumentsWrong
from erepo.clinic.sharing.words import UNFIT_WORDS
from erepo.clinic.states import State
from erepo.clinic.tables import document, kind_rule
from erepo.clinic.tables_chain import chain_link
from erepo.clinic.tables_migrating import deletion
from erepo.texts import Language

#: Most documents of one consent; the service takes no more.
MOST = 1000
_SLICE = 500
#: Documents that a text names.
_NAMED = 10
_THERE = (State.ARCHIVED, State.REMOTE)
_BY_STATE: Mapping[State, str] = {
    State.REJECTED: "rejected",
    State.BLOCKED: "blocked",
    State.MIGRATING: "migrating",
    State.DELETED: "deleted",
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """One chosen document.

    Attributes:
        id: internal.
        public_id: opaque.
        unique_id: of XDS.
        patient_key: whose it is.
        state: where it stands.
        unfit: why it cannot be shared (`UNFIT_WORDS`); empty if it can.
    """

    id: int
    public_id: str
    unique_id: str
    patient_key: int
    state: State
    unfit: str

    @property
    def is_there(self) -> bool:
        """Whether the repository has it."""
        return self.state in _THERE


def chosen(connection: sa.Connection, public_ids: Sequence[str]) -> list[Candidate]:
    """Return documents by their opaque ids, in the order they were taken in.

    Raises:
        DocumentsWrong: none, too many, or ids of no document.
    """
    wanted = list(dict.fromkeys(public_ids))
    if not 0 < len(wanted) <= MOST:
        raise DocumentsWrong(most=MOST, unknown=0)
    parts = [document.c.public_id.in_(part) for part in _slices(wanted)]
    found = _candidates(connection, parts)
    if len(found) < len(wanted):
        raise DocumentsWrong(most=MOST, unknown=len(wanted) - len(found))
    return found


def locked(connection: sa.Connection, ids: Sequence[int]) -> list[Candidate]:
    """Return documents by their internal ids; nobody moves them before the transaction ends."""
    for part in _slices(sorted(ids)):
        rows = sa.select(document.c.id).where(document.c.id.in_(part)).order_by(document.c.id)
        connection.execute(rows.with_for_update())
    return _candidates(connection, [document.c.id.in_(part) for part in _slices(sorted(ids))])


def check_fit(candidates: Iterable[Candidate], patient_key: int) -> None:
    """Check that all may be shared, and are one patient's.

    Raises:
        DocumentsUnfit: names those that may not, each with its reason.
    """
    reasons = {
        one.public_id: "other-patient" if one.patient_key != patient_key else one.unfit for one in candidates
    }
    if wrong := {public_id: code for public_id, code in reasons.items() if code}:
        raise unfit(wrong)


def unfit(reasons: Mapping[str, str]) -> DocumentsUnfit:
    """Return the error that names documents by their opaque ids, each with its reason."""
    return DocumentsUnfit(
        count=len(reasons),
        documents=list(reasons),
        codes=list(reasons.values()),
        list_en=_listed(reasons, "en"),
        list_pl=_listed(reasons, "pl"),
    )


def _listed(reasons: Mapping[str, str], speak: Language) -> str:
    named = [f"{one} ({UNFIT_WORDS[code].fill(speak)})" for one, code in list(reasons.items())[:_NAMED]]
    return "; ".join([*named, *(["…"] if len(reasons) > _NAMED else [])])


def _candidates(connection: sa.Connection, parts: Sequence[sa.ColumnElement[bool]]) -> list[Candidate]:
    ordered = sa.select(deletion.c.document_id).where(
        deletion.c.document_id == document.c.id, deletion.c.step.in_(("intended", "removed"))
    )
    newer = sa.select(chain_link.c.document_id).where(
        chain_link.c.predecessor_id == document.c.id, chain_link.c.state == "linked"
    )
    names = ("id", "public_id", "unique_id", "patient_key", "state")
    wanted = sa.select(
        *(document.c[name] for name in names),
        kind_rule.c.auto_archive,
        sa.or_(ordered.correlate(document).exists(), is_gone()).label("going"),
        newer.correlate(document).exists().label("replaced"),
    ).outerjoin(kind_rule, kind_rule.c.kind == document.c.kind)
    rows = [row for part in parts for row in connection.execute(wanted.where(part))]
    return sorted(map(_candidate, rows), key=lambda one: one.id)


def _candidate(row: sa.Row[Any]) -> Candidate:
    state = State(row.state)
    reason = _unfit(state, row.auto_archive, row.going, row.replaced)
    return Candidate(row.id, row.public_id, row.unique_id, row.patient_key, state, reason)


def _unfit(state: State, archived: bool | None, going: bool, replaced: bool) -> str:
    if code := _BY_STATE.get(state):
        return code
    if going:
        return "going"
    if replaced:
        return "replaced"
    return "" if state in _THERE or archived else "kind-off"


def _slices(values: Sequence[int] | Sequence[str]) -> Iterator[Sequence[int] | Sequence[str]]:
    for start in range(0, len(values), _SLICE):
        yield values[start : start + _SLICE]
