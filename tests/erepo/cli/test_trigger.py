"""The client of Prefect's REST API, against a real server of small size."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from erepo.cli import trigger
from erepo.cli.errors import (
    DeploymentUnknown,
    ParameterUnknown,
    PrefectRefused,
    PrefectUnavailable,
    RunFailed,
    RunNotFinished,
)
from erepo.cli.trigger import Prefect


class Scripted(ThreadingHTTPServer):
    """Speaks as Prefect does, from a script the test fills in."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.busy = 0
        self.csrf = False
        self.states: list[tuple[str, str]] = [("COMPLETED", "")]
        self.keys: list[str] = []
        self.authorisations: set[str] = set()
        self.open_runs: list[str] = []
        self.ended: list[str] = []


class Handler(BaseHTTPRequestHandler):
    """One request to the scripted Prefect."""

    server: Scripted

    def do_GET(self) -> None:
        """Answer questions."""
        self.server.authorisations.add(self.headers.get("Authorization", ""))
        if self.path.startswith("/api/csrf-token"):
            self._say(200 if self.server.csrf else 422, {"token": "t0ken"})
        elif self.path == "/api/health":
            self._say(200, {})
        elif self.path == "/api/deployments/name/archive-documents/scheduled":
            self._say(200, {"id": "d1", "parameter_openapi_schema": {"properties": {"connection": {}}}})
        elif self.path == "/api/flow_runs/r1":
            state = self.server.states.pop(0) if len(self.server.states) > 1 else self.server.states[0]
            self._say(200, self._run(*state))
        else:
            self._say(404, {"detail": "not found"})

    def do_POST(self) -> None:
        """Answer orders."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.server.busy:
            self.server.busy -= 1
            self._say(503, {"detail": "busy"})
        elif self.server.csrf and self.headers.get("Prefect-Csrf-Token") != "t0ken":
            self._say(403, {"detail": "Missing CSRF token."})
        elif self.path == "/api/flow_runs/filter":
            self._say(200, [{"id": one} for one in self.server.open_runs])
        elif self.path.endswith("/set_state"):
            assert body["state"]["type"] == "CRASHED"
            self.server.ended.append(self.path.split("/")[3])
            self._say(201, {})
        elif body.get("parameters", {}).get("connection") == "bad":
            self._say(409, {"detail": "Validation failed"})
        else:
            self.server.keys.append(body["idempotency_key"])
            self._say(201, self._run("SCHEDULED", ""))

    def _run(self, state: str, message: str) -> dict[str, Any]:
        return {"id": "r1", "name": "run", "state_type": state, "state": {"message": message}}

    def _say(self, status: int, body: object) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@pytest.fixture
def server() -> Iterator[Scripted]:
    """Give a running scripted server."""
    with Scripted() as one:
        thread = threading.Thread(target=one.serve_forever, args=(0.01,))
        thread.start()
        yield one
        one.shutdown()
        thread.join()


@pytest.fixture
def client(server: Scripted, monkeypatch: pytest.MonkeyPatch) -> Iterator[Prefect]:
    """Give a client that does not sleep."""
    monkeypatch.setattr(trigger.time, "sleep", lambda _: None)
    with Prefect(f"http://127.0.0.1:{server.server_port}", "admin:pass") as one:
        yield one


def test_a_run_is_started_and_awaited(client: Prefect, server: Scripted) -> None:
    """Start, watch, and return the run that Completed; the address leads a person to it."""
    server.states = [("RUNNING", ""), ("COMPLETED", "")]
    seen: list[str] = []
    run = client.run(
        "archive-documents/scheduled", {"connection": "clinic"}, progress=lambda r: seen.append(r.state)
    )
    assert run.state == "COMPLETED"
    assert seen == ["RUNNING"]
    assert run.address.endswith("/runs/flow-run/r1")
    assert server.authorisations == {"Basic YWRtaW46cGFzcw=="}


def test_an_unknown_parameter_is_refused_before_anything_starts(client: Prefect, server: Scripted) -> None:
    """Prefect itself would accept it and crash later."""
    with pytest.raises(ParameterUnknown, match="conection"):
        client.start("archive-documents/scheduled", {"conection": "clinic"})
    assert server.keys == []


def test_an_unknown_deployment_is_named(client: Prefect) -> None:
    """The error says which, and how to register it."""
    with pytest.raises(DeploymentUnknown, match="no/such"):
        client.start("no/such")


def test_a_busy_server_is_asked_again_under_one_key(client: Prefect, server: Scripted) -> None:
    """503 is Prefect's word for a locked SQLite; the repeat cannot start a second run."""
    server.busy = 3
    client.start("archive-documents/scheduled", key="once")
    assert server.keys == ["once"]


def test_a_server_that_stays_busy_is_unavailable(client: Prefect, server: Scripted) -> None:
    """Patience ends."""
    server.busy = 1000
    with pytest.raises(PrefectUnavailable, match="503"):
        client.start("archive-documents/scheduled")


def test_nobody_there_is_unavailable(monkeypatch: pytest.MonkeyPatch, server: Scripted) -> None:
    """The error names the address."""
    monkeypatch.setattr(trigger.time, "sleep", lambda _: None)
    with (
        Prefect("http://127.0.0.1:1") as nobody,
        pytest.raises(PrefectUnavailable, match=r"127\.0\.0\.1:1"),
    ):
        nobody.find("a/b")


def test_csrf_protection_is_answered(client: Prefect, server: Scripted) -> None:
    """The token is fetched once the server asks for one."""
    server.csrf = True
    assert client.start("archive-documents/scheduled").id == "r1"


def test_a_bad_value_is_refused_with_the_servers_words(client: Prefect) -> None:
    """What Prefect says about a value reaches the user."""
    with pytest.raises(PrefectRefused, match="Validation failed"):
        client.start("archive-documents/scheduled", {"connection": "bad"})


def test_a_failed_run_tells_the_flows_own_message(client: Prefect, server: Scripted) -> None:
    """Cause and cure that the flow gave are not lost on the way."""
    server.states = [("FAILED", "The service does not answer.")]
    with pytest.raises(RunFailed, match="does not answer"):
        client.run("archive-documents/scheduled")


def test_a_collision_is_waited_out(client: Prefect, server: Scripted) -> None:
    """Cancelled because another run goes on means: start again a little later."""
    server.states = [("CANCELLED", "Deployment concurrency limit reached."), ("COMPLETED", "")]
    assert client.run("archive-documents/scheduled").state == "COMPLETED"
    assert len(set(server.keys)) == 2


def test_a_run_that_lasts_too_long_is_left_alone(client: Prefect, server: Scripted) -> None:
    """Waiting ends, the run goes on, the error says where to watch it."""
    server.states = [("RUNNING", "")]
    with pytest.raises(RunNotFinished, match="runs/flow-run/r1"):
        client.wait("r1", 0)


def test_runs_without_a_process_are_ended(client: Prefect, server: Scripted) -> None:
    """Each open run of the pool is set to crashed; how many is told."""
    server.open_runs = ["r1", "r2"]
    assert client.end_orphans("erepo", datetime.now(UTC)) == 2
    assert server.ended == ["r1", "r2"]
