"""The door from within: what happens between SOZ's word and the record, and how the TLS layer tells names."""

import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import update

from erepo.cloud.errors import ServiceBusy
from erepo.cloud.outside.opening import MOST, MOST_OF_ONE
from erepo.cloud.service import Cloud
from erepo.cloud.storage.tables import p1_index, tenant
from erepo.cloud.web.app import build
from erepo.cloud.web.server import opened_context
from erepo.p1 import Decision
from erepo.pki import Authority, Bundle, new_key
from erepo.pki.keys import clear_key
from erepo.pki.pem import write_certificates
from erepo.pki.tls import client_context
from tests.support.audit import Record
from tests.support.foreign_provider import Message
from tests.support.national import Served
from tests.support.outside import OutsideWorld, content_of

pytestmark = [pytest.mark.one_store, pytest.mark.xdist_group("outside")]


async def send(world: OutsideWorld, served: Served, message: Message) -> httpx.Response:
    """Post a message of the reader to the application in this process."""
    tls = world.reader.provider.tls
    shown = {"fingerprint": tls.fingerprint, "certificate": tls.certificate.public_bytes(Encoding.DER)}
    application: Any = build(served.cloud)

    async def connected(scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        await application({**scope, "extensions": {"tls": shown}}, receive, send)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(connected)) as http:
        headers = {"content-type": message.content_type}
        return await http.post(message.address, content=message.octets, headers=headers)


async def test_what_is_withdrawn_meanwhile_is_not_given(
    world: OutsideWorld, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An index that is withdrawn after SOZ's Permit, or after the content was read, lets nothing out."""
    first, second = await world.documents(2)
    record.new()
    async with world.index.inside() as served:
        assert served.cloud.outside is not None
        deciders, decide = served.cloud.outside.deciders, served.cloud.outside.deciders.decide

        def withdrawing(*asked: Any) -> Mapping[str, Decision]:
            decided = decide(*asked)
            with served.cloud.database.everyone("a test", write=True) as connection:
                gone = update(p1_index).where(p1_index.c.unique_id == first)
                connection.execute(gone.values(state="withdrawn"))
            return decided

        monkeypatch.setattr(deciders, "decide", withdrawing)
        message = world.reader.message(world.address, world.repository, [first, second], mtom=True)
        answer = await send(world, served, message)
    assert answer.status_code == 200
    assert content_of(second) in answer.content
    assert content_of(first) not in answer.content
    things = {(each.kind, each.id) for each in record.one()[1].things}
    assert {("withheld", first), ("document", second)} <= things


async def test_an_account_that_is_closed_meanwhile_gives_nothing(
    world: OutsideWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The operator suspends it while SOZ is asked: Permit or not, nothing of it goes out."""
    (document,) = await world.documents()

    def set_state(state: str) -> None:
        with served.cloud.database.everyone("a test", write=True) as connection:
            mine = tenant.c.account == world.index.tenant.account
            connection.execute(update(tenant).where(mine).values(state=state))

    async with world.index.inside() as served:
        assert served.cloud.outside is not None
        deciders, decide = served.cloud.outside.deciders, served.cloud.outside.deciders.decide

        def closing(*asked: Any) -> Mapping[str, Decision]:
            decided = decide(*asked)
            set_state("suspended")
            return decided

        monkeypatch.setattr(deciders, "decide", closing)
        message = world.reader.message(world.address, world.repository, [document], mtom=True)
        try:
            answer = await send(world, served, message)
        finally:
            set_state("active")
    assert b"XDSDocumentUniqueIdError" in answer.content
    assert content_of(document) not in answer.content


async def test_requests_of_a_provider_are_bounded(world: OutsideWorld) -> None:
    """One provider has so many requests at once, all together so many: more are told to come later."""
    async with world.index.inside() as served:
        outside = served.cloud.outside
        assert outside is not None
        turns = [outside.turn("a") for _ in range(MOST_OF_ONE)]
        for each in turns:
            each.__enter__()
        with pytest.raises(ServiceBusy), outside.turn("a"):
            pass
        more = [outside.turn(f"{number}") for number in range(MOST - MOST_OF_ONE)]
        for each in more:
            each.__enter__()
        with pytest.raises(ServiceBusy), outside.turn("b"):
            pass
        for each in [*turns, *more]:
            each.__exit__(None, None, None)
        with outside.turn("a"):
            pass


@pytest.fixture
def named(world: OutsideWorld, tmp_path: Path) -> Iterator[tuple[ssl.SSLContext, bytes]]:
    """The context of a service whose door has a name and a certificate of its own; and who issued that."""
    authority, key = Authority.create("public"), new_key()
    certificate = authority.issue_server(key, ["edm.example"])
    (tmp_path / "door.pem").write_bytes(write_certificates([certificate]))
    (tmp_path / "door.key").write_bytes(clear_key(key))
    settings = world.index.cloud.settings
    changes = {
        "door_url": "https://edm.example",
        "door_certificate": tmp_path / "door.pem",
        "door_key": tmp_path / "door.key",
    }
    p1 = settings.p1.model_copy(update=changes)
    cloud = Cloud(settings.model_copy(update={"p1": p1}))
    yield opened_context(cloud), authority.pem
    cloud.close()


def subject(context: ssl.SSLContext, trust: bytes, own: Bundle, name: str) -> str:
    """Shake hands in memory and return what the server's certificate is called."""
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context(own, trust).wrap_bio(back, there, server_hostname=name)
    server = context.wrap_bio(there, back, server_side=True)
    waiting = [client.do_handshake, server.do_handshake]
    while waiting:
        for each in list(waiting):
            try:
                each()
            except ssl.SSLWantReadError:
                continue
            waiting.remove(each)
    found: Any = client.getpeercert()
    return str(found["subject"][0][0][1])


def test_the_door_may_have_a_name_of_its_own(
    world: OutsideWorld, named: tuple[ssl.SSLContext, bytes]
) -> None:
    """Who asks for it gets its certificate and needs one of P1's; by any other name nothing has changed."""
    context, public = named
    tenant, reader = world.index.tenant, world.reader.provider
    assert subject(context, public, reader.tls, "edm.example") == "edm.example"
    for own in (tenant.tls, reader.tls):
        assert subject(context, tenant.ca_pem, own, "localhost") != "edm.example"
    with pytest.raises(ssl.SSLError):
        subject(context, public, tenant.tls, "edm.example")
