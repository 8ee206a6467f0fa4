"""Sharing from a clinic on PostgreSQL: the same statements, another database."""

import asyncio
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from erepo.clinic.sharing import ConsentState, Recipient, deliver, drafting, order_revocation, settle, share
from erepo.clinic.sharing.listing import Search, count_standing, find, history, show
from tests.support import postgres
from tests.support.sharing_desk import END, FROM, LOGIN, SharingDesk, sharing_desk

S = ConsentState


@pytest.fixture(scope="module")
def on_postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharingDesk]:
    """The desk of a module, its clinic on PostgreSQL."""
    folder = tmp_path_factory.mktemp("sharing")
    with postgres.database() as url, sharing_desk(folder, clinic_database_url=url) as desk:
        yield desk


@pytest.fixture
def desk(on_postgresql: SharingDesk) -> SharingDesk:
    """The desk, with its clocks at the beginning of the window."""
    on_postgresql.at(FROM)
    return on_postgresql


async def test_shared_settled_found_and_revoked(desk: SharingDesk) -> None:
    """Archived first, seen, listed; over by the clock, another revoked."""
    [shown] = desk.local(1)
    name = desk.draft([shown])
    assert (await desk.share(name)).state is S.ACTIVE
    assert desk.sees(shown)
    other, _ = await desk.given(2)
    with desk.clinic.database.read() as connection:
        assert {one.id for one in find(connection, Search(open=True), desk.moment)} == {name, other}
        assert count_standing(connection, desk.moment) == {S.ACTIVE: 2}
    assert show(desk.clinic.database, name, LOGIN, desk.moment).documents[0].id == shown
    assert (await desk.revoke(other)).state is S.REVOKED
    desk.at(END + timedelta(minutes=1))
    assert (await desk.settle()).expired == 1
    assert not desk.sees(shown)


def test_written_down_by_two_at_once_it_is_one_consent(
    desk: SharingDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both look before either has written: whoever comes second finds the first one's, and no fault."""
    [shown] = desk.local(1)
    meeting, write = threading.Barrier(2), drafting._write

    def together(*values: Any) -> None:
        if threading.get_ident() not in met:
            met.add(threading.get_ident())
            meeting.wait(30)
        write(*values)

    met = set[int]()
    monkeypatch.setattr(drafting, "_write", together)
    name = str(uuid.uuid4())
    wanted = drafting.Wanted([shown], Recipient.patient(), "2031-05-01", "2031-05-08", "Na wniosek")

    def one(_: int) -> str:
        return drafting.draft(desk.clinic.database, wanted, LOGIN, at=FROM, name=name)

    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(one, range(2))) == [name, name]
    with desk.clinic.database.read() as connection:
        assert [one.event for one in history(connection, name)] == ["consent_drafted"]


async def test_sent_by_two_and_revoked_by_a_third_at_once(desk: SharingDesk) -> None:
    """However they meet, the consent is revoked in the end, there and here, and nobody sees the document."""
    for _ in range(3):
        [shown] = desk.local(1)
        name = desk.draft([shown])
        async with desk.channel() as channel:  # one for all: opening it turns what tokens are for

            async def end(name: str = name) -> None:
                await asyncio.to_thread(order_revocation, desk.clinic.database, name, LOGIN, at=FROM)
                await deliver(channel, name)

            await asyncio.gather(share(channel, name, LOGIN), settle(channel), end(), return_exceptions=True)
        await desk.revoke(name)
        await desk.settle()
        assert desk.state(name) is S.REVOKED
        assert not desk.sees(shown)
