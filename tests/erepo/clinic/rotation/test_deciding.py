"""When keys are replaced, and which stages follow which: properties of pure functions."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from erepo.clinic.rotation.alarms import DAYS, reached
from erepo.clinic.rotation.deciding import Demand, Reason, Validity, decide
from erepo.clinic.rotation.errors import IllegalStep
from erepo.clinic.rotation.stages import Stage, check_step
from erepo.clinic.tables import ROTATION_STATES, ROTATIONS_ENDED

START = datetime(2026, 1, 1, tzinfo=UTC)
MOMENTS = st.timedeltas(timedelta(0), timedelta(days=3000)).map(lambda passed: START + passed)
LIVES = st.tuples(MOMENTS, st.timedeltas(timedelta(seconds=3), timedelta(days=900))).map(
    lambda pair: Validity(pair[0], pair[0] + pair[1])
)
SEVERAL = st.lists(LIVES, min_size=1, max_size=4)

#: Kept here a second time, on purpose: a change of the program's table must be meant.
FOLLOWS = {
    "requested": {"mailed", "received", "abandoned"},
    "mailed": {"received", "abandoned"},
    "received": {"registered", "abandoned"},
    "registered": {"cut_over", "abandoned"},
    "cut_over": {"retiring", "rolled_back"},
    "retiring": {"retired"},
    "retired": set(),
    "rolled_back": set(),
    "abandoned": set(),
}


@given(LIVES)
def test_due_after_two_thirds_of_a_life_or_half_of_a_short_one(life: Validity) -> None:
    """The rule of certbot, computed another way: the share of the life that has passed."""
    whole, passed = life.until - life.since, life.due_at - life.since
    share = passed / whole
    assert share == pytest.approx(1 / 2 if whole < timedelta(days=10) else 2 / 3, abs=1e-3)
    assert life.since <= life.due_at < life.until


@given(SEVERAL, MOMENTS)
def test_time_alone_decides_where_nobody_demands(lives: list[Validity], at: datetime) -> None:
    """Expired before due before not due, by the certificate that is first."""
    found = decide(lives, at=at)
    expired, due = any(one.until <= at for one in lives), any(one.due_at <= at for one in lives)
    assert found.reason is (Reason.EXPIRED if expired else Reason.DUE if due else Reason.NOT_DUE)
    assert found.replace == (expired or due)


@given(SEVERAL, MOMENTS)
def test_the_next_moment_is_when_the_answer_changes(lives: list[Validity], at: datetime) -> None:
    """Just before it nothing is due, at it something is; once due, the moment is now."""
    found = decide(lives, at=at)
    if found.replace:
        assert found.next == at
        return
    assert found.next > at
    assert decide(lives, at=found.next).replace
    assert not decide(lives, at=found.next - timedelta(microseconds=1)).replace


@given(SEVERAL, MOMENTS, MOMENTS)
def test_what_is_due_stays_due(lives: list[Validity], one: datetime, other: datetime) -> None:
    """Waiting never makes a replacement unwanted."""
    earlier, later = sorted((one, other))
    assume(decide(lives, at=earlier).replace)
    assert decide(lives, at=later).replace


@given(SEVERAL, MOMENTS, st.sampled_from(Demand))
def test_a_person_comes_before_all_else(lives: list[Validity], at: datetime, demand: Demand) -> None:
    """A demand is the reason, whatever the time says; so is the order of the certificates irrelevant."""
    assert decide(lives, at=at, demand=demand).reason.value == demand.value
    assert decide(lives, at=at) == decide(reversed(lives), at=at)


def test_the_stages_are_those_of_this_table() -> None:
    """Of all pairs of stages exactly the listed ones are moves; the database knows the same."""
    assert {stage.value for stage in Stage} == set(FOLLOWS) == set(ROTATION_STATES)
    for source, target in product(Stage, Stage):
        if target.value in FOLLOWS[source.value]:
            check_step(source, target)
        else:
            with pytest.raises(IllegalStep):
                check_step(source, target)
    assert {stage.value for stage in Stage if stage.ended} == set(ROTATIONS_ENDED)


@given(st.timedeltas(timedelta(days=-50), timedelta(days=50)))
def test_the_last_threshold_passed_is_told(left: timedelta) -> None:
    """More than 30 days before there is no warning; after the expiry still the last one."""
    found = reached(START + left, START)
    passed = [days for days in DAYS if left <= timedelta(days=days)]
    assert found == (passed[-1] if passed else None)
