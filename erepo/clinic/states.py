"""States of a document and the only moves between them.

    new ─► local ─► queued ─► sending ─► archived ─► remote
             ▲        │ ▲        │           │          │
             │        │ └────────┤           ├──────────┤
             │        ▼          ▼           ▼          ▼
             ├───── rejected ◄───┘       migrating   deleted ◄─── local, rejected, blocked
             └──────────────── blocked ◄─────┘

Into `deleted` goes what is removed from the repository on request (archived and remote documents), and at the
end of its time of keeping any document that is not on its way (`erepo.clinic.retention`).

A move is one statement for many documents and writes its audit events in the same transaction.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

import sqlalchemy as sa

from erepo.clinic import audit
from erepo.clinic.errors import IllegalMove, MoveConflict
from erepo.clinic.tables import document


class State(StrEnum):
    """Where a document stands (design §4)."""

    LOCAL = "local"
    QUEUED = "queued"
    SENDING = "sending"
    ARCHIVED = "archived"
    REMOTE = "remote"
    REJECTED = "rejected"
    MIGRATING = "migrating"
    BLOCKED = "blocked"
    DELETED = "deleted"

    @property
    def keeps_content(self) -> bool:
        """Whether the content must lie in the clinic's own store in this state."""
        return self not in (State.REMOTE, State.MIGRATING, State.DELETED)


#: From each state, the states it may move to.
MOVES: Final[Mapping[State, frozenset[State]]] = MappingProxyType(
    {
        # Due and planned; refused by the rules before anything is sent; or its time of keeping is over.
        State.LOCAL: frozenset({State.QUEUED, State.REJECTED, State.DELETED}),
        # On its way; taken out of the plan again; or found unfit while its submission is built.
        State.QUEUED: frozenset({State.SENDING, State.LOCAL, State.REJECTED}),
        # Confirmed; known not to have arrived; or refused for good.
        State.SENDING: frozenset({State.ARCHIVED, State.QUEUED, State.REJECTED}),
        # Purged here after its local days; on its way back; removed on request; or lost there.
        State.ARCHIVED: frozenset({State.REMOTE, State.MIGRATING, State.DELETED, State.LOCAL}),
        State.REMOTE: frozenset({State.MIGRATING, State.DELETED}),
        # Corrected, to be planned anew; or its time of keeping is over.
        State.REJECTED: frozenset({State.LOCAL, State.QUEUED, State.DELETED}),
        # Here and gone there; or given up before anything was removed, back to where it was.
        State.MIGRATING: frozenset({State.BLOCKED, State.ARCHIVED, State.REMOTE}),
        # Unblocked by a person; or its time of keeping is over.
        State.BLOCKED: frozenset({State.LOCAL, State.DELETED}),
        State.DELETED: frozenset(),
    }
)

#: States in which the repository holds a document, as the database writes them.
DEPOSITED: Final = (State.ARCHIVED.value, State.REMOTE.value)

#: The state of every new document.
FIRST: Final = State.LOCAL

# Below SQLite's smallest limit of variables in one statement, with room for the other values.
_SLICE = 900


def check_move(source: State, target: State) -> None:
    """Check that a document may go from one state to another.

    Raises:
        IllegalMove: the table has no such move.
    """
    if target not in MOVES[source]:
        raise IllegalMove(source=source.value, target=target.value)


def move(
    connection: sa.Connection,
    document_ids: Sequence[int],
    source: State | str,
    target: State | str,
    event: str,
    *,
    values: Mapping[str, Any] | None = None,
    actor: str = "erepo",
    **detail: Any,
) -> int:
    """Move documents from one state to another, all or none, and write the audit events.

    Args:
        connection: the transaction; the caller commits.
        document_ids: internal ids, without repetition.
        source: the state all of them must be in.
        target: the state they get.
        event: past-tense word for the audit.
        values: other columns of `document` to set on all of them.
        actor: user or task.
        **detail: codes and counts for the audit; no patient data.

    Returns:
        The number of documents moved.

    Raises:
        IllegalMove: the table has no such move.
        MoveConflict: some of the documents are not in `source` any more; the caller must roll back.
    """
    source, target = State(source), State(target)
    check_move(source, target)
    moved = 0
    for start in range(0, len(document_ids), _SLICE):
        part = document_ids[start : start + _SLICE]
        found = connection.execute(
            document.update()
            .where(document.c.id.in_(part), document.c.state == source.value)
            .values({**(values or {}), "state": target.value})
        )
        moved += found.rowcount
        audit.record(
            connection,
            event,
            part,
            from_state=source.value,
            to_state=target.value,
            actor=actor,
            detail=detail,
        )
    if moved != len(document_ids):
        raise MoveConflict(source=source.value, target=target.value, wanted=len(document_ids), found=moved)
    return moved
