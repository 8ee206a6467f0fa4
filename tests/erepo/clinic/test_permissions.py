"""Permissions: who may do what beyond everyday work."""

import pytest
import sqlalchemy as sa

from erepo.clinic.database import Database
from erepo.clinic.permissions import (
    NoSuchUser,
    Permission,
    PermissionMissing,
    UnknownPermission,
    grant,
    granted,
    parse_permission,
    require,
    revoke,
)
from erepo.clinic.permissions.granting import WORDS
from erepo.clinic.tables import audit_event, staff


def _employ(database: Database, *logins: str) -> None:
    with database.begin() as connection:
        connection.execute(staff.delete())
        for login in logins:
            connection.execute(staff.insert().values(login=login))


def test_nobody_may_anything_unless_it_was_granted(clinic_database: Database) -> None:
    """Without a grant the refusal names the login and the command that cures it."""
    _employ(clinic_database, "anna")
    with clinic_database.read() as connection, pytest.raises(PermissionMissing, match="anna --permission"):
        require(connection, "anna", Permission.MIGRATE)


def test_a_grant_is_for_one_person_and_one_thing(clinic_database: Database) -> None:
    """What anna may, bob may not; and she may nothing else."""
    _employ(clinic_database, "anna", "bob")
    with clinic_database.begin() as connection:
        assert grant(connection, "anna", Permission.MIGRATE, actor="admin") is True
        assert grant(connection, "anna", Permission.MIGRATE, actor="admin") is False
        assert require(connection, "anna", Permission.MIGRATE).login == "anna"
        with pytest.raises(PermissionMissing):
            require(connection, "anna", Permission.DESTROY)
        with pytest.raises(PermissionMissing):
            require(connection, "bob", Permission.MIGRATE)


def test_a_grant_survives_a_new_structure_but_not_the_person(clinic_database: Database) -> None:
    """Staff rows are replaced by each load; a login that is gone may nothing, and is told so."""
    _employ(clinic_database, "anna")
    with clinic_database.begin() as connection:
        grant(connection, "anna", Permission.DELETE, actor="admin")
    _employ(clinic_database, "anna", "bob")
    with clinic_database.read() as connection:
        assert require(connection, "anna", Permission.DELETE).login == "anna"
    _employ(clinic_database, "bob")
    with clinic_database.read() as connection, pytest.raises(NoSuchUser, match="bob"):
        require(connection, "anna", Permission.DELETE)


def test_taking_back_is_possible_for_who_has_left(clinic_database: Database) -> None:
    """A permission can be revoked after its holder's login is gone; twice changes nothing."""
    _employ(clinic_database, "anna")
    with clinic_database.begin() as connection:
        grant(connection, "anna", Permission.HOLD, actor="admin")
    _employ(clinic_database)
    with clinic_database.begin() as connection:
        assert revoke(connection, "anna", Permission.HOLD, actor="admin") is True
        assert revoke(connection, "anna", Permission.HOLD, actor="admin") is False
        assert granted(connection, "anna") == frozenset()


def test_each_change_is_audited_once(clinic_database: Database) -> None:
    """Granting and revoking leave one event each, with who did it."""
    _employ(clinic_database, "anna")
    with clinic_database.begin() as connection:
        for _ in range(2):
            grant(connection, "anna", Permission.DESTROY, actor="admin")
        revoke(connection, "anna", Permission.DESTROY, actor="admin")
        events = connection.execute(
            sa.select(audit_event.c.event, audit_event.c.subject_id, audit_event.c.actor)
        ).all()
    assert [tuple(row) for row in events] == [
        ("permission_granted", "anna", "admin"),
        ("permission_revoked", "anna", "admin"),
    ]


def test_names_are_forgiving_and_known_to_people() -> None:
    """Case and the kind of dash do not matter; each permission has words; an unknown one lists them."""
    assert parse_permission(" Set_Kinds ") is Permission.SET_KINDS
    assert set(WORDS) == set(Permission)
    with pytest.raises(UnknownPermission, match="migrate, delete"):
        parse_permission("everything")
