"""Signing in: the number, then the code."""

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from erepo.cloud.audit.evidence import Evidence
from erepo.cloud.registry.jobs import Change, Outcome
from erepo.identifiers import CX
from erepo.identifiers.errors import IdentifierInvalid
from erepo.identifiers.oids import PESEL as PESEL_ROOT
from erepo.identifiers.pesel import Pesel
from erepo.portal import sessions
from erepo.portal.errors import IdentifierInvalid as NumberInvalid
from erepo.portal.errors import RequestInvalid
from erepo.portal.models import Challenge, CodeTyped, SignedInAnswer, SignInAsked
from erepo.portal.office import NOBODY, AtOffice, Office, address_of
from erepo.portal.routes.common import problems
from erepo.portal.signing_in import DIGITS, ask, sign_in

router = APIRouter(tags=["sign-in"])


@router.post(
    "/portal/api/sign-in",
    operation_id="askForCode",
    summary="Have a code sent",
    status_code=202,
    responses=problems(403, 429),
)
async def ask_for_code(request: Request, office: AtOffice, asked: SignInAsked) -> Challenge:
    """Send a code to the address that the person's clinics have noted; everybody gets this answer."""
    _expect_json(request)
    try:
        person = CX(str(Pesel.parse(asked.pesel)), PESEL_ROOT)
    except IdentifierInvalid:
        raise NumberInvalid from None
    found = await ask(office, person, address_of(request))
    return Challenge(challenge=found.challenge, expiresIn=found.seconds, digits=DIGITS)


@router.post(
    "/portal/api/sign-in/code",
    operation_id="signIn",
    summary="Sign in with the code",
    responses=problems(403, 429),
)
async def type_code(
    request: Request, response: Response, office: AtOffice, typed: CodeTyped
) -> SignedInAnswer:
    """Begin a session: always a new one; one that the browser had before ends."""
    _expect_json(request)
    code = typed.code.replace(" ", "")
    token = await sign_in(office, typed.challenge, code, typed.form, address_of(request))
    before, form = sessions.shown(request)
    if before and form == "cookie":
        await _end(office, sessions.key_of(before))
    limits = office.settings.portal
    answer = SignedInAnswer(csrf=None, token=None, idleSeconds=limits.idle, lifeSeconds=limits.life)
    if typed.form == "token":
        answer.token = token
        return answer
    set_cookie(response, token)
    answer.csrf = sessions.csrf_token(token)
    return answer


def set_cookie(response: Response, token: str) -> None:
    """Give a browser its session; an empty token takes it away."""
    response.set_cookie(
        sessions.COOKIE,
        token,
        path="/",
        secure=True,
        httponly=True,
        samesite="strict",
        max_age=None if token else 0,
    )


async def _end(office: Office, key: bytes) -> None:
    def apply(connection: Connection) -> Outcome:
        sessions.end(connection, key)
        return Outcome()

    await office.change(Change(evidence=Evidence(NOBODY, ()), apply=apply))


def _expect_json(request: Request) -> None:
    """A form of another site cannot send JSON without asking first, and is never allowed to."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise RequestInvalid(field="Content-Type")
