"""Who is signed in, where else, and signing out."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Response
from sqlalchemy import Connection

from erepo.cloud.audit.events import Action, Thing
from erepo.cloud.patients.links import organisation
from erepo.cloud.registry.jobs import Change, Outcome
from erepo.portal import sessions
from erepo.portal.errors import SessionUnknown
from erepo.portal.models import Clinic, Ended, Present, Session, Sessions
from erepo.portal.office import AtOffice, Office
from erepo.portal.routes.common import SHOWN, problems
from erepo.portal.routes.signing_in import set_cookie
from erepo.portal.sessions import PatientSession, SignedIn

router = APIRouter(tags=["session"], dependencies=SHOWN)

SessionId = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]


@router.get(
    "/portal/api/session",
    operation_id="showSession",
    summary="Who is signed in",
    responses=problems(401),
)
async def show(office: AtOffice, who: SignedIn) -> Present:
    """Tell which clinics vouch for the proven address: whose documents can be seen."""
    names = await office.cloud.reading(partial(names_of, office, who.clinics))
    ends = who.began_at + timedelta(seconds=office.settings.portal.life)
    clinics = [Clinic(account=each.account, name=names[each.tenant_id]) for each in who.links]
    csrf = who.form_token if who.form == "cookie" else None
    return Present.model_validate(
        {
            "session": who.id,
            "csrf": csrf,
            "clinics": clinics,
            "beganAt": f"{who.began_at.isoformat()}Z",
            "endsAt": f"{ends.isoformat()}Z",
        }
    )


@router.delete(
    "/portal/api/session",
    operation_id="signOut",
    summary="Sign out",
    responses=problems(401, 403),
)
async def sign_out(response: Response, office: AtOffice, who: SignedIn) -> Ended:
    """End this session."""

    def end(connection: Connection) -> int:
        sessions.end(connection, who.key)
        return 1

    set_cookie(response, "")
    return await _ended(office, who, end, who.id)


@router.get(
    "/portal/api/sessions",
    operation_id="listSessions",
    summary="Where one is signed in",
    responses=problems(401),
)
async def list_all(office: AtOffice, who: SignedIn) -> Sessions:
    """List every session of the person by the same address."""
    return await office.cloud.reading(partial(_listed, office, who))


@router.delete(
    "/portal/api/sessions",
    operation_id="signOutEverywhere",
    summary="Sign out everywhere",
    responses=problems(401, 403),
)
async def sign_out_everywhere(response: Response, office: AtOffice, who: SignedIn) -> Ended:
    """End every session of the person by the same address, this one included."""
    set_cookie(response, "")
    return await _ended(office, who, partial(_end_all, who=who), "all")


@router.delete(
    "/portal/api/sessions/{session_id}",
    operation_id="endSession",
    summary="End one session",
    responses=problems(401, 403, 404),
)
async def end_one(office: AtOffice, who: SignedIn, session_id: SessionId) -> Ended:
    """End another session of the person: a lost telephone, say."""

    def end(connection: Connection) -> int:
        if not sessions.end_by_id(connection, who, session_id):
            raise SessionUnknown
        return 1

    return await _ended(office, who, end, session_id)


def _end_all(connection: Connection, who: PatientSession) -> int:
    return sessions.end_all(connection, who)


async def _ended(office: Office, who: PatientSession, end: Callable[[Connection], int], name: str) -> Ended:
    counted: list[int] = []

    def apply(connection: Connection) -> Outcome:
        counted.append(end(connection))
        return Outcome()

    things = [Thing("session", name)]
    evidence = office.evidence("sign-out", who.pseudonym, things, Action.DELETE)
    await office.change(Change(evidence=evidence, apply=apply))
    return Ended(ended=counted[-1])


def _listed(office: Office, who: PatientSession) -> Sessions:
    with office.cloud.database.read() as connection:
        rows = sessions.sessions_of(connection, who, office.settings.portal, office.now())
    found = [
        Session.model_validate(
            {
                "id": row.id,
                "form": row.form,
                "present": row.id == who.id,
                "beganAt": f"{row.began_at.isoformat()}Z",
                "seenAt": f"{row.seen_at.isoformat()}Z",
            }
        )
        for row in rows
    ]
    return Sessions(sessions=found)


def names_of(office: Office, tenants: tuple[int, ...]) -> dict[int, str]:
    """Return what clinics call themselves, by the number of their account's row."""
    with office.cloud.database.read(*tenants) as connection:
        return {each: organisation(connection, each) for each in tenants}
