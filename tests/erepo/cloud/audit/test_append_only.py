"""What was recorded cannot be changed through the database's front door."""

from collections.abc import Iterator

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql import Executable

from erepo.cloud.audit.events import Event
from erepo.cloud.storage.append_only import make_append_only, missing_triggers
from erepo.cloud.storage.database import Database
from erepo.cloud.storage.tables import audit_event, audit_head
from tests.support.audit import FIRST, an_event, append

_EVENT, _HEAD = audit_event.c, audit_head.c
_OF_FIRST = (_EVENT.tenant_id == FIRST, _HEAD.tenant_id == FIRST)

REFUSED: dict[str, Executable] = {
    "an event is changed": update(audit_event).where(_OF_FIRST[0], _EVENT.number == 3).values(facts=b"{}"),
    "an event moves": update(audit_event).where(_OF_FIRST[0], _EVENT.number == 3).values(number=99),
    "an event is removed": delete(audit_event).where(_OF_FIRST[0], _EVENT.number == 12),
    "all are removed": delete(audit_event).where(_OF_FIRST[0]),
    "the head goes back": update(audit_head).where(_OF_FIRST[1]).values(number=11),
    "the head gets another hash": update(audit_head).where(_OF_FIRST[1]).values(hash=b"x" * 32),
    "the head is removed": delete(audit_head).where(_OF_FIRST[1]),
    "a chain begins in the middle": insert(audit_head).values(tenant_id=99, number=5, hash=bytes(32)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_recorded_stays(chains: Database, name: str) -> None:
    """Neither an event nor a head is changed or removed by a statement."""
    with pytest.raises(IntegrityError), chains.everyone("a test", write=True) as connection:
        connection.execute(REFUSED[name])


def by_replacing(connection_name: str) -> Iterator[str]:
    """Yield statements that overwrite rows without saying UPDATE or DELETE."""
    if connection_name == "sqlite":
        row = "(tenant_id, number, at, facts, hash)"
        yield f"INSERT OR REPLACE INTO audit_event {row} VALUES (7, 3, '2026-01-01', x'00', x'00')"
        yield "INSERT OR REPLACE INTO audit_head (tenant_id, number, hash) VALUES (7, 0, x'00')"
    else:
        yield "TRUNCATE audit_event"
        yield "TRUNCATE audit_head"


@pytest.mark.parametrize("which", [0, 1])
def test_nothing_is_overwritten(chains: Database, which: int) -> None:
    """The ways around UPDATE and DELETE that a database offers are closed too."""
    with pytest.raises(IntegrityError), chains.everyone("a test", write=True) as connection:
        connection.execute(text(list(by_replacing(connection.dialect.name))[which]))


def test_appending_goes_on(chains: Database) -> None:
    """After all refusals events can be appended, and read as they were written."""
    append(chains, FIRST, 2)
    with chains.read(FIRST) as connection:
        where = audit_event.c.tenant_id == FIRST
        rows = connection.execute(select(audit_event).where(where).order_by(audit_event.c.number)).all()
    assert [row.number for row in rows] == list(range(1, 15))
    assert Event.read(rows[4].facts).things == an_event(4).things


def test_a_removed_guard_is_missed_and_made_again(chains: Database) -> None:
    """Removed triggers are told by name, and made again."""
    with chains.everyone("a test", write=True) as connection:
        assert missing_triggers(connection) == []
        sqlite = connection.dialect.name == "sqlite"
        name = "audit_event_update" if sqlite else "audit_event_kept"
        connection.execute(text(f"DROP TRIGGER {name}" + ("" if sqlite else " ON audit_event")))
        assert missing_triggers(connection) == [name]
        make_append_only(connection)
        assert missing_triggers(connection) == []


def test_a_guard_that_does_nothing_is_missed_and_made_again(chains: Database) -> None:
    """A trigger of the right name that lets everything pass is told like one that is gone."""
    with chains.everyone("a test", write=True) as connection:
        if connection.dialect.name == "sqlite":
            name = "audit_event_delete"
            harmless = [
                f"DROP TRIGGER {name}",
                f"CREATE TRIGGER {name} BEFORE DELETE ON audit_event WHEN 0 BEGIN SELECT 1; END",
            ]
        else:
            name = "audit_head_forward"
            harmless = [
                f"DROP TRIGGER {name} ON audit_head",
                "CREATE FUNCTION harmless() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
                (
                    f"CREATE TRIGGER {name} BEFORE UPDATE ON audit_head FOR EACH ROW"
                    " WHEN (NEW.number <= OLD.number) EXECUTE FUNCTION harmless()"
                ),
            ]
        for each in harmless:
            connection.execute(text(each))
        assert missing_triggers(connection) == [name]
        make_append_only(connection)
        assert missing_triggers(connection) == []
    refused = "an event is removed" if name == "audit_event_delete" else "the head goes back"
    with pytest.raises(IntegrityError), chains.everyone("a test", write=True) as connection:
        connection.execute(REFUSED[refused])
