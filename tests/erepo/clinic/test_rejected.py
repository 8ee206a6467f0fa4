"""Refused documents: shown with their reasons, and put back into the queue by a person."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from erepo.clinic.errors import DocumentNotRejected
from erepo.clinic.rejected import read_rejected, release
from erepo.clinic.tables import audit_event
from tests.support.archive_desk import Desk


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """Return a clinic whose repository has refused one of six documents."""
    desk = Desk(tmp_path)
    desk.take_in(6, patients=2)
    desk.cloud.rotten = {desk.unique_ids()[3]}
    await desk.run()
    assert desk.states() == {"archived": 5, "rejected": 1}
    yield desk
    desk.close()


async def test_a_refused_document_is_shown_with_reason_and_next_step(desk: Desk) -> None:
    """The list names the document's opaque id, its file, the reason and what to do."""
    with desk.database.read() as connection:
        (found,) = read_rejected(connection)
    assert found.source_name.endswith(".xml")
    assert found.reason_code
    assert found.reason_text
    assert found.next_step


async def test_a_released_document_is_archived_once_its_cause_is_gone(desk: Desk) -> None:
    """Released, the document is planned anew and archived, once."""
    with desk.database.begin() as connection:
        assert release(connection) == 1
    desk.cloud.rotten = set()
    await desk.run()
    desk.assert_all_archived_once()
    assert "released" in {row[0] for row in desk.rows(audit_event.c.event)}


async def test_a_released_document_whose_cause_remains_is_refused_again(desk: Desk) -> None:
    """Releasing does not talk a bad document into the repository."""
    with desk.database.begin() as connection:
        release(connection)
    await desk.run()
    assert desk.states() == {"archived": 5, "rejected": 1}


async def test_an_id_of_no_refused_document_changes_nothing(desk: Desk) -> None:
    """One wrong id among right ones refuses the whole request."""
    with desk.database.read() as connection:
        (found,) = read_rejected(connection)
    with pytest.raises(DocumentNotRejected) as caught, desk.database.begin() as connection:
        release(connection, [found.public_id, "0" * 32])
    assert caught.value.data["count"] == 1
    assert desk.states() == {"archived": 5, "rejected": 1}
