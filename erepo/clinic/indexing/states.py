"""States of a document's index in P1, as the clinic knows them, and the only moves between them.

    (none) ─► waiting ─► indexing ─► indexed ─► withdrawing ─► withdrawn
                ▲ │ ▲       │ │         │                          │
                │ │ └───────┘ ▼         └──► replaced              │
                │ └──────► refused                                 │
                ├───────────┘ └──► left                            │
                └──────────────────┴───────────────────────────────┘

waiting      has to be indexed; nothing of it is at P1
indexing     P1 may have been asked: whatever comes, P1 is asked what it has before anything is sent
indexed      in P1's index
refused      P1 or the pre-flight said no for good; a person, or a better document, lets it wait again
withdrawing  the index has to go: owed until P1 confirms
withdrawn    no longer in P1's index
replaced     the index of a newer version took its place (RPLC)
left         needs no index any more, and has none: deleted or replaced before it was indexed

A move writes its audit event in the same transaction. The states of the document are another matter
(`erepo.clinic.states`): an event here names the index's states in its detail.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

import sqlalchemy as sa

from erepo.clinic import audit
from erepo.clinic.errors import IllegalMove, MoveConflict
from erepo.clinic.tables_indexing import document_index


class Index(StrEnum):
    """Where a document's index stands."""

    WAITING = "waiting"
    INDEXING = "indexing"
    INDEXED = "indexed"
    REFUSED = "refused"
    WITHDRAWING = "withdrawing"
    WITHDRAWN = "withdrawn"
    REPLACED = "replaced"
    LEFT = "left"


#: From each state, the states it may move to.
MOVES: Final[Mapping[Index, frozenset[Index]]] = MappingProxyType(
    {
        # Taken by a run; refused by the pre-flight; or not needed any more.
        Index.WAITING: frozenset({Index.INDEXING, Index.REFUSED, Index.LEFT}),
        # Confirmed; surely not there; refused for good; or to go, whatever became of it.
        Index.INDEXING: frozenset({Index.INDEXED, Index.WAITING, Index.REFUSED, Index.WITHDRAWING}),
        Index.INDEXED: frozenset({Index.WITHDRAWING, Index.REPLACED}),
        Index.REFUSED: frozenset({Index.WAITING, Index.LEFT}),
        Index.WITHDRAWING: frozenset({Index.WITHDRAWN}),
        # The document is in the repository again, or a person wants it.
        Index.WITHDRAWN: frozenset({Index.WAITING}),
        Index.REPLACED: frozenset(),
        Index.LEFT: frozenset({Index.WAITING}),
    }
)
#: An index in these is, or may be, at P1.
AT_P1: Final = (Index.INDEXING.value, Index.INDEXED.value, Index.WITHDRAWING.value)
#: These still have a way to go to the index.
TO_GO: Final = (Index.WAITING.value, Index.INDEXING.value, Index.REFUSED.value)
#: With these something is still to be done.
UNDER_WAY: Final = (*TO_GO, Index.WITHDRAWING.value)
_SLICE: Final = 500


def move(
    connection: sa.Connection,
    document_ids: Sequence[int],
    source: Index,
    target: Index,
    event: str,
    *,
    actor: str = "erepo",
    values: Mapping[str, Any] | None = None,
    **detail: Any,
) -> None:
    """Move indexes of documents from one state to another, all or none, and write the audit events.

    Args:
        connection: the transaction; the caller commits.
        document_ids: internal ids, without repetition.
        source: the state all of them must be in.
        target: the state they get.
        event: past-tense word for the audit.
        actor: user or task.
        values: other columns of `document_index`.
        **detail: codes and counts for the audit; no patient data.

    Raises:
        IllegalMove: the table has no such move.
        MoveConflict: some are not in `source` any more; the caller must roll back.
    """
    if target not in MOVES[source]:
        raise IllegalMove(source=source.value, target=target.value)
    moved = 0
    for start in range(0, len(document_ids), _SLICE):
        part = document_ids[start : start + _SLICE]
        mine = document_index.c.document_id.in_(part), document_index.c.state == source.value
        change = document_index.update().where(*mine).values({**(values or {}), "state": target.value})
        moved += connection.execute(change).rowcount
        told = {"from": source.value, "to": target.value, **{k: v for k, v in detail.items() if v}}
        audit.record(connection, event, part, actor=actor, detail=told)
    if moved != len(document_ids):
        raise MoveConflict(source=source.value, target=target.value, wanted=len(document_ids), found=moved)
