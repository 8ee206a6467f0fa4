"""Years of keeping per kind: by who may, never below the act, documents that are here follow."""

import pytest

from erepo.cda.kinds import Kind
from erepo.clinic.kinds import ORDERS, read_rules
from erepo.clinic.permissions import Permission, PermissionMissing, grant
from erepo.clinic.retention import fewest_years, set_years
from erepo.clinic.retention.errors import RetentionYearsWrong
from erepo.clinic.tables import audit_event
from tests.support.chains import version
from tests.support.keeping import Keeper


def test_documents_that_are_here_follow(keeper: Keeper) -> None:
    """A longer time moves the last year of each; it is audited with both numbers and who did it."""
    [one] = keeper.bring(version(1))
    with keeper.desk.database.begin() as connection:
        grant(connection, "anna", Permission.SET_KINDS, actor="test")
        assert set_years(connection, Kind.LAB_RESULT, 30, login="anna").retention_years == 30
        set_years(connection, Kind.LAB_RESULT, 30, login="anna")
    assert keeper.year(one) == 2056
    rows = keeper.desk.rows(audit_event.c.event, audit_event.c.actor, audit_event.c.detail)
    [(_, actor, detail)] = [row for row in rows if row[0] == "kind_rule_changed"]
    assert (actor, detail["retention_years"], detail["before"]) == ("anna", 30, {"retention_years": 20})


def test_never_below_the_act(keeper: Keeper) -> None:
    """Twenty years, five of a referral; the defaults keep to it; who may not changes nothing."""
    with keeper.desk.database.begin() as connection:
        for kind, rule in read_rules(connection).items():
            assert fewest_years(kind) == rule.retention_years == (5 if kind in ORDERS else 20)
            for years in (fewest_years(kind) - 1, 201):
                with pytest.raises(RetentionYearsWrong):
                    set_years(connection, kind, years)
        with pytest.raises(PermissionMissing):
            set_years(connection, Kind.LAB_RESULT, 30, login="ewa")
