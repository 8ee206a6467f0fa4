"""`/api/migrations`, `/api/unblockings`: documents back from the repository; on behalf of the staff."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Header, Response

from erepo.api.access import ActingUser, AtOffice, Migrator
from erepo.api.models import Ids, MigrationOrder, MigrationState, OrderedMigration, PublicId, Unblocked
from erepo.api.ordering import look_at, order
from erepo.api.routes.common import on_behalf, problems
from erepo.clinic.migrating import Selection, standing, unblock

router = APIRouter(tags=["migration"])


@router.post(
    "/api/migrations",
    operation_id="orderMigration",
    summary="Bring documents back from the repository",
    status_code=202,
    responses={
        **problems(422),
        200: {"model": OrderedMigration, "description": "A dry run, or nothing to bring back."},
        202: {"model": OrderedMigration, "description": "Ordered; it is on the disk, and worked off."},
    },
)
async def add(
    response: Response,
    office: AtOffice,
    caller: Migrator,
    login: ActingUser,
    wanted: MigrationOrder,
    idempotency_key: Annotated[
        str | None,
        Header(description="New for each order; needed unless it is a dry run. Repeated: the same order."),
    ] = None,
) -> OrderedMigration:
    """Order documents back: each comes here, is proven, and only then leaves the repository.

    Begin with `dry_run`: true, which says what would be done. The order is worked off by this service,
    however often it is restarted; documents that came back are `blocked`. The user needs the permission
    `migrate`.
    """
    if wanted.dry_run:
        response.status_code = 200
        return await asyncio.to_thread(look_at, office.database, wanted, login)
    await on_behalf(office, caller, login, "migrate", len(wanted.ids))
    made = await asyncio.to_thread(order, office, caller, wanted, login, idempotency_key)
    if made.id is None:
        response.status_code = 200
    else:
        response.headers["location"] = f"/api/migrations/{made.id}"
    return made


@router.get(
    "/api/migrations/{migration_id}",
    operation_id="readMigration",
    summary="How far a migration has come",
    responses=problems(404),
)
def read(office: AtOffice, _: Migrator, migration_id: PublicId) -> MigrationState:
    """Show counts, what keeps it from going on, and which documents were given up, and why."""
    with office.database.read() as connection:
        return MigrationState.model_validate(standing(connection, migration_id).as_json())


@router.post(
    "/api/unblockings",
    operation_id="unblockDocuments",
    summary="Return migrated documents to archiving",
    responses=problems(422),
)
async def return_documents(office: AtOffice, caller: Migrator, login: ActingUser, wanted: Ids) -> Unblocked:
    """Let documents that came back be archived again, by the next run. The user needs `migrate`."""
    await on_behalf(office, caller, login, "unblock", len(wanted.ids))
    count = await asyncio.to_thread(unblock, office.database, Selection(ids=wanted.ids), login)
    return Unblocked(unblocked=count)
