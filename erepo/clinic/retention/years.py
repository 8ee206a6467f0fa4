"""How many years documents of a kind are kept: never fewer than the act demands."""

from typing import Final

import sqlalchemy as sa

from erepo.cda.kinds import Kind
from erepo.clinic.audit import note
from erepo.clinic.kinds import ADMINISTRATOR, ORDERS, KindRule, read_rules
from erepo.clinic.permissions import Permission, require
from erepo.clinic.retention.classes import CLASSES, RetentionClass
from erepo.clinic.retention.errors import RetentionYearsWrong
from erepo.clinic.retention.reckoning import reckon
from erepo.clinic.tables import document, kind_rule, now

#: Longer than any law asks; a slip of the finger is shorter.
MOST_YEARS: Final = 200


def fewest_years(kind: Kind) -> int:
    """Return the years below which documents of a kind must not be destroyed (art. 29 ust. 1)."""
    return CLASSES[RetentionClass.ORDER if kind in ORDERS else RetentionClass.STANDARD].years


def set_years(
    connection: sa.Connection, kind: Kind, years: int, *, login: str | None = None, actor: str = ADMINISTRATOR
) -> KindRule:
    """Change how long documents of a kind are kept, those that are here included; audited.

    What has been archived before keeps, in the registry, the year it was sent with; the clinic's row decides.

    Args:
        connection: the transaction; the caller commits.
        kind: which.
        years: from the end of the year of the last entry.
        login: who acts, with the permission `set-kinds`; None: `actor`, whoever that is.
        actor: written down where there is no login.

    Raises:
        RetentionYearsWrong: fewer than the act demands of the kind, or more than `MOST_YEARS`.
        NoSuchUser, PermissionMissing: this person may not change kinds.
    """
    if login is not None:
        actor = require(connection, login, Permission.SET_KINDS).login
    if not fewest_years(kind) <= years <= MOST_YEARS:
        raise RetentionYearsWrong(kind=kind.value, fewest=fewest_years(kind), most=MOST_YEARS)
    own = kind_rule.c.kind == kind.value
    connection.execute(sa.select(kind_rule.c.kind).where(own).with_for_update())
    before = read_rules(connection)[kind].retention_years
    if before != years:
        connection.execute(kind_rule.update().where(own).values(retention_years=years, updated_at=now()))
        ids = connection.execute(sa.select(document.c.id).where(document.c.kind == kind.value)).scalars()
        changed = reckon(connection, list(ids))
        detail = {"retention_years": years, "before": {"retention_years": before}, "documents": changed}
        note(connection, "kind_rule_changed", subject="kind", subject_id=kind, actor=actor, detail=detail)
    return read_rules(connection)[kind]
