"""What belongs to another account answers as what does not exist: in status, headers and content."""

from collections.abc import Iterator

import httpx
import pytest

from erepo.cloud.web.endpoints import ENDPOINTS
from tests.erepo.cloud.conftest import OTHER
from tests.support.cloud import ACCOUNT, TenantCredentials, running_cloud
from tests.support.matrix import Asker, cases, missing, seen, unknown

#: An account of the right form that does not exist.
NOBODY = "0000000000009999"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
CASES = {case.name: case for case in cases("the asker's own")}


@pytest.fixture(scope="module")
def accounts(tmp_path_factory: pytest.TempPathFactory, stores: str) -> Iterator[dict[str, TenantCredentials]]:
    """Two accounts that are served without signatures, so that whole messages can be compared."""
    folder = tmp_path_factory.mktemp("matrix")
    with running_cloud(folder, stores=stores, security="mtls") as cloud:
        yield {ACCOUNT: cloud.tenant, OTHER: cloud.add_tenant(OTHER, security="mtls")}


@pytest.fixture(scope="module")
def asker(accounts: dict[str, TenantCredentials]) -> Iterator[Asker]:
    """The account that asks."""
    yield from opened(accounts[ACCOUNT])


@pytest.fixture(scope="module")
def owner(accounts: dict[str, TenantCredentials]) -> Iterator[Asker]:
    """The account whose objects are asked for."""
    yield from opened(accounts[OTHER])


def opened(tenant: TenantCredentials) -> Iterator[Asker]:
    """Open a connection of an account."""
    with httpx.Client(verify=tenant.tls_context(), trust_env=False, timeout=60) as http:
        yield Asker(tenant, http)


def test_no_transaction_is_forgotten() -> None:
    """Every transaction that the service speaks is asked about, in hundreds of ways."""
    assert missing(list(CASES.values())) == set()
    assert len(CASES) > 250


@pytest.mark.parametrize("name", CASES)
def test_foreign_objects_are_unknown_objects(name: str, asker: Asker, owner: Asker) -> None:
    """The answer about another account's object is that about no object, and nothing of the other changes."""
    case = next(each for each in cases(str(asker.tenant.facts["repositoryUniqueId"])) if each.name == name)
    theirs = owner.make()
    before = owner.everything(theirs.patient)
    assert case.put(asker, theirs) == case.put(asker, unknown())
    assert owner.everything(theirs.patient) == before


def endpoints() -> list[str]:
    """Return what may follow an account in a path, from the service's own table, and what may not."""
    pages = ("/app/login", "/app/style.css", "/e-survey-gui/")
    return [*ENDPOINTS, *pages, "/xds", "/xds/registry/", "/documents/1.2.3"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("endpoint", endpoints())
def test_foreign_paths_are_unknown_paths(method: str, endpoint: str, asker: Asker) -> None:
    """At another account's address there is what is at an account's that does not exist, for every method."""
    url = str(asker.tenant.facts["service"])
    for query in ("", "?wsdl", "?account=1"):
        answers = [
            seen(
                asker.http.request(method, url.replace(ACCOUNT, account) + endpoint + query, content=b"x"),
                [(account, "ACCOUNT")],
            )
            for account in (OTHER, NOBODY)
        ]
        assert answers[0] == answers[1]
        assert answers[0].status == 404


@pytest.mark.parametrize("name", [*CASES][::25])
def test_foreign_endpoints_are_unknown_endpoints(name: str, asker: Asker, owner: Asker) -> None:
    """A message that is sent to another account's address, and says so, meets nobody."""
    case, theirs = CASES[name], owner.make()
    answers = []
    for account in (OTHER, NOBODY):
        facts = {key: str(value).replace(ACCOUNT, account) for key, value in asker.tenant.facts.items()}
        elsewhere = TenantCredentials(asker.tenant.folder)
        elsewhere.__dict__["facts"] = facts
        answers.append(case.put(Asker(elsewhere, asker.http), theirs))
    assert answers[0] == answers[1]
    assert answers[0].status == 404


def test_the_owner_is_answered(asker: Asker, owner: Asker) -> None:
    """The cases are real questions: their owner gets other answers than one who asks for nothing."""
    chosen = cases(str(owner.tenant.facts["repositoryUniqueId"]))[::4]
    differing = sum(case.put(owner, owner.make()) != case.put(owner, unknown()) for case in chosen)
    assert differing > len(chosen) // 3
