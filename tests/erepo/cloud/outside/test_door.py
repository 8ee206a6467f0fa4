"""Another provider at an account's door: what it gets, what it does not, and who gets nothing at all."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from erepo.cloud.web.outside import LARGEST, MOST_DOCUMENTS
from erepo.identifiers.hl7 import CX
from erepo.pki.tls import client_context
from erepo.soap.errors import FaultRefused
from erepo.xds import iti18, iti43, iti57
from erepo.xds.vocabulary import APPROVED, DEPRECATED
from tests.support.audit import Record
from tests.support.cloud_client import connected, make_submission
from tests.support.foreign_provider import ForeignProvider
from tests.support.outside import WHOM, OutsideWorld, content_of, errors_of
from tests.support.registering import good
from tests.support.xds import PATIENT
from tests.support.xds import document as make_document

pytestmark = [pytest.mark.one_store, pytest.mark.xdist_group("outside")]


async def test_documents_are_given_under_both_ids(world: OutsideWorld, record: Record) -> None:
    """Indexed documents come whole under P1's id and under our own, plain and as MTOM; it is recorded."""
    first, second = await world.documents(2)
    own = str(world.index.tenant.facts["repositoryUniqueId"])
    assert world.address.endswith(f"/services/{world.index.tenant.account}/p1/xds/repository")
    record.new()
    for repository in (world.repository, own):
        for mtom in (False, True):
            got = world.reader.retrieve(world.address, repository, [first, second], mtom=mtom)
            assert not got.errors
            given = {each.document_unique_id: b"".join(each.content.chunks()) for each in got.documents}
            assert given == {each: content_of(each) for each in (first, second)}
            assert {each.repository_unique_id for each in got.documents} == {repository}
    events = [event for _, event in record.new()]
    assert [each.transaction for each in events] == ["ITI-43"] * 4
    (kinds,) = {tuple(sorted(thing.kind for thing in each.things)) for each in events}
    assert kinds == ("decision", "decision", "document", "document", "patient")
    who = events[0].who
    assert who.account == "2.16.840.1.113883.3.4424.2.3.1:000000011111"
    assert (who.user, who.purpose) == ("2.16.840.1.113883.3.4424.1.6.2:5425740", "TREAT")


async def test_what_may_not_be_seen_does_not_exist(world: OutsideWorld) -> None:
    """Not indexed, withdrawn, deprecated, another patient's, denied by SOZ, another account's: as unknown."""
    stored, withdrawn = (await world.index.deposits(1))[0], (await world.documents())[0]
    assert world.index.call("DELETE", f"/documents/{withdrawn}/index").status_code == 200
    others = (await world.documents(patient_id=CX("80051212357", WHOM.root)))[0]
    denied, deprecated = await world.documents(2)
    world.decide("Deny", denied)
    async with connected(world.index.tenant) as client:
        entry = (await client.query(iti18.get_documents([deprecated]))).metadata.documents[0]
        own = make_submission(patient=PATIENT).submission_set
        change = iti57.status_change(own, entry.entry_uuid, APPROVED, DEPRECATED)
        good(await client.update(iti57.Update(own, (change,))))
    for unique_id in (stored, withdrawn, others, denied, deprecated, "1.2.3"):
        answer = world.ask(unique_id)
        unknown = world.ask("9.9.9")
        assert answer.status_code == 200
        assert b"XDSDocumentUniqueIdError" in answer.content
        assert errors_of(answer) == errors_of(unknown).replace(b"9.9.9", unique_id.encode())
        assert content_of(unique_id) not in answer.content


async def test_a_wrong_repository_is_told(world: OutsideWorld) -> None:
    """An id under which nobody knows the repository is an error of its own; what is right beside it comes."""
    (document,) = await world.documents()
    wanted = [iti43.DocumentRequest("1.2.3.4", document), iti43.DocumentRequest(world.repository, document)]
    got = world.reader.read(
        world.reader.post(world.reader.message(world.address, "", [], payload=iti43.write_request(wanted)))
    )
    assert [str(each.code) for each in got.errors] == ["XDSUnknownRepositoryId"]
    assert [each.document_unique_id for each in got.documents] == [document]


def get(provider: ForeignProvider, url: str, method: str = "GET") -> httpx.Response:
    """Ask over the provider's connection."""
    context = client_context(provider.provider.tls, provider.service_ca)
    with httpx.Client(verify=context, trust_env=False, timeout=60) as http:
        return http.request(method, url)


async def test_neither_kind_of_certificate_passes_at_the_others_door(world: OutsideWorld) -> None:
    """P1's certificates find this door alone, an account's find every other; all else is one 404."""
    (document,) = await world.documents()
    tenant, reader = world.index.tenant, world.reader
    message = reader.message(world.address, world.repository, [document])
    ours = reader.post(message, tls=tenant.tls)
    nothing = reader.post(replace(message, address=world.address.replace(tenant.account, "9" * 16)))
    assert (
        (ours.status_code, ours.content) == (nothing.status_code, nothing.content) == (404, nothing.content)
    )
    service = str(tenant.facts["service"])
    for place in (
        "",
        "/audit",
        "/xds/repository",
        "/xds/registry",
        "/p1/certificates",
        "/activation",
        "/app",
    ):
        for method in ("GET", "POST"):
            answer = get(reader, service + place, method)
            assert (answer.status_code, answer.content) == (404, nothing.content), place
    for place in ("/health", "/openapi.json", "/metrics", "/"):
        assert get(reader, world.index.cloud.url + place).status_code == 404
    assert get(reader, world.address).status_code == 405
    assert reader.post(message).status_code == 200


async def test_an_accounts_signature_is_none_here(world: OutsideWorld) -> None:
    """A message that an account of the service signed proves nothing at this door."""
    (document,) = await world.documents()
    key = world.index.p1.home.bundle("wss")
    with pytest.raises(FaultRefused):
        world.reader.retrieve(world.address, world.repository, [document], signer=key)


async def test_accounts_are_sealed(world: OutsideWorld) -> None:
    """A document of another account, of the same patient and indexed, never comes out of this door."""
    (document,) = await world.documents()
    other = world.index.cloud.add_tenant("0000000000007002")
    unique_id = f"{document}9"
    made = (make_document("Document01", unique_id, extra_slots={}), content_of(unique_id))
    async with connected(other) as client:
        good(await client.provide(make_submission(made, patient=PATIENT)))
    for repository in (world.repository, str(other.facts["repositoryUniqueId"])):
        answer = world.ask(unique_id, repository=repository)
        assert content_of(unique_id) not in answer.content
    door = world.address.replace(world.index.tenant.account, other.account)
    message = world.reader.message(door, world.repository, [unique_id])
    assert world.reader.post(message).status_code == 404


async def test_only_iti43_is_served(world: OutsideWorld) -> None:
    """Another action, or a message for another address, is refused."""
    (document,) = await world.documents()
    for changes in ({"action": iti18.ACTION}, {"to": str(world.index.tenant.facts["repository"])}):
        message = world.reader.message(world.address, world.repository, [document], **changes)
        assert world.reader.post(message).status_code == 400


async def test_messages_are_fresh_and_come_once(world: OutsideWorld, record: Record) -> None:
    """An old message, one from the future, and the second copy of one are refused."""
    (document,) = await world.documents()
    message = world.reader.message(world.address, world.repository, [document])
    assert world.reader.post(message).status_code == 200
    record.new()
    assert world.reader.post(message).status_code == 400
    assert record.one()[1].codes == ("soap.message-replayed",)
    for apart in (timedelta(minutes=-10), timedelta(minutes=10)):
        at = datetime.now(UTC) + apart
        assert world.ask(document, at=at).status_code == 400
        assert record.one()[1].codes == ("soap.message-expired",)


async def test_requests_are_bounded(world: OutsideWorld) -> None:
    """Too many documents are an error of the repository, too many octets end before they are read."""
    many = [f"1.2.{number}" for number in range(MOST_DOCUMENTS + 1)]
    assert b"XDSRepositoryError" in world.ask(*many).content
    message = world.reader.message(world.address, world.repository, ["1.2"])
    assert world.reader.post(replace(message, octets=message.octets.ljust(LARGEST + 1))).status_code == 413


async def test_an_emergency_is_an_alarm(world: OutsideWorld, record: Record) -> None:
    """With purpose BTG the alarm is recorded before the access; SOZ is asked all the same."""
    (document,) = await world.documents()
    record.new()
    token = world.reader.token(purpose="BTG").assertion
    assert content_of(document) in world.ask(document, assertion=token, mtom=True).content
    assert [event.transaction for _, event in record.new()] == ["break-glass", "ITI-43"]
    world.decide("Deny", document)
    assert b"XDSDocumentUniqueIdError" in world.ask(document, assertion=token).content
