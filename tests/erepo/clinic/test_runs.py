"""Which runs are dead: a table of what is known, and real processes."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from erepo.clinic.runs import SILENT, Sighting, is_dead, with_process_here

AT = datetime(2026, 11, 30, 12, tzinfo=UTC)
LONG, SHORT = AT - SILENT, AT - SILENT / 2


@pytest.mark.parametrize(
    ("state", "since", "here", "sign", "beats", "dead"),
    [
        ("RUNNING", LONG, False, None, True, True),
        ("RUNNING", LONG, False, LONG, True, True),
        ("RUNNING", LONG, True, None, True, False),
        ("RUNNING", LONG, False, SHORT, True, False),
        ("RUNNING", SHORT, False, None, True, False),
        ("RUNNING", LONG, False, None, False, False),
        ("CANCELLING", LONG, False, None, True, True),
        ("CANCELLING", LONG, False, None, False, False),
        ("PENDING", LONG, False, None, False, True),
        ("PENDING", LONG, True, None, False, False),
        ("PENDING", SHORT, False, None, False, False),
    ],
)
def test_one_sign_of_life_is_enough(
    state: str, since: datetime, here: bool, sign: datetime | None, beats: bool, dead: bool
) -> None:
    """A process, a recent sign, a young state: each alone keeps a run."""
    assert is_dead(Sighting(state, since, here, sign), AT, SILENT, beats_arrive=beats) is dead


def test_a_process_is_found_by_the_run_it_works_on() -> None:
    """A living process speaks for its run; once it is killed, also while it is a zombie, it does not."""
    code = "print('up', flush=True); input()"
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, "PREFECT__FLOW_RUN_ID": "some-run"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with process:
        assert process.stdout is not None
        process.stdout.readline()
        assert with_process_here(["some-run", "another"]) == {"some-run"}
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert with_process_here(["some-run", "another"]) == frozenset()
    assert timedelta(minutes=10) < SILENT
