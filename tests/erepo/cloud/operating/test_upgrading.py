"""A database of an earlier erepo: refused by the service, brought up to date by `erepo cloud init`.

The tables of version 1 stand as SQL beside this file, as the release made them.
"""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Table, inspect, select, text
from typer.testing import CliRunner

from erepo.cli.cloud import app
from erepo.cloud.errors import CloudNotInitialised, DatabaseOutdated, DatabaseTooNew
from erepo.cloud.storage import tables
from erepo.cloud.storage.database import Database
from erepo.cloud.storage.engines import make_engine
from tests.support import postgres

pytestmark = pytest.mark.one_store

HERE = Path(__file__).parent
ROWS = """
INSERT INTO service VALUES ('schema', '1'), ('home', 'urn:oid:1.2');
INSERT INTO number_block VALUES ('row', 16385);
INSERT INTO tenant (id, account, state, security, repository_unique_id, source_id, limit_bytes,
  limit_documents, used_bytes, used_documents, created_at) VALUES
  (1, '0000000000001003', 'active', 'wss', '1.2.3', '1.2.4', 9000, 90, 12, 1, '2026-01-01 00:00:00'),
  (2, '0000000000001004', 'ordered', 'mtls', '1.2.5', '1.2.6', 9000, 90, 0, 0, '2026-01-01 00:00:00');
INSERT INTO document VALUES
  (7, 1, '1.2.7', 'aa', 'bb', 12, 'text/xml', 'raw', NULL, '2026-01-02 00:00:00');
INSERT INTO document_octets VALUES (7, 1, {octets});
INSERT INTO registry_object (id, tenant_id, kind, entry_uuid, lid, version, status, unique_id, patient_id,
  document_id, xml, registered_at) VALUES
  (4, 1, 2, {set}, {set}, 1, 1, '1.2.8', 'p', NULL, {octets}, '2026-01-02 00:00:00'),
  (5, 1, 1, {entry}, {entry}, 1, 1, '1.2.7', 'p', 7, {octets}, '2026-01-02 00:00:00');
INSERT INTO object_value VALUES (5, 1, 0, 1, 'N^^2.16')
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of either kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'var' / 'cloud' / 'cloud.db'}"
        return
    with postgres.database() as address:
        yield address


def literal(octets: bytes, url: str) -> str:
    """Return octets as the database's SQL writes them."""
    return f"X'{octets.hex()}'" if url.startswith("sqlite") else f"'\\x{octets.hex()}'::bytea"


def make_version_1(url: str) -> None:
    """Fill an empty database with the tables and rows of version 1."""
    kind = "sqlite" if url.startswith("sqlite") else "postgresql"
    script = (HERE / f"version-1-{kind}.sql").read_text("utf-8")
    values = {"octets": b"twelve bytes", "set": bytes(15) + b"s", "entry": bytes(15) + b"e"}
    words = {name: literal(octets, url) for name, octets in values.items()}
    engine = make_engine(url)
    with engine.begin() as connection:
        for statement in [*script.split(";"), *ROWS.format(**words).split(";")]:
            if statement.strip():
                connection.exec_driver_sql(statement)
    engine.dispose()


def shape(connection: Connection) -> dict[str, Any]:
    """Return tables, columns, keys and indexes; not defaults and not the order of columns."""
    look = inspect(connection)
    found = {}
    for name in sorted(look.get_table_names()):
        if name == "sqlite_stat1":
            continue
        columns = {
            (one["name"], str(one["type"]).split("(")[0], one["nullable"]) for one in look.get_columns(name)
        }
        indexes = {
            (one["name"], tuple(one["column_names"]), bool(one["unique"])) for one in look.get_indexes(name)
        }
        keys = tuple(look.get_pk_constraint(name)["constrained_columns"])
        unique = {tuple(one["column_names"]) for one in look.get_unique_constraints(name)}
        found[name] = (columns, indexes, keys, unique)
    return found


@contextmanager
def fresh(url: str, tmp_path: Path) -> Iterator[Database]:
    """Make a new database of the same kind."""
    with ExitStack() as stack:
        other = f"sqlite:///{tmp_path / 'fresh.db'}"
        if not url.startswith("sqlite"):
            other = stack.enter_context(postgres.database())
        database = stack.enter_context(closing(Database(other)))
        database.create()
        yield database


def row_of(connection: Connection, table: Table, number: int) -> Any:
    """Return one row."""
    return connection.execute(select(table).where(table.c.id == number)).one()


def test_a_database_of_version_1_gets_the_tables_and_values_of_today(url: str, tmp_path: Path) -> None:
    """After the upgrade the tables are those of a new database, all rows are kept, new columns are filled."""
    make_version_1(url)
    with closing(Database(url)) as database:
        database.create()
        database.check()
        with database.everyone("a test looks") as connection:
            upgraded = shape(connection)
            first, second = (row_of(connection, tables.tenant, number) for number in (1, 2))
            entry, group = (row_of(connection, tables.registry_object, number) for number in (5, 4))
            heads = set(connection.scalars(select(tables.audit_head.c.tenant_id)))
            octets = bytes(connection.scalars(select(tables.document_octets.c.octets)).one())
    for each in (first, second):
        assert (each.patients, each.codes, each.users) == ("open", "open", "optional")
    assert (first.account, first.used_bytes, second.state) == ("0000000000001003", 12, "ordered")
    assert (entry.sha1, entry.size) == ("aa", 12)
    assert (group.sha1, group.size) == (None, None)
    assert heads == {0, 1, 2}
    assert octets == b"twelve bytes"
    with fresh(url, tmp_path) as database, database.everyone("a test looks") as connection:
        assert upgraded == shape(connection)


def test_an_upgrade_may_run_again(url: str) -> None:
    """A second `create` changes nothing."""
    make_version_1(url)
    with closing(Database(url)) as database:
        database.create()
        with database.everyone("a test looks") as connection:
            once = shape(connection)
        database.create()
        with database.everyone("a test looks") as connection:
            assert once == shape(connection)


def test_a_failed_upgrade_leaves_the_database_as_it_was(url: str) -> None:
    """All steps are one transaction: what cannot be finished is undone."""
    make_version_1(url)
    engine = make_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE VIEW audit_head AS SELECT 1 AS tenant_id"))  # in the way
        before = shape(connection)
    with closing(Database(url)) as database:
        with pytest.raises(Exception, match=r".*"):
            database.create()
        with pytest.raises(DatabaseOutdated):
            database.check()
    with engine.connect() as connection:
        assert before == shape(connection)
    engine.dispose()


def test_the_service_says_how_to_upgrade(tmp_path: Path) -> None:
    """Every command on an old database ends with the way forward; `init` goes it."""
    url = f"sqlite:///{tmp_path / 'var' / 'cloud' / 'cloud.db'}"
    make_version_1(url)
    runner = CliRunner(env={"EREPO_HOME": str(tmp_path / "var"), "EREPO_LANGUAGE": "en"})
    refused = runner.invoke(app, ["tenant", "list"])
    assert refused.exit_code == 1
    assert "erepo cloud init" in refused.stderr
    assert "back" in refused.stderr
    assert runner.invoke(app, ["init"]).exit_code == 0
    listed = runner.invoke(app, ["tenant", "list"])
    assert listed.exit_code == 0
    assert "0000000000001003" in listed.stdout


def test_a_later_database_is_left_alone(url: str) -> None:
    """A database of a later erepo is refused, by the service and by `create`."""
    with closing(Database(url)) as database:
        with pytest.raises(CloudNotInitialised):
            database.check()
        database.create()
        with database.everyone("a test changes it", write=True) as connection:
            connection.execute(text("UPDATE service SET value = '99' WHERE name = 'schema'"))
        with pytest.raises(DatabaseTooNew):
            database.check()
        with pytest.raises(DatabaseTooNew):
            database.create()
