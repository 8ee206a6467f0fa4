"""The moves of a document, against a table written down a second time."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import sqlalchemy as sa
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from erepo.clinic.database import Database, open_database
from erepo.clinic.errors import IllegalMove, MoveConflict
from erepo.clinic.states import MOVES, State, check_move, move
from erepo.clinic.tables import DOCUMENT_STATES, audit_event, document
from tests.support.documents import add_documents, history_of, states_of

# Design §4 in words, independent of the code: from, to.
ALLOWED = {
    ("local", "queued"),
    ("local", "rejected"),
    ("queued", "sending"),
    ("queued", "local"),
    ("queued", "rejected"),
    ("sending", "archived"),
    ("sending", "queued"),
    ("sending", "rejected"),
    ("archived", "remote"),
    ("archived", "migrating"),
    ("archived", "deleted"),
    ("archived", "local"),
    ("remote", "migrating"),
    ("remote", "deleted"),
    ("rejected", "local"),
    ("rejected", "queued"),
    ("migrating", "blocked"),
    ("migrating", "archived"),
    ("migrating", "remote"),
    ("blocked", "local"),
    # Only at the end of the time of keeping.
    ("local", "deleted"),
    ("rejected", "deleted"),
    ("blocked", "deleted"),
}
STATES = (
    "local", "queued", "sending", "archived", "remote", "rejected", "migrating", "blocked", "deleted",
)  # fmt: skip


@pytest.mark.parametrize("target", STATES)
@pytest.mark.parametrize("source", STATES)
def test_every_pair(source: str, target: str) -> None:
    """A pair of states is allowed exactly if the second table has it."""
    if (source, target) in ALLOWED:
        check_move(State(source), State(target))
    else:
        with pytest.raises(IllegalMove):
            check_move(State(source), State(target))


def test_states_are_complete() -> None:
    """Code, database and this test know the same states."""
    assert tuple(State) == STATES == DOCUMENT_STATES
    assert set(MOVES) == set(State)


def test_content_is_kept_by_state() -> None:
    """Only remote, migrating and deleted documents need no local content."""
    assert {state.value for state in State if not state.keeps_content} == {"remote", "migrating", "deleted"}


def test_a_move_is_recorded_for_each_document(clinic_database: Database) -> None:
    """Each moved document gets its new state, the given columns and one audit event."""
    with clinic_database.begin() as connection:
        ids = add_documents(connection, 3)
        moved = move(
            connection,
            ids,
            State.LOCAL,
            State.QUEUED,
            "queued",
            values={"submission_id": None},
            actor="me",
            batch="b1",
        )
        events = [history_of(connection, one) for one in ids]
    assert moved == 3
    for history in events:
        (event,) = history
        assert (event["event"], event["actor"]) == ("queued", "me")
        assert (event["from_state"], event["to_state"]) == ("local", "queued")
        assert event["detail"] == {"batch": "b1"}


def test_many_documents_move_at_once(clinic_database: Database) -> None:
    """More documents than one statement takes move together."""
    with clinic_database.begin() as connection:
        ids = add_documents(connection, 2000)
        assert move(connection, ids, "local", "queued", "queued") == 2000
        assert set(states_of(connection).values()) == {"queued"}
        assert connection.execute(sa.select(sa.func.count()).select_from(audit_event)).scalar() == 2000


def test_moving_nothing_does_nothing(clinic_database: Database) -> None:
    """An empty list of documents is no error and leaves no event."""
    with clinic_database.begin() as connection:
        assert move(connection, [], "local", "queued", "queued") == 0


def test_a_conflict_leaves_nothing_behind(clinic_database: Database) -> None:
    """If one of the documents is in another state, none moves and no event is written."""
    with clinic_database.begin() as connection:
        ids = add_documents(connection, 2) + add_documents(connection, 1, state="archived")
    with pytest.raises(MoveConflict) as caught, clinic_database.begin() as connection:
        move(connection, ids, "local", "queued", "queued")
    assert caught.value.data["found"] == 2
    with clinic_database.read() as connection:
        assert sorted(states_of(connection).values()) == ["archived", "local", "local"]
        assert connection.execute(sa.select(sa.func.count()).select_from(audit_event)).scalar() == 0


def test_the_database_refuses_unknown_states(clinic_database: Database) -> None:
    """A state outside the table cannot be stored even past the code."""
    with pytest.raises(sa.exc.IntegrityError), clinic_database.begin() as connection:
        add_documents(connection, 1, state="lost")


class Documents(RuleBasedStateMachine):
    """Random moves on a real database; the model is a dictionary and the second table."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = TemporaryDirectory()
        self._database = open_database(f"sqlite:///{Path(self._folder.name) / 'clinic.db'}")
        self._database.upgrade()
        self._model: dict[int, list[str]] = {}

    def teardown(self) -> None:
        """Close and remove the database."""
        self._database.close()
        self._folder.cleanup()

    @rule(count=st.integers(1, 3))
    def take_in(self, count: int) -> None:
        """New documents are local."""
        with self._database.begin() as connection:
            self._model |= {one: ["local"] for one in add_documents(connection, count)}

    @rule(data=st.data(), wanted=st.sampled_from(STATES))
    def move_some(self, data: st.DataObject, wanted: str) -> None:
        """A move happens exactly if the table has it and all documents are in the source state."""
        if not self._model:
            return
        ids = data.draw(st.lists(st.sampled_from(sorted(self._model)), unique=True, min_size=1, max_size=4))
        source = self._model[ids[0]][-1]
        legal = (source, wanted) in ALLOWED
        together = all(self._model[one][-1] == source for one in ids)
        try:
            with self._database.begin() as connection:
                move(connection, ids, source, wanted, "moved")
        except IllegalMove:
            assert not legal
        except MoveConflict:
            assert legal
            assert not together
        else:
            assert legal
            assert together
            for one in ids:
                self._model[one].append(wanted)

    @rule()
    def crash_before_commit(self) -> None:
        """What was not committed did not happen."""
        ids = [one for one, history in self._model.items() if history[-1] == "local"]
        with self._database.engine.connect() as connection:
            move(connection, ids, "local", "queued", "queued")

    @invariant()
    def states_and_history_agree(self) -> None:
        """The database holds the model's states, and each history is the chain of the model's moves."""
        with self._database.read() as connection:
            assert states_of(connection) == {one: history[-1] for one, history in self._model.items()}
            rows = connection.execute(sa.select(audit_event).order_by(audit_event.c.id)).all()
        chains: dict[int, list[str]] = {one: ["local"] for one in self._model}
        for row in rows:
            assert chains[row.document_id][-1] == row.from_state
            chains[row.document_id].append(row.to_state)
        assert chains == self._model


TestDocuments = Documents.TestCase
TestDocuments.settings = hypothesis_settings(max_examples=25, stateful_step_count=25, deadline=None)


def test_moves_keep_other_columns(clinic_database: Database) -> None:
    """A move changes nothing but the state and the given columns."""
    with clinic_database.begin() as connection:
        (one,) = add_documents(connection, 1)
        before = connection.execute(sa.select(document)).mappings().one()
        move(connection, [one], "local", "rejected", "refused", values={"reason_code": "rule"})
        after = connection.execute(sa.select(document)).mappings().one()
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"state", "reason_code"}
