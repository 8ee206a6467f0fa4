"""Documents of patients at a clinic on PostgreSQL, where two collectors do not exclude each other."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from erepo.clinic.patients_own import ledger
from tests.support import postgres
from tests.support.crashing import Crash, fail_at
from tests.support.patients_own import patients_world, pdf


def test_two_collectors_at_once_and_a_crash_between(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each gift becomes one document and one row, whoever was quicker; a known one is told again."""
    with postgres.database() as url, patients_world(tmp_path, database=url, daily="1000") as world:
        ids = [world.portal.give(pdf(), clinic=world.one.account)["id"] for _ in range(4)]
        with ThreadPoolExecutor(2) as threads:
            both = list(threads.map(lambda _: world.one.collect(), range(2)))
        assert sum(one.taken for one in both) == world.one.count() == 4
        assert [world.portal.state(one) for one in ids] == ["taken"] * 4
        last = world.portal.give(pdf(), clinic=world.one.account)["id"]
        with monkeypatch.context() as patch:
            fail_at(1, "after", patch, ((ledger, "keep"),))
            with pytest.raises(Crash):
                world.one.collect()
        assert world.one.collect().told == 1
        assert world.portal.state(last) == "taken"
