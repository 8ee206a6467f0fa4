"""What patients give to their clinics ("Dokument własny pacjenta"), and what became of it."""

from typing import Annotated, Final, Literal, cast
from urllib.parse import unquote

from fastapi import APIRouter, Header, Request, Response
from pydantic import AwareDatetime, BaseModel, Field

from erepo.cda.given import TYPES
from erepo.cloud.audit.events import Thing
from erepo.cloud.bodies import ClientGone, Receive
from erepo.cloud.patients_own import Gift, Giver, give, given
from erepo.portal.errors import RequestTimeout
from erepo.portal.guard import STREAMED
from erepo.portal.office import AtOffice
from erepo.portal.routes.common import SHOWN, problems
from erepo.portal.sessions import PatientSession, SignedIn

router = APIRouter(tags=["own-documents"], dependencies=SHOWN)

PATH: Final = "/portal/api/own-documents"
STREAMED.add(("POST", PATH))
_CREATED: Final = 201
_BODY: Final = {
    "requestBody": {
        "required": True,
        "description": "The file itself; its type is found by its octets, whatever Content-Type says.",
        "content": {media: {"schema": {"type": "string", "format": "binary"}} for media in TYPES},
    }
}
_Clinic = Annotated[
    str, Header(alias="X-Erepo-Clinic", pattern="^[0-9]{16}$", description="Account of one of the clinics.")
]
_Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="Fresh for each document, the same when an answer was lost: a UUID.",
    ),
]
_Title = Annotated[
    str,
    Header(
        alias="X-Erepo-Title",
        max_length=2400,
        description="What the patient calls it: at most 200 characters, UTF-8, percent-encoded.",
    ),
]


class Words(BaseModel):
    """Words for people."""

    pl: str
    en: str


class OwnDocument(BaseModel):
    """A document that the patient gave."""

    id: str
    clinic: str = Field(description="Account of 16 digits.")
    title: str
    contentType: str  # noqa: N815  # as it stands in the JSON
    size: int
    sha256: str = Field(description="Of the octets as given, hex.")
    state: Literal["given", "offered", "taken", "refused", "expired"]
    words: Words
    reason: Words | None = Field(description="Why the clinic could not take it, in general words.")
    givenAt: AwareDatetime  # noqa: N815
    keptUntil: AwareDatetime | None = Field(description="Until when it waits for the clinic.")  # noqa: N815
    settledAt: AwareDatetime | None  # noqa: N815


class OwnDocuments(BaseModel):
    """All that the patient gave, the latest first."""

    documents: list[OwnDocument]


@router.post(
    PATH,
    operation_id="giveDocument",
    summary="Give a document to a clinic",
    status_code=_CREATED,
    responses={
        **problems(401, 403, 409, 413, 415, 422, 429),
        200: {"model": OwnDocument, "description": "It came before."},
    },
    openapi_extra=_BODY,
)
async def add(
    request: Request,
    response: Response,
    office: AtOffice,
    who: SignedIn,
    clinic: _Clinic,
    key: _Key,
    title: _Title = "",
) -> OwnDocument:
    """Keep a file for a clinic of the patient's; when this is answered it is durable.

    Taken are PDF, JPEG, PNG, and PIK HL7 CDA documents about the patient themselves.
    """
    cloud = office.cloud
    headers, receive = dict(request.scope["headers"]), cast("Receive", request.receive)
    limit = office.settings.patients_own.document
    try:
        async with cloud.bodies.read(f"patient {who.account_id}", headers, receive, limit) as body:
            gift = Gift(clinic, key, unquote(title), body)
            told, fresh = await give(cloud, _giver(who), gift, who.who)
    except ClientGone:
        raise RequestTimeout from None
    if not fresh:
        response.status_code = 200
    return OwnDocument.model_validate(told)


@router.get(
    PATH,
    operation_id="listGivenDocuments",
    summary="What I gave to my clinics, and what became of it",
    responses=problems(401),
)
async def list_all(office: AtOffice, who: SignedIn) -> OwnDocuments:
    """List the documents that were given to the clinics that vouch for the proven address."""
    found = await given(office.cloud, _giver(who), who.who)
    await office.note("", who.pseudonym, [Thing("query", "own documents", str(len(found)))])
    return OwnDocuments(documents=[OwnDocument.model_validate(one) for one in found])


def _giver(who: PatientSession) -> Giver:
    return Giver(who.account_id, who.person, who.clinics)
