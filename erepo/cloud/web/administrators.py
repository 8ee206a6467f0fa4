"""REST: the clinic makes the first login of its panel (manual 1.1.6)."""

from datetime import datetime
from functools import partial
from typing import Any

import orjson
from sqlalchemy import Connection

from erepo.cloud.audit.events import Result, Thing
from erepo.cloud.errors import RequestMalformed
from erepo.cloud.panel import administrators, attempts, passwords
from erepo.cloud.panel.administrators import Administrator
from erepo.cloud.panel.errors import AdministratorExists
from erepo.cloud.registry.jobs import Change, Outcome
from erepo.cloud.service import Cloud
from erepo.cloud.tenancy.tenants import Tenant
from erepo.cloud.web.acting import bearer
from erepo.cloud.web.answers import Answer, json_answer
from erepo.cloud.web.calls import Call
from erepo.cloud.web.trail import Trail

#: Looks before giving up: somebody may have made one between a look and its write.
_LOOKS = 3


class _Changed(Exception):  # never leaves this file
    """Another request has made an administrator in the meantime."""


async def answer_create(call: Call) -> Answer:
    """Answer `PUT /services/{account}/administrator`; machines ask it, so nobody need be named."""
    await bearer(call.cloud, call.tenant, call.request.headers, call.trail)
    async with call.body() as body:
        return json_answer(200, await create(call.cloud, call.tenant, body, call.trail))


async def create(cloud: Cloud, tenant: Tenant, body: bytearray, trail: Trail) -> dict[str, Any]:
    """Make the administrator; the same login and password again get the same answer.

    Commit point: the row and its event are one transaction. A client that lost the answer asks again: the
    first password is known also when its owner has changed it since.

    Raises:
        RequestMalformed: the body is not `{"login", "password"}`.
        LoginMalformed, PasswordRefused: they may not be.
        AdministratorExists: there is another one already.
        LoginLocked: that was told too often.
        LoginsBusy, StorageUnavailable, ServiceStopping: ask again.
    """
    login, password = _read(body)
    login = administrators.read_login(login)
    passwords.check_new(password, login, tenant.account)
    for _ in range(_LOOKS):
        there = await cloud.reading(partial(_look, cloud, tenant))
        if there:
            must_change = await _the_same(cloud, tenant, there, login, password, trail)
            trail.things = (Thing("administrator", login, "known before"),)
            return _told(tenant, login, must_change=must_change)
        try:
            await _make(cloud, tenant, login, password, trail)
        except _Changed:
            continue
        return _told(tenant, login, must_change=True)
    raise AdministratorExists


def _told(tenant: Tenant, login: str, *, must_change: bool) -> dict[str, Any]:
    return {"account": tenant.account, "login": login, "mustChange": must_change}


def _read(body: bytearray) -> tuple[str, str]:
    try:
        given = orjson.loads(body)
        login, password = given["login"], given["password"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise RequestMalformed(reason="login, password") from None
    if not (isinstance(login, str) and isinstance(password, str)):
        raise RequestMalformed(reason="login, password")
    return login, password


def _look(cloud: Cloud, tenant: Tenant) -> list[Administrator]:
    with cloud.database.read(tenant.id) as connection:
        return list(administrators.administrators(connection, tenant.id))


async def _the_same(  # one for each thing that is compared
    cloud: Cloud, tenant: Tenant, there: list[Administrator], login: str, password: str, trail: Trail
) -> bool:
    """Return whether the password must be changed, if this very administrator is there.

    Whoever has the certificate could guess the first password here instead of on the page, so failures are
    counted and locked alike, beside those of the page, and a login that nobody has takes as long.

    Raises:
        AdministratorExists, LoginLocked: it is not, or too much was guessed.
    """
    look = partial(_expect_open, cloud, tenant, login)
    await cloud.reading(look)
    found = next((each for each in there if each.login == login), None)
    kept = found.initial if found is not None else passwords.NOBODY
    if not await cloud.hashing.run(partial(passwords.matches, password, kept)) or found is None:
        await _count(cloud, tenant, login, trail)
        raise AdministratorExists
    await cloud.reading(look)
    return found.must_change


def _guessed(login: str) -> str:
    """Return under what failures are counted: no page's login has a capital letter."""
    return f"PUT {login}"


def _expect_open(cloud: Cloud, tenant: Tenant, login: str) -> None:
    with cloud.database.read(tenant.id) as connection:
        attempts.expect_open(connection, tenant.id, _guessed(login), _now(cloud))


async def _count(cloud: Cloud, tenant: Tenant, login: str, trail: Trail) -> None:
    at = _now(cloud)

    def count(connection: Connection) -> Outcome:
        attempts.expect_open(connection, tenant.id, _guessed(login), at)
        attempts.failed(connection, tenant.id, _guessed(login), at)
        return Outcome()

    things = [Thing("administrator", login, "not the same")]
    evidence = trail.evidence(things).refused(AdministratorExists.code, Result.SERIOUS)
    await trail.write(Change(evidence=evidence, apply=count))


def _now(cloud: Cloud) -> datetime:
    """The service's clock as the tables keep time: UTC, naive."""
    return cloud.now().replace(tzinfo=None)


async def _make(cloud: Cloud, tenant: Tenant, login: str, password: str, trail: Trail) -> None:
    kept = await cloud.hashing.run(partial(passwords.hash_password, password))

    def make(connection: Connection) -> Outcome:
        if administrators.administrators(connection, tenant.id):
            raise _Changed
        administrators.create(connection, tenant.id, login, kept)
        return Outcome()

    things = [Thing("administrator", login, "created")]
    await trail.write(Change(evidence=trail.evidence(things), apply=make))
