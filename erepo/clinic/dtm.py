"""Times as XDS writes them: DTM, in UTC (ITI TF-3 Table 4.2.3.1.7-2)."""

import re
from datetime import UTC, datetime

from erepo.clinic.times import read_time

_DIGITS = re.compile(r"\d*")
#: Digits of a time that names an hour, a minute, a second.
_MOMENTS = frozenset({10, 12, 14})


def to_dtm(text: str) -> str:
    """Return a document's HL7 TS as a DTM, as precise as it is; empty when it is no time.

    A date alone stays the date it is, for it names a day in Poland and no moment.
    """
    moment = read_time(text)
    if moment is None:
        return ""
    found = _DIGITS.match(text.strip())
    digits = found.group() if found else ""
    return dtm(moment)[: len(digits)] if len(digits) in _MOMENTS else digits


def dtm(moment: datetime) -> str:
    """Return an aware time as a DTM, to the second."""
    # Not strftime, which showed in the profile of sending small documents.
    utc = moment.astimezone(UTC)
    return f"{utc.year:04}{utc.month:02}{utc.day:02}{utc.hour:02}{utc.minute:02}{utc.second:02}"
