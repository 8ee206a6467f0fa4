"""Which documents a list shows: every filter by itself and together, page by page."""

from datetime import UTC, datetime, timedelta

import pytest

from erepo.cda.kinds import Kind
from erepo.clinic.database import Database
from erepo.clinic.reading import Filter, search
from erepo.clinic.reading.errors import DocumentUnknown
from erepo.clinic.states import State
from erepo.identifiers.hl7 import CX
from tests.support.documents import PESEL_ROOT, add_documents

DAY = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def _documents(clinic_database: Database) -> None:
    """Six documents of two kinds and three states, one each day."""
    kinds = ("lab_result", "prescription")
    states = ("local", "archived", "remote")
    with clinic_database.begin() as connection:
        for number in range(6):
            moment = DAY + timedelta(days=number)
            add_documents(
                connection, 1, kind=kinds[number % 2], state=states[number % 3], effective_at=moment
            )


def days(database: Database, wanted: Filter) -> list[int]:
    """Return the days of the documents found, in their order."""
    with database.read() as connection:
        return [one.effective_at.day for one in search(connection, wanted) if one.effective_at]


@pytest.mark.usefixtures("_documents")
@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Filter(), [6, 5, 4, 3, 2, 1]),
        (Filter(kinds=[Kind.PRESCRIPTION]), [6, 4, 2]),
        (Filter(kinds=[Kind.PRESCRIPTION, Kind.LAB_RESULT], limit=2), [6, 5]),
        (Filter(states=[State.REMOTE]), [6, 3]),
        (Filter(kinds=[Kind.LAB_RESULT], states=[State.REMOTE, State.LOCAL]), [3, 1]),
        (Filter(issued_from=DAY + timedelta(days=4)), [6, 5]),
        (Filter(issued_from=DAY, issued_before=DAY + timedelta(days=1)), [1]),
        (Filter(patient=CX("44051401359", PESEL_ROOT)), [6, 5, 4, 3, 2, 1]),
        (Filter(patient=CX("44051401359", "1.2.3")), []),
        (Filter(patient=CX("44051401458", PESEL_ROOT)), []),
    ],
    ids=str,
)
def test_filters(clinic_database: Database, wanted: Filter, found: list[int]) -> None:
    """Each filter narrows, those taken in last come first."""
    assert days(clinic_database, wanted) == found


@pytest.mark.usefixtures("_documents")
def test_pages_follow_each_other(clinic_database: Database) -> None:
    """The page after a document begins with the next one; after the last comes nothing."""
    with clinic_database.read() as connection:
        first = search(connection, Filter(limit=4))
        rest = search(connection, Filter(limit=4, after=first[-1].public_id))
        assert search(connection, Filter(after=rest[-1].public_id)) == []
        with pytest.raises(DocumentUnknown):
            search(connection, Filter(after="nobody"))
    assert [one.effective_at.day for one in first + rest if one.effective_at] == [6, 5, 4, 3, 2, 1]


def test_a_filter_shows_no_patient() -> None:
    """What is printed of a filter does not tell whose documents are looked for."""
    assert "44051401359" not in repr(Filter(patient=CX("44051401359", PESEL_ROOT)))
