"""History, alarms, chart and words, on a real database of each kind."""

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from erepo.clinic.database import Database, open_database
from erepo.clinic.tables import audit_event
from erepo.clinic.tables_account import account_alarm, account_check
from erepo.clinic.usage.alarms import open_alarms, settle
from erepo.clinic.usage.chart import chart
from erepo.clinic.usage.forecast import Forecast
from erepo.clinic.usage.history import Check, daily, keep, read_history
from erepo.clinic.usage.words import outlook, use, warning
from tests.support import postgres

ACCOUNT = "0000000000001003"
START = datetime(2026, 1, 1, 0, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


def check(at: datetime, used: int = 10, documents: int = 1, limit: int | None = 100) -> Check:
    """A check of our account."""
    return Check(ACCOUNT, at, None, used, limit, documents, 1000)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A clinic's database of either kind, with all tables."""
    if request.param == "sqlite":
        one = open_database(f"sqlite:///{tmp_path / 'clinic.db'}")
        one.upgrade()
        yield one
        one.close()
        return
    with postgres.database() as url:
        one = open_database(url)
        one.upgrade()
        yield one
        one.close()


def test_the_history_stays_small(database: Database) -> None:
    """Hourly for ninety days, one a day before that, nothing after ten years; the newest of each is kept."""
    with database.begin() as connection:
        rows = [check(START + HOUR * n, used=n) for n in range(24 * 100)]
        connection.execute(
            account_check.insert(),
            [{name: getattr(one, name) for name in Check.__dataclass_fields__} for one in rows],
        )
        ancient = check(START - timedelta(days=4000))
        connection.execute(
            account_check.insert().values(
                {name: getattr(ancient, name) for name in Check.__dataclass_fields__}
            )
        )
        last = check(START + HOUR * 24 * 100, used=2400)
        keep(connection, last)
        keep(connection, replace(last, at=last.at + timedelta(minutes=5), used_bytes=2401))
        kept = read_history(connection, ACCOUNT, timedelta(days=5000), until=last.at + HOUR)
    assert kept[-1].used_bytes == 2401
    assert 24 * 90 <= len(kept) <= 24 * 90 + 12
    assert [one.used_bytes for one in kept[:3]] == [23, 47, 71]
    assert len(daily(kept)) == 101


def test_one_crossing_is_one_alarm(database: Database) -> None:
    """Raised at 90 %, not again while it trembles, closed below 88 %, raised anew after that."""
    shares = [89, 90, 91, 89, 95, 88, 87, 89, 90, 100]
    with database.begin() as connection:
        for hour, used in enumerate(shares):
            settle(connection, check(START + HOUR * hour, used))
        raised = connection.execute(
            sa.select(account_alarm.c.raised_at, account_alarm.c.percent).order_by(account_alarm.c.id)
        ).all()
        (standing,) = open_alarms(connection, ACCOUNT)
        events = list(connection.execute(sa.select(audit_event.c.event).order_by(audit_event.c.id)).scalars())
    assert [(row.raised_at, row.percent) for row in raised] == [(START + HOUR, 90), (START + HOUR * 8, 90)]
    assert standing.resource == "bytes"
    assert events == ["account_nearly_full", "account_has_room", "account_nearly_full"]


def test_both_limits_have_their_own_alarm(database: Database) -> None:
    """Documents may be nearly full while there is room; a limit that is gone closes its alarm."""
    with database.begin() as connection:
        settle(connection, check(START, used=95, documents=950))
        first = {one.resource for one in open_alarms(connection, ACCOUNT)}
        settle(connection, check(START + HOUR, used=95, documents=950, limit=None))
        second = {one.resource for one in open_alarms(connection, ACCOUNT)}
    assert (first, second) == ({"bytes", "documents"}, {"documents"})


def test_an_event_has_the_same_id_however_often_it_is_sent(database: Database) -> None:
    """The id is made of the crossing, so that Prefect knows a repeated one."""
    with database.begin() as connection:
        settle(connection, check(START, used=95))
    ids = []
    for _ in range(2):
        with database.read() as connection:
            ids.append(open_alarms(connection, ACCOUNT)[0].event_id)
    assert ids[0] == ids[1]


def test_the_chart_is_well_formed_and_inside_its_frame() -> None:
    """Any history gives SVG that a parser accepts, with both lines, also when it is over the limit."""
    checks = [check(START + HOUR * n, used=n, documents=10 * n) for n in range(120)]
    for shown in (checks, checks[:1], [replace(one, limit_bytes=None) for one in checks]):
        tree = ET.fromstring(chart(shown, "pl"))
        assert tree.tag.endswith("svg")
        for drawn in tree.iter("{http://www.w3.org/2000/svg}polyline"):
            points = [pair.split(",") for pair in drawn.get("points", "").split()]
            assert all(0 <= float(x) <= 720 and 0 <= float(y) <= 300 for x, y in points)
    assert "miejsce" in chart(checks, "pl")


def test_words_are_those_of_each_language() -> None:
    """The warning names account, use, limit and share, in Polish and English."""
    full = check(START, used=95)
    assert warning(full, "bytes", "pl").startswith("Limit konta 0000000000001003 jest prawie wyczerpany")
    assert "95 B of 100 B (space, 95 %)" in warning(full, "bytes", "en")
    assert use(check(START, documents=123), "documents", "pl") == "123 z 1\N{NO-BREAK SPACE}000 (12%)"
    told = Forecast("bytes", "full-on", START + timedelta(days=30), 1.5e6, 100, 12.5)
    assert outlook(told, "pl") == (
        "miejsce: pełne około 2026-01-31 (sprawdzenia: 100, w ciągu 12,5 dni; przyrost 1,5 MB na dobę,"
        " mediana nachyleń)"
    )
