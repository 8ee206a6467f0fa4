"""The routers of the interface: to add resources, write a module with `router` and name it here."""

from typing import Final

from fastapi import APIRouter

from erepo.api.routes import (
    abroad,
    consents,
    contents,
    documents,
    indexing,
    intake,
    kinds,
    migrations,
    removing,
    webhooks,
)

ROUTERS: Final[tuple[APIRouter, ...]] = (
    intake.router,
    documents.router,
    contents.router,
    removing.router,
    migrations.router,
    indexing.router,
    consents.router,
    abroad.router,
    kinds.router,
    webhooks.router,
)
