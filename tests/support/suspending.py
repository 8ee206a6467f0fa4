"""Runs of a deployment without a worker: the test itself is the process that a worker would start."""

import contextlib
import json
import os
import subprocess
import sys
from typing import Any
from uuid import UUID

from prefect import Flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun, State
from prefect.exceptions import Pause
from prefect.flow_engine import run_flow_async
from prefect.settings import get_current_settings


async def order(flow: Flow[Any, Any], **parameters: Any) -> UUID:
    """Order a run of a deployment of the flow; nothing starts it."""
    async with get_client() as client:
        flow_id = await client.create_flow(flow)
        deployment = await client.create_deployment(flow_id, f"{flow.name}-tested")
        run = await client.create_flow_run_from_deployment(deployment, parameters=parameters)
        return run.id


async def read(run: UUID) -> FlowRun:
    """Return the run as Prefect knows it."""
    async with get_client() as client:
        return await client.read_flow_run(run)


async def work(flow: Flow[Any, Any], run: UUID) -> State[Any]:
    """Do what the process of a run does, until it ends or is suspended; return the state Prefect shows."""
    found = await read(run)
    # Where the run is suspended, the process of a worker ends.
    with contextlib.suppress(Pause):
        await run_flow_async(flow, flow_run=found, parameters=found.parameters, return_type="state")
    state = (await read(run)).state
    assert state is not None
    return state


async def resume(run: UUID, **given: str) -> None:
    """Press Resume, with the form filled in."""
    async with get_client() as client:
        answer = await client.resume_flow_run(run, run_input=given)
        assert answer.status.value == "ACCEPT", answer


async def form(run: UUID) -> tuple[str, dict[str, Any]]:
    """Return the words above the form of a suspended run, and its schema."""
    state = (await read(run)).state
    assert state is not None
    assert state.state_details.run_input_keyset is not None
    async with get_client() as client:
        keys = state.state_details.run_input_keyset
        description = await client.read_flow_run_input(run, keys["description"])
        schema = await client.read_flow_run_input(run, keys["schema"])
    return json.loads(description), json.loads(schema)


def begin_run(module: str, flow: str, run: UUID) -> subprocess.Popen[bytes]:
    """Start the process of an ordered run as a worker does, to be killed."""
    code = f"import asyncio; from uuid import UUID; from {module} import {flow} as f; "
    code += "from prefect.flow_engine import load_flow_run, run_flow_async; "
    code += f"asyncio.run(run_flow_async(f, flow_run=load_flow_run(UUID('{run}'))))"
    settings = get_current_settings().to_environment_variables(exclude_unset=True)
    marked = {"PREFECT__FLOW_RUN_ID": str(run), "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30"}
    return subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, **settings, **marked},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def begin(module: str, flow: str, **parameters: Any) -> subprocess.Popen[bytes]:
    """Start a flow in a process of its own, to be killed."""
    code = f"import asyncio, json, sys; from {module} import {flow} as f; "
    code += "asyncio.run(f(**json.loads(sys.argv[1])))"
    settings = get_current_settings().to_environment_variables(exclude_unset=True)
    environment = {**os.environ, **settings}
    return subprocess.Popen(
        [sys.executable, "-c", code, json.dumps(parameters)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
