"""Sessions of patients: a random value in the browser or the application, its hash here, two limits of time.

A session is the person's whose code was typed, proven by **one address**: it sees the documents of the
clinics that vouch for this very address, asked anew with each request (`erepo.cloud.patients.links`). It ends
by itself when nothing is asked for `idle` seconds, and `life` seconds after its begin whatever is asked; it
is over as well when no clinic vouches for its address any more.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Any, Final, Literal

from fastapi import Depends, Request
from sqlalchemy import ColumnElement, Connection, Row, delete, insert, select, update

from erepo.cloud.audit.events import Who
from erepo.cloud.consents import Reader
from erepo.cloud.patients.links import Link, links_of, person_of
from erepo.cloud.storage.tables_portal import portal_session
from erepo.identifiers import CX
from erepo.portal.errors import FormRefused, SignInNeeded
from erepo.portal.office import Office, address_of, office_of
from erepo.settings import PortalSettings

#: `__Host-`: only over TLS, only from this host, for no other (RFC 6265bis).
COOKIE: Final = "__Host-erepo-patient"
#: Carried by changing requests of a browser; nobody who cannot read our answers knows it.
CSRF_HEADER: Final = "x-erepo-csrf"
Form = Literal["cookie", "token"]

#: A request is written down when the last one that was is so long ago.
_STALE: Final = timedelta(seconds=30)
#: Characters of a token that may be one of ours.
_LENGTH: Final = 43
_READS: Final = frozenset({"GET", "HEAD"})
_table = portal_session.c


@dataclass(frozen=True, slots=True)
class PatientSession:
    """Who is signed in, and whose documents they may see."""

    id: str
    """Names the session to its owner; opens nothing."""
    account_id: int
    person: CX = field(repr=False)
    form: Form
    began_at: datetime
    seen_at: datetime
    links: tuple[Link, ...] = field(repr=False)
    """The clinics that vouch for the proven address."""
    address: str
    """From where the request comes."""
    key: bytes = field(repr=False)
    form_token: str = field(default="", repr=False)

    @property
    def reader(self) -> Reader:
        """The person as the patient whose documents they are."""
        return Reader.patient(self.person.authority_oid, self.person.id)

    @property
    def readers(self) -> tuple[Reader, ...]:
        """The person as patient, and as somebody with whom another one's documents are shared."""
        return self.reader, Reader.person(self.person.authority_oid, self.person.id)

    @property
    def proven(self) -> bytes:
        """Hash of the address that the session was begun by."""
        return self.links[0].contact_key

    @property
    def clinics(self) -> tuple[int, ...]:
        """Row numbers of the accounts of these clinics."""
        return tuple(each.tenant_id for each in self.links)

    @property
    def accounts(self) -> Mapping[str, int]:
        """The same by their 16 digits."""
        return {each.account: each.tenant_id for each in self.links}

    @property
    def who(self) -> Who:
        """For the record of a clinic, which knows the person: as other acting people stand there."""
        user = f"{self.person.authority_oid}:{self.person.id}"
        return Who(user=user, address=self.address, endpoint="/portal")

    @property
    def pseudonym(self) -> Who:
        """For nobody's record."""
        return Who(user=f"patient {self.account_id}", address=self.address, endpoint="/portal")


def new_token() -> str:
    """Return a value for the cookie or the application, 256 bits."""
    return secrets.token_urlsafe(32)


def csrf_token(token: str) -> str:
    """Return what a browser carries in `X-Erepo-Csrf` with each changing request of a session."""
    digest = hashlib.sha256(b"erepo portal form\0" + token.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def key_of(token: str) -> bytes:
    """Return under which key a session is kept."""
    return hashlib.sha256(token.encode()).digest()


def begin(
    connection: Connection, token: str, account_id: int, contact_key: bytes, form: Form, at: datetime
) -> None:
    """Begin a session."""
    row = {
        "key": key_of(token),
        "id": secrets.token_hex(16),
        "account_id": account_id,
        "contact_key": contact_key,
        "form": form,
        "began_at": at,
        "seen_at": at,
    }
    connection.execute(insert(portal_session), row)


def end(connection: Connection, key: bytes) -> None:
    """End one session, if it is there."""
    connection.execute(delete(portal_session).where(_table.key == key))


def end_by_id(connection: Connection, who: PatientSession, session_id: str) -> bool:
    """End one of a person's sessions by the same address; return whether there was one."""
    mine = (*_of(who), _table.id == session_id)
    return connection.execute(delete(portal_session).where(*mine)).rowcount > 0


def end_all(connection: Connection, who: PatientSession) -> int:
    """End every session of a person by the same address; return how many there were."""
    return connection.execute(delete(portal_session).where(*_of(who))).rowcount


def sessions_of(
    connection: Connection, who: PatientSession, limits: PortalSettings, at: datetime
) -> Sequence[Row[Any]]:
    """Return the sessions of a person by the same address that have not ended, newest first."""
    query = select(portal_session).where(*_of(who), *_alive(limits, at))
    return connection.execute(query.order_by(_table.began_at.desc(), _table.id)).all()


def _of(who: PatientSession) -> tuple[ColumnElement[bool], ...]:
    # Another address may be another one's: of a clinic that knows the person by it, wrongly perhaps.
    return _table.account_id == who.account_id, _table.contact_key == who.proven


def stands(office: Office, who: PatientSession, tenant_id: int) -> bool:
    """Tell whether a session goes on, and the clinic still vouches for its address."""
    oldest = office.now() - timedelta(seconds=office.settings.portal.life)
    with office.cloud.database.everyone("a person's clinics") as connection:
        query = select(_table.key).where(_table.key == who.key, _table.began_at > oldest)
        if connection.execute(query).one_or_none() is None:
            return False
        links = links_of(connection, who.account_id, office.keys)
    return any(each.tenant_id == tenant_id and each.contact_key == who.proven for each in links)


def sweep(connection: Connection, limits: PortalSettings, at: datetime) -> None:
    """Remove sessions whose time is over."""
    connection.execute(delete(portal_session).where(_table.began_at <= at - timedelta(seconds=limits.life)))
    connection.execute(delete(portal_session).where(_table.seen_at <= at - timedelta(seconds=limits.idle)))


def _alive(limits: PortalSettings, at: datetime) -> tuple[Any, ...]:
    life, idle = timedelta(seconds=limits.life), timedelta(seconds=limits.idle)
    return _table.began_at > at - life, _table.seen_at > at - idle


async def signed_in(request: Request) -> PatientSession:
    """Return who is signed in: what a route for patients depends on.

    A bearer token counts alone where one is sent; else the cookie, and then a changing request must carry the
    session's `X-Erepo-Csrf`: another site can make a browser send the cookie, not read the value.

    Raises:
        SignInNeeded: nobody, or not any more.
        FormRefused: a changing request without the header.
    """
    office = office_of(request)
    token, form = shown(request)
    if not token:
        raise SignInNeeded
    found = await office.cloud.reading(partial(_find, office, token, form, address_of(request)))
    if form == "cookie" and request.method not in _READS:
        given = request.headers.get(CSRF_HEADER, "")
        if not hmac.compare_digest(given.encode(), csrf_token(token).encode()):
            raise FormRefused
    return found


def shown(request: Request) -> tuple[str, Form]:
    """Return the token that a request shows, empty if none that may be ours, and how it does."""
    value = request.headers.get("authorization")
    if value is not None:
        kind, _, token = value.partition(" ")
        return (_plausible(token.strip()) if kind.lower() == "bearer" else ""), "token"
    return _plausible(request.cookies.get(COOKIE, "")), "cookie"


def _plausible(token: str) -> str:
    return token if len(token) == _LENGTH and token.isascii() else ""


def _find(office: Office, token: str, form: Form, address: str) -> PatientSession:
    at, limits = office.now(), office.settings.portal
    with office.cloud.database.everyone("a person's clinics") as connection:
        query = select(portal_session).where(
            _table.key == key_of(token), _table.form == form, *_alive(limits, at)
        )
        row = connection.execute(query).one_or_none()
        if row is None:
            raise SignInNeeded
        proven = bytes(row.contact_key)
        links = links_of(connection, row.account_id, office.keys)
        standing = tuple(each for each in links if each.contact_key == proven)
        person = person_of(connection, row.account_id, office.keys)
    if not standing:
        raise SignInNeeded
    if row.seen_at <= at - _STALE:
        _touch(office, token, at)
    began, seen = row.began_at, row.seen_at
    return PatientSession(
        row.id, row.account_id, person, form, began, seen, standing, address, key_of(token), csrf_token(token)
    )


def _touch(office: Office, token: str, at: datetime) -> None:
    with office.cloud.database.write() as connection:
        connection.execute(update(portal_session).where(_table.key == key_of(token)).values(seen_at=at))


SignedIn = Annotated[PatientSession, Depends(signed_in)]
