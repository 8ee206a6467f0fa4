"""What is shared with a patient, and with nobody else."""

import contextlib
import io
import json
import secrets
import zipfile
from collections.abc import Callable
from urllib.parse import quote

import httpx
import pytest

from erepo.cloud.errors import ServiceStopping
from erepo.xds.model import Code
from tests.support.actors import DOCTOR
from tests.support.cda_documents import document
from tests.support.cloud_client import PATIENT, connected, make_entry, make_submission, new_oid, one_document
from tests.support.portal import ADDRESS, OTHER, PESEL, Browser, World
from tests.support.sharing import READER

WINDOW = {"validFrom": "2020-01-01T00:00:00Z", "validUntil": "2099-01-01T00:00:00Z"}


@pytest.fixture(autouse=True)
def another_day(world: World) -> None:
    """Begin each test a day later: nobody has asked for too many codes."""
    world.later(days=1, seconds=1)


@pytest.fixture
async def shared(world: World) -> tuple[str, str, bytes]:
    """A document of the owner that is shared with its patient: uniqueId, id of the consent, octets."""
    unique_id, octets = new_oid(), document()
    entry = make_entry(
        unique_id,
        class_code=Code("08.90", "2.16.840.1.113883.3.4424.11.1.32", "Informacja dla lekarza kierującego"),
        type_code=Code("51852-2", "2.16.840.1.113883.6.1", "Letter"),
    )
    async with connected(world.sharing.owner) as client:
        assert not (await client.provide(make_submission((entry, octets)))).errors
    given = world.sharing.give(unique_id, recipient={"kind": "patient"}, **WINDOW)
    assert given.status_code == 201, given.text
    return unique_id, given.json()["id"], octets


def signed_in(world: World, pesel: str = PESEL, to: str = ADDRESS) -> Browser:
    """Return somebody who has signed in."""
    assert world.invite(pesel, to).status_code == 201
    browser = world.browser()
    browser.sign_in(pesel, to)
    return browser


def path_of(world: World, unique_id: str, form: str) -> str:
    """Return the address of a form of a document."""
    return f"/documents/{world.sharing.owner.account}/{quote(unique_id, safe='')}/{form}"


async def test_a_patient_sees_what_is_shared_and_nobody_else_does(
    world: World, shared: tuple[str, str, bytes]
) -> None:
    """The list, a page, the very octets, a zip with the stylesheet; for another patient nothing is there."""
    unique_id, _, octets = shared
    patient = signed_in(world)
    listed = patient.get("/documents")
    assert listed.status_code == 200, listed.text
    found = [each for each in listed.json()["documents"] if each["uniqueId"] == unique_id]
    assert found[0]["account"] == world.sharing.owner.account
    # The class, which P1 names in Polish; LOINC's name of the type is English.
    assert found[0]["kind"] == "Informacja dla lekarza kierującego"
    page = patient.get(path_of(world, unique_id, "page"))
    assert page.status_code == 200, page.text
    assert "sandbox" in page.headers["content-security-policy"]
    assert patient.get(path_of(world, unique_id, "content")).content == octets
    packed = patient.get(path_of(world, unique_id, "files")).content
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        names = archive.namelist()
        assert archive.read("dokument.xml") == octets
    assert any(each.endswith(".xsl") for each in names), names
    other = signed_in(world, OTHER, "anna@poczta.example")
    assert other.get("/documents").json()["documents"] == []
    for form in ("page", "content", "files"):
        refused = other.get(path_of(world, unique_id, form))
        unknown = other.get(path_of(world, new_oid(), form))
        assert refused.status_code == 404
        assert refused.content == unknown.content


async def test_a_list_is_for_people(world: World) -> None:
    """The kind comes in the asked language, the time in ISO 8601, as precise as it is known."""
    registered = (
        ("20260102030405", "06.10", "Wynik badania laboratoryjnego"),
        ("20260102", "06.10", "tak nazwał to inny program"),
        ("2026", "02.10", "Skierowanie do szpitala"),
        ("202601020304", "99.99", "Notatka {x}"),
    )
    named = [new_oid() for _ in registered]
    async with connected(world.sharing.owner) as client:
        for unique_id, (time, code, name) in zip(named, registered, strict=True):
            classed = {"class_code": Code(code, "Klasyfikacja dokumentów P1", name), "creation_time": time}
            assert not (await client.provide(one_document(document(), unique_id=unique_id, **classed))).errors
    given = world.sharing.give(*named, recipient={"kind": "patient"}, **WINDOW)
    assert given.status_code == 201, given.text
    patient = signed_in(world)
    kinds = {}
    for speak in ("pl", "en"):
        listed = patient.get("/documents", **{"accept-language": speak}).json()["documents"]
        found = {each["uniqueId"]: each for each in listed}
        kinds[speak] = [found[each]["kind"] for each in named]
        times = [found[each]["created"] for each in named]
        assert times == ["2026-01-02T03:04:05Z", "2026-01-02", "2026", "2026-01-02T03:04:00Z"]
    polish = "Wynik badania laboratoryjnego"
    assert kinds["pl"] == [polish, polish, "Skierowanie do szpitala", "Notatka {x}"]
    english = "Laboratory result"
    assert kinds["en"] == [english, english, "Referral to a hospital", "Notatka {x}"]


async def test_a_revocation_ends_what_is_under_way(world: World) -> None:
    """The first octets came; the rest does not come after the revocation, and the record tells it."""
    unique_id, octets = new_oid(), secrets.token_bytes(32 * 1024**2)
    async with connected(world.sharing.owner) as client:
        submission = one_document(octets, unique_id=unique_id, mime_type="application/pdf")
        assert not (await client.provide(submission)).errors
    given = world.sharing.give(unique_id, recipient={"kind": "patient"}, **WINDOW).json()["id"]
    patient = signed_in(world)
    received = 0
    url = f"{world.url}/portal/api{path_of(world, unique_id, 'content')}"
    with patient.http.stream("GET", url) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-disposition"] == 'attachment; filename="dokument.pdf"'
        with contextlib.suppress(httpx.RemoteProtocolError, httpx.ReadError):
            for piece in answer.iter_raw(64 * 1024):
                if not received:
                    assert world.sharing.revoke(given).json()["state"] == "revoked"
                received += len(piece)
    assert 0 < received < len(octets)
    assert patient.get(path_of(world, unique_id, "content")).status_code == 404
    assert unique_id not in patient.get("/documents").text
    events = world.sharing.rest("GET", "/audit?limit=500").json()["events"]
    told = [each for each in events if any(thing["id"] == unique_id for thing in each["things"])]
    assert {"shared-document", "consent-ended"} <= {each["transaction"] for each in told}
    opened = next(each for each in told if each["transaction"] == "shared-document")
    assert opened["who"]["user"].endswith(f":{PESEL}")


async def test_persons_see_what_others_share_with_them(world: World) -> None:
    """A document of another patient, shared with a person whom the same clinic has identified."""
    unique_id = new_oid()
    async with connected(world.sharing.owner) as client:
        assert not (await client.provide(one_document(document(), unique_id=unique_id))).errors
    recipient = {"kind": "person", "root": PATIENT.authority_oid, "extension": OTHER}
    assert world.sharing.give(unique_id, recipient=recipient, **WINDOW).status_code == 201
    person = signed_in(world, OTHER, "anna@poczta.example")
    assert [each["uniqueId"] for each in person.get("/documents").json()["documents"]] == [unique_id]
    # Who is known by another clinic alone sees nothing: the owner has not identified this person.
    assert world.invite(OTHER, "obcy@poczta.example", by=world.sharing.bystander).status_code == 201
    elsewhere = world.browser()
    elsewhere.sign_in(OTHER, "obcy@poczta.example")
    assert elsewhere.get("/documents").json()["documents"] == []
    assert elsewhere.get(path_of(world, unique_id, "page")).status_code == 404


async def test_a_patient_sees_who_has_looked(world: World, shared: tuple[str, str, bytes]) -> None:
    """One's own look and another organisation's with who acted there; of one's own documents alone."""
    unique_id, _, _ = shared
    reader = {"kind": "account", "account": READER}
    assert world.sharing.give(unique_id, recipient=reader, **WINDOW).status_code == 201
    assert world.sharing.retrieve(world.sharing.reader, unique_id).status_code == 200
    patient = signed_in(world)
    assert patient.get(path_of(world, unique_id, "page")).status_code == 200
    page = patient.get("/accesses?limit=1").json()
    rest = patient.get(f"/accesses?limit=500&before={page['next']}").json()["accesses"]
    found = [each for each in [*page["accesses"], *rest] if each["uniqueId"] == unique_id]
    assert [each["by"] for each in found] == ["you", "organisation"]
    assert found[1]["account"] == found[1]["organisation"] == READER
    assert not found[1]["emergency"]
    assert found[1]["professional"] == DOCTOR.id
    assert PESEL not in json.dumps([page, rest])
    other = signed_in(world, OTHER, "anna@poczta.example")
    assert unique_id not in other.get("/accesses").text


async def test_nothing_is_given_before_it_is_recorded(world: World, shared: tuple[str, str, bytes]) -> None:
    """Where the record cannot be written, no octet leaves."""
    unique_id, _, octets = shared
    patient = signed_in(world)
    with pytest.MonkeyPatch.context() as patch:

        def refuse(_job: object) -> None:
            raise ServiceStopping

        patch.setattr(world.office.cloud.writer, "submit", refuse)
        answer = patient.get(path_of(world, unique_id, "content"))
    assert (answer.status_code, answer.json()["code"]) == (503, "cloud.stopping")
    assert octets not in answer.content


async def test_what_is_no_document_for_a_page_can_be_saved(world: World) -> None:
    """A PDF is shown as itself, locked; octets of an unknown type are told of, and can be saved."""
    pdf, other = new_oid(), new_oid()
    async with connected(world.sharing.owner) as client:
        for unique_id, kind in ((pdf, "application/pdf"), (other, "application/octet-stream")):
            sent = one_document(b"%PDF-1.4 test", unique_id=unique_id, mime_type=kind)
            assert not (await client.provide(sent)).errors
    assert world.sharing.give(pdf, other, recipient={"kind": "patient"}, **WINDOW).status_code == 201
    patient = signed_in(world)
    page = patient.get(path_of(world, pdf, "page"))
    assert (page.status_code, page.content) == (200, b"%PDF-1.4 test")
    assert page.headers["content-security-policy"].startswith("sandbox")
    refused = patient.get(path_of(world, other, "page"))
    assert (refused.status_code, refused.json()["code"]) == (422, "portal.not-shown")
    assert patient.get(path_of(world, other, "files")).status_code == 200


async def test_signing_out_and_the_end_of_an_invitation_end_what_is_under_way(world: World) -> None:
    """The rest does not come to whom nobody vouches for any more, nor to a session that has ended."""
    unique_id, octets = new_oid(), secrets.token_bytes(16 * 1024**2)
    async with connected(world.sharing.owner) as client:
        submission = one_document(octets, unique_id=unique_id, mime_type="application/pdf")
        assert not (await client.provide(submission)).errors
    assert world.sharing.give(unique_id, recipient={"kind": "patient"}, **WINDOW).status_code == 201
    url = f"{world.url}/portal/api{path_of(world, unique_id, 'content')}"

    def cut_by(patient: Browser, end: Callable[[], httpx.Response]) -> int:
        received = 0
        with (
            patient.http.stream("GET", url) as answer,
            contextlib.suppress(httpx.RemoteProtocolError, httpx.ReadError),
        ):
            for piece in answer.iter_raw(64 * 1024):
                if not received:
                    assert end().status_code == 200
                received += len(piece)
        return received

    patient, other = signed_in(world), world.browser()
    other.sign_in(PESEL)
    assert 0 < cut_by(patient, lambda: other.delete("/sessions")) < len(octets)
    patient = world.browser()
    patient.sign_in(PESEL)

    def hours_pass() -> httpx.Response:
        world.later(hours=9)
        return patient.http.get(f"{world.url}/health")

    assert 0 < cut_by(patient, hours_pass) < len(octets)
    link = world.invite(PESEL).json()["id"]
    patient = world.browser()
    patient.sign_in(PESEL)
    assert 0 < cut_by(patient, lambda: world.remove(link)) < len(octets)
