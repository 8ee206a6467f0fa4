"""The questions of purging: along an index whatever lies in the archive, and in one voice with the rule."""

import contextlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from erepo.cda.kinds import Kind
from erepo.clinic.archiving import Choice
from erepo.clinic.content import ContentStore
from erepo.clinic.database import Database, open_database
from erepo.clinic.kinds import KindRule, read_rules, set_rule
from erepo.clinic.outlook import Reason, look_ahead
from erepo.clinic.purging import count_due
from erepo.clinic.purging.choosing import is_over, page_of
from erepo.clinic.purging.removing import make_remote, remove_noted
from erepo.clinic.rereading import Archived
from erepo.clinic.tables import document, now
from erepo.clinic.tables_purging import content_removal
from erepo.settings import Settings
from tests.support import postgres
from tests.support.documents import add_documents

REPOSITORY = "1.2.3"
RULES = [
    KindRule(Kind.LAB_RESULT, auto_archive=True, local_days=30, retention_years=20),
    KindRule(Kind.PRESCRIPTION, auto_archive=True, local_days=30, retention_years=20),
]


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Each kind of database, with all tables."""
    with contextlib.ExitStack() as stack:
        file = tmp_path / "clinic.db"
        url = f"sqlite:///{file}" if request.param == "sqlite" else stack.enter_context(postgres.database())
        database = stack.enter_context(contextlib.closing(open_database(url)))
        database.upgrade()
        yield database


def plan_of(connection: sa.Connection, question: sa.Select[tuple[object, ...]]) -> str:
    """Return how the database means to answer."""
    words = str(question.compile(connection, compile_kwargs={"literal_binds": True}))
    explain = "EXPLAIN QUERY PLAN " if connection.dialect.name == "sqlite" else "EXPLAIN "
    if connection.dialect.name != "sqlite":
        # An almost empty table is read as a whole; what matters is that the index can answer.
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
    return "\n".join(str(row[-1]) for row in connection.exec_driver_sql(explain + words.replace("%", "%%")))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.kind.value)
@pytest.mark.parametrize("paged", [False, True])
def test_what_is_over_is_found_by_an_index(database: Database, rule: KindRule, *, paged: bool) -> None:
    """Neither the first page nor a later one nor the count looks at what lies in the repository alone."""
    index = "ix_document_kept_since_"
    if database.engine.dialect.name == "sqlite":  # PostgreSQL finds both alike as long as both are empty
        index += "taken_in" if rule.waits else "archived"
    page = page_of(rule, now(), REPOSITORY, (now(), 1) if paged else None)
    count = sa.select(sa.func.count(), sa.func.sum(document.c.size)).where(is_over(rule, now()))
    with database.begin() as connection:
        for question in (page, count):
            found = plan_of(connection, question)
            assert index in found
            assert "Seq Scan" not in found
            assert "SCAN document" not in found


def _kept(connection: sa.Connection, kind: str, taken_in_at: datetime, archived_at: datetime) -> Archived:
    [key] = add_documents(
        connection,
        1,
        kind=kind,
        state="archived",
        taken_in_at=taken_in_at,
        archived_at=archived_at,
        repository_unique_id=REPOSITORY,
    )
    columns = [document.c[name] for name in Archived._fields[:-1]]
    return Archived(*connection.execute(sa.select(*columns).where(document.c.id == key)).one())


@pytest.mark.parametrize("kind", ["lab_result", "prescription"])
@pytest.mark.parametrize("days", [0, 1, 30])
@pytest.mark.parametrize("on", [False, True])
def test_question_rule_and_commit_agree(
    database: Database, tmp_path: Path, kind: str, days: int, *, on: bool
) -> None:
    """What the question finds is what the rule says, and what the commit lets go; no more and no less."""
    moment = now()
    with database.begin() as connection:
        set_rule(connection, Kind(kind), auto_archive=on, local_days=days)
        rule = read_rules(connection)[Kind(kind)]
        times = [
            (moment - timedelta(days=taken, seconds=more), moment - timedelta(days=since, seconds=more))
            for taken, since in ((0, 0), (1, 0), (1, 1), (30, 0), (30, 1), (31, 30), (31, 31))
            for more in (-1, 1)
        ]
        kept = {pair: _kept(connection, kind, *pair) for pair in times}
        ends = {pair: rule.stays_until(*pair) for pair in times}
        expected = {kept[pair].id for pair, end in ends.items() if end is not None and end <= moment}
        found = {row.id for row in connection.execute(page_of(rule, moment, REPOSITORY, None))}
        counted = count_due(connection, moment).get(Kind(kind), (0, 0))[0]
    assert (found, counted) == (expected, len(expected))
    made = make_remote(database, list(kept.values()))
    # The commit looks at its own moment, a little later: what ends in between may go as well.
    late = {kept[pair].id for pair, end in ends.items() if end is not None and end <= now()}
    assert expected <= {one.id for one in made} <= late
    store = ContentStore(tmp_path / "content")
    for one in made:
        store.path(one.sha256).parent.mkdir(parents=True, exist_ok=True)
        store.path(one.sha256).write_bytes(b"x")
    assert (remove_noted(database, store, ()), len(list(store.stored()))) == (0, len(made))
    assert (remove_noted(database, store, {one.id for one in made}), list(store.stored())) == (len(made), [])
    with database.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(content_removal)).scalar() == 0


def test_the_look_ahead_answers_on_each_database(database: Database, tmp_path: Path) -> None:
    """The same counts from both."""
    settings = Settings(_env_file=None, home=tmp_path)  # type: ignore[call-arg]
    with database.begin() as connection:
        add_documents(connection, 3, due_at=now())
        add_documents(connection, 2, kind="prescription")
        _kept(connection, "lab_result", now() - timedelta(days=90), now() - timedelta(days=60))
    outlook = look_ahead(database, settings, Choice(limit=2))
    assert (outlook.documents, outlook.by_reason()) == (2, {Reason.OFF: 2, Reason.LIMIT: 1})
    assert [(one.kind, one.documents, one.bytes) for one in outlook.purge] == [("lab_result", 1, 10)]
