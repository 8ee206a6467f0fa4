"""Events of what the operator does by hand on the service's machine."""

import os
import pwd

from sqlalchemy import Connection

from erepo.cloud.audit.chain import Chains
from erepo.cloud.audit.events import OPERATOR, Action, Event, Thing, Who
from erepo.cloud.audit.evidence import now

_LONGEST = 500


def operator_event(
    connection: Connection, tenant_id: int, name: str, detail: str = "", action: Action = Action.UPDATE
) -> None:
    """Record a change in the transaction that makes it: neither is there without the other.

    Args:
        connection: of a writing transaction; call this before other locks of the account are taken.
        tenant_id: whose account was changed, 0 for the service as a whole.
        name: what was done, as the command is called: `tenant suspend`.
        detail: the new value; never a key or password.
        action: what kind of change.
    """
    who = Who(user=login(), endpoint="cli")
    things = (Thing("setting", name, detail[:_LONGEST]),)
    event = Event(f"{OPERATOR}: {name}", action, who, now(), things)
    chains = Chains(connection, [tenant_id])
    chains.append(tenant_id, [event])
    chains.save()


def login() -> str:
    """Return who is logged in: with sudo, whoever called it."""
    if os.geteuid() == 0 and os.environ.get("SUDO_USER"):
        return f"{os.environ['SUDO_USER']} (sudo)"
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # a container may run under a number that has no name
        return str(os.geteuid())
