"""The flow migrate-documents, against the real service."""

import asyncio
import json
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterIdempotencyKey
from prefect.settings import PREFECT_API_URL, PREFECT_HOME

from deployments.register import build, catalogue, register
from erepo.cda.kinds import Kind
from erepo.cli.errors import PrefectRefused
from erepo.cli.migrate import DEPLOYMENT
from erepo.cli.migrate_choosing import flow_parameters
from erepo.cli.trigger import Prefect
from erepo.clinic.migrating import Selection, planning, working
from erepo.clinic.permissions import Permission, grant
from erepo.clinic.tables import document, patient, staff
from flows import migrate_documents as module
from flows.archive_documents import archive_documents
from flows.import_documents import import_documents
from flows.migrate_documents import migrate_documents
from tasks import migrating
from tests.flows.test_import_documents import newest
from tests.support.cloud import RunningCloud
from tests.support.flow_clinic import PREFECT, ClinicUnderTest
from tests.support.prefect import written

pytestmark = PREFECT

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to" / "migracja-dokumentow.md"


async def filled(clinic: ClinicUnderTest, count: int) -> str:
    """Archive documents of all kinds; return the login of somebody who may migrate."""
    clinic.drop(count)
    await import_documents(quiet_seconds=0)
    await archive_documents()
    with clinic.database.begin() as connection:
        login = str(connection.execute(sa.select(staff.c.login)).scalars().first())
        grant(connection, login, Permission.MIGRATE, actor="test")
    return login


async def test_first_a_dry_run_then_with_a_confirmation(connected: ClinicUnderTest) -> None:
    """The form as it is only counts; without the confirmation it refuses; with it documents come home."""
    login = await filled(connected, 13)
    await migrate_documents(login, everything=True)
    assert "| documents | 13 |" in await newest("migrate-summary")
    refused = await migrate_documents(login, everything=True, dry_run=False, return_state=True)
    assert "13 documents" in str(refused.message)
    assert connected.states() == {"archived": 13}
    await migrate_documents(login, everything=True, dry_run=False, confirmed=True)
    assert connected.states() == {"blocked": 13}
    page = await newest("migrate-summary")
    assert "| brought back and blocked | 13 |" in page
    lines = json.loads(await newest("migrate-documents"))
    assert len(lines) == 13
    assert {one["result"] for one in lines} == {"brought back and blocked"}
    assert await newest("migrate-progress") == "100"
    await archive_documents()
    assert connected.states() == {"blocked": 13}


async def test_only_who_may(connected: ClinicUnderTest) -> None:
    """A user without the permission is refused in words, before anything is counted."""
    await filled(connected, 1)
    with connected.database.begin() as connection:
        connection.execute(staff.insert().values(login="ktos"))
    state = await migrate_documents("ktos", everything=True, return_state=True)
    assert state.is_failed()
    assert "--permission migrate" in str(state.message)


async def test_a_stop_and_a_service_that_is_down(
    connected: ClinicUnderTest, cloud: RunningCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked to stop it ends after the batch in hand; where nobody answers the next run goes on."""
    monkeypatch.setenv("EREPO_BATCH_DOCUMENTS", "4")
    monkeypatch.setattr(working, "PAUSE", 0)
    for one in (migrating.bring, migrating.settle_open_migrations):
        monkeypatch.setattr(one, "retry_delay_seconds", [0] * one.retries)
        monkeypatch.setattr(one, "retry_jitter_factor", None)
    login = await filled(connected, 13)
    real = module.bring

    async def bring(batch: str) -> Any:
        result = await real(batch)
        await asyncio.to_thread(planning.request_stop, connected.database, login)
        return result

    with monkeypatch.context() as patch:
        patch.setattr(module, "bring", bring)
        await migrate_documents(login, everything=True, dry_run=False, confirmed=True)
    assert connected.states() == {"blocked": 4, "archived": 9}
    assert "Stopped on request" in await newest("migrate-summary")
    cloud.stop()
    state = await migrate_documents(login, everything=True, dry_run=False, confirmed=True, return_state=True)
    assert state.is_failed()
    assert "does not answer" in str(state.message)
    cloud.start()
    await migrate_documents(login, everything=True, dry_run=False, confirmed=True)
    assert connected.states() == {"blocked": 13}


async def test_nothing_of_a_patient_enters_prefect(
    connected: ClinicUnderTest, prefect_database: Path
) -> None:
    """Names, identifiers and the documents' own ids are nowhere in Prefect; one patient goes by a number."""
    login = await filled(connected, 13)
    with connected.database.read() as connection:
        key = connection.execute(sa.select(document.c.patient_key)).scalars().first()
    await migrate_documents(login, whose=key, dry_run=False, confirmed=True)
    with connected.database.read() as connection:
        people = connection.execute(sa.select(patient.c.identifier, patient.c.family)).all()
        names = connection.execute(sa.select(document.c.unique_id, document.c.sha256)).all()
    marks = {text for row in [*people, *names] for text in row if len(text) > 4}
    texts = list(written(prefect_database, PREFECT_HOME.value()))
    assert {where for one in marks for where, text in texts if one in text} == set()


def documented_body() -> dict[str, Any]:
    """Return the body of the call that the page for the clinic's IT shows."""
    text = HOW_TO.read_text(encoding="utf-8").partition("/create_flow_run")[0]
    body: dict[str, Any] = json.loads(text.rpartition("-d '")[2].partition("' \\\n")[0])
    return body


async def test_the_documented_call_twice_is_one_run(prefect_database: object) -> None:
    """Over Prefect's REST API with an idempotency key: the second call finds the run of the first.

    What could be a person's identifier is refused by the form itself, before Prefect keeps it.
    """
    deployments = await asyncio.to_thread(
        lambda: [build(entry) for entry in catalogue() if entry["flow_name"] == "migrate-documents"]
    )
    await register(deployments)
    body, api = documented_body(), PREFECT_API_URL.value()
    async with httpx.AsyncClient(timeout=60) as client:
        found = (await client.get(f"{api}/deployments/name/migrate-documents/on-demand")).json()
        known = found["parameter_openapi_schema"]["properties"]
        assert set(body["parameters"]) <= set(known)
        url = f"{api}/deployments/{found['id']}/create_flow_run"
        answers = [(await client.post(url, json=body)) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert len({answer.json()["id"] for answer in answers}) == 1
    async with get_client() as prefect:
        key = FlowRunFilterIdempotencyKey(any_=[body["idempotency_key"]])
        runs = await prefect.read_flow_runs(flow_run_filter=FlowRunFilter(idempotency_key=key))
    assert len(runs) == 1
    # The command's own way says what the form says.
    wanted = Selection(
        ids=("0" * 32,), kinds=(Kind.LAB_RESULT,), patient=3, archived=(None, date(2026, 6, 30))
    )
    with Prefect(api.removesuffix("/api")) as trigger:
        started = await asyncio.to_thread(trigger.start, DEPLOYMENT, flow_parameters(wanted, "jkowalska"))
        with pytest.raises(PrefectRefused):
            await asyncio.to_thread(trigger.start, DEPLOYMENT, {"acting_user": "a", "whose": 44051401359})
        with pytest.raises(PrefectRefused):
            await asyncio.to_thread(trigger.start, DEPLOYMENT, {"acting_user": "a", "ids": ["44051401359"]})
    assert started.name
