"""Documents back over the wire: looked at, ordered once, worked off, also after a kill."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from erepo.api.tokens import Scope
from erepo.clinic.migrating import Selection, plan, standing
from erepo.clinic.permissions import Permission, grant, revoke
from tests.support import cda_documents as cda
from tests.support.api import RunningApi
from tests.support.api_earchive import LOGIN, archived, running_archive, states
from tests.support.documents import identity
from tests.support.waiting import until

AS = {"X-Erepo-User": LOGIN}


def documents(mark: str, count: int) -> list[bytes]:
    """Return documents with ids of their own."""
    one = cda.document()
    return [one.replace(identity("A1").encode(), identity(f"{mark}{n}").encode()) for n in range(count)]


def ordered(http: httpx.Client, key: str, **wanted: object) -> httpx.Response:
    """Order a migration."""
    body = {"dry_run": False, **wanted}
    return http.post("/api/migrations", json=body, headers=AS | {"Idempotency-Key": key})


def finished(http: httpx.Client, migration: str) -> bool:
    """Tell whether it is at its end."""
    return bool(http.get(f"/api/migrations/{migration}").json()["state"] == "finished")


def test_from_looking_to_archiving_again(tmp_path: Path) -> None:
    """Dry run, order, the same order again, state, blocked, unblocked; refusals on the way change nothing."""
    folder = tmp_path / "in"
    folder.mkdir()
    with running_archive(tmp_path) as api, api.client(Scope.MIGRATIONS) as http:
        here, there = (archived(api, folder, *documents(mark, 2), remote=mark == "R") for mark in ("L", "R"))
        ids = here + there
        _looking_and_refusals(api, http, ids)
        with ThreadPoolExecutor(4) as threads:
            answers = list(threads.map(lambda _: ordered(http, "one", ids=ids), range(4)))
        assert {(one.status_code, one.json()["id"]) for one in answers} == {(202, answers[0].json()["id"])}
        made = answers[0]
        migration = made.json()["id"]
        assert made.headers["location"] == f"/api/migrations/{migration}"
        again = ordered(http, "one", ids=ids)
        assert (again.status_code, again.json()["id"]) == (202, migration)
        other = ordered(http, "one", ids=ids[:1])
        assert (other.status_code, other.json()["code"]) == (422, "api.key-reused")
        until(lambda: finished(http, migration))
        told = http.get(f"/api/migrations/{migration}").json()
        assert (told["done"], told["failed"], told["problem"]) == (4, 0, None)
        assert states(api, ids) == ["blocked"] * 4
        nothing = ordered(http, "two", everything=True)
        assert (nothing.status_code, nothing.json()["id"]) == (200, None)
        back = http.post("/api/unblockings", json={"ids": ids}, headers=AS)
        assert back.json() == {"unblocked": 4}
        assert states(api, ids) == ["local"] * 4
        assert "44051401359" not in "".join(api.log)


def _looking_and_refusals(api: RunningApi, http: httpx.Client, ids: list[str]) -> None:
    look = http.post("/api/migrations", json={"dry_run": True, "patient": "44051401359"}, headers=AS)
    assert (look.status_code, look.json()["documents"], look.json()["id"]) == (200, 4, None)
    assert look.json()["kinds"]
    for body, status, code in (
        ({"dry_run": True}, 422, "migration.nothing-chosen"),
        ({"dry_run": False, "ids": ids}, 400, "api.request-invalid"),
        ({"dry_run": True, "patient": "not one"}, 400, "api.request-invalid"),
        ({"dry_run": True, "ids": ["0" * 32]}, 422, "migration.documents-unknown"),
    ):
        got = http.post("/api/migrations", json=body, headers=AS)
        assert (got.status_code, got.json()["code"]) == (status, code)
    assert http.get(f"/api/migrations/{'0' * 32}").status_code == 404
    with api.database.begin() as connection:
        revoke(connection, LOGIN, Permission.MIGRATE, actor="test")
    refused = ordered(http, "refused", ids=ids)
    assert (refused.status_code, refused.json()["code"]) == (403, "permission.missing")
    with api.database.begin() as connection:
        grant(connection, LOGIN, Permission.MIGRATE, actor="test")
    with api.client(Scope.DOCUMENTS_READ) as weak:
        assert ordered(weak, "x", ids=ids).status_code == 403
    assert states(api, ids) == ["archived", "archived", "remote", "remote"]


def test_an_order_outlives_the_process(tmp_path: Path) -> None:
    """Ordered, killed before a document moved, started again: brought to its end."""
    folder = tmp_path / "in"
    folder.mkdir()
    with running_archive(tmp_path, start=False) as api:
        ids = archived(api, folder, *documents("K", 3))
        order = plan(api.database, api.settings, Selection(ids=ids), LOGIN, standing=True)
        api.start()
        api.kill()
        api.start()

        def done() -> bool:
            with api.database.read() as connection:
                return standing(connection, order.migration).state == "finished"

        until(done)
        assert states(api, ids) == ["blocked"] * 3
