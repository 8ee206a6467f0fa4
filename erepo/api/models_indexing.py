"""What requests and answers about the index of documents in P1 look like."""

from datetime import datetime
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from erepo.api.models import PublicId

_AT: Final = "2026-11-30T06:00:00Z"


class WhyNot(BaseModel):
    """Why a document is not in the index."""

    code: str = Field(examples=["index.refused"])
    rule: str = Field(examples=["REG.WER.6860"], description="P1's own code; empty where it has none.")
    phase: str = Field(examples=["register"], description="`preflight`, `token`, `ask`, `register` or empty.")
    missing: list[str] = Field(examples=[["medical_event"]], description="Keys of what is missing.")
    cause_pl: str = Field(examples=["P1 nie zna zdarzenia medycznego tego dokumentu."])
    cause_en: str = Field(examples=["P1 does not know the medical event of this document."])
    cure_pl: str = Field(examples=["Zarejestruj zdarzenie w P1 albo wskaż właściwe: erepo index event."])
    cure_en: str = Field(examples=["Register the event in P1, or name the right one: erepo index event."])


class DocumentIndex(BaseModel):
    """How far a document's index is."""

    id: PublicId
    kind: str = Field(examples=["lab_result"])
    state: str = Field(
        examples=["indexed"],
        description="`waiting`, `indexing`, `indexed`, `refused`, `withdrawing`, `withdrawn`, `replaced` or"
        " `left` (needs none any more).",
    )
    lawful: bool = Field(examples=[True], description="Whether the law demands it.")
    deadline: datetime = Field(examples=[_AT], description="Two days after the document was made.")
    late: bool = Field(examples=[False])
    attempts: int = Field(examples=[1])
    next_at: datetime | None = Field(examples=[None], description="When it is tried again by itself.")
    code: str = Field(examples=[""], description="Why it is not there; empty where it is.")
    reason: WhyNot | None = Field(examples=[None])
    event_known: bool = Field(examples=[True], description="Whether its medical event is known.")
    indexed_at: datetime | None = Field(examples=[_AT])
    withdrawn_at: datetime | None = Field(examples=[None])


class OrderedIndexes(BaseModel):
    """Documents that the next run of index-documents takes."""

    ordered: int = Field(examples=[3], description="Of those named, how many are not in the index yet.")


class MedicalEvent(BaseModel):
    """The medical event (ZM) that a document belongs to, as it was reported to P1."""

    model_config = ConfigDict(extra="forbid")

    root: str = Field(max_length=256, examples=["2.16.840.1.113883.3.4424.2.7.100300.15.1"])
    number: str = Field(min_length=1, max_length=128, examples=["W1c7d6a5e"])


class IndexReport(BaseModel):
    """How indexing stands."""

    states: dict[str, int] = Field(examples=[{"indexed": 412}], description="Documents by state.")
    late: int = Field(examples=[0], description="After their deadline, and not in the index.")
    near: int = Field(examples=[2], description="Whose deadline passes soon.")
    owed: int = Field(examples=[0], description="Indexes that have to be withdrawn.")
    reasons: dict[str, int] = Field(examples=[{"REG.WER.6860": 1}], description="Why they are late.")
    documents: list[DocumentIndex] = Field(
        description="The late ones, the oldest deadline first; at most 1000."
    )
    paused_until: datetime | None = Field(examples=[None], description="P1 is left alone until then.")
    problem: str | None = Field(examples=[None], description="Code of what keeps the account from indexing.")
