"""index-documents in a real Prefect server, by the real service, in the sandbox's P1."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
import sqlalchemy as sa
from prefect.settings import PREFECT_HOME

from blocks import TenantCertificates
from erepo.clinic.account import load_connection
from erepo.clinic.onboarding.activation import active_account
from erepo.clinic.tables import document, now, patient
from erepo.clinic.tables_account import p1_registration
from erepo.clinic.tables_indexing import document_index
from flows.index_documents import index_documents
from tasks import indexing, publishing
from tests.flows.test_import_documents import newest
from tests.support.account_clinic import AccountWorld, account_world
from tests.support.flow_clinic import PREFECT
from tests.support.index_clinic import LOGIN, IndexSite, index_site
from tests.support.prefect import written

pytestmark = PREFECT
_EVENTS = sa.select(document_index.c.event_extension)


@pytest.fixture(scope="module")
def account_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AccountWorld]:
    """Run one service with P1 behind it."""
    with account_world(tmp_path_factory.mktemp("account")) as world:
        yield world


@pytest_asyncio.fixture(loop_scope="session")
async def site(
    tmp_path: Path, account_service: AccountWorld, prefect_database: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[IndexSite]:
    """A clinic registered in P1, with its blocks."""
    with index_site(tmp_path, account_service) as one:
        clinic = one.site.clinic
        for name, value in clinic.environment.items():
            monkeypatch.setenv(name, value)
        keys = load_connection(clinic.database, clinic.settings)
        number = one.site.account
        certificates = TenantCertificates.of(number, keys.tls, keys.wss, clinic.settings.passphrase)
        facts = active_account(clinic.database, number)
        await publishing.save_blocks("clinic", clinic.settings, facts, certificates)
        yield one


async def test_what_is_due_is_indexed_and_late_ones_are_told_once(
    site: IndexSite, prefect_database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dry run, run, one event for the account; no patient and no document's own id gets into Prefect."""
    told: list[tuple[object, ...]] = []

    async def emit(*event: object) -> None:
        told.append(event)

    monkeypatch.setattr(indexing, "emit", emit)
    ids = await site.archive(4)
    with site.database.begin() as connection:
        connection.execute(document_index.update().values(deadline=now() - timedelta(days=1)))
        which = document_index.c.document_id == sa.select(sa.func.max(document.c.id)).scalar_subquery()
        connection.execute(document_index.update().where(which).values(event_root=None))
    await index_documents(dry_run=True)
    assert site.counts() == {"waiting": 4}
    page = await newest("index-summary")
    assert "Nothing is late" not in page
    assert "* not tried yet: 4" in page
    await index_documents(document_ids=ids[:1], acting_user=LOGIN)
    assert site.counts() == {"indexed": 1, "waiting": 3}
    await index_documents()
    assert site.counts() == {"indexed": 3, "refused": 1}
    page = await newest("index-summary")
    assert f"* `{ids[3]}`: The document cannot be indexed yet" in page
    assert page.count("to be withdrawn") == 1
    assert [(one[0], one[2]["late"]) for one in told] == [("erepo.index.deadline", 3)]  # type: ignore[index]
    with site.database.read() as connection:
        secrets = {*connection.execute(sa.select(patient.c.identifier)).scalars()}
        secrets |= {*connection.execute(sa.select(document.c.unique_id)).scalars()}
        secrets |= set(filter(None, connection.execute(_EVENTS).scalars()))
    found = [
        where
        for where, text in written(prefect_database, PREFECT_HOME.value() / "storage")
        if any(one in text for one in secrets)
    ]
    assert not found


async def test_an_outage_ends_failed_and_the_next_run_leaves_p1_alone(site: IndexSite) -> None:
    """The probe fails the run; while the pause lasts, a run sends nothing and ends Completed with a page."""
    await site.archive(2)
    site.p1.wrong("token", "busy", times=1)
    state = await index_documents(return_state=True)
    assert state.is_failed()
    assert "Indexing stopped" in (state.message or "")
    assert (await index_documents(return_state=True)).is_completed()
    assert "left alone" in await newest("index-summary")
    site.past_pauses()
    assert (await index_documents(return_state=True)).is_completed()
    assert site.counts() == {"indexed": 2}
    with site.database.begin() as connection:
        connection.execute(p1_registration.update().values(state="none", repository_unique_id=""))
    assert (await index_documents(return_state=True)).is_failed()
    with site.database.begin() as connection:
        connection.execute(document_index.delete())
    state = await index_documents(return_state=True)
    assert state.is_completed()
    assert "not registered in P1" in (state.message or "")
