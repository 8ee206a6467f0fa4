"""Webhooks: everything that happens is told, signed, at least once and in order; nothing else is called."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from erepo.api.errors import WebhookUnknown
from erepo.api.webhooks import feeding
from erepo.api.webhooks.feeding import feed
from erepo.api.webhooks.leading import LIFE, Leadership
from erepo.api.webhooks.outbox import delay_after, due, forget_delivered, note_outcome
from erepo.api.webhooks.registering import (
    add_webhook,
    list_webhooks,
    lock_all,
    read_webhook,
    remove_webhook,
    retry,
)
from erepo.clinic.database import Database, open_clinic, open_database
from erepo.clinic.retention.erasing import scrub
from erepo.clinic.states import State, move
from erepo.clinic.tables import audit_event, document, now
from erepo.clinic.tables_api import webhook, webhook_delivery, webhook_feed
from erepo.pki.errors import WrongPassphrase
from erepo.settings import ApiSettings, Settings
from tests.support import postgres
from tests.support.api import RunningApi, running_api
from tests.support.documents import add_documents
from tests.support.receiver import Receiver, running_receiver
from tests.support.waiting import until

#: The passphrase of the clinic's keys.
SECRET = b"of a test"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A clinic's database of the test's own."""
    opened = open_clinic(Settings(_env_file=None, home=tmp_path))
    yield opened
    opened.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Somebody who takes webhooks."""
    with running_receiver() as running:
        yield running


@contextmanager
def registered(http: httpx.Client, receiver: Receiver, *states: str) -> Iterator[str]:
    """Have a receiver told while the block runs."""
    made = http.post("/api/webhooks", json={"url": receiver.url, "states": list(states)})
    assert made.status_code == 201, made.text
    receiver.secret = made.json()["secret"]
    yield made.json()["id"]
    assert http.delete(f"/api/webhooks/{made.json()['id']}").status_code == 204


def add(database: Database, states: tuple[str, ...] = (), url: str = "https://x.example/") -> str:
    """Add a webhook."""
    with database.begin() as connection:
        return add_webhook(
            connection, url, states, secret=None, private=True, actor="test", passphrase=SECRET
        ).id


def happen(database: Database, count: int = 1) -> list[str]:
    """Let documents be planned and sent; return their public ids."""
    with database.begin() as connection:
        rows = add_documents(connection, count)
        move(connection, rows, State.LOCAL, State.QUEUED, "planned")
        move(connection, rows, State.QUEUED, State.SENDING, "sent")
        ids = sa.select(document.c.public_id).where(document.c.id.in_(rows))
        return list(connection.execute(ids).scalars())


def feed_all(database: Database) -> None:
    """Read the whole history."""
    while feed(database):
        pass


def pending(database: Database) -> list[Any]:
    """Return what the outbox holds, oldest first."""
    with database.read() as connection:
        return list(connection.execute(sa.select(webhook_delivery).order_by(webhook_delivery.c.id)))


def test_changes_are_told_signed_and_in_order(
    api: RunningApi, http: httpx.Client, receiver: Receiver, fresh: Callable[[], bytes]
) -> None:
    """Each change of a document arrives once, in order, signed, with ids and codes alone."""
    with registered(http, receiver) as hook:
        taken = http.post("/api/documents", content=fresh()).json()["id"]
        (moved,) = happen(api.database)
        until(lambda: receiver.states(moved) == ["queued", "sending"] and receiver.states(taken) == ["local"])
        assert all(one["signed"] for one in receiver.messages)
        first = next(one for one in receiver.messages if one["data"]["id"] == taken)
        assert first["type"] == "document.state"
        assert set(first["data"]) == {"id", "kind", "event", "from_state", "state", "at", "reason_code"}
        until(lambda: shown(http, hook)["delivered"] == 3)
        assert (shown(http, hook)["pending"], shown(http, hook)["failed"]) == (0, 0)
        assert "secret" not in shown(http, hook)


def shown(http: httpx.Client, hook: str) -> dict[str, Any]:
    """Return one webhook as the list shows it."""
    found: dict[str, Any] = next(one for one in http.get("/api/webhooks").json() if one["id"] == hook)
    return found


def test_only_the_states_that_are_wanted(api: RunningApi, http: httpx.Client, receiver: Receiver) -> None:
    """A webhook with states hears of these alone."""
    with registered(http, receiver, "sending"):
        (moved,) = happen(api.database)
        until(lambda: receiver.states(moved) == ["sending"])


def test_refused_messages_come_again(api: RunningApi, http: httpx.Client, receiver: Receiver) -> None:
    """After a refusal, redirect or fault the same message comes again; later ones wait for it."""
    with registered(http, receiver):
        receiver.answers += [500, 302, 400]
        (moved,) = happen(api.database)
        until(lambda: receiver.states(moved) == ["queued", "sending"])
        first = [one for one in receiver.messages if one["data"]["state"] == "queued"]
        assert [one["status"] for one in first] == [500, 302, 400, 200]
        assert len({one["id"] for one in first}) == 1


def test_one_that_hangs_keeps_only_itself_waiting(
    api: RunningApi, http: httpx.Client, receiver: Receiver
) -> None:
    """While one receiver does not answer, another is told at once."""
    with running_receiver() as hanging, registered(http, receiver), registered(http, hanging):
        hanging.hold.clear()
        moved = happen(api.database, 12)
        until(lambda: all(receiver.states(one) == ["queued", "sending"] for one in moved), 25)
        until(lambda: bool(hanging.messages))
        assert len(hanging.messages) < 12
        hanging.hold.set()
        until(lambda: all(hanging.states(one) == ["queued", "sending"] for one in moved))


def test_killed_between_sending_and_noting(tmp_path: Path, receiver: Receiver) -> None:
    """Killed (-9) after a message arrived and before that was noted: it comes again, and none is lost."""
    settings = {"webhook_private": "true", "webhook_delay": "0.01"}
    with running_api(tmp_path, **settings) as api, api.client() as http, registered(http, receiver):
        receiver.hold.clear()
        moved = happen(api.database, 3)
        until(lambda: len(receiver.messages) == 3)
        api.kill()
        receiver.hold.set()
        happened = happen(api.database)
        api.start()
        until(lambda: all(receiver.states(one) == ["queued", "sending"] for one in moved + happened))
        held = [one["id"] for one in receiver.messages[:3]]
        assert all([one["id"] for one in receiver.messages].count(message) == 2 for message in held)


def test_given_up_and_tried_again(database: Database) -> None:
    """After the last attempt a delivery stays visible as failed, with what happened; retry begins anew."""
    hook, settings = add(database), ApiSettings(webhook_attempts=2, webhook_delay=0.000001)
    feed(database)
    happen(database)
    feed_all(database)
    for _ in range(2):
        until(lambda: bool(due(database, lambda: SECRET)))
        for one in due(database, lambda: SECRET):
            note_outcome(database, one, "HTTP 500", settings)
    with database.begin() as connection:
        found = read_webhook(connection, hook)
        assert (found.failed, found.pending, found.last_problem) == (1, 1, "HTTP 500")
        # What follows it does not wait for ever.
        assert retry(connection, hook, actor="test") == 1
        with pytest.raises(WebhookUnknown):
            retry(connection, "0" * 32, actor="test")
    assert [one.attempts for one in due(database, lambda: SECRET)] == [0]


def test_delays_grow_and_differ() -> None:
    """Attempts come less and less often, never all at the same moment, and at least every eight hours."""
    delays = [delay_after(attempts, 5) for attempts in range(1, 13)]
    assert 4 <= delays[0] <= 6
    assert all(later > sooner for sooner, later in pairwise(delays[:6]))
    assert max(delays) <= 8 * 3600
    assert len({delay_after(3, 5) for _ in range(20)}) > 1
    assert sum(delays) > 86_400


def test_the_cursor_moves_with_the_deliveries(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut off anywhere, reading the history goes on where it was: nothing twice, nothing left out."""
    add(database)
    feed(database)
    happen(database, 4)
    monkeypatch.setattr(feeding, "_PAGE", 3)
    real, cut = feeding._deliveries, [0]

    def cutting(row: Any, hooks: Any) -> Any:
        cut[0] += 1
        if cut[0] % 3 == 0:
            raise KeyboardInterrupt
        return real(row, hooks)

    monkeypatch.setattr(feeding, "_deliveries", cutting)
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            feed_all(database)
    monkeypatch.setattr(feeding, "_deliveries", real)
    feed_all(database)
    assert len(pending(database)) == len({one.event_id for one in pending(database)}) == 8


def test_what_happened_before_is_not_told(database: Database) -> None:
    """A webhook hears of what happens after it was made; without webhooks the history is passed over."""
    happen(database)
    feed_all(database)
    hook = add(database)
    (later,) = happen(database)
    feed_all(database)
    assert {one.public_id for one in pending(database)} == {later}
    with database.begin() as connection:
        remove_webhook(connection, hook, actor="test")
        with pytest.raises(WebhookUnknown):
            remove_webhook(connection, hook, actor="test")
    assert pending(database) == []
    happen(database)
    feed_all(database)
    with database.read() as connection:
        newest = connection.execute(sa.select(sa.func.max(audit_event.c.id))).scalar()
        assert connection.execute(sa.select(webhook_feed.c.last_event)).scalar() == newest
        assert list_webhooks(connection) == []


def test_on_postgresql_a_late_commit_is_not_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """An event with a lower number that is committed later than a higher one is told all the same."""
    monkeypatch.setattr(feeding, "PATIENCE", "100ms")
    with postgres.database() as url:
        database = open_database(url)
        database.upgrade()
        try:
            with database.begin() as connection:
                first, later = add_documents(connection, 1), add_documents(connection, 1)
            add(database)
            feed(database)
            with database.engine.connect() as early:
                move(early, first, State.LOCAL, State.QUEUED, "planned")
                with database.begin() as late:
                    move(late, later, State.LOCAL, State.QUEUED, "planned")
                # The lower number is still to be committed: reading waits for it, or gives up.
                with pytest.raises(sa.exc.OperationalError):
                    feed(database)
                assert pending(database) == []
                early.commit()
            feed_all(database)
            assert len(pending(database)) == 2
        finally:
            database.close()


def test_on_postgresql_a_webhook_misses_nothing_that_is_committed_after_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is on its way while a webhook is made comes before it: it waits, whatever number that has."""
    monkeypatch.setattr(feeding, "PATIENCE", "60s")
    with postgres.database() as url, closing(open_database(url)) as database:
        database.upgrade()
        with database.begin() as connection:
            first, later = add_documents(connection, 1), add_documents(connection, 1)

        def is_waiting() -> bool:
            with database.read() as connection:
                locked = "SELECT count(*) FROM pg_locks WHERE NOT granted"
                return bool(connection.exec_driver_sql(locked).scalar_one())

        with ThreadPoolExecutor(1) as threads, database.engine.connect() as early:
            move(early, first, State.LOCAL, State.QUEUED, "planned")
            with database.begin() as late:
                move(late, later, State.LOCAL, State.QUEUED, "planned")
            made = threads.submit(add, database)
            until(is_waiting)
            early.commit()
            made.result()
        feed_all(database)
        assert pending(database) == []
        with database.begin() as connection:
            move(connection, first, State.QUEUED, State.LOCAL, "released")
        feed_all(database)
        assert len(pending(database)) == 1


def test_what_was_delivered_is_forgotten(database: Database) -> None:
    """Deliveries that were made go after some days; what was given up stays."""
    add(database)
    feed(database)
    happen(database)
    feed_all(database)
    for one in due(database, lambda: SECRET):
        note_outcome(database, one, "", ApiSettings())
    assert forget_delivered(database, 7) == 0
    with database.begin() as connection:
        old = now() - timedelta(days=8)
        connection.execute(webhook_delivery.update().values(finished_at=old))
    assert forget_delivered(database, 7) == 1
    assert len(pending(database)) == 1


def test_one_process_sends(database: Database) -> None:
    """Of two living processes one leads until it gives back; a dead one's place is free at once."""
    feed(database)
    first, second = Leadership(database), Leadership(database)
    assert first.held()
    assert not second.held()
    assert first.held()
    first.give_back()
    assert second.held()
    with database.begin() as connection:
        lease = connection.execute(sa.select(webhook_feed.c.lease)).scalar_one()
        machine, _, rest = lease.partition("|")
        dead = f"{machine}|999999|{rest.split('|', 1)[1]}"
        connection.execute(webhook_feed.update().values(lease=dead))
    assert Leadership(database).held()
    with database.begin() as connection:
        connection.execute(webhook_feed.update().values(lease=f"elsewhere|1|1|x|{now().timestamp() - 1:.0f}"))
    assert Leadership(database).held()
    with database.begin() as connection:
        far = f"elsewhere|1|1|x|{now().timestamp() + LIFE / 2:.0f}"
        connection.execute(webhook_feed.update().values(lease=far))
    assert not Leadership(database).held()


def test_secrets_are_not_kept_in_clear(database: Database, tmp_path: Path) -> None:
    """No file of the database holds one; those of earlier versions are encrypted, and sign as before."""
    hook = add(database)
    with database.begin() as connection:
        was = connection.execute(sa.select(webhook.c.secret_locked)).scalar_one()
        assert b"whsec_" not in was
        values = {"id": "old", "url": "https://x.example/", "secret": "whsec_in-clear", "states": []}
        connection.execute(webhook.insert().values(**values, after_event=0, created_by="test"))
    happen(database)
    feed_all(database)
    before = {one.webhook_id: one.secret for one in due(database, lambda: SECRET)}
    assert before["old"] == "whsec_in-clear"
    assert lock_all(database, SECRET) == 1
    assert lock_all(database, SECRET) == 0
    assert {one.webhook_id: one.secret for one in due(database, lambda: SECRET)} == before
    assert before[hook].startswith("whsec_")
    with pytest.raises(WrongPassphrase):
        due(database, lambda: b"another")
    scrub(database)
    for file in (tmp_path / "clinic").glob("*.db*"):
        assert b"whsec_" not in file.read_bytes(), file
