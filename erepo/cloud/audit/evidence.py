"""What every request leaves behind, written with its effect or instead of one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from erepo.cloud.audit.events import Action, Event, Result, Who
from erepo.xds.responses import RegistryError

#: Code of an event whose message had been accepted before.
REPLAYED = "soap.message-replayed"


@dataclass(frozen=True, slots=True)
class Once:
    """Something that may be accepted once: a message or an assertion."""

    key: bytes
    """SHA-256."""
    until: datetime
    """UTC, naive: after it the thing is refused for its age."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The events of a request, and what may not come again."""

    tenant_id: int
    """0 when the connection belongs to no account."""
    events: tuple[Event, ...]
    once: tuple[Once, ...] = ()

    def ended(self, errors: Sequence[RegistryError] = ()) -> "Evidence":
        """Return the evidence with the outcome that an answer's errors mean; warnings are no failure.

        What was refused before its job was written stays so: a failed login writes, too.
        """
        if any(each.result is not Result.SUCCESS for each in self.events):
            return self
        codes = tuple(dict.fromkeys(str(error.code) for error in errors))
        failed = any(error.is_error for error in errors)
        result = Result.MINOR if failed else Result.SUCCESS
        return self._with(result, codes)

    def refused(self, code: str, result: Result = Result.SERIOUS) -> "Evidence":
        """Return the evidence of a request that was refused for one reason."""
        return self._with(result, (code,))

    def _with(self, result: Result, codes: tuple[str, ...]) -> "Evidence":
        return replace(self, events=tuple(each.ended(result, codes) for each in self.events))


def now() -> datetime:
    """The present as the tables keep it: UTC, naive."""
    return datetime.now(UTC).replace(tzinfo=None)


def told(facts: bytes) -> Event:
    """Return an event as it was kept; one that was tampered with is told as such, and stops no other."""
    try:
        return Event.read(facts)
    except (ValueError, KeyError, TypeError):
        return Event("audit", Action.READ, Who(), now(), result=Result.MAJOR, codes=("cloud.audit-damaged",))
