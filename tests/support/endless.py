"""A flow that goes on until somebody ends its process."""

import asyncio

from prefect import flow


@flow(name="endless")
async def endless() -> None:
    """Wait for ever."""
    await asyncio.Event().wait()
