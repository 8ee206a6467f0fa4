"""The application as a whole: its description, its errors, where it listens."""

import asyncio
import re
import ssl
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from typer.testing import CliRunner

from erepo.api.app import Guard, bounded
from erepo.api.errors import TlsUnusable, UploadTimeout
from erepo.api.problems import status_of
from erepo.api.server import check_authorities, tls_of
from erepo.cli.api import app as commands
from erepo.clinic.rest.errors import AnswerInvalid
from erepo.errors import ErepoError
from erepo.pki.keys import clear_key
from erepo.settings import Settings
from erepo.soap.errors import AnswerMismatched, SignatureInvalid
from tests.support.api import RunningApi, running_api
from tests.support.descriptions import examples, indiscretions
from tests.support.tls_server import make_pki


@pytest.fixture(scope="module")
def described(api: RunningApi) -> dict[str, Any]:
    """The description of the interface."""
    found: dict[str, Any] = httpx.get(f"{api.url}/openapi.json", trust_env=False, timeout=60).json()
    return found


def test_the_description_is_openapi(described: dict[str, Any]) -> None:
    """It is valid OpenAPI 3.1, and each operation says what it needs, what for, and how it fails."""
    OpenAPIV31SpecValidator(described).validate()
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            assert operation["security"] == [{"token": []}], (path, method)
            assert operation["summary"]
            assert operation["operationId"]
            assert {"401", "403", "429", "503", "default"} <= set(operation["responses"])
            assert "HTTPValidationError" not in str(operation)


def test_examples_are_what_they_are_examples_of(described: dict[str, Any]) -> None:
    """Each fits the schema it stands in, is no person's number that may exist, and none is in an address."""
    for schema in described["components"]["schemas"].values():
        for name, field in schema.get("properties", {}).items():
            assert field.get("description") or field.get("examples") or "$ref" in str(field), name
    assert indiscretions(described) == []
    told = examples(described)
    assert len(told) > 200
    assert [place for place, true in told if not true] == []


def test_answers_are_as_described(described: dict[str, Any], http: httpx.Client) -> None:
    """What comes back fits the description: a document, a list, a problem."""

    def check(answer: httpx.Response, path: str) -> None:
        operation = described["paths"][path][answer.request.method.lower()]
        content = operation["responses"][str(answer.status_code)]["content"]
        (schema,) = content.values()
        assert answer.headers["content-type"] in content
        Draft202012Validator({**schema["schema"], "components": described["components"]}).validate(
            answer.json()
        )

    form = {"document": ("a", b"%PDF-1.7 described"), "metadata": (None, '{"patient": "44051401359"}')}
    made = http.post("/api/documents", files=form)
    check(made, "/api/documents")
    check(http.get("/api/documents"), "/api/documents")
    check(http.get("/api/documents?limit=0"), "/api/documents")
    check(http.get(f"/api/documents/{made.json()['id']}"), "/api/documents/{public_id}")
    check(http.get("/api/kinds"), "/api/kinds")
    check(http.get("/api/webhooks"), "/api/webhooks")


def test_what_is_not_there(api: RunningApi, http: httpx.Client) -> None:
    """Unknown paths and methods are problems as well; a method that is known is named."""
    unknown = http.get("/api/nothing")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "api.path-unknown")
    assert http.get("/api/kinds/").status_code == 404
    method = http.patch("/api/documents")
    assert (method.status_code, method.json()["code"]) == (405, "api.method-not-allowed")
    assert method.headers["allow"] == "GET, POST"
    assert http.get("/health").json() == {"status": "ok"}
    assert httpx.get(f"{api.url}/docs", trust_env=False, timeout=60).status_code == 404


def test_bodies_that_are_no_documents_are_small(api: RunningApi, http: httpx.Client) -> None:
    """Announced or not, with or without a token, a large body is read by nobody; nonsense is a problem."""
    for content in (b"[" * 70_000, iter([b"[" * 40_000] * 2)):
        large = httpx.post(f"{api.url}/api/documents/search", content=content, trust_env=False, timeout=60)
        assert (large.status_code, large.json()["code"]) == (413, "api.request-too-large")
    json = {"content-type": "application/json"}
    for content in (b"[" * 60_000, b"{", b"\xff"):
        nonsense = http.post("/api/documents/search", content=content, headers=json)
        assert (nonsense.status_code, nonsense.json()["code"][:4]) == (400, "api.")


async def test_bodies_that_never_come() -> None:
    """A body is waited for a while; after it nothing is waited for any more."""

    async def silent() -> dict[str, Any]:
        return await asyncio.Event().wait()  # type: ignore[return-value]

    with pytest.raises(UploadTimeout):
        await bounded(silent, 0.01)()

    async def whole() -> dict[str, Any]:
        await asyncio.sleep(0.6 if reads else 0)
        reads.append(1)
        return {"type": "http.request", "body": b"x", "more_body": False}

    reads: list[int] = []
    limited = bounded(whole, 0.5)
    await limited()
    await limited()


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (ValueError("44051401359"), 500, "api.unexpected"),
        (OSError(28, "No space left on device", "44051401359.xml"), 503, "erepo.machine"),
        (sa.exc.OperationalError("44051401359", {}, RuntimeError("44051401359")), 503, "erepo.machine"),
    ],
)
async def test_errors_tell_nothing_of_what_was_sent(
    error: Exception, status: int, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever fails inside is answered with code and cure; neither answer nor log quotes it."""

    async def failing(*_: object) -> None:
        raise error

    with caplog.at_level("INFO", logger="erepo.api"):
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(Guard(failing)), base_url="http://x"
        ) as http:
            answer = await http.get("/44051401359")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert "44051401359" not in answer.text + caplog.text


def test_beyond_this_machine_only_with_tls(tmp_path: Path) -> None:
    """Without a certificate the command refuses to listen where others can reach it."""
    environment = {"EREPO_HOME": str(tmp_path), "EREPO_API__HOST": "0.0.0.0", "EREPO_LANGUAGE": "pl"}
    ended = CliRunner(env=environment).invoke(commands, ["serve"])
    assert ended.exit_code == 1
    assert "brak certyfikatu TLS" in ended.stderr


def test_https(tmp_path: Path) -> None:
    """With certificate and key it speaks TLS; it ends with exit code 0 when asked to."""
    pki = make_pki()
    certificate, key = tmp_path / "api.pem", tmp_path / "api.key"
    certificate.write_bytes(pki.server.certificate_pem)
    key.write_bytes(clear_key(pki.server.key))
    with running_api(tmp_path, certificate=str(certificate), key=str(key)) as api:
        assert api.url.startswith("https://")
        context = ssl.create_default_context(cadata=pki.authority.pem.decode())
        assert httpx.get(f"{api.url}/health", verify=context, trust_env=False, timeout=60).status_code == 200
        assert api.stop() == 0


@pytest.mark.parametrize(
    "given", [{"certificate": "nothing.pem", "key": "nothing.pem"}, {"key": "nothing.pem"}]
)
def test_files_of_tls_that_cannot_be_used(given: dict[str, str]) -> None:
    """Missing files, or one without the other, are told as such."""
    with pytest.raises(TlsUnusable):
        tls_of(Settings(_env_file=None, api=given))  # type: ignore[arg-type]
    with pytest.raises(TlsUnusable, match="EREPO_API__WEBHOOK_CA"):
        check_authorities(Settings(_env_file=None, api={"webhook_ca": Path(__file__)}))  # type: ignore[arg-type]


def test_the_table_of_codes(described: dict[str, Any]) -> None:
    """Every code of this interface stands in its reference."""
    from erepo.api import errors  # noqa: PLC0415

    page = (Path(__file__).parents[3] / "docs" / "reference" / "api.md").read_text(encoding="utf-8")
    codes = {
        one.code
        for one in vars(errors).values()
        if isinstance(one, type) and one.__module__ == errors.__name__
    }
    assert codes <= set(re.findall(r"`([a-z.-]+)`", page))


@pytest.mark.parametrize(
    "error",
    [
        AnswerInvalid(address="https://service", reason="state"),
        AnswerMismatched(address="https://service", rule="another action than expected"),
        SignatureInvalid(rule="digest"),
    ],
)
def test_what_a_repository_answers_is_no_fault_of_the_request(error: ErepoError) -> None:
    """An answer that cannot be understood or trusted is told as that of a bad gateway."""
    assert status_of(error) == 502
