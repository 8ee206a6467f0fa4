"""What the external repository in use holds, and whether it may be left (manual, introduction and 1.5)."""

from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from erepo.clinic.errors import DocumentsElsewhere
from erepo.clinic.states import State
from erepo.clinic.tables import account, document

#: Kinds of external repositories.
CLOUD: Final = "cloud"
EARCHIVE: Final = "earchive"
#: The eArchiwum among the accounts.
EARCHIVE_NAME: Final = "earchiwum"
_HELD = (State.ARCHIVED, State.REMOTE, State.MIGRATING)


class Held(NamedTuple):
    """Documents in the repository in use, and those whose sending has an unknown outcome."""

    documents: int
    unknown: int


def held(connection: sa.Connection) -> Held:
    """Count what the repository in use holds; there is never another one that holds anything."""
    rows = connection.execute(
        sa.select(document.c.state, sa.func.count())
        .where(document.c.state.in_([*_HELD, State.SENDING]))
        .group_by(document.c.state)
    )
    counts: dict[str, int] = {state: count for state, count in rows}  # noqa: C416 - no tuples to mypy
    return Held(sum(counts.get(state.value, 0) for state in _HELD), counts.get(State.SENDING.value, 0))


def check_may_leave(connection: sa.Connection, kind: str) -> None:
    """Let another repository become the active one.

    Args:
        connection: the transaction that will make the change.
        kind: of the repository that is in use.

    Raises:
        DocumentsElsewhere: it holds documents.
    """
    found = held(connection)
    if any(found):
        raise DocumentsElsewhere(kind=kind, **found._asdict())


def repository_in_use(connection: sa.Connection, kind: str | None = None) -> Any:
    """Return the row of the external repository in use; None when there is none, or none of this kind.

    Args:
        connection: of the clinic's database.
        kind: `cloud`, `earchive`, or either.
    """
    wanted = sa.select(account).where(account.c.active.is_(True))
    return connection.execute(wanted.where(account.c.repository_kind == kind) if kind else wanted).first()


def name_in_use(connection: sa.Connection, kind: str | None = None) -> str | None:
    """Return the number of the account in use, or the name of the eArchiwum; see `repository_in_use`."""
    found = repository_in_use(connection, kind)
    return str(found.account) if found is not None else None


def active_kind(connection: sa.Connection) -> str | None:
    """Return `cloud` or `earchive`, whichever is in use; None when neither is."""
    found = repository_in_use(connection)
    return str(found.repository_kind) if found is not None else None
