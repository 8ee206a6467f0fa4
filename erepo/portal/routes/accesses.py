"""Who has looked at my documents."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query

from erepo.cloud.audit.events import Thing
from erepo.portal.models import Accesses
from erepo.portal.office import AtOffice
from erepo.portal.routes.common import SHOWN, problems
from erepo.portal.sessions import SignedIn
from erepo.portal.watching import accesses

router = APIRouter(tags=["accesses"], dependencies=SHOWN)

_Before = Annotated[
    str | None, Query(pattern="^[0-9]{1,18}$", description="`next` of the page before; none: the newest.")
]
_Limit = Annotated[int, Query(ge=1, le=500)]


@router.get(
    "/portal/api/accesses",
    operation_id="listAccesses",
    summary="Who has looked at my documents",
    responses=problems(401),
)
async def list_all(office: AtOffice, who: SignedIn, before: _Before = None, limit: _Limit = 100) -> Accesses:
    """List who looked, the newest first: one's own looks too, other organisations, emergencies."""
    number = int(before) if before is not None else None
    found = await office.cloud.reading(partial(accesses, office, who, number, limit))
    await office.note("", who.pseudonym, [Thing("query", "accesses", str(len(found.accesses)))])
    return found
