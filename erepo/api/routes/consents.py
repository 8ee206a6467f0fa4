"""`/api/consents`: the register of consents; written down, sent and revoked on behalf of the staff."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query

from erepo.api.access import ActingUser, AtOffice, ConsentKeeper
from erepo.api.models_sharing import (
    ConsentChange,
    ConsentDetails,
    ConsentId,
    ConsentList,
    ConsentOutcome,
    ConsentQuery,
    ConsentSearch,
    NewConsent,
    RevocationGiven,
)
from erepo.api.routes.common import on_behalf, problems
from erepo.api.sharing import list_consents, wanted_of
from erepo.clinic.repositories import opening
from erepo.clinic.sharing import (
    Channel,
    ConsentState,
    deliver,
    describe,
    draft,
    history,
    order_revocation,
    share,
)

router = APIRouter(tags=["consents"])


@router.post(
    "/api/consents",
    operation_id="draftConsent",
    summary="Write a consent down",
    status_code=201,
    responses=problems(422),
)
async def add(
    office: AtOffice, caller: ConsentKeeper, login: ActingUser, wanted: NewConsent
) -> ConsentOutcome:
    """Write down who may see which documents of a patient, and until when. Nothing is sent yet.

    The id is yours: the same again is the same consent. The user needs the permission `share`.
    """
    await on_behalf(office, caller, login, "draft consent", len(wanted.documents))
    chosen = wanted_of(wanted)
    name = await asyncio.to_thread(draft, office.database, chosen, login, name=wanted.id)
    return await asyncio.to_thread(_outcome, office, name)


@router.get("/api/consents", operation_id="listConsents", summary="List consents", responses=problems())
def list_all(office: AtOffice, _: ConsentKeeper, wanted: Annotated[ConsentQuery, Query()]) -> ConsentList:
    """List consents, the latest first. People are searched for by POST, never here."""
    with office.database.read() as connection:
        return ConsentList.model_validate(list_consents(connection, wanted))


@router.post(
    "/api/consents/search",
    operation_id="searchConsents",
    summary="List consents of a patient or for a person",
    responses=problems(422),
)
def search(office: AtOffice, _: ConsentKeeper, wanted: ConsentSearch) -> ConsentList:
    """List consents as GET does; people stand in the body, so that no log of addresses shows one."""
    with office.database.read() as connection:
        return ConsentList.model_validate(list_consents(connection, wanted))


@router.get(
    "/api/consents/{consent_id}",
    operation_id="readConsent",
    summary="Where a consent stands",
    responses=problems(404),
)
def read(office: AtOffice, _: ConsentKeeper, consent_id: ConsentId) -> ConsentDetails:
    """Show state, times, documents, and what keeps it from going on."""
    with office.database.read() as connection:
        return ConsentDetails.model_validate(describe(connection, consent_id).as_json())


@router.get(
    "/api/consents/{consent_id}/history",
    operation_id="readConsentHistory",
    summary="What happened to a consent",
    responses=problems(404),
)
def read_history(office: AtOffice, _: ConsentKeeper, consent_id: ConsentId) -> list[ConsentChange]:
    """Show when, what, and by whom, oldest first."""
    with office.database.read() as connection:
        found = history(connection, consent_id)
    return [ConsentChange.model_validate(one, from_attributes=True) for one in found]


@router.post(
    "/api/consents/{consent_id}/sending",
    operation_id="sendConsent",
    summary="Send a consent",
    responses=problems(404, 422),
)
async def send(
    office: AtOffice, caller: ConsentKeeper, login: ActingUser, consent_id: ConsentId
) -> ConsentOutcome:
    """Archive what is missing, then give the consent to the service. May be repeated.

    What cannot be finished now goes on by itself; `problem` tells why. The user needs the permission `share`.
    """
    async with await asyncio.to_thread(opening, office.database, office.settings) as cloud:
        await on_behalf(office, caller, login, "send consent", 1)
        await share(Channel.of(cloud, office.database), consent_id, login)
    return await asyncio.to_thread(_outcome, office, consent_id)


@router.post(
    "/api/consents/{consent_id}/revocation",
    operation_id="revokeConsent",
    summary="Revoke a consent",
    responses=problems(404, 422),
)
async def end(
    office: AtOffice, caller: ConsentKeeper, login: ActingUser, consent_id: ConsentId, given: RevocationGiven
) -> ConsentOutcome:
    """End a consent now, also for downloads under way. May be repeated.

    It is written down first; where the service does not answer, `state` is `revoking` and it is repeated by
    itself. The user needs the permission `share`.
    """
    await on_behalf(office, caller, login, "revoke consent", 1)
    state = await asyncio.to_thread(order_revocation, office.database, consent_id, login, given.reason)
    if state is ConsentState.REVOKING:
        async with await asyncio.to_thread(opening, office.database, office.settings) as cloud:
            await deliver(Channel.of(cloud, office.database), consent_id)
    return await asyncio.to_thread(_outcome, office, consent_id)


def _outcome(office: Any, consent_id: str) -> ConsentOutcome:
    with office.database.read() as connection:
        line = describe(connection, consent_id).line
    return ConsentOutcome(id=line.id, state=line.state, problem=line.problem or None)
