"""Put the blocks' types, the work pool, the deployments of `prefect.yaml` and automations into Prefect.

    python -m deployments.register

Idempotent: a deployment whose file entry and flow have not changed is left alone, with all that people have
set on it since (a paused schedule stays paused). One process instead of one `prefect` command per step: 3 s
instead of 15.
"""

import asyncio
import hashlib
import json
from pathlib import Path
from typing import Any, get_args, get_type_hints

import yaml  # type: ignore[import-untyped]  # a part of Prefect that carries no types
from prefect import Flow
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate, WorkPoolCreate
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.client.schemas.schedules import CronSchedule
from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound
from prefect.flows import load_flow_from_entrypoint
from prefect.types.entrypoint import EntrypointType
from pydantic.fields import FieldInfo

import blocks
from deployments import automations
from deployments.descriptions import bilingual

CATALOGUE = Path(__file__).with_name("prefect.yaml")


def catalogue() -> list[dict[str, Any]]:
    """Return the deployments as the file describes them, in its order."""
    listed: list[dict[str, Any]] = yaml.safe_load(CATALOGUE.read_text(encoding="utf-8"))["deployments"]
    return listed


def build(entry: dict[str, Any]) -> RunnerDeployment:
    """Make one deployment of its entry in the file; its version is a fingerprint of all that defines it."""
    flow: Flow[..., Any] = load_flow_from_entrypoint(entry["entrypoint"])
    if flow.name != entry["flow_name"]:
        raise ValueError(f"{entry['entrypoint']} is {flow.name}, the catalogue says {entry['flow_name']}")
    limit = entry["concurrency_limit"]
    deployment = flow.to_deployment(
        entry["name"],
        schedules=[_schedule(one) for one in entry.get("schedules", [])],
        concurrency_limit=ConcurrencyLimitConfig(
            limit=limit["limit"],
            collision_strategy=ConcurrencyLimitStrategy(limit["collision_strategy"]),
            grace_period_seconds=limit["grace_period_seconds"],
        ),
        description=entry["description"],
        tags=entry["tags"],
        work_pool_name=entry["work_pool"]["name"],
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    assert isinstance(deployment, RunnerDeployment)
    schema = deployment._parameter_openapi_schema  # noqa: SLF001 — it has no public name
    told = _words(flow)
    for name, one in schema.properties.items():
        one.update(told.get(name, {}))
        if "description" not in told.get(name, {}):
            one["description"] = bilingual(one.get("description", ""))
    definition = json.dumps(entry, sort_keys=True) + schema.model_dump_json()
    deployment.version = hashlib.sha256(definition.encode()).hexdigest()[:16]
    return deployment


def _words(flow: Flow[..., Any]) -> dict[str, dict[str, str]]:
    """Return labels of the form, and descriptions where the docstring's would not do.

    Prefect itself would show the names of the arguments, and takes descriptions from docstrings alone.
    """
    hints = get_type_hints(flow.fn, include_extras=True)
    fields = {name: field for name, hint in hints.items() for field in get_args(hint)[1:]}
    return {
        name: {word: text for word in ("title", "description") if (text := getattr(field, word))}
        for name, field in fields.items()
        if isinstance(field, FieldInfo)
    }


def _schedule(entry: dict[str, Any]) -> DeploymentScheduleCreate:
    return DeploymentScheduleCreate(
        schedule=CronSchedule(cron=entry["cron"], timezone=entry["timezone"]),
        active=entry["active"],
        slug=entry["slug"],
    )


async def register(deployments: list[RunnerDeployment]) -> list[str]:
    """Bring Prefect up to date.

    Returns:
        The names of the deployments and automations that were new or had changed.
    """
    async with get_client() as client:
        for kind in blocks.ALL:
            await kind.aregister_type_and_schema(client=client)
        pools = {(entry["work_pool"]["name"], entry["work_pool"]["type"]) for entry in catalogue()}
        for name, kind_of_pool in sorted(pools):
            await _make_pool(client, name, kind_of_pool)
        changed = [one for one in deployments if await _version(client, one) != one.version]
    for deployment in changed:
        await deployment.aapply()
    async with get_client() as client:
        automated = await automations.register(client)
    return [*(deployment.full_name for deployment in changed), *automated]


async def _make_pool(client: PrefectClient, name: str, kind: str) -> None:
    try:
        await client.create_work_pool(WorkPoolCreate(name=name, type=kind))
    except ObjectAlreadyExists:
        return


async def _version(client: PrefectClient, deployment: RunnerDeployment) -> str | None:
    try:
        return (await client.read_deployment_by_name(deployment.full_name)).version
    except ObjectNotFound:
        return None


def main() -> None:
    """Register and say what changed."""
    changed = asyncio.run(register([build(entry) for entry in catalogue()]))
    print("\n".join(changed) or "nothing has changed")  # noqa: T201 — the answer of a command


if __name__ == "__main__":
    main()
