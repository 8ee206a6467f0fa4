"""Removing metadata over the wire: closed sets, whole or not at all (ITI-62)."""

from collections.abc import AsyncIterator

import pytest

from erepo.xds.model import new_entry_uuid
from erepo.xds.vocabulary import AssociationType as Kind
from erepo.xds.vocabulary import Xds
from tests.support.cloud import RunningCloud
from tests.support.cloud_client import CloudClient, connected
from tests.support.registering import Desk, entry, good, link, member, provided, refusals, registration


@pytest.fixture
async def desk(client: CloudClient) -> AsyncIterator[Desk]:
    """A desk of the first account."""
    return Desk(client)


async def closed_set(desk: Desk, *objects: str) -> set[str]:
    """Return these objects with all their associations."""
    return {*objects, *(one.entry_uuid for one in await desk.links(*objects))}


async def test_a_closed_set_goes_and_its_document_stays(desk: Desk) -> None:
    """Submission set, document entry and membership go together; the octets stay until ITI-86."""
    one = entry()
    given = registration(one)
    good(await desk.client.provide(provided(given)))
    own = given.submission_set.entry_uuid
    good(await desk.client.remove_objects(*await closed_set(desk, own, one.entry_uuid)))
    assert await desk.status(one) == ["gone"]
    assert (await desk.submission(given)).submission_sets == ()
    assert len((await desk.client.retrieve(one.unique_id)).documents) == 1
    # Nothing is left that could collide.
    good(await desk.client.provide(provided(given)))


async def test_an_open_set_is_refused_and_nothing_goes(desk: Desk) -> None:
    """An association that would point at nothing, and an object that would hang on nothing, are named."""
    given = await desk.register(one := entry(), two := entry())
    own = given.submission_set.entry_uuid
    links = {each.target: each.entry_uuid for each in await desk.links(own)}
    found = refusals(await desk.client.remove_objects(one.entry_uuid))
    assert found == [(Xds.REFERENCES_EXIST, one.entry_uuid, one.entry_uuid)]
    found = refusals(await desk.client.remove_objects(links[one.entry_uuid]))
    assert found == [(Xds.UNREFERENCED_OBJECT, one.entry_uuid, one.entry_uuid)]
    everything = [*links.values(), one.entry_uuid, two.entry_uuid]
    assert refusals(await desk.client.remove_objects(*everything)) == [(Xds.UNREFERENCED_OBJECT, own, own)]
    good(await desk.client.remove_objects(one.entry_uuid, links[one.entry_uuid]))
    assert await desk.status(one, two) == ["gone", "approved"]
    found = refusals(await desk.client.remove_objects(own, links[two.entry_uuid]))
    assert found == [(Xds.UNREFERENCED_OBJECT, two.entry_uuid, two.entry_uuid)]


async def test_an_unknown_object_refuses_all(desk: Desk, cloud: RunningCloud) -> None:
    """Each id that is not there is named, another account's like one that never was."""
    one, nowhere = await desk.document(), new_entry_uuid()
    async with connected(cloud.add_tenant("0000000000007005")) as client:
        other = Desk(client)
        theirs = await other.document()
        ids = await closed_set(desk, one.entry_uuid)
        found = refusals(await desk.client.remove_objects(*ids, nowhere, theirs.entry_uuid))
        assert found == [(Xds.UNRESOLVED_REFERENCE, each, each) for each in (nowhere, theirs.entry_uuid)]
        assert await other.status(theirs) == ["approved"]
    assert await desk.status(one) == ["approved"]


async def test_a_relationship_holds_its_ends(desk: Desk) -> None:
    """A replaced document goes only with the association of its replacement, and then alone."""
    old, new = await desk.document(), entry()
    (first,) = [each.source for each in await desk.links(old.entry_uuid)]
    await desk.register(new, link(Kind.REPLACE, new.entry_uuid, old.entry_uuid))
    links = await desk.links(old.entry_uuid)
    membership, replacing = (
        next(each.entry_uuid for each in links if each.type == kind)
        for kind in (Kind.HAS_MEMBER, Kind.REPLACE)
    )
    found = refusals(await desk.client.remove_objects(old.entry_uuid, membership, first))
    assert found == [(Xds.REFERENCES_EXIST, old.entry_uuid, old.entry_uuid)]
    good(await desk.client.remove_objects(old.entry_uuid, membership, replacing, first))
    assert await desk.status(old, new) == ["gone", "approved"]


async def test_a_membership_of_a_folder_goes_alone(desk: Desk) -> None:
    """A document is taken out of a folder: both hang on their submission sets still."""
    kept, (inside,) = await desk.filed()
    links = {
        each.entry_uuid for each in await desk.links(inside.entry_uuid) if each.source == kept.entry_uuid
    }
    good(await desk.client.remove_objects(*links))
    assert (await desk.folder(kept))[1] == set()
    assert await desk.status(inside) == ["approved"]
    await desk.register(member(kept.entry_uuid, inside.entry_uuid))
    assert (await desk.folder(kept))[1] == {inside.entry_uuid}


async def test_a_removed_folder_takes_no_documents_with_it(desk: Desk) -> None:
    """Folder, its memberships and its own membership go; what lay in it stays."""
    kept, documents = await desk.filed(3)
    ids = await closed_set(desk, kept.entry_uuid)
    good(await desk.client.remove_objects(*ids))
    assert await desk.status(*documents) == ["approved"] * 3
