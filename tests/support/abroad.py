"""The account's service, the sandbox's P1, and another provider whose repository P1 knows.

with abroad_world(folder) as world:
    unique_id = await world.publish(octets)   # kept there, indexed in P1
    world.permit(unique_id)                   # SOZ
    world.search(); world.fetch(one)          # over the account's channel
"""

import hashlib
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from erepo.cloud.audit.events import Event
from erepo.cloud.national.indexing.metadata import local_time
from erepo.cloud.service import Cloud
from erepo.p1 import EdmClient, P1Addresses
from erepo.p1.packing import p1_signer
from erepo.p1.verifying import P1Verifier
from erepo.pki.tls import client_context
from erepo.pki.trust import TrustStore
from erepo.settings import HttpTimeouts, Limits
from erepo.soap.http import AiohttpChannel
from erepo.xds.iti42 import Registration
from erepo.xds.vocabulary import Slot
from tests.support.audit import record_of
from tests.support.foreign_repository import Foreign, foreign_repository
from tests.support.indexing import EVENT, NUMBER, IndexWorld, index_world
from tests.support.national import Served
from tests.support.p1 import Provider
from tests.support.registering import submission_set
from tests.support.xds import PATIENT, document

OTHER = "000000008008"
LETTERS = {"root": PATIENT.authority_oid, "extension": PATIENT.id}
WHY = {"patient": LETTERS, "purpose": "TREAT", "reason": None}


@dataclass
class AbroadWorld:
    """The account's service, P1, and another provider with a repository that P1 knows."""

    own: IndexWorld
    foreign: Foreign
    provider: Provider

    async def publish(self, octets: bytes = b"<ClinicalDocument/>", **changes: Any) -> str:
        """Let the other provider keep a document and index it in P1; return its uniqueId."""
        unique_id = f"2.16.840.1.113883.3.4424.2.7.8008.21^{uuid.uuid4().hex[:16]}"
        self.foreign.documents[unique_id] = octets
        slots = {
            Slot.STORAGE_CATEGORY.value: ("2046",),
            Slot.MEDICAL_EVENT_ID.value: (
                f"{EVENT['extension']}^^^&{EVENT['root']}&ISO^urn:ihe:iti:xds:2015:encounterId",
            ),
        }
        given = {
            "hash": hashlib.sha1(octets).hexdigest(),
            "size": len(octets),
            "repository_unique_id": self.foreign.repository_id,
            "extra_slots": slots,
        } | changes
        entry = document("Document01", unique_id, **given)
        own = submission_set(patient_id=entry.patient_id, submission_time=local_time(datetime.now(UTC)))
        p1 = self.own.p1
        verifier = P1Verifier(TrustStore.from_pem(p1.trust))
        context = client_context(self.provider.tls, p1.trust)
        with self.provider.client() as client:
            token = client.token(self.provider.asking(patient=None))
        async with AiohttpChannel(context, HttpTimeouts(), Limits()) as channel:
            edm = EdmClient(channel, P1Addresses.below(p1.url), p1_signer(self.provider.wss), verifier)
            await edm.register(Registration(own, (entry,)), token)
        return unique_id

    def search(self, **changes: Any) -> Any:
        """Ask the service for the patient's documents."""
        return self.own.call("POST", "/p1/search", WHY | changes)

    def found(self, unique_id: str, **changes: Any) -> dict[str, Any]:
        """Return one document of a search."""
        answer = self.search(**changes)
        assert answer.status_code == 200, answer.text
        (one,) = [each for each in answer.json()["documents"] if each["uniqueId"] == unique_id]
        return one

    def fetch(self, one: dict[str, Any], **changes: Any) -> Any:
        """Have the service fetch a document."""
        names = ("repositoryUniqueId", "uniqueId", "hash", "size")
        return self.own.call("POST", "/p1/documents", WHY | {name: one[name] for name in names} | changes)

    def heard(self) -> list[Event]:
        """Return the account's record."""
        with record_of(self.own.cloud.settings.cloud_url) as record:
            record.seen.clear()
            chain = record.number(NUMBER)
            return [event for number, event in record.new() if number == chain]

    @asynccontextmanager
    async def elsewhere(self, **p1: Any) -> AsyncIterator[Served]:
        """Serve the same state in this process, with other settings of P1."""
        settings = self.own.cloud.settings
        changed = settings.model_copy(update={"p1": settings.p1.model_copy(update=p1)})
        cloud = Cloud(changed)
        cloud.start()
        try:
            yield Served(cloud, self.own.tenant)
        finally:
            await cloud.stop()
            cloud.close()

    def permit(self, unique_id: str, decision: str = "Permit") -> None:
        """Have SOZ decide about a document."""
        self.own.p1.home.store.set_rule("*", unique_id, decision)


@contextmanager
def abroad_world(folder: Path) -> Iterator[AbroadWorld]:
    """Run all of them until the block ends; `environment` are further settings of the service."""
    trust = folder / "foreign.pem"
    environment = {
        "EREPO_P1__ABROAD_CA": str(trust),
        "EREPO_P1__ABROAD_PRIVATE": "127.0.0.1",
        "EREPO_P1__ABROAD_SECONDS": "3",
    }
    with index_world(folder, environment) as own:
        provider = own.p1.provider(OTHER)
        with foreign_repository(own.p1.home.providers.pem) as foreign:
            trust.write_bytes(foreign.ca)
            with provider.client() as client:
                foreign.repository_id = client.register_repository()
                client.register_access(foreign.repository_id, foreign.url)
            yield AbroadWorld(own, foreign, provider)
