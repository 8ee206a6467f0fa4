"""Documents of other providers at a clinic on PostgreSQL, where writers do not exclude each other."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa

from erepo.clinic.abroad import Purpose, Why, ledger, look, working
from erepo.clinic.abroad.emergencies import mark_told, untold
from erepo.clinic.intake import Status
from erepo.clinic.permissions import Permission, grant
from erepo.clinic.tables import document, now
from erepo.clinic.tables_abroad import abroad_search, document_origin
from tests.erepo.clinic.test_abroad import LOGIN, PATIENT, REASON, Site
from tests.support import postgres
from tests.support.abroad import abroad_world
from tests.support.clinic_side import new_clinic


async def test_two_fetch_one_document_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both have its octets before either has a row: one takes it in, and both have it."""
    meeting, expect_promised = Barrier(2), working._expect_promised

    def together(*values: Any) -> None:
        expect_promised(*values)
        meeting.wait(60)

    monkeypatch.setattr(working, "_expect_promised", together)
    with (
        postgres.database() as url,
        abroad_world(tmp_path / "world") as world,
        new_clinic(tmp_path / "clinic", world.own.tenant, clinic_database_url=url) as clinic,
    ):
        with clinic.database.begin() as connection:
            grant(connection, LOGIN, Permission.ABROAD, actor="test")
        site = Site(clinic, world)
        unique_id, emergency = await site.publish(), Why(LOGIN, PATIENT, Purpose.EMERGENCY, REASON)
        searches = [site.find(), site.find(emergency)]
        with ThreadPoolExecutor(2) as threads:
            done = list(threads.map(lambda search: site.fetch(search, unique_id)[0], searches))
        assert sorted(one.status for one in done) == sorted((Status.TAKEN, Status.KNOWN))
        assert len({one.public_id for one in done}) == 1
        assert len(site.rows(sa.select(document))) == len(site.rows(sa.select(document_origin))) == 1
        listed = [look(clinic.database, search.id, LOGIN).documents for search in searches]
        assert sorted(one.state for part in listed for one in part) == ["known", "taken"]
        with clinic.database.begin() as connection:
            (told,) = untold(connection)
            mark_told(connection, told)
            ledger.forget(connection, now() + timedelta(days=2))
        assert site.rows(sa.select(abroad_search)) == []
