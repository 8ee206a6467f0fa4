"""Who is let in, and in whose words it is told that somebody is not."""

import hashlib
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from erepo.api.errors import TokenNameInvalid, TokenNameTaken, TokenUnknown, TooManyFailures
from erepo.api.limiting import WINDOW, FailureLimit
from erepo.api.problems import spoken
from erepo.api.tokens import Scope, add_token, check_token, list_tokens, revoke_token
from erepo.clinic.database import Database, open_clinic
from erepo.clinic.tables import audit_event
from erepo.clinic.tables_api import api_token
from erepo.settings import Settings
from tests.support.api import RunningApi

#: Each resource with the one scope that opens it.
RESOURCES = [
    ("POST", "/api/documents", "documents:write"),
    ("GET", "/api/documents", "documents:read"),
    ("POST", "/api/documents/search", "documents:read"),
    ("GET", f"/api/documents/{'0' * 32}", "documents:read"),
    *(
        ("GET", f"/api/documents/{'0' * 32}/{part}", "documents:open")
        for part in ("page", "content", "files", "attachments")
    ),
    ("POST", "/api/deletions", "documents:delete"),
    ("POST", "/api/migrations", "migrations"),
    ("GET", f"/api/migrations/{'0' * 32}", "migrations"),
    ("POST", "/api/unblockings", "migrations"),
    ("GET", f"/api/documents/{'0' * 32}/index", "documents:read"),
    ("POST", "/api/indexings", "indexes"),
    ("PUT", f"/api/documents/{'0' * 32}/medical-event", "indexes"),
    ("GET", "/api/index-report", "indexes"),
    ("GET", "/api/kinds", "kinds:read"),
    ("PUT", "/api/kinds/lab_result", "kinds:write"),
    ("POST", "/api/webhooks", "webhooks"),
    ("GET", "/api/webhooks", "webhooks"),
    ("DELETE", f"/api/webhooks/{'0' * 32}", "webhooks"),
    ("POST", f"/api/webhooks/{'0' * 32}/retry", "webhooks"),
]


@pytest.fixture
def database(tmp_path: Path) -> Database:
    """A clinic's database of the test's own."""
    return open_clinic(Settings(_env_file=None, home=tmp_path))


@pytest.mark.parametrize(("method", "path", "scope"), RESOURCES)
def test_each_resource_needs_its_scope(api: RunningApi, method: str, path: str, scope: str) -> None:
    """Without the scope 403 names it; with that scope alone the request gets beyond the door."""
    others = [one.value for one in Scope if one.value != scope]
    with api.client(*others) as outside:
        answer = outside.request(method, path)
        assert (answer.status_code, answer.json()["code"]) == (403, "api.scope-missing")
        assert scope in answer.json()["cause"]
    with api.client(scope) as inside:
        assert inside.request(method, path).status_code not in {401, 403}


def test_who_is_not_let_in(api: RunningApi) -> None:
    """No token, no token of ours, a wrong secret and a revoked token: 401, and which of them is not told."""
    name, good = api.token("kinds:read")
    _, revoked = api.token("kinds:read")
    with api.database.begin() as connection:
        revoke_token(connection, list_tokens(connection)[-1].name, actor="test")
    with httpx.Client(base_url=api.url, trust_env=False, timeout=60) as http:
        missing = http.get("/api/kinds")
        assert (missing.status_code, missing.json()["code"]) == (401, "api.token-missing")
        assert missing.headers["www-authenticate"] == "Bearer"
        wrong = [good[:-1] + ("A" if good[-1] != "A" else "B"), revoked, "erepo_x", "ą"]
        for token in wrong:
            answer = http.get("/api/kinds", headers={"authorization": f"Bearer {token}".encode()})
            assert (answer.status_code, answer.json()["code"]) == (401, "api.token-refused")
        assert http.get("/api/kinds", headers={"authorization": f"Bearer {good}"}).status_code == 200
    assert name


def test_guessing_is_limited(api: RunningApi) -> None:
    """After some wrong secrets a token is refused even with the right one; other tokens go on working."""
    _, token = api.token("kinds:read")
    with (
        api.client("kinds:read") as other,
        httpx.Client(base_url=api.url, trust_env=False, timeout=60) as http,
    ):
        for number in range(api.settings.api.failures):
            guess = f"{token[:-2]}{number:02d}"
            if guess != token:
                http.get("/api/kinds", headers={"authorization": f"Bearer {guess}"})
        http.get("/api/kinds", headers={"authorization": f"Bearer {token[:-2]}__"})
        limited = http.get("/api/kinds", headers={"authorization": f"Bearer {token}"})
        assert (limited.status_code, limited.json()["code"]) == (429, "api.too-many-failures")
        assert 0 < int(limited.headers["retry-after"]) <= WINDOW + 1
        assert other.get("/api/kinds").status_code == 200


def test_failures_are_forgotten() -> None:
    """A minute later somebody may try again; what is remembered stays bounded."""
    time = [0.0]
    limit = FailureLimit(2, clock=lambda: time[0])
    for _ in range(5):
        limit.failed(("a", "1"))
    with pytest.raises(TooManyFailures):
        limit.check(("a", "1"))
    limit.check(("a", "2"))
    limit.check(("b", "1"))
    time[0] = WINDOW + 0.1
    limit.check(("a", "1"))
    for number in range(20_000):
        limit.failed(("c", str(number)))
    assert len(limit._failures) <= 10_000


def test_only_the_hash_is_kept(database: Database) -> None:
    """The database holds the SHA-256 of the secret, and neither it nor the history the secret."""
    with database.begin() as connection:
        token = add_token(connection, "his", [Scope.KINDS_READ], actor="staff")
    secret = token.split("_", 2)[2]
    with database.read() as connection:
        row = connection.execute(sa.select(api_token)).one()
        events = connection.execute(sa.select(audit_event)).all()
    assert row.sha256 == hashlib.sha256(secret.encode()).hexdigest()
    assert secret not in f"{row}{events}"
    assert len(secret) == 43


def test_use_is_noted_once_a_minute(database: Database) -> None:
    """When a token was used last is kept, without a write for each use."""
    with database.begin() as connection:
        token = add_token(connection, "his", [Scope.KINDS_READ], actor="staff")
    check_token(database, token)
    with database.read() as connection:
        (first,) = list_tokens(connection)
    check_token(database, token)
    with database.read() as connection:
        (second,) = list_tokens(connection)
    assert first.last_used_at is not None
    assert first == second


def test_names_of_tokens(database: Database) -> None:
    """A name is plain and in use once; revoked, it is free again, and the history knows of both."""
    with database.begin() as connection:
        for name in ("", "Jan Kowalski", "1a", "a" * 41):
            with pytest.raises(TokenNameInvalid):
                add_token(connection, name, [], actor="staff")
        add_token(connection, "his", [], actor="staff")
        with pytest.raises(TokenNameTaken):
            add_token(connection, "his", [], actor="staff")
        revoke_token(connection, "his", actor="staff")
        with pytest.raises(TokenUnknown):
            revoke_token(connection, "his", actor="staff")
        add_token(connection, "his", [], actor="staff")
        events = connection.execute(sa.select(audit_event.c.event).order_by(audit_event.c.id)).scalars()
        assert list(events) == ["api_token_added", "api_token_revoked", "api_token_added"]


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("pl", "pl"),
        ("en-GB,en;q=0.9,pl;q=0.8", "en"),
        ("de, pl-PL;q=0.3, en;q=0.2", "pl"),
        ("pl;q=0", "en"),
        ("*", "en"),
        ("", "en"),
        ("pl;q=9, " * 1000, "pl"),
    ],
)
def test_languages(header: str, language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The language that is liked best of the two; else the installation's."""
    monkeypatch.setenv("EREPO_LANGUAGE", "en")
    assert spoken(header) == language
