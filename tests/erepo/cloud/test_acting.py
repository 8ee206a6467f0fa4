"""Every request says which member of staff acts, proven; without one the answer is the manual's 403 (2.4)."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import httpx
import pytest
import sqlalchemy as sa

from erepo.acting import Actor, Tokens, write_assertion, write_token
from erepo.clinic.rest import AccountClient
from erepo.clinic.rest.errors import ServiceRefusal
from erepo.cloud.storage.database import Database
from erepo.cloud.storage.tables import audit_event, tenant
from erepo.soap.errors import ForbiddenAnswer
from erepo.soap.message import Outgoing, pack
from erepo.soap.mtom import unpack
from erepo.soap.names import FAULT
from erepo.soap.signing import ReadyAssertion, Signer
from erepo.xds import iti18
from erepo.xds.vocabulary import ResponseStatus
from tests.support.actors import CLERK, DOCTOR
from tests.support.cloud import RunningCloud, TenantCredentials
from tests.support.cloud_client import connected, one_document
from tests.support.waiting import until

MUTUAL = "0000000000003005"
FREE = "0000000000003006"
OTHER = "0000000000002004"


@pytest.fixture(scope="module")
def mutual(cloud: RunningCloud) -> TenantCredentials:
    """An account known by mutual TLS alone."""
    return cloud.add_tenant(MUTUAL, security="mtls")


@pytest.fixture
def database(cloud: RunningCloud) -> Iterator[Database]:
    """The service's database."""
    opened = Database(cloud.settings.cloud_url)
    yield opened
    opened.close()


def asked(
    account: TenantCredentials, assertion: ReadyAssertion | None, *, signed: bool = True, to: str = ""
) -> httpx.Response:
    """Ask the registry something, as a client that says who acts in its own way."""
    payload = iti18.write_query(iti18.get_documents(unique_ids=["1.2.3"]))
    signer = Signer(account.wss) if signed else None
    outgoing = Outgoing(iti18.ACTION, to or account.registry, payload)
    packed = pack(outgoing, signer, mtom=False, assertion=assertion)
    with httpx.Client(verify=account.tls_context(), trust_env=False, timeout=60) as session:
        content, headers = b"".join(packed.chunks()), {"content-type": packed.content_type}
        return session.post(account.registry, content=content, headers=headers)


def said(account: TenantCredentials, actor: Actor = DOCTOR, **options: object) -> ReadyAssertion:
    """Return an assertion of an account about one of its staff."""
    mine = replace(actor, organisation=account.account)
    service = str(account.facts["service"])
    return write_assertion(mine, Signer(account.wss), service, now=datetime.now(UTC), **options)  # type: ignore[arg-type]


def test_without_a_person_the_answer_is_the_manuals_403(cloud: RunningCloud) -> None:
    """Nobody named: HTTP 403, a signed fault with cause and cure in both languages (manual 2.4)."""
    response = asked(cloud.tenant, None)
    assert response.status_code == 403
    fault = unpack(response.headers["content-type"], response.content, cloud.settings.limits).envelope[1][0]
    assert fault.tag == FAULT
    assert "powiązany z osobą personelu posiadającą przypisany numer PESEL lub NPWZ" in response.text
    assert "linked to a staff member with a PESEL or NPWZ" in response.text
    assert "(no assertion)" in response.text
    assert "(brak asercji)" in response.text
    assert "SignatureValue" in response.text


def test_a_user_linked_to_nobody_is_refused_the_same_way(cloud: RunningCloud) -> None:
    """An assertion about a user without valid PESEL or NPWZ is as good as none."""
    nobody = replace(DOCTOR, id="1234567", name="")
    assert asked(cloud.tenant, said(cloud.tenant, nobody)).status_code == 403


async def test_our_client_tells_the_manuals_cure(cloud: RunningCloud) -> None:
    """The 403 of the service becomes the error of manual 2.4 at the clinic."""
    async with connected(cloud.tenant, actor=None) as client:
        with pytest.raises(ForbiddenAnswer) as raised:
            await client.provide(one_document(b"<a/>"))
    assert "PESEL lub NPWZ" in raised.value.explain("pl")[1]


@pytest.mark.parametrize("actor", [DOCTOR, CLERK], ids=["npwz", "pesel"])
async def test_the_record_names_the_person(cloud: RunningCloud, database: Database, actor: Actor) -> None:
    """Who acted stands in the audit event of the request."""
    async with connected(cloud.tenant, actor=actor) as client:
        assert (await client.provide(one_document(b"<a/>"))).status == ResponseStatus.SUCCESS
    with database.everyone("a test looks") as connection:
        number = connection.scalar(sa.select(tenant.c.id).where(tenant.c.account == cloud.tenant.account))
        newest = sa.select(audit_event.c.facts).where(audit_event.c.tenant_id == number)
        facts = json.loads(connection.scalars(newest.order_by(audit_event.c.number.desc())).first() or b"{}")
    assert facts["who"]["user"] == f"{actor.id_root}:{actor.id}"


def test_another_accounts_staff_is_refused(cloud: RunningCloud) -> None:
    """An assertion signed by another account of the same service proves nothing (T3)."""
    other = TenantCredentials(cloud.credentials_folder / OTHER)
    response = asked(cloud.tenant, said(other))
    assert response.status_code == 400
    assert "FailedCheck" in response.text
    service = str(cloud.tenant.facts["service"])
    stolen = write_assertion(
        replace(DOCTOR, organisation=cloud.tenant.account), Signer(other.wss), service, now=datetime.now(UTC)
    )
    assert asked(cloud.tenant, stolen).status_code == 400


def test_a_one_time_assertion_is_good_once(cloud: RunningCloud) -> None:
    """OneTimeUse is kept: the second message with the same assertion is refused."""
    once, often = said(cloud.tenant, one_time=True), said(cloud.tenant)
    assert [asked(cloud.tenant, once).status_code for _ in range(2)] == [200, 400]
    assert [asked(cloud.tenant, often).status_code for _ in range(2)] == [200, 200]


def test_mutual_tls_alone_may_name_a_person(mutual: TenantCredentials) -> None:
    """Such an account need not say who acts; what it says is proven all the same."""
    assert asked(mutual, None, signed=False).status_code == 200
    own = mutual.tls.certificate
    assert asked(mutual, said(mutual, holder=own), signed=False).status_code == 200
    late = said(mutual, life=0.001, holder=own)
    assert (
        asked(mutual, replace(late, octets=late.octets.replace(b"LEK", b"KEL")), signed=False).status_code
        == 400
    )


def test_a_holder_must_prove_the_key(mutual: TenantCredentials) -> None:
    """An assertion held by the WSS key is not proven by a message that this key has not signed."""
    assert asked(mutual, said(mutual), signed=False).status_code == 400


def test_an_audience_is_not_the_senders_word(cloud: RunningCloud) -> None:
    """A message addressed to another host does not make that host's bare name ours; with our path it may."""
    account = cloud.tenant
    mine = replace(DOCTOR, organisation=account.account)
    other, path = "https://other.example", urlsplit(account.registry).path

    def status(audience: str) -> int:
        said = write_assertion(mine, Signer(account.wss), audience, now=datetime.now(UTC))
        return asked(account, said, to=other + path).status_code

    assert [status(other), status(f"{other}{path}evil"), status(other + path)] == [400, 400, 200]


def test_the_operator_decides_who_must_name_people(cloud: RunningCloud) -> None:
    """An account with `users=optional` may leave the person out."""
    free = cloud.add_tenant(FREE, users="optional")
    assert asked(free, None).status_code == 200


# --- REST -----------------------------------------------------------------------------------------------


def account_client(account: TenantCredentials, token: Callable[[], str] | None) -> AccountClient:
    """Return a client of the account's REST services."""
    service = str(account.facts["service"])
    return AccountClient(service, account.account, account.tls, account.ca_pem, token=token)


def test_rest_calls_may_name_a_person(cloud: RunningCloud) -> None:
    """The state of the account is told with a good token and without one."""
    mine = replace(DOCTOR, organisation=cloud.tenant.account)
    tokens = Tokens(mine, cloud.tenant.wss, str(cloud.tenant.facts["service"]))
    for token in (tokens, None):
        with account_client(cloud.tenant, token) as client:
            assert client.state().account == cloud.tenant.account


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/certificates"),
        ("PUT", "/structure"),
        ("PUT", "/p1/certificates"),
        ("DELETE", "/p1/certificates"),
    ],
)
def test_changes_name_a_person(cloud: RunningCloud, method: str, path: str) -> None:
    """The certificate that a browser holds changes nothing by itself: 403 with its cure (manual 2.4)."""
    service = str(cloud.tenant.facts["service"])
    with httpx.Client(verify=cloud.tenant.tls_context(), trust_env=False, timeout=60) as client:
        answer = client.request(method, service + path, json={})
        named = client.request(method, service + path, json={}, headers=cloud.tenant.named())
    assert (answer.status_code, answer.json()["code"]) == (403, "acting.user-unknown")
    assert named.status_code != 403


def test_a_bad_token_is_refused_even_where_none_is_needed(cloud: RunningCloud) -> None:
    """A token of another account, or about nobody, ends in 403 with its cure."""
    mine = replace(DOCTOR, organisation=cloud.tenant.account)
    service, now = str(cloud.tenant.facts["service"]), datetime.now(UTC)
    other = TenantCredentials(cloud.credentials_folder / OTHER)
    foreign = write_token(mine, other.wss, service, now=now)
    nobody = write_token(replace(mine, id="1234567"), cloud.tenant.wss, service, now=now)
    for token, code in (
        (foreign, "acting.token-refused"),
        (nobody, "acting.user-unknown"),
        ("x", "acting.token-refused"),
    ):
        with (
            account_client(cloud.tenant, lambda token=token: token) as client,  # type: ignore[misc]
            pytest.raises(ServiceRefusal) as raised,
        ):
            client.state()
        assert (raised.value.data["status"], raised.value.data["code"]) == (403, code)


def test_the_operators_log_names_the_rule_that_an_assertion_broke(cloud: RunningCloud) -> None:
    """The sender hears only that a check failed; the operator can tell an integrator what was missing."""
    mine = replace(DOCTOR, organisation=cloud.tenant.account)
    ahead = datetime.now(UTC) + timedelta(hours=2)
    late = write_assertion(mine, Signer(cloud.tenant.wss), str(cloud.tenant.facts["service"]), now=ahead)
    assert asked(cloud.tenant, late).status_code == 400
    until(lambda: "acting.assertion-refused: IssueInstant lies in the future" in "".join(cloud.log))
