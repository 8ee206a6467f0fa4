"""The table of states of consents, written a second time, and what the clock makes of them."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
import sqlalchemy as sa

from erepo.clinic.database import Database
from erepo.clinic.errors import IllegalMove
from erepo.clinic.sharing.states import ConsentState, is_standing, move, standing
from erepo.clinic.tables import audit_event, patient
from erepo.clinic.tables_sharing import CONSENT_STATES, LIVE_STATES, consent

#: From → to, as chapter 1.4 of the manual and common sense have it; nothing else is a move.
ALLOWED = {
    ("draft", "ordered"), ("draft", "revoked"),
    ("ordered", "sent"), ("ordered", "refused"), ("ordered", "revoked"),
    ("sent", "scheduled"), ("sent", "active"), ("sent", "expired"), ("sent", "refused"),
    ("sent", "revoking"), ("sent", "revoked"),
    ("scheduled", "active"), ("scheduled", "expired"), ("scheduled", "revoking"),
    ("active", "expired"), ("active", "revoking"),
    ("revoking", "revoked"), ("refused", "revoking"),
    # Our clock was wrong: what it called over is not.
    ("expired", "sent"), ("expired", "scheduled"), ("expired", "active"), ("expired", "revoking"),
}  # fmt: skip
AT = datetime(2030, 6, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def add(
    connection: sa.Connection, state: str, since: datetime = AT, until: datetime = AT
) -> sa.Row[tuple[int]]:
    """Insert a bare consent in a state."""
    key = connection.execute(sa.select(patient.c.id)).scalar()
    if key is None:
        new = patient.insert().values(identifier="44051401359", authority="1.2.3").returning(patient.c.id)
        key = connection.execute(new).scalar_one()
    name = connection.execute(sa.select(sa.func.count()).select_from(consent)).scalar_one()
    row = consent.insert().values(
        id=f"{name:036}", patient_key=key, recipient_kind="patient", valid_from=since, valid_until=until,
        matter="x", state=state, created_by="a",
    )  # fmt: skip
    number = connection.execute(row.returning(consent.c.number)).scalar_one()
    return connection.execute(sa.select(consent).where(consent.c.number == number)).one()


def test_the_tables_of_states_agree() -> None:
    """The state machine and the constraint of the database name the same words."""
    assert tuple(ConsentState) == CONSENT_STATES
    assert set(LIVE_STATES) == {"ordered", "sent", "scheduled", "active", "revoking"}


def test_every_pair(clinic_database: Database) -> None:
    """Each allowed move is made once with its event; every other pair raises and changes nothing."""
    for source, target in product(CONSENT_STATES, repeat=2):
        with clinic_database.begin() as connection:
            row = add(connection, source)
            if (source, target) not in ALLOWED:
                with pytest.raises(IllegalMove):
                    move(connection, row, ConsentState(target), "moved")
                continue
            assert move(connection, row, ConsentState(target), "moved")
            assert not move(connection, row, ConsentState(target), "moved")  # not where it was any more
            told = sa.select(audit_event.c.from_state, audit_event.c.to_state)
            mine = audit_event.c.subject_id == row.id
            assert connection.execute(told.where(mine)).all() == [(source, target)]


@pytest.mark.parametrize("state", CONSENT_STATES)
@pytest.mark.parametrize("offset", [-SECOND, timedelta(0), SECOND])
@pytest.mark.parametrize("edge", ["from", "until"])
def test_the_question_and_the_clock_agree(
    clinic_database: Database, state: str, offset: timedelta, edge: str
) -> None:
    """A search by a state finds exactly what a reader of one consent is told, around both ends."""
    moment = (AT if edge == "from" else AT + timedelta(days=1)) + offset
    with clinic_database.begin() as connection:
        row = add(connection, state, AT, AT + timedelta(days=1))
        told = standing(state, row.valid_from, row.valid_until, moment)
        found = [
            one
            for one in ConsentState
            if connection.execute(sa.select(consent.c.id).where(is_standing(one, moment))).all()
        ]
    assert found == [told]
