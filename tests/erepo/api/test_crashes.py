"""Crashes between the octets and the answer: nothing lost, nothing twice, the same key the same answer."""

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread

import httpx
import pytest
import sqlalchemy as sa

from erepo.api.access import Office
from erepo.api.requests import Answered, RequestKey, forget_old
from erepo.api.routes import intake as route
from erepo.api.tokens import Scope, Token, add_token, check_token
from erepo.api.uploads import Upload
from erepo.clinic.content import ContentStore
from erepo.clinic.database import open_clinic
from erepo.clinic.intake import group
from erepo.clinic.tables import document
from erepo.clinic.tables_api import api_request
from erepo.content import MemoryContent, digest
from erepo.settings import Settings
from tests.support.api import RunningApi, running_api

Fresh = Callable[[], bytes]
KILLS = 2


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """A clinic of the test's own, without a server."""
    settings = Settings(_env_file=None, home=tmp_path)
    database = open_clinic(settings)
    yield Office.of(settings, database)
    database.close()


def system(office: Office) -> Token:
    """Return a token of a system that delivers documents."""
    with office.database.begin() as connection:
        text = add_token(connection, "his", [Scope.DOCUMENTS_WRITE], actor="test")
    token = check_token(office.database, text)[1]
    assert token is not None
    return token


def counts(office: Office) -> tuple[int, int]:
    """Return how many documents and how many keys there are."""
    with office.database.read() as connection:
        return (
            connection.execute(sa.select(sa.func.count()).select_from(document)).scalar_one(),
            connection.execute(sa.select(sa.func.count()).select_from(api_request)).scalar_one(),
        )


@pytest.mark.parametrize(
    ("place", "name", "left"),
    [
        (ContentStore, "put_all", (0, 0)),
        (group, "insert_documents", (0, 0)),
        (RequestKey, "taken_in", (0, 0)),
        (group.Group, "_conclude", (1, 1)),
        (route, "state_of", (1, 1)),
    ],
    ids=["before-content", "content-row", "row-key", "commit-outcome", "outcome-answer"],
)
def test_a_crash_in_any_window(
    office: Office,
    fresh: Fresh,
    monkeypatch: pytest.MonkeyPatch,
    place: object,
    name: str,
    left: tuple[int, int],
) -> None:
    """Document and key are there together or not at all; the repeated request ends with one document, 201."""
    octets, caller = fresh(), system(office)

    def send() -> Answered:
        content = MemoryContent(octets)
        return route._answer(office, caller, Upload(content, digest(content)), "key")[0]

    def crash(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(place, name, crash)
        with pytest.raises(KeyboardInterrupt):
            send()
    assert counts(office) == left
    again, once_more = send(), send()
    assert again == once_more
    assert again.status == 201
    assert counts(office) == (1, 1)


def test_keys_are_forgotten(office: Office, fresh: Fresh) -> None:
    """After their days keys go; the document is known by its octets all the same."""
    content, caller = MemoryContent(fresh()), system(office)

    def send() -> Answered:
        return route._answer(office, caller, Upload(content, digest(content)), "key")[0]

    first = send()
    assert forget_old(office.database, 1) == 0
    with office.database.begin() as connection:
        connection.execute(api_request.update().values(created_at=sa.literal(caller.created_at)))
        connection.execute(api_request.update().values(created_at=caller.created_at.replace(year=2020)))
    assert forget_old(office.database, 1) == 1
    assert send() == Answered(200, first.public_id)


def _deliver(api: RunningApi, token: str, waiting: list[tuple[str, bytes]], told: dict[str, str]) -> None:
    """Send documents one after the other until the interface dies; note what was answered."""
    headers = {"authorization": f"Bearer {token}"}
    with httpx.Client(base_url=api.url, headers=headers, trust_env=False, timeout=60) as http:
        for key, octets in waiting:
            try:
                answer = http.post("/api/documents", content=octets, headers={"idempotency-key": key})
            except httpx.TransportError:
                return
            assert answer.status_code == 201
            assert told.setdefault(key, answer.json()["id"]) == answer.json()["id"]


@pytest.mark.kill
def test_killed_at_any_moment(tmp_path: Path, fresh: Fresh) -> None:
    """Killed at random moments: what was answered is there, and each key leads to one document."""
    rng, told = random.Random(20260302), dict[str, str]()
    documents = [(str(number), fresh()) for number in range(150)]
    with running_api(tmp_path) as api:
        _, token = api.token("documents:write")
        for kill in range(KILLS):
            waiting = documents[kill * 40 :]
            sender, before = Thread(target=_deliver, args=(api, token, waiting, told)), len(told)
            sender.start()
            while sender.is_alive() and len(told) < before + 10:
                time.sleep(0.001)
            Event().wait(rng.uniform(0, 0.02))
            api.kill()
            sender.join()
            with api.database.read() as connection:
                there = set(connection.execute(sa.select(document.c.public_id)).scalars())
            assert set(told.values()) <= there
            api.start()
        _deliver(api, token, documents, told)
        assert len(set(told.values())) == len(documents)
        with api.database.read() as connection:
            rows = connection.execute(sa.select(document.c.public_id, document.c.sha256)).all()
        assert {row.public_id for row in rows} == set(told.values())
        store = ContentStore.at(api.settings)
        assert all(store.check(row.sha256) for row in rows)
