"""Write Prefect's blocks from the command line, over its REST API: erepo imports no Prefect."""

from collections.abc import Mapping
from typing import Any, Final

from erepo.cli.errors import BlockTypeUnknown
from erepo.cli.trigger import Prefect

ACCOUNT: Final = "erepo-cloud-account"
P1: Final = "erepo-p1-certificates"


def save_block(prefect: Prefect, slug: str, name: str, data: Mapping[str, Any]) -> None:
    """Save a block under a name; one that is there gets the new values. Idempotent.

    Raises:
        BlockTypeUnknown: the deployments (and with them the types of blocks) were never registered.
        PrefectRefused, PrefectUnavailable: see `Prefect.request`.
    """
    if change_block(prefect, slug, name, data):
        return
    kind = prefect.request("GET", f"block_types/slug/{slug}")
    wanted = {"block_schemas": {"block_type_id": {"any_": [kind["id"] if kind else ""]}}, "limit": 1}
    schemas = prefect.request("POST", "block_schemas/filter", wanted) if kind else None
    if not schemas:
        raise BlockTypeUnknown(slug=slug)
    body = {
        "name": name,
        "data": dict(data),
        "block_type_id": kind["id"],
        "block_schema_id": schemas[0]["id"],
    }
    prefect.request("POST", "block_documents/", body)


def change_block(prefect: Prefect, slug: str, name: str, data: Mapping[str, Any]) -> bool:
    """Change some fields of a block; tell whether it was there."""
    found = prefect.request("GET", f"block_types/slug/{slug}/block_documents/name/{name}")
    if found is None:
        return False
    body = {"data": dict(data), "merge_existing_data": True, "block_schema_id": found["block_schema_id"]}
    prefect.request("PATCH", f"block_documents/{found['id']}", body)
    return True
