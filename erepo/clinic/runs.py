"""Which runs of flows are dead, by what can be known about them; never one whose process may be alive.

A `kill -9` of a worker together with its flow leaves a run "Running" in Prefect for ever, and its slot taken.
Three signs speak for life, and one is enough: a process on this machine that carries the run's id; a
heartbeat, or a line in the log, within `SILENT`; a state that is younger than that. Silence proves something
only where heartbeats are known to arrive: those of any run, this one's predecessor among them, count.
"""

import contextlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

#: How long a run must have given no sign. Flows of erepo beat every minute.
SILENT: Final = timedelta(minutes=15)
#: Within which time a heartbeat of any run shows that heartbeats arrive; this flow's own beat 10 minutes ago.
HEARD: Final = timedelta(minutes=15)
#: How long a run may be late before somebody is told.
LATE: Final = timedelta(hours=1)
#: States in which a run holds a slot and should have a process.
OPEN: Final = ("RUNNING", "PENDING", "CANCELLING")

#: In the environment of every process that works on a run.
_MARK: Final = b"PREFECT__FLOW_RUN_ID="


@dataclass(frozen=True)
class Sighting:
    """What is known of a run that should have a process.

    Attributes:
        state: one of `OPEN`.
        since: when it came into this state.
        process_here: whether a process of this machine works on it.
        last_sign: its last heartbeat or line in the log, if there is any.
    """

    state: str
    since: datetime
    process_here: bool
    last_sign: datetime | None = None


def is_dead(one: Sighting, at: datetime, silent: timedelta, *, beats_arrive: bool) -> bool:
    """Tell whether a run is known to have no process.

    Args:
        one: the run.
        at: the present moment.
        silent: see `SILENT`.
        beats_arrive: whether a heartbeat of any run has come of late; a run that is only pending has none.
    """
    if one.process_here:
        return False
    last = max(one.since, one.last_sign or one.since)
    return at - last >= silent and (beats_arrive or one.state == "PENDING")


def with_process_here(runs: Collection[str]) -> frozenset[str]:
    """Return those of the runs on which a living process of this machine works."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*"):
        # A process may end, or belong to somebody else, between listing and reading; a zombie has none.
        with contextlib.suppress(OSError):
            marks = (entry / "environ").read_bytes().split(b"\0")
            found |= {one.removeprefix(_MARK).decode() for one in marks if one.startswith(_MARK)}
    return frozenset(found & set(runs))
