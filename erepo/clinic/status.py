"""Where the clinic's documents stand: counts and bytes, nothing that tells a patient."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa

from erepo.cda.signature import PREFIX
from erepo.clinic.chain import count_waiting
from erepo.clinic.coverage import Coverage, count_open, coverage
from erepo.clinic.errors import StructureIncomplete
from erepo.clinic.occupancy import name_in_use
from erepo.clinic.shared import count_shared
from erepo.clinic.sharing.listing import count_standing
from erepo.clinic.states import State
from erepo.clinic.structure import check_ready
from erepo.clinic.tables import document, now


@dataclass(frozen=True, slots=True)
class StateCount:
    """Documents of one kind in one state."""

    kind: str
    state: str
    documents: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Rejected:
    """Why documents were refused: code and how many."""

    code: str
    documents: int


@dataclass(frozen=True, slots=True)
class Doubtful:
    """What is to be said about signatures inside documents: code and how many documents."""

    code: str
    documents: int


@dataclass(frozen=True, slots=True)
class StatusReport:
    """The clinic's documents at one moment.

    Attributes:
        at: the moment.
        counts: documents by kind and state.
        due: local documents that the next run archives.
        waiting: of these, those that wait for the version before them.
        rejected: reasons of refusals.
        missing: what the structure lacks before anything may be deposited, as (record, field).
        account: the active account; empty before onboarding.
        signatures: documents whose own signature is broken, unverified or weak, by code.
        coverage: how much of the repository was read back lately; None if that was not asked for.
        repairs: documents that are missing or damaged in the repository, by what is proposed.
        shared: documents that a consent shows, or is about to.
        consents: those that hold, or are about to, by their state.
    """

    at: datetime
    counts: tuple[StateCount, ...]
    due: int
    waiting: int
    rejected: tuple[Rejected, ...]
    missing: tuple[tuple[str, str], ...]
    account: str
    signatures: tuple[Doubtful, ...] = ()
    coverage: Coverage | None = None
    repairs: Mapping[str, int] = field(default_factory=dict)
    shared: int = 0
    consents: Mapping[str, int] = field(default_factory=dict)

    @property
    def documents(self) -> int:
        """All documents."""
        return sum(one.documents for one in self.counts)

    @property
    def bytes(self) -> int:
        """Octets of all documents."""
        return sum(one.bytes for one in self.counts)

    def by_state(self) -> dict[State, tuple[int, int]]:
        """Return (documents, bytes) of every state that has any, in the order of a document's life."""
        found = {
            state: (
                sum(one.documents for one in self.counts if one.state == state),
                sum(one.bytes for one in self.counts if one.state == state),
            )
            for state in State
        }
        return {state: sums for state, sums in found.items() if sums[0]}

    def signatures_by_code(self) -> dict[str, int]:
        """Return how many documents each kind of doubt concerns."""
        return {one.code: one.documents for one in self.signatures}

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "at": self.at.isoformat(),
            "account": self.account,
            "documents": self.documents,
            "bytes": self.bytes,
            "due": self.due,
            "waiting": self.waiting,
            "states": {
                state.value: {"documents": count, "bytes": octets}
                for state, (count, octets) in self.by_state().items()
            },
            "kinds": [asdict(one) for one in self.counts],
            "signatures": self.signatures_by_code(),
            "rejected": {one.code: one.documents for one in self.rejected},
            "missing": [f"{record}: {name}" for record, name in self.missing],
            "coverage": self.coverage.as_json() if self.coverage else None,
            "repairs": dict(self.repairs),
            "shared": self.shared,
            "consents": dict(self.consents),
        }


def read_status(connection: sa.Connection, days: int = 0) -> StatusReport:
    """Count the documents; one consistent picture if the connection is a `Database.read`.

    Args:
        connection: the clinic's database.
        days: within which documents should have been read back; 0 leaves that out.
    """
    moment = now()
    return StatusReport(
        at=moment,
        counts=_counts(connection),
        due=_due(connection, moment),
        waiting=count_waiting(connection, moment),
        rejected=_rejected(connection),
        missing=_missing(connection),
        signatures=_signatures(connection),
        coverage=coverage(connection, days, moment) if days else None,
        repairs=count_open(connection),
        shared=count_shared(connection, moment),
        consents={state.value: count for state, count in count_standing(connection, moment).items()},
        account=name_in_use(connection) or "",
    )


def _counts(connection: sa.Connection) -> tuple[StateCount, ...]:
    statement = (
        sa.select(document.c.kind, document.c.state, sa.func.count(), sa.func.sum(document.c.size))
        .group_by(document.c.kind, document.c.state)
        .order_by(document.c.kind, document.c.state)
    )
    return tuple(
        StateCount(kind, state, count, int(octets))
        for kind, state, count, octets in connection.execute(statement)
    )


def _due(connection: sa.Connection, moment: datetime) -> int:
    waiting = (document.c.state == State.LOCAL.value, document.c.due_at <= moment)
    return connection.execute(sa.select(sa.func.count()).select_from(document).where(*waiting)).scalar_one()


def _rejected(connection: sa.Connection) -> tuple[Rejected, ...]:
    code = sa.func.coalesce(document.c.reason_code, "")
    statement = sa.select(code, sa.func.count()).where(document.c.state == State.REJECTED.value)
    rows = connection.execute(statement.group_by(code).order_by(code))
    return tuple(Rejected(*row) for row in rows)


def _signatures(connection: sa.Connection) -> tuple[Doubtful, ...]:
    """Count what the intake warned of; few combinations of warnings are read, however many documents."""
    text = sa.cast(document.c.warnings, sa.Text)
    statement = sa.select(text, sa.func.count()).where(text.contains(f'"{PREFIX}')).group_by(text)
    found: Counter[str] = Counter()
    for warnings, count in connection.execute(statement):
        for code in {one["code"] for one in orjson.loads(warnings) if one["code"].startswith(PREFIX)}:
            found[code] += count
    return tuple(Doubtful(*one) for one in sorted(found.items()))


def _missing(connection: sa.Connection) -> tuple[tuple[str, str], ...]:
    try:
        check_ready(connection)
    except StructureIncomplete as error:
        missing = error.data["all"]
        assert isinstance(missing, list)
        return tuple(missing)
    return ()
