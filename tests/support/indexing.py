"""A provider whose account the real service serves, registered in the sandbox's P1, with documents to index.

The service runs in a process of its own; `inside` is a second process's view of the same state, in the test.
"""

import base64
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from erepo.acting import Actor
from erepo.acting.token import write_token
from erepo.cloud.national.indexing.port import Acting, Found, NationalIndex, Provider, Session
from erepo.cloud.service import Cloud
from erepo.identifiers import oids
from erepo.identifiers.hl7 import CX
from erepo.sandbox.p1.registry import Registry
from erepo.xds.ebrim import OBJECT_LIST, Rules, read_objects
from erepo.xds.iti18 import get_documents, write_response
from erepo.xds.iti42 import Registration
from erepo.xds.iti57 import Update
from erepo.xds.model import DocumentEntry
from tests.support.actors import DOCTOR
from tests.support.cloud import RunningCloud, TenantCredentials, running_cloud
from tests.support.cloud_client import connected, make_submission
from tests.support.national import Served
from tests.support.p1 import RunningP1, running_p1
from tests.support.p1_files import TLS_PASSWORD, WSS_PASSWORD
from tests.support.registering import good
from tests.support.xds import PATIENT, document

NUMBER = "0000000000007001"
RESORT_I = "000000007001"
EVENT = {"root": "2.16.840.1.113883.3.4424.2.7.7001.15.1", "extension": "42"}
STRUCTURE = {
    "provider": {
        "name": "Przychodnia „Pod Lipą”",
        "resort_i": RESORT_I,
        "units": [
            {
                "name": "Zakład",
                "resort_v": "01",
                "cells": [
                    {"name": "Pokój", "resort_vii": "001", "resort_viii": "1500", "resort_x": "01"},
                    {"name": "Kardiologia", "resort_vii": "002", "resort_viii": "1100", "resort_x": "05"},
                ],
            }
        ],
    }
}


@dataclass
class IndexWorld:
    """The service, P1, and the account between them."""

    cloud: RunningCloud
    p1: RunningP1
    tenant: TenantCredentials
    registry: Registry

    def call(self, method: str, path: str, content: Any = None, *, actor: Actor = DOCTOR) -> httpx.Response:
        """Ask the service's own process for something of the account."""
        service = str(self.tenant.facts["service"])
        mine = Actor(actor.id_root, actor.id, actor.role, actor.purpose, self.tenant.account)
        token = write_token(mine, self.tenant.wss, service, now=datetime.now(UTC))
        headers = {"authorization": f"Bearer {token}"}
        with httpx.Client(verify=self.tenant.tls_context(), trust_env=False, timeout=120) as http:
            return http.request(method, service + path, json=content, headers=headers)

    def index(self, unique_id: str, **changes: Any) -> httpx.Response:
        """Have a document indexed."""
        return self.call("POST", path_of(unique_id), body(**changes))

    async def deposit(self, **changes: Any) -> str:
        """Archive a document and return its uniqueId."""
        (unique_id,) = await self.deposits(1, **changes)
        return unique_id

    async def deposits(self, count: int, **changes: Any) -> list[str]:
        """Archive documents of one patient and return their uniqueIds."""
        ids = [f"{oids.own_node(RESORT_I)}.21^{uuid.uuid4().hex[:16]}" for _ in range(count)]
        patient = changes.get("patient_id", PATIENT)
        assert isinstance(patient, CX)
        given = {"extra_slots": {}} | changes
        entries = [document(f"Document{place:02}", each, **given) for place, each in enumerate(ids)]
        made = [(one, f"<ClinicalDocument>{one.unique_id}</ClinicalDocument>".encode()) for one in entries]
        async with connected(self.tenant) as client:
            good(await client.provide(make_submission(*made, patient=patient)))
        return ids

    def at_p1(self, unique_id: str) -> list[DocumentEntry]:
        """Return what P1's index has of a document, in any status."""
        found = self.registry.answer(get_documents([unique_id]))
        listed = next(write_response(elements=found.elements).iter(OBJECT_LIST))
        return list(read_objects(listed, Rules.ANSWER).documents)

    @asynccontextmanager
    async def inside(self) -> AsyncIterator[Served]:
        """Serve the same state in the test's own process."""
        cloud = Cloud(self.cloud.settings)
        cloud.start()
        try:
            yield Served(cloud, self.tenant)
        finally:
            await cloud.stop()
            cloud.close()


def path_of(unique_id: str) -> str:
    """Return the path of a document's index below its account."""
    return f"/documents/{quote(unique_id, safe='')}/index"


def body(**changes: Any) -> dict[str, Any]:
    """Return a good body."""
    return {"replaces": None, "medicalEvent": EVENT, "storageYear": 2046, "purpose": "TREAT"} | changes


@contextmanager
def index_world(
    folder: Path, environment: Mapping[str, str] | None = None, *, door: bool = False
) -> Iterator[IndexWorld]:
    """Run P1 and the service, and register the account's repository, until the block ends.

    Args:
        folder: of the test's own.
        environment: further settings of the service.
        door: whether other providers are let in.
    """
    more = {"EREPO_HTTP__READ": "4", **(environment or {})}
    with ExitStack() as stack:
        p1 = stack.enter_context(running_p1(folder / "p1"))
        settings = {**p1.settings, **(p1.door if door else {}), **more}
        cloud = stack.enter_context(running_cloud(folder / "service", environment=settings))
        registry = Registry(p1.home.folder)
        world = IndexWorld(cloud, p1, cloud.add_tenant(NUMBER), registry)
        assert world.call("PUT", "/structure", STRUCTURE).status_code == 200
        answer = world.call("PUT", "/p1/certificates", _files(p1))
        assert answer.json()["state"] == "registered", answer.text
        p1.home.store.add_event(f"{EVENT['extension']}^^^&{EVENT['root']}&ISO")
        try:
            yield world
        finally:
            registry.close()


def _files(p1: RunningP1) -> dict[str, str]:
    """Have P1 issue the provider's certificates; return the body of a registration with them."""
    files = p1.files(RESORT_I)
    return {
        "tls_pkcs12": base64.b64encode(files.tls).decode(),
        "wss_pkcs12": base64.b64encode(files.wss).decode(),
        "tls_password": TLS_PASSWORD.decode(),
        "wss_password": WSS_PASSWORD.decode(),
    }


@dataclass
class Stepping:
    """P1's index as it is, with a word before and after everything that is asked of it."""

    index: NationalIndex
    step: Any
    found: Callable[[Found], Found] = lambda found: found

    @asynccontextmanager
    async def session(self, provider: Provider, acting: Acting) -> AsyncIterator[Session]:
        """Get a token; see `NationalIndex`."""
        self.step("before token")
        async with self.index.session(provider, acting) as session:
            self.step("after token")
            yield _Stepping(session, self.step, self.found)


@dataclass
class _Stepping:
    session: Session
    step: Any
    found: Callable[[Found], Found]

    async def find(self, unique_ids: Any) -> Found:
        self.step("before find")
        found = await self.session.find(unique_ids)
        self.step("after find")
        return self.found(found)

    async def register(self, registration: Registration) -> None:
        self.step("before register")
        await self.session.register(registration)
        self.step("after register")

    async def update(self, update: Update) -> None:
        self.step("before update")
        await self.session.update(update)
        self.step("after update")
