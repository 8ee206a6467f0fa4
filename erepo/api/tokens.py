"""What lets a system in: tokens of 256 random bits, shown once, kept as SHA-256.

A token is `erepo_<id>_<secret>`. It is found by its id and proven by its secret in constant time.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Collection
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa

from erepo.api.errors import TokenNameInvalid, TokenNameTaken, TokenUnknown
from erepo.clinic.audit import note
from erepo.clinic.database import Database
from erepo.clinic.errors import DatabaseBusy
from erepo.clinic.tables import now
from erepo.clinic.tables_api import api_token

_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
_TOKEN = re.compile(r"erepo_([0-9a-f]{16})_([A-Za-z0-9_-]{43})")
#: How exactly it is known when a token was used last: noting each use would write to the disk each time.
_USE: Final = timedelta(minutes=1)
_NOBODY: Final = "0" * 64


class Scope(StrEnum):
    """What a token may permit."""

    DOCUMENTS_WRITE = "documents:write"
    DOCUMENTS_READ = "documents:read"
    DOCUMENTS_OPEN = "documents:open"
    DOCUMENTS_DELETE = "documents:delete"
    MIGRATIONS = "migrations"
    INDEXES = "indexes"
    CONSENTS = "consents"
    ABROAD = "abroad"
    KINDS_READ = "kinds:read"
    KINDS_WRITE = "kinds:write"
    WEBHOOKS = "webhooks"


#: What a token permits unless said otherwise: what a system that delivers documents needs.
USUAL: Final = (Scope.DOCUMENTS_WRITE, Scope.DOCUMENTS_READ)


@dataclass(frozen=True, slots=True)
class Token:
    """A token without its secret.

    Attributes:
        id: 16 hex digits.
        name: who uses it; stands in the history.
        scopes: what it permits.
        created_at: UTC.
        last_used_at: UTC, to the minute; None if never.
        revoked_at: UTC; None while it is in use.
    """

    id: str
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None

    @property
    def actor(self) -> str:
        """What the history calls whoever uses it."""
        return f"api:{self.name}"

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)


_COLUMNS = [api_token.c[name] for name in Token.__dataclass_fields__]


def add_token(connection: sa.Connection, name: str, scopes: Collection[Scope], *, actor: str) -> str:
    """Make a token and return it whole; it can be read nowhere later.

    Raises:
        TokenNameInvalid, TokenNameTaken: another name is needed.
    """
    if not _NAME.fullmatch(name):
        raise TokenNameInvalid
    if _in_use(connection, name):
        raise TokenNameTaken(name=name)
    key, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
    chosen = [scope.value for scope in Scope if scope in scopes]
    connection.execute(api_token.insert().values(id=key, name=name, sha256=_hash(secret), scopes=chosen))
    note(
        connection,
        "api_token_added",
        subject="api_token",
        subject_id=key,
        actor=actor,
        detail={"name": name, "scopes": chosen},
    )
    return f"erepo_{key}_{secret}"


def list_tokens(connection: sa.Connection) -> list[Token]:
    """Return all tokens, revoked ones as well, in the order they were made."""
    statement = sa.select(*_COLUMNS).order_by(api_token.c.created_at, api_token.c.id)
    return [_token(row) for row in connection.execute(statement)]


def revoke_token(connection: sa.Connection, name: str, *, actor: str) -> None:
    """Make a token useless from the next request on.

    Raises:
        TokenUnknown: no token of this name is in use.
    """
    found = connection.execute(
        api_token.update()
        .where(api_token.c.name == name, api_token.c.revoked_at.is_(None))
        .values(revoked_at=now())
        .returning(api_token.c.id)
    ).scalar()
    if found is None:
        raise TokenUnknown
    note(
        connection,
        "api_token_revoked",
        subject="api_token",
        subject_id=found,
        actor=actor,
        detail={"name": name},
    )


def check_token(database: Database, text: str) -> tuple[str, Token | None]:
    """Find out whose a token is.

    Returns:
        The id that was tried, empty if there is no such token; and the token, None unless it is good.
    """
    form = _TOKEN.fullmatch(text)
    key, secret = form.groups() if form else ("", "")
    with database.read() as connection:
        row = connection.execute(
            sa.select(api_token.c.sha256, *_COLUMNS).where(api_token.c.id == key)
        ).one_or_none()
    same = hmac.compare_digest(_hash(secret), row.sha256 if row else _NOBODY)
    if row is None:
        return "", None
    if not same or row.revoked_at is not None:
        return key, None
    token = _token(row[1:])
    if token.last_used_at is None or now() - token.last_used_at > _USE:
        _note_use(database, token)
    return key, token


def _note_use(database: Database, token: Token) -> None:
    # A full disk must not keep anybody from reading.
    with suppress(sa.exc.OperationalError, DatabaseBusy), database.begin() as connection:
        connection.execute(api_token.update().where(api_token.c.id == token.id).values(last_used_at=now()))


def _in_use(connection: sa.Connection, name: str) -> bool:
    wanted = sa.select(api_token.c.id).where(api_token.c.name == name, api_token.c.revoked_at.is_(None))
    return connection.execute(wanted).first() is not None


def _token(row: Any) -> Token:
    key, name, scopes, *times = row
    return Token(key, name, tuple(scopes), *times)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
