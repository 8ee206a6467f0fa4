"""The first login of the account's panel, made after activation (manual 1.1.6).

The password is random and only for the first login, which asks for another one. It is written to
`$EREPO_HOME/secrets/panel-login-<account>` (0600, `login:password`) for the person who administers the
account, and nowhere else.

Crash windows, and what each leaves behind:

    before the file                     nothing
    after the file, before the request  the file; the next run sends what it says
    after the request, answer lost      the same: the service knows login and password again and answers alike
    after the answer, before the row    the same
    after the row (**commit point**)    done: no later run asks or writes anything, also when the file is gone

Homes of earlier versions have one file `panel-login`; it is still read where it can only be this account's.

Two runs at one moment use one file: whoever comes second reads what the first has written. Where the panel
has another administrator already (the account came here with its keys), none is made, and a file that was
written in vain is removed.
"""

import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from erepo.clinic.account import rest_client
from erepo.clinic.archiving.errors import AccountMissing
from erepo.clinic.audit import note
from erepo.clinic.database import Database
from erepo.clinic.errors import PanelLoginUnreadable
from erepo.clinic.rest.errors import ServiceRefusal
from erepo.clinic.tables import account as accounts
from erepo.clinic.tables import now
from erepo.durable import flush_folder, make_folder, write_durably
from erepo.settings import Settings

LOGIN: Final = "administrator"
#: Bytes of a file that may be ours.
_LARGEST: Final = 1024


@dataclass(frozen=True)
class FirstLogin:
    """What the file says."""

    login: str
    password: str = field(repr=False)


def login_file(settings: Settings, account: str) -> Path:
    """Return where the first login of an account's panel lies."""
    return settings.home.absolute() / "secrets" / f"panel-login-{account}"


def create_administrator(database: Database, settings: Settings, account: str) -> str:
    """Make the administrator of the account's panel, unless that is done; return its login.

    Args:
        database: the clinic's.
        settings: where the file lies, the passphrase of the keys, limits of the exchange.
        account: 16 digits; active.

    Raises:
        AccountMissing: the account is not active yet, or its keys are not here.
        PanelLoginUnreadable: the file is there and says something else.
        ServiceRefusal: the panel has another administrator already; its text tells the way out.
        PassphraseMissing, WrongPassphrase, AddressUnknown, SecureChannelFailed, RetryableError…: see
            `AccountClient`.
    """
    known = _known(database, account)
    if known:
        return known
    file = _file(database, settings, account)
    vain = not file.exists()
    first = _first_login(file)
    try:
        with rest_client(database, settings, account) as client:
            made = client.create_administrator(first.login, first.password)
    except ServiceRefusal as refusal:
        if vain and is_there_already(refusal):
            file.unlink(missing_ok=True)
        raise
    with database.begin() as connection:
        mine = sa.update(accounts).where(accounts.c.account == account, accounts.c.panel_login.is_(None))
        if connection.execute(mine.values(panel_login=made.login, updated_at=now())).rowcount:
            detail = {"login": made.login}
            note(connection, "administrator_created", subject="account", subject_id=account, detail=detail)
    return made.login


def is_there_already(refusal: ServiceRefusal) -> bool:
    """Tell whether the service says that the panel has another administrator."""
    return refusal.data["code"] == "panel.administrator-exists"


def _known(database: Database, account: str) -> str:
    with database.read() as connection:
        query = sa.select(accounts.c.panel_login).where(accounts.c.account == account)
        row = connection.execute(query).one_or_none()
    if row is None:
        raise AccountMissing(what="account")
    return row.panel_login or ""


def _file(database: Database, settings: Settings, account: str) -> Path:
    """Return the account's file, or the one that homes had for all accounts, if that can only be its own."""
    mine, shared = login_file(settings, account), settings.home.absolute() / "secrets" / "panel-login"
    if mine.exists() or not shared.exists():
        return mine
    others = sa.select(accounts.c.account).where(accounts.c.panel_login.is_not(None))
    with database.read() as connection:
        return mine if connection.execute(others).first() else shared


def _first_login(file: Path) -> FirstLogin:
    """Return what the file says; write it first where it is not there."""
    make_folder(file.parent)
    if not file.exists():
        made = f"{LOGIN}:{secrets.token_urlsafe(18)}\n".encode("ascii")
        ready = file.with_name(f".{file.name}.{secrets.token_hex(6)}.new")
        write_durably(ready, [made])
        try:
            os.link(ready, file)  # unlike a rename, it does not replace what another run has written
        except FileExistsError:
            pass
        finally:
            ready.unlink()
        flush_folder(file.parent)
    with file.open("rb") as opened:
        octets = opened.read(_LARGEST)
    login, separator, password = octets.decode("ascii", "replace").strip().partition(":")
    if not (login and separator and password):
        raise PanelLoginUnreadable(file=str(file))
    return FirstLogin(login, password)
