"""A request of a proven client, and a call: a request to an endpoint of the client's own account."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from erepo.cloud.bodies import Headers, Receive
from erepo.cloud.service import Cloud
from erepo.cloud.tenancy.tenants import Tenant
from erepo.cloud.web.answers import Send
from erepo.cloud.web.trail import Trail
from erepo.errors import ErepoError

#: Most bytes of a REST body, unless its endpoint takes more.
SMALL = 64 * 1024
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Request:
    """One request of a proven client."""

    method: str
    path: str
    headers: Headers
    fingerprint: str
    certificate: bytes
    receive: Receive
    query: bytes = b""


@dataclass(frozen=True, slots=True)
class Call:
    """A request to an endpoint of the caller's own account, which is active."""

    cloud: Cloud
    request: Request
    tenant: Tenant
    trail: Trail
    send: Send
    """For what sends its answer itself."""

    def named(self, unknown: type[ErepoError]) -> str:
        """Return the id, a UUID, that the path ends with; raises `unknown` where it is none."""
        found = self.request.path.rpartition("/")[2]
        if not _UUID.fullmatch(found):
            raise unknown
        return found

    @asynccontextmanager
    async def body(self, most: int = SMALL) -> AsyncIterator[bytearray]:
        """Read the whole body, at most so many bytes; its memory is counted until the block ends."""
        bodies, request = self.cloud.bodies, self.request
        async with bodies.read(self.tenant.account, request.headers, request.receive, most) as body:
            yield body
