"""When will the account be full? A robust line through the last weeks, and what that rests on.

Theil-Sen: the median of the slopes between all pairs of checks. A few odd days (an import of old documents, a
clean-up) do not move it, where least squares would follow them. The line is drawn on from what is used now.
Nothing is said from less than two days or five checks, and nothing about more than ten years ahead.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations
from statistics import median
from typing import Any, Final, Literal

from erepo.clinic.usage.history import Check

#: What the line is drawn through.
WINDOW: Final = timedelta(days=30)
FEWEST: Final = 5
SHORTEST: Final = timedelta(days=2)
#: Beyond this nobody can say anything.
FARTHEST: Final = timedelta(days=3653)
#: Most checks that are compared with each other: more would cost time and change nothing.
_MOST: Final = 120
_DAY: Final = 86_400.0

Verdict = Literal["full-on", "full", "too-few", "no-growth", "far", "no-limit"]


@dataclass(frozen=True, slots=True)
class Forecast:
    """When one limit of an account is reached.

    Attributes:
        resource: `bytes` or `documents`.
        verdict: `full-on` a day, `full` already, or why nothing can be said: `too-few` checks, `no-growth`,
        too `far` ahead, `no-limit`.
        full_at: the moment; None unless `full-on` or `full`.
        per_day: growth a day by the line; 0 where there is none.
        checks: on how many checks it rests.
        days: over how many days these are spread.
    """

    resource: str
    verdict: Verdict
    full_at: datetime | None
    per_day: float
    checks: int
    days: float

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "resource": self.resource,
            "verdict": self.verdict,
            "fullAt": self.full_at.isoformat() if self.full_at else None,
            "perDay": round(self.per_day, 3),
            "basis": {"checks": self.checks, "days": round(self.days, 1), "method": "theil-sen"},
        }


def forecast(checks: Sequence[Check], resource: str) -> Forecast:
    """Say when a limit will be reached.

    Args:
        checks: of one account, oldest first; the last one is the present.
        resource: `bytes` or `documents`.
    """
    if not checks:
        return Forecast(resource, "too-few", None, 0.0, 0, 0.0)
    last = checks[-1]
    recent = [one for one in checks if last.at - one.at <= WINDOW]
    span = last.at - recent[0].at
    slope = _slope(recent, resource) if len(recent) >= FEWEST and span >= SHORTEST else None
    verdict, full_at = _verdict(last, resource, slope)
    return Forecast(resource, verdict, full_at, (slope or 0.0) * _DAY, len(recent), span / timedelta(days=1))


def _verdict(last: Check, resource: str, slope: float | None) -> tuple[Verdict, datetime | None]:
    limit, used = last.limit(resource), last.used(resource)
    if limit is None:
        return "no-limit", None
    if used >= limit:
        return "full", last.at
    if slope is None:
        return "too-few", None
    if slope <= 0:
        return "no-growth", None
    seconds = (limit - used) / slope
    if seconds > FARTHEST.total_seconds():
        return "far", None
    return "full-on", last.at + timedelta(seconds=seconds)


def _slope(checks: Sequence[Check], resource: str) -> float:
    """Return the median growth a second between all pairs of a bounded number of checks."""
    step = max(1, -(-len(checks) // _MOST))
    # Counted from the end, so that the present is always among them.
    points = [(one.at.timestamp(), one.used(resource)) for one in checks[::-1][::step]]
    return median(
        (second - first) / (later - earlier)
        for (earlier, first), (later, second) in combinations(points, 2)
        if later != earlier
    )
