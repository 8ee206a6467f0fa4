"""When an account will be full: what a robust line may say, whatever the history looks like."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from erepo.clinic.usage.forecast import FARTHEST, FEWEST, forecast
from erepo.clinic.usage.history import Check

START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def check(at: datetime, used: int, limit: int | None = 10**9) -> Check:
    """A check of which only the bytes count."""
    return Check("0000000000001003", at, None, used, limit, 0, None)


def line(days: int, a_day: int, used: int = 0, limit: int = 10**9, step: timedelta = DAY) -> list[Check]:
    """A history that grows evenly."""
    count = int(timedelta(days=days) / step) + 1
    return [check(START + step * n, used + round(a_day * (step * n / DAY)), limit) for n in range(count)]


@given(
    days=st.integers(5, 30),
    a_day=st.integers(1, 10**6),
    used=st.integers(0, 10**6),
    left=st.integers(1, 3000),
)
def test_an_even_growth_gives_the_exact_moment(days: int, a_day: int, used: int, left: int) -> None:
    """What grows by the same each day is full exactly when the rest is used up."""
    limit = used + a_day * (days + left)
    told = forecast(line(days, a_day, used, limit), "bytes")
    assert told.verdict == "full-on"
    assert told.full_at is not None
    assert abs(told.full_at - (START + timedelta(days=days + left))) < timedelta(minutes=1)
    assert told.per_day == pytest.approx(a_day)
    assert (told.checks, told.days) == (days + 1, days)


@settings(max_examples=50)
@given(place=st.integers(0, 23), value=st.integers(0, 10**8), more=st.integers(0, 20))
def test_a_few_odd_days_do_not_move_the_line(place: int, value: int, more: int) -> None:
    """Up to a fifth of the checks may say anything: the growth stays nearly what it is."""
    checks = line(25, 1000)
    for odd in {place, min(place + 3, 23), more, min(more + 1, 23)}:
        checks[odd] = replace(checks[odd], used_bytes=value)
    assert 500 < forecast(checks, "bytes").per_day < 2000


@given(
    used=st.lists(st.integers(0, 2000), max_size=60),
    limit=st.one_of(st.none(), st.integers(0, 3000)),
    gaps=st.lists(st.integers(1, 100), min_size=60, max_size=60),
)
def test_whatever_the_history_the_answer_is_sound(
    used: list[int], limit: int | None, gaps: list[int]
) -> None:
    """A day is never before the last check nor beyond ten years; without a day there is a reason."""
    at, checks = START, []
    for value, gap in zip(used, gaps, strict=False):
        checks.append(check(at, value, limit))
        at += HOUR * gap
    told = forecast(checks, "bytes")
    assert (told.full_at is not None) == (told.verdict in {"full-on", "full"})
    if told.full_at is not None:
        assert checks[-1].at <= told.full_at <= checks[-1].at + FARTHEST
    if told.verdict == "full-on":
        assert told.per_day > 0
        assert told.checks >= FEWEST
    assert told.as_json()["basis"]["checks"] == told.checks


@given(more=st.integers(0, 300_000))
def test_a_higher_limit_is_reached_later(more: int) -> None:
    """Raising the limit never brings the day nearer."""
    first, second = (forecast(line(10, 100, limit=5000 + extra), "bytes").full_at for extra in (0, more))
    assert first is not None
    assert second is not None
    assert second >= first


def test_what_cannot_be_said_is_not_said() -> None:
    """Too few checks, too short a time, no growth, no limit, too far: each by its name."""
    assert forecast([], "bytes").verdict == "too-few"
    assert forecast(line(3, 5), "bytes").verdict == "too-few"
    assert forecast(line(1, 5, step=HOUR), "bytes").verdict == "too-few"
    assert forecast(line(10, 0), "bytes").verdict == "no-growth"
    assert forecast(line(10, -5, used=1000), "bytes").verdict == "no-growth"
    assert forecast(line(10, 1), "bytes").verdict == "far"
    assert forecast(line(10, 1), "documents").verdict == "no-limit"
    assert forecast(line(10, 100, limit=1000), "bytes").verdict == "full"


def test_only_the_last_weeks_count() -> None:
    """Growth of half a year ago says nothing about today."""
    old = line(200, 10_000)
    quiet = [check(old[-1].at + DAY * n, old[-1].used_bytes) for n in range(1, 40)]
    assert forecast(old + quiet, "bytes").verdict == "no-growth"
