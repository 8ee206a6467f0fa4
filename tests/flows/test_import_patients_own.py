"""Patients' documents in the flow import-documents."""

import asyncio
from pathlib import Path

from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_HOME

from erepo.cloud.patients_own import Gift, Giver, give
from erepo.cloud.service import Cloud
from flows.import_documents import import_documents
from tests.flows.test_import_documents import newest
from tests.support.cloud import RunningCloud
from tests.support.flow_clinic import PREFECT, ClinicUnderTest
from tests.support.patients_own import PATIENT, WHO, pdf
from tests.support.prefect import written

pytestmark = PREFECT


async def test_both_ways_in(connected: ClinicUnderTest, cloud: RunningCloud, prefect_database: Path) -> None:
    """One run takes files and what a patient gave; the page has counts, Prefect nothing of the patient."""
    portal = Cloud(cloud.settings)
    portal.start()
    try:
        giver = Giver(1, PATIENT, (1,))
        await give(portal, giver, Gift(cloud.tenant.account, "k", "Tajny tytuł", pdf()), WHO)
    finally:
        await portal.stop()
        await asyncio.to_thread(portal.close)
    connected.drop(1)
    await import_documents(quiet_seconds=0)
    assert connected.states() == {"local": 2}
    page = await newest("patients-own-summary")
    assert "| taken in | 1 |" in page
    async with get_client() as client:
        (run,) = await client.read_flow_runs(limit=1)
        assert "Tajny" not in f"{run}{page}"
        assert PATIENT.id not in f"{run}{page}"
    written_down = list(written(prefect_database, PREFECT_HOME.value()))
    assert [where for where, text in written_down if "Tajny" in text or PATIENT.id in text] == []
