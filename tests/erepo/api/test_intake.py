"""`POST /api/documents`: what becomes of a document and of a repeated request."""

import asyncio
import json
import socket
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from fastapi import Request

from erepo.api.errors import UploadEnded, UploadTimeout
from erepo.api.uploads import read_upload
from erepo.clinic.content import ContentStore
from erepo.clinic.tables import audit_event, document
from erepo.clinic.tables_api import api_request
from erepo.content import read_all
from erepo.settings import HttpTimeouts
from tests.support.api import RunningApi
from tests.support.waiting import until

Fresh = Callable[[], bytes]

PDF = b"%PDF-1.7\n1 0 obj\n"


def row_of(api: RunningApi, public_id: str) -> Any:
    """Return the row of a document."""
    with api.database.read() as connection:
        return connection.execute(sa.select(document).where(document.c.public_id == public_id)).one()


def count(api: RunningApi) -> int:
    """Return how many documents there are."""
    with api.database.read() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(document)).scalar_one()


def incoming(api: RunningApi) -> list[str]:
    """Return the drafts that lie in the store."""
    return [one.name for one in (ContentStore.at(api.settings).root / ".incoming").glob("*")]


def test_a_document_is_durable_when_it_is_answered(api: RunningApi, http: httpx.Client, fresh: Fresh) -> None:
    """201 names a document whose octets lie unchanged in the store, whose row and history are committed."""
    octets = fresh()
    answer = http.post("/api/documents", content=octets, headers={"content-type": "text/xml"})
    assert answer.status_code == 201
    public_id = answer.json()["id"]
    assert answer.headers["location"] == f"/api/documents/{public_id}"
    row = row_of(api, public_id)
    assert (row.state, row.kind, row.origin, row.mime_type) == ("local", "lab_result", "own", "text/xml")
    assert read_all(ContentStore.at(api.settings).open(row.sha256)) == octets
    with api.database.read() as connection:
        actor = connection.execute(
            sa.select(audit_event.c.actor).where(audit_event.c.document_id == row.id)
        ).scalar_one()
    assert actor.startswith("api:")


def test_the_same_octets_are_known(http: httpx.Client, fresh: Fresh) -> None:
    """The same octets again are answered 200 with the same id."""
    octets = fresh()
    first, again = (http.post("/api/documents", content=octets) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]


def test_a_repeated_request_is_answered_alike(http: httpx.Client, fresh: Fresh) -> None:
    """With its key, a repeated request gets the first answer, status included."""
    octets, key = fresh(), {"idempotency-key": "one"}
    first, again = (http.post("/api/documents", content=octets, headers=key) for _ in range(2))
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert first.status_code == 201


def test_a_key_of_another_request_is_refused(api: RunningApi, http: httpx.Client, fresh: Fresh) -> None:
    """The same key with other octets is refused as such and takes nothing in; the first answer stands."""
    key = {"idempotency-key": "two"}
    octets = fresh()
    first = http.post("/api/documents", content=octets, headers=key)
    before = count(api)
    other = http.post("/api/documents", content=fresh(), headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "api.key-reused")
    assert count(api) == before
    assert http.post("/api/documents", content=octets, headers=key).json() == first.json()


def test_keys_belong_to_their_token(api: RunningApi, http: httpx.Client, fresh: Fresh) -> None:
    """Two systems may use the same key; how it reads is kept nowhere."""
    key = {"idempotency-key": "44051401359-three"}
    assert http.post("/api/documents", content=fresh(), headers=key).status_code == 201
    with api.client("documents:write") as other:
        assert other.post("/api/documents", content=fresh(), headers=key).status_code == 201
    with api.database.read() as connection:
        kept = connection.execute(sa.select(api_request.c.key)).scalars()
        assert not any("44051401359" in one for one in kept)


def test_a_refused_request_leaves_its_key(http: httpx.Client) -> None:
    """What was refused may be corrected and sent with the same key."""
    key = {"idempotency-key": "four", "content-type": "application/pdf"}
    refused = http.post("/api/documents", content=PDF, headers=key)
    assert (refused.status_code, refused.json()["code"]) == (422, "patient.unknown")
    form = {"document": ("a.pdf", PDF), "metadata": (None, '{"patient": "44051401359"}')}
    taken = http.post("/api/documents", files=form, headers={"idempotency-key": "four"})
    assert taken.status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 201])
def test_a_key_must_be_one(http: httpx.Client, fresh: Fresh, key: str) -> None:
    """An empty or endless key is refused before anything is read."""
    answer = http.post("/api/documents", content=fresh(), headers={"idempotency-key": key})
    assert (answer.status_code, answer.json()["code"]) == (400, "api.key-invalid")


def test_a_description_beside_the_document(api: RunningApi, http: httpx.Client) -> None:
    """An attachment is described as a sidecar does it; what was described twice differently is told apart."""
    said = {"patient": {"id": "44051401359", "given": "Jan"}, "kind": "attachment", "title": "Skan"}
    octets = PDF + b"described"
    form = {
        "metadata": (None, json.dumps(said), "application/json"),
        "document": ("../a\u0142.pdf", octets, "application/pdf"),
    }
    key = {"idempotency-key": "five"}
    answer = http.post("/api/documents", files=form, headers=key)
    assert answer.status_code == 201
    row = row_of(api, answer.json()["id"])
    assert (row.title, row.kind, row.source_name, row.size) == ("Skan", "attachment", "ał.pdf", len(octets))
    other = form | {"metadata": (None, json.dumps(said | {"title": "Inny"}), "application/json")}
    assert http.post("/api/documents", files=other, headers=key).json()["code"] == "api.key-reused"
    sorted_otherwise = form | {
        "metadata": (None, json.dumps(dict(reversed(said.items()))), "application/json")
    }
    assert http.post("/api/documents", files=sorted_otherwise, headers=key).status_code == 201


def test_a_wrong_description_is_told_by_field(http: httpx.Client) -> None:
    """The field is named, in the asker's language; its value is repeated nowhere."""
    form = {"document": ("a.pdf", PDF), "metadata": (None, '{"patient": "44051401350"}')}
    answer = http.post("/api/documents", files=form, headers={"accept-language": "pl, en;q=0.5"})
    assert (answer.status_code, answer.json()["code"]) == (422, "sidecar.invalid")
    assert answer.json()["cause"] == "Część `metadata` zawiera błąd w polu patient."
    assert answer.headers["content-language"] == "pl"
    assert "44051401350" not in answer.text


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"--x--"),
        ("multipart/form-data; boundary=x", b"no boundary at all"),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\nno name\r\n--x--\r\n"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="document"\r\n\r\nrest',
        ),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="metadata"\r\n\r\n{}\r\n--x--\r\n',
        ),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="other"\r\n\r\n{}\r\n--x--\r\n',
        ),
        ("multipart/form-data; boundary=x", b"--x\r\nA: " + b"b" * 9000 + b"\r\n\r\n--x--\r\n"),
    ],
)
def test_broken_forms(http: httpx.Client, kind: str, body: bytes) -> None:
    """A body that is no such form is refused as such, whatever is wrong with it."""
    answer = http.post("/api/documents", content=body, headers={"content-type": kind})
    assert (answer.status_code, answer.json()["code"]) == (400, "api.upload-invalid")


def test_what_is_not_taken(http: httpx.Client) -> None:
    """Nothing, no document, compressed octets: each with a status and code of its own."""
    empty = http.post("/api/documents", content=b"")
    assert (empty.status_code, empty.json()["code"]) == (422, "file.empty")
    unknown = http.post("/api/documents", content=b"no document of any kind")
    assert (unknown.status_code, unknown.json()["code"]) == (415, "cda.unsupported-media")
    broken = http.post("/api/documents", content=b"<ClinicalDocument xmlns='urn:hl7-org:v3'><a>")
    assert broken.status_code == 422
    packed = http.post("/api/documents", content=b"x", headers={"content-encoding": "gzip"})
    assert (packed.status_code, packed.json()["code"]) == (400, "api.upload-invalid")


def test_large_documents_go_to_the_disk(api: RunningApi, http: httpx.Client) -> None:
    """A document above the limit of memory arrives whole, as a body and in a form, and no draft stays."""
    octets = PDF + bytes(9_000_000)
    form = {"document": ("a.pdf", octets), "metadata": (None, '{"patient": "44051401359"}')}
    answer = http.post("/api/documents", files=form)
    assert answer.status_code == 201
    assert ContentStore.at(api.settings).check(row_of(api, answer.json()["id"]).sha256).size == len(octets)
    assert http.post("/api/documents", content=octets).json()["id"] == answer.json()["id"]
    assert incoming(api) == []


def test_a_document_above_the_limit(api: RunningApi, http: httpx.Client) -> None:
    """Announced or not, too many octets are refused, and nothing stays."""
    with socket.create_connection(("127.0.0.1", api.settings.api_port)) as raw:
        head = (
            f"POST /api/documents HTTP/1.1\r\nHost: x\r\nAuthorization: {http.headers['authorization']}\r\n"
        )
        raw.sendall(f"{head}Content-Length: {10**10}\r\n\r\n".encode())
        assert raw.makefile("rb").readline().startswith(b"HTTP/1.1 413 ")
    limit = api.settings.limits.document

    def endless() -> Any:
        for _ in range(limit // 2**20 + 2):
            yield bytes(2**20)

    chunked = http.post("/api/documents", content=endless())
    assert (chunked.status_code, chunked.json()["code"]) == (413, "cda.too-large")
    assert incoming(api) == []


def test_a_body_that_is_cut_off_leaves_nothing(api: RunningApi, http: httpx.Client) -> None:
    """Whoever goes in the middle of a large document leaves neither document nor draft."""
    before = count(api)

    def half() -> Any:
        yield PDF + bytes(8_000_000)
        until(lambda: bool(incoming(api)))
        raise ConnectionError

    with pytest.raises(ConnectionError):
        http.post("/api/documents", content=half(), headers={"content-length": "16000000"})
    until(lambda: incoming(api) == [])
    assert count(api) == before


@pytest.mark.parametrize("ended", [False, True])
async def test_a_body_that_stops(tmp_path: Path, ended: bool) -> None:
    """A sender that falls silent, or goes, in the middle of a large document leaves no draft behind."""
    store, sent = ContentStore(tmp_path), list[bytes]()

    async def receive() -> dict[str, Any]:
        if not sent:
            sent.append(PDF + bytes(8_000_000))
            return {"type": "http.request", "body": sent[0], "more_body": True}
        return {"type": "http.disconnect"} if ended else await asyncio.Event().wait()  # type: ignore[dict-item]

    request = Request({"type": "http", "method": "POST", "path": "/", "headers": []}, receive)
    with pytest.raises(UploadEnded if ended else UploadTimeout):
        await read_upload(request, store, 10**7, HttpTimeouts(read=0.05))
    assert list((tmp_path / ".incoming").iterdir()) == []


def test_a_hundred_equal_requests_at_once(api: RunningApi, http: httpx.Client, fresh: Fresh) -> None:
    """With one key all get the same answer; without, one is told 201 and the others 200."""
    octets, others, before = fresh(), fresh(), count(api)

    def send(key: str | None) -> tuple[int, str]:
        headers = {"idempotency-key": key} if key else {}
        answer = http.post("/api/documents", content=octets if key else others, headers=headers)
        return answer.status_code, answer.json()["id"]

    with ThreadPoolExecutor(32) as threads:
        with_key = set(threads.map(send, ["same"] * 100))
        without = Counter(status for status, _ in threads.map(send, [None] * 100))
    ((status, _),) = with_key
    assert status == 201
    assert without == {201: 1, 200: 99}
    assert count(api) == before + 2


def test_one_key_for_many_documents_at_once(api: RunningApi, http: httpx.Client, fresh: Fresh) -> None:
    """Of different documents sent with one key at one moment exactly one is taken in."""
    octets, before = [fresh() for _ in range(20)], count(api)

    def send(one: bytes) -> int:
        return http.post("/api/documents", content=one, headers={"idempotency-key": "many"}).status_code

    with ThreadPoolExecutor(20) as threads:
        statuses = Counter(threads.map(send, octets))
    assert statuses == {201: 1, 422: 19}
    assert count(api) == before + 1
