"""Events of ours in Prefect, for its automations."""

from collections.abc import Mapping
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.events import Event, Resource


async def emit(name: str, resource: str, payload: Mapping[str, object], number: UUID) -> None:
    """Hand one event to Prefect; on return the server has it.

    Prefect's own `emit_event` only queues it: it would be lost with the process.

    Args:
        name: such as `erepo.certificate.expiring`.
        resource: whom it is about, such as `erepo.account.0000000000001003`.
        payload: ids and counts; lies in Prefect in clear.
        number: names the event; emitted again, it is the same one.
    """
    about = Resource({"prefect.resource.id": resource, "prefect.resource.name": resource})
    event = Event(event=name, resource=about, payload=dict(payload), id=number)
    async with get_client() as client:
        answer = await client.request("POST", "/events", json=[event.model_dump(mode="json")])
        answer.raise_for_status()
