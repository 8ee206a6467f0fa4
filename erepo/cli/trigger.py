"""Start runs of deployments and wait for them, over Prefect's REST API.

erepo imports no Prefect. Two things are done better than a bare POST does them: parameter names are checked
against the deployment's schema (Prefect accepts unknown ones and crashes later), and a busy server (SQLite
answers 503 under load) is asked again under an idempotency key, so that no run is started twice.
"""

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import httpx

from erepo.cli.errors import (
    DeploymentUnknown,
    ParameterUnknown,
    PrefectRefused,
    PrefectUnavailable,
    RunFailed,
    RunNotFinished,
)

_ATTEMPTS = 8
_FINAL = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")
#: Words of Prefect when a deployment's limit is reached and its collision rule is CANCEL_NEW.
_COLLISION = "concurrency limit reached"


@dataclass(frozen=True)
class Run:
    """A flow run as Prefect knows it."""

    id: str
    name: str
    state: str
    message: str
    address: str

    @property
    def final(self) -> bool:
        """Whether the run has ended."""
        return self.state in _FINAL

    @property
    def collided(self) -> bool:
        """Whether it was cancelled because another run of the deployment was going on."""
        return self.state == "CANCELLED" and _COLLISION in self.message.lower()


class Prefect:
    """Client of one Prefect server; a context manager.

    Args:
        url: root of the UI, `/api` below it.
        login: `user:password`, empty where the server asks for none.
    """

    def __init__(self, url: str, login: str = "") -> None:
        user, _, password = login.partition(":")
        self.url = url
        self._client = httpx.Client(
            base_url=f"{url}/api/",
            auth=(user, password) if login else None,
            timeout=httpx.Timeout(30, connect=5),
            trust_env=False,
        )
        self._csrf_client = str(uuid.uuid4())
        self._csrf: dict[str, str] = {}

    def find(self, deployment: str) -> dict[str, Any]:
        """Return a deployment, named `flow/deployment`, as Prefect describes it.

        Raises:
            DeploymentUnknown: there is none of that name.
            PrefectUnavailable: the server does not answer.
        """
        answer = self._ask("GET", f"deployments/name/{deployment}")
        if answer.status_code == httpx.codes.NOT_FOUND:
            raise DeploymentUnknown(deployment=deployment)
        found: dict[str, Any] = self._accepted(answer).json()
        return found

    def start(
        self, deployment: str, parameters: Mapping[str, object] | None = None, *, key: str | None = None
    ) -> Run:
        """Start a run now; with the same key a second call finds the run of the first.

        Raises:
            ParameterUnknown: the deployment has no parameter of that name.
            PrefectRefused: a parameter's value does not fit.
            PrefectUnavailable: the server does not answer.
        """
        found = self.find(deployment)
        known = found["parameter_openapi_schema"].get("properties", {})
        if strangers := sorted(set(parameters or {}) - set(known)):
            raise ParameterUnknown(
                deployment=deployment, names=", ".join(strangers), known=", ".join(sorted(known)) or "-"
            )
        body = {"parameters": dict(parameters or {}), "idempotency_key": key or str(uuid.uuid4())}
        answer = self._accepted(self._ask("POST", f"deployments/{found['id']}/create_flow_run", body))
        return self._run(answer.json())

    def read(self, run: str) -> Run:
        """Return the present state of a run."""
        return self._run(self._accepted(self._ask("GET", f"flow_runs/{run}")).json())

    def wait(self, run: str, limit: float, progress: Callable[[Run], None] = lambda _: None) -> Run:
        """Wait until a run has ended.

        Raises:
            RunNotFinished: it has not within `limit` seconds; it goes on.
        """
        end = time.monotonic() + limit
        while not (now := self.read(run)).final:
            progress(now)
            if time.monotonic() > end:
                raise RunNotFinished(run=now.name, state=now.state, seconds=round(limit), address=now.address)
            time.sleep(0.5)
        return now

    def run(
        self,
        deployment: str,
        parameters: Mapping[str, object] | None = None,
        *,
        limit: float = 3600,
        progress: Callable[[Run], None] = lambda _: None,
    ) -> Run:
        """Start a run and wait for its good end; give way to a run of the same deployment that is going on.

        Raises:
            RunFailed: it ended otherwise than Completed; the message is the flow's own.
            RunNotFinished: it did not end within `limit` seconds.
        """
        end = time.monotonic() + limit
        while True:
            started = self.start(deployment, parameters)
            ended = self.wait(started.id, max(1, end - time.monotonic()), progress)
            if ended.state == "COMPLETED":
                return ended
            if not ended.collided or time.monotonic() > end:
                raise RunFailed(
                    run=ended.name, state=ended.state, message=ended.message, address=ended.address
                )
            time.sleep(5)

    def answers(self) -> bool:
        """Tell, after one try, whether the server is there."""
        try:
            return self._client.get("health", timeout=3).is_success
        except httpx.TransportError:
            return False

    def resume(self, run: str) -> bool:
        """Let a suspended run go on, with an empty form.

        Returns:
            Whether it was suspended; one that is gone, ended or running is left alone.

        Raises:
            PrefectUnavailable: the server does not answer.
        """
        return self._changed(self._ask("POST", f"flow_runs/{run}/resume", {"run_input": {}}))

    def over(self, run: str) -> bool:
        """Tell whether a run has ended, or is not known (any more)."""
        answer = self._ask("GET", f"flow_runs/{run}")
        if answer.status_code in (httpx.codes.NOT_FOUND, httpx.codes.UNPROCESSABLE_ENTITY):
            return True
        return self._run(self._accepted(answer).json()).final

    def goes_on(self, flow: str, parameters: Mapping[str, object]) -> bool:
        """Tell whether a run of a flow with these parameters is going on, or about to.

        Raises:
            PrefectRefused: the server says no.
            PrefectUnavailable: it does not answer.
        """
        states = {"type": {"any_": ["RUNNING", "PENDING", "SCHEDULED"]}}
        body = {"flows": {"name": {"any_": [flow]}}, "flow_runs": {"state": states}, "limit": 200}
        found = self._accepted(self._ask("POST", "flow_runs/filter", body)).json()
        return any(parameters.items() <= one["parameters"].items() for one in found)

    def cancel(self, run: str, message: str) -> bool:
        """End a run that waits; one that is gone or has ended is left alone.

        Returns:
            Whether it was ended.

        Raises:
            PrefectUnavailable: the server does not answer.
        """
        if self.over(run):
            return False
        state = {"type": "CANCELLED", "message": message}
        return self._changed(self._ask("POST", f"flow_runs/{run}/set_state", {"state": state, "force": True}))

    def _changed(self, answer: httpx.Response) -> bool:
        """Tell whether a state was accepted; Prefect says no with 200 as well."""
        if answer.status_code in (httpx.codes.NOT_FOUND, httpx.codes.UNPROCESSABLE_ENTITY):
            return False
        return bool(self._accepted(answer).json().get("status") == "ACCEPT")

    def request(self, method: str, path: str, body: object = None) -> Any:
        """Ask for something else below `/api/`; None where it is not there or nothing is said.

        Raises:
            PrefectRefused: the server says no.
            PrefectUnavailable: it does not answer.
        """
        answer = self._ask(method, path, body)
        if answer.status_code in (httpx.codes.NOT_FOUND, httpx.codes.NO_CONTENT):
            return None
        return self._accepted(answer).json()

    def end_orphans(self, pool: str, before: datetime) -> int:
        """Mark as crashed every run of a work pool that is said to go on; the caller knows that none does.

        A `kill -9` of everything leaves runs "Running" for ever, and their slots taken.

        Args:
            pool: the work pool.
            before: runs due later are left alone; aware.

        Returns:
            How many were ended.
        """
        wanted = {
            "state": {"type": {"any_": ["RUNNING", "PENDING", "CANCELLING"]}},
            "expected_start_time": {"before_": before.isoformat()},
        }
        body = {"work_pools": {"name": {"any_": [pool]}}, "flow_runs": wanted, "limit": 200}
        open_runs = self._accepted(self._ask("POST", "flow_runs/filter", body)).json()
        state = {"type": "CRASHED", "message": "The machine stopped; nothing is lost, the next run goes on."}
        for one in open_runs:
            self._accepted(
                self._ask("POST", f"flow_runs/{one['id']}/set_state", {"state": state, "force": True})
            )
        return len(open_runs)

    def _run(self, body: dict[str, Any]) -> Run:
        state = body.get("state") or {}
        return Run(
            id=body["id"],
            name=body["name"],
            state=body.get("state_type") or "PENDING",
            message=state.get("message") or "",
            address=f"{self.url}/runs/flow-run/{body['id']}",
        )

    def _ask(self, method: str, path: str, body: object = None) -> httpx.Response:
        """Send one request; what answers 503 or not at all is asked again with growing delays."""
        trouble = "no answer"
        for attempt in range(_ATTEMPTS):
            if attempt:
                time.sleep(min(0.2 * 2**attempt, 5))
            try:
                answer = self._client.request(method, path, json=body, headers=self._headers(method))
            except httpx.TransportError as error:
                trouble = type(error).__name__
                continue
            if answer.status_code == httpx.codes.FORBIDDEN and "csrf" in answer.text.lower():
                self._csrf = {}
                continue
            if answer.status_code not in (httpx.codes.SERVICE_UNAVAILABLE, httpx.codes.TOO_MANY_REQUESTS):
                return answer
            trouble = str(answer.status_code)
        raise PrefectUnavailable(address=self.url, answer=trouble)

    def _headers(self, method: str) -> dict[str, str]:
        if method == "GET":
            return {}
        if not self._csrf:
            answer = self._client.get("csrf-token", params={"client": self._csrf_client})
            if answer.status_code != httpx.codes.OK:  # protection is off
                return {}
            self._csrf = {
                "Prefect-Csrf-Token": answer.json()["token"],
                "Prefect-Csrf-Client": self._csrf_client,
            }
        return self._csrf

    def _accepted(self, answer: httpx.Response) -> httpx.Response:
        if answer.is_success:
            return answer
        request = f"{answer.request.method} {answer.request.url.path}"
        raise PrefectRefused(request=request, answer=f"{answer.status_code} {answer.text[:500]}")

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
