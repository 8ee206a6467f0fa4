"""HL7 TS strings of documents as points in time."""

import re
from datetime import MAXYEAR, MINYEAR, UTC, datetime, timedelta, timezone
from typing import Final
from zoneinfo import ZoneInfo

WARSAW: Final = ZoneInfo("Europe/Warsaw")

_TS: Final = re.compile(
    r"(?P<year>\d{4})(?:(?P<month>\d\d)(?:(?P<day>\d\d)"
    r"(?:(?P<hour>\d\d)(?:(?P<minute>\d\d)(?:(?P<second>\d\d)(?:\.\d{1,6})?)?)?)?)?)?"
    r"(?:(?P<sign>[+-])(?P<zone_hours>\d\d)(?P<zone_minutes>\d\d))?"
)


def read_time(text: str) -> datetime | None:
    """Return the beginning of what an HL7 TS string names, in UTC; None if it names nothing.

    Args:
        text: `YYYY[MM[DD[HH[MM[SS[.f]]]]]][±ZZZZ]`; without a zone the time is Poland's.
    """
    found = _TS.fullmatch(text.strip())
    if not found:
        return None
    part = {name: int(value) for name, value in found.groupdict().items() if value and name != "sign"}
    zone = (
        timezone((1 if found["sign"] == "+" else -1) * _offset(part["zone_hours"], part["zone_minutes"]))
        if found["sign"]
        else WARSAW
    )
    try:
        moment = datetime(
            part["year"],
            part.get("month", 1),
            part.get("day", 1),
            part.get("hour", 0),
            part.get("minute", 0),
            min(part.get("second", 0), 59),
            tzinfo=zone,
        )
        return sensible(moment.astimezone(UTC))
    except (ValueError, OverflowError):
        return None


def sensible(moment: datetime) -> datetime | None:
    """Return a time that every zone can write; None at the two ends of the calendar, where some cannot."""
    return moment if MINYEAR < moment.year < MAXYEAR else None


def _offset(hours: int, minutes: int) -> timedelta:
    # timezone() takes less than a day; no real zone comes near.
    return timedelta(hours=min(hours, 23), minutes=min(minutes, 59))
