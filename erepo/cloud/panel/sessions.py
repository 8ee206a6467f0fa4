"""Sessions of the panel: a random value in the browser, its hash here, two limits of time.

A session belongs to the account, the login and the very TLS certificate it was begun with. It ends by itself
when nothing is asked for `idle` seconds, and `life` seconds after its begin whatever is asked.
"""

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete, insert, select, update

from erepo.cloud.storage.tables import panel_session, panel_user
from erepo.settings import PanelSettings

#: A visit is written down when the last one that was is so long ago.
STALE: Final = timedelta(seconds=30)
#: Characters of a cookie that may be one of ours.
_LENGTH: Final = 43


@dataclass(frozen=True, slots=True)
class Session:
    """Who is logged in."""

    token: str = field(repr=False)
    login: str
    must_change: bool
    began_at: datetime
    seen_at: datetime


def new_token() -> str:
    """Return a value for the cookie, 256 bits."""
    return secrets.token_urlsafe(32)


def form_token(token: str) -> str:
    """Return what every form of a session carries: nobody who cannot read our pages knows it."""
    digest = hashlib.sha256(b"erepo panel form\0" + token.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def begin(
    connection: Connection, tenant_id: int, token: str, login: str, certificate: str, at: datetime
) -> None:
    """Begin a session."""
    row = {
        "tenant_id": tenant_id,
        "key": _key(token),
        "login": login,
        "certificate": certificate,
        "began_at": at,
        "seen_at": at,
    }
    connection.execute(insert(panel_session), row)


def find(
    connection: Connection,
    tenant_id: int,
    token: str,
    certificate: str,
    at: datetime,
    limits: PanelSettings,
) -> Session | None:
    """Return the session of a cookie, None where there is none or its time is over."""
    if len(token) != _LENGTH or not token.isascii():
        return None
    session, user = panel_session.c, panel_user.c
    row = connection.execute(
        select(session.login, session.began_at, session.seen_at, user.must_change)
        .join_from(
            panel_session,
            panel_user,
            (user.tenant_id == session.tenant_id) & (user.login == session.login),
        )
        .where(session.tenant_id == tenant_id)
        .where(session.key == _key(token))
        .where(session.certificate == certificate)
        .where(session.began_at > at - timedelta(seconds=limits.life))
        .where(session.seen_at > at - timedelta(seconds=limits.idle))
    ).one_or_none()
    if row is None:
        return None
    return Session(token, row.login, row.must_change, row.began_at, row.seen_at)


def touch(connection: Connection, tenant_id: int, token: str, at: datetime) -> None:
    """Write down that a session was used."""
    mine = (panel_session.c.tenant_id == tenant_id, panel_session.c.key == _key(token))
    connection.execute(update(panel_session).where(*mine).values(seen_at=at))


def end(connection: Connection, tenant_id: int, token: str) -> None:
    """End one session, if it is there."""
    mine = (panel_session.c.tenant_id == tenant_id, panel_session.c.key == _key(token))
    connection.execute(delete(panel_session).where(*mine))


def end_all(connection: Connection, tenant_id: int, login: str) -> None:
    """End every session of a login."""
    mine = (panel_session.c.tenant_id == tenant_id, panel_session.c.login == login)
    connection.execute(delete(panel_session).where(*mine))


def sweep(connection: Connection, tenant_id: int, at: datetime, limits: PanelSettings) -> None:
    """Remove sessions of an account whose time is over."""
    columns = panel_session.c
    mine = delete(panel_session).where(columns.tenant_id == tenant_id)
    connection.execute(mine.where(columns.began_at <= at - timedelta(seconds=limits.life)))
    connection.execute(mine.where(columns.seen_at <= at - timedelta(seconds=limits.idle)))


def _key(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
