"""What the operator does to accounts, each deed with its event in the account's chain.

Every function is one transaction: the account's chain is locked first, as every writer does (`audit.chain`),
so a deed stands between two requests of the account and never in the middle of one.
"""

import os
import pwd
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509
from sqlalchemy import Connection

from erepo.cloud.audit.chain import Chains
from erepo.cloud.audit.events import OPERATOR, Action, Event, Thing, Who
from erepo.cloud.audit.evidence import now
from erepo.cloud.storage.database import Database
from erepo.cloud.tenancy import options, patients, tenants
from erepo.cloud.tenancy.tenants import Order, State
from erepo.cloud.vault.keyring import Keyring, present_key
from erepo.cloud.vault.rotating import Rotated, change_key
from erepo.identifiers.hl7 import CX
from erepo.pki.bundle import fingerprint
from erepo.settings import Settings


def event(account: str, command: str, action: Action, things: Sequence[Thing]) -> Event:
    """Return the event of a deed."""
    return Event(f"{OPERATOR}: {command}", action, operator(account, command), now(), tuple(things))


def operator(account: str, command: str) -> Who:
    """Return who acts in a command of the operator: a login on a machine."""
    return Who(
        account=account, user=_login(), address=socket.gethostname(), endpoint=f"erepo cloud {command}"
    )


@dataclass(slots=True)
class Deed:
    """One deed under way: its transaction, and what its event will name."""

    connection: Connection
    tenant_id: int
    things: list[Thing] = field(default_factory=list)


@contextmanager
def deed(database: Database, account: str, command: str, action: Action = Action.UPDATE) -> Iterator[Deed]:
    """Open the transaction of a deed; its event is written at the end, and with it the deed.

    Args:
        database: of the service.
        account: whose chain tells it.
        command: as the operator types it, `tenant set`.
        action: what kind of deed.

    Raises:
        TenantUnknown: no such account.
    """
    with database.everyone("the operator acts", write=True) as connection:
        number = options.number_of(connection, account)
        chains = Chains(connection, [number])
        doing = Deed(connection, number)
        yield doing
        chains.append(number, [event(account, command, action, doing.things)])
        chains.save()


def add(
    connection: Connection, wanted: Order, certificates: tuple[x509.Certificate, x509.Certificate] | None
) -> None:
    """Add an account, active if its certificates (TLS, WSS) are there; begins its chain.

    Raises:
        TenantExists, AccountMalformed, TermOver: nothing was changed.
    """
    tenants.order(connection, wanted)
    number = options.number_of(connection, wanted.account)
    chains = Chains(connection, [number])
    if certificates is not None:
        tenants.activate(connection, number, wanted.account, *certificates)
    decided = options.options(connection, wanted.account)
    things = [_setting(name, value) for name, value in decided.items()]
    chains.append(number, [event(wanted.account, "tenant add", Action.CREATE, things)])
    chains.save()


def change(database: Database, account: str, changed: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Decide anew about an account; return what differs now: (before, after) by option.

    Raises:
        TenantUnknown, TermOver: nothing was changed.
    """
    with deed(database, account, "tenant set") as doing:
        before = options.options(doing.connection, account)
        options.change(doing.connection, account, changed)
        differing = {name: (before[name], value) for name, value in changed.items() if before[name] != value}
        doing.things += [_setting(name, value, old) for name, (old, value) in differing.items()]
    return differing


def suspend(database: Database, account: str) -> None:
    """Close an account.

    Raises:
        TenantUnknown: no such account.
    """
    with deed(database, account, "tenant suspend") as doing:
        tenants.suspend(doing.connection, account)
        doing.things.append(_setting("state", "suspended"))


def resume(database: Database, account: str) -> State:
    """Open a suspended account again; return its state.

    Raises:
        TenantUnknown: no such account.
    """
    with deed(database, account, "tenant resume") as doing:
        state = tenants.resume(doing.connection, account)
        doing.things.append(_setting("state", state))
    return state


def renew(
    connection: Connection, account: str, tls: x509.Certificate, wss: x509.Certificate, *, retire: bool
) -> None:
    """Give an account further certificates; see `options.register`.

    Raises:
        TenantUnknown: no such account.
    """
    number = options.number_of(connection, account)
    chains = Chains(connection, [number])
    options.register(connection, account, tls, wss, retire=retire)
    things = [
        _setting("TLS certificate", fingerprint(tls)),
        _setting("WSS certificate", fingerprint(wss)),
        _setting("earlier certificates", "retired" if retire else "kept"),
    ]
    chains.append(number, [event(account, "tenant renew", Action.UPDATE, things)])
    chains.save()


def add_patients(database: Database, account: str, wanted: Sequence[CX]) -> int:
    """Register at most `patients.MOST` patients; return how many were not there yet.

    The event tells how many, not whom: the table of patients does.

    Raises:
        TenantUnknown: no such account.
    """
    with deed(database, account, "patients add", Action.CREATE) as doing:
        added = patients.add(doing.connection, doing.tenant_id, wanted)
        doing.things.append(_setting("added", added))
    return added


def remove_patients(database: Database, account: str, unwanted: Sequence[CX]) -> int:
    """Take at most `patients.MOST` patients away; return how many were there.

    Raises:
        TenantUnknown: no such account.
    """
    with deed(database, account, "patients remove", Action.DELETE) as doing:
        removed = patients.remove(doing.connection, doing.tenant_id, unwanted)
        doing.things += [Thing("patient", str(each)) for each in unwanted]
    return removed


def count_patients(database: Database, account: str) -> int:
    """Return how many patients an account has registered.

    Raises:
        TenantUnknown: no such account.
    """
    with database.everyone("the operator counts") as connection:
        return patients.count(connection, options.number_of(connection, account))


def change_master_key(settings: Settings, database: Database) -> Rotated:
    """Change the master key of the sealed secrets, or finish a change that a crash cut off; see `rotating`.

    Raises:
        MasterKeyNotNew, MasterKeyUnknown, MasterKeyMissing, MasterKeyMalformed, SecretDamaged: nothing was
            changed.
    """
    keyring = Keyring(settings)
    with database.everyone("the master key is looked at") as connection:
        present = present_key(connection)
    if keyring.unsettled(present):
        keyring.settle(present)
        return Rotated(present, present, 0)
    with database.everyone("the master key is changed", write=True) as connection:
        chains = Chains(connection, [0])
        changed = change_key(connection, keyring)
        things = [
            _setting("master key", changed.present, changed.former),
            _setting("secrets", changed.rows),
        ]
        chains.append(0, [event("", "master-key rotate", Action.UPDATE, things)])
        chains.save()
    keyring.settle(changed.present)
    return changed


def looked(connection: Connection, tenant_id: int, account: str, *, full: bool) -> None:
    """Record that the operator read an account's record (DICOM: Audit Log Used)."""
    chains = Chains(connection, [tenant_id])
    things = [_setting("audit show", "full" if full else "")]
    chains.append(tenant_id, [event(account, "audit show", Action.READ, things)])
    chains.save()


def _setting(name: str, value: object, before: object = None) -> Thing:
    # Nothing stands for no end of an account, the one option that may be empty.
    after = "open" if value is None else str(value)
    words = after if before is None else f"{before} → {after}"
    return Thing("setting", name, words)


def _login() -> str:
    """Return who is logged in: with sudo, whoever called it."""
    if os.geteuid() == 0 and os.environ.get("SUDO_USER"):
        return f"{os.environ['SUDO_USER']} (sudo)"
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # a container may run under a number that has no name
        return str(os.geteuid())
