"""Words for what stands about a document in the clinic's tables."""

from typing import Final

from erepo.clinic.states import State
from erepo.texts import Text

#: Each state in a word or two.
STATES: Final = {
    State.LOCAL: Text("here", "lokalnie"),
    State.QUEUED: Text("queued", "w kolejce"),
    State.SENDING: Text("being sent", "wysyłany"),
    State.ARCHIVED: Text("archived", "zarchiwizowany"),
    State.REMOTE: Text("archived, not here", "tylko w repozytorium"),
    State.REJECTED: Text("refused", "odrzucony"),
    State.MIGRATING: Text("coming back", "w trakcie migracji"),
    State.BLOCKED: Text("brought back", "zmigrowany, zablokowany"),
    State.DELETED: Text("deleted", "usunięty"),
}


def day_of(stamp: str) -> str:
    """Return the day of an HL7 time stamp (`YYYYMMDD…`) as `YYYY-MM-DD`; any other text as it is."""
    day = stamp[:8]
    return f"{day[:4]}-{day[4:6]}-{day[6:]}" if len(day) == 8 and day.isdecimal() else stamp
