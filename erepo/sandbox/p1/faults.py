"""How the sandbox's P1 goes wrong on request, for a given service and number of times.

A fault strikes a request that was proven good; what is wrong with a request itself is told without any.
"""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from erepo.sandbox.p1.errors import FaultUnknown

#: Before the request has any effect.
_BEFORE: Final = {
    "timeout": "nothing is done, no answer comes for --seconds",
    "busy": "nothing is done, HTTP 503",
    "reject": "nothing is done, a SOAP fault of the sender's",
    "failed": "nothing is done, a SOAP fault of the receiver's",
    "forbidden": "nothing is done, HTTP 403",
}
#: After it.
_AFTER: Final = {
    "lost": "it is done, the connection breaks before the answer",
    "unsigned": "it is done, the answer has no WS-Security",
    "forged": "it is done, the answer's Body was changed after it was signed",
    "stale": "it is done, the answer was signed an hour ago",
    "foreign": "it is done, the answer is signed by a key nobody vouches for",
}
ANY: Final = MappingProxyType(_BEFORE | _AFTER)
SERVICES: Final = MappingProxyType(
    {
        "token": ANY,
        "szar-repository": MappingProxyType(
            {
                **ANY,
                "no-id": "it is done, the answer says SUKCES and names no id; the cure: `erepo account p1"
                " register --start-over --new-repository`",
                "wrong-id": "it is done, the answer names an id that is none of a repository",
                "exists": "nothing is done, BLAD: the provider has a repository",
            }
        ),
        "szar-access": MappingProxyType(
            {**ANY, "unreachable": "nothing is done, BLAD: the address is not public"}
        ),
        "szar-read": MappingProxyType({**ANY, "unknown": "nothing is told, BLAD: no such repository"}),
        "soz": MappingProxyType(
            {
                **ANY,
                "deny": "the decision is Deny",
                "not-applicable": "the decision is NotApplicable",
                "indeterminate": "the decision is Indeterminate",
                "unknown-word": "the decision is a word that XACML does not have",
                "no-result": "the answer holds no decision",
                "too-many": "the answer holds a Permit too many",
                "other-question": "the answer says that it belongs to another question",
            }
        ),
        "audit": MappingProxyType(
            {
                "refuse": "the audit repository closes the connection before it reads anything",
                "half": "it reads one message, keeps it, and breaks the connection",
                "unconfirmed": "it keeps everything and ends the connection without close_notify",
            }
        ),
        "iti-18": MappingProxyType(
            {
                **ANY,
                "p1-timeout": "nothing is told, XDSRegistryError with minor: Timeout",
                "large": "the same, where the answer would hold more than three objects",
            }
        ),
        "iti-42": MappingProxyType(
            {**ANY, "p1-timeout": "nothing is done, XDSRegistryError with minor: Timeout"}
        ),
        "iti-57": MappingProxyType(
            {**ANY, "p1-timeout": "nothing is done, XDSRegistryError with minor: Timeout"}
        ),
    }
)
BEFORE: Final = frozenset(_BEFORE)


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong."""

    service: str
    kind: str
    times: int = 1
    seconds: float = 30.0

    def __post_init__(self) -> None:
        """Refuse what the sandbox does not know.

        Raises:
            FaultUnknown: no such service, or no such fault of it.
        """
        known = SERVICES.get(self.service)
        if known is None:
            raise FaultUnknown(service=self.service, kind=self.kind, known=", ".join(SERVICES))
        if self.kind not in known:
            raise FaultUnknown(service=self.service, kind=self.kind, known=", ".join(known))
