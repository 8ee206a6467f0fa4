"""kill -9 at every boundary: the account works at once, and the next run completes the rotation."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from erepo.clinic import rotation
from erepo.clinic.database import Database
from erepo.clinic.mail import MaildirMailbox, Mailer
from erepo.clinic.rest import AccountClient
from erepo.clinic.rotation import Demand, Stage, ledger
from erepo.clinic.tables import audit_event
from erepo.clinic.tables import rotation as table
from tests.erepo.clinic.rotation.conftest import Rotating

WHOLE = [
    f"certificates_{stage}"
    for stage in ("requested", "mailed", "received", "registered", "cut_over", "retiring", "retired")
]


class Crash(BaseException):
    """No handler of the code under test catches it; open transactions are rolled back as after a kill."""


class Boundaries:
    """Counts what leaves the process or becomes durable, before and after; crashes at one of them."""

    def __init__(self) -> None:
        self.count, self.last = 0, 0
        self.seen: list[str] = []

    def reach(self, name: str) -> None:
        """Pass a boundary."""
        self.count += 1
        self.seen.append(name)
        if self.count == self.last:
            raise Crash

    @contextmanager
    def crashing(self, number: int) -> Iterator[None]:
        """Crash at the n-th boundary of this block; 0: never."""
        self.count, self.last, self.seen = 0, number, []
        try:
            yield
        finally:
            self.last = 0

    def around(self, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        """Put a boundary before and after an effect; a crash after it is an answer lost."""

        def inside(*args: Any, **kwargs: Any) -> Any:
            self.reach(f"before {name}")
            answer = original(*args, **kwargs)
            self.reach(f"after {name}")
            return answer

        return inside

    def commits(
        self, original: Callable[[Database], AbstractContextManager[sa.Connection]]
    ) -> Callable[[Database], AbstractContextManager[sa.Connection]]:
        """Put a boundary before each commit (all is rolled back) and after it."""

        @contextmanager
        def begin(database: Database) -> Iterator[sa.Connection]:
            with original(database) as connection:
                yield connection
                self.reach("before commit")
            self.reach("after commit")

        return begin


@pytest.fixture
def boundaries(monkeypatch: pytest.MonkeyPatch) -> Boundaries:
    """Watch commits, requests, mails and letters."""
    found = Boundaries()
    monkeypatch.setattr(Database, "begin", found.commits(Database.begin))
    for owner, name in ((AccountClient, "_send"), (Mailer, "send"), (MaildirMailbox, "done")):
        monkeypatch.setattr(owner, name, found.around(f"{owner.__name__}.{name}", getattr(owner, name)))
    return found


def last_id(rotating: Rotating) -> str:
    """Name the newest rotation."""
    with rotating.database.read() as connection:
        found = ledger.find_last(connection, rotating.account)
    return found.id if found else ""


def again(rotating: Rotating, before: str) -> None:
    """Run once more, as a person or a schedule would: demand only what has not begun."""
    rotating.go_on(Demand.FORCED if last_id(rotating) == before else None)


def assert_completed(rotating: Rotating, before: str) -> None:
    """One more rotation, each event once, its old keys gone, and only the new pair accepted."""
    number = last_id(rotating)
    assert number != before
    with rotating.database.read() as connection:
        events = connection.execute(
            sa.select(audit_event.c.event, audit_event.c.detail).order_by(audit_event.c.id)
        ).all()
        keys = connection.execute(sa.select(table.c.tls_key_pem, table.c.wss_key_pem)).all()
    assert [row.event for row in events if (row.detail or {}).get("rotation") == number] == WHOLE
    assert {pem for row in keys for pem in row} == {None}
    assert rotating.stage is None
    assert rotating.works()
    assert rotating.accepted() == 2


def test_a_crash_at_any_boundary(rotating: Rotating, boundaries: Boundaries) -> None:
    """Before and after each commit, request, mail and letter: at no instant is the account without keys."""
    with boundaries.crashing(0):
        rotating.go_on(Demand.FORCED)
    total, names = boundaries.count, boundaries.seen
    assert total >= 28
    assert names.count("before AccountClient._send") == 3
    assert {"after Mailer.send", "after MaildirMailbox.done", "before commit"} <= set(names)
    for number in range(1, total + 1):
        before = last_id(rotating)
        with boundaries.crashing(number), pytest.raises(Crash):
            rotating.go_on(Demand.FORCED)
        assert rotating.works(), names[number - 1]
        if rotating.stage is Stage.CUT_OVER:
            assert rotating.works(rotating.open), "the overlap"
        again(rotating, before)
        assert_completed(rotating, before)


def test_crashes_inside_the_recovery(rotating: Rotating, boundaries: Boundaries) -> None:
    """Again and again, a little further each time."""
    for number in (3, 5, 4, 7, 6, 2, 1, 5):
        with boundaries.crashing(number):
            try:
                again(rotating, "")
            except Crash:
                assert rotating.works()
    again(rotating, "")
    assert rotating.stage is None
    assert rotating.works()


def test_a_crash_at_any_boundary_of_a_rollback(rotating: Rotating, boundaries: Boundaries) -> None:
    """Either generation works at once; the second attempt goes back, and the service forgets the new one."""
    rotating.go_on(Demand.FORCED, last="cut_over")
    with boundaries.crashing(0):
        assert rotating.rollback(flows=False) is Stage.ROLLED_BACK
    total = boundaries.count
    assert boundaries.seen.count("after AccountClient._send") == 2
    for number in range(1, total + 1):
        old = rotating.active.fingerprints
        rotating.go_on(Demand.FORCED, last="cut_over")
        with boundaries.crashing(number), pytest.raises(Crash):
            rotating.rollback(flows=False)
        assert rotating.works()
        if rotating.stage is not None:
            rotating.rollback(flows=False)
        rotating.retire()  # the next run
        assert rotating.active.fingerprints == old
        assert rotating.accepted() == 2
        assert rotation.read_status(rotating.database, rotating.active).rotation is not None
