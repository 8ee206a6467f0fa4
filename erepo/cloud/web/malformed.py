"""What is no HTTP, in the record: a proven client sent it, and it never became a request."""

import asyncio
import logging

from erepo.cloud.audit.events import Who
from erepo.cloud.errors import RequestMalformed, where
from erepo.cloud.service import Cloud
from erepo.cloud.web.trail import Trail

log = logging.getLogger("erepo.cloud")


class MalformedRequests:
    """Records each in the chain of the connection's account; called on the event loop."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._under_way: set[asyncio.Task[None]] = set()  # the loop itself keeps no hold of its tasks

    def __call__(self, fingerprint: str, address: str) -> None:
        """Record that the client of a certificate was refused."""
        task = asyncio.get_running_loop().create_task(self._record(fingerprint, address))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _record(self, fingerprint: str, address: str) -> None:
        try:
            tenant = await self._cloud.tenant_of(fingerprint)
            account = tenant.account if tenant is not None else ""
            trail = Trail(self._cloud, Who(account=account, tls=fingerprint, address=address), "request")
            trail.tenant_id = tenant.id if tenant is not None else 0
            await trail.refused(RequestMalformed(reason="HTTP"))
        except Exception as error:  # noqa: BLE001  # nobody waits who could hear it
            log.error("a malformed request is not recorded: %s", where(error))  # noqa: TRY400  # says all there is
