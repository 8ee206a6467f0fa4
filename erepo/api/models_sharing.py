"""Consents over the wire. Patient, recipient and reason go in, and never come out."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from erepo.api.models import PublicId
from erepo.clinic.sharing import ConsentState

_ID = "6f1d2c3b-4a59-4e68-8d77-9c0b1a2f3e4d"
_AT = "2026-12-01T07:00:00Z"
ConsentId = Annotated[
    str,
    StringConstraints(pattern="^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"),
    Field(examples=[_ID]),
]


class RecipientGiven(BaseModel):
    """Whom a consent is for. `patient`: nothing more; `person`: number; `account`: account."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["patient", "person", "account"] = Field(examples=["patient"])
    number: str | None = Field(
        None, max_length=300, examples=["44051401359"], description="PESEL, NPWZ or HL7 CX."
    )
    account: str | None = Field(None, max_length=16, examples=["0000000000002004"])
    name: str | None = Field(None, max_length=500, examples=["Anna Nowak"])


class NewConsent(BaseModel):
    """A consent to write down; its id is yours, and makes repeating harmless."""

    model_config = ConfigDict(extra="forbid")

    id: ConsentId
    documents: list[PublicId] = Field(min_length=1, max_length=1000, description="All of one patient.")
    recipient: RecipientGiven
    valid_from: str | None = Field(
        None,
        max_length=40,
        examples=["2026-12-01"],
        description="Day or time; without a zone Polish; null: now.",
    )
    valid_until: str = Field(
        max_length=40, examples=["2026-12-31"], description="Likewise; a day counts until its midnight."
    )
    matter: str = Field(
        min_length=1, max_length=500, examples=["Kontynuacja leczenia"], description="Why („Sprawa”)."
    )


class ConsentSummary(BaseModel):
    """A consent in a list."""

    id: ConsentId
    state: ConsentState = Field(examples=["active"], description="As the clock makes it now.")
    recipient: str = Field(examples=["patient"], description="`patient`, `person` or `account`.")
    valid_from: datetime = Field(examples=[_AT])
    valid_until: datetime = Field(examples=[_AT], description="The first moment in which it holds no more.")
    documents: int = Field(examples=[2])
    created_at: datetime = Field(examples=[_AT])
    created_by: str = Field(examples=["jkowalska"])
    problem: str = Field(examples=[""], description="Code of what keeps it from going on; empty: nothing.")


class ConsentList(BaseModel):
    """One page, the latest first."""

    consents: list[ConsentSummary]
    next: ConsentId | None = Field(description="Cursor of the next page; null: there is none.")


class SharedDocument(BaseModel):
    """A document of a consent."""

    id: PublicId
    kind: str = Field(examples=["lab_result"])
    state: str = Field(examples=["archived"])
    replaced: bool = Field(
        examples=[False], description="A newer version took its place, which the recipient does not see."
    )


class Told(BaseModel):
    """What went wrong, in both languages."""

    code: str = Field(examples=["consent.documents-unfit"])
    cause_en: str = Field(examples=["2 of the documents cannot be shared: …"])
    cause_pl: str = Field(examples=["Dokumenty, których nie można udostępnić (2): …"])
    cure_en: str = Field(examples=["Do what stands beside each of them, or leave it out."])
    cure_pl: str = Field(examples=["Wykonaj to, co podano przy każdym z nich, albo go pomiń."])
    documents: dict[str, str] = Field({}, description="Documents to blame: id → code.")


class ConsentDetails(BaseModel):
    """One consent, without patient, recipient and reason."""

    id: ConsentId
    state: ConsentState = Field(examples=["active"])
    recipient: str = Field(examples=["patient"])
    valid_from: datetime = Field(examples=[_AT])
    valid_until: datetime = Field(examples=[_AT])
    created_at: datetime = Field(examples=[_AT])
    created_by: str = Field(examples=["jkowalska"])
    documents: list[SharedDocument]
    ordered_by: str | None = Field(examples=["jkowalska"])
    confirmed_at: datetime | None = Field(description="Since when the service has it.")
    revoked_by: str | None = Field(examples=[None])
    revoked_at: datetime | None = Field(examples=[None])
    reason: Told | None = Field(description="Why it was refused.")
    problem: Told | None = Field(description="What keeps it from going on.")


class ConsentChange(BaseModel):
    """One entry of a consent's history."""

    at: datetime = Field(examples=[_AT])
    event: str = Field(examples=["consent_confirmed"])
    actor: str = Field(examples=["jkowalska"])
    from_state: str | None = Field(examples=["sent"])
    to_state: str | None = Field(examples=["active"])


class ConsentOutcome(BaseModel):
    """Where a consent stands after a request."""

    id: ConsentId
    state: ConsentState
    problem: str | None = Field(None, description="Code of what keeps it; it goes on by itself.")


class RevocationGiven(BaseModel):
    """Why a consent is revoked."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(
        "Odwołanie zgody w placówce", min_length=1, max_length=500, description="Goes to the service."
    )


class ConsentQuery(BaseModel):
    """Which consents; what is left out does not matter, and nothing else may stand in an address."""

    model_config = ConfigDict(extra="forbid")

    state: ConsentState | None = None
    open: bool = Field(default=False, description="Only those that hold, or are about to.")
    document: PublicId | None = Field(None, description="Only those that name this document.")
    cursor: ConsentId | None = Field(None, description="`next` of the page before.")
    limit: int = Field(100, ge=1, le=500, description="At most so many.")


class ConsentSearch(ConsentQuery):
    """What to look for; people are named here and never in an address."""

    patient: str | None = Field(
        None, max_length=300, examples=["44051401359"], description="PESEL or HL7 CX."
    )
    recipient: str | None = Field(None, max_length=300, description="PESEL, NPWZ or HL7 CX of a person.")
