"""Documents of other providers: found in the sandbox's P1, fetched from a real foreign repository."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from erepo.cloud.audit.events import BREAK_GLASS
from erepo.cloud.national.searching.narrowing import halves
from erepo.cloud.national.searching.port import Window
from tests.support.abroad import LETTERS, OTHER, WHY, AbroadWorld, abroad_world
from tests.support.indexing import IndexWorld
from tests.support.xds import PATIENT


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AbroadWorld]:
    """All of them, in processes of their own."""
    folder = tmp_path_factory.mktemp("abroad")
    with abroad_world(folder) as made:
        yield made


@pytest.fixture(autouse=True)
def clean(world: AbroadWorld) -> Iterator[None]:
    """Everything works again after each test."""
    yield
    world.foreign.fault, world.foreign.inline = "", False
    world.own.p1.home.store.clear_faults()


async def test_found_and_fetched_to_the_octet(world: AbroadWorld) -> None:
    """The index names it, SOZ permits, SZAR leads there, the octets come exactly, with P1's assertion."""
    octets = b"<ClinicalDocument>\xc5\x82</ClinicalDocument>\r\n"
    unique_id = await world.publish(octets)
    one = world.found(unique_id)
    assert (one["size"], one["hash"]) == (len(octets), hashlib.sha1(octets).hexdigest())
    assert one["repositoryUniqueId"] == world.foreign.repository_id
    assert one["classCode"]
    world.permit(unique_id)
    for inline in (False, True):
        world.foreign.inline = inline
        answer = world.fetch(one)
        assert (answer.status_code, answer.content) == (200, octets), answer.text
        assert answer.headers["content-type"] == "text/xml"
    assert world.foreign.asked[-1] == unique_id
    assert world.foreign.bearers[-1] == f"{PATIENT.authority_oid}#{PATIENT.id}"
    log = "".join(world.own.cloud.log)
    assert PATIENT.id not in log
    kinds = {event.transaction: {each.kind for each in event.things} for event in world.heard()}
    assert kinds["p1-search"] >= {"patient", "query"}
    assert kinds["p1-documents"] >= {"patient", "document"}


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ("hash", 502, "p1.abroad-differs"),
        ("size", 502, "p1.abroad-differs"),
        ("other", 502, "p1.abroad-absent"),
        ("two", 502, "p1.abroad-absent"),
        ("absent", 502, "p1.abroad-absent"),
        ("denied", 502, "p1.abroad-refused"),
        ("busy", 503, "p1.abroad-repository-later"),
        ("fault", 502, "p1.abroad-refused"),
        ("receiver", 503, "p1.abroad-repository-later"),
        ("garbage", 502, "p1.abroad-answer-unusable"),
        ("redirect", 502, "p1.abroad-answer-unusable"),
        ("login", 502, "p1.abroad-answer-unusable"),
        ("compressed", 502, "p1.abroad-answer-unusable"),
        ("late-answer", 502, "p1.abroad-answer-unusable"),
        ("forbidden", 502, "p1.abroad-refused"),
        ("huge", 502, "p1.abroad-too-large"),
        ("cut", 503, "p1.abroad-repository-later"),
        ("slow", 503, "p1.abroad-repository-later"),
    ],
)
async def test_a_repository_that_goes_wrong_gives_nothing(
    world: AbroadWorld, fault: str, status: int, code: str
) -> None:
    """Each way of going wrong is told by its own code; nothing of the answer comes through."""
    unique_id = await world.publish()
    world.permit(unique_id)
    one = world.found(unique_id)
    world.foreign.fault = fault
    answer = world.fetch(one)
    told = answer.json()
    assert (answer.status_code, told["code"], told["phase"]) == (status, code, "fetch"), answer.text
    assert told["retryable"] is (status == 503)
    assert "80051200006" not in answer.text
    assert PATIENT.id not in answer.text
    world.foreign.fault = ""
    assert world.fetch(one).status_code == 200


@pytest.mark.parametrize("decision", ["Deny", "NotApplicable", "Indeterminate"])
async def test_nothing_is_asked_for_that_soz_does_not_permit(world: AbroadWorld, decision: str) -> None:
    """Anything but Permit: refused before the other provider hears anything."""
    unique_id = await world.publish()
    world.permit(unique_id, decision)
    answer = world.fetch(world.found(unique_id))
    assert (answer.status_code, answer.json()["code"]) == (403, "p1.abroad-denied"), answer.text
    assert answer.json()["rule"] == decision
    assert unique_id not in world.foreign.asked


async def test_a_patient_with_too_many_documents_is_asked_for_in_halves(world: AbroadWorld) -> None:
    """Where P1 runs out of time for all, parts are asked for; a day that is too much is told."""
    days = [datetime(2021, 3, 1, 8, tzinfo=UTC) + timedelta(days=40 * each) for each in range(6)]
    ids = {await world.publish(creation_time=f"{day:%Y%m%d%H%M%S}") for day in days}
    world.own.p1.wrong("iti-18", "large", times=1000)
    limits = {"from": "2021-02-01", "to": "2021-12-31"}
    told = world.search(**limits).json()
    assert ids <= {each["uniqueId"] for each in told["documents"]}
    assert told["questions"] > 2
    for _ in range(4):
        await world.publish(creation_time="20220606080000")
    refused = world.search(**{"from": "2022-06-06", "to": "2022-06-06"})
    assert (refused.status_code, refused.json()["code"]) == (504, "p1.abroad-overrun"), refused.text
    assert refused.json()["retryable"] is True


async def test_only_what_is_asked_for_is_found(world: AbroadWorld) -> None:
    """Kinds and days narrow the search; another patient's documents are not in it."""
    unique_id = await world.publish(creation_time="20230405120000")
    code = world.found(unique_id)["classCode"]

    def ids(**changes: Any) -> set[str]:
        answer = world.search(**changes)
        assert answer.status_code == 200, answer.text
        return {each["uniqueId"] for each in answer.json()["documents"]}

    assert unique_id in ids(kinds=[code], **{"from": "2023-04-05", "to": "2023-04-05"})
    assert unique_id not in ids(kinds=["00.20"])
    assert unique_id not in ids(**{"from": "2023-04-06"})
    assert ids(patient=LETTERS | {"extension": "02070803628"}) == set()


@pytest.mark.parametrize(
    ("service", "kind", "status", "code"),
    [
        ("iti-18", "busy", 503, "p1.abroad-later"),
        ("iti-18", "reject", 502, "p1.abroad-refused"),
        ("iti-18", "failed", 503, "p1.abroad-later"),
        ("iti-18", "forbidden", 502, "p1.abroad-access-refused"),
        ("iti-18", "lost", 503, "p1.abroad-later"),
        ("iti-18", "forged", 502, "p1.abroad-answer-unusable"),
        ("iti-18", "timeout", 503, "p1.abroad-later"),
    ],
)
def test_faults_of_p1s_index(world: AbroadWorld, service: str, kind: str, status: int, code: str) -> None:
    """What P1's index does wrong is told by kind; the same request succeeds when P1 is well."""
    world.own.p1.wrong(service, kind, seconds=7)
    answer = world.search()
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert world.search().status_code == 200


@pytest.mark.parametrize(
    ("service", "kind", "status", "code"),
    [
        ("soz", "busy", 503, "p1.abroad-later"),
        ("soz", "indeterminate", 403, "p1.abroad-denied"),
        ("szar-read", "failed", 503, "p1.abroad-later"),
        ("szar-read", "unknown", 502, "p1.abroad-repository-unknown"),
        ("szar-read", "forged", 502, "p1.abroad-answer-unusable"),
    ],
)
async def test_faults_on_the_way_to_the_repository(
    world: AbroadWorld, service: str, kind: str, status: int, code: str
) -> None:
    """What SOZ and SZAR do wrong is told by kind, and the other provider is not asked."""
    unique_id = await world.publish()
    world.permit(unique_id)
    one = world.found(unique_id)
    async with world.elsewhere() as served:  # its memory of addresses is empty
        world.own.p1.wrong(service, kind)
        names = ("repositoryUniqueId", "uniqueId", "hash", "size")
        body = WHY | {name: one[name] for name in names}
        answer = await served.call("POST", "/p1/documents", body)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
        assert unique_id not in world.foreign.asked
        assert (await served.call("POST", "/p1/documents", body)).status_code == 200


@pytest.mark.parametrize(
    ("address", "rule"),
    [
        ("https://127.0.0.1:1/x", "private"),
        ("https://localhost:1/x", "private"),
        ("https://[::1]:1/x", "private"),
        ("http://127.0.0.1:1/x", "https"),
        ("https://user@127.0.0.1:1/x", "https"),
        ("https://169.254.169.254/latest", "private"),
    ],
)
async def test_an_address_in_a_private_network_is_not_called(
    world: AbroadWorld, address: str, rule: str
) -> None:
    """What stands in SZAR is somebody else's word: it is no way into the service's own network."""
    unique_id = await world.publish()
    world.permit(unique_id)
    one, store = world.found(unique_id), world.own.p1.home.store
    assert store.set_url(OTHER, world.foreign.repository_id, address)
    try:
        async with world.elsewhere(abroad_private="elsewhere.example") as served:
            names = ("repositoryUniqueId", "uniqueId", "hash", "size")
            answer = await served.call("POST", "/p1/documents", WHY | {name: one[name] for name in names})
    finally:
        store.set_url(OTHER, world.foreign.repository_id, world.foreign.url)
    told = answer.json()
    assert (answer.status_code, told["code"], told["rule"]) == (502, "p1.abroad-address-refused", rule), told


async def test_an_emergency_needs_a_reason_and_raises_an_alarm(world: AbroadWorld) -> None:
    """Without a reason in words nothing is asked; with it, the alarm is recorded before P1 hears anything."""
    for reason in (None, "", "x x x", "ok", "." * 40):
        refused = world.search(purpose="BTG", reason=reason)
        told = refused.json()
        assert (refused.status_code, told["code"]) == (422, "p1.abroad-not-ready"), refused.text
        assert [each["key"] for each in told["missing"]] == ["reason"]
    before = [each.transaction for each in world.heard()].count(BREAK_GLASS)
    reason = "nieprzytomny po wypadku, brak kontaktu"
    world.own.p1.wrong("iti-18", "busy")
    assert world.search(purpose="BTG", reason=reason).status_code == 503
    alarms = [each for each in world.heard() if each.transaction == BREAK_GLASS]
    assert len(alarms) == before + 1
    assert {each.kind for each in alarms[-1].things} == {"reason", "patient"}
    assert reason in {each.detail for each in alarms[-1].things}
    assert alarms[-1].who.purpose.startswith("BTG^^")
    assert reason not in "".join(world.own.cloud.log)
    assert world.search(purpose="BTG", reason=reason).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"patient": None},
        {"patient": {"root": "x", "extension": "1"}},
        {"patient": {"root": "1.2.3", "extension": ""}},
        {"purpose": "SELL"},
        {"purpose": ["TREAT"]},
        {"reason": 5},
        {"kinds": "06.10"},
        {"kinds": ["drop table"]},
        {"from": "yesterday"},
        {"from": "2026-02-02", "to": "2026-02-01"},
    ],
)
def test_malformed_searches(world: AbroadWorld, changes: dict[str, Any]) -> None:
    """A body of another form is refused before anything is asked."""
    answer = world.search(**changes)
    assert (answer.status_code, answer.json()["code"]) == (400, "cloud.request-malformed"), answer.text


def test_an_account_that_p1_does_not_know(world: AbroadWorld) -> None:
    """Without registration and structure nothing is asked, and both are named."""
    own = world.own
    another = IndexWorld(own.cloud, own.p1, own.cloud.add_tenant("0000000000007002"), own.registry)
    answer = another.call("POST", "/p1/search", WHY)
    assert (answer.status_code, answer.json()["code"]) == (422, "p1.abroad-not-ready")
    assert [each["key"] for each in answer.json()["missing"]] == ["registration", "structure"]


def test_a_wrong_pesel_and_a_person_without_a_role_are_named(world: AbroadWorld) -> None:
    """The pre-flight names what is missing; nothing was asked."""
    answer = world.search(patient=LETTERS | {"extension": "80051212341"})
    assert [each["key"] for each in answer.json()["missing"]] == ["patient"]


@pytest.mark.parametrize(
    "changes", [{"hash": "0"}, {"repositoryUniqueId": "x"}, {"uniqueId": 3}, {"size": 0}]
)
def test_malformed_fetches(world: AbroadWorld, changes: dict[str, Any]) -> None:
    """Likewise for documents."""
    one = {"repositoryUniqueId": "1.2.3", "uniqueId": "1.2.3^4", "hash": "0" * 40, "size": 5}
    assert world.fetch(one, **changes).status_code == 400


def test_halves_lose_no_moment() -> None:
    """Whatever the window, its halves meet and keep its ends; in the end a day is left that is not cut."""
    now = datetime(2026, 11, 30, 12, tzinfo=UTC)
    for window in (
        Window(),
        Window(since=now - timedelta(days=9)),
        Window(until=now),
        Window(now - timedelta(days=999), now),
    ):
        parts, leaves = [window], 0
        while parts:
            one = parts.pop()
            below = halves(one, now)
            if below:
                first, second = below
                assert (first.since, first.until, second.until) == (one.since, second.since, one.until)
                parts += below if leaves < 50 else below[:1]
            leaves += not below
