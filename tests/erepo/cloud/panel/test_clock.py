"""What ends with time: sessions, locks. On both databases, with a clock that is set by hand."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from erepo.cloud.audit.events import Event
from erepo.cloud.storage.tables import audit_event, panel_attempt, panel_session
from tests.support.cloud import POSTGRESQL_S3, SQLITE_FILES
from tests.support.panel import FIRST, LOGIN, SECOND, TimedService, timed_service

WRONG = "to nie jest to haslo"


@pytest.fixture(params=[SQLITE_FILES, POSTGRESQL_S3])
def service(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TimedService]:
    """A service of the test's own."""
    limits = {"EREPO_PANEL__IDLE": "900", "EREPO_PANEL__LIFE": "3600"}
    with timed_service(tmp_path, request.param, **limits) as made:
        yield made


def codes(service: TimedService) -> list[tuple[str, tuple[str, ...]]]:
    """Return what the record says of logins."""
    with service.cloud.database.everyone("a test") as connection:
        rows = connection.scalars(select(audit_event.c.facts).order_by(audit_event.c.number)).all()
    events = [Event.read(bytes(row)) for row in rows]
    return [(each.transaction, each.codes) for each in events if each.transaction == "panel: login"]


async def test_failures_lock_the_login_for_longer_and_longer(service: TimedService) -> None:
    """The fifth failure locks: the right password is not looked at until then; later all is forgiven."""
    async with service.person() as admin:
        await admin.settle()
        await admin.log_out()
        for _ in range(4):
            assert (await admin.log_in(password=WRONG)).status_code == 403
        assert (await admin.log_in(password=WRONG)).status_code == 403
        locked = await admin.log_in()
        assert locked.status_code == 429
        assert "za 1 min" in admin.text
        service.later(seconds=59)
        assert (await admin.log_in()).status_code == 429
        service.later(seconds=2)
        assert (await admin.log_in(password=WRONG)).status_code == 403
        service.later(seconds=61)
        assert (await admin.log_in()).status_code == 429
        service.later(seconds=60)
        assert (await admin.log_in()).status_code == 303
        await admin.log_out()
        assert (await admin.log_in(password=WRONG)).status_code == 403
    found = codes(service)
    assert found.count(("panel: login", ("panel.login-locked",))) == 3
    assert found.count(("panel: login", ("panel.login-refused",))) == 7
    with service.cloud.database.everyone("a test") as connection:
        assert connection.scalar(select(func.max(panel_attempt.c.failures))) == 1


async def test_a_login_that_nobody_has_is_locked_alike(service: TimedService) -> None:
    """Nothing tells whether a login exists: the same answers, the same lock."""
    async with service.person() as admin:
        await admin.settle()
        await admin.log_out()
        answers = []
        for login in (LOGIN, "nobody"):
            for _ in range(6):
                answer = await admin.log_in(login=login, password=WRONG)
                answers.append((answer.status_code, admin.text.replace(login, "")))
        assert answers[:6] == answers[6:]
        assert [status for status, _ in answers[:6]] == [403] * 5 + [429]
        service.later(days=2)
        assert (await admin.log_in(login="third", password=WRONG)).status_code == 403
    with service.cloud.database.everyone("a test") as connection:
        assert connection.scalar(select(func.count()).select_from(panel_attempt)) == 1


async def test_a_session_ends_when_nothing_is_done(service: TimedService) -> None:
    """Clicks keep it alive; a quarter of an hour without one ends it."""
    async with service.person() as admin:
        await admin.settle()
        for _ in range(2):
            service.later(seconds=880)
            assert (await admin.get("/account")).status_code == 200
        service.later(seconds=901)
        answer = await admin.get("/account")
        assert (answer.status_code, answer.headers["location"]) == (303, f"{admin.base}/login")


async def test_a_session_ends_whatever_is_done(service: TimedService) -> None:
    """An hour after the login it is over, however busy it was; the next login sweeps it away."""
    async with service.person() as admin:
        await admin.settle()
        for _ in range(6):
            service.later(seconds=599)
            assert (await admin.get("/account")).status_code == 200
        service.later(seconds=10)
        assert (await admin.get("/account")).status_code == 303
        assert (await admin.log_in()).status_code == 303
    with service.cloud.database.everyone("a test") as connection:
        assert connection.scalar(select(func.count()).select_from(panel_session)) == 1


async def test_the_present_password_is_not_guessed_in_a_stolen_session(service: TimedService) -> None:
    """Wrong present passwords lock as failed logins do, and change nothing."""
    async with service.person() as admin:
        await admin.settle()
        statuses = [(await admin.change(WRONG, "calkiem inne haslo")).status_code for _ in range(6)]
        assert statuses == [403] * 5 + [429]
        assert (await admin.change(SECOND, "calkiem inne haslo")).status_code == 429
        service.later(minutes=2)
        assert (await admin.change(SECOND, "calkiem inne haslo")).status_code == 303
        assert FIRST not in admin.shown
