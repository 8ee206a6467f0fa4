"""Kind rules: whether documents of a kind go to the repository by themselves, and how long they stay local.

Manual 1.1.5. Kinds processed by P1 fall due when their local days have passed since the document was taken
in; all others fall due at once, and their local days tell how long the content stays here after archiving.
Since 7.2.0 a kind that is off is never moved. The rule is the kind's alone: documents made in the clinic and
documents fetched from other providers' repositories (`document.origin`) follow it alike.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from erepo.cda.kinds import KINDS, Kind
from erepo.clinic.audit import note
from erepo.clinic.errors import KindUnchanged, LocalDaysWrong, UnknownKind
from erepo.clinic.permissions import Permission, require
from erepo.clinic.tables import document, kind_rule, now

#: Days a document stays in the clinic's own database unless set otherwise.
DEFAULT_LOCAL_DAYS = 30

#: Most days a kind may stay local: a hundred years.
MOST_LOCAL_DAYS = 36_500

#: However few days a kind has: what was archived a moment ago stays until the repository has kept it for a
#: day, and has had its own nightly backup. Should it lose what came since, this is where that still lies.
GRACE = timedelta(days=1)

#: Who is written down where the operator's own command line makes a change.
ADMINISTRATOR = "administrator"

#: States of documents that are still to go, or may be again: a changed rule changes when.
_TO_GO = ("local", "rejected", "blocked")
#: Documents whose dates are changed by one statement.
_SLICE = 5000

#: Years from the end of the year of the last entry (act on patients' rights, art. 29); referrals: less.
DEFAULT_RETENTION_YEARS = 20
#: Kinds that are referrals or orders (art. 29 ust. 1 pkt 4).
ORDERS = {
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
        return taken_in_at + timedelta(days=self.local_days if self.waits else 0)

    def stays_until(self, taken_in_at: datetime, archived_at: datetime) -> datetime | None:
        """Return until when the content of an archived document stays here; None: for good."""
        if not self.auto_archive:
            return None
        since = taken_in_at if self.waits else archived_at
        return max(since + timedelta(days=self.local_days), archived_at + GRACE)

    @property
    def waits(self) -> bool:
        """Whether documents of the kind stay local first and are moved then (the four kinds of P1)."""
        return KINDS[self.kind].processed_by_p1


@dataclass(frozen=True, slots=True)
class RuleChange:
    """A change of one kind's settings; None leaves a setting as it is.

    Attributes:
        kind: by its name, in any spelling that `parse_kind` reads.
        auto_archive: whether the kind is to be archived by itself.
        local_days: days, 0 to `MOST_LOCAL_DAYS`.
    """

    kind: str
    auto_archive: bool | None = None
    local_days: int | None = None


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
            "retention_years": ORDER_RETENTION_YEARS if kind in ORDERS else DEFAULT_RETENTION_YEARS,
        }
        for kind, info in KINDS.items()
        if kind in wanted
    ]
    if missing:
        connection.execute(kind_rule.insert(), missing)


def read_rules(connection: sa.Connection, *, hold: bool = False) -> Mapping[Kind, KindRule]:
    """Return the rules of all kinds, in the order of the manual.

    Args:
        connection: of the transaction.
        hold: let nobody change them before this transaction ends, where writers do not exclude each other
            anyway: whoever dates a document by a rule must be seen by whoever changes the rule.
    """
    columns = (
        kind_rule.c.kind,
        kind_rule.c.auto_archive,
        kind_rule.c.local_days,
        kind_rule.c.retention_years,
    )
    question = sa.select(*columns)
    rows = connection.execute(question.with_for_update(read=True) if hold else question)
    found = {row.kind: KindRule(Kind(row.kind), *row[1:]) for row in rows}
    return {kind: found[kind] for kind in KINDS if kind in found}


def list_rules(connection: sa.Connection) -> list[KindRule]:
    """Return the rules of all kinds, in the order of the manual; for pages and programs."""
    return list(read_rules(connection).values())


def change_rule(connection: sa.Connection, change: RuleChange, *, login: str | None = None) -> KindRule:
    """Change the settings of a kind on behalf of somebody; it acts from the next run on, and is audited.

    Args:
        connection: the transaction; the caller commits.
        change: what is wanted.
        login: who acts. None is the operator at the command line of this machine, who may read and write the
            database anyway and therefore counts as administrator.

    Returns:
        The rule as it stands now.

    Raises:
        UnknownKind: no such kind.
        KindUnchanged: the change names nothing to change.
        LocalDaysWrong: days below 0 or above `MOST_LOCAL_DAYS`.
        NoSuchUser, PermissionMissing: this person may not change kinds.
    """
    kind = parse_kind(change.kind)
    if change.auto_archive is None and change.local_days is None:
        raise KindUnchanged(kind=kind.value)
    actor = ADMINISTRATOR if login is None else require(connection, login, Permission.SET_KINDS).login
    return set_rule(
        connection, kind, auto_archive=change.auto_archive, local_days=change.local_days, actor=actor
    )


def set_rule(
    connection: sa.Connection,
    kind: Kind,
    *,
    auto_archive: bool | None = None,
    local_days: int | None = None,
    actor: str = "erepo",
) -> KindRule:
    """Change the rule of a kind, whoever asks; documents not yet archived follow it from the next run on.

    Returns:
        The rule as it stands now.

    Raises:
        LocalDaysWrong: days below 0 or above `MOST_LOCAL_DAYS`.
    """
    if local_days is not None and not 0 <= local_days <= MOST_LOCAL_DAYS:
        raise LocalDaysWrong(most=MOST_LOCAL_DAYS)
    # Waits for those who date documents by the rule as it was.
    connection.execute(sa.select(kind_rule.c.kind).where(kind_rule.c.kind == kind.value).with_for_update())
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
    detail = {**_settings(after), "before": _settings(before)}
    note(connection, "kind_rule_changed", subject="kind", subject_id=kind, actor=actor, detail=detail)
    return after


def _settings(rule: KindRule) -> dict[str, object]:
    return {"auto_archive": rule.auto_archive, "local_days": rule.local_days}


def _apply(connection: sa.Connection, rule: KindRule) -> None:
    """Date anew what is still to go: local documents, and those that may become local again."""
    waiting = sa.and_(
        document.c.state.in_(_TO_GO),
        # By the index of states: by that of kinds, everything ever archived would be read.
        sa.func.coalesce(document.c.kind, "") == rule.kind.value,
    )
    if not rule.auto_archive or not rule.waits:
        due = document.c.taken_in_at if rule.auto_archive else None
        connection.execute(document.update().where(waiting).values(due_at=due))
        return
    rows = connection.execute(sa.select(document.c.id, document.c.taken_in_at).where(waiting)).all()
    for start in range(0, len(rows), _SLICE):
        connection.execute(
            document.update().where(document.c.id == sa.bindparam("key")),
            [{"key": row.id, "due_at": rule.due_at(row.taken_in_at)} for row in rows[start : start + _SLICE]],
        )
