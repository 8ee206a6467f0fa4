"""Which document is meant, and which there are."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from erepo.cda.kinds import Kind
from erepo.clinic.reading.errors import DocumentUnknown
from erepo.clinic.shared import is_shared
from erepo.clinic.states import State
from erepo.clinic.tables import document, patient
from erepo.clinic.tables_abroad import document_origin
from erepo.identifiers.hl7 import CX


@dataclass(frozen=True, slots=True)
class Found:
    """One document as lists and pages need it.

    Attributes:
        id: internal.
        public_id: opaque; the name of the document outside.
        kind: what sort it is.
        state: where it stands.
        unique_id: of XDS.
        sha256: of its octets, hex.
        size: bytes.
        mime_type: of its octets.
        effective_at: when it was issued, UTC.
        taken_in_at: when it came here, UTC.
        archived_at: when the repository had it, UTC.
        title, source_name, given, family, identifier, birth_date: may name the patient; never in `repr`.
        repository_unique_id: where it lies; empty for the account's repository.
        shared: whether a consent shows it, or is about to ("Wystawiono zgodę", manual 1.2).
        origin: `own`, or `foreign` for a document of another provider.
        institution, source_repository: where a foreign one comes from: who made it, OID of the repository;
            empty where that is not known.
    """

    id: int
    public_id: str
    kind: Kind
    state: State
    unique_id: str
    sha256: str
    size: int
    mime_type: str
    effective_at: datetime | None
    taken_in_at: datetime
    archived_at: datetime | None
    repository_unique_id: str | None
    shared: bool
    origin: str
    institution: str
    source_repository: str
    title: str = field(repr=False)
    source_name: str = field(repr=False)
    given: str = field(repr=False)
    family: str = field(repr=False)
    identifier: str = field(repr=False)
    birth_date: str = field(repr=False)

    def as_json(self) -> dict[str, Any]:
        """Return what tells nothing of the patient, as plain data."""
        return {
            "id": self.public_id,
            "kind": self.kind.value,
            "state": self.state.value,
            "issued": self.effective_at,
            "taken_in": self.taken_in_at,
            "archived": self.archived_at,
            "size": self.size,
            "media_type": self.mime_type,
            "shared": self.shared,
            "origin": self.origin,
            "source": {"institution": self.institution or None, "repository": self.source_repository or None}
            if self.origin == "foreign"
            else None,
        }


_OF_DOCUMENT: Final = (
    "id", "public_id", "kind", "state", "unique_id", "sha256", "size", "mime_type", "effective_at",
    "taken_in_at", "archived_at", "repository_unique_id", "origin", "title", "source_name",
)  # fmt: skip
_OF_PATIENT: Final = ("given", "family", "identifier", "birth_date")
_OF_ORIGIN: Final = {"institution": "institution", "source_repository": "repository_unique_id"}


def _select() -> sa.Select[Any]:
    return (
        sa.select(
            *(document.c[name] for name in _OF_DOCUMENT),
            *(patient.c[name] for name in _OF_PATIENT),
            *(sa.func.coalesce(document_origin.c[name], "").label(own) for own, name in _OF_ORIGIN.items()),
            is_shared().label("shared"),
        )
        .join(patient, patient.c.id == document.c.patient_key)
        .outerjoin(document_origin, document_origin.c.document_id == document.c.id)
    )


@dataclass(frozen=True, slots=True)
class Filter:
    """Which documents are wanted; what is None or empty does not narrow.

    Attributes:
        kinds: of these kinds.
        states: in these states.
        issued_from, issued_before: issued in this half-open time, UTC.
        patient: of this patient. `repr` hides it.
        limit, after: a page: at most so many, older than the document of this id.
    """

    kinds: Sequence[Kind] = ()
    states: Sequence[State] = ()
    issued_from: datetime | None = None
    issued_before: datetime | None = None
    patient: CX | None = field(default=None, repr=False)
    limit: int = 50
    after: str = ""


def find(connection: sa.Connection, public_id: str) -> Found:
    """Return the document of this id.

    Raises:
        DocumentUnknown: there is none.
    """
    row = connection.execute(_select().where(document.c.public_id == public_id.strip())).one_or_none()
    if row is None:
        raise DocumentUnknown
    return _found(row)


def search(connection: sa.Connection, wanted: Filter) -> list[Found]:
    """Return documents, those taken in last first.

    Raises:
        DocumentUnknown: `after` names none.
    """
    statement = _select().order_by(document.c.id.desc()).limit(wanted.limit)
    if wanted.kinds:
        statement = statement.where(document.c.kind.in_([kind.value for kind in wanted.kinds]))
    if wanted.states:
        statement = statement.where(document.c.state.in_([state.value for state in wanted.states]))
    if wanted.issued_from is not None:
        statement = statement.where(document.c.effective_at >= wanted.issued_from)
    if wanted.issued_before is not None:
        statement = statement.where(document.c.effective_at < wanted.issued_before)
    if wanted.patient is not None:
        statement = statement.where(
            patient.c.identifier == wanted.patient.id, patient.c.authority == wanted.patient.authority_oid
        )
    if wanted.after:
        statement = statement.where(document.c.id < find(connection, wanted.after).id)
    return [_found(row) for row in connection.execute(statement)]


def _found(row: Any) -> Found:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    return Found(
        **values
        | {"kind": Kind(values["kind"]), "state": State(values["state"]), "shared": bool(values["shared"])}
    )
