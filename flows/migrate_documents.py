"""Bring documents back from the repository, which then forgets them (manual 1.5).

Requires the blocks that onboard-clinic writes, and the passphrase of the keys in the worker's surroundings;
where the eArchiwum is in use, the block ClinicDatabase alone.
"""

import time
from datetime import date
from typing import Annotated

from prefect import flow
from pydantic import Field

from erepo.cda.kinds import Kind
from erepo.clinic.migrating import BatchResult, Plan, Selection, summary
from erepo.clinic.migrating.errors import DatesWrong, NotConfirmed
from flows.kind_choices import KIND_NAMES
from flows.naming import run_name
from flows.reporting import Progress
from flows.reporting_migration import report_migration, report_preview
from tasks.boundary import guarded
from tasks.clinic import opened_repository
from tasks.migrating import attempts, bring, look_at, plan_migration, settle_open_migrations

#: Parameters lie in Prefect in clear: nothing that could be an identifier of a person fits in here.
PublicId = Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
#: As an integer even the PESEL of who was born in January 1900 has eight digits.
MOST = 9_999_999
Kinds = Annotated[
    list[Kind],
    Field(
        title="Rodzaje dokumentów / Document kinds",
        description=f"Tylko te rodzaje / Only these kinds: {KIND_NAMES}",
    ),
]
#: A date picker would need an `Optional`, which Prefect's form cannot show.
DAY = r"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$"


@flow(name="migrate-documents", flow_run_name=run_name("migrate"))
@guarded
async def migrate_documents(  # noqa: PLR0913, PLR0917 - a field of the form for each filter
    acting_user: Annotated[str, Field(title="Użytkownik / Acting user", min_length=1, max_length=100)],
    ids: Annotated[list[PublicId], Field(title="Identyfikatory dokumentów / Ids of documents")] = [],  # noqa: B006
    kinds: Kinds = [],  # noqa: B006
    whose: Annotated[int, Field(title="Numer pacjenta / Number of the patient", ge=0, le=MOST)] = 0,
    issued_from: Annotated[str, Field(title="Wystawione od / Issued from", pattern=DAY)] = "",
    issued_until: Annotated[str, Field(title="Wystawione do / Issued until", pattern=DAY)] = "",
    archived_from: Annotated[str, Field(title="Zarchiwizowane od / Archived from", pattern=DAY)] = "",
    archived_until: Annotated[str, Field(title="Zarchiwizowane do / Archived until", pattern=DAY)] = "",
    everything: Annotated[bool, Field(title="Wszystkie dokumenty / All documents")] = False,
    most_documents: Annotated[
        int, Field(title="Najwięcej dokumentów / Most documents", ge=0, le=1_000_000)
    ] = 0,
    dry_run: Annotated[bool, Field(title="Próba: tylko policz / Dry run: only count")] = True,
    confirmed: Annotated[
        bool, Field(title="Potwierdzam usunięcie z repozytorium / I confirm the removal from the repository")
    ] = False,
    connection: Annotated[
        str, Field(title="Połączenie / Connection", pattern="^[a-z0-9-]+$", max_length=60)
    ] = "clinic",
) -> None:
    """Bring documents here, remove them from the repository, and block them from being sent again.

    A dry run unless it is switched off; then the confirmation is needed as well. Nothing is removed there
    before its copy here is durable, read back and equal, and that is written down. May be started at any
    moment, also after a crash: what is half-done is finished first.

    Args:
        acting_user: Login of the person who orders it; needs the permission `migrate`.
        ids: Opaque ids of documents, as `erepo migrate list` shows them.
        kinds: Only these kinds.
        whose: Only of one patient, by the number that `erepo migrate number` tells; 0 means any. Never an
            identifier.
        issued_from: Issued on this day or later, as 2026-11-30, Polish time.
        issued_until: Issued on this day or earlier.
        archived_from: Archived on this day or later.
        archived_until: Archived on this day or earlier.
        everything: All documents; needed when nothing else is chosen.
        most_documents: At most so many; 0 means all that were chosen.
        dry_run: Only count, change nothing.
        confirmed: Needed when it is no dry run.
        connection: Name of the clinic's blocks.
    """
    selection = Selection(
        tuple(ids),
        tuple(kinds),
        whose,
        (_day(issued_from), _day(issued_until)),
        (_day(archived_from), _day(archived_until)),
        everything=everything,
        most=most_documents,
    )
    async with opened_repository(connection):
        seen = await look_at(selection, acting_user)
        if dry_run:
            await report_preview(seen)
            return
        if not confirmed:
            raise NotConfirmed(count=seen.documents)
        await _migrate(selection, acting_user)


async def _migrate(selection: Selection, acting_user: str) -> None:
    started = time.monotonic()
    results: list[BatchResult] = []
    attempts.set(results)
    problem: Exception | None = None
    try:
        await settle_open_migrations(acting_user)
        await _bring_all(await plan_migration(selection, acting_user))
    except Exception as error:  # noqa: BLE001 — reported below, then raised
        problem = error
    try:
        await report_migration(summary(results, time.monotonic() - started), problem)
    finally:
        # What stopped the migration matters more than a page that could not be written.
        if problem is not None:
            raise problem


async def _bring_all(planned: Plan) -> None:
    progress = await Progress.begin("migrate-progress", planned.documents)
    for batch in planned.batches:
        result = await bring(batch)
        await progress.advance(result.documents)
        if result.stopped:
            break
    await progress.end()


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise DatesWrong from None
