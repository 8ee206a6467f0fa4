"""How long an accepted message is remembered."""

from contextlib import closing
from datetime import timedelta
from pathlib import Path

from sqlalchemy import insert, select

from erepo.cloud.audit.events import Action, Event, Who
from erepo.cloud.audit.evidence import Evidence, Once, now
from erepo.cloud.registry.jobs import Note
from erepo.cloud.registry.replays import Replays
from erepo.cloud.storage.database import Database
from erepo.cloud.storage.tables import replay


def test_a_message_is_remembered_longer_than_it_lives(tmp_path: Path) -> None:
    """Another process's clock may be behind: to it a message that is too old for us may still be fresh."""
    ages = {b"minutes": timedelta(minutes=3), b"hours": timedelta(hours=2)}
    replays = Replays()
    replays._cleared -= 3600  # as if it had not cleared for an hour
    once = (Once(b"fresh", now() + timedelta(minutes=5)),)
    job = Note(evidence=Evidence(1, (Event("ITI-18", Action.READ, Who(), now(), ()),), once))
    with closing(Database(f"sqlite:///{tmp_path / 'cloud.db'}")) as database:
        database.create()
        with database.write(1) as connection:
            rows = [{"tenant_id": 1, "key": key, "until": now() - age} for key, age in ages.items()]
            connection.execute(insert(replay), rows)
            assert replays.judge(connection, [job]) == [False]
        with database.everyone("a test looks") as connection:
            assert set(connection.scalars(select(replay.c.key))) == {b"minutes", b"fresh"}
