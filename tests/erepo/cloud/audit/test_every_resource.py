"""Paths and REST resources leave their events too; under load there are as many events as requests."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product

import httpx
import pytest

from erepo.acting import write_token
from erepo.cloud.audit.events import Event, Result
from erepo.cloud.audit.evidence import now
from erepo.cloud.storage.database import Database
from erepo.cloud.tenancy.tenants import resume, suspend
from erepo.cloud.web.endpoints import ACTIVATION, ENDPOINTS, OUTSIDE, XDS
from erepo.pki.authority import Authority
from erepo.pki.bundle import Bundle, fingerprint
from erepo.xds import iti18
from tests.support.actors import DOCTOR
from tests.support.audit import Record
from tests.support.cloud import ACCOUNT, RunningCloud, TenantCredentials
from tests.support.cloud_client import connected, new_oid, one_document
from tests.support.rest_bodies import filled
from tests.support.spoken import OTHER, SPOKEN, Spoken, Stock, Wire
from tests.support.waiting import until

pytestmark = pytest.mark.one_store

EVERY = pytest.mark.parametrize("spoken", SPOKEN.values(), ids=SPOKEN)
SECURITY = "erepo cloud CA"


#: Where a request may end before anybody knows what it is.
SILENT = (ACTIVATION, OUTSIDE, XDS)
PATHS = (*ENDPOINTS, "/app/account")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_foreign_and_unknown_paths_leave_one_event(
    wire: Wire, record: Record, method: str, path: str
) -> None:
    """Whoever asks for another's account, or for one that is not there, leaves that in their own chain."""
    with httpx.Client(verify=wire.tenant.tls_context(), trust_env=False, timeout=60) as http:
        for account in (OTHER, "9999999999999999"):
            before = now()
            answer = http.request(method, f"{wire.cloud.url}/services/{account}{path}")
            assert answer.status_code == 404
            chain, event = record.one()
            assert chain == record.number(ACCOUNT)
            assert event.who.tls == fingerprint(wire.tenant.tls.certificate)
            assert before <= event.at <= now()
            assert (event.result, event.codes) == (Result.SERIOUS, ("cloud.unknown",))
            assert event.who.endpoint == f"/services/{account}{path}"


@pytest.mark.parametrize("path", PATHS)
def test_a_certificate_of_no_account_leaves_its_event_in_nobodys_chain(
    wire: Wire, record: Record, path: str
) -> None:
    """A client whom the operator's authority knows and no account does is recorded by its fingerprint."""
    home = wire.cloud.home
    authority = Authority.load_or_create(home.folder / "ca", home.passphrase, SECURITY)
    key = wire.tenant.tls.key
    stranger = Bundle(key, authority.issue_signer(key, "0000000000009999 TLS"), ())
    lost = _credentials(wire.tenant, stranger)
    with httpx.Client(verify=lost.tls_context(), trust_env=False, timeout=60) as http:
        assert http.post(f"{wire.cloud.url}/services/{ACCOUNT}{path}").status_code == 404
    chain, event = record.one()
    assert chain == 0
    assert event.who.account == ""
    assert event.who.tls == fingerprint(stranger.certificate)
    assert event.codes == ("cloud.unknown",)


def _credentials(tenant: TenantCredentials, tls: Bundle) -> TenantCredentials:
    changed = TenantCredentials(tenant.folder)
    changed.__dict__["tls"] = tls
    return changed


@EVERY
def test_a_suspended_account_leaves_one_event(
    wire: Wire, record: Record, stock: Stock, spoken: Spoken
) -> None:
    """Requests of an account that the operator has closed are recorded as refused."""
    message = spoken.message(wire.tenant, spoken.failing(wire.tenant, stock))
    with suspended(record.database, ACCOUNT):
        asyncio.run(asyncio.sleep(1.2))  # as long as the service may remember
        record.new()
        assert wire.post(message).status_code == 403
        _, event = record.one()
    asyncio.run(asyncio.sleep(1.2))
    assert event.codes == ("cloud.account-suspended",)


class suspended:  # noqa: N801  # reads like a function
    """Close an account for a while."""

    def __init__(self, database: Database, account: str) -> None:
        self.database, self.account = database, account

    def __enter__(self) -> None:
        with self.database.everyone("a test", write=True) as connection:
            suspend(connection, self.account)

    def __exit__(self, *_: object) -> None:
        with self.database.everyone("a test", write=True) as connection:
            resume(connection, self.account)


def rest(wire: Wire, method: str, path: str, *, person: bool = True, content: bytes = b"") -> httpx.Response:
    """Call a REST resource of the first account."""
    service = str(wire.tenant.facts["service"])
    audience = service.removesuffix(f"/services/{ACCOUNT}")
    actor = replace(DOCTOR, organisation=ACCOUNT)
    token = write_token(actor, wire.tenant.wss, audience, now=datetime.now(UTC))
    headers = {"authorization": f"Bearer {token}"} if person else {}
    with httpx.Client(verify=wire.tenant.tls_context(), trust_env=False, timeout=60) as http:
        return http.request(method, service + path, headers=headers, content=content)


@pytest.mark.parametrize(
    ("method", "path", "person", "status", "transaction", "result", "code"),
    [
        ("GET", "", True, 200, "account", Result.SUCCESS, ()),
        ("GET", "", False, 200, "account", Result.SUCCESS, ()),
        ("DELETE", "", True, 405, "account", Result.SERIOUS, ("cloud.method",)),
        ("GET", "/audit", True, 200, "audit", Result.SUCCESS, ()),
        ("GET", "/audit", False, 403, "audit", Result.SERIOUS, ("acting.user-unknown",)),
        ("GET", "/audit?after=x", True, 400, "audit", Result.SERIOUS, ("cloud.request-malformed",)),
        ("POST", "/audit", True, 405, "audit", Result.SERIOUS, ("cloud.method",)),
        ("GET", "/activation", True, 405, "activation", Result.SERIOUS, ("cloud.method",)),
        ("POST", "/activation", True, 400, "activation", Result.SERIOUS, ("cloud.request-malformed",)),
        ("GET", "/certificates", False, 200, "certificates", Result.SUCCESS, ()),
        ("PUT", "/certificates", True, 400, "certificates", Result.SERIOUS, ("cloud.request-malformed",)),
        ("DELETE", "/certificates", True, 405, "certificates", Result.SERIOUS, ("cloud.method",)),
        ("GET", "/structure", True, 404, "structure", Result.MINOR, ("structure.none",)),
        ("PUT", "/structure", True, 400, "structure", Result.SERIOUS, ("structure.invalid",)),
        ("GET", "/p1/certificates", True, 200, "p1-certificates", Result.SUCCESS, ()),
        ("DELETE", "/p1/certificates", True, 200, "p1-certificates", Result.SUCCESS, ()),
        (
            "PUT",
            "/p1/certificates",
            True,
            400,
            "p1-certificates",
            Result.SERIOUS,
            ("cloud.request-malformed",),
        ),
        ("POST", "/p1/certificates", True, 405, "p1-certificates", Result.SERIOUS, ("cloud.method",)),
        ("GET", "/administrator", True, 405, "administrator", Result.SERIOUS, ("cloud.method",)),
        ("PUT", "/administrator", False, 400, "administrator", Result.SERIOUS, ("cloud.request-malformed",)),
        ("GET", "/app", False, 303, "panel", Result.SUCCESS, ()),
        ("GET", "/app/login", False, 200, "panel", Result.SUCCESS, ()),
        ("GET", "/app/nothing", False, 404, "panel", Result.SERIOUS, ("panel.page-unknown",)),
        ("POST", "/app/login", False, 400, "panel: login", Result.SERIOUS, ("cloud.request-malformed",)),
        ("GET", "/e-survey-gui/", False, 200, "panel: e-survey", Result.SUCCESS, ()),
        ("GET", "/elsewhere", True, 404, "request", Result.SERIOUS, ("cloud.unknown",)),
    ],
)
def test_rest_leaves_one_event(  # noqa: PLR0917  # one column each
    wire: Wire,
    record: Record,
    method: str,
    path: str,
    person: bool,
    status: int,
    transaction: str,
    result: Result,
    code: tuple[str, ...],
) -> None:
    """Every call of a REST resource is recorded with its outcome, and with the person where one is named."""
    before = now()
    assert rest(wire, method, path, person=person).status_code == status
    chain, event = record.one()
    assert event.transaction == transaction
    assert (event.result, event.codes) == (result, code)
    assert event.who.tls == fingerprint(wire.tenant.tls.certificate)
    assert before <= event.at <= now()
    if status == 200:
        assert chain == record.number(ACCOUNT)
        assert bool(event.who.user) is person


@pytest.mark.parametrize("place", ENDPOINTS)
def test_every_method_of_every_endpoint_leaves_one_event(wire: Wire, record: Record, place: str) -> None:
    """With a person and without one, with a body and without one, each of the program's own table."""
    for method, person, content in product(("GET", "POST", "PUT", "DELETE"), (True, False), (b"", b"{}")):
        answer = rest(wire, method, filled(place), person=person, content=content)
        chain, event = record.one()
        assert answer.status_code != 500, (method, person, content)
        assert chain == record.number(ACCOUNT)
        assert event.who.account == ACCOUNT
        assert (event.result == Result.SUCCESS) == (answer.status_code < 400)
        known = ENDPOINTS[place]
        named = {"request", known.name} if known in SILENT else {known.name}
        assert event.transaction.partition(":")[0] in {*named, known.name.partition(":")[0], "wsdl"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/metrics"),
        ("POST", "/health"),
        ("DELETE", "/openapi.json"),
        ("GET", "/"),
        ("GET", "/nowhere"),
    ],
)
def test_who_asks_beside_the_accounts_is_known(wire: Wire, record: Record, method: str, path: str) -> None:
    """What is the service's own, or nowhere, is refused in the chain of whose connection it is."""
    with httpx.Client(verify=wire.tenant.tls_context(), trust_env=False, timeout=60) as http:
        assert http.request(method, wire.cloud.url + path).status_code in (404, 405)
    chain, event = record.one()
    assert chain == record.number(ACCOUNT)
    assert (event.who.account, event.result) == (ACCOUNT, Result.SERIOUS)


@pytest.mark.parametrize(
    ("first", "headers"),
    [
        ("POST {} HTTP/1.1", ["content-length: 5", "transfer-encoding: chunked"]),
        ("POST {} HTTP/1.1", ["content-length: 0", "content-length: 44"]),
        ("POST {} HTTP/1.1", ["content-length: +5"]),
        ("POST {} HTTP/1.1", ["transfer-encoding: chunked, identity"]),
        ("GET {} HTTP/1.1", ["a: b", " folded: c"]),
        ("GET {} HTTP/1.1", ["x: " + "y" * 70_000]),
        ("GET {}/\xff HTTP/1.1", []),
        ("PRI * HTTP/2.0", []),
    ],
)
def test_what_is_no_http_leaves_one_event(wire: Wire, record: Record, first: str, headers: list[str]) -> None:
    """What could mean two requests, or none, never becomes one, and its sender's chain says so."""
    answer = wire.head([first.format(f"/services/{ACCOUNT}"), *headers], b"0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")
    found: list[tuple[int, Event]] = []
    until(lambda: bool(found.extend(record.new()) or found))
    ((chain, event),) = found
    assert chain == record.number(ACCOUNT)
    assert (event.codes, event.result) == (("cloud.request-malformed",), Result.SERIOUS)
    assert event.who.tls == fingerprint(wire.tenant.tls.certificate)


def test_asking_whether_it_is_alive_leaves_no_event(wire: Wire, record: Record) -> None:
    """What touches no account is not recorded when it is answered."""
    with httpx.Client(verify=wire.tenant.tls_context(), trust_env=False, timeout=60) as http:
        assert http.get(f"{wire.cloud.url}/health").status_code == 200
    assert record.new() == []


async def test_as_many_events_as_requests_under_load(cloud: RunningCloud, record: Record) -> None:
    """Thirty-two clients at once leave exactly one event for each of their requests."""
    count = 12

    async def lane(number: int) -> int:
        async with connected(cloud.tenant, connections=1) as client:
            for step in range(count):
                if step % 3 == 0:
                    await client.provide(one_document(b"<a/>"))
                elif step % 3 == 1:
                    await client.retrieve(new_oid())
                else:
                    await client.query(iti18.get_documents(unique_ids=[f"1.2.{number}"]))
        return count

    requests = sum(await asyncio.gather(*(lane(number) for number in range(32))))
    events = record.new()
    assert len(events) == requests
    messages = [event.message for _, event in events]
    assert len(set(messages)) == requests
    names = [event.transaction for _, event in events]
    assert {name: names.count(name) for name in set(names)} == {
        "ITI-41": requests // 3,
        "ITI-43": requests // 3,
        "ITI-18": requests // 3,
    }
