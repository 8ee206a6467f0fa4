"""What goes over the wire, for the routes and for /openapi.json."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

_AT = "2031-05-01T08:00:00Z"


class _Sent(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class SignInAsked(_Sent):
    """Who wants to sign in."""

    pesel: Annotated[str, StringConstraints(strip_whitespace=True, max_length=20)] = Field(
        examples=["80051212357"], repr=False
    )


class Challenge(BaseModel):
    """The same for everybody, whether or not there is an account; a code comes if there is."""

    challenge: str = Field(description="For the next step; keep it where no other page reads it.")
    expiresIn: int = Field(description="Seconds for which the code counts.", examples=[600])  # noqa: N815
    digits: int = Field(examples=[8])


class CodeTyped(_Sent):
    """The code that came."""

    challenge: Annotated[str, StringConstraints(max_length=64)] = Field(repr=False)
    code: Annotated[str, StringConstraints(pattern=r"^[0-9 ]{1,20}$")] = Field(
        examples=["1234 5678"], repr=False
    )
    form: Literal["cookie", "token"] = Field(
        "cookie", description="A browser takes a cookie, an application a bearer token."
    )


class SignedInAnswer(BaseModel):
    """A session has begun."""

    csrf: str | None = Field(description="For `X-Erepo-Csrf` of changing requests; null for applications.")
    token: str | None = Field(description="For `Authorization: Bearer`; null for browsers.")
    idleSeconds: int = Field(examples=[900])  # noqa: N815
    lifeSeconds: int = Field(examples=[28800])  # noqa: N815


class Clinic(BaseModel):
    """A clinic that vouches for the address that was proven."""

    account: str = Field(examples=["0000000000001003"])
    name: str = Field(examples=["Przychodnia Zdrowie"])


class Present(BaseModel):
    """Who is signed in; the number itself is never told."""

    session: str
    csrf: str | None
    clinics: list[Clinic]
    beganAt: AwareDatetime = Field(examples=[_AT])  # noqa: N815
    endsAt: AwareDatetime = Field(examples=[_AT])  # noqa: N815


class Session(BaseModel):
    """One session of the person."""

    id: str
    form: Literal["cookie", "token"]
    present: bool = Field(description="Whether it is the one that asks.")
    beganAt: AwareDatetime = Field(examples=[_AT])  # noqa: N815
    seenAt: AwareDatetime = Field(examples=[_AT])  # noqa: N815


class Sessions(BaseModel):
    """Every session that has not ended."""

    sessions: list[Session]


class Ended(BaseModel):
    """How many sessions ended."""

    ended: int


class SharedDocument(BaseModel):
    """A document that is shared with the person."""

    account: str = Field(description="Of the clinic whose document it is.", examples=["0000000000001003"])
    clinic: str = Field(examples=["Przychodnia Zdrowie"])
    uniqueId: str = Field(examples=["1.2.3.4"])  # noqa: N815
    title: str | None = None
    kind: str | None = Field(
        None, description="Name of its class (else its type), as the clinic registered it."
    )
    created: str = Field(description="As XDS writes it, UTC; may be empty.", examples=["20310501080000"])
    mimeType: str = Field(examples=["text/xml"])  # noqa: N815
    size: int
    validUntil: AwareDatetime = Field(  # noqa: N815
        description="The first moment in which it is not shared any more.", examples=[_AT]
    )


class SharedDocuments(BaseModel):
    """Everything that is shared with the person now."""

    documents: list[SharedDocument]


class Access(BaseModel):
    """Somebody has looked."""

    at: AwareDatetime = Field(examples=[_AT])
    by: Literal["you", "person", "organisation", "provider"]
    organisation: str | None = Field(
        description="Its name; of a provider that P1 vouches for, its number in RPWDL; null for a person."
    )
    account: str | None = Field(description="Its account; null for what has none.")
    professional: str | None = Field(description="NPWZ of who asked, where a professional's is known.")
    clinic: str = Field(description="Whose document it is.")
    uniqueId: str | None = Field(description="Null: a list was looked at.")  # noqa: N815
    emergency: bool = Field(description="Without consent, because a life was in danger.")


class Accesses(BaseModel):
    """A page, the newest first."""

    accesses: list[Access]
    next: str | None = Field(description="Give it as `before` to read on.")


def utc(moment: datetime) -> str:
    """Return a moment of the tables as JSON takes it."""
    return f"{moment.isoformat()}Z"
