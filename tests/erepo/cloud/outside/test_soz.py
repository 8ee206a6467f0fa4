"""SOZ decides: nothing but Permit lets a document out, and whatever is no decision ends the request."""

import pytest

from erepo.cloud.national.credentials import Credentials
from erepo.cloud.national.indexing.port import Provider
from erepo.cloud.outside.deciding import Deciders
from erepo.cloud.outside.errors import DecisionUnavailable
from erepo.sandbox.p1.faults import SERVICES
from erepo.settings import HttpTimeouts, P1Settings, Settings
from tests.support.audit import Record
from tests.support.outside import OutsideWorld, content_of
from tests.support.ports import free_port

pytestmark = [pytest.mark.one_store, pytest.mark.xdist_group("outside")]

#: SOZ answers, and it is no Permit.
REFUSES = ("deny", "not-applicable", "indeterminate", "unknown-word", "too-many")
#: SOZ does not answer, or not in a way that can be trusted or understood.
FAILS = tuple(kind for kind in SERVICES["soz"] if kind not in REFUSES)


@pytest.mark.parametrize("decision", ["Permit", "Deny", "NotApplicable", "Indeterminate"])
async def test_only_permit_gives(world: OutsideWorld, record: Record, decision: str) -> None:
    """The decision is about each document by itself, of this very request, and stands in the record."""
    judged, permitted = await world.documents(2)
    world.decide(decision, judged)
    record.new()
    answer = world.ask(judged, permitted, mtom=True)
    assert content_of(permitted) in answer.content
    assert (content_of(judged) in answer.content) is (decision == "Permit")
    things = {(thing.kind, thing.id): thing.detail for thing in record.one()[1].things}
    assert things["decision", judged] == decision
    assert things["decision", permitted] == "Permit"
    assert (("withheld", judged) in things) is (decision != "Permit")
    world.decide("Deny" if decision == "Permit" else "Permit", judged)
    assert (content_of(judged) in world.ask(judged, mtom=True).content) is (decision != "Permit")


@pytest.mark.parametrize("kind", REFUSES)
async def test_what_is_no_permit_refuses(world: OutsideWorld, kind: str) -> None:
    """Any other decision, and any word that is none, is as if the document did not exist."""
    (document,) = await world.documents()
    world.index.p1.wrong("soz", kind)
    answer = world.ask(document)
    assert answer.status_code == 200
    assert b"XDSDocumentUniqueIdError" in answer.content
    assert b"<ClinicalDocument>" not in answer.content


@pytest.mark.parametrize("kind", FAILS)
async def test_no_decision_is_no_permission(world: OutsideWorld, record: Record, kind: str) -> None:
    """Silence, faults and garbage give nothing of the whole request; it may come again, and is recorded."""
    first, second = await world.documents(2)
    record.new()
    world.index.p1.wrong("soz", kind, seconds=4)
    answer = world.ask(first, second, mtom=True)
    assert (answer.status_code, b"soap:Receiver" in answer.content) == (500, True)
    assert b"ClinicalDocument" not in answer.content
    assert record.one()[1].codes == ("outside.decision-unavailable",)
    assert content_of(first) in world.ask(first, mtom=True).content


async def test_a_p1_that_is_away_permits_nothing(world: OutsideWorld) -> None:
    """Where nobody listens at P1's address, that is no decision."""
    p1 = world.index.p1
    ca = p1.home.folder / "ca" / "services" / "ca.pem"
    given = P1Settings(url=f"https://127.0.0.1:{free_port()}", ca=ca)
    settings = Settings(_env_file=None, p1=given, http=HttpTimeouts(connect=1))
    own = world.another.provider
    deciders = Deciders(settings)
    with pytest.raises(DecisionUnavailable):
        deciders.decide(Provider(1, "x", Credentials(own.tls, own.wss)), world.reader.token(), ["1.2.3"])
    deciders.close()


async def test_soz_is_not_asked_about_what_is_not_there(world: OutsideWorld, record: Record) -> None:
    """What is not indexed, or of another patient, is not worth a question: a fault of SOZ does not matter."""
    (stored,) = await world.index.deposits(1)
    world.index.p1.wrong("soz", "failed", times=5)
    record.new()
    assert world.ask(stored, "9.9.9").status_code == 200
    assert {thing.kind for thing in record.one()[1].things} == {"patient", "withheld"}
