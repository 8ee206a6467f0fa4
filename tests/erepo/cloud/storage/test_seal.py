"""The walls between tenants: a statement that does not keep to its transaction's accounts is refused."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import (
    and_,
    bindparam,
    column,
    delete,
    event,
    exists,
    func,
    insert,
    literal_column,
    or_,
    select,
    table,
    text,
    true,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.exc import DBAPIError

from erepo.cloud.errors import TenantCriterionMissing
from erepo.cloud.storage import row_security, seal
from erepo.cloud.storage.criteria import TENANT_COLUMNS
from erepo.cloud.storage.database import Database
from erepo.cloud.storage.tables import (
    document,
    document_octets,
    metadata,
    object_value,
    patient,
    registry_object,
    service,
    tenant,
)
from tests.support import postgres
from tests.support.cloud import POSTGRESQL_S3, stores_of
from tests.support.registry_rows import Rows

OURS, THEIRS = 1, 2
NOW = datetime(2026, 1, 1)  # noqa: DTZ001  # as the tables keep it
LATER = NOW + timedelta(days=1)
_object, _value, _patient = registry_object.c, object_value.c, patient.c
_a, _b = registry_object.alias("a"), registry_object.alias("b")
_ours = select(_object.id, _object.tenant_id).where(_object.tenant_id == OURS).subquery("ours")
_start = select(_object.id, _object.tenant_id).where(_object.tenant_id == OURS).cte("walk", recursive=True)
_step = select(_object.id, _object.tenant_id).join(
    _start, and_(_object.source_object == _start.c.id, _object.tenant_id == _start.c.tenant_id)
)
described = table("patient", column("patient_id"))
_open_step = select(_object.id, _object.tenant_id).join(_start, _object.source_object == _start.c.id)

GOOD = {
    "equal": select(_patient.patient_id).where(_patient.tenant_id == OURS),
    "equal, turned": select(_patient.patient_id).where(bindparam(None, OURS) == _patient.tenant_id),
    "in": select(_patient.patient_id).where(_patient.tenant_id.in_([OURS])),
    "in, bound": select(_patient.patient_id).where(
        _patient.tenant_id.in_(bindparam("some", [OURS], expanding=True))
    ),
    "tenant by id": select(tenant.c.account).where(tenant.c.id == OURS),
    "count": select(func.count()).select_from(patient).where(_patient.tenant_id == OURS),
    "and more": select(_object.id).where(
        and_(_object.tenant_id == OURS, or_(_object.kind == 1, _object.kind == 2))
    ),
    "join": select(_value.value)
    .join(registry_object, and_(_object.id == _value.object_id, _object.tenant_id == _value.tenant_id))
    .where(_object.tenant_id == OURS),
    "outer join": select(document.c.id, document_octets.c.octets)
    .join_from(
        document,
        document_octets,
        and_(
            document.c.id == document_octets.c.document_id,
            document.c.tenant_id == document_octets.c.tenant_id,
        ),
        isouter=True,
    )
    .where(document.c.tenant_id == OURS),
    "aliases": select(_a.c.id)
    .join(_b, and_(_a.c.id == _b.c.source_object, _a.c.tenant_id == _b.c.tenant_id))
    .where(_b.c.tenant_id == OURS),
    "exists": select(_object.id).where(
        _object.tenant_id == OURS,
        exists().where(_value.object_id == _object.id, _value.tenant_id == _object.tenant_id),
    ),
    "in a select": select(_object.id).where(
        _object.tenant_id == OURS,
        _object.id.in_(select(_value.object_id).where(_value.tenant_id == OURS)),
    ),
    "correlated by name": select(_object.id).where(
        _object.tenant_id == OURS,
        exists(
            select(_value.value).where(
                _value.tenant_id == _object.tenant_id,
                exists(
                    select(_patient.patient_id)
                    .where(_patient.tenant_id == _object.tenant_id)
                    .correlate(registry_object)
                ),
            )
        ),
    ),
    "subquery": select(_ours.c.id),
    "joined to a subquery": select(_value.value).join(
        _ours, and_(_ours.c.id == _value.object_id, _ours.c.tenant_id == _value.tenant_id)
    ),
    "union": union_all(
        select(_object.id).where(_object.tenant_id == OURS),
        select(_value.object_id).where(_value.tenant_id == OURS),
    ),
    "recursive": select(_start.union_all(_step).c.id),
    "update": update(patient).where(_patient.tenant_id == OURS).values(registered_at=LATER),
    "delete": delete(object_value).where(_value.tenant_id == OURS, _value.object_id == 1),
    "insert": insert(patient).values(tenant_id=OURS, patient_id="new", registered_at=NOW),
    "many": insert(patient).values(
        [{"tenant_id": OURS, "patient_id": text, "registered_at": NOW} for text in ("more", "most")]
    ),
    "a number as text": select(_object.id).where(
        _object.tenant_id == OURS, _object.version > literal_column("1")
    ),
    "nobody's table": select(service.c.value),
    "no table": select(func.count()),
}

BAD = {
    "no criterion": select(_patient.patient_id),
    "whole table": select(patient),
    "count": select(func.count()).select_from(patient),
    "other account": select(_patient.patient_id).where(_patient.tenant_id == THEIRS),
    "among others": select(_patient.patient_id).where(_patient.tenant_id.in_([OURS, THEIRS])),
    "not equal": select(_patient.patient_id).where(_patient.tenant_id != THEIRS),
    "at least": select(_patient.patient_id).where(_patient.tenant_id >= OURS),
    "or": select(_patient.patient_id).where(or_(_patient.tenant_id == OURS, _patient.patient_id == "p2")),
    "not": select(_patient.patient_id).where(~and_(_patient.tenant_id == OURS, _patient.patient_id == "p1")),
    "other column": select(_object.id).where(_object.id == OURS),
    "itself": select(_patient.patient_id).where(_patient.tenant_id == _patient.tenant_id),
    "tenant by account": select(tenant.c.account).where(tenant.c.account == f"{THEIRS:016}"),
    "join by number": select(_value.value)
    .join(registry_object, _object.id == _value.object_id)
    .where(_object.tenant_id == OURS),
    "cross join": select(_value.value).join(registry_object, true()).where(_object.tenant_id == OURS),
    "outer join's left": select(_a.c.id).join(
        _b, and_(_a.c.tenant_id == OURS, _a.c.tenant_id == _b.c.tenant_id), isouter=True
    ),
    "full join": select(_a.c.id)
    .join(_b, _a.c.tenant_id == _b.c.tenant_id, full=True)
    .where(_a.c.tenant_id == OURS),
    "other alias": select(_b.c.id).where(_a.c.tenant_id == OURS, _a.c.id == _b.c.source_object),
    "exists": select(_object.id).where(_object.tenant_id == OURS, exists().where(_value.value == "x")),
    "exists by number": select(_object.id).where(
        _object.tenant_id == OURS, exists().where(_value.object_id == _object.id)
    ),
    "in a select": select(_object.id).where(
        _object.tenant_id == OURS, _object.id.in_(select(_value.object_id))
    ),
    "not correlated": select(_object.id).where(
        _object.tenant_id == OURS,
        select(func.max(_object.id)).where(_object.kind == 1).correlate(None).scalar_subquery() > 0,
    ),
    # Its only source is the statement's own table: not correlated, it reads the whole.
    "alone in a select": select(_object.id).where(
        _object.tenant_id == OURS, _object.id.in_(select(_object.id).where(_object.kind == 1))
    ),
    "two levels away": select(_object.id).where(
        _object.tenant_id == OURS,
        exists(
            select(_value.value).where(
                _value.tenant_id == _object.tenant_id,
                exists(select(service.c.name).where(service.c.name == _object.source_system)),
            )
        ),
    ),
    "order of a union": union_all(
        select(_object.id).where(_object.tenant_id == OURS),
        select(_object.id).where(_object.tenant_id == OURS),
    ).order_by(select(func.max(_value.value)).scalar_subquery()),
    "described anew": select(_object.id).where(
        _object.tenant_id == OURS, described.c.patient_id == _object.patient_id
    ),
    "delete beside it": select(_object.id).where(_object.tenant_id == OURS).add_cte(delete(patient).cte("x")),
    "column": select(_object.id, select(func.max(_value.value)).scalar_subquery()).where(
        _object.tenant_id == OURS
    ),
    "order": select(_object.id)
    .where(_object.tenant_id == OURS)
    .order_by(select(func.max(_value.value)).scalar_subquery()),
    "subquery": select(select(_object.id).subquery().c.id),
    "renamed": select(_value.value).join(
        sub := select(_object.id, _object.kind.label("tenant_id"))
        .where(_object.tenant_id == OURS)
        .subquery(),
        sub.c.tenant_id == _value.tenant_id,
    ),
    "union": union_all(select(_object.id).where(_object.tenant_id == OURS), select(_value.object_id)),
    "recursive": select(_start.union_all(_open_step).c.id),
    "update": update(patient).values(registered_at=LATER),
    "update of another": update(patient).where(_patient.tenant_id == THEIRS).values(registered_at=LATER),
    "given away": update(patient).where(_patient.tenant_id == OURS).values(tenant_id=THEIRS),
    "update from another": update(patient)
    .where(_patient.tenant_id == OURS, _patient.patient_id == _object.patient_id)
    .values(registered_at=_object.registered_at),
    "delete": delete(object_value).where(_value.object_id == 1),
    "delete by itself": delete(patient).where(
        _patient.tenant_id == OURS, _patient.patient_id.in_(select(_patient.patient_id))
    ),
    "update by itself": update(patient)
    .where(_patient.tenant_id == OURS)
    .values(registered_at=select(func.max(_patient.registered_at)).scalar_subquery()),
    "delete by a select": delete(object_value).where(
        _value.tenant_id == OURS, _value.object_id.in_(select(_object.id))
    ),
    "insert": insert(patient).values(tenant_id=THEIRS, patient_id="new", registered_at=NOW),
    "insert of nobody": insert(service).from_select(
        ["name", "value"], select(_patient.patient_id, _patient.patient_id)
    ),
    "many": insert(patient).values(
        [{"tenant_id": each, "patient_id": "x", "registered_at": NOW} for each in (OURS, THEIRS)]
    ),
    "from a select": insert(patient).from_select(
        ["tenant_id", "patient_id", "registered_at"], select(_patient).where(_patient.tenant_id == OURS)
    ),
    "account": insert(tenant).values(id=OURS, account="x"),
    "text": text("SELECT patient_id FROM patient"),
    "text inside": select(_patient.patient_id).where(_patient.tenant_id == OURS, text("1=1 OR 1=1")),
    "text as a column": select(_patient.patient_id).where(
        _patient.tenant_id == OURS, literal_column("1 OR 1=1")
    ),
    "column of text": select(literal_column("(SELECT max(patient_id) FROM patient)")),
}


@pytest.fixture(scope="module")
def database(stores: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Two accounts, each with a patient."""
    with stores_of(stores) as settings:
        default = f"sqlite:///{tmp_path_factory.mktemp('seal') / 'cloud.db'}"
        opened = Database(settings.get("EREPO_CLOUD_DATABASE_URL", default))
        opened.create()
        rows = Rows(opened)
        for number in (OURS, THEIRS):
            assert rows.new_tenant().id == number
            with opened.write(number) as connection:
                row = {"tenant_id": number, "patient_id": f"p{number}", "registered_at": NOW}
                connection.execute(insert(patient), row)
        yield opened
        opened.close()


def content(database: Database) -> list[Any]:
    """Return everything in the tables that the statements would change."""
    with database.everyone("a test looks") as connection:
        return [
            connection.execute(select(table).order_by(*table.primary_key)).all()
            for table in (patient, tenant, service)
        ]


@pytest.mark.parametrize("statement", GOOD.values(), ids=GOOD)
def test_statements_that_say_whose_rows_run(database: Database, statement: Any) -> None:
    """What keeps to the transaction's account is not held up."""
    with database.write(OURS) as connection:
        undone = connection.begin_nested()
        connection.execute(statement)
        undone.rollback()


@pytest.mark.parametrize("statement", BAD.values(), ids=BAD)
def test_statements_that_do_not_are_refused(database: Database, statement: Any) -> None:
    """What might touch rows of another account never reaches the database."""
    before = content(database)
    with pytest.raises(TenantCriterionMissing), database.write(OURS) as connection:
        connection.execute(statement)
    assert content(database) == before


@pytest.mark.parametrize("value", [THEIRS, None, [OURS, THEIRS], "1"], ids=repr)
def test_values_are_looked_at_every_time(database: Database, value: Any) -> None:
    """A statement that was proven before is refused with the number of another account."""
    one = select(_patient.patient_id).where(_patient.tenant_id == bindparam("whose"))
    some = select(_patient.patient_id).where(_patient.tenant_id.in_(bindparam("whose", expanding=True)))
    query, good = (some, [OURS]) if isinstance(value, list) else (one, OURS)
    with database.read(OURS) as connection:
        assert connection.scalars(query, {"whose": good}).all() == ["p1"]
        with pytest.raises(TenantCriterionMissing):
            connection.scalars(query, {"whose": value})


def test_every_row_of_an_insert_is_looked_at(database: Database) -> None:
    """One foreign row among many refuses them all."""
    rows = [{"tenant_id": OURS, "patient_id": f"{number}"} for number in range(20)]
    rows = [{**row, "registered_at": NOW} for row in rows]
    with pytest.raises(TenantCriterionMissing), database.write(OURS) as connection:
        connection.execute(insert(patient), [*rows, {**rows[0], "tenant_id": THEIRS}])


def test_an_insert_must_not_become_an_update(database: Database) -> None:
    """ON CONFLICT DO UPDATE could change the row of another account; DO NOTHING may stand."""
    make = insert_sqlite if database.engine.dialect.name == "sqlite" else insert_postgresql
    row = {"tenant_id": OURS, "patient_id": "p1", "registered_at": NOW}
    keys = [_patient.tenant_id, _patient.patient_id]
    with database.write(OURS) as connection:
        connection.execute(make(patient).values(row).on_conflict_do_nothing())
        with pytest.raises(TenantCriterionMissing):
            connection.execute(
                make(patient).values(row).on_conflict_do_update(index_elements=keys, set_={"patient_id": "x"})
            )


def test_no_scope_is_nobody(database: Database) -> None:
    """A connection that was given no account, also one taken from the engine itself, sees none."""
    query = select(_patient.patient_id).where(_patient.tenant_id == OURS)
    with database.read() as connection, pytest.raises(TenantCriterionMissing):
        connection.execute(query)
    with database.engine.connect() as connection:
        for statement in (query, text("SELECT 1 FROM patient")):
            with pytest.raises(TenantCriterionMissing):
                connection.execute(statement)
        with pytest.raises(TenantCriterionMissing):
            connection.exec_driver_sql("SELECT count(*) FROM Patient")


def test_the_operator_sees_everyone(database: Database) -> None:
    """A transaction that gave its reason may ask without an account."""
    with database.everyone("a test") as connection:
        assert set(connection.scalars(select(_patient.patient_id))) == {"p1", "p2"}


def test_no_table_was_forgotten() -> None:
    """Every table belongs to tenants, to persons (`tables_portal`: hashed and sealed), or to nobody."""
    free = {table.name for table in metadata.tables.values()} - {each.name for each in TENANT_COLUMNS}
    of_persons = {"patient_account", "patient_secret"}
    of_persons |= {f"portal_{each}" for each in ("challenge", "code", "message", "session", "throttle")}
    assert free == {"lease", "service", "number_block"} | of_persons


@pytest.fixture
def unguarded(database: Database, stores: str) -> Iterator[Database]:
    """The same on PostgreSQL with the first wall broken down."""
    if stores != POSTGRESQL_S3:
        pytest.skip("SQLite has one wall")
    event.remove(database.engine, "before_cursor_execute", seal._watch)
    yield database
    seal.seal(database.engine)


def test_the_second_wall_shows_only_own_rows(unguarded: Database) -> None:
    """Without the guard PostgreSQL gives the rows of the transaction's accounts, none where it names none."""
    query = text("SELECT patient_id FROM patient ORDER BY 1")
    for scope, expected in (((OURS,), ["p1"]), ((THEIRS,), ["p2"]), ((), []), ((OURS, THEIRS), ["p1", "p2"])):
        with unguarded.read(*scope) as connection:
            assert connection.scalars(query).all() == expected
    with unguarded.engine.connect() as connection:
        assert connection.scalars(query).all() == []


@pytest.mark.parametrize("table", [each.name for each in TENANT_COLUMNS])
def test_the_second_wall_stands_before_every_table(unguarded: Database, table: str) -> None:
    """Every table of tenants has the policy, and its owner is bound by it."""
    query = text(
        "SELECT relrowsecurity AND relforcerowsecurity AND EXISTS (SELECT 1 FROM pg_policy"
        " WHERE polrelid = pg_class.oid) FROM pg_class WHERE relname = :name"
    )
    with unguarded.read() as connection:
        assert connection.scalar(query, {"name": table}) is True
        assert connection.scalar(text(f"SELECT count(*) FROM {table}")) == 0


def test_the_second_wall_takes_no_foreign_row(unguarded: Database) -> None:
    """Without the guard foreign rows can be neither added, changed nor removed."""
    values = f"({THEIRS}, 'x', '2026-01-01')"
    with pytest.raises(DBAPIError), unguarded.write(OURS) as connection:
        connection.execute(text(f"INSERT INTO patient VALUES {values}"))
    with pytest.raises(DBAPIError), unguarded.write(OURS) as connection:
        connection.execute(text(f"UPDATE patient SET tenant_id = {THEIRS}"))
    with unguarded.write(OURS) as connection:
        query = f"WHERE tenant_id = {THEIRS}"
        assert connection.execute(text(f"DELETE FROM patient {query}")).rowcount == 0
        assert connection.execute(text(f"UPDATE patient SET patient_id = 'x' {query}")).rowcount == 0


def test_a_role_above_the_policies_is_known(unguarded: Database) -> None:
    """The service can tell a role that no policy binds from its own."""
    assert unguarded.engine.url.database
    address = (
        postgres.server().url(unguarded.engine.url.database).replace(f"//{postgres.ROLE}@", "//postgres@")
    )
    other = Database(address)
    with unguarded.read() as mine, other.read() as theirs:
        assert row_security.is_above_policies(theirs)
        assert not row_security.is_above_policies(mine)
    other.close()
