"""`/api/p1/searches`: documents of other providers; on behalf of a member of the staff."""

import asyncio
from contextlib import closing

from fastapi import APIRouter, Request

from erepo.api.access import Abroad, ActingUser, AtOffice, Office
from erepo.api.errors import RequestInvalid
from erepo.api.models import (
    AbroadChoice,
    AbroadList,
    AbroadSearch,
    FetchedAbroad,
    FetchedList,
    PublicId,
)
from erepo.api.routes.common import on_behalf, problems
from erepo.clinic.abroad import Desk, Fetched, Search, Why, fetch, find, look, opening
from erepo.clinic.intake import parse_patient
from erepo.identifiers.errors import IdentifierInvalid
from erepo.texts import Language, spoken

router = APIRouter(tags=["P1"])


@router.post(
    "/api/p1/searches",
    operation_id="searchAbroad",
    summary="Find a patient's documents in P1",
    status_code=201,
    responses=problems(422, 502),
)
async def search(office: AtOffice, caller: Abroad, login: ActingUser, wanted: AbroadSearch) -> AbroadList:
    """Ask P1's index for a patient's documents; nothing is fetched yet. May take two minutes.

    The list stands for a day, for the same user, who needs the permission `abroad`. An emergency is written
    down, and the administrator is told of it.
    """
    try:
        patient = parse_patient(wanted.patient)
    except IdentifierInvalid:
        raise RequestInvalid(field="patient") from None
    why = Why(login, patient, wanted.purpose, wanted.reason.strip())
    await on_behalf(office, caller, login, "search-abroad", 0)
    found = await asyncio.to_thread(_found, office, why, wanted)
    return AbroadList.model_validate(found.as_json())


def _found(office: Office, why: Why, wanted: AbroadSearch) -> Search:
    with closing(opening(office.database, office.settings, why.login)) as client:
        desk = Desk(client, office.database, office.settings)
        days = {"since": wanted.created_from, "until": wanted.created_until}
        return find(desk, why, kinds=wanted.kinds, **days)


@router.get(
    "/api/p1/searches/{search_id}",
    operation_id="readAbroad",
    summary="The list of a search again",
    responses=problems(404, 422),
)
def read(office: AtOffice, _: Abroad, login: ActingUser, search_id: PublicId) -> AbroadList:
    """Show the list with what became of each document. P1 is not asked."""
    return AbroadList.model_validate(look(office.database, search_id, login).as_json())


@router.post(
    "/api/p1/searches/{search_id}/fetch",
    operation_id="fetchAbroad",
    summary="Fetch documents of a search",
    responses=problems(404, 422, 502),
)
async def fetch_documents(
    request: Request,
    office: AtOffice,
    caller: Abroad,
    login: ActingUser,
    search_id: PublicId,
    wanted: AbroadChoice,
) -> FetchedList:
    """Fetch documents from their providers, check each, and take it in; at most 20 at once.

    Each is on the disk before the next is asked for. Repeat the request after whatever happened: what is here
    is said to be.
    """
    await on_behalf(office, caller, login, "fetch-abroad", len(wanted.numbers))
    done = await asyncio.to_thread(_fetched, office, search_id, login, wanted.numbers)
    speak = spoken(request.headers.get("accept-language", ""))
    return FetchedList(documents=[_told(one, speak) for one in done])


def _fetched(office: Office, search_id: str, login: str, numbers: list[int]) -> list[Fetched]:
    with closing(opening(office.database, office.settings, login)) as client:
        desk = Desk(client, office.database, office.settings)
        return fetch(desk, search_id, login, numbers)


def _told(one: Fetched, speak: Language) -> FetchedAbroad:
    cause, cure = one.reason.explain(speak) if one.reason else (None, None)
    code = str(one.reason.data.get("code") or one.reason.code) if one.reason else None
    return FetchedAbroad(
        number=one.number,
        status=one.status.value,
        id=one.public_id or None,
        code=code,
        cause=cause,
        cure=cure,
    )
