"""Removing documents over the wire (ITI-86): octets, files and use go, metadata stays."""

import os
from collections.abc import AsyncIterator

import pytest

from erepo.content import read_all
from erepo.xds.vocabulary import Xds
from tests.support.cloud import RunningCloud
from tests.support.cloud_client import CloudClient, connected, new_oid
from tests.support.registering import Desk, entry, good, provided, refusals, registration

LARGE = 700_000


@pytest.fixture
async def desk(client: CloudClient) -> AsyncIterator[Desk]:
    """A desk of the first account."""
    return Desk(client)


@pytest.mark.parametrize("size", [0, 100, LARGE], ids=["empty", "row", "blob"])
async def test_a_removed_document_is_not_given_out_and_its_entry_stays(desk: Desk, size: int) -> None:
    """ITI-43 answers XDSDocumentUniqueIdError; the same octets may be provided again, others not."""
    octets = os.urandom(size)
    one = entry(hash="", size=None)
    good(await desk.client.provide(provided(registration(one), octets)))
    good(await desk.client.remove_documents(one.unique_id))
    gone = await desk.client.retrieve(one.unique_id)
    assert [(each.code, each.location) for each in gone.errors] == [(Xds.DOCUMENT_UNIQUE_ID, one.unique_id)]
    assert await desk.status(one) == ["approved"]
    other = registration(entry(unique_id=one.unique_id, hash="", size=None))
    wrong = {code for code, *_ in refusals(await desk.client.provide(provided(other, b"other octets")))}
    assert wrong == {Xds.NON_IDENTICAL_HASH, Xds.NON_IDENTICAL_SIZE}
    good(await desk.client.provide(provided(other, octets)))
    assert read_all((await desk.client.retrieve(one.unique_id)).documents[0].content) == octets


async def test_all_documents_of_a_request_go_or_none(desk: Desk) -> None:
    """Each document that is not there has its error, and the others stay."""
    one, missing = entry(), [new_oid(), new_oid()]
    good(await desk.client.provide(provided(registration(one))))
    found = refusals(await desk.client.remove_documents(one.unique_id, *missing))
    assert found == [(Xds.DOCUMENT_UNIQUE_ID, each, each) for each in missing]
    found = refusals(await desk.client.remove_documents(one.unique_id, repository="1.2.3"))
    assert found == [(Xds.UNKNOWN_REPOSITORY, "1.2.3", one.unique_id)]
    assert len((await desk.client.retrieve(one.unique_id)).documents) == 1
    good(await desk.client.remove_documents(one.unique_id, one.unique_id))


async def test_room_comes_free(cloud: RunningCloud) -> None:
    """What was removed no longer counts against the account's limits."""
    async with connected(
        cloud.add_tenant("0000000000008001", limit_documents=1, limit_bytes=LARGE)
    ) as client:
        for _ in range(3):
            one = entry(hash="", size=None)
            good(await client.provide(provided(registration(one), os.urandom(LARGE))))
            full = registration(entry(hash="", size=None))
            assert {code for code, *_ in refusals(await client.provide(provided(full)))} == {
                Xds.REPOSITORY_OUT_OF_RESOURCES
            }
            good(await client.remove_documents(one.unique_id))


async def test_another_accounts_document_is_not_there(desk: Desk, cloud: RunningCloud) -> None:
    """It is answered like one that never was, with its own repository's id and with ours."""
    async with connected(cloud.add_tenant("0000000000008002")) as client:
        one = entry()
        good(await client.provide(provided(registration(one))))
        found = refusals(await desk.client.remove_documents(one.unique_id))
        assert found == [(Xds.DOCUMENT_UNIQUE_ID, one.unique_id, one.unique_id)]
        theirs = str(client.tenant.facts["repositoryUniqueId"])
        found = refusals(await desk.client.remove_documents(one.unique_id, repository=theirs))
        assert found == [(Xds.UNKNOWN_REPOSITORY, theirs, one.unique_id)]
        assert len((await client.retrieve(one.unique_id)).documents) == 1
