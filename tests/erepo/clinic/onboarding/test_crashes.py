"""kill -9 between any two lines: whatever was done, the next run completes it and does nothing twice."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import sqlalchemy as sa

from erepo.clinic import onboarding
from erepo.clinic.database import open_database
from erepo.clinic.tables import account as accounts
from erepo.clinic.tables import audit_event
from erepo.clinic.tables import onboarding as table
from tests.erepo.clinic.onboarding.conftest import PASSPHRASE, Clinic, World

PACKAGE = str(Path(onboarding.__file__).parent)


class Crash(BaseException):
    """No handler of the code under test catches it; open transactions are rolled back as after a kill."""


class Lines:
    """Counts the lines of the package as they run, and crashes before one of them."""

    def __init__(self, last: int | None) -> None:
        self.last = last
        self.count = 0

    def trace(self, frame: FrameType, event: str, _argument: Any) -> Any:
        """Follow only the package's own frames."""
        if not frame.f_code.co_filename.startswith(PACKAGE):
            return None
        if event == "line":
            self.count += 1
            if self.count == self.last:
                raise Crash
        return self.trace

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Trace inside the block; a tracer that was there before (coverage) comes back."""
        before = sys.gettrace()
        sys.settrace(self.trace)
        try:
            yield
        finally:
            sys.settrace(before)


def fresh(world: World, empty_database: bytes, folder: Path) -> Clinic:
    """A clinic with the next account and an empty ledger."""
    account = next(world.accounts)
    file = folder / f"{account}.db"
    file.write_bytes(empty_database)
    return Clinic(world, open_database(f"sqlite:///{file}"), account)


def lines_of_a_run(clinic: Clinic) -> int:
    """How many lines a run without crash takes."""
    lines = Lines(None)
    with lines.watching():
        clinic.onboard()
    clinic.database.close()
    return lines.count


def test_a_crash_before_any_line(world: World, empty_database: bytes, tmp_path: Path) -> None:
    """A run that crashed before its n-th line is completed by the next; n is spread over the whole run."""
    total = lines_of_a_run(fresh(world, empty_database, tmp_path))
    assert total > 100
    for number in range(1, total + 1, max(1, total // 60)):
        clinic = fresh(world, empty_database, tmp_path)
        with Lines(number).watching(), pytest.raises(Crash):
            clinic.onboard()
        before = seen_keys(clinic)
        facts = clinic.onboard()
        assert facts.account == clinic.account
        assert before in (None, seen_keys(clinic))
        assert_whole(clinic)
        clinic.database.close()


def test_a_double_crash(world: World, empty_database: bytes, tmp_path: Path) -> None:
    """Crashing again inside the recovery, and again, changes nothing about the end."""
    clinic = fresh(world, empty_database, tmp_path)
    for number in (60, 90, 130, 25, 200):
        with Lines(number).watching(), suppress(Crash):
            clinic.onboard()
    clinic.onboard()
    assert_whole(clinic)
    clinic.database.close()


def seen_keys(clinic: Clinic) -> Any:
    """The requests that may have been mailed: they must never change afterwards."""
    with clinic.database.read() as connection:
        return connection.execute(sa.select(table.c.tls_csr, table.c.wss_csr)).one_or_none()


def assert_whole(clinic: Clinic) -> None:
    """One account, one ledger row, each event once, keys that fit their certificates and open."""
    with clinic.database.read() as connection:
        assert connection.execute(sa.select(accounts.c.account)).scalars().all() == [clinic.account]
        events = connection.execute(sa.select(audit_event.c.event)).scalars().all()
    assert len(events) == len(set(events)) == 4
    onboarding.check(clinic.database, clinic.account)
    onboarding.bundles(clinic.database, clinic.account, PASSPHRASE)
