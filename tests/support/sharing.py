"""Accounts that share documents: signed consents over REST, foreign messages, and a clock to turn."""

import json
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from erepo.acting import Actor, write_assertion, write_detached
from erepo.identifiers.hl7 import CX
from erepo.pki.bundle import Bundle
from erepo.soap.message import Outgoing, pack
from erepo.soap.signing import Signer
from erepo.xds import iti18, iti43
from erepo.xds.vocabulary import APPROVED
from tests.support.actors import DOCTOR
from tests.support.cloud import RunningCloud, TenantCredentials, running_cloud
from tests.support.cloud_client import PATIENT

READER, BYSTANDER, NOBODY = "0000000000002004", "0000000000003005", "0000000000009999"
#: The window of consents here, and its second on either side.
FROM = datetime.fromisoformat("2031-05-01T08:00:00")
UNTIL = FROM + timedelta(days=7)
SECOND = timedelta(seconds=1)


@dataclass
class Sharing:
    """A service with an owner, one who is shared with and one who is not."""

    cloud: RunningCloud
    clock: Path
    reader: TenantCredentials
    bystander: TenantCredentials

    @property
    def owner(self) -> TenantCredentials:
        """Whose documents they are."""
        return self.cloud.tenant

    def at(self, moment: datetime) -> None:
        """Turn the clock of consents."""
        # At once: an empty file would be the present.
        staged = self.clock.with_suffix(".new")
        staged.write_text(moment.isoformat())
        staged.replace(self.clock)

    def give(self, *documents: str, body: bytes = b"", **changed: Any) -> httpx.Response:
        """Send a signed consent of the owner."""
        content = body or consent_of(*documents, **changed)
        return self.rest("POST", "/consents", content)

    def revoke(self, consent_id: str) -> httpx.Response:
        """Revoke a consent of the owner."""
        return self.rest("DELETE", f"/consents/{consent_id}", b'{"reason": "cofnieta"}')

    def rest(
        self, method: str, path: str, content: bytes = b"", wss: Bundle | None = None, **headers: str
    ) -> httpx.Response:
        """Send a request of the owner, its body signed."""
        seal = write_detached(content, wss or self.owner.wss) if content else ""
        sent = {**self.owner.named(), **({"x-erepo-signature": seal} if seal else {}), **headers}
        with httpx.Client(verify=self.owner.tls_context(), trust_env=False, timeout=60) as http:
            url = f"{self.owner.facts['service']}{path}"
            return http.request(method, url, content=content, headers=sent)

    def ask(
        self,
        who: TenantCredentials,
        payload: Any,
        transaction: Any,
        *,
        account: str = "",
        actor: Actor = DOCTOR,
        signing: TenantCredentials | None = None,
    ) -> httpx.Response:
        """Post a message of an account to the owner's endpoint, or that of another account."""
        return post(who, *self.message(who, payload, transaction, account, actor, signing))

    def message(
        self,
        who: TenantCredentials,
        payload: Any,
        transaction: Any,
        account: str = "",
        actor: Actor = DOCTOR,
        signing: TenantCredentials | None = None,
    ) -> tuple[str, dict[str, str], bytes]:
        """Return address, headers and octets of a message."""
        endpoint = "registry" if transaction in _OF_REGISTRY else "repository"
        owner = str(self.owner.facts["service"])
        service = owner.replace(self.owner.account, account or self.owner.account)
        url = f"{service}/xds/{endpoint}"
        signer, now = Signer((signing or who).wss), datetime.now(UTC)
        acting = replace(actor, organisation=who.account)
        assertion = write_assertion(acting, signer, service, now=now)
        outgoing = Outgoing(transaction.ACTION, url, payload)
        packed = pack(outgoing, signer, mtom=transaction is iti43, now=now, assertion=assertion)
        return url, {"content-type": packed.content_type}, b"".join(packed.chunks())

    def query(self, who: TenantCredentials, patient: CX = PATIENT, **options: Any) -> httpx.Response:
        """ITI-18: every Approved document of a patient."""
        return self.ask(who, iti18.write_query(documents_of(patient)), iti18, **options)

    def retrieve(self, who: TenantCredentials, *unique_ids: str, **options: Any) -> httpx.Response:
        """ITI-43."""
        return self.ask(who, self.wanted(*unique_ids), iti43, **options)

    def wanted(self, *unique_ids: str) -> Any:
        """Return the request for documents of the owner's repository."""
        repository = str(self.owner.facts["repositoryUniqueId"])
        return iti43.write_request([iti43.DocumentRequest(repository, each) for each in unique_ids])


def post(who: TenantCredentials, url: str, headers: dict[str, str], content: bytes) -> httpx.Response:
    """Post octets over an account's connection."""
    with httpx.Client(verify=who.tls_context(), trust_env=False, timeout=60) as http:
        return http.post(url, content=content, headers=headers)


_OF_REGISTRY: set[Any] = {iti18}


def documents_of(patient: CX) -> iti18.StoredQuery:
    """Return FindDocuments of a patient, whole objects."""
    return iti18.find_documents(str(patient), [APPROVED])


def consent_of(*documents: str, **changed: Any) -> bytes:
    """Return the body of a consent; by default for the reader, in the window, of `PATIENT`."""
    content = {
        "id": str(uuid.uuid4()),
        "patient": {"root": PATIENT.authority_oid, "extension": PATIENT.id},
        "recipient": {"kind": "account", "account": READER},
        "validFrom": f"{FROM.isoformat()}Z",
        "validUntil": f"{UNTIL.isoformat()}Z",
        "case": "Leczenie w poradni",
        "documents": list(documents),
        **changed,
    }
    return json.dumps(content, ensure_ascii=False).encode()


@contextmanager
def sharing(folder: Path, stores: str) -> Iterator[Sharing]:
    """Run a service whose consents go by a clock of the test's own."""
    clock = folder / "clock"
    clock.write_text("")
    environment = {"CONSENT_CLOCK": str(clock), "PYTHONPATH": os.pathsep.join(map(str, _PATH))}
    with running_cloud(folder, stores=stores, environment=environment, start=False) as cloud:
        cloud.module = "tests.support.clocked_server"
        others = [cloud.add_tenant(account) for account in (READER, BYSTANDER)]
        cloud.start()
        yield Sharing(cloud, clock, *others)


_PATH = (Path(__file__).parents[2],)
