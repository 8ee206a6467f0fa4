"""One SOAP exchange on its way through the service: who calls, what was proven, what is answered."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from lxml import etree

from erepo.cloud.audit.events import Action, Thing
from erepo.cloud.consents import Visible
from erepo.cloud.service import Cloud
from erepo.cloud.tenancy.tenants import Tenant
from erepo.cloud.web.trail import Trail
from erepo.soap.message import ReadyBody
from erepo.soap.mtom import Attachment
from erepo.soap.signing import Signer
from erepo.soap.verifying import Verified
from erepo.xds.responses import RegistryError

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Reply:
    """The body of an answer, and what its record says."""

    action: str
    payload: etree._Element | ReadyBody  # the type lxml gives its elements has no public name
    attachments: tuple[Attachment, ...] = ()
    things: tuple[Thing, ...] = ()
    """What was read; not looked at when a job has recorded the request already."""
    errors: tuple[RegistryError, ...] = ()
    entries: tuple[str, ...] = ()
    """entryUUIDs that a query of a foreign account found."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls which endpoint."""

    cloud: Cloud
    tenant: Tenant
    path: str
    """The endpoint that was called; wsa:To must name it."""
    trail: Trail
    certificate: bytes = b""
    """DER of the connection's certificate."""
    signer: Signer | None = None
    """Signs the answers instead of the service's own key, whatever the tenant's policy is."""

    @property
    def signing(self) -> Signer | None:
        """What signs the answers; None where they are not signed."""
        own = None if self.tenant.security == "mtls" else self.cloud.signer
        return self.signer or own


@dataclass(frozen=True, slots=True)
class Question:
    """A proven message of a tenant."""

    caller: Caller
    verified: Verified
    large: bool
    damaged: frozenset[object] = frozenset()
    """Numbers of documents whose stored octets are known to be wrong."""
    view: Visible | None = None
    """What a foreign account sees of the tenant's; None: the tenant itself asks, and sees everything."""

    @property
    def cloud(self) -> Cloud:
        """The service."""
        return self.caller.cloud

    @property
    def tenant(self) -> Tenant:
        """Whose registry and repository are asked."""
        return self.caller.tenant

    @property
    def trail(self) -> Trail:
        """Its record."""
        return self.caller.trail

    async def working(self, work: Callable[[], Result]) -> Result:
        """Do what costs the more the larger the message is: beside the event loop where it is large."""
        return await self.cloud.heavily(work) if self.large else work()


@dataclass(frozen=True, slots=True)
class Transaction:
    """How a transaction is served, and what it is called in the record."""

    name: str
    action: Action
    handle: Callable[[Question], Awaitable[Reply]]
