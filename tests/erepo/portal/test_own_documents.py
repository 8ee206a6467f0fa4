"""Patients give documents at the portal, and a clinic collects them: the whole way, nothing stood in for."""

import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
import sqlalchemy as sa

from erepo.cda.attachments import embedded_files
from erepo.cloud.audit.events import Who
from erepo.cloud.audit.evidence import now
from erepo.cloud.patients_own.giving import expire_all
from erepo.cloud.storage.tables_patients_own import own_document
from tests.support.clinic_side import new_clinic
from tests.support.patients_own import Site, pdf, png
from tests.support.portal import ADDRESS, OTHER, PESEL, Browser, World
from tests.support.waiting import until

PATH = "/portal/api/own-documents"


@pytest.fixture(scope="module")
def site(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The clinic whose account the owner is."""
    with new_clinic(tmp_path_factory.mktemp("clinic"), world.sharing.owner) as clinic:
        yield Site(clinic)


def signed_in(world: World, pesel: str = PESEL, to: str = ADDRESS, form: str = "cookie") -> Browser:
    """Return somebody who has signed in."""
    assert world.invite(pesel, to).status_code == 201
    browser = world.browser()
    browser.sign_in(pesel, to, form)
    return browser


def give(browser: Browser, octets: bytes, clinic: str, key: str = "", **headers: str) -> httpx.Response:
    """Give a document, as our own page or an application does."""
    sent = {
        "x-erepo-clinic": clinic,
        "idempotency-key": key or str(uuid.uuid4()),
        "x-erepo-title": quote("Wynik żółci"),
        **({"x-erepo-csrf": browser.csrf} if browser.csrf else {}),
        **({"authorization": f"Bearer {browser.token}"} if browser.token else {}),
        **headers,
    }
    return browser.http.post(f"{browser.world.url}{PATH}", content=octets, headers=sent)


def seen(browser: Browser) -> dict[str, str]:
    """Return the states that a patient sees, by id."""
    listed = browser.get("/own-documents")
    assert listed.status_code == 200, listed.text
    return {one["id"]: one["state"] for one in listed.json()["documents"]}


def test_from_the_application_into_the_clinic(world: World, site: Site) -> None:
    """Given by an application, waiting, collected, received; the file comes out of the clinic's document."""
    patient, octets = signed_in(world, form="token"), pdf(bytes(100_000))
    given = give(patient, octets, site.account)
    assert given.status_code == 201, given.text
    told = given.json()
    assert (told["state"], told["title"], told["contentType"]) == ("given", "Wynik żółci", "application/pdf")
    assert seen(patient)[told["id"]] == "given"
    assert site.collect().taken == 1
    assert seen(patient)[told["id"]] == "taken"
    row, kept = site.became(told["id"])
    assert (row.kind, row.title) == ("own_patient_document", "Wynik żółci")
    assert embedded_files(kept, len(kept))[0].octets == octets


def test_a_lost_answer(world: World, site: Site) -> None:
    """The same key again is answered 200 with the same document; another file under it is refused."""
    patient, octets = signed_in(world), png()
    first = give(patient, octets, site.account, "one key")
    again = give(patient, octets, site.account, "one key")
    assert (first.status_code, again.status_code, again.json()) == (201, 200, first.json())
    other = give(patient, png(), site.account, "one key")
    assert (other.status_code, other.json()["code"]) == (409, "own-document.conflict")


def test_nobody_else_sees_or_gives(world: World, site: Site) -> None:
    """Another patient sees nothing of it; without a session, another's form or clinic nothing is given."""
    patient = signed_in(world)
    mine = give(patient, pdf(), site.account).json()["id"]
    other = signed_in(world, OTHER, "anna@poczta.example")
    assert mine not in seen(other)
    stranger = world.browser()
    assert give(stranger, pdf(), site.account).status_code == 401
    assert stranger.get("/own-documents").status_code == 401
    assert give(patient, pdf(), site.account, **{"x-erepo-csrf": "guessed"}).status_code == 403
    assert give(patient, pdf(), site.account, origin="https://evil.example").status_code == 403
    for foreign in (world.sharing.reader.account, "0000000000009999"):
        refused = give(patient, pdf(), foreign)
        assert (refused.status_code, refused.json()["code"]) == (403, "own-document.clinic")


def test_what_is_not_taken_is_told(world: World, site: Site) -> None:
    """Programs, too much, nothing, no key, endless titles: each with cause and cure, nothing is kept."""
    patient = signed_in(world)
    before = seen(patient)
    limit = world.office.settings.patients_own.document
    titled = {"x-erepo-title": "t" * 300}
    wrong = {
        ("given.type", 415): give(patient, b"MZ a program", site.account),
        ("given.active", 422): give(patient, pdf(b"/S /JavaScript"), site.account),
        ("own-document.empty", 400): give(patient, b"", site.account),
        ("cloud.body-too-large", 413): give(patient, bytes(limit + 1), site.account),
        ("own-document.title", 400): give(patient, pdf(), site.account, **titled),
        ("portal.request-invalid", 400): give(patient, pdf(), "my clinic"),
    }
    for (code, status), answer in wrong.items():
        assert answer.status_code == status, answer.text
        assert answer.json()["code"] == code
        assert answer.json()["detail"] == f"{answer.json()['cause']['pl']} {answer.json()['cure']['pl']}"
    missing = {"x-erepo-clinic": site.account, "x-erepo-csrf": patient.csrf}
    answer = patient.http.post(f"{world.url}{PATH}", content=pdf(), headers=missing)
    assert answer.status_code == 400
    assert seen(patient) == before


def test_nothing_of_it_stands_in_a_log(world: World, site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """Neither title nor number is logged when a document is given, listed, refused."""
    patient = signed_in(world)
    with caplog.at_level("DEBUG"):
        give(patient, pdf(), site.account, **{"x-erepo-title": "Tajny"})
        give(patient, b"Tajny", site.account)
        seen(patient)
    assert "own-documents" in caplog.text
    assert "Tajny" not in caplog.text
    assert PESEL not in caplog.text
    names = [str(path) for path in Path(world.office.settings.cloud_home).rglob("*")]
    assert not [name for name in names if PESEL in name]


async def test_what_no_clinic_collects_ends_without_anybody_looking(world: World, site: Site) -> None:
    """Nobody lists anything: a round of the housekeeping ends it, and the patient is told by mail, once."""
    mailbox = "anna@poczta.example"
    patient = signed_in(world, OTHER, mailbox)
    given = give(patient, pdf(), site.account).json()["id"]
    cloud, before = world.office.cloud, world.so_far(mailbox)
    old = {"given_at": now() - timedelta(days=cloud.settings.patients_own.days + 1)}
    with cloud.database.everyone("a test", write=True) as connection:
        connection.execute(sa.update(own_document).where(own_document.c.public_id == given).values(old))
    for _ in range(2):
        await expire_all(cloud, Who())
    until(lambda: len(world.letters(mailbox)) > before)
    (letter,) = world.letters(mailbox)[before:]
    assert "nie odebrała na czas" in letter
    assert seen(patient)[given] == "expired"
