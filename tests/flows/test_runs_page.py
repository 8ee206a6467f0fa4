"""The page of watch-runs, in both languages."""

from datetime import UTC, datetime

from flows.reporting_runs import watching_page
from tasks.watching import Told, Watched


def test_the_page_speaks_both_languages() -> None:
    """Nothing to do, or a table for each kind of trouble."""
    told = Told("archive-2026-11-23-011500", "Running", datetime(2026, 11, 23, 1, 15, tzinfo=UTC))
    page = watching_page(Watched((told,), (told,), (told,), ("scheduled",), 2), "pl")
    assert page.count("archive-2026-11-23-011500") == 3
    assert "Trwające uruchomienia: 2" in page
    assert "`scheduled`" in page
    assert "Nothing had to be done" in watching_page(Watched(), "en")
