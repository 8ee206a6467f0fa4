"""An account of a running service, spoken to by the clinic's own connection and looked at from outside."""

from dataclasses import dataclass, replace

from erepo.clinic.connection import CloudConnection
from erepo.clinic.removal import RemoteDocument
from erepo.xds.model import Association, DocumentEntry, Folder
from tests.support.actors import DOCTOR
from tests.support.cloud import TenantCredentials
from tests.support.registering import Desk, good, provided, registration


@dataclass
class World:
    """One account: `desk` looks at it from outside, `cloud` is what the clinic speaks through."""

    desk: Desk
    cloud: CloudConnection
    tenant: TenantCredentials

    def wanted(self, *entries: DocumentEntry, known: bool = True) -> list[RemoteDocument]:
        """Return documents as the clinic asks for their removal."""
        here = self.cloud.repository_unique_id
        return [RemoteDocument(one.unique_id, here, one.entry_uuid if known else "") for one in entries]

    async def store(
        self, *objects: DocumentEntry | Folder | Association, **changes: object
    ) -> list[DocumentEntry]:
        """Provide entries with octets and further objects in one submission; return the entries."""
        given = registration(*objects, **changes)
        good(await self.desk.client.provide(provided(given)))
        return list(given.documents)

    async def assert_gone(self, *entries: DocumentEntry) -> None:
        """Neither registry nor repository knows them."""
        assert set(await self.desk.status(*entries)) == {"gone"}
        answer = await self.desk.client.retrieve(*(one.unique_id for one in entries))
        assert not answer.documents


def connection_to(tenant: TenantCredentials, port: int | None = None) -> CloudConnection:
    """Return the clinic's connection to an account, through another port if wanted."""
    facts = tenant.facts
    urls = {
        "service_url": str(facts["service"]),
        "registry_url": tenant.registry,
        "repository_url": tenant.repository,
    }
    if port is not None:
        urls = {
            name: url.replace(f":{url.rsplit(':', 1)[1].split('/')[0]}/", f":{port}/")
            for name, url in urls.items()
        }
    return CloudConnection(
        account=tenant.account,
        **urls,
        repository_unique_id=str(facts["repositoryUniqueId"]),
        source_id="1.2.3",
        tls=tenant.tls,
        wss=tenant.wss,
        trust_pem=tenant.ca_pem,
        service_signer=str(facts["serviceSigner"]).encode(),
        actor=replace(DOCTOR, organisation=tenant.account),
    )
