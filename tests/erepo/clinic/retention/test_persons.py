"""Four eyes hold only where it can be told that they are the eyes of two persons."""

import pytest

from erepo.clinic.permissions import Permission, grant
from erepo.clinic.retention.errors import PersonUnlinked, SamePerson
from erepo.clinic.tables import staff
from tests.support.chains import version
from tests.support.keeping import Keeper


def employ(keeper: Keeper, login: str, **numbers: str) -> None:
    """Add somebody who may destroy."""
    with keeper.desk.database.begin() as connection:
        connection.execute(staff.insert().values(login=login, **numbers))
        grant(connection, login, Permission.DESTROY, actor="test")


def give(keeper: Keeper, login: str, **numbers: str) -> None:
    """Change the numbers of somebody."""
    with keeper.desk.database.begin() as connection:
        connection.execute(staff.update().where(staff.c.login == login).values(**numbers))


def test_a_login_that_nobody_can_be_told_by_proposes_nothing(keeper: Keeper) -> None:
    """Neither PESEL nor NPWZ: refused before any list is made, with what to do, in both languages."""
    keeper.bring(version(1))
    employ(keeper, "nikt")
    with pytest.raises(PersonUnlinked) as refused:
        keeper.propose("nikt")
    assert "--pesel -" in refused.value.explain("en")[1]
    assert "wymaga dwóch osób" in refused.value.explain("pl")[0]


@pytest.mark.parametrize(
    ("numbers", "told"),
    [
        ({}, False),  # no number at all
        ({"npwz": "5425740"}, False),  # jan has a PESEL alone: perhaps the same person
        ({"pesel": "40010151673"}, True),
        ({"pesel": "40010151673", "npwz": "5425740"}, True),
    ],
)
def test_only_numbers_of_the_same_kind_tell_two_persons(
    keeper: Keeper, numbers: dict[str, str], told: bool
) -> None:
    """A proposal of `jan`, who has a PESEL; what cannot be told is refused and destroys nothing."""
    keeper.bring(version(1))
    employ(keeper, "druga", **numbers)
    proposal = keeper.propose("jan")
    if told:
        assert keeper.confirm(proposal, "druga").state == "confirmed"
        return
    with pytest.raises(PersonUnlinked):
        keeper.confirm(proposal, "druga")
    assert keeper.desk.states() == {"local": 1}
    give(keeper, "druga", pesel="40010151673")
    assert keeper.confirm(proposal, "druga").state == "confirmed"


def test_numbers_count_when_it_is_confirmed(keeper: Keeper) -> None:
    """Taken away or made the same after proposing: refused; the proposer is gone: refused as well."""
    keeper.bring(version(1))
    proposal = keeper.propose("anna")
    give(keeper, "anna", pesel="", npwz="")
    with pytest.raises(PersonUnlinked):
        keeper.confirm(proposal)
    give(keeper, "anna", pesel="80051212357")
    with pytest.raises(SamePerson):
        keeper.confirm(proposal)
    with keeper.desk.database.begin() as connection:
        connection.execute(staff.delete().where(staff.c.login == "anna"))
    with pytest.raises(PersonUnlinked):
        keeper.confirm(proposal)


def test_a_confirmed_destruction_goes_on_when_its_proposer_has_left(keeper: Keeper) -> None:
    """Two persons have agreed; whoever may destroy ends it, only the proposer's own logins may not."""
    keeper.bring(version(1))
    proposal = keeper.confirm(keeper.propose("anna"))
    with pytest.raises(SamePerson):
        keeper.confirm(proposal, "anna2")
    with keeper.desk.database.begin() as connection:
        connection.execute(staff.delete().where(staff.c.login == "anna"))
    assert keeper.confirm(proposal).state == "confirmed"
