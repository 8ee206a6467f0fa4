"""Whatever JSON or path a clinic's program sends is answered as what it is, never by a failure of ours."""

import re
from collections.abc import Iterator

import httpx
import pytest

from erepo.acting import write_detached
from erepo.cloud.audit.events import Result
from erepo.cloud.web.endpoints import ENDPOINTS
from tests.support.audit import record_of
from tests.support.cloud import RunningCloud, TenantCredentials
from tests.support.rest_bodies import BODIES, filled, spoiled, writing


@pytest.fixture(scope="module")
def http(cloud: RunningCloud) -> Iterator[httpx.Client]:
    """A connection of the account."""
    with httpx.Client(verify=cloud.tenant.tls_context(), trust_env=False, timeout=60) as opened:
        yield opened


@pytest.fixture
def tenant(cloud: RunningCloud) -> TenantCredentials:
    """The account."""
    return cloud.tenant


def signed(tenant: TenantCredentials, body: bytes) -> dict[str, str]:
    """Return the headers of a person's request with a good signature over its body."""
    return {**tenant.named(), "x-erepo-signature": write_detached(body, tenant.wss)}


def test_no_method_is_forgotten() -> None:
    """Every method that changes something is tried."""
    assert BODIES.keys() == writing()


@pytest.mark.parametrize(("place", "method"), [key for key, body in BODIES.items() if body is not None])
def test_no_body_makes_the_service_fail(
    cloud: RunningCloud, tenant: TenantCredentials, http: httpx.Client, place: str, method: str
) -> None:
    """Each value of a good body replaced by what does not belong there: refused, and one event each."""
    url, bodies = str(tenant.facts["service"]) + filled(place), list(spoiled(BODIES[place, method]))
    with record_of(cloud.settings.cloud_url) as record:
        for body in bodies:
            answer = http.request(method, url, content=body, headers=signed(tenant, body))
            assert answer.status_code != 500, body
        events = [event for _, event in record.new()]
    assert len(events) == len(bodies)
    assert {event.transaction for event in events} == {ENDPOINTS[place].name}
    assert Result.MAJOR not in {event.result for event in events if "error.unexpected" in event.codes}


@pytest.mark.parametrize(
    "name", ["%00", "a%00b", "%ff", "..%2f..%2fx", "%0d%0aX:%20y", "%E2%80%AE", "a" * 400]
)
def test_no_id_in_a_path_makes_the_service_fail(
    cloud: RunningCloud, tenant: TenantCredentials, http: httpx.Client, name: str
) -> None:
    """What no database and no XML can hold is an id that nobody has, for every method."""
    places = [(place, method) for place, each in ENDPOINTS.items() if "{" in place for method in each.methods]
    with record_of(cloud.settings.cloud_url) as record:
        for place, method in places:
            content = b"{}" if method != "GET" else b""
            url = str(tenant.facts["service"]) + filled(place, name)
            answer = http.request(method, url, content=content, headers=signed(tenant, content))
            assert 400 <= answer.status_code < 500, (place, method)
        events = [event for _, event in record.new()]
    assert len(events) == len(places)
    assert all(re.fullmatch(r"[a-z0-9-]+\.[a-z-]+", code) for event in events for code in event.codes)
