"""How long documents are kept: by class, by circumstance, by their last version."""

import pytest

from erepo.cda.kinds import Kind
from erepo.clinic.kinds import DEFAULT_RETENTION_YEARS, ORDER_RETENTION_YEARS
from erepo.clinic.permissions import PermissionMissing
from erepo.clinic.retention import CLASSES, RetentionClass, give_class, last_year, parse_class
from erepo.clinic.retention.errors import (
    BaseYearMissing,
    RetentionClassUnknown,
    RetentionDocumentUnknown,
)
from erepo.clinic.tables import audit_event, document
from tests.support.chains import version
from tests.support.keeping import Keeper

# Art. 29 ust. 1 of the act on patients' rights, written down a second time.
YEARS = {
    "standard": 20, "death": 30, "blood": 30, "x-ray": 10, "order": 5, "order-unused": 2, "child": 22,
}  # fmt: skip


def test_the_classes_are_those_of_the_act() -> None:
    """Years and points of art. 29; kinds start with the class that fits them."""
    assert {name.value: one.years for name, one in CLASSES.items()} == YEARS
    assert all(one.source.startswith("art. 29 ust. 1") for one in CLASSES.values())
    assert YEARS["standard"] == DEFAULT_RETENTION_YEARS
    assert YEARS["order"] == ORDER_RETENTION_YEARS


@pytest.mark.parametrize(
    ("entry", "years", "born", "last"),
    [
        (2026, 20, 1944, 2046),
        (2026, 20, None, 2046),
        (2026, 20, 2025, 2048),
        (2026, 20, 2024, 2048),
        (2026, 20, 2023, 2046),
        (2026, 5, 2025, 2031),
        (2026, 30, 2025, 2056),
    ],
)
def test_children_under_two(entry: int, years: int, born: int | None, last: int) -> None:
    """22 years where the kind has 20, never less than it has, and not for referrals."""
    assert last_year(entry, years, born) == last


def test_a_new_version_prolongs_all_versions(keeper: Keeper) -> None:
    """The base year is that of the last version; an older one that comes later changes nothing."""
    [second] = keeper.bring(version(2, year=2030))
    [first] = keeper.bring(version(1, year=2026))
    assert (keeper.year(first), keeper.year(second)) == (2050, 2050)
    [third] = keeper.bring(version(3, year=2031))
    assert [keeper.year(one) for one in (first, second, third)] == [2051] * 3


def test_a_class_given_to_one_version_holds_for_all(keeper: Keeper) -> None:
    """Also for a version that comes afterwards; taken back, the kind decides again."""
    first, second = keeper.bring(version(1), version(2))
    with keeper.desk.database.begin() as connection:
        assert give_class(connection, [first], RetentionClass.DEATH, "anna", base_year=2028) == 2
    [third] = keeper.bring(version(3))
    assert [keeper.year(one) for one in (first, second, third)] == [2058] * 3
    with keeper.desk.database.begin() as connection:
        give_class(connection, [third], RetentionClass.X_RAY, "anna")
    assert keeper.year(first) == 2036
    with keeper.desk.database.begin() as connection:
        give_class(connection, [first], None, "anna")
    assert keeper.year(third) == 2046
    events = [row for row in keeper.desk.rows(audit_event.c.event, audit_event.c.actor) if "class" in row[0]]
    assert set(events) == {("retention_class_given", "anna")}


def test_what_is_sent_is_the_year_of_the_document(keeper: Keeper) -> None:
    """The year stands on the row from intake on; a kind of five years has another."""
    keeper.bring(version(1))
    assert keeper.desk.rows(document.c.destroy_after_year, document.c.kind) == [(2046, Kind.LAB_RESULT.value)]


def test_wrong_classes_are_told(keeper: Keeper) -> None:
    """A person without permission, an unknown class or document, a death without its year: refusals."""
    [one] = keeper.bring(version(1))
    with pytest.raises(RetentionClassUnknown):
        parse_class("for ever")
    assert parse_class("X_RAY") is RetentionClass.X_RAY
    with keeper.desk.database.begin() as connection:
        with pytest.raises(PermissionMissing):
            give_class(connection, [one], RetentionClass.ORDER, "ewa")
        with pytest.raises(RetentionDocumentUnknown):
            give_class(connection, [one, "nothing"], RetentionClass.ORDER, "anna")
        with pytest.raises(BaseYearMissing):
            give_class(connection, [one], RetentionClass.DEATH, "anna")
    assert keeper.year(one) == 2046
