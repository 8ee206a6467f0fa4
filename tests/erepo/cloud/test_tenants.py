"""Tenants are sealed: a foreign account answers exactly like an unknown one, nothing foreign is seen."""

import asyncio
import itertools
import socket
import ssl
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import httpx
import pytest

from erepo.cloud.credentials import issue
from erepo.cloud.storage.database import Database
from erepo.cloud.tenancy import tenants
from erepo.content import read_all
from erepo.pki.authority import Authority
from erepo.pki.bundle import Bundle
from erepo.pki.csr import make_csr
from erepo.pki.keys import new_key
from erepo.pki.names import CertificatePurpose
from erepo.pki.tls import client_context
from erepo.soap.errors import AddressUnknown, FaultRefused, ForbiddenAnswer
from erepo.xds import iti18
from erepo.xds.vocabulary import ResponseStatus, Xds
from tests.support.cloud import ACCOUNT, RunningCloud, TenantCredentials
from tests.support.cloud_client import connected, one_document

OTHER = "0000000000002004"
UNKNOWN = "0000000000009999"
PATHS = ("", "/activation", "/xds/repository", "/xds/registry", "/nothing", "/xds", "/app")
METHODS = ("GET", "POST", "PUT", "DELETE", "HEAD")


@pytest.fixture
def other(cloud: RunningCloud) -> TenantCredentials:
    """The second account."""
    return TenantCredentials(cloud.credentials_folder / OTHER)


@pytest.fixture
def http(cloud: RunningCloud) -> Iterator[httpx.Client]:
    """Plain HTTP with the first account's certificate."""
    with httpx.Client(verify=cloud.tenant.tls_context(), trust_env=False, timeout=60) as session:
        yield session


def answer(session: httpx.Client, method: str, url: str, body: bytes) -> tuple[object, ...]:
    """Return everything of an answer that a client can compare, without the date."""
    response = session.request(method, url, content=body)
    headers = sorted((name, value) for name, value in response.headers.items() if name != "date")
    return response.status_code, headers, response.content


@pytest.mark.parametrize("body", [b"", b"<x/>", b'{"wss_certificate": "x"}'], ids=["empty", "xml", "json"])
def test_foreign_answers_like_unknown(http: httpx.Client, cloud: RunningCloud, body: bytes) -> None:
    """For every endpoint and method: another tenant's account and an unknown one give the same answer."""
    for method, path in itertools.product(METHODS, PATHS):
        foreign = answer(http, method, f"{cloud.url}/services/{OTHER}{path}", body)
        unknown = answer(http, method, f"{cloud.url}/services/{UNKNOWN}{path}", body)
        assert foreign == unknown, (method, path)
        assert foreign[0] == 404


def test_paths_outside_the_service_answer_alike(http: httpx.Client, cloud: RunningCloud) -> None:
    """A path that is no account's gives the same body too."""
    unknown = answer(http, "GET", f"{cloud.url}/services/{UNKNOWN}", b"")
    for path in ("/", "/services", "/services/1", f"/services/{ACCOUNT}/nothing", f"/services/{ACCOUNT}%2e"):
        assert answer(http, "GET", cloud.url + path, b"") == unknown


async def test_foreign_documents_are_unknown_documents(cloud: RunningCloud, other: TenantCredentials) -> None:
    """A document of one tenant cannot be found, retrieved or collide with in another's account."""
    submission = one_document(b"the first tenant's document")
    unique_id = submission.entries[0][0].unique_id
    async with connected(cloud.tenant) as mine, connected(other) as theirs:
        await mine.provide(submission)
        found = await theirs.query(iti18.get_documents(unique_ids=[unique_id]))
        assert found.metadata.documents == ()
        patient = await theirs.query(iti18.find_documents(submission.submission_set.patient_id))
        assert unique_id not in {each.unique_id for each in patient.metadata.documents}
        by_set = iti18.get_submission_set_and_contents(unique_id=submission.submission_set.unique_id)
        assert (await theirs.query(by_set)).metadata.submission_sets == ()
        foreign = await theirs.retrieve(unique_id)
        unknown = await theirs.retrieve("1.2.3")
        assert [each.code for each in foreign.errors] == [each.code for each in unknown.errors]
        assert [each.context for each in foreign.errors] == [each.context for each in unknown.errors]
        named = await theirs.retrieve(unique_id, repository=mine.tenant.facts["repositoryUniqueId"])
        assert [each.code for each in named.errors] == [Xds.UNKNOWN_REPOSITORY]
        assert (await theirs.provide(submission)).status == ResponseStatus.SUCCESS
        assert (
            read_all((await mine.retrieve(unique_id)).documents[0].content) == b"the first tenant's document"
        )


async def test_the_tls_certificate_decides(cloud: RunningCloud, other: TenantCredentials) -> None:
    """A client of one tenant calling the other's endpoints is told that there is nothing."""
    async with connected(cloud.tenant) as client:
        client.tenant = other
        with pytest.raises(AddressUnknown):
            await client.provide(one_document(b"x"))


async def test_a_message_signed_by_another_tenant_is_refused(
    cloud: RunningCloud, other: TenantCredentials
) -> None:
    """TLS of one account with the WSS key of another ends in a fault."""
    async with connected(cloud.tenant, wss=other) as client:
        with pytest.raises(FaultRefused):
            await client.provide(one_document(b"x"))


async def test_the_tls_key_may_not_sign(cloud: RunningCloud) -> None:
    """A message signed with the account's TLS certificate is refused: its purpose is another."""
    swapped = TenantCredentials(cloud.tenant.folder)
    swapped.__dict__["wss"] = cloud.tenant.tls
    async with connected(cloud.tenant, wss=swapped) as client:
        with pytest.raises(FaultRefused):
            await client.provide(one_document(b"x"))


async def test_an_unregistered_certificate_of_the_account_may_not_sign(cloud: RunningCloud) -> None:
    """A WSS certificate of the right subject and authority that was never registered is refused."""
    stranger = TenantCredentials(cloud.tenant.folder)
    stranger.__dict__["wss"] = issue(cloud.home.authority(), ACCOUNT, cloud.settings).wss
    async with connected(cloud.tenant, wss=stranger) as client:
        with pytest.raises(FaultRefused):
            await client.provide(one_document(b"x"))


async def test_an_unregistered_tls_certificate_opens_nothing(cloud: RunningCloud) -> None:
    """A TLS certificate of the right subject and authority that was never registered sees no account."""
    stranger = TenantCredentials(cloud.tenant.folder)
    stranger.__dict__["tls"] = issue(cloud.home.authority(), ACCOUNT, cloud.settings).tls
    async with connected(stranger) as client:
        with pytest.raises(AddressUnknown):
            await client.provide(one_document(b"x"))


async def test_unsigned_messages_need_an_account_that_allows_them(
    cloud: RunningCloud, http: httpx.Client
) -> None:
    """An account with WS-Security refuses unsigned messages; one with mutual TLS alone takes them."""
    plain = cloud.add_tenant("0000000000003005", security="mtls")
    async with connected(plain, signed=False) as client:
        submission = one_document(b"unsigned")
        assert (await client.provide(submission)).status == ResponseStatus.SUCCESS
        result = await client.retrieve(submission.entries[0][0].unique_id)
        assert read_all(result.documents[0].content) == b"unsigned"
    envelope = (
        b'<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body><x/></e:Body></e:Envelope>'
    )
    headers = {"content-type": "application/soap+xml"}
    response = http.post(cloud.tenant.repository, content=envelope, headers=headers)  # noqa: ASYNC212  # another process answers
    assert response.status_code == 400
    assert b"Fault" in response.content


async def test_a_suspended_account_is_refused_at_once(cloud: RunningCloud) -> None:
    """After suspending every request of the account is forbidden; resuming opens it again."""
    credentials = cloud.add_tenant("0000000000004006")
    database = Database(cloud.settings.cloud_url)

    async with connected(credentials) as client:
        with database.everyone("a test decides", write=True) as connection:
            tenants.suspend(connection, credentials.account)
        with pytest.raises(ForbiddenAnswer):
            await client.provide(one_document(b"x"))
        with database.everyone("a test decides", write=True) as connection:
            assert tenants.resume(connection, credentials.account) == "active"
        await asyncio.sleep(tenants.FRESH)
        assert (await client.provide(one_document(b"x"))).status == ResponseStatus.SUCCESS
    database.close()


@pytest.fixture(scope="module")
def strangers() -> Bundle:
    """A certificate of the right form by an authority that nobody trusts."""
    authority = Authority.create("somebody else")
    key = new_key()
    csr = make_csr(key, account=ACCOUNT, purpose=CertificatePurpose.TLS, organisation="x", unit="x")
    return Bundle(key, authority.issue_client(csr, ACCOUNT, CertificatePurpose.TLS))


def test_no_certificate_no_connection(cloud: RunningCloud, strangers: Bundle) -> None:
    """Without a client certificate, or with one of an unknown authority, the handshake fails."""
    ca = cloud.ca.read_bytes()
    for bundle in (None, strangers):
        context = client_context(bundle, ca)
        with pytest.raises((ssl.SSLError, ConnectionError)):
            _ask(cloud, context)


def _ask(cloud: RunningCloud, context: ssl.SSLContext) -> None:
    with _open(cloud, context) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n")
        assert connection.recv(100) == b"", "an answer without a certificate"
        raise ConnectionError


def test_old_tls_is_refused(cloud: RunningCloud) -> None:
    """TLS below 1.2 is refused in the handshake, 1.2 and 1.3 pass."""
    for version, good in (
        (ssl.TLSVersion.TLSv1_1, False),
        (ssl.TLSVersion.TLSv1_2, True),
        (ssl.TLSVersion.TLSv1_3, True),
    ):
        context = cloud.tenant.tls_context()
        context.set_ciphers("ALL:@SECLEVEL=0")
        with pytest.warns(DeprecationWarning, match="TLS") if not good else nullcontext():
            context.minimum_version = version
            context.maximum_version = version
        if good:
            with _open(cloud, context) as connection:
                assert connection.version() == version.name.replace("_", ".")
        else:
            with pytest.raises(ssl.SSLError), _open(cloud, context):
                pass


def test_plain_http_is_not_spoken(cloud: RunningCloud) -> None:
    """Without TLS there is no answer."""
    with socket.create_connection(("127.0.0.1", cloud.settings.cloud_port), 5) as plain:
        plain.sendall(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n")
        assert b"HTTP" not in plain.recv(100)


def _open(cloud: RunningCloud, context: ssl.SSLContext) -> ssl.SSLSocket:
    plain = socket.create_connection(("127.0.0.1", cloud.settings.cloud_port), 5)
    try:
        return context.wrap_socket(plain, server_hostname="127.0.0.1")
    except BaseException:
        plain.close()
        raise


def test_credentials_are_private(cloud: RunningCloud) -> None:
    """Private keys on disk are readable by their owner only; the service's own are encrypted."""
    keys = [*Path(cloud.tenant.folder).glob("*.key"), *cloud.home.folder.rglob("*.key")]
    assert len(keys) == 6
    assert all(key.stat().st_mode & 0o077 == 0 for key in keys)
    assert all(b"ENCRYPTED" in key.read_bytes() for key in cloud.home.folder.rglob("*.key"))
