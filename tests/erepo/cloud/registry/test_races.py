"""Requests that exclude each other, at once: over one process, and over two on one database."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack

import pytest

from erepo.xds.responses import RegistryResponse
from erepo.xds.vocabulary import APPROVED, DEPRECATED, ResponseStatus, Xds
from erepo.xds.vocabulary import AssociationType as Kind
from tests.support.cloud import RunningCloud, second_process
from tests.support.cloud_client import CloudClient, connected
from tests.support.ports import free_port
from tests.support.registering import (
    Desk,
    entry,
    link,
    next_version,
    provided,
    refusals,
    registration,
    revised,
    to_status,
)

ROUNDS = 8


@pytest.fixture(params=[1, 2], ids=["one-process", "two-processes"])
async def clients(
    own_cloud: RunningCloud, request: pytest.FixtureRequest
) -> AsyncIterator[list[CloudClient]]:
    """Clients of one account, of one process or of two on one database."""
    own_cloud.start()
    async with AsyncExitStack() as stack:
        opened = [await stack.enter_async_context(connected(own_cloud.tenant))]
        if request.param == 2:
            other = stack.enter_context(second_process(own_cloud, free_port()))
            opened.append(await stack.enter_async_context(connected(other)))
        yield opened


def codes(answers: Sequence[RegistryResponse]) -> Counter[str]:
    """Count Success and the codes of failures."""
    counted: Counter[str] = Counter()
    for answer in answers:
        counted.update({code for code, *_ in refusals(answer)} or {"Success"})
    return counted


async def test_of_replacements_at_once_exactly_one_succeeds(clients: list[CloudClient]) -> None:
    """Round after round: one Success, the others find the target deprecated, one replacement is there."""
    desk = Desk(clients[0])
    for _ in range(ROUNDS):
        old, new = await desk.document(), [entry() for _ in range(4)]
        kinds = (Kind.REPLACE, Kind.TRANSFORM_REPLACE)
        given = [
            registration(one, link(kinds[place % 2], one.entry_uuid, old.entry_uuid))
            for place, one in enumerate(new)
        ]
        answers = await asyncio.gather(
            *(
                client.provide(provided(one)) if place < 2 else client.register(one)
                for place, (one, client) in enumerate(zip(given, clients * 4, strict=False))
            )
        )
        assert codes(answers) == {"Success": 1, Xds.DEPRECATED_DOCUMENT: 3}
        assert sorted(await desk.status(*new)) == ["approved", "gone", "gone", "gone"]
        assert await desk.status(old) == ["deprecated"]


async def test_one_submission_a_hundred_times_at_once_is_stored_once(clients: list[CloudClient]) -> None:
    """Of a hundred freshly signed copies one is stored; the others name the duplicate."""
    old = await Desk(clients[0]).document()
    plain, addendum = entry(), entry()
    adding = link(Kind.APPEND, addendum.entry_uuid, old.entry_uuid)
    for given in (registration(plain), registration(addendum, adding)):
        answers = await asyncio.gather(
            *(clients[place % len(clients)].provide(provided(given)) for place in range(100))
        )
        statuses = Counter(answer.status for answer in answers)
        assert statuses == {ResponseStatus.SUCCESS: 1, ResponseStatus.FAILURE: 99}
        assert codes(answers)[Xds.DUPLICATE_UNIQUE_ID] == 99
        found = (await Desk(clients[-1]).submission(given)).documents
        assert len(found) == len(given.documents)


async def test_of_new_versions_at_once_exactly_one_succeeds(clients: list[CloudClient]) -> None:
    """Updates that believe in the same latest version: one wins, versions stay unique."""
    desk = Desk(clients[0])
    first = await desk.document()
    for previous in range(1, ROUNDS):
        new = [revised(first, title=f"{place}") for place in range(4)]
        answers = await asyncio.gather(
            *(
                client.update(next_version(one, previous))
                for one, client in zip(new, clients * 4, strict=False)
            )
        )
        assert codes(answers) == {"Success": 1, Xds.METADATA_VERSION: 3}
        found = (await desk.found([one.entry_uuid for one in new])).documents
        assert [(one.version, one.status) for one in found] == [(previous + 1, APPROVED)]


async def test_removal_against_replacement(clients: list[CloudClient]) -> None:
    """Whichever is first, nothing points at what is gone: the other is told why it cannot be."""
    desk = Desk(clients[0])
    outcomes: Counter[str] = Counter()
    for turn in range(ROUNDS):
        old, new = await desk.document(), entry()
        links = await desk.links(old.entry_uuid)
        ids = [old.entry_uuid, *(each.entry_uuid for each in links), *(each.source for each in links)]
        given = registration(new, link(Kind.REPLACE, new.entry_uuid, old.entry_uuid))
        work = [clients[0].remove_objects(*ids), clients[-1].register(given)]
        removed, replaced = await asyncio.gather(*(work if turn % 2 else work[::-1]))
        if not turn % 2:
            removed, replaced = replaced, removed
        outcomes.update(codes([removed, replaced]))
        if removed.status == ResponseStatus.SUCCESS:
            assert codes([replaced]) == {Xds.UNRESOLVED_REFERENCE: 1}
            assert await desk.status(old, new) == ["gone", "gone"]
        else:
            assert codes([removed]) == {Xds.REFERENCES_EXIST: 1}
            assert await desk.status(old, new) == ["deprecated", "approved"]
    assert outcomes["Success"] == ROUNDS


async def test_deprecation_against_replacement(clients: list[CloudClient]) -> None:
    """A change of status and a replacement of one document never leave both Approved."""
    desk = Desk(clients[0])
    for _ in range(ROUNDS):
        old, new = await desk.document(), entry()
        given = registration(new, link(Kind.REPLACE, new.entry_uuid, old.entry_uuid))
        answers = await asyncio.gather(
            clients[-1].update(to_status(old.entry_uuid, APPROVED, DEPRECATED)), clients[0].register(given)
        )
        assert codes(answers)["Success"] == 1
        assert await desk.status(old) == ["deprecated"]
