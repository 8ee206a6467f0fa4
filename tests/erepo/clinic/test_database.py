"""The database: form, durability, and starting it many times at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from erepo.cda.kinds import KINDS
from erepo.clinic.database import HEAD, Database, open_database, to_json
from erepo.clinic.tables import UtcDateTime, audit_event, document, kind_rule, metadata, patient
from tests.support.documents import add_documents


def test_head_is_the_newest_migration() -> None:
    """The constant that saves a look at the scripts names the newest of them."""
    config = Config()
    config.set_main_option("script_location", "erepo.clinic:migrations")
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_migrations_make_what_the_tables_say(clinic_database: Database) -> None:
    """After all migrations nothing is left to be generated."""
    with clinic_database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        made = {
            row.name: row.sql for row in connection.execute(sa.text("SELECT name, sql FROM sqlite_master"))
        }
    for table in metadata.tables.values():
        for constraint in table.constraints:
            if isinstance(constraint, sa.CheckConstraint):
                assert str(constraint.sqltext) in made[table.name]


def test_upgrade_may_be_repeated_and_raced(tmp_path: Path) -> None:
    """Eight programs starting at once on an empty folder all find one good database."""
    url = f"sqlite:///{tmp_path / 'new' / 'clinic.db'}"

    def start(_: int) -> int:
        database = open_database(url)
        database.upgrade()
        database.upgrade()
        with database.read() as connection:
            rules = connection.execute(sa.select(sa.func.count()).select_from(kind_rule)).scalar_one()
        database.close()
        return rules

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(start, range(8))) == {len(KINDS)}


def test_sqlite_is_set_to_survive(clinic_database: Database) -> None:
    """WAL, full synchronisation and foreign keys are on for every connection."""
    with clinic_database.read() as connection:
        values = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    assert values == ["wal", 2, 1]


def test_foreign_keys_hold(clinic_database: Database) -> None:
    """A document of a patient who is not there cannot be stored."""
    with clinic_database.begin() as connection:
        add_documents(connection, 1)
    with pytest.raises(sa.exc.IntegrityError), clinic_database.begin() as connection:
        connection.execute(document.update().values(patient_key=4711))


def test_errors_roll_back(clinic_database: Database) -> None:
    """A transaction that ends in an error leaves nothing of what it did before."""
    with pytest.raises(sa.exc.IntegrityError), clinic_database.begin() as connection:
        add_documents(connection, 1) + add_documents(connection, 1, state="unheard of")
    with clinic_database.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(document)).scalar() == 0


def test_errors_quote_no_patient(clinic_database: Database) -> None:
    """What the database refuses is not repeated in the error, for it may be a patient's."""
    marked = {"identifier": "MARKED-PESEL", "authority": "1.2.3", "family": "MARKED-NAME"}
    with pytest.raises(sa.exc.IntegrityError) as caught, clinic_database.begin() as connection:
        connection.execute(patient.insert(), [marked, marked])
    assert "MARKED" not in str(caught.value)


def test_writers_wait_for_each_other(clinic_database: Database) -> None:
    """Twenty writers that read and then write lose nothing and never fail on a lock."""

    def write(_: int) -> None:
        with clinic_database.begin() as connection:
            count = connection.execute(sa.select(sa.func.count()).select_from(audit_event)).scalar_one()
            connection.execute(audit_event.insert().values(event=f"number {count}", subject="test"))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, range(20)))
    with clinic_database.read() as connection:
        events = set(connection.execute(sa.select(audit_event.c.event)).scalars())
    assert events == {f"number {count}" for count in range(20)}


def test_readers_do_not_wait_for_a_writer(clinic_database: Database) -> None:
    """While a writer is at work, a reader sees the last committed picture."""
    with clinic_database.begin() as writer:
        add_documents(writer, 1)
        with clinic_database.read() as reader:
            assert reader.execute(sa.select(sa.func.count()).select_from(document)).scalar() == 0


def test_times_come_back_aware_and_in_utc(clinic_database: Database) -> None:
    """A time written in any zone comes back as the same moment in UTC."""
    noon = datetime(2026, 3, 1, 12, 0, 0, 250, tzinfo=timezone(timedelta(hours=2)))
    with clinic_database.begin() as connection:
        add_documents(connection, 1, due_at=noon)
        found = connection.execute(sa.select(document.c.due_at)).scalar_one()
    assert found == noon
    assert found.tzinfo is UTC


def test_naive_times_are_refused(clinic_database: Database) -> None:
    """A time without a zone cannot be stored, for nobody knows what it means."""
    with pytest.raises(sa.exc.StatementError, match="zone-aware"), clinic_database.begin() as connection:
        add_documents(connection, 1, due_at=datetime(2026, 3, 1))  # noqa: DTZ001 (what the test is about)


def test_json_refuses_what_it_cannot_write() -> None:
    """An object without a JSON form is an error, not a guess."""
    with pytest.raises(TypeError):
        to_json(object())


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=lambda table: table.name)
def test_tables_can_be_made_on_postgresql(table: sa.Table) -> None:
    """No table says anything that PostgreSQL cannot hold, and times are zone-aware there."""
    made = str(CreateTable(table).compile(dialect=postgresql.dialect()))
    times = [column.name for column in table.columns if isinstance(column.type, UtcDateTime)]
    assert made.count("TIMESTAMP WITH TIME ZONE") == len(times)
