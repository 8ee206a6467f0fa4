"""What the service tells of itself: `/openapi.json`, `/metrics`, `?wsdl` and `?xsd=NAME`."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from lxml import etree
from openapi_spec_validator import OpenAPIV31SpecValidator
from prometheus_client.parser import text_string_to_metric_families
from typer.testing import CliRunner

from erepo.cli.cloud import app
from erepo.cloud.web import app as application
from erepo.cloud.web.endpoints import ENDPOINTS
from erepo.pki.bundle import Bundle
from erepo.pki.tls import client_context
from erepo.xds.wsdl.documents import SCHEMAS
from tests.erepo.cloud.conftest import OTHER
from tests.support.cloud import ACCOUNT, RunningCloud
from tests.support.cloud_client import CloudClient, one_document
from tests.support.descriptions import examples, indiscretions

pytestmark = pytest.mark.one_store


@pytest.fixture
def peer(cloud: RunningCloud) -> Iterator[httpx.Client]:
    """An HTTP client with the first account's certificate."""
    with httpx.Client(
        verify=cloud.tenant.tls_context(), base_url=cloud.url, trust_env=False, timeout=60
    ) as client:
        yield client


@pytest.fixture
def operator(cloud: RunningCloud, tmp_path: Path) -> Iterator[httpx.Client]:
    """An HTTP client with a certificate of the operator, made while the service runs."""
    folder = tmp_path / "operator"
    made = CliRunner(env=dict(cloud.environment)).invoke(
        app, ["operator", "add", "--credentials", str(folder)]
    )
    assert made.exit_code == 0
    own = Bundle.from_pem((folder / "tls.pem").read_bytes(), (folder / "tls.key").read_bytes())
    context = client_context(own, (folder / "ca.pem").read_bytes())
    with httpx.Client(verify=context, base_url=cloud.url, trust_env=False, timeout=60) as client:
        yield client


@pytest.fixture
def described(peer: httpx.Client) -> dict[str, Any]:
    """The description of the interface."""
    answer = peer.get("/openapi.json")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def test_the_description_is_openapi(described: dict[str, Any], cloud: RunningCloud) -> None:
    """It is valid OpenAPI 3.1 and names the service's own address."""
    OpenAPIV31SpecValidator(described).validate()
    assert described["servers"] == [{"url": cloud.url}]
    assert indiscretions(described) == []
    assert [place for place, true in examples(described) if not true] == []


def test_every_described_path_is_there_and_answers_as_described(
    described: dict[str, Any], peer: httpx.Client
) -> None:
    """Each GET answers with a described status and, where it is JSON, with the described content."""
    for path, item in described["paths"].items():
        if "get" not in item:
            continue
        answer = peer.get(path.replace("{account}", ACCOUNT))
        response = item["get"]["responses"][str(answer.status_code)]
        if "$ref" in response:
            response = described["components"]["responses"][response["$ref"].rpartition("/")[2]]
        media_type = answer.headers["content-type"].partition(";")[0]
        schema = response["content"][media_type]["schema"]
        if media_type == "application/json":
            # The references lead into the whole description.
            Draft202012Validator({**schema, "components": described["components"]}).validate(answer.json())


def test_every_path_of_the_service_is_described(described: dict[str, Any]) -> None:
    """Description, list of paths and table of endpoints know the same; what people see is not described."""
    lines = re.findall(r"^    ([A-Z, ]+?) +(/\S+)", application.__doc__ or "", flags=re.MULTILINE)
    pages = {f"/services/{{account}}{place}" for place, each in ENDPOINTS.items() if each.pages}
    assert {path for _, path in lines} == set(described["paths"]) | pages
    for place, endpoint in ENDPOINTS.items():
        path = f"/services/{{account}}{place}"
        if path not in pages:
            methods = {one.upper() for one in described["paths"][path] if one != "parameters"}
            assert methods == set(endpoint.methods), path
        methods = set(endpoint.methods)
        named = {one for words, each in lines if each == path for one in words.split(", ")}
        assert named == methods, path


@pytest.mark.parametrize("path", ["/health", "/openapi.json", f"/services/{ACCOUNT}"])
def test_other_methods_are_told_the_right_one(peer: httpx.Client, path: str) -> None:
    """A POST where only GET is: 405 with Allow and the reason."""
    answer = peer.post(path)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")
    assert answer.json()["code"] == "cloud.method"


@pytest.mark.parametrize("endpoint", ["registry", "repository"])
def test_a_tenant_reads_the_wsdl_of_its_endpoint_and_every_schema(
    cloud: RunningCloud, peer: httpx.Client, endpoint: str
) -> None:
    """The WSDL has the account's own address; each schema that is imported, however deep, is served."""
    address = str(cloud.tenant.facts[endpoint])
    answer = peer.get(address + "?wsdl")
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, "text/xml")
    wsdl = etree.fromstring(answer.content)
    assert address in [each.get("location") for each in wsdl.iter("{*}address")]
    wanted, seen = set(re.findall(r"\?xsd=([a-z]+)", answer.text)), set()
    while wanted - seen:
        name = (wanted - seen).pop()
        schema = peer.get(address, params={"xsd": name})
        assert schema.status_code == 200
        etree.fromstring(schema.content)
        seen.add(name)
        wanted |= set(re.findall(r"\?xsd=([a-z]+)", schema.text))
    assert seen <= set(SCHEMAS)
    assert seen


@pytest.mark.parametrize("query", ["", "?", "?wsdll", "?other=1"])
def test_another_get_is_not_allowed(cloud: RunningCloud, peer: httpx.Client, query: str) -> None:
    """Only `?wsdl` and `?xsd=` are read; SOAP is posted."""
    answer = peer.get(str(cloud.tenant.facts["registry"]) + query)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("query", ["wsdl", "xsd=rim", "xsd=../rim", ""])
def test_another_accounts_wsdl_is_like_nobodys(peer: httpx.Client, query: str) -> None:
    """A foreign account's and an unknown account's address get the same answer, byte by byte."""
    answers = [
        peer.get(f"/services/{account}/xds/registry?{query}") for account in (OTHER, "0000000000009999")
    ]
    assert {each.status_code for each in answers} == {404}
    assert len({each.content for each in answers}) == 1


@pytest.mark.parametrize("name", ["nothing", "../rim", "rim.xsd", ""])
def test_an_unknown_schema_is_not_there(cloud: RunningCloud, peer: httpx.Client, name: str) -> None:
    """What is no schema of ours is 404; names lead nowhere else."""
    assert peer.get(str(cloud.tenant.facts["registry"]), params={"xsd": name}).status_code == 404


_LABELS = ("transaction", "outcome", "state", "le", "version")


def figures(operator: httpx.Client) -> dict[tuple[str, ...], float]:
    """Return all figures by name and values of labels, these in the order of `_LABELS`."""
    answer = operator.get("/metrics")
    assert answer.status_code == 200
    return {
        (sample.name, *(sample.labels[name] for name in _LABELS if name in sample.labels)): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


async def test_figures_follow_what_happens(
    cloud: RunningCloud, client: CloudClient, operator: httpx.Client
) -> None:
    """A submission is counted by transaction and outcome, with its bytes; a check gives its age."""
    before = figures(operator)
    await client.provide(one_document(b"x" * 1000))
    CliRunner(env=dict(cloud.environment)).invoke(app, ["check"])
    after = figures(operator)

    def grown(*name: str) -> float:
        return after[name] - before.get(name, 0.0)

    assert grown("erepo_requests_total", "ITI-41", "done") == 1
    assert grown("erepo_request_seconds_count", "ITI-41") == 1
    assert (grown("erepo_stored_documents"), grown("erepo_stored_bytes")) == (1, 1000)
    assert grown("erepo_audit_events_total") >= 1
    assert after["erepo_check_well",] == 1
    assert after["erepo_check_oldest_seconds",] >= 0
    assert after["erepo_database_up",] == 1
    assert {("erepo_writer_queue",), ("erepo_patient_messages_waiting",)} <= set(after)


def test_figures_are_the_operators_alone(cloud: RunningCloud, peer: httpx.Client) -> None:
    """A tenant's certificate gets what every unknown path gets: totals would tell of other tenants."""
    assert peer.get("/metrics").content == peer.get("/nothing").content
    assert peer.get("/metrics").status_code == 404


def test_figures_name_no_account_and_no_patient(operator: httpx.Client, peer: httpx.Client) -> None:
    """Whatever paths and accounts were asked for, no label grows by what clients write."""
    for path in ("/elsewhere", f"/services/{ACCOUNT}", "/services/80051212357/xds"):
        peer.get(path)
    text = operator.get("/metrics").text
    assert ACCOUNT not in text
    assert "80051212357" not in text
    assert "elsewhere" not in text


def test_an_operators_certificate_that_is_taken_away_is_nobodys(
    cloud: RunningCloud, operator: httpx.Client
) -> None:
    """Deleting its file in the service's home ends it at once."""
    assert operator.get("/metrics").status_code == 200
    for file in cloud.home.operator.glob("*.pem"):
        file.unlink()
    assert operator.get("/metrics").status_code == 404


def test_the_operators_certificate_opens_no_account(operator: httpx.Client) -> None:
    """It belongs to nobody: every account's path is unknown to it."""
    assert operator.get(f"/services/{ACCOUNT}").status_code == 404
    assert operator.get(f"/services/{ACCOUNT}/xds/registry?wsdl").status_code == 404
