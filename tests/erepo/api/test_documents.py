"""Lists, searches and one document: what others may see, and what nobody may."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import sqlalchemy as sa

from erepo.clinic.states import State, move
from erepo.clinic.tables import audit_event, document
from tests.support.api import RunningApi
from tests.support.documents import add_documents

Fresh = Callable[[], bytes]


def test_pages_show_each_document_once(api: RunningApi, http: httpx.Client, fresh: Fresh) -> None:
    """Going from cursor to cursor shows all documents once, in order, also what comes in meanwhile."""
    sent = [http.post("/api/documents", content=fresh()).json()["id"] for _ in range(5)]
    seen, cursor = [], None
    while True:
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = http.get("/api/documents", params=query).json()
        seen += [one["id"] for one in page["documents"]]
        cursor = page["next"]
        if cursor is None:
            break
        if len(sent) < 7:
            sent.append(http.post("/api/documents", content=fresh()).json()["id"])
    assert len(seen) == len(set(seen))
    assert [one for one in seen if one in sent] == sent


@pytest.mark.parametrize("since", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
def test_times_at_the_ends_of_the_calendar(http: httpx.Client, since: str) -> None:
    """A time that another zone cannot write is a wrong request, no fault of ours."""
    assert http.get("/api/documents", params={"since": since}).json()["code"] == "api.request-invalid"


def test_a_patient_that_no_database_can_hold(http: httpx.Client) -> None:
    """NUL is no part of an identifier; PostgreSQL would refuse the whole question."""
    answer = http.post("/api/documents/search", json={"patient": "a\0b^^^&1.2.3&ISO"})
    assert answer.json()["code"] == "api.request-invalid"


def test_filters(api: RunningApi, http: httpx.Client) -> None:
    """State, kind and time of taking in narrow a list."""
    later = datetime.now(UTC) + timedelta(days=400)
    with api.database.begin() as connection:
        add_documents(connection, 2, state="archived", kind="attachment", taken_in_at=later)
        add_documents(connection, 1, state="queued", kind="attachment", taken_in_at=later)
    since = {"since": (later - timedelta(hours=1)).isoformat()}
    for query, count in (({}, 3), ({"state": "archived"}, 2), ({"state": "queued", "kind": "lab_result"}, 0)):
        found = http.get("/api/documents", params=since | query).json()["documents"]
        assert len(found) == count


@pytest.mark.parametrize(
    "query", ["state=x", "kind=x", "since=2026-01-01T00:00:00", "cursor=1", f"cursor={'0' * 32}", "limit=501"]
)
def test_wrong_queries(http: httpx.Client, query: str) -> None:
    """What is wrong is named by its field."""
    answer = http.get(f"/api/documents?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "api.request-invalid")
    assert query.split("=", maxsplit=1)[0] in answer.json()["cause"]


def test_a_patient_is_no_part_of_an_address(api: RunningApi, http: httpx.Client) -> None:
    """A patient in the address is refused, told nowhere, and searched for in a body instead."""
    answer = http.get("/api/documents?patient=44051401359")
    assert answer.status_code == 400
    assert "44051401359" not in answer.text
    assert not any("44051401359" in line for line in api.log)


def test_search_by_patient(http: httpx.Client, fresh: Fresh) -> None:
    """A search gives the documents of the one patient, by PESEL or CX, and narrows them as lists do."""
    mine = http.post("/api/documents", content=fresh()).json()["id"]
    theirs = http.post(
        "/api/documents",
        files={"document": ("a", b"%PDF-1.7 2"), "metadata": (None, '{"patient": "4711^^^&1.2.3&ISO"}')},
    ).json()["id"]

    def search(**wanted: str) -> list[str]:
        answer = http.post("/api/documents/search", json={"limit": 500, **wanted})
        return [one["id"] for one in answer.json()["documents"]]

    assert mine in search(patient="44051401359")
    assert search(patient="4711^^^&1.2.3&ISO") == [theirs]
    assert search(patient="4711^^^&1.2.3&ISO", state="archived") == []
    wrong = http.post("/api/documents/search", json={"patient": "44051401350"})
    assert (wrong.status_code, "44051401350" in wrong.text) == (400, False)


def test_one_document_with_its_history(api: RunningApi, http: httpx.Client) -> None:
    """History, ids in the registry and, where it was refused, the reason with the next step."""
    with api.database.begin() as connection:
        (row,) = add_documents(connection, 1)
        reason = {"reason_code": "structure.incomplete", "reason_text": "why", "next_step": "what"}
        move(connection, [row], State.LOCAL, State.REJECTED, "refused", values=reason)
        public_id, unique_id = connection.execute(
            sa.select(document.c.public_id, document.c.unique_id).where(document.c.id == row)
        ).one()
    found = http.get(f"/api/documents/{public_id}").json()
    assert found["state"] == "rejected"
    assert found["reason"] == {"code": "structure.incomplete", "text": "why", "next_step": "what"}
    assert found["registry"]["unique_id"] == unique_id
    assert [(one["from_state"], one["to_state"]) for one in found["history"]] == [("local", "rejected")]
    unknown = http.get(f"/api/documents/{'0' * 32}")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "api.document-unknown")


def test_no_patient_in_any_answer(api: RunningApi, http: httpx.Client, fresh: Fresh) -> None:
    """No answer and no line of the log holds a number, a name, a title or a file's name of a patient."""
    marked = fresh().replace("Próbny".encode(), b"Markowany")
    form = {"document": ("Markowany.xml", marked), "metadata": (None, '{"title": "Markowany"}')}
    made = http.post("/api/documents", files=form)
    public_id = made.json()["id"]
    texts = [
        made.text,
        http.get(f"/api/documents/{public_id}").text,
        http.get("/api/documents?limit=500").text,
        http.post("/api/documents/search", json={"patient": "44051401359"}).text,
        http.post("/api/documents", content=marked[:-20]).text,
        *api.log,
    ]
    assert [one for one in texts if "44051401359" in one or "Markowany" in one] == []


def test_kinds_are_set_and_audited(api: RunningApi) -> None:
    """A kind's settings change and the history names the token; what is left out stays."""
    name, token = api.token("kinds:read", "kinds:write")
    headers = {"authorization": f"Bearer {token}"}
    with httpx.Client(base_url=api.url, headers=headers, trust_env=False, timeout=60) as http:
        before = {one["kind"]: one for one in http.get("/api/kinds").json()}
        changed = http.put("/api/kinds/discharge_summary", json={"local_days": 77})
        after = {one["kind"]: one for one in http.get("/api/kinds").json()}
        wrong = http.put("/api/kinds/discharge_summary", json={"local_days": -1})
        unknown = http.put("/api/kinds/nothing", json={})
    assert changed.json() == after["discharge_summary"] == before["discharge_summary"] | {"local_days": 77}
    assert (wrong.status_code, unknown.status_code) == (400, 400)
    with api.database.read() as connection:
        actor = connection.execute(
            sa.select(audit_event.c.actor)
            .where(
                audit_event.c.event == "kind_rule_changed", audit_event.c.subject_id == "discharge_summary"
            )
            .order_by(audit_event.c.id.desc())
        ).scalars()
        assert next(iter(actor)) == f"api:{name}"
