"""Sharing from a clinic on PostgreSQL: the same statements, another database."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import pytest

from erepo.clinic.sharing import ConsentState, deliver, order_revocation, settle, share
from erepo.clinic.sharing.listing import Search, count_standing, find, show
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
