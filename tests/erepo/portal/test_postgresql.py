"""The same on PostgreSQL, where row-level security is a second wall."""

from pathlib import Path

from tests.erepo.portal.test_documents import WINDOW
from tests.support.cda_documents import document
from tests.support.cloud import POSTGRESQL_S3
from tests.support.cloud_client import connected, new_oid, one_document
from tests.support.portal import OTHER, PESEL, portal_world


async def test_a_patient_signs_in_and_reads_on_postgresql(tmp_path: Path) -> None:
    """Invite, sign in, list, open, see who looked, sign out; another clinic's invitation changes nothing."""
    unique_id = new_oid()
    with portal_world(tmp_path, POSTGRESQL_S3) as world:
        async with connected(world.sharing.owner) as client:
            assert not (await client.provide(one_document(document(), unique_id=unique_id))).errors
        given = world.sharing.give(unique_id, recipient={"kind": "patient"}, **WINDOW)
        assert given.status_code == 201
        assert world.invite(PESEL).status_code == 201
        assert world.invite(PESEL, "inny@poczta.example", by=world.sharing.bystander).status_code == 201
        assert world.invite(OTHER, "anna@poczta.example").status_code == 201
        patient, other = world.browser(), world.browser()
        patient.sign_in(PESEL)
        other.sign_in(OTHER, "anna@poczta.example")
        assert [each["uniqueId"] for each in patient.get("/documents").json()["documents"]] == [unique_id]
        path = f"/documents/{world.sharing.owner.account}/{unique_id}/content"
        assert patient.get(path).content == document()
        assert other.get(path).status_code == 404
        looked = patient.get("/accesses").json()["accesses"]
        assert [(each["by"], each["uniqueId"]) for each in looked] == [("you", unique_id)]
        assert other.get("/accesses").json()["accesses"] == []
        assert patient.delete("/sessions").json() == {"ended": 1}
