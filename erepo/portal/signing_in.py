"""Signing in: a number, a code that goes to the address its clinics vouch for, a session.

    asked ──code typed──► tried ──right──► session begun, the challenge is used up
                            └─────wrong──► counted; five times, and the challenge is over

Nobody learns whether a number has an account: the same answer, the same statements with the same number of
rows, the same record, whoever it is. A code is sent by another process, later (`patients.messages`).

Commit points: the challenge with its messages; **each try before it is looked at** (so tries at one moment
count one by one); the session with the end of its challenge.
"""

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache, partial
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, insert, select, update

from erepo.cloud.audit.events import Thing, Who
from erepo.cloud.audit.evidence import Evidence
from erepo.cloud.patients import messages
from erepo.cloud.patients.content import Contact
from erepo.cloud.patients.keys import Keys
from erepo.cloud.patients.links import Link, account_of, links_of, person_key
from erepo.cloud.patients.messages import Kind
from erepo.cloud.registry.jobs import Change, Outcome
from erepo.cloud.storage.tables_portal import portal_challenge, portal_code
from erepo.identifiers import CX
from erepo.portal import sessions, throttle
from erepo.portal.errors import CodeRefused
from erepo.portal.office import NOBODY, Office
from erepo.portal.throttle import (
    ASKS_OF_PERSON,
    ASKS_OF_PERSON_A_DAY,
    ASKS_OF_PERSON_BY_ALL,
    WRONG_OF_PERSON_BY_ALL,
    Places,
    Window,
)

#: Digits of a code: 26 bits, of which five tries are had (OWASP ASVS 6.5.5 asks for 20 bits and few tries).
DIGITS: Final = 8
#: Tries of one challenge.
TRIES: Final = 5
#: Different addresses that codes go to at once, the newest; rows are made for so many, whoever it is.
PLACES: Final = 4
_challenge, _code = portal_challenge.c, portal_code.c


@dataclass(frozen=True, slots=True)
class Asked:
    """A sign-in under way: the challenge is for who asked, and opens nothing without the code."""

    challenge: str
    seconds: int


async def ask(office: Office, person: CX, address: str) -> Asked:
    """Have codes sent to a person, if there is one.

    Raises:
        TooMany: for this number or this address.
        StorageUnavailable, ServiceStopping: ask again.
    """
    key = person_key(office.keys, person)
    found = await office.cloud.reading(partial(_look, office, key))
    token = sessions.new_token()
    apply = partial(_ask, office, key, found, token, Places.of(address))
    evidence = office.evidence("code", Who(address=address, endpoint="/portal"), [_person(key)])
    await office.change(Change(evidence=evidence, apply=apply))
    return Asked(token, office.settings.portal.code_seconds)


async def sign_in(office: Office, challenge: str, code: str, form: sessions.Form, address: str) -> str:
    """Begin a session by a code; return its token.

    Raises:
        CodeRefused: it does not count, for whatever reason.
        TooMany: too many were wrong, of this person or from this address.
        StorageUnavailable, ServiceStopping: ask again.
    """
    who = Who(address=address, endpoint="/portal")
    key, places = sessions.key_of(challenge), Places.of(address)
    # It tells of nothing yet: the record is written with what comes of it.
    await office.change(Change(evidence=Evidence(NOBODY, ()), apply=partial(_try, office, key, places)))
    found = await office.cloud.reading(partial(_compare, office, key, code))
    if found.contact_key is None or found.account_id is None:
        things = [_person(found.identifier_key)]
        evidence = office.evidence("sign-in", who, things, refused=CodeRefused.code)
        await office.change(
            Change(evidence=evidence, apply=partial(_wrong, office, found.identifier_key, places))
        )
        raise CodeRefused
    token = sessions.new_token()
    who = Who(user=f"patient {found.account_id}", address=address, endpoint="/portal")
    evidence = office.evidence("sign-in", who, [_person(found.identifier_key)])
    await office.change(
        Change(evidence=evidence, apply=partial(_begin, office, key, found, token, form, places))
    )
    return token


def _look(office: Office, key: bytes) -> tuple[int | None, Sequence[Link]]:
    with office.cloud.database.everyone("which clinics vouch for who signs in") as connection:
        account_id = account_of(connection, key)
        links = links_of(connection, account_id, office.keys)
    for _ in range(len(links), PLACES):  # as much is opened for whom nobody vouches
        office.keys.open("contact", _decoy(office.keys))
    distinct: dict[bytes, Link] = {}
    for each in links:
        distinct.setdefault(each.contact_key, each)
    return account_id, list(distinct.values())[:PLACES]


@lru_cache(maxsize=1)
def _decoy(keys: Keys) -> bytes:
    return keys.seal("contact", b"nobody@example.invalid")


def _ask(
    office: Office,
    key: bytes,
    found: tuple[int | None, Sequence[Link]],
    token: str,
    places: Places,
    connection: Connection,
) -> Outcome:
    keys, at, limits = office.keys, office.now(), office.settings.portal
    for network, times in places.counted:
        throttle.count(connection, keys.hash("asks of address", network), Window(times * limits.asks), at)
    throttle.expect_open(connection, keys.hash("wrong of person here", key, places.here), at)
    throttle.expect_room(connection, keys.hash("wrong of person", key), WRONG_OF_PERSON_BY_ALL, at)
    throttle.count(connection, keys.hash("asks of person here", key, places.here), ASKS_OF_PERSON, at)
    throttle.count(connection, keys.hash("asks of person", key), ASKS_OF_PERSON_BY_ALL, at)
    throttle.count(connection, keys.hash("asks of person a day", key), ASKS_OF_PERSON_A_DAY, at)
    _sweep(connection, at)
    account_id, links = found
    until = at + timedelta(seconds=limits.code_seconds)
    challenge_key = sessions.key_of(token)
    row = {
        "key": challenge_key,
        "identifier_key": key,
        "account_id": account_id,
        "tries": 0,
        "created_at": at,
        "until": until,
    }
    connection.execute(insert(portal_challenge), row)
    codes, letters = [], []
    for place in range(PLACES):
        link = links[place] if place < len(links) else _nobody()
        code = _new_code()
        codes.append(
            {
                "challenge_key": challenge_key,
                "place": place,
                "contact_key": link.contact_key,
                "hash": _hash(keys, challenge_key, code),
            }
        )
        message = messages.to(link.contact, Kind.CODE, link.language, code=code)
        letters.append(messages.row_of(message, keys, at, until, void=place >= len(links)))
    connection.execute(insert(portal_code), codes)
    messages.queue(connection, letters)
    return Outcome()


def _nobody() -> Link:
    return Link(0, "", secrets.token_bytes(32), Contact("email", "nobody@example.invalid"), "pl")


def _try(office: Office, key: bytes, places: Places, connection: Connection) -> Outcome:
    """Count a try of a challenge that is alive.

    Raises:
        CodeRefused: it is not, or had its tries.
        TooMany: the person or the address had theirs.
    """
    keys, at = office.keys, office.now()
    for network, times in places.counted:
        limit = Window(times * office.settings.portal.failures)
        throttle.expect_room(connection, keys.hash("wrong of address", network), limit, at)
    row = _row(connection, key)
    if row is None:
        raise CodeRefused
    person = bytes(row.identifier_key)
    throttle.expect_open(connection, keys.hash("wrong of person here", person, places.here), at)
    throttle.expect_room(connection, keys.hash("wrong of person", person), WRONG_OF_PERSON_BY_ALL, at)
    if row.used_at is not None or row.until <= at or row.tries >= TRIES:
        raise CodeRefused
    connection.execute(update(portal_challenge).where(_challenge.key == key).values(tries=row.tries + 1))
    return Outcome()


@dataclass(frozen=True, slots=True)
class _Compared:
    identifier_key: bytes
    account_id: int | None
    contact_key: bytes | None
    """Of the address whose code it was; None: nobody's."""


def _compare(office: Office, key: bytes, code: str) -> _Compared:
    with office.cloud.database.read() as connection:
        row = _row(connection, key)
        query = select(portal_code).where(_code.challenge_key == key).order_by(_code.place)
        rows = connection.execute(query).all()
    if row is None:
        raise CodeRefused
    given, found = _hash(office.keys, key, code), None
    for each in rows:  # all of them, whichever it is
        if hmac.compare_digest(bytes(each.hash), given):
            found = bytes(each.contact_key)
    return _Compared(bytes(row.identifier_key), row.account_id, found)


def _wrong(office: Office, identifier_key: bytes, places: Places, connection: Connection) -> Outcome:
    keys, at = office.keys, office.now()
    throttle.failed(connection, keys.hash("wrong of person here", identifier_key, places.here), at)
    throttle.note(connection, keys.hash("wrong of person", identifier_key), WRONG_OF_PERSON_BY_ALL, at)
    for network, times in places.counted:
        limit = Window(times * office.settings.portal.failures)
        throttle.note(connection, keys.hash("wrong of address", network), limit, at)
    return Outcome()


def _begin(
    office: Office,
    key: bytes,
    found: _Compared,
    token: str,
    form: sessions.Form,
    places: Places,
    connection: Connection,
) -> Outcome:
    at = office.now()
    mine = (_challenge.key == key, _challenge.used_at.is_(None), _challenge.until > at)
    if connection.execute(update(portal_challenge).where(*mine).values(used_at=at)).rowcount != 1:
        raise CodeRefused  # another request was first
    here = office.keys.hash("wrong of person here", found.identifier_key, places.here)
    throttle.forgive(connection, here)
    sessions.sweep(connection, office.settings.portal, at)
    assert found.account_id is not None
    assert found.contact_key is not None
    sessions.begin(connection, token, found.account_id, found.contact_key, form, at)
    return Outcome()


def _sweep(connection: Connection, at: datetime) -> None:
    """Forget challenges that are over, with their codes."""
    over = select(_challenge.key).where(_challenge.until <= at)
    connection.execute(delete(portal_code).where(_code.challenge_key.in_(over)))
    connection.execute(delete(portal_challenge).where(_challenge.until <= at))
    throttle.sweep(connection, at)


def _row(connection: Connection, key: bytes) -> Row[Any] | None:
    return connection.execute(select(portal_challenge).where(_challenge.key == key)).one_or_none()


def _new_code() -> str:
    return f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"


def _hash(keys: Keys, challenge_key: bytes, code: str) -> bytes:
    return keys.hash("code", challenge_key, code)


def _person(key: bytes) -> Thing:
    return Thing("person", key.hex()[:16])
