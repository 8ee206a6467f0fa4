"""Logging in, logging out, changing the password.

Each is one transaction of the writer with its event: a failed login is counted and recorded together, a
session begins together with the record of it. The browser is answered after the commit; if that answer is
lost, whoever is there tries again: a session that nobody has the cookie of ends by itself.

A login that was locked while its password was being hashed is answered as locked, right or wrong: guesses
that come all at once learn no more than guesses one by one.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Final

from sqlalchemy import Connection

from erepo.cloud.audit.events import PANEL, Action, Result, Thing
from erepo.cloud.errors import MethodNotAllowed
from erepo.cloud.panel import administrators, attempts, passwords, sessions
from erepo.cloud.panel.administrators import Administrator
from erepo.cloud.panel.errors import (
    FormRefused,
    LoginLocked,
    LoginMalformed,
    LoginRefused,
    PasswordRefused,
    PasswordsDiffer,
    PasswordUnchanged,
    PasswordWrong,
)
from erepo.cloud.panel.sessions import Session
from erepo.cloud.registry.jobs import Change
from erepo.cloud.web.answers import Answer
from erepo.cloud.web.panel.render import page, redirect, set_cookie
from erepo.cloud.web.panel.visit import FORM, SESSION, Visit, effect
from erepo.errors import AccessRefused, ErepoError

#: Longest login that is looked at.
_LONGEST: Final = 200


def acts(visit: Visit, login: str) -> None:
    """Put into the record who acts."""
    visit.trail.who = replace(visit.trail.who, user=login, role="panel administrator")


async def login(visit: Visit) -> Answer:
    """Show the login page, or log in."""
    if visit.method == "GET":
        if visit.session is not None:
            return redirect(visit, "")
        return _login_page(visit, HTTPStatus.OK)
    visit.trail.transaction, visit.trail.action = f"{PANEL}: login", Action.EXECUTE
    form = await visit.form(visit.cookie(FORM))
    given = form.get("login", "")[:_LONGEST].strip().lower()
    try:
        token = await _log_in(visit, given, form.get("password", ""))
    except (LoginRefused, LoginLocked) as error:
        await visit.trail.refused(error)
        return _login_page(visit, _status(error), error, given)
    return redirect(visit, "", set_cookie(visit, SESSION, token), set_cookie(visit, FORM, ""))


async def logout(visit: Visit) -> Answer:
    """End the session."""
    session = _posted(visit, "logout")
    await visit.form(session.token)
    end = partial(sessions.end, tenant_id=visit.tenant.id, token=session.token)
    await _write(visit, end, [Thing("administrator", session.login)])
    return redirect(visit, "/login", set_cookie(visit, SESSION, ""))


async def password(visit: Visit) -> Answer:
    """Show the page to change the password, or change it."""
    if visit.method == "GET":
        return _password_page(visit, HTTPStatus.OK)
    session = _posted(visit, "password")
    form = await visit.form(session.token)
    try:
        token = await _change(
            visit, session, form.get("present", ""), form.get("new", ""), form.get("again", "")
        )
    except (PasswordRefused, PasswordWrong, LoginLocked) as error:
        await visit.trail.refused(error)
        return _password_page(visit, _status(error), error)
    return redirect(visit, "/account?done=password", set_cookie(visit, SESSION, token))


async def _log_in(visit: Visit, given: str, typed: str) -> str:
    """Return the cookie of a new session.

    Raises:
        LoginRefused, LoginLocked: counted, and recorded where it was counted.
    """
    at = visit.now()
    user = await _known(visit, given, at)
    if user is not None:  # what nobody has may be a password in the wrong field: it is not recorded
        acts(visit, user.login)
    if not await _right(visit, user, typed):
        await _count(visit, given, LoginRefused())
    assert user is not None
    token, before = sessions.new_token(), visit.cookie(SESSION)

    def begin(connection: Connection) -> None:
        _still(connection, visit, user, at)
        attempts.forgive(connection, visit.tenant.id, given)
        sessions.sweep(connection, visit.tenant.id, at, visit.cloud.settings.panel)
        if before:
            sessions.end(connection, visit.tenant.id, before)
        sessions.begin(connection, visit.tenant.id, token, user.login, visit.certificate, at)

    await _write(visit, begin, [Thing("administrator", user.login)])
    return token


async def _change(visit: Visit, session: Session, present: str, new: str, again: str) -> str:
    """Return the cookie of the session that goes on with the new password; all others end.

    Raises:
        PasswordRefused, PasswordWrong, LoginLocked: nothing was changed.
    """
    at, tenant = visit.now(), visit.tenant
    user = await _known(visit, session.login, at)
    if new != again:
        raise PasswordsDiffer
    passwords.check_new(new, session.login, tenant.account)
    if user is None or not await _right(visit, user, present):
        await _count(visit, session.login, PasswordWrong())
    assert user is not None
    if passwords.same(new, present):
        raise PasswordUnchanged
    kept = await visit.cloud.hashing.run(partial(passwords.hash_password, new))
    token = sessions.new_token()

    def change(connection: Connection) -> None:
        _still(connection, visit, user, at)
        administrators.set_password(connection, tenant.id, user.login, kept, must_change=False)
        attempts.forgive(connection, tenant.id, user.login)
        sessions.begin(connection, tenant.id, token, user.login, visit.certificate, at)

    await _write(visit, change, [Thing("administrator", user.login)])
    return token


async def _known(visit: Visit, given: str, at: datetime) -> Administrator | None:
    """Return who has a login.

    Raises:
        LoginLocked: it is locked, whether anybody has it or not.
    """
    return await visit.cloud.reading(partial(_look, visit, given, at))


def _look(visit: Visit, given: str, at: datetime) -> Administrator | None:
    with visit.cloud.database.read(visit.tenant.id) as connection:
        _open(connection, visit, given, at)
        try:
            return administrators.find(connection, visit.tenant.id, administrators.read_login(given))
        except LoginMalformed:
            return None


async def _right(visit: Visit, user: Administrator | None, typed: str) -> bool:
    """Tell whether it is the password; takes as long where there is nobody to have one."""
    kept = user.password if user is not None else passwords.NOBODY
    return await visit.cloud.hashing.run(partial(passwords.matches, typed, kept)) and user is not None


async def _count(visit: Visit, given: str, error: ErepoError) -> None:
    """Count a failure in the transaction of its event, then raise it.

    Raises:
        LoginRefused, PasswordWrong, LoginLocked: always.
    """
    at = visit.now()

    def count(connection: Connection) -> None:
        _open(connection, visit, given, at)
        attempts.failed(connection, visit.tenant.id, given, at)

    evidence = visit.trail.evidence().refused(error.code, Result.SERIOUS)
    await visit.trail.write(Change(evidence=evidence, apply=effect(count)))
    raise error


def _still(connection: Connection, visit: Visit, user: Administrator, at: datetime) -> None:
    """Prove, under the account's lock, that what was looked at before is still so."""
    _open(connection, visit, user.login, at)
    now = administrators.find(connection, visit.tenant.id, user.login)
    if now is None or now.password != user.password:
        raise FormRefused


def _open(connection: Connection, visit: Visit, given: str, at: datetime) -> None:
    attempts.expect_open(connection, visit.tenant.id, given, at)


async def _write(visit: Visit, work: Callable[[Connection], None], things: list[Thing]) -> None:
    await visit.trail.write(Change(evidence=visit.trail.evidence(things), apply=effect(work)))


def _posted(visit: Visit, name: str) -> Session:
    visit.trail.transaction, visit.trail.action = f"{PANEL}: {name}", Action.EXECUTE
    if visit.method != "POST":
        raise MethodNotAllowed(allowed="POST")
    assert visit.session is not None
    return visit.session


def _status(error: ErepoError) -> int:
    if isinstance(error, LoginLocked):
        return HTTPStatus.TOO_MANY_REQUESTS
    return HTTPStatus.FORBIDDEN if isinstance(error, AccessRefused) else HTTPStatus.BAD_REQUEST


def _login_page(visit: Visit, status: int, error: ErepoError | None = None, given: str = "") -> Answer:
    token = visit.cookie(FORM) or sessions.new_token()
    return page(
        visit,
        "login",
        status=status,
        headers=(set_cookie(visit, FORM, token),),
        token=sessions.form_token(token),
        problem=error.explain(visit.language) if error else None,
        given=given,
    )


def _password_page(visit: Visit, status: int, error: ErepoError | None = None) -> Answer:
    problem = error.explain(visit.language) if error else None
    return page(visit, "password", status=status, problem=problem, least=passwords.LEAST)
