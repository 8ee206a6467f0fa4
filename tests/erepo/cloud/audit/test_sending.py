"""The record reaches the audit repository: every event, in order, whatever breaks."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from lxml import etree
from sqlalchemy import select

from erepo.cloud.audit.dicom import Origin, write_message
from erepo.cloud.audit.errors import SinkCredentialsUnusable, SinkMalformed
from erepo.cloud.audit.events import Event
from erepo.cloud.audit.outbox import BATCH, Outbox, lag
from erepo.cloud.audit.sending import AuditSender
from erepo.cloud.audit.syslog import NotConfirmed, deliver, open_sink, write_syslog
from erepo.cloud.storage.database import Database
from erepo.cloud.storage.tables import audit_event
from erepo.settings import AuditSink
from tests.support.audit import FIRST, SECOND, an_event, append
from tests.support.syslog_server import SyslogServer, syslog_server
from tests.support.waiting import until

ORIGIN = Origin("https://cloud.example:8400", "cloud.example", "urn:oid:2.25.1")


@contextmanager
def sending(database: Database, server: SyslogServer) -> Iterator[None]:
    """Send until the block ends."""
    sender = AuditSender(database, open_sink(server.sink), ORIGIN)
    sender.start()
    try:
        yield
    finally:
        sender.stop()


def written(database: Database, tenant_id: int) -> list[bytes]:
    """Return the audit messages that a chain should become."""
    query = select(audit_event.c.facts).where(audit_event.c.tenant_id == tenant_id)
    with database.read(tenant_id) as connection:
        facts = connection.scalars(query.order_by(audit_event.c.number)).all()
    return [write_message(Event.read(bytes(each)), ORIGIN) for each in facts]


def first_arrivals(server: SyslogServer, wanted: list[bytes]) -> list[bytes]:
    """Return messages of a chain in the order in which each came for the first time."""
    mine = set(wanted)
    bodies = [each[each.index(b"<?xml") :] for each in server.messages]
    return [each for each in dict.fromkeys(bodies) if each in mine]


def all_there(database: Database) -> Callable[[], bool]:
    """Return whether nothing waits any more."""
    return lambda: lag(database).events == 0


def test_every_event_arrives_once_and_in_order(chains: Database, tmp_path: Path) -> None:
    """What was recorded before and what is recorded meanwhile arrives, each chain in its order."""
    with syslog_server(tmp_path / "repository") as server, sending(chains, server):
        append(chains, FIRST, BATCH + 30)
        until(all_there(chains))
        for tenant_id in (FIRST, SECOND):
            wanted = written(chains, tenant_id)
            assert first_arrivals(server, wanted) == wanted
        assert len(server.messages) == 12 + 3 + BATCH + 30


def test_a_repository_killed_in_the_middle_misses_nothing(chains: Database, tmp_path: Path) -> None:
    """Through kills and restarts of the receiver every event arrives at least once, in order."""
    with syslog_server(tmp_path / "repository") as server, sending(chains, server):
        for _ in range(4):
            append(chains, FIRST, 150)
            append(chains, SECOND, 40)
            time.sleep(0.15)
            server.kill()
            append(chains, FIRST, 20)
            server.start()
        until(all_there(chains))
        for tenant_id in (FIRST, SECOND):
            wanted = written(chains, tenant_id)
            assert first_arrivals(server, wanted) == wanted


def test_a_restarted_service_goes_on_where_it_was(chains: Database, tmp_path: Path) -> None:
    """The cursor lies in the database: a new sender repeats nothing that was confirmed."""
    with syslog_server(tmp_path / "repository") as server:
        with sending(chains, server):
            until(all_there(chains))
        append(chains, FIRST, 5)
        with sending(chains, server):
            until(all_there(chains))
        assert len(server.messages) == 20


def test_one_process_sends_at_a_time(chains: Database) -> None:
    """A second outbox has no lease until the first gives it back; a late one never moves a cursor back."""
    first, second = Outbox(chains), Outbox(chains)
    batch = first.next_batch()
    assert batch is not None
    assert (first.hold(), second.hold(), first.hold()) == (True, False, True)
    append(chains, FIRST, 4)
    later = second.next_batch()
    assert later is not None
    second.delivered(later)
    first.delivered(batch)
    assert second.next_batch() is None
    first.leave()
    assert second.hold()


def test_lag_tells_what_waits(chains: Database, tmp_path: Path) -> None:
    """Without a receiver the lag grows, and ends at nothing when it is there."""
    assert lag(chains).events == 15
    assert lag(chains).seconds > 0
    with syslog_server(tmp_path / "repository", start=False) as server, sending(chains, server):
        time.sleep(0.2)
        assert lag(chains).events == 15
        server.start()
        until(all_there(chains))
    assert (lag(chains).events, lag(chains).seconds) == (0, 0.0)


def test_a_receiver_without_close_notify_confirms_nothing(tmp_path: Path) -> None:
    """A connection that just ends leaves a batch unconfirmed."""
    with syslog_server(tmp_path / "repository", answers_close=False) as server:
        frame = write_syslog(an_event(), ORIGIN)
        with pytest.raises(NotConfirmed):
            deliver(open_sink(server.sink), [frame])


@pytest.mark.one_store
def test_a_receiver_without_close_notify_is_believed_in_the_end(chains: Database, tmp_path: Path) -> None:
    """After some repetitions such a receiver's manner is accepted: otherwise nothing would ever go on."""
    with syslog_server(tmp_path / "repository", answers_close=False) as server, sending(chains, server):
        until(all_there(chains))
        wanted = written(chains, FIRST)
        assert first_arrivals(server, wanted) == wanted


def test_the_frame_is_as_the_profile_says() -> None:
    """RFC 5424 header with PRI 85 and MSGID IHE+RFC-3881, no BOM, in a frame of counted octets."""
    frame = write_syslog(an_event(), ORIGIN)
    length, _, message = frame.partition(b" ")
    assert int(length) == len(message)
    header, _, body = message.partition(b" - ")
    time_of = rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"
    assert re.fullmatch(rb"<85>1 " + time_of + rb" cloud\.example erepo \d+ IHE\+RFC-3881", header)
    assert etree.fromstring(body).tag == "AuditMessage"


@pytest.mark.parametrize(
    "sink", ["syslog://host:1", "syslog+tls://", "https://host", "syslog+tls://host:99999", "host:6514", "x"]
)
def test_a_wrong_address_is_told(sink: str) -> None:
    """What is no address of a syslog repository over TLS is refused at once."""
    with pytest.raises(SinkMalformed):
        open_sink(AuditSink(sink=sink))


def test_wrong_credentials_are_told(tmp_path: Path) -> None:
    """Missing files, a key without certificate, and an authority that is none are told with their setting."""
    with syslog_server(tmp_path / "repository", start=False) as server:
        good = server.sink
    (tmp_path / "empty").touch()
    wrong = [
        good.model_copy(update={"ca": None}),
        good.model_copy(update={"ca": tmp_path / "absent"}),
        good.model_copy(update={"ca": tmp_path / "empty"}),
        good.model_copy(update={"key": None}),
        good.model_copy(update={"key": good.ca}),
    ]
    for each in wrong:
        with pytest.raises(SinkCredentialsUnusable):
            open_sink(each)
