"""What Prefect does by itself when something happens: the automations that come with erepo.

`certificates-expire`: the event `erepo.certificate.expiring` (30, 14, 7 and 1 days before) starts
`rotate-certificates/daily`, and sends a notification where somebody has saved a notification block (Slack,
Teams, mail, webhook, …) under the name `erepo-alarms`. Without one, the event and the run are what is seen:
nothing outside is needed.

`index-deadlines`: the event `erepo.index.deadline` (documents near or after the two days in which the law
wants them in P1's index) sends a notification through the same block; while nobody has saved one, there is no
such automation.

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
_DEADLINES = "index-deadlines"
_DEPLOYMENT = "rotate-certificates/daily"
_SUBJECT = (
    "erepo: certificates of account {{ event.payload.account }} expire in {{ event.payload.days_left }} days"
)
_BODY = (
    "The certificates of the account {{ event.payload.account }} expire on {{ event.payload.not_after }}.\n"
    "rotate-certificates/daily was started; `erepo certificates status` shows how far it is."
)


_LATE_SUBJECT = "erepo: documents near or after their deadline in P1's index"
_LATE_BODY = (
    "Account {{ event.payload.account }}: near their deadline {{ event.payload.near }}, after it"
    " {{ event.payload.late }}.\nWhich, and why: `erepo index report --list`."
)


async def register(client: PrefectClient) -> list[str]:
    """Bring the automations up to date; return the names of those that were new or had changed."""
    try:
        deployment = (await client.read_deployment_by_name(_DEPLOYMENT)).id
    except ObjectNotFound:
        return []
    notification = await _notification(client)
    wanted = [build(deployment, notification)]
    wanted += [build_deadlines(notification)] if notification is not None else []
    return [one.name for one in wanted if await _register(client, one)]


async def _register(client: PrefectClient, wanted: AutomationCore) -> bool:
    found = await client.read_automations_by_name(wanted.name)
    if any(one.description == wanted.description for one in found):
        return False
    for one in found:
        await client.update_automation(one.id, wanted.model_copy(update={"enabled": one.enabled}))
        return True
    await client.create_automation(wanted)
    return True


def build(deployment: UUID, notification: UUID | None) -> AutomationCore:
    """Make the automation of certificates; its description ends with a fingerprint of all that defines it."""
    actions: list[Any] = [RunDeployment(deployment_id=deployment)]
    if notification is not None:
        actions.append(SendNotification(block_document_id=notification, subject=_SUBJECT, body=_BODY))
    words = "Certificates are about to expire: replace them now, and tell somebody."
    return _made(_NAME, "erepo.certificate.expiring", actions, words)


def build_deadlines(notification: UUID) -> AutomationCore:
    """Make the automation of deadlines in P1's index."""
    told = SendNotification(block_document_id=notification, subject=_LATE_SUBJECT, body=_LATE_BODY)
    words = "Documents are near or after the deadline of their index in P1: tell somebody."
    return _made(_DEADLINES, "erepo.index.deadline", [told], words)


def _made(name: str, event: str, actions: list[Any], words: str) -> AutomationCore:
    trigger = EventTrigger(
        expect={event},
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
        name=name,
        description=f"{words} [{version}]",
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
