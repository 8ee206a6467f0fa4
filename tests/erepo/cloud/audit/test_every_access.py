"""Every access leaves exactly one event, at whatever stage it ends: who, what, when, with what outcome."""

import asyncio
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import httpx
import pytest
from lxml import etree

from erepo.cloud.audit.events import LONGEST, Event, Result
from erepo.cloud.audit.evidence import now
from erepo.pki.bundle import fingerprint
from erepo.soap.signing import Signer
from erepo.xds import iti18, iti43, iti86
from tests.support.actors import DOCTOR
from tests.support.audit import Record
from tests.support.cloud import ACCOUNT, TenantCredentials
from tests.support.cloud_client import make_entry
from tests.support.spoken import SPOKEN, Message, Spoken, Stock, Wire, retrieval

pytestmark = pytest.mark.one_store


EVERY = pytest.mark.parametrize("spoken", SPOKEN.values(), ids=SPOKEN)


def check_who(event: Event, account: TenantCredentials, before: datetime) -> None:
    """Assert that the record says whose connection it was, from where, and when."""
    assert event.who.account == account.account
    assert event.who.tls == fingerprint(account.tls.certificate)
    assert event.who.address == "127.0.0.1"
    assert before <= event.at <= now()
    assert event.process > 0


@EVERY
def test_a_good_request_leaves_one_event(wire: Wire, record: Record, stock: Stock, spoken: Spoken) -> None:
    """The event of a success names account, signer, person, transaction, message and what it was about."""
    before = now()
    answer = wire.post(spoken.message(wire.tenant, spoken.good(wire.tenant, stock)))
    assert b":Success" in answer.content
    chain, event = record.one()
    assert chain == record.number(ACCOUNT)
    check_who(event, wire.tenant, before)
    assert (event.transaction, event.action, event.result) == (spoken.name, spoken.acts, Result.SUCCESS)
    assert event.codes == ()
    assert event.who.signer == fingerprint(wire.tenant.wss.certificate)
    assert event.who.user == f"{DOCTOR.id_root}:{DOCTOR.id}"
    assert event.who.role == str(DOCTOR.role)
    assert event.who.purpose == str(DOCTOR.purpose)
    assert event.who.endpoint == f"/services/{ACCOUNT}/xds/{spoken.endpoint}"
    assert event.message.startswith("urn:uuid:")
    assert {thing.kind for thing in event.things} == spoken.kinds
    assert all(thing.id for thing in event.things)


@EVERY
def test_a_failure_of_the_profile_leaves_one_event(
    wire: Wire, record: Record, stock: Stock, spoken: Spoken
) -> None:
    """What the rules of XDS refuse is recorded with their codes, and with what it was about."""
    answer = wire.post(spoken.message(wire.tenant, spoken.failing(wire.tenant, stock)))
    assert answer.status_code == 200
    assert b":Failure" in answer.content
    chain, event = record.one()
    assert chain == record.number(ACCOUNT)
    assert (event.transaction, event.action, event.result) == (spoken.name, spoken.acts, Result.MINOR)
    assert event.codes
    assert all(code.encode() in answer.content for code in event.codes)
    assert event.who.user


def test_a_query_is_recorded_as_it_came(wire: Wire, record: Record) -> None:
    """The record of a query holds the request itself, and the patient it asked about."""
    query = iti18.find_documents(make_entry().patient_id)
    wire.post(SPOKEN["ITI-18"].message(wire.tenant, (iti18.write_query(query), ())))
    _, event = record.one()
    asked, patient = event.things
    request = etree.fromstring(b64decode(asked.detail))
    assert etree.QName(request).localname == "AdhocQueryRequest"
    assert asked.id == query.id
    assert (patient.kind, patient.id) == ("patient", str(make_entry().patient_id))


def test_what_was_not_given_is_recorded_as_such(wire: Wire, record: Record, stock: Stock) -> None:
    """Of a retrieval in part the record tells which document was given out and which was not."""
    payload = retrieval(wire.tenant, [stock.provided[0], "1.2.3"])
    assert b":PartialSuccess" in wire.post(SPOKEN["ITI-43"].message(wire.tenant, (payload, ()))).content
    _, event = record.one()
    assert [(each.kind, each.id) for each in event.things] == [
        ("document", stock.provided[0]),
        ("withheld", "1.2.3"),
    ]
    assert event.result == Result.MINOR


@pytest.mark.parametrize("transaction", ["ITI-43", "ITI-86"])
def test_a_request_cannot_fill_the_record(wire: Wire, record: Record, transaction: str) -> None:
    """An id of half a megabyte is recorded by its beginning: what is kept for ever is bounded."""
    spoken, huge = SPOKEN[transaction], "1." + "2" * 500_000
    requests = [iti43.DocumentRequest(huge, huge)]
    write = iti43.write_request if transaction == "ITI-43" else iti86.write_request
    wire.post(spoken.message(wire.tenant, (write(requests), ())))
    _, event = record.one()
    assert event.result == Result.MINOR
    assert [each.id for each in event.things] == [huge[:LONGEST]]
    assert len(event.octets()) < 4096


@dataclass(frozen=True)
class Refusal:
    """A way to be refused: how, with which code, and what is known of it by then."""

    send: Callable[[Wire, Spoken, Stock], object]
    code: str
    result: Result = Result.SERIOUS
    known: bool = False
    """Whether the transaction is known by then."""


def _changed(wire: Wire, spoken: Spoken, stock: Stock, **changes: object) -> httpx.Response:
    payload = spoken.failing(wire.tenant, stock)
    return wire.post(spoken.message(wire.tenant, payload, **changes))


def _bent(wire: Wire, spoken: Spoken, stock: Stock) -> httpx.Response:
    message = spoken.message(wire.tenant, spoken.failing(wire.tenant, stock))
    place = message.body.index(b":Body")
    bent = message.body[:place] + message.body[place:].replace(b"1.2.3", b"1.2.4").replace(
        b"urn:", b"urm:", 1
    )
    assert bent != message.body
    return wire.post(replace(message, body=bent))


def _raw(wire: Wire, spoken: Spoken, *lines: str, body: bytes = b"", wait: bool = True) -> bytes:
    path = f"/services/{ACCOUNT}/xds/{spoken.endpoint}"
    return wire.head([f"POST {path} HTTP/1.1", *lines], body, wait=wait)


def _garbage(wire: Wire, spoken: Spoken, _: Stock) -> httpx.Response:
    url = str(wire.tenant.facts[spoken.endpoint])
    return wire.post(Message(url, {"content-type": "application/soap+xml"}, b"<unclosed"))


def _gone(wire: Wire, spoken: Spoken, _: Stock) -> None:
    _raw(wire, spoken, "content-length: 100", body=b"abc", wait=False)


def _again(wire: Wire, spoken: Spoken, stock: Stock) -> httpx.Response:
    message = spoken.message(wire.tenant, spoken.failing(wire.tenant, stock))
    wire.post(message)
    return wire.post(message)


REFUSALS = {
    "too large": Refusal(
        lambda wire, spoken, _: _raw(wire, spoken, "content-length: 99999999999"), "cloud.body-too-large"
    ),
    "compressed": Refusal(
        lambda wire, spoken, _: _raw(
            wire, spoken, "content-length: 3", "content-encoding: gzip", body=b"abc"
        ),
        "cloud.content-encoding",
    ),
    "too slow": Refusal(
        lambda wire, spoken, _: _raw(wire, spoken, "content-length: 9", body=b"abc"),
        "cloud.body-timeout",
        Result.MINOR,
    ),
    "gone": Refusal(_gone, "cloud.client-gone", Result.MINOR),
    "no message": Refusal(_garbage, ""),
    "wrong method": Refusal(
        lambda wire, spoken, _: wire.head([f"PUT /services/{ACCOUNT}/xds/{spoken.endpoint} HTTP/1.1"]),
        "cloud.method",
    ),
    "bad signature": Refusal(_bent, ""),
    "foreign signer": Refusal(
        lambda wire, spoken, stock: _changed(wire, spoken, stock, signer=Signer(wire.other.wss)),
        "cloud.signer-not-registered",
    ),
    "wrong action": Refusal(
        lambda wire, spoken, stock: _changed(wire, spoken, stock, action="urn:nonsense"),
        "cloud.action-refused",
    ),
    "wrong address": Refusal(
        lambda wire, spoken, stock: _changed(wire, spoken, stock, to="https://x/services/elsewhere"),
        "cloud.action-refused",
        known=True,
    ),
    "nobody acts": Refusal(
        lambda wire, spoken, stock: _changed(wire, spoken, stock, acting=False), "acting.", known=True
    ),
}


@EVERY
@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_leaves_one_event(
    wire: Wire, record: Record, stock: Stock, spoken: Spoken, name: str
) -> None:
    """At whatever stage a request of an account is refused, its chain has one event more, with the reason."""
    refusal, before = REFUSALS[name], now()
    refusal.send(wire, spoken, stock)
    chain, event = eventually(record)
    assert chain == record.number(ACCOUNT)
    check_who(event, wire.tenant, before)
    assert event.result == refusal.result
    [code] = event.codes
    assert code.startswith(refusal.code)
    assert event.transaction in ({spoken.name} if refusal.known else {"request", "XDS"})


def eventually(record: Record) -> tuple[int, Event]:
    """Return the one event that comes within a moment: a client that has gone cannot wait for it."""
    for _ in range(2400):
        if found := record.new():
            assert len(found) == 1
            return found[0]
        asyncio.run(asyncio.sleep(0.05))
    raise AssertionError("nothing was recorded")


@EVERY
def test_a_repeated_message_leaves_an_event_each_time(
    wire: Wire, record: Record, stock: Stock, spoken: Spoken
) -> None:
    """The first one is recorded as what it was, the second as a repetition."""
    _again(wire, spoken, stock)
    (_, first), (_, second) = record.new()
    assert first.codes != second.codes == ("soap.message-replayed",)
    assert second.result == Result.SERIOUS
    assert first.message == second.message
