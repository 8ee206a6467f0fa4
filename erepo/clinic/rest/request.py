"""One request of the account's REST services, with the exact octets of its body."""

from collections.abc import Mapping
from dataclasses import dataclass, field

_JSON = {"content-type": "application/json"}


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent.

    Attributes:
        method: GET, POST, PUT or DELETE.
        path: below the account's address; bears no identifier of a person.
        body: its octets, as they go out; None for none. `repr` hides them.
        signature: value of `X-Erepo-Signature` over these octets; empty for none.
    """

    method: str
    path: str
    body: bytes | None = field(default=None, repr=False)
    signature: str = field(default="", repr=False)

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers that belong to this body."""
        signed = {"x-erepo-signature": self.signature} if self.signature else {}
        return signed | (_JSON if self.body is not None else {})
