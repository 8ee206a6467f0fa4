"""One visit to the service, which many checks read: does it answer, how fast, what time is it there."""

import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Annotated, Any, TypeVar

import httpx
import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from erepo.clinic.rest import AccountClient, AccountState
from erepo.clinic.rest.errors import AnswerInvalid
from erepo.errors import ErepoError
from erepo.settings import HttpTimeouts
from erepo.soap.errors import AddressUnknown

_M = TypeVar("_M", bound=BaseModel)
_Word = Annotated[str, BeforeValidator(lambda value: "" if value is None else value)]


class P1State(BaseModel):
    """What the service says of the account's P1 certificates; fields beyond these are left alone."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore", frozen=True)

    state: str
    repository_id: _Word = ""


class Registered(BaseModel):
    """One certificate that the service has registered for the account."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    purpose: str
    fingerprint: str
    state: str


@dataclass(frozen=True)
class Visit:
    """What one visit brought.

    Attributes:
        state: the account as the service sees it; None where an error came instead.
        error: why there is no state.
        seconds: the slowest exchange.
        ahead: seconds our clock is ahead of the service's; None where it told no time.
    """

    state: AccountState | None
    error: ErepoError | None
    seconds: float
    ahead: float | None


@dataclass
class _Clocks:
    """Measures exchanges and compares clocks."""

    started: float = 0.0
    slowest: float = 0.0
    offsets: list[float] = field(default_factory=list)

    def begin(self, _request: httpx.Request) -> None:
        self.started = time.monotonic()

    def end(self, response: httpx.Response) -> None:
        took = time.monotonic() - self.started
        self.slowest = max(self.slowest, took)
        with suppress(KeyError, TypeError, ValueError):
            there = parsedate_to_datetime(response.headers["date"])
            here = datetime.now(UTC).timestamp() - took / 2
            # The header counts whole seconds: half of one is added.
            self.offsets.append(here - (there.timestamp() + 0.5))

    @property
    def ahead(self) -> float | None:
        return min(self.offsets, key=abs, default=None)


class Asker(AccountClient):
    """An account client that watches the clock, and asks what is asked nowhere else."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """Prepare the channel as `AccountClient` does."""
        super().__init__(*arguments, **options)
        self._clocks = _Clocks()
        self._client.event_hooks = {"request": [self._clocks.begin], "response": [self._clocks.end]}

    def visit(self) -> Visit:
        """Ask for the account's state, twice: the first exchange pays for the handshake."""
        state: AccountState | None = None
        problem: ErepoError | None = None
        began = time.monotonic()
        try:
            state = self.state()
            state = self.state()
        except ErepoError as error:
            problem = error
        slowest = self._clocks.slowest or time.monotonic() - began
        return Visit(state, problem, slowest, self._clocks.ahead)

    def p1_state(self) -> P1State | None:
        """Return what the service holds for P1; None where it has no such resource.

        Raises:
            ErepoError: as `AccountClient.state`.
        """
        answer = self._ask("/p1/certificates")
        return None if answer is None else _read(P1State, answer, self._address)

    def registered(self) -> list[Registered] | None:
        """Return the registered certificates; None where the service has no such resource.

        Raises:
            ErepoError: as `AccountClient.state`.
        """
        answer = self._ask("/certificates")
        if answer is None:
            return None
        listed = answer.get("certificates", [])
        return [_read(Registered, one, self._address) for one in listed]

    def _ask(self, path: str) -> dict[str, Any] | None:
        address = self._address + path
        try:
            status, content = self._send("GET", address, None)
            if status in (httpx.codes.NOT_FOUND, httpx.codes.METHOD_NOT_ALLOWED):
                return None
            if status != httpx.codes.OK:
                # The same words as for any other exchange.
                self.state()
                raise AnswerInvalid(address=address, reason=str(status))
            answer = orjson.loads(content)
        except AddressUnknown:
            return None
        except orjson.JSONDecodeError:
            raise AnswerInvalid(address=address, reason="JSON") from None
        if not isinstance(answer, dict):
            raise AnswerInvalid(address=address, reason="JSON")
        return answer


def _read(model: type[_M], value: object, address: str) -> _M:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        fields = {".".join(map(str, each["loc"])) for each in error.errors()}
        raise AnswerInvalid(address=address, reason=", ".join(sorted(fields))[:200]) from None


def bounded(timeouts: HttpTimeouts, seconds: float) -> HttpTimeouts:
    """Return time limits that fit into a check: the settings' own, where they are shorter."""
    return HttpTimeouts(**{name: min(value, seconds) for name, value in timeouts.model_dump().items()})
