"""Kind rules: whether documents of a kind go to the repository by themselves, and how long they stay local.

Manual 1.1.5. Kinds processed by P1 fall due after their local days; all others fall due at once, and their
local days tell how long the content stays here after archiving.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from erepo.cda.kinds import KINDS, Kind
from erepo.clinic.audit import note
from erepo.clinic.errors import UnknownKind
from erepo.clinic.tables import document, kind_rule, now

#: Days a document stays in the clinic's own database unless set otherwise.
DEFAULT_LOCAL_DAYS = 30

#: Years from the end of the year of the last entry (act on patients' rights, art. 29); referrals: less.
DEFAULT_RETENTION_YEARS = 20
_ORDERS = {
    Kind.REFERRAL_SPECIALIST,
    Kind.REFERRAL_HOSPITAL,
    Kind.REFERRAL_DIAGNOSTIC,
    Kind.REFERRAL_DIAGNOSTIC_P1,
    Kind.REFERRAL_REHABILITATION,
}
ORDER_RETENTION_YEARS = 5


@dataclass(frozen=True, slots=True)
class KindRule:
    """Settings of one kind.

    Attributes:
        kind: which.
        auto_archive: off means never moved by itself.
        local_days: days the document is available locally.
        retention_years: years it must be kept.
    """

    kind: Kind
    auto_archive: bool
    local_days: int
    retention_years: int

    def due_at(self, taken_in_at: datetime) -> datetime | None:
        """Return when a document falls due; None while the kind is not archived by itself."""
        if not self.auto_archive:
            return None
        return taken_in_at + timedelta(days=self.local_days if KINDS[self.kind].processed_by_p1 else 0)


def parse_kind(text: str) -> Kind:
    """Return the kind of this name.

    Raises:
        UnknownKind: there is none.
    """
    try:
        return Kind(text.strip().lower().replace("-", "_"))
    except ValueError:
        raise UnknownKind(known=", ".join(Kind)) from None


def missing_rules(connection: sa.Connection) -> set[Kind]:
    """Return the kinds that have no rule yet."""
    return set(KINDS) - set(connection.execute(sa.select(kind_rule.c.kind)).scalars())


def seed_rules(connection: sa.Connection) -> None:
    """Add the default rule of every kind that has none yet."""
    wanted = missing_rules(connection)
    missing = [
        {
            "kind": kind,
            "auto_archive": info.auto_archive_default,
            "local_days": DEFAULT_LOCAL_DAYS,
            "retention_years": ORDER_RETENTION_YEARS if kind in _ORDERS else DEFAULT_RETENTION_YEARS,
        }
        for kind, info in KINDS.items()
        if kind in wanted
    ]
    if missing:
        connection.execute(kind_rule.insert(), missing)


def read_rules(connection: sa.Connection) -> Mapping[Kind, KindRule]:
    """Return the rules of all kinds, in the order of the manual."""
    columns = (
        kind_rule.c.kind,
        kind_rule.c.auto_archive,
        kind_rule.c.local_days,
        kind_rule.c.retention_years,
    )
    found = {row.kind: KindRule(Kind(row.kind), *row[1:]) for row in connection.execute(sa.select(*columns))}
    return {kind: found[kind] for kind in KINDS if kind in found}


def set_rule(
    connection: sa.Connection,
    kind: Kind,
    *,
    auto_archive: bool | None = None,
    local_days: int | None = None,
    actor: str = "erepo",
) -> KindRule:
    """Change the rule of a kind; documents still local follow it from the next run on.

    Returns:
        The rule as it stands now.
    """
    before = read_rules(connection)[kind]
    after = KindRule(
        kind,
        before.auto_archive if auto_archive is None else auto_archive,
        before.local_days if local_days is None else local_days,
        before.retention_years,
    )
    if after == before:
        return before
    connection.execute(
        kind_rule.update()
        .where(kind_rule.c.kind == kind)
        .values(auto_archive=after.auto_archive, local_days=after.local_days, updated_at=now())
    )
    _apply(connection, after)
    settings = {"auto_archive": after.auto_archive, "local_days": after.local_days}
    note(connection, "kind_rule_changed", subject="kind", subject_id=kind, actor=actor, detail=settings)
    return after


def _apply(connection: sa.Connection, rule: KindRule) -> None:
    waiting = sa.and_(document.c.kind == rule.kind, document.c.state == "local")
    if not rule.auto_archive:
        connection.execute(document.update().where(waiting).values(due_at=None))
        return
    rows = connection.execute(sa.select(document.c.id, document.c.taken_in_at).where(waiting)).all()
    if rows:
        connection.execute(
            document.update().where(document.c.id == sa.bindparam("key")),
            [{"key": row.id, "due_at": rule.due_at(row.taken_in_at)} for row in rows],
        )
