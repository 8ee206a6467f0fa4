"""`erepo index`, as a person types it, and the REST of the same for other systems."""

import json
from datetime import timedelta

import httpx
import pytest
from typer.testing import CliRunner, Result

from erepo.api.app import build
from erepo.api.tokens import Scope, add_token
from erepo.cli.root import app
from erepo.clinic.permissions import Permission, grant
from erepo.clinic.tables import document, now
from erepo.clinic.tables_indexing import document_index
from tests.support.index_clinic import LOGIN, IndexSite


def erepo(*arguments: str, code: int = 0) -> Result:
    """Run `erepo index …` and expect an exit code."""
    result = CliRunner().invoke(app, ["index", *arguments])
    assert result.exit_code == code, result.output + repr(result.exception)
    return result


@pytest.fixture
def here(site: IndexSite, monkeypatch: pytest.MonkeyPatch) -> IndexSite:
    """The clinic that the commands of this process act on."""
    for name, value in site.site.clinic.environment.items():
        monkeypatch.setenv(name, value)
    return site


async def test_from_a_dry_run_to_a_withdrawal(here: IndexSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each command does and says what its help promises, in both languages; no patient is named."""
    ids = await here.archive(3)
    with here.database.begin() as connection:
        first = connection.execute(document_index.select().order_by(document_index.c.document_id)).first()
        assert first is not None
        mine = document_index.update().where(document_index.c.document_id == first.document_id)
        connection.execute(mine.values(event_root=None, deadline=now() - timedelta(days=1)))
    assert json.loads(erepo("run", "--dry-run", "--json").stdout) == {"due": 3}
    told = json.loads(erepo("run", "--json", code=1).stdout)
    assert (told["indexed"], [one["document"] for one in told["refused"]]) == (2, ids[:1])
    report = erepo("report", "--list", code=1).stdout
    assert "refused: 1" in report
    assert f"erepo index run --id {ids[0]}" in report
    assert ids[0] in report
    monkeypatch.setenv("EREPO_LANGUAGE", "pl")
    assert "brak zdarzenia medycznego" in erepo("show", ids[0]).stdout
    monkeypatch.setenv("EREPO_LANGUAGE", "en")
    erepo("event", ids[0], "--root", first.event_root, "--number", first.event_extension, "--as", LOGIN)
    assert "indexed 1" in erepo("run").stdout
    assert json.loads(erepo("report", "--json").stdout)["states"] == {"indexed": 3}
    erepo("withdraw", ids[0], "--as", LOGIN, "--yes", code=2)
    with here.database.begin() as connection:
        grant(connection, LOGIN, Permission.WITHDRAW_INDEX, actor="test")
    assert json.loads(erepo("withdraw", ids[0], "--as", LOGIN, "--yes", "--json").stdout)["withdrawn"] == 1
    assert here.at_p1()[ids[0]] == ["Deprecated"]
    shown = erepo("show", ids[0]).stdout
    assert f"given by {LOGIN}" in shown
    assert "in the index from" in shown
    assert "from the document" in erepo("show", ids[1]).stdout
    erepo("run", "--kind", "nonsense", code=2)
    erepo("show", "f" * 32, code=1)


async def test_a_report_before_the_first_run_tells_what_is_late(here: IndexSite) -> None:
    """What no run has looked at yet is counted all the same: here by the command, there by REST."""
    await here.archive(2)
    with here.database.begin() as connection:
        connection.execute(document_index.delete())
        connection.execute(document.update().values(effective_at=now() - timedelta(days=30)))
    told = json.loads(erepo("report", "--json", code=1).stdout)
    assert (told["states"], told["late"]) == ({"waiting": 2}, 2)


async def test_other_systems_ask_and_look(here: IndexSite) -> None:
    """State, order, medical event and report by REST; unknown documents are told as such."""
    ids = await here.archive(2)
    with here.database.begin() as connection:
        row = connection.execute(document_index.select().order_by(document_index.c.document_id)).first()
        assert row is not None
        mine = document_index.update().where(document_index.c.document_id == row.document_id)
        connection.execute(mine.values(event_root=None))
        scopes = [Scope.INDEXES, Scope.DOCUMENTS_READ]
        token = add_token(connection, "his", scopes, actor="test")
    here.run()
    headers = {"authorization": f"Bearer {token}", "x-erepo-user": LOGIN, "accept-language": "en"}
    api = build(here.site.clinic.settings, here.database)
    wire = httpx.ASGITransport(app=api)
    async with (
        api.router.lifespan_context(api),
        httpx.AsyncClient(transport=wire, base_url="http://api", headers=headers) as http,
    ):
        found = (await http.get(f"/api/documents/{ids[0]}/index")).json()
        assert (found["state"], found["reason"]["missing"]) == ("refused", ["medical_event"])
        unknown = await http.get(f"/api/documents/{'f' * 32}/index")
        assert unknown.status_code == 404
        assert unknown.json()["cause"].endswith("have no index in P1: 1.")
        assert "POST /api/indexings" in unknown.json()["cure"]
        assert "erepo " not in str(unknown.json()["cure"])
        event = {"root": row.event_root, "number": row.event_extension}
        assert (await http.put(f"/api/documents/{ids[0]}/medical-event", json=event)).status_code == 204
        assert (await http.post("/api/indexings", json={"ids": ids})).json() == {"ordered": 1}
        assert (await http.post("/api/indexings", json={"ids": ["f" * 32]})).status_code == 404
        here.run()
        assert (await http.get(f"/api/documents/{ids[0]}/index")).json()["state"] == "indexed"
        fixed = await http.put(f"/api/documents/{ids[0]}/medical-event", json=event)
        assert (fixed.status_code, fixed.json()["code"]) == (422, "indexing.event-fixed")
        report = (await http.get("/api/index-report")).json()
        assert (report["states"], report["late"], report["problem"]) == ({"indexed": 2}, 0, None)
