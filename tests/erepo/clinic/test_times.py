"""HL7 TS strings as points in time."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erepo.clinic.times import read_time


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20260302", datetime(2026, 3, 1, 23, tzinfo=UTC)),
        ("2026", datetime(2025, 12, 31, 23, tzinfo=UTC)),
        ("202607151430", datetime(2026, 7, 15, 12, 30, tzinfo=UTC)),
        ("20260715143059+0200", datetime(2026, 7, 15, 12, 30, 59, tzinfo=UTC)),
        ("20260715143059.123-0530", datetime(2026, 7, 15, 20, 0, 59, tzinfo=UTC)),
        (" 20260101000060 ", datetime(2025, 12, 31, 23, 0, 59, tzinfo=UTC)),
    ],
)
def test_reads(text: str, expected: datetime) -> None:
    """Each precision and zone gives its moment in UTC; without a zone it is Polish time."""
    assert read_time(text) == expected


@pytest.mark.parametrize("text", ["", "202", "20261301", "20260230", "yesterday", "20260101+01", "00000101"])
def test_refuses(text: str) -> None:
    """What names no moment gives None."""
    assert read_time(text) is None


@given(st.text(alphabet="0123456789+-.", max_size=22))
def test_never_fails(text: str) -> None:
    """No string whatever makes it raise."""
    moment = read_time(text)
    assert moment is None or moment.tzinfo is UTC


@given(st.datetimes(min_value=datetime(1900, 1, 2), max_value=datetime(2200, 1, 1)))  # noqa: DTZ001 (Hypothesis wants them so)
def test_round_trip(moment: datetime) -> None:
    """A moment written to the second with a zone is read back."""
    expected = moment.replace(microsecond=0, tzinfo=UTC)
    assert read_time(expected.strftime("%Y%m%d%H%M%S+0000")) == expected
