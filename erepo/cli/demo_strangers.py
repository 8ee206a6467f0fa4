"""Two whom nothing is shared with: another account of the service, and another provider in P1.

Each is real: certificates of its own, messages as its software would send them, answers proven.
"""

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import httpx

from erepo.cli.demo_p1 import issued
from erepo.cli.surroundings import Surroundings
from erepo.clinic.connection import CloudConnection
from erepo.identifiers import CX, oids
from erepo.p1 import Identified, P1Addresses, P1Client, TokenRequest
from erepo.p1.packing import P1Message, content_type, p1_signer, pack_p1
from erepo.p1.verifying import P1Verifier
from erepo.pki.bundle import Bundle
from erepo.pki.tls import client_context
from erepo.pki.trust import TrustStore
from erepo.sandbox.p1.home import Home
from erepo.settings import Limits, Settings
from erepo.soap.errors import AddressUnknown, FaultRefused
from erepo.soap.faults import raise_fault
from erepo.soap.headers import Addressing
from erepo.soap.message import new_message_id
from erepo.soap.mtom import unpack
from erepo.soap.versions import SOAP_12
from erepo.xds import iti18, iti43
from erepo.xds.errors import XdsRefused
from erepo.xds.iti43 import DocumentRequest, RetrieveResult
from erepo.xds.responses import raise_for_status
from erepo.xds.vocabulary import APPROVED

#: What "as if nothing existed" looks like from outside.
_REFUSALS: Final = (AddressUnknown, FaultRefused, XdsRefused)

#: The other account, and resort code I of the other provider.
ACCOUNT: Final = "0000000000002004"
PROVIDER: Final = "000000011111"


@dataclass(frozen=True, slots=True)
class Target:
    """What strangers try to see.

    Attributes:
        patient: whose document it is. `repr` hides it.
        unique_id: of the document.
        p1_id: id of its repository in P1; empty where that is not registered.
    """

    patient: CX = field(repr=False)
    unique_id: str
    p1_id: str


def seen_by_account(owner: CloudConnection, credentials: Path, target: Target) -> int:
    """Have the other account search the owner's registry for the patient and fetch the document.

    Args:
        owner: the connection of the documents' account: its addresses are used, nothing else.
        credentials: folder of the other account's, as `erepo cloud tenant add --credentials` writes it.
        target: what it tries to see.

    Returns:
        Documents and descriptions that came.

    Raises:
        ErepoError: the service answers neither with documents nor with their absence.
    """
    facts = json.loads((credentials / "account.json").read_text(encoding="utf-8"))
    tls, wss = (
        Bundle.from_pem(
            (credentials / f"{name}.pem").read_bytes(), (credentials / f"{name}.key").read_bytes()
        )
        for name in ("tls", "wss")
    )
    name = str(facts["account"])
    actor = replace(owner.actor, organisation=name) if owner.actor else None
    stranger = replace(owner, account=name, tls=tls, wss=wss, actor=actor)
    at_home = replace(stranger, service_url=facts["service"], registry_url=facts["registry"])
    return asyncio.run(_look(stranger, at_home, target))


async def _look(stranger: CloudConnection, at_home: CloudConnection, target: Target) -> int:
    seen = 0
    async with at_home as cloud:
        # At its own door it is let in: what it does not see elsewhere is not for want of certificates.
        await cloud.query(iti18.find_documents(target.patient, [APPROVED]))
    wanted = [DocumentRequest(stranger.repository_unique_id, target.unique_id)]
    async with stranger as cloud:
        with suppress(*_REFUSALS):
            found = await cloud.query(iti18.find_documents(target.patient, [APPROVED]))
            seen += len(found.metadata.documents)
        with suppress(*_REFUSALS):
            seen += _came(await cloud.retrieve(wanted))
    return seen


def _came(result: RetrieveResult) -> int:
    """Count documents; that none came because the service is busy proves nothing, and is an error."""
    if not result.documents:
        raise_for_status(result.status, result.errors)
    return len(result.documents)


def seen_by_provider(around: Surroundings, settings: Settings, door: str, target: Target) -> int:
    """Have another provider ask at the door for P1's providers, with P1's assertion about the patient.

    P1's SOZ has no consent for it, and decides accordingly.

    Args:
        around: the installation with the sandbox's P1.
        settings: of the installation.
        door: address of ITI-43 that P1 names for the repository.
        target: what it tries to see.

    Returns:
        Documents that came.

    Raises:
        ErepoError: P1 or the service answers otherwise than with documents or a refusal.
    """
    folder = settings.p1_home / "providers" / PROVIDER
    home = Home.open(settings.p1_home)
    # Written last: without it the others are of no use.
    if not (folder / "passwords.json").exists():
        home.add_provider(PROVIDER, folder)
    pair = issued(folder)
    asking = TokenRequest(
        Identified(oids.PROVIDER, PROVIDER),
        Identified(oids.CELL, f"{PROVIDER}-008"),
        Identified(oids.NPWZ_DOCTOR, "5425740"),
        "medical doctor",
        Identified(target.patient.authority_oid, target.patient.id),
    )
    servers = home.services.pem
    with P1Client(P1Addresses.below(settings.p1_url), pair.tls, pair.wss, servers) as client:
        assertion = client.token(asking).assertion
    payload = iti43.write_request([DocumentRequest(target.p1_id, target.unique_id)])
    message = P1Message(payload, SOAP_12, Addressing(iti43.ACTION, door, new_message_id()), assertion)
    octets = pack_p1(message, p1_signer(pair.wss), now=datetime.now(UTC))
    context = client_context(pair.tls, around.service_authority.read_bytes())
    with httpx.Client(verify=context, trust_env=False, timeout=60) as http:
        headers = {"content-type": content_type(SOAP_12, iti43.ACTION)}
        answer = http.post(door, content=octets, headers=headers)
    received = unpack(answer.headers["content-type"], bytearray(answer.content), Limits())
    verified = P1Verifier(TrustStore([home.providers.certificate])).verify(received)
    with suppress(*_REFUSALS):
        raise_fault(verified.payload, door)
        return _came(iti43.read_response(verified))
    return 0
