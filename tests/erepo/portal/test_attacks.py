"""Somebody from the street, a hostile patient, and a clinic that means ill, against the patients' side."""

import asyncio
import ipaddress
import secrets
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

import pytest

from erepo.cloud.budget import FairBudget
from erepo.cloud.patients.links import MOST_A_DAY
from erepo.cloud.web import door
from erepo.identifiers import CX
from erepo.identifiers.oids import PESEL as PESEL_ROOT
from erepo.portal import files
from erepo.portal.errors import CodeRefused, TooMany
from erepo.portal.signing_in import ask, sign_in
from erepo.serving import BoundedProtocol
from tests.erepo.portal.test_documents import WINDOW, path_of, signed_in
from tests.support.cda_documents import document
from tests.support.cloud_client import connected, new_oid, one_document
from tests.support.portal import ADDRESS, OTHER, PESEL, STRANGER, World
from tests.support.waiting import until

#: Another number that nobody has.
FOURTH = "90090515836"
SITE = ipaddress.ip_network("2001:db8:7::/48")


@pytest.fixture(autouse=True)
def another_day(world: World) -> None:
    """Begin each test a day later: every window and lock is over."""
    world.later(days=1, seconds=1)


def asked(world: World, pesel: str, address: str) -> str:
    """Ask for a code from any address; return the challenge."""
    return asyncio.run(ask(world.office, CX(pesel, PESEL_ROOT), address)).challenge


def addresses(prefix: int) -> Iterator[str]:
    """Yield an address of each network of one site."""
    return (str(each[1]) for each in SITE.subnets(new_prefix=prefix))


def test_a_site_of_ipv6_is_no_crowd(world: World) -> None:
    """Who has 65,536 networks of IPv6 gets no more codes of a person than one visitor, of all a few more."""
    places = addresses(64)
    for _ in range(5):
        asked(world, STRANGER, next(places))
    with pytest.raises(TooMany):
        asked(world, STRANGER, next(places))
    asked(world, STRANGER, "2001:db8:8::1")
    world.later(minutes=15, seconds=1)
    world.office.settings.portal.asks = 2
    try:
        for pesel in (STRANGER, OTHER, PESEL, FOURTH) * 2:
            asked(world, pesel, next(places))
        with pytest.raises(TooMany):
            asked(world, FOURTH, next(places))
        asked(world, FOURTH, "2001:db8:8::1")
    finally:
        world.office.settings.portal.asks = 30


def test_wrong_codes_of_a_site_are_counted_together(world: World) -> None:
    """A guesser who changes the network with each try is stopped as one who stays."""
    places = addresses(64)
    world.office.settings.portal.failures = 1
    try:
        challenge = asked(world, STRANGER, next(places))
        for _ in range(4):
            with pytest.raises(CodeRefused):
                asyncio.run(sign_in(world.office, challenge, "00000000", "token", next(places)))
        with pytest.raises(TooMany):
            asyncio.run(sign_in(world.office, challenge, "00000000", "token", next(places)))
    finally:
        world.office.settings.portal.failures = 20


def test_nobodys_mailbox_is_filled_with_codes(world: World) -> None:
    """Sixty codes of one person in a day, however many networks ask and however long they wait."""
    sent = 0
    for quarter in range(4):
        for part in range(20):
            try:
                asked(world, STRANGER, f"198.51.{quarter}.{part}")
            except TooMany:
                continue
            sent += 1
        world.later(minutes=15, seconds=1)
    assert sent == 60
    world.later(days=1)
    asked(world, STRANGER, "198.51.100.1")


def test_a_clinic_fills_nobodys_mailbox(world: World) -> None:
    """Invitations of one account to one address have an end each day, whatever persons they name."""
    victim = "ofiara@poczta.example"
    people = [PESEL, OTHER, STRANGER, FOURTH]
    answers = [world.invite(people[turn % 4], victim).status_code for turn in range(MOST_A_DAY)]
    assert set(answers) == {201}
    refused = world.invite(PESEL, victim.replace("poczta", "POCZTA"))
    assert (refused.status_code, refused.json()["code"]) == (429, "patients.address-busy")
    assert world.invite(PESEL, ADDRESS).status_code == 201
    world.later(days=1, seconds=1)
    assert world.invite(PESEL, victim).status_code == 201


async def test_whoever_takes_nothing_fills_no_memory(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Zips that a patient does not take wait for room before they are made; other things are served."""
    monkeypatch.setattr(world.office.cloud.bodies, "_answers", FairBudget(8 * 1024**2, patience=0.5))
    unique_id, octets = new_oid(), secrets.token_bytes(8 * 1024**2)
    async with connected(world.sharing.owner) as client:
        submission = one_document(octets, unique_id=unique_id, mime_type="application/pdf")
        assert not (await client.provide(submission)).errors
    assert world.sharing.give(unique_id, recipient={"kind": "patient"}, **WINDOW).status_code == 201
    patient = signed_in(world)
    zipped = f"{world.url}/portal/api{path_of(world, unique_id, 'files')}"
    with patient.http.stream("GET", zipped) as idle:
        assert idle.status_code == 200
        refused = patient.get(path_of(world, unique_id, "files"))
        assert (refused.status_code, refused.json()["code"]) == (503, "cloud.busy")
        assert "retry-after" in refused.headers
        # What is sent as it is stored needs no room.
        assert patient.get(path_of(world, unique_id, "content")).content == octets
    until(lambda: patient.get(path_of(world, unique_id, "files")).status_code == 200)
    assert patient.get(path_of(world, unique_id, "page")).content == octets


async def test_whoever_wants_many_pages_waits_alone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a page of one patient is made, however many more they ask for, another one's is made and sent."""
    mine, theirs = document(title="<title>Wolny</title>"), document(title="<title>Szybki</title>")
    names = {}
    person = {"kind": "person", "root": PESEL_ROOT, "extension": OTHER}
    for pesel, octets, recipient in ((PESEL, mine, {"kind": "patient"}), (OTHER, theirs, person)):
        names[pesel] = new_oid()
        async with connected(world.sharing.owner) as client:
            assert not (await client.provide(one_document(octets, unique_id=names[pesel]))).errors
        assert world.sharing.give(names[pesel], recipient=recipient, **WINDOW).status_code == 201
    greedy, other = signed_in(world), signed_in(world, OTHER, "anna@poczta.example")
    gate, begun, real = threading.Event(), threading.Event(), files.page

    def slow(octets: bytes, *given: Any) -> files.Form:
        if octets == mine:
            begun.set()
            assert gate.wait(60)
        return real(octets, *given)

    monkeypatch.setattr(files, "page", slow)
    with ThreadPoolExecutor(6) as threads:
        waiting = [threads.submit(greedy.get, path_of(world, names[PESEL], "page")) for _ in range(6)]
        try:
            assert begun.wait(30)
            assert other.get(path_of(world, names[OTHER], "page")).status_code == 200
            assert not any(each.done() for each in waiting)
        finally:
            gate.set()
        assert [each.result().status_code for each in waiting] == [200] * 6


def test_handshakes_that_never_begin_keep_nobody_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a crowd that opens connections and says nothing the oldest are cut off."""
    monkeypatch.setattr(door, "MOST_ARRIVALS", 20)
    place = urlsplit(world.url)
    with ExitStack() as stack:
        mute = [
            stack.enter_context(socket.create_connection((place.hostname, place.port), 5)) for _ in range(30)
        ]
        assert world.browser().http.get(f"{world.url}/health").status_code == 200
        for each in mute[:10]:
            each.settimeout(door.HANDSHAKE_SECONDS / 2)
            assert each.recv(1) == b""


def test_connections_that_say_nothing_make_room(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where silent connections are all that there may be, whoever comes takes the place of the oldest."""
    plain = BoundedProtocol.connection_made

    def crowded(self: BoundedProtocol, transport: asyncio.Transport) -> None:
        self.limit_concurrency = 12
        plain(self, transport)

    monkeypatch.setattr(BoundedProtocol, "connection_made", crowded)
    place = urlsplit(world.url)
    with ExitStack() as stack:
        for _ in range(30):
            plain_socket = socket.create_connection((place.hostname, place.port), 5)
            stack.enter_context(world.trust.wrap_socket(plain_socket, server_hostname="127.0.0.1"))
        assert world.browser().http.get(f"{world.url}/health").status_code == 200


def test_another_scheme_is_another_site(world: World) -> None:
    """A page that somebody on the way put under our name, without TLS, changes nothing."""
    foreign = {"origin": world.url.replace("https", "http")}
    refused = world.browser().post("/sign-in", {"pesel": STRANGER}, **foreign)
    assert (refused.status_code, refused.json()["code"]) == (403, "portal.form-refused")
    own = world.browser().post("/sign-in", {"pesel": STRANGER}, origin=world.url)
    assert own.status_code == 202
