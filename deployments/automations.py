"""What Prefect does by itself when something happens: the automations that come with erepo.

`certificates-expire`: the event `erepo.certificate.expiring` (30, 14, 7 and 1 days before) starts
`rotate-certificates/daily`, and sends a notification where somebody has saved a notification block (Slack,
Teams, mail, webhook, …) under the name `erepo-alarms`. Without one, the event and the run are what is seen:
nothing outside is needed.

Idempotent like the deployments: an automation whose definition has not changed is left alone, with all that
people have set on it since (one that was switched off stays off).
"""

import hashlib
import json
from datetime import timedelta
from typing import Any
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import BlockDocument
from prefect.events.actions import RunDeployment, SendNotification
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.exceptions import ObjectNotFound

#: Name of the notification block that gets the warnings, where there is one.
ALARMS = "erepo-alarms"

_NAME = "certificates-expire"
_DEPLOYMENT = "rotate-certificates/daily"
_SUBJECT = (
    "erepo: certificates of account {{ event.payload.account }} expire in {{ event.payload.days_left }} days"
)
_BODY = (
    "The certificates of the account {{ event.payload.account }} expire on {{ event.payload.not_after }}.\n"
    "rotate-certificates/daily was started; `erepo certificates status` shows how far it is."
)


async def register(client: PrefectClient) -> list[str]:
    """Bring the automations up to date; return the names of those that were new or had changed."""
    try:
        deployment = (await client.read_deployment_by_name(_DEPLOYMENT)).id
    except ObjectNotFound:
        return []
    wanted = build(deployment, await _notification(client))
    found = await client.read_automations_by_name(_NAME)
    same = [one for one in found if one.description == wanted.description]
    if same:
        return []
    for one in found:
        await client.update_automation(one.id, wanted.model_copy(update={"enabled": one.enabled}))
        return [_NAME]
    await client.create_automation(wanted)
    return [_NAME]


def build(deployment: UUID, notification: UUID | None) -> AutomationCore:
    """Make the automation; its description ends with a fingerprint of all that defines it."""
    actions: list[Any] = [RunDeployment(deployment_id=deployment)]
    if notification is not None:
        actions.append(SendNotification(block_document_id=notification, subject=_SUBJECT, body=_BODY))
    trigger = EventTrigger(
        expect={"erepo.certificate.expiring"},
        match={"prefect.resource.id": "erepo.account.*"},
        for_each={"prefect.resource.id"},
        posture=Posture.Reactive,
        threshold=1,
        within=timedelta(0),
    )
    parts = [trigger.model_dump(mode="json"), *(action.model_dump(mode="json") for action in actions)]
    for part in parts:
        part.pop("id", None)
    version = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:12]
    return AutomationCore(
        name=_NAME,
        description=f"Certificates are about to expire: replace them now, and tell somebody. [{version}]",
        enabled=True,
        trigger=trigger,
        actions=actions,
    )


async def _notification(client: PrefectClient) -> UUID | None:
    """Return the notification block of the agreed name, of whatever kind.

    Asked for by its name: the client's own method can only read all blocks page by page, and a service with
    thousands of clinics has thousands.
    """
    asked = {"block_documents": {"name": {"any_": [ALARMS]}}, "include_secrets": False}
    answer = await client.request("POST", "/block_documents/filter", json=asked)
    for block in BlockDocument.model_validate_list(answer.json()):
        schema = block.block_schema
        if schema is not None and "notify" in schema.capabilities:
            return block.id
    return None
