"""One record at a time: validated, audited, and nothing else touched."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from erepo.clinic.database import Database
from erepo.clinic.errors import StructureInvalid
from erepo.clinic.structure import check_ready, read_provider, read_structure, store_structure
from erepo.clinic.structure_editing import add, change, remove
from erepo.clinic.structure_file import parse_structure
from erepo.clinic.tables import audit_event
from tests.support.clinic_side import STRUCTURE


@pytest.fixture
def filled(clinic_database: Database) -> Database:
    """A database with a complete structure."""
    with clinic_database.begin() as connection:
        store_structure(connection, parse_structure(STRUCTURE))
    return clinic_database


def test_records_are_changed_added_and_removed(filled: Database) -> None:
    """By code or by name; the users stay, so documents may still be deposited; each step is audited."""
    with filled.begin() as connection:
        change(connection, {"name": "Nowa nazwa"})
        change(connection, {"resort_v": "07"}, "Zaklad")
        add(connection, {"name": "Rehabilitacja", "resort_v": "02"})
        add(connection, {"name": "Sala", "resort_vii": "009", "resort_viii": "1310", "resort_x": "31"}, "02")
        change(connection, {"resort_x": "32"}, "Rehabilitacja", "009")
        add(connection, {"name": "Zbedna", "resort_vii": "010"}, "07")
        remove(connection, "07", "010")
        provider = read_provider(connection)
        check_ready(connection)
        rows = connection.execute(
            sa.select(audit_event.c.event, audit_event.c.actor, audit_event.c.detail).order_by(
                audit_event.c.id
            )
        ).all()
    assert provider is not None
    assert (provider.name, [unit.resort_v for unit in provider.units]) == ("Nowa nazwa", ["07", "02"])
    assert provider.units[1].cells[0].resort_x == "32"
    assert [cell.name for cell in provider.units[0].cells] == ["Poradnia POZ"]
    assert [row.event for row in rows[1:]] == [
        "structure_provider_changed",
        "structure_unit_changed",
        "structure_unit_added",
        "structure_cell_added",
        "structure_cell_changed",
        "structure_cell_added",
        "structure_cell_removed",
    ]
    assert {row.actor for row in rows[1:]} == {"staff"}
    assert rows[5].detail == {"record": "provider/Rehabilitacja/009", "fields": ["resort_x"]}


def test_a_structure_can_be_begun_by_hand(clinic_database: Database) -> None:
    """Name and code of the provider make a structure; before that no unit can be added."""
    with clinic_database.begin() as connection:
        with pytest.raises(StructureInvalid, match="no structure yet"):
            add(connection, {"name": "Unit"})
        change(connection, {"name": "Przychodnia", "resort_i": "000000927722"})
        add(connection, {"name": "Unit", "resort_v": "01"})
        remove(connection, "01")
        found = read_structure(connection)
    assert found is not None
    assert found.model_dump() == {
        "provider": {"name": "Przychodnia", "regon": "", "resort_i": "000000927722", "units": []},
        "users": [],
        "archiving_user": "",
    }


@pytest.mark.parametrize(
    ("values", "unit", "cell", "words"),
    [
        ({"resort_i": "12x"}, "", "", "resort_i"),
        ({"resort_v": "1"}, "01", "", "resort_v"),
        ({"colour": "red"}, "01", "", "no such field"),
        ({"name": ""}, "", "", "empty"),
        ({"name": "x"}, "99", "", "no such unit; known: 01"),
        ({"name": "x"}, "01", "999", "no such cell; known: 001"),
    ],
)
def test_a_wrong_change_changes_nothing(
    filled: Database, values: dict[str, str], unit: str, cell: str, words: str
) -> None:
    """The record and the field are named, and the structure stays as it was."""
    with filled.read() as connection:
        before = read_provider(connection)
    with pytest.raises(StructureInvalid, match=words), filled.begin() as connection:
        change(connection, values, unit, cell)
    with filled.read() as connection:
        assert read_provider(connection) == before


def test_a_code_belongs_to_one_record(filled: Database) -> None:
    """A second unit or cell with the same code is refused; equal names ask for the code."""
    with pytest.raises(StructureInvalid, match="has this code"), filled.begin() as connection:
        add(connection, {"name": "Drugi", "resort_v": "01"})
    with filled.begin() as connection:
        add(connection, {"name": "Zaklad", "resort_v": "02"})
    with pytest.raises(StructureInvalid, match="use the code"), filled.begin() as connection:
        remove(connection, "Zaklad")


def test_what_is_exported_is_what_was_loaded(filled: Database, tmp_path: Path) -> None:
    """JSON comes out as it went in, users and archiving user included."""
    with filled.read() as connection:
        assert read_structure(connection) == parse_structure(STRUCTURE)
