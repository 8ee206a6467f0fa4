"""What goes over the wire, for the routes and for /openapi.json. Nothing of a patient is in any answer."""

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from erepo.cda.kinds import Kind
from erepo.clinic.abroad.asking import Purpose
from erepo.clinic.states import State

_ID = "9f2c4e0d8b7a46f1a3c5d7e9f1b3a5c7"
_AT = "2026-03-02T09:15:00Z"

PublicId = Annotated[str, StringConstraints(pattern="^[0-9a-f]{32}$"), Field(examples=[_ID])]


class Problem(BaseModel):
    """An error (RFC 9457): what happened and what to do next, in the language of Accept-Language."""

    type: str = Field(examples=["urn:erepo:problem:api.token-refused"])
    title: str = Field(examples=["Who is asking is not known"])
    status: int = Field(examples=[401])
    detail: str = Field(examples=["The token is not valid. Send `Authorization: Bearer …` with a token …"])
    code: str = Field(examples=["api.token-refused"], description="For programs; never changes.")
    cause: str = Field(examples=["The token is not valid."])
    cure: str = Field(examples=["Send `Authorization: Bearer …` with a token …"])


class Taken(BaseModel):
    """A document that is here, on the disk."""

    id: PublicId
    state: State = Field(examples=["local"], description="As it is now.")


class DocumentSummary(BaseModel):
    """A document in a list."""

    id: PublicId
    kind: Kind = Field(examples=["lab_result"])
    state: State = Field(examples=["archived"])
    taken_in_at: datetime = Field(examples=[_AT])
    archived_at: datetime | None = Field(examples=[_AT])
    shared: bool = Field(examples=[False], description="A consent shows it to somebody, or is about to.")


class DocumentList(BaseModel):
    """One page, in the order of taking in."""

    documents: list[DocumentSummary]
    next: PublicId | None = Field(description="Cursor of the next page; null: this is the last for now.")


class Change(BaseModel):
    """One entry of a document's history."""

    at: datetime = Field(examples=[_AT])
    event: str = Field(examples=["archived"])
    actor: str = Field(examples=["erepo"], description="A user, a task, or `api:` and the name of a token.")
    from_state: State | None = Field(examples=["sending"])
    to_state: State | None = Field(examples=["archived"])


class Reason(BaseModel):
    """Why a document was refused, and what to do about it, in the installation's language."""

    code: str = Field(examples=["structure.incomplete"])
    text: str = Field(examples=["Nothing can be deposited: cell 3 lacks resort code X."])
    next_step: str = Field(examples=["Complete the structure file and load it."])


class RegistryIds(BaseModel):
    """What the document is called in the registry."""

    unique_id: str = Field(examples=["2.25.211726354518374651"], description="XDSDocumentEntry.uniqueId.")
    entry_uuid: str | None = Field(examples=["urn:uuid:1c7d6a5e-2f6b-4a3e-9d0c-8b7a6f5e4d3c"])
    repository_unique_id: str | None = Field(examples=["2.25.90731205"])


class Source(BaseModel):
    """Where a document of another provider comes from."""

    institution: str | None = Field(examples=["Szpital Powiatowy"])
    repository: str = Field(examples=["2.16.840.1.113883.3.4424.7.24.144182"])
    fetched_by: str | None = Field(examples=["kowalska"])
    fetched_at: datetime = Field(examples=[_AT])


class DocumentDetails(DocumentSummary):
    """A document with its history."""

    mime_type: str = Field(examples=["text/xml"])
    size: int = Field(examples=[18_204], description="Bytes.")
    sha256: str = Field(examples=["0" * 64])
    origin: str = Field(examples=["own"], description="`foreign`: fetched from another provider.")
    source: Source | None = Field(examples=[None], description="Of a foreign one.")
    due_at: datetime | None = Field(examples=[_AT], description="Null: not archived by itself.")
    verified_at: datetime | None = Field(examples=[None])
    registry: RegistryIds
    reason: Reason | None = Field(examples=[None], description="Only where something was refused.")
    warnings: list[str] = Field(examples=[["signature.sha1"]], description="Codes.")
    history: list[Change]


class ListQuery(BaseModel):
    """Which documents; what is left out does not matter, and nothing else may stand in an address."""

    model_config = ConfigDict(extra="forbid")

    state: State | None = None
    kind: Kind | None = None
    since: datetime | None = Field(None, description="Taken in at or after; with a zone.")
    cursor: PublicId | None = Field(None, description="`next` of the page before.")
    limit: int = Field(100, ge=1, le=500, description="At most so many.")


class Search(ListQuery):
    """What to look for; a patient is named here and never in an address."""

    patient: str | None = Field(
        None, max_length=300, examples=["44051401359"], description="PESEL or HL7 CX."
    )


class Ids(BaseModel):
    """Which documents."""

    model_config = ConfigDict(extra="forbid")

    ids: list[PublicId] = Field(min_length=1, max_length=1000, examples=[[_ID]])


class NotDeleted(BaseModel):
    """A document that was not deleted."""

    id: PublicId
    code: str = Field(examples=["deletion.hold"], description="Why.")


class DeletionResult(BaseModel):
    """What became of documents that were to be deleted."""

    deleted: list[PublicId] = Field(description="Gone, there and here.")
    failed: list[NotDeleted] = Field(description="Still there, or gone in part; the next run goes on.")


class MigrationOrder(BaseModel):
    """Which documents come back; all that is given must hold."""

    model_config = ConfigDict(extra="forbid")

    dry_run: bool = Field(examples=[True], description="Only say what would be done.")
    ids: list[PublicId] = Field([], max_length=1000, examples=[[_ID]])
    kinds: list[Kind] = Field([], max_length=20, examples=[["lab_result"]])
    patient: str | None = Field(
        None, max_length=300, examples=["44051401359"], description="PESEL or HL7 CX."
    )
    issued_from: date | None = Field(None, description="Issued on this Polish day or later.")
    issued_until: date | None = Field(None, description="Issued on this Polish day or earlier.")
    archived_from: date | None = Field(None, description="Archived on this Polish day or later.")
    archived_until: date | None = Field(None, description="Archived on this Polish day or earlier.")
    everything: bool = Field(default=False, examples=[False], description="With nothing else given: all.")
    most: int = Field(0, ge=0, examples=[0], description="At most so many; 0: all.")


class OrderedMigration(BaseModel):
    """A migration that is ordered, or what one would be."""

    id: PublicId | None = Field(description="Null: nothing was ordered.")
    documents: int = Field(examples=[12])
    bytes: int = Field(examples=[218_448])
    kinds: dict[str, int] | None = Field(None, description="Of a dry run: documents by kind.")


class GivenUp(BaseModel):
    """A document that stayed where it was."""

    id: PublicId
    code: str | None = Field(examples=["migration.remote-damaged"], description="Why.")


class MigrationState(BaseModel):
    """How far a migration has come."""

    id: PublicId
    state: str = Field(examples=["working"], description="`ordered`, `working` or `finished`.")
    documents: int = Field(examples=[12])
    bytes: int = Field(examples=[218_448])
    done: int = Field(examples=[7], description="Here, gone from the repository, blocked.")
    failed: int = Field(examples=[0], description="Given up; nothing of them was removed.")
    skipped: int = Field(examples=[0], description="Not begun, or not in the repository any more.")
    ordered_at: datetime = Field(examples=[_AT])
    stopped: bool = Field(examples=[False], description="Whether somebody asked to stop.")
    problem: str | None = Field(examples=[None], description="Code of what keeps it from going on.")
    failures: list[GivenUp] = Field(description="At most 100 of those given up.")


class Unblocked(BaseModel):
    """How many documents return to archiving."""

    unblocked: int = Field(examples=[3])


class AbroadSearch(BaseModel):
    """Whose documents to look for in P1, and why."""

    model_config = ConfigDict(extra="forbid")

    patient: str = Field(max_length=300, examples=["44051401359"], description="PESEL or HL7 CX.")
    purpose: Purpose = Field(Purpose.TREATMENT, description="`emergency`: a life is in danger.")
    reason: str = Field("", max_length=500, description="Of an emergency, in words: three at least.")
    kinds: list[Kind] = Field([], max_length=20, examples=[["lab_result"]])
    created_from: date | None = Field(None, description="Created on this Polish day or later.")
    created_until: date | None = Field(None, description="Created on this Polish day or earlier.")


class FoundAbroad(BaseModel):
    """A document of another provider, as P1's index names it."""

    number: int = Field(examples=[1], description="Its place in the list.")
    kind: Kind | None = Field(examples=["lab_result"], description="Null: none of the kinds kept here.")
    class_code: str | None = Field(examples=["06.10"], description="P1's.")
    created: datetime | None = Field(examples=[_AT])
    size: int | None = Field(examples=[18_204])
    institution: str | None = Field(examples=["Szpital Powiatowy"])
    repository: str = Field(examples=["2.16.840.1.113883.3.4424.7.24.144182"])
    state: str = Field(examples=["found"], description="`found`, `taken`, `known` or `refused`.")
    document: PublicId | None = Field(description="The document here, if it is.")
    code: str | None = Field(examples=[None], description="Why it was not taken in the last time.")


class AbroadList(BaseModel):
    """What P1's index has of a patient; kept for a day, for the same user."""

    id: PublicId
    expires: datetime = Field(examples=[_AT])
    more: bool = Field(examples=[False], description="P1 has more than are listed.")
    documents: list[FoundAbroad]


class AbroadChoice(BaseModel):
    """Which documents of a search to fetch."""

    model_config = ConfigDict(extra="forbid")

    numbers: list[int] = Field(min_length=1, max_length=20, examples=[[1, 3]])


class FetchedAbroad(BaseModel):
    """What became of one document."""

    number: int = Field(examples=[1])
    status: str = Field(examples=["taken"], description="`taken`, `known` (it was here) or `refused`.")
    id: PublicId | None = Field(description="Null: it is not here.")
    code: str | None = Field(examples=[None], description="Why it was refused.")
    cause: str | None = Field(examples=[None])
    cure: str | None = Field(examples=[None])


class FetchedList(BaseModel):
    """What became of all of them, in the order asked for."""

    documents: list[FetchedAbroad]


class KindSettings(BaseModel):
    """Settings of one kind."""

    kind: Kind = Field(examples=["lab_result"])
    name_pl: str = Field(examples=["Sprawozdanie z badania laboratoryjnego"])
    name_en: str = Field(examples=["Laboratory report"])
    auto_archive: bool = Field(examples=[True])
    local_days: int = Field(examples=[30])
    retention_years: int = Field(examples=[20])


class KindChange(BaseModel):
    """What is to be changed; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    auto_archive: bool | None = Field(None, examples=[True])
    local_days: int | None = Field(None, ge=0, le=36_500, examples=[60])
    retention_years: int | None = Field(
        None, ge=1, le=200, examples=[20], description="Never below what the act demands of the kind."
    )


class NewWebhook(BaseModel):
    """Whom to tell, and of what."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(max_length=2000, examples=["https://his.example.pl/erepo"])
    states: list[State] = Field(
        [], max_length=20, examples=[["archived", "rejected"]], description="Empty: all."
    )
    secret: str | None = Field(
        None,
        max_length=100,
        examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        description="`whsec_` and base64 of 24 to 64 bytes; left out: one is made.",
    )


class WebhookState(BaseModel):
    """A webhook with how it goes."""

    id: PublicId
    url: str = Field(examples=["https://his.example.pl/erepo"])
    states: list[State] = Field(examples=[["archived", "rejected"]])
    created_at: datetime = Field(examples=[_AT])
    created_by: str = Field(examples=["api:his"])
    pending: int = Field(examples=[0], description="Deliveries that are still to be made.")
    delivered: int = Field(examples=[412], description="Those made within the days that are kept.")
    failed: int = Field(examples=[0], description="Those given up; see POST …/retry.")
    last_problem: str | None = Field(examples=[None], description="Outcome of the last attempt that failed.")


class MadeWebhook(WebhookState):
    """A new webhook; its secret is shown this once."""

    secret: str = Field(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])


class Retried(BaseModel):
    """How many deliveries that were given up are tried again."""

    retried: int = Field(examples=[3])
