"""What is kept of every access (IHE ITI-20; DICOM PS3.15 A.5 gives the words).

An event names people and documents: it lives in the audit tables and goes to the operator's audit
repository, never into a log, a metric or an error.
"""

import os
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any, Final

import orjson

#: Events of the service itself, beside transactions of the profiles and REST resources.
OPERATOR: Final = "operator"
PANEL: Final = "panel"
#: The patients' side: signing in, looking at lists.
PORTAL: Final = "portal"
NODE: Final = "node-authentication"
#: P1 is told that a document of another provider was fetched; `endpoint` is that provider's repository.
CONSUMED: Final = "ITI-43: consumer"
#: Somebody reads without a consent because a life is in danger: an alarm beside the event of the reading.
BREAK_GLASS: Final = "break-glass"
#: A person opened a document that is shared with them.
SHARED_DOCUMENT: Final = "shared-document"
#: A consent ended while its documents were being sent.
CUT_OFF: Final = "consent-ended"

#: Most characters of an object's id, and of what is said of it; those of XDS have at most 256.
LONGEST: Final = 512
#: Of a query's request in base64.
LONGEST_QUERY: Final = 48 * 1024


class Action(StrEnum):
    """EventActionCode."""

    CREATE = "C"
    READ = "R"
    UPDATE = "U"
    DELETE = "D"
    EXECUTE = "E"


class Result(IntEnum):
    """EventOutcomeIndicator."""

    SUCCESS = 0
    MINOR = 4
    """Refused or failed; the service goes on."""
    SERIOUS = 8
    """The message or its sender could not be trusted."""
    MAJOR = 12
    """The service could not do its work."""


@dataclass(frozen=True, slots=True)
class Who:
    """Who asked, from where, through which door."""

    account: str = ""
    """Account of the connection's certificate, or `OID:number` of a provider that P1 vouches for; empty when
    it is nobody's."""
    tls: str = ""
    """Fingerprint of the connection's certificate."""
    signer: str = ""
    """Fingerprint of the certificate that signed the message."""
    user: str = ""
    """The acting person as `OID:number` of the assertion (ITI-40); the login of an operator, or of a panel's
    administrator."""
    role: str = ""
    """In which role the person acts, as `code^^scheme`."""
    purpose: str = ""
    """Purpose of use, as `code^^scheme`."""
    address: str = ""
    endpoint: str = ""


@dataclass(frozen=True, slots=True)
class Thing:
    """An object that was touched: its kind and id.

    Kinds: `patient`, `document`, `set` (of a submission), `folder`, `object` (of the registry), `query`;
    `withheld`: a document that was asked for and not given; `audit`: pages of the record itself; `setting`:
    what the operator or the account changed; `structure`: of the provider, by its hash; `administrator`: of
    the panel; `consent`: by its id; `reason`: that an emergency states; `invitation`: of a patient, by its
    id; `person`: who signs in, by a keyed hash; `session`: by its id.
    """

    kind: str
    id: str
    detail: str = ""
    """repositoryUniqueId of a document, SOZ's word about one, the request of a query in base64, the new value
    of a setting."""

    def bounded(self) -> "Thing":
        """Return it with no more text than an honest one has: a record keeps what a request claims."""
        most = LONGEST_QUERY if self.kind == "query" else LONGEST
        if len(self.id) <= LONGEST and len(self.detail) <= most:
            return self
        return Thing(self.kind, self.id[:LONGEST], self.detail[:most])


@dataclass(frozen=True, slots=True)
class Event:
    """One event; `result` and `codes` are filled in when the outcome is known."""

    transaction: str
    """`ITI-41`, or the name of a REST resource."""
    action: Action
    who: Who
    at: datetime
    """UTC, naive."""
    things: tuple[Thing, ...] = field(default=(), repr=False)
    message: str = ""
    """wsa:MessageID."""
    result: Result = Result.SUCCESS
    codes: tuple[str, ...] = ()
    """Why it failed: codes of our errors or of XDS."""
    process: int = field(default_factory=os.getpid)
    """Number of the process that served it, as in the machine's own logs."""

    def ended(self, result: Result, codes: tuple[str, ...] = ()) -> "Event":
        """Return the event with its outcome."""
        return replace(self, result=result, codes=codes)

    def octets(self) -> bytes:
        """Return the event as JSON, the same octets for the same event."""
        return orjson.dumps(self)

    @classmethod
    def read(cls, octets: bytes) -> "Event":
        """Return the event that `octets` wrote.

        Raises:
            ValueError, KeyError, TypeError: they were changed into something that is none.
        """
        facts: dict[str, Any] = orjson.loads(octets)
        facts["action"] = Action(facts["action"])
        facts["result"] = Result(facts["result"])
        facts["at"] = datetime.fromisoformat(facts["at"])
        facts["who"] = Who(**facts["who"])
        facts["things"] = tuple(Thing(**each) for each in facts["things"])
        facts["codes"] = tuple(facts["codes"])
        return cls(**facts)
