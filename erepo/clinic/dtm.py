"""Times as XDS writes them: DTM, in UTC (ITI TF-3 Table 4.2.3.1.7-2)."""

import re
from datetime import UTC, datetime

from erepo.clinic.times import read_time

_DIGITS = re.compile(r"\d*")
_FORMATS = {10: "%Y%m%d%H", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}


def to_dtm(text: str) -> str:
    """Return a document's HL7 TS as a DTM, as precise as it is; empty when it is no time.

    A date alone stays the date it is, for it names a day in Poland and no moment.
    """
    moment = read_time(text)
    if moment is None:
        return ""
    found = _DIGITS.match(text.strip())
    digits = found.group() if found else ""
    form = _FORMATS.get(len(digits))
    return moment.strftime(form) if form else digits


def dtm(moment: datetime) -> str:
    """Return an aware time as a DTM, to the second."""
    return moment.astimezone(UTC).strftime("%Y%m%d%H%M%S")
