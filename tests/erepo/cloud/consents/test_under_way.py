"""A revocation ends what is under way; persons open what is shared with them."""

import json
import secrets
from datetime import datetime
from itertools import chain, repeat

import httpx
import pytest

from erepo.cloud.audit.events import Who
from erepo.cloud.consents import NothingVisible, Reader, open_shared, shared_with, still
from erepo.cloud.service import Cloud
from erepo.xds import iti43
from tests.support.cloud_client import PATIENT, connected, new_oid, one_document
from tests.support.sharing import FROM, Sharing

pytestmark = pytest.mark.one_store

END = datetime.fromisoformat("2099-01-01T00:00:00")
#: More than the buffers between two processes of one machine hold.
_LARGE = 32 * 1024**2


async def test_a_revocation_ends_a_download(world: Sharing) -> None:
    """The first bytes came; after the revocation the rest does not, and the record says so."""
    world.at(FROM)
    unique_id = new_oid()
    async with connected(world.owner) as client:
        octets = secrets.token_bytes(_LARGE)
        submission = one_document(octets, unique_id=unique_id, mime_type="application/pdf")
        assert not (await client.provide(submission)).errors
    consent_id = world.give(unique_id).json()["id"]
    received = cut_off(world, unique_id, consent_id)
    assert 0 < received < _LARGE
    events = world.rest("GET", "/audit?limit=500").json()["events"]
    cut = [each for each in events if each["transaction"] == "consent-ended"]
    assert ("consent", consent_id) in {(each["kind"], each["id"]) for each in cut[-1]["things"]}


def cut_off(world: Sharing, unique_id: str, consent_id: str) -> int:
    """Download a document, revoke the consent behind the first bytes, and return how many bytes came."""
    url, headers, content = world.message(world.reader, world.wanted(unique_id), iti43)
    context = world.reader.tls_context()
    received = 0
    with (
        httpx.Client(verify=context, trust_env=False, timeout=60) as http,
        http.stream("POST", url, content=content, headers=headers) as answer,
    ):
        assert answer.status_code == 200
        try:
            for piece in answer.iter_raw(64 * 1024):
                if not received:
                    assert world.revoke(consent_id).json()["state"] == "revoked"
                received += len(piece)
        except (httpx.RemoteProtocolError, httpx.ReadError):
            return received
    raise AssertionError("the download ended well")


async def test_a_person_opens_what_is_shared(world: Sharing, monkeypatch: pytest.MonkeyPatch) -> None:
    """Patient and another person list and open it, each by their own consent; nobody else; it is recorded."""
    world.clock.write_text("")
    unique_id, other = new_oid(), Reader.person(PATIENT.authority_oid, "44051401359")
    async with connected(world.owner) as client:
        assert not (await client.provide(one_document(b"<mine/>", unique_id=unique_id))).errors
    patient = Reader.patient(PATIENT.authority_oid, PATIENT.id)
    window = {"validFrom": "2020-01-01T00:00:00Z", "validUntil": f"{END.isoformat()}Z"}
    given = world.give(unique_id, recipient={"kind": "patient"}, **window)
    consent_id = given.json()["id"]
    cloud = Cloud(world.cloud.settings)
    cloud.start()
    who = Who(user="patient")
    try:
        with cloud.database.everyone("a patient's documents") as connection:
            listed, _ = shared_with(connection, [patient, other], cloud.consent_time())
            assert not shared_with(connection, [other], cloud.consent_time())[0]
        assert [(each.account, each.unique_id) for each in listed] == [(world.owner.account, unique_id)]
        opened = await open_shared(cloud, [other, patient], world.owner.account, unique_id, who)
        assert b"".join(map(bytes, opened.document.content.chunks())) == b"<mine/>"
        assert still(cloud, opened)
        for readers, account in (([other], world.owner.account), ([patient], world.bystander.account)):
            with pytest.raises(NothingVisible):
                await open_shared(cloud, readers, account, unique_id, who)
        with monkeypatch.context() as patched:  # it ends between finding and recording
            moments = chain([FROM], repeat(END))
            patched.setattr(cloud, "consent_time", lambda: next(moments))
            with pytest.raises(NothingVisible):
                await open_shared(cloud, [patient], world.owner.account, unique_id, who)
        told = world.rest("GET", f"/consents/{consent_id}").json()
        assert told["accesses"]["count"] == 1
        world.revoke(consent_id)
        assert not still(cloud, opened)
        with pytest.raises(NothingVisible):
            await open_shared(cloud, [patient], world.owner.account, unique_id, who)
    finally:
        await cloud.stop()
        cloud.close()
    events = world.rest("GET", "/audit?limit=500").json()["events"]
    assert any(each["transaction"] == "shared-document" for each in events), json.dumps(events)[-500:]
