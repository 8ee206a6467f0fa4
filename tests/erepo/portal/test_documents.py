"""What is shared with a patient, and with nobody else."""

import io
import json
import zipfile
from urllib.parse import quote

import pytest

from tests.support.cda_documents import document
from tests.support.cloud_client import PATIENT, connected, new_oid, one_document
from tests.support.portal import ADDRESS, OTHER, PESEL, Browser, World

WINDOW = {"validFrom": "2020-01-01T00:00:00Z", "validUntil": "2099-01-01T00:00:00Z"}


@pytest.fixture
async def shared(world: World) -> tuple[str, str, bytes]:
    """A document of the owner that is shared with its patient: uniqueId, id of the consent, octets."""
    unique_id, octets = new_oid(), document()
    async with connected(world.sharing.owner) as client:
        assert not (await client.provide(one_document(octets, unique_id=unique_id))).errors
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
    assert other.get("/documents").json() == {"documents": []}
    for form in ("page", "content", "files"):
        refused = other.get(path_of(world, unique_id, form))
        unknown = other.get(path_of(world, new_oid(), form))
        assert refused.status_code == 404
        assert refused.content == unknown.content
