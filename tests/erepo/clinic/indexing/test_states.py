"""States of an index: the same moves as an independent table, each audited, nothing else."""

from itertools import product

import pytest

from erepo.clinic.database import Database
from erepo.clinic.errors import IllegalMove, MoveConflict
from erepo.clinic.indexing.states import MOVES, Index, move
from erepo.clinic.tables import audit_event, document, now, patient
from erepo.clinic.tables_indexing import INDEX_STATES, document_index

#: Written down a second time, by hand.
ALLOWED = {
    ("waiting", "indexing"),
    ("waiting", "refused"),
    ("waiting", "left"),
    ("indexing", "indexed"),
    ("indexing", "waiting"),
    ("indexing", "refused"),
    ("indexing", "withdrawing"),
    ("indexed", "withdrawing"),
    ("indexed", "replaced"),
    ("refused", "waiting"),
    ("refused", "left"),
    ("withdrawing", "withdrawn"),
    ("withdrawn", "waiting"),
    ("left", "waiting"),
}


def listed(database: Database, state: str) -> int:
    """Put a document on the list; return its internal id."""
    with database.begin() as connection:
        who = connection.execute(
            patient.insert().values(identifier="1", authority="1.2").returning(patient.c.id)
        )
        values = {
            "public_id": "a" * 32,
            "unique_id": "1.2.3",
            "sha256": "0" * 64,
            "sha1": "0" * 40,
            "size": 1,
            "mime_type": "text/xml",
            "kind": "lab_result",
            "state": "archived",
            "patient_key": who.scalar_one(),
        }
        made = connection.execute(document.insert().values(values).returning(document.c.id)).scalar_one()
        row = {"document_id": made, "state": state, "unique_id": "1.2.3", "lawful": True, "deadline": now()}
        connection.execute(document_index.insert().values(row))
    return int(made)


def test_the_table_is_the_other_one() -> None:
    """Both name the same states and moves."""
    assert {
        (source.value, target.value) for source, targets in MOVES.items() for target in targets
    } == ALLOWED
    assert set(INDEX_STATES) == {one.value for one in Index} == {one.value for one in MOVES}


def test_only_these_moves_happen_and_each_is_in_the_history(clinic_database: Database) -> None:
    """Any other pair raises and changes nothing; a move from another state than the real one conflicts."""
    key = listed(clinic_database, "waiting")
    for source, target in product(Index, Index):
        with clinic_database.begin() as connection:
            connection.execute(document_index.update().values(state=source.value))
        allowed = (source.value, target.value) in ALLOWED
        with clinic_database.begin() as connection:
            if not allowed:
                with pytest.raises(IllegalMove):
                    move(connection, [key], source, target, "tried")
            else:
                move(connection, [key], source, target, "moved", actor="who")
    with clinic_database.read() as connection:
        rows = connection.execute(audit_event.select()).all()
    assert len(rows) == len(ALLOWED)
    assert {(row.detail["from"], row.detail["to"]) for row in rows} == ALLOWED
    assert {row.actor for row in rows} == {"who"}
    with clinic_database.begin() as connection:
        connection.execute(document_index.update().values(state="indexed"))
    with pytest.raises(MoveConflict), clinic_database.begin() as connection:
        move(connection, [key], Index.WAITING, Index.INDEXING, "moved")
