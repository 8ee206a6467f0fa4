"""The provider's structure: read from a file, proven complete, refused with names of what is missing."""

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from erepo.clinic.database import Database
from erepo.clinic.errors import FileUnreadable, StructureIncomplete, StructureInvalid
from erepo.clinic.permissions import Permission, grant, granted
from erepo.clinic.structure import check_ready, read_archiving_user, read_provider, store_structure
from erepo.clinic.structure_file import parse_structure, read_structure_file
from erepo.clinic.tables import audit_event, staff

EXAMPLE = Path(__file__).parents[3] / "docs" / "reference" / "structure-example.json"


def _example() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(EXAMPLE.read_bytes())
    return data


def _store(database: Database, data: dict[str, Any]) -> None:
    with database.begin() as connection:
        store_structure(connection, parse_structure(json.dumps(data).encode()))


def test_the_documented_example_is_complete(clinic_database: Database) -> None:
    """The file shown in the documentation loads and lets documents be deposited."""
    with clinic_database.begin() as connection:
        store_structure(connection, read_structure_file(EXAMPLE))
    with clinic_database.read() as connection:
        ready = check_ready(connection)
    assert ready.provider.resort_i == "000000100300"
    assert ready.user.npwz == "5425740"
    assert list(ready.places) == ["000000100300-001", "000000100300-002"]
    assert ready.default_place.codes.viii == "1500"
    assert ready.default_place.unit.resort_v == "01"


def test_a_new_person_does_not_inherit_permissions(clinic_database: Database) -> None:
    """Whoever stands in no structure any more may nothing, also when the login is given to somebody later."""
    data = _example()
    login = data["users"][-1]["login"]
    _store(clinic_database, data)
    with clinic_database.begin() as connection:
        grant(connection, login, Permission.DESTROY, actor="admin")
    _store(clinic_database, data)
    with clinic_database.read() as connection:
        assert granted(connection, login) == {Permission.DESTROY}
    left = {**data, "users": data["users"][:-1]}
    _store(clinic_database, left)
    _store(clinic_database, data)
    with clinic_database.read() as connection:
        assert granted(connection, login) == set()
        events = list(connection.execute(sa.select(audit_event.c.event)).scalars())
    assert "permission_revoked" in events


def test_loading_again_replaces(clinic_database: Database) -> None:
    """A second load leaves one provider, its own units and users, and one more event."""
    _store(clinic_database, _example())
    data = _example()
    data["provider"]["name"] = "Nowa nazwa"
    data["users"].pop()
    _store(clinic_database, data)
    with clinic_database.read() as connection:
        provider = read_provider(connection)
        users = connection.execute(sa.select(sa.func.count()).select_from(staff)).scalar()
        events = list(connection.execute(sa.select(audit_event.c.event)).scalars())
    assert provider is not None
    assert provider.name == "Nowa nazwa"
    assert users == 1
    assert events == ["structure_loaded"] * 2


def test_part_i_gets_its_zeros(clinic_database: Database) -> None:
    """The register number may be written without leading zeros."""
    data = _example()
    data["provider"]["resort_i"] = "100300"
    _store(clinic_database, data)
    with clinic_database.read() as connection:
        assert check_ready(connection).provider.resort_i == "000000100300"


Change = Callable[[dict[str, Any]], Any]


@pytest.mark.parametrize(
    ("change", "record", "field"),
    [
        (lambda data: data["provider"].pop("resort_i"), "provider", "resort_i"),
        (lambda data: data["provider"].update(units=[]), "provider", "units"),
        (lambda data: data["provider"]["units"][0].pop("resort_v"), "units[1]", "resort_v"),
        (lambda data: data["provider"]["units"][0].update(cells=[]), "units[1]", "cells"),
        (
            lambda data: data["provider"]["units"][0]["cells"][1].pop("resort_vii"),
            "units[1].cells[2]",
            "resort_vii",
        ),
        (
            lambda data: data["provider"]["units"][0]["cells"][0].pop("resort_viii"),
            "units[1].cells[1]",
            "resort_viii",
        ),
        (
            lambda data: data["provider"]["units"][0]["cells"][1].pop("resort_x"),
            "units[1].cells[2]",
            "resort_x",
        ),
        (lambda data: data.pop("archiving_user"), "archiving_user", "login"),
        (lambda data: data.update(archiving_user="rejestracja"), "users[rejestracja]", "pesel / npwz"),
        # The form is right, and could be a nurse's; a doctor's has a check digit.
        (lambda data: data["users"][0].update(npwz="5425741"), "users[archiwum]", "pesel / npwz"),
    ],
)
def test_each_missing_field_is_named(
    clinic_database: Database, change: Change, record: str, field: str
) -> None:
    """Whatever is missing, the refusal names its record and field, in both languages."""
    data = _example()
    change(data)
    _store(clinic_database, data)
    with clinic_database.read() as connection, pytest.raises(StructureIncomplete) as caught:
        check_ready(connection)
    assert str(caught.value.data["record"]).startswith(record)
    assert caught.value.data["field"] == field
    assert field in caught.value.explain("pl")[0]
    assert pickle.loads(pickle.dumps(caught.value)).data == caught.value.data


def test_polish_readers_are_told_in_polish(clinic_database: Database) -> None:
    """Records and fields have Polish names, beside those that stand in files and commands."""
    data = _example()
    data["provider"]["units"][0]["cells"][1].pop("resort_x")
    data.pop("archiving_user")
    _store(clinic_database, data)
    with clinic_database.read() as connection, pytest.raises(StructureIncomplete) as caught:
        check_ready(connection)
    cause, cure = caught.value.explain("pl")
    assert "komórka 2 jednostki 1" in cause
    assert "kod resortowy cz. X (resort_x)" in cause
    assert "domyślny użytkownik" in cure


def test_all_that_is_missing_is_listed(clinic_database: Database) -> None:
    """One refusal lists every missing field, so that nobody has to try again and again."""
    data = _example()
    data["provider"].pop("resort_i")
    data["provider"]["units"][0].pop("resort_v")
    data.pop("archiving_user")
    _store(clinic_database, data)
    with clinic_database.read() as connection, pytest.raises(StructureIncomplete) as caught:
        check_ready(connection)
    missing = caught.value.data["all"]
    assert isinstance(missing, list)
    assert [name for _, name in missing] == ["resort_i", "resort_v", "login"]


def test_nothing_loaded(clinic_database: Database) -> None:
    """An empty database is incomplete, not an accident."""
    with clinic_database.read() as connection:
        with pytest.raises(StructureIncomplete):
            check_ready(connection)
        assert read_archiving_user(connection) is None


def test_an_inactive_user_does_not_archive(clinic_database: Database) -> None:
    """A default user who has left counts as missing."""
    _store(clinic_database, _example())
    with clinic_database.begin() as connection:
        connection.execute(staff.update().values(active=False))
        with pytest.raises(StructureIncomplete):
            check_ready(connection)


def _set(*path: str | int, value: Any) -> Change:
    def change(data: dict[str, Any]) -> None:
        place: Any = data
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (_set("provider", "resort_i", value="12x"), "provider.resort_i"),
        (_set("provider", "regon", value="123456789"), "provider.regon"),
        (_set("provider", "units", 0, "resort_v", value="1"), "provider.units.0.resort_v"),
        (
            _set("provider", "units", 0, "cells", 0, "resort_viii", value="15"),
            "provider.units.0.cells.0.resort_viii",
        ),
        (_set("users", 0, "pesel", value="44051401358"), "users.0.pesel"),
        (_set("users", 0, "npwz", value="12"), "users.0.npwz"),
        (_set("users", 1, "login", value="archiwum"), "(file)"),
        (_set("archiving_user", value="nobody"), "(file)"),
        (_set("provider", "colour", value="red"), "provider.colour"),
        (_set("provider", "name", value="X\x1b[2J"), "provider.name"),
        (_set("provider", "units", 0, "name", value="X\0"), "provider.units.0.name"),
        (_set("provider", value=None), "provider"),
    ],
)
def test_a_wrong_file_is_refused_by_place(change: Change, place: str) -> None:
    """A wrong value is refused by its place; the value itself is told to nobody."""
    data = _example()
    change(data)
    with pytest.raises(StructureInvalid) as caught:
        parse_structure(json.dumps(data).encode())
    assert caught.value.data["place"] == place
    assert "44051401358" not in str(caught.value)


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (b"{", "to nie jest JSON"),
        (b'{"provider": {}}', "provider.name: brakuje tego pola"),
        (b'{"provider": {"name": "X", "colour": 1}}', "provider.colour: nie ma takiego pola"),
        (b'{"provider": {"name": "X", "regon": "1"}}', "Identyfikator REGON nie ma wymaganej postaci"),
        (b'{"provider": {"name": "X"}, "archiving_user": "y"}', "nie jest "),
    ],
)
def test_a_wrong_file_is_explained_in_polish(octets: bytes, words: str) -> None:
    """Who writes the file reads Polish, with one full stop at the end of a sentence."""
    with pytest.raises(StructureInvalid) as caught:
        parse_structure(octets)
    cause, _ = caught.value.explain("pl")
    assert words in cause
    assert ".." not in cause


def test_no_json_and_no_file(tmp_path: Path) -> None:
    """What is no JSON, too large, or not there is refused."""
    with pytest.raises(StructureInvalid, match="line 1"):
        parse_structure(b"{")
    with pytest.raises(FileUnreadable, match="No such file"):
        read_structure_file(tmp_path / "none.json")
    large = tmp_path / "large.json"
    large.write_bytes(b" " * (4 * 1024**2 + 1))
    with pytest.raises(StructureInvalid):
        read_structure_file(large)


def test_a_load_that_is_not_committed_changes_nothing(clinic_database: Database) -> None:
    """The structure stays as it was when the transaction of a load ends without a commit."""
    _store(clinic_database, _example())
    with clinic_database.engine.connect() as connection:
        store_structure(connection, parse_structure(b'{"provider": {"name": "half"}}'))
    with clinic_database.read() as connection:
        check_ready(connection)
