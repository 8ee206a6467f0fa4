"""The first wall between tenants: no statement on their rows runs without saying whose it means.

An event of the engine looks at every statement before it goes to the database, once for each shape
(SQLAlchemy keeps compiled statements), and at its values every time. A transaction of `Database.read` and
`write` may name only its own tenants; one of `everyone` gave its reason and may do what it likes. Textual SQL
on tenants' tables, and statements whose limits cannot be proven (`criteria`), are refused: that is a mistake
in the code, found by the first test that runs it. The second wall is the database's own (`row_security`).
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import BindParameter, Connection, Engine, Table, event
from sqlalchemy.sql.compiler import Compiled, SQLCompiler

from erepo.cloud.errors import TenantCriterionMissing
from erepo.cloud.storage.criteria import TENANT_COLUMNS, Proof, Unproven, prove
from erepo.cloud.storage.scopes import Everyone, Scope, scope_of

_TABLES = re.compile(rf"\b({'|'.join(table.name for table in TENANT_COLUMNS)})\b", re.IGNORECASE)
#: Statements that are proven, or need no proof (None).
_known: WeakKeyDictionary[Compiled, Proof | None] = WeakKeyDictionary()


def seal(engine: Engine) -> None:
    """Watch over every statement of an engine from now on."""
    event.listen(engine, "before_cursor_execute", _watch)


def _watch(
    connection: Connection, _cursor: Any, statement: str, _parameters: Any, context: Any, _many: bool
) -> None:
    scope = scope_of(connection)
    if isinstance(scope, Everyone):
        return
    compiled = getattr(context, "compiled", None)
    if not isinstance(compiled, SQLCompiler):
        if _TABLES.search(statement):
            raise TenantCriterionMissing(table=_named(statement))
        return
    try:
        proof = _known[compiled]
    except KeyError:
        proof = _known[compiled] = _prove(compiled, statement)
    if proof is not None:
        _check_values(proof, compiled, context.compiled_parameters, scope, statement)


def _prove(compiled: SQLCompiler, statement: str) -> Proof | None:
    try:
        proof = prove(compiled.statement)
    except Unproven:
        raise TenantCriterionMissing(table=_named(statement)) from None
    # What is not made of tables (text, a function) shows itself in the SQL.
    if proof is None and _TABLES.search(statement):
        raise TenantCriterionMissing(table=_named(statement))
    return proof


def _check_values(
    proof: Proof, compiled: SQLCompiler, rows: Sequence[Mapping[str, Any]], scope: Scope, statement: str
) -> None:
    assert isinstance(scope, frozenset)
    names = [(compiled.bind_names[_kept(compiled, bind)], bind.expanding) for bind in proof.binds]
    for row in rows:
        for name, expanding in names:
            # Of an expanding one, the members have taken its place: `name_1`, `name_2`, ….
            values = _members(row, name) if expanding else (row[name],)
            if not scope.issuperset(values):
                raise TenantCriterionMissing(table=_named(statement))
    if proof.inserts is not None:
        _check_inserts(proof.inserts, rows, scope)


def _kept(compiled: SQLCompiler, bind: BindParameter[Any]) -> BindParameter[Any]:
    """Return a bound value as the compiler knows it: of equal names it keeps the last."""
    return bind if bind in compiled.bind_names else compiled.binds[bind.key]


def _members(row: Mapping[str, Any], name: str) -> Iterator[Any]:
    place = 1
    while (member := f"{name}_{place}") in row:
        yield row[member]
        place += 1


def _check_inserts(table: Table, rows: Iterable[Mapping[str, Any]], scope: frozenset[int]) -> None:
    for row in rows:
        names = _tenants_among(tuple(row), TENANT_COLUMNS[table])
        if not names or not scope.issuperset([row[name] for name in names]):
            raise TenantCriterionMissing(table=table.name)


@lru_cache(maxsize=1024)
def _tenants_among(names: tuple[str, ...], column: str) -> tuple[str, ...]:
    """Return which of a row's names bring tenants along; the rows of a statement are called alike."""
    wanted = re.compile(rf"{column}(_m[0-9]+)?")
    return tuple(name for name in names if wanted.fullmatch(name))


def _named(statement: str) -> str:
    found = _TABLES.search(statement)
    return found.group(1) if found else "?"
