"""Opening, saving and deleting over the wire, on behalf of a person: what comes, and who is refused."""

import io
import zipfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from erepo.clinic.permissions import Permission, grant, revoke
from erepo.clinic.tables import audit_event, document
from tests.support import cda_documents as cda
from tests.support.api import RunningApi
from tests.support.api_earchive import LOGIN, archived, running_archive, states
from tests.support.documents import identity
from tests.support.pages import base64_of, body, media, section

_numbers = count(1)
AS = {"X-Erepo-User": LOGIN}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApi]:
    """The interface of a clinic with an eArchiwum."""
    with running_archive(tmp_path_factory.mktemp("served")) as api:
        yield api


def fresh(octets: bytes) -> bytes:
    """Give a document an id of its own."""
    return octets.replace(identity("A1").encode(), identity(f"C{next(_numbers)}").encode())


@pytest.mark.parametrize("remote", [False, True])
def test_exact_octets_from_here_and_from_there(served: RunningApi, tmp_path: Path, *, remote: bool) -> None:
    """To the octet, with the headers of a file, and noted with person, purpose and token."""
    octets = fresh(cda.document())
    [one] = archived(served, tmp_path, octets, remote=remote)
    with served.client("documents:open") as http:
        got = http.get(f"/api/documents/{one}/content", headers=AS | {"X-Erepo-Purpose": "emergency"})
        assert (got.status_code, got.content) == (200, octets)
        assert got.headers["content-type"] == "text/xml"
        assert got.headers["content-disposition"].startswith("attachment;")
        assert "sandbox" in got.headers["content-security-policy"]
        assert got.headers.get_list("cache-control") == ["no-store"]
        actor = served.database.read()
    with actor as connection:
        read = audit_event.c.event == "read"
        row = connection.execute(sa.select(audit_event).where(read).order_by(audit_event.c.id.desc())).first()
    assert row is not None
    assert row.actor == LOGIN
    assert row.detail["purpose"] == "ETREAT"
    assert row.detail["from"] == ("repository" if remote else "local")
    assert row.detail["via"].startswith("api:")


def test_a_page_comes_with_its_policy(served: RunningApi, tmp_path: Path) -> None:
    """HTML that a browser runs nothing of."""
    [one] = archived(served, tmp_path, fresh(cda.document()))
    with served.client("documents:open") as http:
        got = http.get(f"/api/documents/{one}/page", headers=AS)
    assert got.status_code == 200
    assert got.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in got.headers["content-security-policy"]
    assert "sandbox" in got.headers["content-security-policy"]
    assert got.headers["content-disposition"].startswith("inline;")
    assert b"<script" not in got.content


def test_files_are_a_zip_of_xml_stylesheet_and_page(served: RunningApi, tmp_path: Path) -> None:
    """At least XML and XSL (manual 1.2)."""
    octets = fresh(cda.document())
    [one] = archived(served, tmp_path, octets)
    with served.client("documents:open") as http:
        got = http.get(f"/api/documents/{one}/files", headers=AS)
    with zipfile.ZipFile(io.BytesIO(got.content)) as packed:
        names = {name.rpartition(".")[2]: name for name in packed.namelist()}
        assert names.keys() == {"xml", "xsl", "html"}
        assert packed.read(names["xml"]) == octets


def test_attachments_of_shared_documentation_alone(served: RunningApi, tmp_path: Path) -> None:
    """A PDF inside comes out; of another kind: a problem that says why."""
    pdf = b"%PDF-1.7 wynik"
    inside = body(section("wynik", more=media(base64_of(pdf), "application/pdf")))
    shared, other = archived(served, tmp_path, fresh(cda.document(rest=inside)), fresh(cda.document()))
    with served.database.begin() as connection:
        own = document.c.public_id == shared
        connection.execute(document.update().where(own).values(kind="shared_documentation"))
    with served.client("documents:open") as http:
        got = http.get(f"/api/documents/{shared}/attachments", headers=AS)
        refused = http.get(f"/api/documents/{other}/attachments", headers=AS)
    with zipfile.ZipFile(io.BytesIO(got.content)) as packed:
        assert [packed.read(name) for name in packed.namelist()] == [pdf]
    assert (refused.status_code, refused.json()["code"]) == (422, "reading.no-attachments")


def test_who_is_refused(served: RunningApi, tmp_path: Path) -> None:
    """Without a user, with an unknown one, without the scope, of an unknown document; nothing is repeated."""
    [one] = archived(served, tmp_path, fresh(cda.document()))
    path = f"/api/documents/{one}/content"
    with served.client("documents:open") as http:
        for headers, status, code in (
            ({}, 400, "api.request-invalid"),
            ({"X-Erepo-User": "nobody-known"}, 422, "user.unknown"),
            (AS | {"X-Erepo-Purpose": "curiosity"}, 400, "api.request-invalid"),
        ):
            got = http.get(path, headers=headers)
            assert (got.status_code, got.json()["code"]) == (status, code)
        unknown = http.get(f"/api/documents/{'0' * 32}/content", headers=AS)
        assert (unknown.status_code, unknown.json()["code"]) == (404, "reading.unknown")
    with served.client("documents:read") as http:
        got = http.get(path, headers=AS)
        assert (got.status_code, got.json()["code"]) == (403, "api.scope-missing")


def delete(http: httpx.Client, *ids: str) -> httpx.Response:
    """Ask for deletion."""
    return http.post("/api/deletions", json={"ids": list(ids)}, headers=AS)


def test_deleting_five_kinds_by_who_may(served: RunningApi, tmp_path: Path) -> None:
    """A prescription goes, there and here; another kind, or a person who may not, refuses all of it."""
    going, staying = archived(served, tmp_path, fresh(cda.document()), fresh(cda.document()))
    with served.database.begin() as connection:
        own = document.c.public_id == going
        connection.execute(document.update().where(own).values(kind="prescription"))
    with served.client("documents:delete", "documents:open") as http:
        with served.database.begin() as connection:
            revoke(connection, LOGIN, Permission.DELETE, actor="test")
        refused = delete(http, going)
        assert (refused.status_code, refused.json()["code"]) == (403, "permission.missing")
        with served.database.begin() as connection:
            grant(connection, LOGIN, Permission.DELETE, actor="test")
        refused = delete(http, going, staying)
        assert (refused.status_code, refused.json()["code"]) == (422, "deletion.kind")
        assert delete(http, going).json() == {"deleted": [going], "failed": []}
        assert states(served, [going, staying]) == ["deleted", "archived"]
        gone = http.get(f"/api/documents/{going}/content", headers=AS)
        assert (gone.status_code, gone.json()["code"]) == (410, "reading.deleted")


def test_years_of_a_kind_are_set_but_never_below_the_act(served: RunningApi) -> None:
    """Audited; documents that are here follow."""
    with served.client("kinds:write") as http:
        got = http.put("/api/kinds/lab_result", json={"retention_years": 25})
        assert (got.status_code, got.json()["retention_years"]) == (200, 25)
        low = http.put("/api/kinds/lab_result", json={"retention_years": 19})
        assert (low.status_code, low.json()["code"]) == (422, "retention.years")
        assert http.put("/api/kinds/lab_result", json={"retention_years": 20}).status_code == 200


def test_nothing_of_a_patient_is_in_the_log(served: RunningApi) -> None:
    """After all of that: patterns of addresses, and no number, name or title."""
    text = "".join(served.log)
    assert "/api/documents/{public_id}/content" in text
    for word in ("44051401359", "Kowalsk", LOGIN):
        assert word not in text
