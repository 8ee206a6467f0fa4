"""Registration in the national domain: every step, every crash between them, every refusal."""

import asyncio
import threading
from typing import Any

import pytest
from sqlalchemy import select

from erepo.cloud.audit.events import Event, Result
from erepo.cloud.national import credentials, keeping
from erepo.cloud.national.abroad import Abroad
from erepo.cloud.national.credentials import pack
from erepo.cloud.national.errors import (
    P1AnswerUnusable,
    P1NotConfigured,
    P1Overdue,
    P1RegistrationRefused,
    P1RepositoryIdMissing,
    P1Unreachable,
)
from erepo.cloud.national.opening import open_here
from erepo.cloud.national.registering import credentials_of
from erepo.cloud.storage.tables import audit_event, p1_registration
from erepo.cloud.storage.tables import tenant as accounts
from erepo.pki.keys import clear_key
from tests.erepo.cloud.national.conftest import Place
from tests.support.cloud import TenantCredentials
from tests.support.national import PASSWORD, Countdown, Crash, Domain, P1Pair, Served, p1_pair, serving

PATH = "/p1/certificates"


@pytest.fixture(autouse=True)
def opened_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Open files in this process: a child for each of hundreds of requests would take minutes."""
    monkeypatch.setattr(credentials, "open_files", lambda files: [open_here(*file) for file in files])


@pytest.fixture(scope="module")
def pair() -> P1Pair:
    """The certificates of a provider; each test has a national domain that has never seen them."""
    return p1_pair()


@pytest.fixture(scope="module")
def newer(pair: P1Pair) -> P1Pair:
    """What P1 issued for the same provider later."""
    return p1_pair()


@pytest.fixture(scope="module")
def foreign() -> P1Pair:
    """Those of another provider."""
    return p1_pair("Podmiot leczniczy 2")


def events(served: Served) -> list[Event]:
    """Return the account's record."""
    with served.cloud.database.everyone("a test looks") as connection:
        rows = connection.scalars(
            select(audit_event.c.facts)
            .join(accounts, accounts.c.id == audit_event.c.tenant_id)
            .where(accounts.c.account == served.tenant.account)
            .order_by(audit_event.c.number)
        )
        return [Event.read(bytes(row)) for row in rows]


async def test_a_registration_runs_through_and_answers_alike(
    place: Place, tenant: TenantCredentials, pair: P1Pair
) -> None:
    """The first PUT stores and registers, the second asks nothing; GET and both answers are the same."""
    domain = Domain()
    async with serving(place.cloud.settings, tenant, domain) as served:
        assert (await served.call("GET", PATH)).json()["state"] == "none"
        first = await served.call("PUT", PATH, pair.body())
        assert first.status_code == 200, first.text
        told = first.json()
        assert (told["account"], told["state"]) == (tenant.account, "registered")
        assert domain.addresses == {told["repositoryId"]: tenant.door}
        assert told["tls"]["serial"] == f"{pair.tls.certificate.serial_number:X}"
        assert told["wss"]["notAfter"].endswith("Z")
        for again in (await served.call("PUT", PATH, pair.body()), await served.call("GET", PATH)):
            assert (again.status_code, again.json()) == (200, told)
        assert domain.calls == ["repository", "access"]


async def test_every_effect_has_its_event(place: Place, tenant: TenantCredentials, pair: P1Pair) -> None:
    """The record tells certificates, id, address and revocation, and then each request with its outcome."""
    async with serving(place.cloud.settings, tenant, Domain()) as served:
        told = (await served.call("PUT", PATH, pair.body())).json()
        await served.call("DELETE", PATH)
        mine = [each for each in events(served) if each.transaction == "p1-certificates"]
    things = {(one.id, one.detail) for each in mine for one in each.things}
    assert ("P1 TLS certificate", pair.tls.fingerprint) in things
    assert ("P1 repository", told["repositoryId"]) in things
    assert ("P1 repository", f"{told['repositoryId']} → -") in things
    assert {each.result for each in mine} == {Result.SUCCESS}
    assert all(each.who.user for each in mine)


def points(at: int) -> range:
    """Return the numbers of all points at which a registration can be cut off."""
    return range(1, at + 1)


async def test_the_points_of_a_registration_are_known(
    place: Place, tenant: TenantCredentials, pair: P1Pair
) -> None:
    """Five commits and two calls abroad, each with a moment before it and one after it."""
    domain = Domain()
    async with serving(place.cloud.settings, tenant, domain) as served:
        watching = Countdown(served.cloud, domain, 1000)
        assert (await served.call("PUT", PATH, pair.body())).status_code == 200
    assert len(watching.points) == POINTS


#: Commits: stored, asked, id, address, the request itself; calls abroad: repository, access.
POINTS = 14


@pytest.mark.parametrize("point", points(POINTS))
async def test_a_crash_anywhere_is_resumed_by_the_same_request(
    place: Place, tenant: TenantCredentials, pair: P1Pair, point: int
) -> None:
    """Whatever moment the process ends at, the same PUT ends registered: one id in use, its address known."""
    domain = Domain()
    async with serving(place.cloud.settings, tenant, domain) as served:
        Countdown(served.cloud, domain, point)
        with pytest.raises(Crash):
            await served.call("PUT", PATH, pair.body())
    domain.before = domain.after = lambda _: None
    async with serving(place.cloud.settings, tenant, domain) as served:
        between = (await served.call("GET", PATH)).json()["state"]
        resumed = await served.call("PUT", PATH, pair.body())
        assert resumed.status_code == 200, resumed.text
        told = resumed.json()
        assert between in {"none", "stored", "registered"}
        assert told["state"] == "registered"
        assert domain.addresses == {told["repositoryId"]: tenant.door}
        (ids,) = domain.repositories.values()
        assert told["repositoryId"] == ids[-1]
        # Only where the id itself was lost there is a second one, and nobody was ever told of the first.
        assert len(ids) <= 2
        with served.cloud.database.everyone("a test looks") as connection:
            mine = select(p1_registration).join(accounts).where(accounts.c.account == tenant.account)
            assert len(connection.execute(mine).all()) == 1


@pytest.mark.parametrize("call", ["repository", "access"])
@pytest.mark.parametrize(
    ("error", "status", "done"),
    [
        (P1Unreachable(), 503, False),
        (P1Overdue(), 504, True),
        (P1Overdue(), 504, False),
        (P1AnswerUnusable(reason="signature"), 502, True),
        (P1RegistrationRefused(reason="SZAR.1"), 502, False),
        (P1NotConfigured(setting="EREPO_P1__CA"), 501, False),
        (ValueError("an error of a library"), 500, True),
    ],
    ids=lambda value: getattr(value, "code", str(value)),
)
async def test_what_p1_does_not_do_stays_stored_and_is_resumed(  # one column each
    place: Place,
    tenant: TenantCredentials,
    pair: P1Pair,
    call: str,
    error: Exception,
    status: int,
    done: bool,
) -> None:
    """P1 down, late, unreadable or unwilling: a typed answer, the certificates stay, the same PUT goes on."""
    domain = Domain()

    def fail(name: str) -> None:
        if name == call:
            raise error

    async with serving(place.cloud.settings, tenant, domain) as served:
        if done:
            domain.after = fail
        else:
            domain.before = fail
        if status == 500:
            with pytest.raises(Exception, match=r"^$"):
                await served.call("PUT", PATH, pair.body())
        else:
            failed = await served.call("PUT", PATH, pair.body())
            assert (failed.status_code, failed.json()["code"]) == (status, error.code)  # type: ignore[attr-defined]
            assert events(served)[-1].codes == (error.code,)  # type: ignore[attr-defined]
        assert (await served.call("GET", PATH)).json()["state"] == "stored"
        domain.before = domain.after = lambda _: None
        resumed = await served.call("PUT", PATH, pair.body())
        assert resumed.json()["state"] == "registered", resumed.text
        assert domain.addresses == {resumed.json()["repositoryId"]: tenant.door}


async def test_an_answer_without_an_id_is_cured_as_the_manual_says(
    place: Place, tenant: TenantCredentials, pair: P1Pair
) -> None:
    """Certificates stored and no id: told as such (manual 2.1); revoke and register again gets an id."""
    domain = Domain()

    def lose(name: str) -> None:
        if name == "repository":
            raise P1RepositoryIdMissing

    async with serving(place.cloud.settings, tenant, domain) as served:
        domain.after = lose
        failed = await served.call("PUT", PATH, pair.body())
        assert (failed.status_code, failed.json()["code"]) == (502, "p1.repository-id-missing")
        domain.after = lambda _: None
        assert (await served.call("DELETE", PATH)).json() == {"account": tenant.account, "state": "none"}
        again = await served.call("PUT", PATH, pair.body())
        assert again.json()["state"] == "registered", again.text


async def test_other_certificates_need_a_revocation_first(
    place: Place, tenant: TenantCredentials, pair: P1Pair, newer: P1Pair
) -> None:
    """Replacing is refused with the manual's message; after a revocation the same id serves on."""
    domain = Domain()
    async with serving(place.cloud.settings, tenant, domain) as served:
        before = (await served.call("PUT", PATH, pair.body())).json()
        refused = await served.call("PUT", PATH, newer.body())
        assert (refused.status_code, refused.json()["code"]) == (409, "p1.certificates-present")
        assert (await served.call("GET", PATH)).json() == before
        for _ in range(2):
            assert (await served.call("DELETE", PATH)).status_code == 200
        assert (await served.call("GET", PATH)).json()["repositoryId"] is None
        after = (await served.call("PUT", PATH, newer.body())).json()
    assert after["state"] == "registered"
    assert after["repositoryId"] == before["repositoryId"]
    assert after["tls"] != before["tls"]


async def test_a_repository_elsewhere_is_not_taken_for_ours(
    place: Place, tenant: TenantCredentials, pair: P1Pair, foreign: P1Pair
) -> None:
    """Where P1 knows a repository that we did not register, the clinic decides about a further one."""
    subject = foreign.tls.certificate.subject.rfc4514_string()
    domain = Domain(repositories={subject: ["1.2.3"]})
    async with serving(place.cloud.settings, tenant, domain) as served:
        # An id of another provider that this account once had is none of this one's.
        await served.call("PUT", PATH, pair.body())
        await served.call("DELETE", PATH)
        for _ in range(2):
            refused = await served.call("PUT", PATH, foreign.body())
            assert (refused.status_code, refused.json()["code"]) == (409, "p1.repository-exists")
        forced = await served.call("PUT", PATH, foreign.body(force_new_repository=True))
        assert forced.json()["state"] == "registered", forced.text
    assert domain.repositories[subject] == ["1.2.3", forced.json()["repositoryId"]]


async def test_one_registration_at_a_time(place: Place, tenant: TenantCredentials, pair: P1Pair) -> None:
    """While a call that took too long has not come back, another request hears that it should wait."""
    domain, go_on = Domain(), threading.Event()
    domain.before = lambda _: go_on.wait(300) and None
    async with serving(place.cloud.settings, tenant, domain) as served:
        served.cloud.abroad.close()
        served.cloud.abroad = Abroad(0.2)
        late = await served.call("PUT", PATH, pair.body())
        assert (late.status_code, late.json()["code"]) == (504, "p1.overdue")
        for method in ("PUT", "DELETE"):
            busy = await served.call(method, PATH, pair.body())
            assert (busy.status_code, busy.json()["code"]) == (503, "p1.registration-busy")
        go_on.set()
        served.cloud.abroad.close()
        served.cloud.abroad = Abroad()
        assert (await served.call("PUT", PATH, pair.body())).json()["state"] == "registered"


async def test_files_of_endless_work_keep_nobody_waiting(
    place: Place, tenant: TenantCredentials, pair: P1Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An account opens its files one request at a time, and not where documents of others are worked on."""
    begun, go_on = threading.Semaphore(0), threading.Event()

    def slow(files: Any) -> list[Any]:
        begun.release()
        go_on.wait(300)
        return [open_here(*file) for file in files]

    monkeypatch.setattr(credentials, "open_files", slow)
    async with serving(place.cloud.settings, tenant, Domain()) as served:
        first = asyncio.create_task(served.call("PUT", PATH, pair.body()))
        try:
            assert await asyncio.to_thread(begun.acquire, timeout=120)
            for _ in range(3):
                async with asyncio.timeout(120):
                    busy = await served.call("PUT", PATH, pair.body())
                assert (busy.status_code, busy.json()["code"]) == (503, "p1.registration-busy")
            async with asyncio.timeout(120):
                assert await served.cloud.heavily(lambda: "done") == "done"
        finally:
            go_on.set()
        assert (await first).json()["state"] == "registered"


async def test_secrets_are_sealed_and_erased(
    place: Place, tenant: TenantCredentials, pair: P1Pair, caplog: pytest.LogCaptureFixture
) -> None:
    """No key and no password lies in any table, log or answer; the service can open them until revoked."""
    clear = [clear_key(each.key).splitlines()[2] for each in (pair.tls, pair.wss)]
    async with serving(place.cloud.settings, tenant, Domain()) as served:
        answers = [await served.call("PUT", PATH, pair.body()), await served.call("GET", PATH)]
        with served.cloud.database.everyone("a test looks") as connection:
            number = connection.scalars(
                select(accounts.c.id).where(accounts.c.account == tenant.account)
            ).one()
            found = keeping.present(connection, number)
            everything = [
                repr(row).encode()
                for table in (p1_registration, audit_event)
                for row in connection.execute(select(table))
            ]
        assert found is not None
        opened = credentials_of(served.cloud.vault, number, found)
        assert pack(opened) == pack(type(opened)(pair.tls, pair.wss))
        everything += [each.content for each in answers] + [caplog.text.encode(), repr(found).encode()]
        for secret in (*clear, PASSWORD.encode(), repr(PASSWORD).encode()):
            assert not any(secret in each for each in everything)
        await served.call("DELETE", PATH)
        with served.cloud.database.everyone("a test looks") as connection:
            (row,) = connection.execute(select(p1_registration).where(p1_registration.c.tenant_id == number))
    assert (row.key_id, row.wrapped, row.sealed) == (None, None, None)
    assert row.repository_id == answers[0].json()["repositoryId"]


@pytest.mark.parametrize(
    "change",
    [
        {"tls_pkcs12": "not base64!"},
        {"wss_password": 7},
        {"force_new_repository": "yes"},
        {"tls_password": "x" * 2000},
    ],
    ids=lambda change: next(iter(change)),
)
async def test_bodies_that_cannot_be_read_change_nothing(
    place: Place, tenant: TenantCredentials, pair: P1Pair, change: dict[str, Any]
) -> None:
    """A field of another shape is refused before anything is opened."""
    async with serving(place.cloud.settings, tenant, Domain()) as served:
        refused = await served.call("PUT", PATH, pair.body() | change)
        assert (refused.status_code, refused.json()["code"]) == (400, "cloud.request-malformed")
        swapped = await served.call("PUT", PATH, P1Pair(pair.wss, pair.tls).body())
        assert (swapped.status_code, swapped.json()["code"]) == (400, "p1.certificates-swapped")
        assert (await served.call("GET", PATH)).json()["state"] == "none"
