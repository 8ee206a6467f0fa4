"""The one decision: what a reader may see, from the consents, who reads, and the clock. Nothing else counts.

    scheduled ──valid_from──► active ──valid_until──► expired
        └──────── revoked_at ────┴── (from any of them) ──► revoked, for good

Pure: no database, no present. `visibility` brings the rows of a reader here and asks the database only for
what was decided.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from erepo.identifiers import CX


class Kind(StrEnum):
    """Whom a consent is for."""

    PATIENT = "patient"
    """The patient whose documents they are."""
    PERSON = "person"
    """Somebody named by a register's number."""
    ACCOUNT = "account"
    """Another account of the service."""
    PROVIDER = "provider"
    """A provider that P1 vouches for; no consent names one yet."""


class State(StrEnum):
    """What a consent is at a moment."""

    SCHEDULED = "scheduled"
    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Reader:
    """Who wants to see documents; made by the four makers alone, so that equal readers compare equal."""

    kind: Kind
    key: str = field(repr=False)
    """Number of an account; CX of a person or patient."""

    @classmethod
    def account(cls, account: str) -> "Reader":
        """Another account, by its 16 digits."""
        return cls(Kind.ACCOUNT, account)

    @classmethod
    def patient(cls, root: str, extension: str) -> "Reader":
        """A patient who was identified, by register and number in it."""
        return cls(Kind.PATIENT, str(CX(extension, root)))

    @classmethod
    def person(cls, root: str, extension: str) -> "Reader":
        """Another person who was identified."""
        return cls(Kind.PERSON, str(CX(extension, root)))

    @classmethod
    def provider(cls, root: str, extension: str) -> "Reader":
        """A provider, as P1's assertion names it."""
        return cls(Kind.PROVIDER, str(CX(extension, root)))


@dataclass(frozen=True, slots=True)
class Consent:
    """A consent as the decision needs it."""

    number: int
    id: str
    tenant_id: int
    patient: str = field(repr=False)
    recipient: Reader
    valid_from: datetime
    """UTC, naive, as all moments here."""
    valid_until: datetime
    revoked: bool
    documents: frozenset[str] = field(default=frozenset(), repr=False)
    """uniqueIds; empty where the database is asked for them."""


def state_of(consent: Consent, at: datetime) -> State:
    """Return what a consent is at a moment; the window holds its first moment and not its last."""
    if consent.revoked:
        return State.REVOKED
    if at < consent.valid_from:
        return State.SCHEDULED
    return State.ACTIVE if at < consent.valid_until else State.EXPIRED


def grants(consent: Consent, reader: Reader, at: datetime) -> bool:
    """Tell whether a consent lets a reader see its documents at a moment."""
    return consent.recipient == reader and state_of(consent, at) is State.ACTIVE


def granting(consents: Iterable[Consent], reader: Reader, at: datetime) -> Sequence[Consent]:
    """Return the consents that let a reader see something at a moment."""
    return [each for each in consents if grants(each, reader, at)]


def documents_seen(consents: Iterable[Consent], reader: Reader, at: datetime) -> frozenset[tuple[str, str]]:
    """Return (patient, uniqueId) of everything that a reader sees at a moment."""
    seen = granting(consents, reader, at)
    return frozenset((each.patient, unique_id) for each in seen for unique_id in each.documents)
