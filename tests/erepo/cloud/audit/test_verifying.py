"""Whoever can write to the database can change the record, but not unnoticed."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from sqlalchemy import Connection, delete, insert, select, text, update

from erepo.cloud.audit.anchors import Anchor, read_anchors, save_anchors
from erepo.cloud.audit.chain import next_hash
from erepo.cloud.audit.errors import AnchorsUnreadable
from erepo.cloud.audit.events import Event
from erepo.cloud.audit.reading import page_after
from erepo.cloud.audit.verifying import NOBODY, ChainReport, Fault, count_events, verify_chains
from erepo.cloud.storage.append_only import make_append_only, missing_triggers
from erepo.cloud.storage.database import Database
from erepo.cloud.storage.tables import audit_event, audit_head
from tests.support.audit import FIRST, SECOND, append

_MINE = audit_event.c.tenant_id == FIRST
_HEAD = audit_head.c.tenant_id == FIRST


def tampered(database: Database, change: Callable[[Connection], None]) -> None:
    """Do what somebody with the database's password can do: take the guards away, change, put them back."""
    with database.everyone("a test", write=True) as connection:
        for name in _guards(connection):
            connection.execute(text(f"DROP TRIGGER {name}"))
        change(connection)
        make_append_only(connection)


def _guards(connection: Connection) -> list[str]:
    if connection.dialect.name == "sqlite":
        return list(connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")))
    names = text(
        "SELECT tgname || ' ON ' || relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
        " WHERE tgname LIKE 'audit_%'"
    )
    return list(connection.scalars(names))


def rewrite(connection: Connection, first: int, *, skip: int = 0) -> None:
    """Write the first chain anew from an event on, without one of them, so that every hash fits again."""
    rows = connection.execute(select(audit_event).where(_MINE).order_by(audit_event.c.number)).all()
    connection.execute(delete(audit_event).where(_MINE, audit_event.c.number >= first))
    place, before = first - 1, bytes(rows[first - 2].hash) if first > 1 else bytes(32)
    for row in rows[first - 1 :]:
        if row.number == skip:
            continue
        place += 1
        facts = bytes(row.facts).replace(b"127.0.0.1", b"127.0.0.9") if not skip else bytes(row.facts)
        before = next_hash(before, place, facts)
        values = {"tenant_id": FIRST, "number": place, "at": row.at, "facts": facts, "hash": before}
        connection.execute(insert(audit_event), values)
    connection.execute(update(audit_head).where(_HEAD).values(number=place, hash=before))


def change_event(connection: Connection) -> None:
    """Somebody else did it."""
    row = connection.execute(select(audit_event).where(_MINE, audit_event.c.number == 5)).one()
    facts = bytes(row.facts).replace(b"127.0.0.1", b"127.0.0.9")
    connection.execute(update(audit_event).where(_MINE, audit_event.c.number == 5).values(facts=facts))


def change_event_and_hash(connection: Connection) -> None:
    """The same, with the hash of the changed event, but not of those after it."""
    change_event(connection)
    rows = connection.execute(select(audit_event).where(_MINE).order_by(audit_event.c.number)).all()
    digest = next_hash(bytes(rows[3].hash), 5, bytes(rows[4].facts))
    connection.execute(update(audit_event).where(_MINE, audit_event.c.number == 5).values(hash=digest))


def change_time(connection: Connection) -> None:
    """The time by which it is found, but not the one in it."""
    at = text("'2020-01-01 00:00:00.000000'")
    connection.execute(update(audit_event).where(_MINE, audit_event.c.number == 5).values(at=at))


def remove_event(connection: Connection) -> None:
    """One in the middle."""
    connection.execute(delete(audit_event).where(_MINE, audit_event.c.number == 5))


def remove_and_close_up(connection: Connection) -> None:
    """One in the middle, the later ones numbered anew."""
    remove_event(connection)
    for old in range(6, 13):
        moved = update(audit_event).where(_MINE, audit_event.c.number == old).values(number=old - 1)
        connection.execute(moved)


def swap_events(connection: Connection) -> None:
    """Two change places."""
    for old, new in ((5, 99), (6, 5), (99, 6)):
        connection.execute(update(audit_event).where(_MINE, audit_event.c.number == old).values(number=new))


def cut_tail(connection: Connection) -> None:
    """The last events, the head as it was."""
    connection.execute(delete(audit_event).where(_MINE, audit_event.c.number > 9))


def insert_behind(connection: Connection) -> None:
    """An event that nobody's head knows."""
    row = connection.execute(select(audit_event).where(_MINE, audit_event.c.number == 12)).one()
    values = {"tenant_id": FIRST, "number": 13, "at": row.at, "facts": row.facts, "hash": row.hash}
    connection.execute(insert(audit_event), values)


def remove_all(connection: Connection) -> None:
    """Events and head."""
    connection.execute(delete(audit_event).where(_MINE))
    connection.execute(delete(audit_head).where(_HEAD))


def swap_heads(connection: Connection) -> None:
    """A head with another hash."""
    connection.execute(update(audit_head).where(_HEAD).values(hash=b"x" * 32))


FOUND: Mapping[str, tuple[Callable[[Connection], None], Fault, int]] = {
    "an event is changed": (change_event, Fault.CHANGED, 5),
    "an event and its hash are changed": (change_event_and_hash, Fault.CHANGED, 6),
    "the time beside an event is changed": (change_time, Fault.CHANGED, 5),
    "an event is removed": (remove_event, Fault.MISSING, 5),
    "an event is removed and the gap closed": (remove_and_close_up, Fault.CHANGED, 5),
    "two events change places": (swap_events, Fault.CHANGED, 5),
    "the tail is cut off": (cut_tail, Fault.MISSING, 10),
    "an event is put behind the head": (insert_behind, Fault.HEAD, 13),
    "the head is changed": (swap_heads, Fault.HEAD, 12),
}


def first(database: Database, anchors: Mapping[str, Anchor] | None = None) -> ChainReport:
    """Return what is found in the first chain; the second must be intact."""
    reports = {one.account: one for one in verify_chains(database, anchors=anchors).chains}
    assert reports[f"#{SECOND}"].fault is None
    return reports[f"#{FIRST}"]


@pytest.mark.parametrize("name", FOUND)
def test_tampering_is_found_at_its_place(chains: Database, name: str) -> None:
    """Whatever is done to a chain is told with the number of the first event that is wrong."""
    change, fault, place = FOUND[name]
    tampered(chains, change)
    report = first(chains)
    assert (report.fault, report.broken_at) == (fault, place)


def test_an_untouched_record_is_proven(chains: Database, tmp_path: Path) -> None:
    """Intact chains are reported whole, and their anchors hold after more events were appended."""
    report = verify_chains(chains)
    assert report.intact
    assert [(one.account, one.events) for one in report.chains] == [
        (NOBODY, 0),
        (f"#{FIRST}", 12),
        (f"#{SECOND}", 3),
    ]
    assert count_events(chains) == 15
    save_anchors(tmp_path / "anchors.json", [one.anchor for one in report.chains])
    append(chains, FIRST, 600)
    seen: list[int] = []
    again = verify_chains(
        chains, account=f"#{FIRST}", anchors=read_anchors(tmp_path / "anchors.json"), progress=seen.append
    )
    assert again.intact
    assert [one.events for one in again.chains] == [612]
    assert sum(seen) == 612


REWRITTEN: Mapping[str, tuple[Callable[[Connection], None], Fault, int]] = {
    "the tail is cut off, head and all": (lambda each: _shorten(each, 9), Fault.BEHIND_ANCHOR, 10),
    "an event is left out, the rest written anew": (
        lambda each: rewrite(each, 5, skip=5),
        Fault.BEHIND_ANCHOR,
        12,
    ),
    "the whole chain is written anew": (lambda each: rewrite(each, 1), Fault.NOT_ANCHORED, 12),
}


def _shorten(connection: Connection, last: int) -> None:
    connection.execute(delete(audit_event).where(_MINE, audit_event.c.number > last))
    row = connection.execute(select(audit_event).where(_MINE, audit_event.c.number == last)).one()
    connection.execute(update(audit_head).where(_HEAD).values(number=last, hash=row.hash))


@pytest.mark.parametrize("name", REWRITTEN)
def test_only_an_anchor_finds_a_chain_made_anew(chains: Database, name: str) -> None:
    """A chain that fits together again is taken as it is without an anchor, and found out with one."""
    change, fault, place = REWRITTEN[name]
    anchors = {one.account: one.anchor for one in verify_chains(chains).chains}
    tampered(chains, change)
    assert first(chains).fault is None
    report = first(chains, anchors)
    assert (report.fault, report.broken_at) == (fault, place)


def test_a_chain_that_vanished_is_missed(chains: Database) -> None:
    """An account of which nothing is left is told by its anchor."""
    anchors = {one.account: one.anchor for one in verify_chains(chains).chains}
    tampered(chains, remove_all)
    report = first(chains, anchors)
    assert (report.fault, report.broken_at) == (Fault.HEAD, 1)


def test_removed_guards_are_told(chains: Database) -> None:
    """A record whose guards were taken away is not called intact."""
    with chains.everyone("a test", write=True) as connection:
        name = _guards(connection)[0]
        connection.execute(text(f"DROP TRIGGER {name}"))
    report = verify_chains(chains)
    assert not report.intact
    with chains.everyone("a test") as connection:
        assert report.missing_triggers == missing_triggers(connection) == [name.split()[0]]


def test_nonsense_in_an_event_is_a_finding(chains: Database) -> None:
    """Octets that are no event break the chain, not the verification."""

    def garble(connection: Connection) -> None:
        connection.execute(update(audit_event).where(_MINE, audit_event.c.number == 2).values(facts=b"\xff{"))

    tampered(chains, garble)
    assert first(chains).broken_at == 2
    with pytest.raises(ValueError, match=r".*"):
        Event.read(b"\xff{")


def test_a_damaged_event_stops_no_reading(chains: Database) -> None:
    """It is read as damaged, and those around it as they are."""
    values = update(audit_event).where(_MINE, audit_event.c.number == 2).values(facts=b"\xff{")
    tampered(chains, lambda connection: connection.execute(values))
    with chains.read(FIRST) as connection:
        events = [one.event for one in page_after(connection, FIRST, 0, 3).events]
    assert [each.codes for each in events] == [(), ("cloud.audit-damaged",), ()]


#: What SQLite takes for any column, whatever its type.
OTHER_TYPES = {
    "an event as text": ("UPDATE audit_event SET facts = CAST(facts AS TEXT) WHERE number = 5", 5),
    "an event as a number": ("UPDATE audit_event SET facts = 5 WHERE number = 5", 5),
    "a hash as text": ("UPDATE audit_event SET hash = 'x' WHERE number = 5", 5),
    "a time that is none": ("UPDATE audit_event SET at = 'yesterday' WHERE number = 5", 5),
    "a time as a number": ("UPDATE audit_event SET at = 5 WHERE number = 5", 5),
    "a head's hash as text": ("UPDATE audit_head SET hash = 'x' WHERE number = 12", 12),
    "a head that is no number": ("UPDATE audit_head SET number = 'x' WHERE number = 12", 1),
}


@pytest.mark.parametrize("name", OTHER_TYPES)
def test_another_type_is_a_finding(chains: Database, name: str) -> None:
    """A value of another type breaks its chain at its place, not the verification."""
    statement, place = OTHER_TYPES[name]
    if chains.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL's columns hold their own type alone")
    tampered(chains, lambda connection: connection.execute(text(f"{statement} AND tenant_id = {FIRST}")))
    assert first(chains).broken_at == place


@pytest.mark.parametrize("content", [None, b"", b"{}", b'{"anchors": [{"account": 1}]}', b"[1]"])
def test_a_file_without_anchors_is_refused(tmp_path: Path, content: bytes | None) -> None:
    """A file that holds no anchors is told, never taken for an empty one."""
    file = tmp_path / "anchors.json"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(AnchorsUnreadable):
        read_anchors(file)
