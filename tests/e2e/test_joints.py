"""Parts of indexing, sharing, the doors and the patients' side, used together over real sockets."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from erepo.clinic.permissions import Permission, grant
from erepo.clinic.removal.asking import closed_set
from erepo.clinic.tables import document, patient
from erepo.xds import iti18
from tests.support.index_clinic import LOGIN
from tests.support.joints import JointWorld, joint_world
from tests.support.waiting import until


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JointWorld]:
    """Two clinics, service, P1 and portal; clinic B may look abroad."""
    with joint_world(tmp_path_factory.mktemp("joints")) as running:
        with running.reader.database.begin() as connection:
            grant(connection, LOGIN, Permission.ABROAD, actor="test")
        yield running


async def indexed(world: JointWorld) -> tuple[str, str]:
    """Have clinic A archive and index a document; return its uniqueId and its patient's PESEL."""
    (public_id,) = await world.giver.archive(1)
    assert world.giver.run().indexed == 1
    query = sa.select(document.c.unique_id, patient.c.identifier).join(
        patient, patient.c.id == document.c.patient_key
    )
    with world.giver.database.read() as connection:
        row = connection.execute(query.where(document.c.public_id == public_id)).one()
    return row[0], row[1]


async def test_from_one_clinic_through_p1_to_another(world: JointWorld) -> None:
    """B finds A's document in P1 and fetches it at A's door when SOZ permits; patient and P1 hear of it."""
    unique_id, pesel = await indexed(world)
    browser = world.patient(pesel)
    status, told = world.find_and_fetch(world.reader, LOGIN, f"{pesel}\n", "find")
    assert status == 0, told
    found = orjson.loads(told)
    assert pesel not in told
    status, told = world.find_and_fetch(world.reader, LOGIN, "", "fetch", found["id"])
    assert status == 1, told  # SOZ has not permitted it
    assert "denied" in told
    assert looks(browser, unique_id) == []
    before = len(world.p1.audits)
    world.p1.home.store.set_rule("*", unique_id, "Permit")
    status, told = world.find_and_fetch(world.reader, LOGIN, "", "fetch", found["id"])
    assert status == 0, told
    kept = world.reader.rows(document.c.unique_id, document.c.sha256)
    mine = world.giver.rows(document.c.unique_id, document.c.sha256)
    assert set(kept) == set(mine)
    (look,) = looks(browser, unique_id)
    assert (look["by"], look["organisation"]) == ("provider", world.reader.site.served.resort_i)
    assert (look["emergency"], look["professional"]) == (False, "5425740")
    until(lambda: len(world.p1.audits) >= before + 2)
    told_by = dict(world.p1.audits[before:])
    giver, reader = (each.site.served.resort_i for each in (world.giver, world.reader))
    assert b'csd-code="110106"' in told_by[giver]  # export
    assert b'csd-code="110107"' in told_by[reader]  # import
    for message in told_by.values():
        assert b'csd-code="ITI-43"' in message
        assert unique_id.encode() in message
    await removed(world, unique_id)
    assert looks(browser, unique_id) == [look]


async def removed(world: JointWorld, unique_id: str) -> None:
    """Have clinic A's repository lose a document."""
    async with world.giver.site.clinic.connection() as cloud:
        found = await cloud.query(iti18.get_documents(unique_ids=[unique_id]))
        (entry,) = found.metadata.documents
        await cloud.remove_metadata(sorted(await closed_set(cloud, [entry.entry_uuid])))
        assert not (await cloud.query(iti18.get_documents(unique_ids=[unique_id]))).metadata.documents


def looks(browser: Any, unique_id: str) -> list[dict[str, Any]]:
    """Return who has looked at a document, as its patient sees it; looks of the patient are left out."""
    answer = browser.get("/accesses")
    assert answer.status_code == 200, answer.text
    return [each for each in answer.json()["accesses"] if each["uniqueId"] == unique_id]
