"""Who holds a lease, and whether he still lives."""

import os
import subprocess
import sys
import time

from erepo.clinic.archiving.leases import is_free
from erepo.clinic.archiving.owner import is_dead, new_owner


def far() -> str:
    """Return an expiry that is still to come."""
    return f"|{time.time() + 100:.0f}"


def test_our_own_lease_is_held_by_the_living() -> None:
    """Two claims of one process are different owners, and neither is dead."""
    one, other = new_owner(), new_owner()
    assert one != other
    assert not is_dead(one)
    assert not is_free(one + far())


def test_the_lease_of_a_process_that_has_ended_is_free_at_once() -> None:
    """After a kill nobody waits for the lease to end."""
    code = "from erepo.clinic.archiving.owner import new_owner; print(new_owner())"
    owner = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()
    assert is_dead(owner)
    assert is_free(owner + far())


def test_a_process_that_has_only_the_same_number_is_another() -> None:
    """A process id that is used again does not keep the lease of the dead alive."""
    here, process, _, token = new_owner().split("|")
    assert process == str(os.getpid())
    assert is_dead(f"{here}|{process}|1|{token}")


def test_of_another_machine_only_the_expiry_tells() -> None:
    """What cannot be seen from here is not called dead."""
    owner = "elsewhere-0-pid:[1]|1|1|aa"
    assert not is_dead(owner)
    assert not is_free(owner + far())
    assert is_free(owner + "|1")
    assert is_free(f"{owner}|{time.time() + 86_400:.0f}"), "the clock was set back since"
    assert is_free(None)
    assert not is_dead("nonsense")
