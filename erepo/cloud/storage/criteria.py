"""Proving that a statement keeps to given tenants: from its structure, without running it.

A row source is proven when its tenant column equals a bound value (or is IN bound values), or equals the
tenant column of a proven one; conditions count only where all of them must hold (AND, inner joins, and an
outer join's ON for its right side). Every SELECT inside is proven for itself. What is not understood is not
proven: there is no guessing, a statement is written so that its proof is found.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import CompoundSelect, Delete, Insert, Select, Table, TableClause, TextClause, Update
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.elements import BinaryExpression, BindParameter, BooleanClauseList, Grouping
from sqlalchemy.sql.selectable import CTE, Alias, FromGrouping, Join, Subquery

from erepo.cloud.storage.tables import metadata, tenant

#: Name of the column that says whose a row is, by table.
TENANT_COLUMNS = {
    table: "tenant_id" for table in metadata.tables.values() if "tenant_id" in table.columns
} | {tenant: "id"}
_NAMES = frozenset(table.name for table in TENANT_COLUMNS)

#: Text in a statement that cannot change the meaning of what is around it.
_HARMLESS = re.compile(r"\*|-?[0-9]+|[A-Za-z_]+|'[^'\\]*'")


class Unproven(Exception):
    """The statement may touch rows of others."""


@dataclass(slots=True)
class Proof:
    """What a proven statement compares tenant columns with: each must be a tenant of the transaction."""

    binds: list[BindParameter[Any]] = field(default_factory=list)
    inserts: Table | None = None
    """Where rows are added: each brings its tenant along."""


@dataclass(frozen=True, slots=True)
class _Rule:
    """Row sources with equal tenants, or one with a bound tenant."""

    sides: tuple[Any, Any]
    limited: frozenset[Any] | None = None
    """Only these it proves (the right side of an outer join); None: both."""


@dataclass(frozen=True, slots=True)
class _Around:
    """Proven row sources of the statements around a SELECT, whose rows it may name without a FROM of its own.

    SQLAlchemy leaves a source out of a FROM when `correlate` names it, at any level, or by itself when it is
    one of the next statement's and not the only source (`Select._get_display_froms`).
    """

    near: frozenset[Any] = frozenset()
    """Of the next statement."""
    all: frozenset[Any] = frozenset()

    def left_out(self, statement: Select[Any], froms: Sequence[Any]) -> set[Any]:
        """Return which sources of a SELECT are rows of the statements around it."""
        named = self.all.intersection(statement._correlate or ())  # noqa: SLF001  # not told otherwise
        left = [each for each in froms if each not in named]
        alone = len(left) == 1 or not statement._auto_correlate  # noqa: SLF001  # as above
        return {each for each in froms if each in named or (not alone and each in self.near)}


def prove(statement: Any) -> Proof | None:
    """Return the proof of a statement; None when it touches no tenant's table.

    Raises:
        Unproven: no proof was found.
    """
    parts = [*visitors.iterate(statement), getattr(statement, "table", None)]
    if not any(isinstance(part, Table) and part in TENANT_COLUMNS for part in parts):
        return None
    # Text stands in the SQL as it is written: an OR in it would undo what stands beside it.
    if any(isinstance(part, TextClause) or _is_open_text(part) for part in parts):
        raise Unproven
    proof = Proof()
    _prove(statement, _Around(), proof)
    return proof


def _is_open_text(part: Any) -> bool:
    return bool(getattr(part, "is_literal", False)) and _HARMLESS.fullmatch(str(part.name)) is None


def _prove(statement: Any, around: _Around, proof: Proof) -> None:
    if getattr(statement, "_independent_ctes", ()):
        raise Unproven  # it runs although nothing here names it
    match statement:
        case Select():
            _prove_select(statement, around, proof)
        case CompoundSelect():
            _prove_inner(statement, around, proof)
        case Update() | Delete():
            _prove_change(statement, proof)
        case Insert():
            _prove_insert(statement, proof)
        case _:
            raise Unproven


def _prove_select(statement: Select[Any], around: _Around, proof: Proof) -> None:
    sources: list[Any] = []
    rules: list[_Rule] = []
    froms = statement.get_final_froms()
    theirs = around.left_out(statement, froms)
    for each in froms:
        if each not in theirs:
            _sources(each, None, sources, rules)
    rules += _rules(statement._where_criteria, None)  # noqa: SLF001  # `whereclause` is these, joined by AND
    proven = set(theirs)
    _check(sources, rules, proven, proof)
    _prove_inner(statement, _Around(frozenset(proven - theirs), around.all | proven), proof)


def _sources(each: Any, limited: frozenset[Any] | None, sources: list[Any], rules: list[_Rule]) -> None:
    """Take a FROM apart: what rows come from, and what joins say of them."""
    if isinstance(each, FromGrouping):
        _sources(each.element, limited, sources, rules)
    elif not isinstance(each, Join):
        sources.append(each)
    else:
        if each.full:
            raise Unproven
        _sources(each.left, limited, sources, rules)
        right: list[Any] = []
        inner: list[_Rule] = []
        _sources(each.right, limited, right, inner)
        if each.isouter:
            limited = frozenset(right)
            inner = [_Rule(rule.sides, limited) for rule in inner]
        sources += right
        rules += [*inner, *_rules([each.onclause], limited)]


def _check(sources: Iterable[Any], rules: list[_Rule], proven: set[Any], proof: Proof) -> None:
    """Draw conclusions until none is left, then demand that every source of tenants' rows is proven."""
    sources = list(sources)
    for each in sources:
        if isinstance(each, (Subquery, CTE)):
            _prove(each.element, _Around(), proof)
            proven.add(each)
    going = True
    while going:
        going = False
        for rule in rules:
            for known, wanted in (rule.sides, rule.sides[::-1]):
                bound = isinstance(known, BindParameter)
                if wanted in proven or isinstance(wanted, BindParameter) or not (bound or known in proven):
                    continue
                if rule.limited is not None and wanted not in rule.limited:
                    continue
                going = True
                proven.add(wanted)
                if bound:
                    proof.binds.append(known)
    if any(_holds_tenants(each) and each not in proven for each in sources):
        raise Unproven


def _holds_tenants(source: Any) -> bool:
    if isinstance(source, TableClause):
        return source.name in _NAMES  # also one that was described anew
    if isinstance(source, Alias):
        return _holds_tenants(source.element)
    if isinstance(source, (Subquery, CTE)):
        return True
    return any(isinstance(part, TableClause) and part.name in _NAMES for part in visitors.iterate(source))


def _rules(clauses: Iterable[Any], limited: frozenset[Any] | None) -> list[_Rule]:
    found = []
    for term in _terms(clauses):
        if not isinstance(term, BinaryExpression):
            continue
        left, right = _side(term.left), _side(term.right)
        equal = term.operator is operators.eq and left is not None and right is not None
        among = term.operator is operators.in_op and isinstance(right, BindParameter) and left is not None
        if equal or among:
            found.append(_Rule((left, right), limited))
    return found


def _terms(clauses: Iterable[Any]) -> Iterator[Any]:
    """Yield the conditions that must all hold."""
    for each in clauses:
        if isinstance(each, Grouping):
            yield from _terms([each.element])
        elif isinstance(each, BooleanClauseList):
            if each.operator is operators.and_ or len(each.clauses) == 1:
                yield from _terms(each.clauses)
        else:
            yield each


def _side(expression: Any) -> Any:
    """Return the source whose tenant column it is, or the bound value; None for anything else."""
    if isinstance(expression, Grouping):
        return _side(expression.element)
    if isinstance(expression, BindParameter):
        return expression
    source = getattr(expression, "table", None)
    if source is None:
        return None
    table = source.element if isinstance(source, Alias) else source
    if isinstance(table, Table):
        return source if TENANT_COLUMNS.get(table) == expression.name else None
    if isinstance(source, (Subquery, CTE)):
        columns = expression.base_columns
        named = all(_is_tenant_column(each) for each in columns)
        return source if named else None
    return None


def _is_tenant_column(column: Any) -> bool:
    table = getattr(column, "table", None)
    return isinstance(table, Table) and TENANT_COLUMNS.get(table) == column.name


def _prove_inner(statement: Any, around: _Around, proof: Proof) -> None:
    """Prove the SELECTs that stand in conditions and columns; those in FROM are proven already."""
    stack = [child for child in statement.get_children() if not _is_source(child)]
    while stack:
        part = stack.pop()
        if isinstance(part, (Select, CompoundSelect)):
            _prove(part, around, proof)
        elif not _is_source(part):
            stack.extend(part.get_children())


def _is_source(part: Any) -> bool:
    return isinstance(part, (Table, Alias, Subquery, CTE, Join, FromGrouping))


def _prove_change(statement: Update | Delete, proof: Proof) -> None:
    table = statement.table
    criteria = statement._where_criteria  # noqa: SLF001  # `whereclause` is these, joined by AND
    sources = {table, *_named(criteria)}
    if isinstance(statement, Update):
        values = [*(statement._values or {}), *(name for name, _ in statement._ordered_values or ())]  # noqa: SLF001
        if any(getattr(name, "name", name) == TENANT_COLUMNS.get(table) for name in values):  # type: ignore[call-overload]
            raise Unproven  # a row never changes hands
    proven: set[Any] = set()
    _check(sources, _rules(criteria, None), proven, proof)
    _prove_inner(statement, _Around(frozenset(proven), frozenset(proven)), proof)


def _named(clauses: Iterable[Any]) -> Iterator[Any]:
    """Yield the sources that conditions name, outside of SELECTs."""
    stack = list(clauses)
    while stack:
        part = stack.pop()
        if isinstance(part, (Select, CompoundSelect)):
            continue
        source = getattr(part, "table", None)
        if source is not None:
            yield source
        stack.extend(part.get_children())


def _prove_insert(statement: Insert, proof: Proof) -> None:
    table = statement.table
    if statement.select is not None or not isinstance(table, Table) or table is tenant:
        raise Unproven
    conflict = statement._post_values_clause  # noqa: SLF001  # ON CONFLICT of the two dialects
    if conflict is not None and getattr(conflict, "update_values_to_set", None):
        raise Unproven  # the row that is there might be somebody else's
    _prove_inner(statement, _Around(), proof)
    proof.inserts = table
