"""Verifying: tonight's share of the archive read back, and whoever has to know told."""

from uuid import UUID

from prefect import task
from prefect.cache_policies import NO_CACHE

from erepo.clinic.coverage import count_open
from erepo.clinic.verifying import Night, verify_rolling
from erepo.clinic.verifying.plan import Repair, mark_told, read_plan, untold
from erepo.texts import Text, language
from tasks.boundary import guarded
from tasks.clinic import depositing
from tasks.events import emit
from tasks.notifying import find_notifier
from tasks.retrying import PATIENT

EVENT = "erepo.archive.difference"
_SUBJECT = Text("erepo: damaged documents in the repository", "erepo: uszkodzone dokumenty w repozytorium")
_BODY = Text(
    "Found tonight: {count} documents that are missing or damaged in the repository, of these without a good"
    " copy here: {lost}. See `erepo verify plan`.",
    "Wykryto tej nocy dokumenty brakujące lub uszkodzone w repozytorium: {count}, w tym bez dobrej kopii na"
    " miejscu: {lost}. Zobacz `erepo verify plan`.",
)


@task(name="verify-share", **PATIENT)
@guarded
async def verify_share() -> Night:
    """Read back what was not read back for longest; what an earlier attempt has done is not done again."""
    clinic = depositing()
    night = await verify_rolling(clinic.connection, clinic.database)
    if night.report.problem is not None:
        raise night.report.problem.error()
    return night


@task(name="read-plan", cache_policy=NO_CACHE)
@guarded
async def open_repairs() -> list[Repair]:
    """Read the repair plan, the oldest first."""
    with depositing().database.read() as connection:
        return read_plan(connection)


@task(name="announce-differences", **PATIENT)
@guarded
async def announce_differences(notifier: str) -> int:
    """Tell Prefect (an event each) and people (one notification) what was not told yet; return how many.

    Written down after telling: after a crash somebody is told twice rather than never. An event bears the id
    of its row, so that Prefect itself knows it again.
    """
    database, speak = depositing().database, language()
    with database.read() as connection:
        found = untold(connection)
        lost = count_open(connection).get("no-copy", 0)
    if not found:
        return 0
    for one in found:
        facts = {"document": one.document, "what": one.what, "copy": one.copy, "action": one.action}
        await emit(EVENT, f"erepo.document.{one.document}", facts, UUID(one.id))
    if (block := await find_notifier(notifier)) is not None:
        await block.notify(_BODY.fill(speak, count=len(found), lost=lost), _SUBJECT.fill(speak))
    with database.begin() as connection:
        mark_told(connection, [one.id for one in found])
    return len(found)
