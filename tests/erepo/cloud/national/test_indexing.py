"""Indexing in P1 through the real service and the sandbox's P1: the whole life, every fault, every crash."""

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Self

import pytest

from erepo.cloud.audit.evidence import now
from erepo.cloud.national.indexing import working
from erepo.cloud.national.indexing.metadata import local_time
from erepo.cloud.national.indexing.port import Found
from erepo.cloud.web import indexing
from erepo.identifiers.hl7 import CX
from erepo.identifiers.npwz import Npwz
from erepo.identifiers.oids import PESEL, own_node
from erepo.xds.model import Code
from erepo.xds.vocabulary import APPROVED, AVAILABILITY_ONLINE, DEPRECATED, REFERENCE_ENCOUNTER, Slot
from tests.support.actors import CLERK, DOCTOR
from tests.support.indexing import EVENT, RESORT_I, IndexWorld, Stepping, body, index_world, path_of
from tests.support.national import Crash, Served
from tests.support.xds import PATIENT

pytestmark = [pytest.mark.one_store, pytest.mark.xdist_group("p1-index")]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IndexWorld]:
    """One service and one P1 for all of them; each test has documents of its own."""
    with index_world(tmp_path_factory.mktemp("index")) as running:
        yield running


@pytest.fixture(autouse=True)
def _nothing_wrong(world: IndexWorld) -> None:
    world.p1.home.store.clear_faults()


def statuses(world: IndexWorld, unique_id: str) -> list[str]:
    """Return the statuses of all that P1 has of a document."""
    return sorted(each.status for each in world.at_p1(unique_id))


async def test_the_life_of_an_index(world: IndexWorld) -> None:
    """Indexed once with every Polish attribute, replaced, withdrawn, indexed again; all repeatable."""
    first, second = await world.deposits(2)
    assert world.call("GET", path_of(first)).json()["state"] == "none"
    made = world.index(first)
    assert made.status_code == 200, (made.text, world.cloud.log)
    told = made.json()
    (known,) = world.at_p1(first)
    assert (told["state"], told["recovered"], told["entryUuid"]) == ("indexed", False, known.entry_uuid)
    assert told["repositoryUniqueId"] == known.repository_unique_id
    assert known.extra_slots == {
        Slot.STORAGE_CATEGORY: ("2046",),
        Slot.MEDICAL_EVENT_ID: (f"42^^^&{EVENT['root']}&ISO^{REFERENCE_ENCOUNTER}",),
        Slot.DOCUMENT_AVAILABILITY: (AVAILABILITY_ONLINE,),
    }
    assert (known.class_code or Code("", "")).scheme == "Klasyfikacja dokumentów P1"
    assert len(known.hash) == 40
    assert known.size
    assert world.index(first).json() == told | {"recovered": True}
    assert world.call("GET", path_of(first)).json() == {k: told[k] for k in told if k != "recovered"}
    assert world.index(second, replaces=first).json()["state"] == "indexed"
    assert (statuses(world, first), statuses(world, second)) == ([DEPRECATED], [APPROVED])
    old = world.call("GET", path_of(first)).json()
    assert (old["state"], old["replacedBy"]) == ("withdrawn", second)
    for _ in range(2):
        gone = world.call("DELETE", path_of(second))
        assert (gone.status_code, gone.json()["state"]) == (200, "withdrawn"), gone.text
        assert statuses(world, second) == [DEPRECATED]
    assert world.index(second).json()["recovered"] is False
    assert statuses(world, second) == [APPROVED, DEPRECATED]
    assert PATIENT.id not in "".join(world.cloud.log)


def test_what_is_not_the_accounts_is_not_there(world: IndexWorld) -> None:
    """An unknown document gets 404 from all three methods."""
    for method, content in (("GET", None), ("POST", body()), ("DELETE", None)):
        answer = world.call(method, path_of("1.2.3^nobody"), content)
        assert (answer.status_code, answer.json()["code"]) == (404, "index.document-unknown")


async def test_each_missing_thing_is_named_and_nothing_is_sent(world: IndexWorld) -> None:
    """The pre-flight finds wrong codes, patient, event, year, purpose and replaced document at once."""
    wrong = await world.deposit(
        patient_id=CX("80051212341", PESEL),
        source_patient_id=CX("80051212341", PESEL),
        class_code=Code("attachment", "erepo: rodzaj dokumentu", "Załącznik"),
        practice_setting=Code("5", "Dziedzina medyczna", "?"),
        authors=(),
        extra_slots={Slot.MEDICAL_EVENT_ID: ("malformed",)},
    )
    refused = world.index(wrong, medicalEvent=None, storageYear=2001, purpose="OTHER", replaces="1.2.3")
    assert refused.status_code == 422, refused.text
    told = refused.json()
    keys = {each["key"] for each in told["missing"]}
    expected = {"patient", "class_code", "practice_setting", "author", "medical_event", "storage_year"}
    assert keys == expected | {"purpose", "replaces"}
    assert (told["phase"], told["rule"], told["retryable"]) == ("preflight", None, False)
    assert all(each["pl"] in told["cause"]["pl"] for each in told["missing"])
    assert world.at_p1(wrong) == []
    assert world.call("GET", path_of(wrong)).json()["state"] == "none"


async def test_a_replaced_document_that_p1_does_not_have(world: IndexWorld) -> None:
    """Ours, but not in the index: named as missing when P1 was asked, and nothing is sent."""
    first, second = await world.deposits(2)
    refused = world.index(second, replaces=first)
    assert (refused.status_code, refused.json()["phase"]) == (422, "ask"), refused.text
    assert [each["key"] for each in refused.json()["missing"]] == ["replaces"]
    assert world.at_p1(second) == []


async def test_a_rule_of_p1_is_told_with_cause_and_cure(world: IndexWorld) -> None:
    """An event that P1 does not know: final, by its rule; once it is there the same request succeeds."""
    document, event = await world.deposit(), EVENT | {"extension": "later"}
    refused = world.index(document, medicalEvent=event)
    told = refused.json()
    assert (refused.status_code, told["code"], told["rule"]) == (502, "index.refused", "REG.WER.6860")
    assert (told["phase"], told["retryable"]) == ("register", False)
    assert "zdarzenie" in told["cure"]["pl"]
    assert world.call("GET", path_of(document)).json()["state"] == "none"
    world.p1.home.store.add_event(f"later^^^&{EVENT['root']}&ISO")
    assert world.index(document, medicalEvent=event).json()["recovered"] is False


#: What goes wrong at P1, and what the first request hears.
FAULTS: dict[tuple[str, str], tuple[int, str]] = {
    ("token", "busy"): (503, "index.later"),
    ("token", "reject"): (502, "index.refused"),
    ("token", "forbidden"): (502, "index.access-refused"),
    ("token", "forged"): (502, "index.answer-unusable"),
    ("token", "stale"): (502, "index.clock"),
    ("iti-18", "busy"): (503, "index.later"),
    ("iti-18", "timeout"): (503, "index.later"),
    ("iti-18", "lost"): (503, "index.later"),
    ("iti-18", "unsigned"): (502, "index.answer-unusable"),
    ("iti-42", "busy"): (504, "index.outcome-unknown"),
    ("iti-42", "timeout"): (504, "index.outcome-unknown"),
    ("iti-42", "p1-timeout"): (504, "index.outcome-unknown"),
    ("iti-42", "reject"): (502, "index.refused"),
    ("iti-42", "forbidden"): (502, "index.access-refused"),
    ("iti-42", "lost"): (200, ""),
    ("iti-42", "unsigned"): (200, ""),
    ("iti-42", "forged"): (200, ""),
    ("iti-42", "stale"): (200, ""),
    ("iti-42", "foreign"): (200, ""),
}


@pytest.mark.parametrize(("service", "kind"), FAULTS, ids=lambda value: value)
async def test_whatever_goes_wrong_at_p1_it_is_indexed_once(
    world: IndexWorld, service: str, kind: str
) -> None:
    """The first request hears what happened, the same one again ends indexed, and P1 has it exactly once."""
    document = await world.deposit()
    # Another person each time: the token of the last one is remembered.
    number = 300_000 + 50 * list(FAULTS).index((service, kind))
    actor = replace(DOCTOR, id=str(Npwz.make(number))) if service == "token" else DOCTOR
    world.p1.wrong(service, kind, seconds=7)
    status, code = FAULTS[service, kind]
    again = [world.call("POST", path_of(document), body(), actor=actor) for _ in range(2)]
    assert again[0].status_code == status, again[0].text
    if code:
        assert again[0].json()["code"] == code
        assert again[0].json()["retryable"] is (status in (503, 504))
    else:
        assert again[0].json()["recovered"] is True
    assert again[1].status_code == 200, again[1].text
    assert statuses(world, document) == [APPROVED]


async def test_a_persons_token_is_asked_for_once(world: IndexWorld) -> None:
    """With a token at hand P1 is not asked for another: its token service may be down."""
    one, two, three = await world.deposits(3)
    assert world.index(one).status_code == 200
    world.p1.wrong("token", "busy", times=5)
    assert world.index(two).status_code == 200
    other = world.call("POST", path_of(three), body(), actor=CLERK)
    assert (other.status_code, other.json()["phase"]) == (503, "token")


@pytest.mark.parametrize("kind", ["lost", "forged", "p1-timeout", "busy"])
async def test_a_withdrawal_that_goes_wrong_is_finished(world: IndexWorld, kind: str) -> None:
    """Whatever becomes of the answer, the same request again ends withdrawn."""
    document = await world.deposit()
    assert world.index(document).status_code == 200
    world.p1.wrong("iti-57", kind)
    first = world.call("DELETE", path_of(document))
    assert first.status_code == (200 if kind in ("lost", "forged") else 504), first.text
    assert world.call("DELETE", path_of(document)).json()["state"] == "withdrawn"
    assert statuses(world, document) == [DEPRECATED]


class Countdown:
    """Ends the process at the n-th point of a request: before or after a commit or a call to P1."""

    def __init__(self, served: Served, at: int) -> None:
        self.left, self.points = at, list[str]()
        self.cloud, self._index, self._submit = served.cloud, served.cloud.index, served.cloud.writer.submit

    def __enter__(self) -> Self:
        self.cloud.index = Stepping(self._index, self.step)
        self.cloud.writer.submit = self._counted  # type: ignore[method-assign, assignment]  # one of its own
        return self

    def __exit__(self, *_: object) -> None:
        self.cloud.index, self.cloud.writer.submit = self._index, self._submit  # type: ignore[method-assign]

    def _counted(self, job: Any) -> "asyncio.Future[Any]":
        self.step("before a commit")
        return asyncio.ensure_future(self._committed(job))

    async def _committed(self, job: Any) -> Any:
        outcome = await self._submit(job)
        self.step("after a commit")
        return outcome

    def step(self, point: str) -> None:
        """Count one point."""
        self.points.append(point)
        self.left -= 1
        if self.left == 0:
            raise Crash(point)


#: Commits: claimed, sent, kept, the request itself; calls: token, asked, registered, asked. Two moments each.
POINTS = 16


async def test_a_crash_anywhere_is_resumed_and_indexes_once(
    world: IndexWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut off at each point in turn, the same request ends indexed when the row is free; P1 has it once."""
    later = [timedelta()]
    monkeypatch.setattr(indexing, "now", lambda: now() + later[0])
    first, *documents = await world.deposits(POINTS + 1)
    async with world.inside() as served:
        whole = Countdown(served, 1000)
        with whole:
            assert (await served.call("POST", path_of(first), body())).status_code == 200
        assert len(whole.points) == POINTS, whole.points
        for point, document in enumerate(documents, 1):
            later[0] = timedelta()
            with Countdown(served, point) as cut, pytest.raises(Crash):
                await served.call("POST", path_of(document), body())
            between = (await served.call("GET", path_of(document))).json()["state"]
            assert between in {"none", "indexing", "indexed"}
            if between == "indexing":
                busy = await served.call("POST", path_of(document), body())
                assert (busy.status_code, busy.json()["code"]) == (409, "index.busy"), cut.points
            later[0] = working.LEASE
            resumed = await served.call("POST", path_of(document), body())
            assert (resumed.status_code, resumed.json()["state"]) == (200, "indexed"), cut.points
            assert statuses(world, document) == [APPROVED], cut.points


async def test_a_crash_while_withdrawing_is_resumed(
    world: IndexWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut off before and after each commit and call, the same request ends withdrawn when the row is free."""
    later = [timedelta()]
    monkeypatch.setattr(indexing, "now", lambda: now() + later[0])
    # Commits: claimed, kept, the request itself; calls: token, asked, updated. Two moments each.
    documents = await world.deposits(12)
    async with world.inside() as served:
        for point, document in enumerate(documents, 1):
            later[0] = timedelta()
            assert (await served.call("POST", path_of(document), body())).status_code == 200
            with Countdown(served, point) as cut, pytest.raises(Crash):
                await served.call("DELETE", path_of(document))
            later[0] = working.LEASE
            resumed = await served.call("DELETE", path_of(document))
            assert (resumed.status_code, resumed.json()["state"]) == (200, "withdrawn"), cut.points
            assert statuses(world, document) == [DEPRECATED], cut.points


async def test_a_withdrawal_waits_for_what_is_on_its_way(world: IndexWorld) -> None:
    """What was sent a moment ago may still arrive at P1: only a known outcome is withdrawn."""
    document = await world.deposit()
    world.p1.wrong("iti-42", "p1-timeout")
    assert world.index(document).json()["code"] == "index.outcome-unknown"
    refused = world.call("DELETE", path_of(document))
    assert (refused.status_code, refused.json()["phase"]) == (504, "ask"), refused.text
    assert world.call("GET", path_of(document)).json()["state"] == "indexing"
    assert world.index(document).status_code == 200
    assert world.call("DELETE", path_of(document)).json()["state"] == "withdrawn"


def at_service(world: IndexWorld, statement: str, unique_id: str) -> None:
    """Change a row behind the service's back, as a restored backup does."""
    file = world.cloud.settings.cloud_home / "cloud.db"
    with closing(sqlite3.connect(file, timeout=30)) as connection, connection:
        connection.execute(f"{statement} WHERE unique_id = ?", (unique_id,))


async def test_an_index_without_a_row_is_withdrawn(world: IndexWorld) -> None:
    """The row was lost with a backup: P1 is asked; where it has nothing either, no row comes to be."""
    document, other = await world.deposits(2)
    assert world.index(document).status_code == 200
    at_service(world, "DELETE FROM p1_index", document)
    assert world.call("DELETE", path_of(document)).json()["state"] == "withdrawn"
    assert statuses(world, document) == [DEPRECATED]
    for _ in range(2):
        answer = world.call("DELETE", path_of(other))
        assert (answer.status_code, answer.json()["state"]) == (200, "none"), answer.text


async def test_a_failure_to_ask_says_nothing_of_what_was_sent_before(world: IndexWorld) -> None:
    """Sent an hour ago, done, and never heard of; then P1 cannot be asked: a withdrawal still finds it."""
    document = await world.deposit()
    assert world.index(document).status_code == 200
    unheard = "UPDATE p1_index SET state = 'asked', indexed_at = NULL, sent_at = datetime('now', '-1 hour')"
    at_service(world, unheard, document)
    world.p1.wrong("iti-18", "busy")
    assert world.index(document).json()["code"] == "index.later"
    assert world.call("GET", path_of(document)).json()["state"] == "indexing"
    assert world.call("DELETE", path_of(document)).json()["state"] == "withdrawn"
    assert statuses(world, document) == [DEPRECATED]


async def test_of_two_processes_one_indexes(world: IndexWorld) -> None:
    """While one process is at work the other hears 409 and sends nothing; later it hears what is there."""
    document = await world.deposit()
    begun, go_on = threading.Event(), asyncio.Event()
    async with world.inside() as served:
        real = served.cloud.index

        class Slow(Stepping):
            def session(self, provider: Any, acting: Any) -> Any:
                return _held_up(real, provider, acting, begun, go_on)

        served.cloud.index = Slow(real, lambda _: None)
        first = asyncio.create_task(served.call("POST", path_of(document), body()))
        assert await asyncio.to_thread(begun.wait, 20)
        other = await asyncio.to_thread(world.index, document)
        assert (other.status_code, other.json()["code"]) == (409, "index.busy")
        assert world.call("GET", path_of(document)).json()["state"] == "indexing"
        go_on.set()
        assert (await first).json()["recovered"] is False
    assert world.index(document).json()["recovered"] is True
    assert statuses(world, document) == [APPROVED]


def _held_up(real: Any, provider: Any, acting: Any, begun: threading.Event, go_on: asyncio.Event) -> Any:
    class Held:
        async def __aenter__(self) -> Any:
            begun.set()
            await go_on.wait()
            self.inner = real.session(provider, acting)
            return await self.inner.__aenter__()

        async def __aexit__(self, *error: object) -> Any:
            return await self.inner.__aexit__(*error)

    return Held()


async def test_a_clock_that_is_not_p1s_stops_before_sending(world: IndexWorld) -> None:
    """Where P1's answers come from another time, nothing is sent that P1 would refuse (REG.WER.4636)."""
    document = await world.deposit()
    async with world.inside() as served:
        stepping = Stepping(served.cloud.index, lambda _: None)
        stepping.found = lambda found: Found(found.documents, ahead=-900.0)
        served.cloud.index = stepping
        answer = await served.call("POST", path_of(document), body())
    assert (answer.status_code, answer.json()["code"]) == (502, "index.clock"), answer.text
    assert world.at_p1(document) == []


def test_the_time_of_a_submission_is_polish() -> None:
    """Summer and winter time, where IHE would write UTC."""
    assert local_time(datetime.fromisoformat("2026-07-10T12:00:00+00:00")) == "20260710140000"
    assert local_time(datetime.fromisoformat("2026-01-10T23:30:00+00:00")) == "20260111003000"
    assert own_node(RESORT_I).endswith(".7001")
