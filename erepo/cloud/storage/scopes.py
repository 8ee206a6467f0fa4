"""For whom a transaction runs: some accounts, by their row numbers, or everyone for a stated reason."""

from dataclasses import dataclass

from sqlalchemy import Connection

_OPTION = "erepo_scope"


@dataclass(frozen=True, slots=True)
class Everyone:
    """Rows of all accounts: the operator's work, which has no account."""

    reason: str


Scope = frozenset[int] | Everyone

NOBODY: Scope = frozenset()


def enter(connection: Connection, scope: Scope) -> Connection:
    """Give a connection its scope; to be called before its transaction begins."""
    return connection.execution_options(**{_OPTION: scope})


def scope_of(connection: Connection) -> Scope:
    """Return a connection's scope; who was given none may see no account."""
    scope: Scope = connection.get_execution_options().get(_OPTION, NOBODY)
    return scope
