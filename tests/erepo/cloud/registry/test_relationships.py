"""Relationships and folders over the wire, in both transactions that register (ITI-41, ITI-42; TF-2 3.42)."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from erepo.xds.vocabulary import AssociationType as Kind
from erepo.xds.vocabulary import Xds
from tests.support.cloud_client import CloudClient
from tests.support.registering import (
    Desk,
    entry,
    folder,
    good,
    link,
    member,
    provided,
    refusals,
    registration,
)


@pytest.fixture
async def desk(client: CloudClient) -> AsyncIterator[Desk]:
    """A desk of the first account."""
    return Desk(client)


@pytest.mark.parametrize("provide", [True, False], ids=["41", "42"])
@pytest.mark.parametrize("kind", [Kind.REPLACE, Kind.TRANSFORM_REPLACE])
async def test_a_replacement_deprecates_what_it_replaces(desk: Desk, kind: Kind, provide: bool) -> None:
    """The target becomes Deprecated, the replacement is Approved, and the association tells of it."""
    old, new = await desk.document(), entry()
    given = registration(new, link(kind, new.entry_uuid, old.entry_uuid))
    answer = await (desk.client.provide(provided(given)) if provide else desk.client.register(given))
    good(answer)
    assert await desk.status(old, new) == ["deprecated", "approved"]
    links = (await desk.found([old.entry_uuid])).associations
    assert [(one.source, one.target) for one in links if one.type == kind] == [
        (new.entry_uuid, old.entry_uuid)
    ]


async def test_a_replacement_takes_what_grew_from_its_target_along(desk: Desk) -> None:
    """Transformations and addenda of the target, of any depth, become Deprecated; signatures do not."""
    old = await desk.document()
    chain = [old]
    for kind in (Kind.APPEND, Kind.TRANSFORM, Kind.APPEND):
        next_one = entry()
        await desk.register(next_one, link(kind, next_one.entry_uuid, chain[-1].entry_uuid))
        chain.append(next_one)
    signature = entry()
    await desk.register(signature, link(Kind.SIGNS, signature.entry_uuid, old.entry_uuid))
    new = entry()
    await desk.register(new, link(Kind.REPLACE, new.entry_uuid, old.entry_uuid))
    assert await desk.status(*chain) == ["deprecated"] * 4
    assert await desk.status(signature, new) == ["approved", "approved"]


async def test_a_replacement_takes_the_places_of_its_target(desk: Desk) -> None:
    """The replacement lies in the target's folders; its submission has those memberships."""
    kept, documents = await desk.filed()
    before = (await desk.folder(kept))[0].last_update_time
    await asyncio.sleep(1.1)
    new = entry()
    given = await desk.register(new, link(Kind.REPLACE, new.entry_uuid, documents[0].entry_uuid))
    after, members = await desk.folder(kept)
    assert members == {documents[0].entry_uuid, new.entry_uuid}
    assert after.last_update_time > before > "2026"
    filing = {one.entry_uuid for one in await desk.links(new.entry_uuid) if one.source == kept.entry_uuid}
    assert len(filing) == 1
    assert filing < {one.target for one in await desk.links(given.submission_set.entry_uuid)}


async def test_a_replacement_that_is_filed_already_is_not_filed_twice(desk: Desk) -> None:
    """A membership that the submission brings itself stays the only one."""
    kept, (old,) = await desk.filed()
    new = entry()
    await desk.register(
        new, link(Kind.REPLACE, new.entry_uuid, old.entry_uuid), member(kept.entry_uuid, new.entry_uuid)
    )
    links = (await desk.found([new.entry_uuid])).associations
    assert len([one for one in links if one.source == kept.entry_uuid]) == 1


async def test_a_document_goes_into_a_registered_folder(desk: Desk) -> None:
    """HasMember by reference files a registered or a new document, and the folder is updated now."""
    kept, _ = await desk.filed()
    before = (await desk.folder(kept))[0].last_update_time
    old, new = await desk.document(), entry()
    await asyncio.sleep(1.1)
    filing = member(kept.entry_uuid, old.entry_uuid)
    given = registration(filing, new, member(kept.entry_uuid, new.entry_uuid))
    own = given.submission_set.entry_uuid
    given = registration(
        *given.documents, *given.associations, member(own, filing.entry_uuid), entry_uuid=own
    )
    good(await desk.client.register(given))
    after, members = await desk.folder(kept)
    assert {old.entry_uuid, new.entry_uuid} < members
    assert after.last_update_time > before


async def test_folders_come_back_with_what_they_had(desk: Desk) -> None:
    """Codes, title and unknown slots of a folder are returned; lastUpdateTime is the registry's own."""
    given = folder(extra_slots={"urn:x:y": ("a", "b")}, comments="uwagi")
    await desk.register(given)
    found, members = await desk.folder(given)
    assert members == set()
    assert (found.codes, found.title, found.comments) == (given.codes, given.title, given.comments)
    assert found.extra_slots == given.extra_slots
    assert len(found.last_update_time) == 14
    assert found.last_update_time.startswith("20")
    assert found.last_update_time != given.last_update_time


async def test_symbols_of_associations_become_uuids(desk: Desk) -> None:
    """Ends that were symbols of the message are entryUUIDs afterwards, the others stay."""
    old, new = await desk.document(), entry(entry_uuid="Nowy")
    await desk.register(new, link(Kind.APPEND, "Nowy", old.entry_uuid, entry_uuid="Dopisek"))
    links = (await desk.found([old.entry_uuid])).associations
    (one,) = [each for each in links if each.type == Kind.APPEND]
    assert one.source.startswith("urn:uuid:")
    assert one.entry_uuid.startswith("urn:uuid:")
    assert one.target == old.entry_uuid


async def test_an_addendum_and_what_it_is_added_to_may_come_together(desk: Desk) -> None:
    """APND, XFRM and signs may point at a document of the same submission."""
    first, second, third = entry(), entry(), entry()
    await desk.register(
        *(first, second, third),
        link(Kind.APPEND, second.entry_uuid, first.entry_uuid),
        link(Kind.SIGNS, third.entry_uuid, first.entry_uuid),
    )
    assert await desk.status(first, second, third) == ["approved"] * 3


async def test_a_document_is_replaced_once(desk: Desk) -> None:
    """A second replacement finds a deprecated document, in a later submission and in the same."""
    old, new, late = await desk.document(), entry(), entry()
    both = registration(
        *(new, late),
        link(Kind.REPLACE, new.entry_uuid, old.entry_uuid),
        second := link(Kind.TRANSFORM_REPLACE, late.entry_uuid, old.entry_uuid),
    )
    expected = [(Xds.DEPRECATED_DOCUMENT, old.entry_uuid, second.entry_uuid)]
    assert refusals(await desk.client.register(both)) == expected
    await desk.register(new, link(Kind.REPLACE, new.entry_uuid, old.entry_uuid))
    again = link(Kind.REPLACE, late.entry_uuid, old.entry_uuid)
    answer = await desk.client.register(registration(late, again))
    assert refusals(answer) == [(Xds.DEPRECATED_DOCUMENT, old.entry_uuid, again.entry_uuid)]
    assert await desk.status(old, new, late) == ["deprecated", "approved", "gone"]


async def test_one_document_may_replace_two(desk: Desk) -> None:
    """A report that takes the place of two earlier ones deprecates both."""
    one, two, new = await desk.document(), await desk.document(), entry()
    links = [link(Kind.REPLACE, new.entry_uuid, old.entry_uuid) for old in (one, two)]
    await desk.register(new, *links)
    assert await desk.status(one, two, new) == ["deprecated", "deprecated", "approved"]
