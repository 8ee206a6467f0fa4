"""New versions, changes of status and further associations over the wire (ITI-57)."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from erepo.identifiers.hl7 import CX
from erepo.xds.iti57 import (
    new_association,
    new_version,
    status_change,
)
from erepo.xds.model import Code, new_entry_uuid
from erepo.xds.vocabulary import APPROVED, DEPRECATED, ON_DEMAND, Xds
from erepo.xds.vocabulary import AssociationType as Kind
from tests.support.cloud import RunningCloud
from tests.support.cloud_client import CloudClient, connected, new_oid
from tests.support.registering import (
    Desk,
    entry,
    folder,
    good,
    link,
    member,
    next_version,
    provided,
    refusals,
    registration,
    revised,
    submission_set,
    to_status,
    update,
)

STRANGER = CX("70032816894", "2.16.840.1.113883.3.4424.1.1.616")


@pytest.fixture
async def desk(client: CloudClient) -> AsyncIterator[Desk]:
    """A desk of the first account."""
    return Desk(client)


async def test_a_new_version_takes_the_place_of_the_one_before(desk: Desk) -> None:
    """Versions count up under one logical id; only the last is Approved, and all are returned."""
    first = await desk.document()
    second = revised(first, title="Karta poprawiona", class_code=Code("2", "1.2.3", "other"))
    third = revised(first, title="Karta jeszcze raz")
    good(await desk.client.update(next_version(second, 1)))
    good(await desk.client.update(next_version(third, 2)))
    ids = [first.entry_uuid, second.entry_uuid, third.entry_uuid]
    found = {one.entry_uuid: one for one in (await desk.found(ids)).documents}
    assert [found[name].version for name in ids] == [1, 2, 3]
    assert {one.lid for one in found.values()} == {first.entry_uuid}
    assert [found[name].status for name in ids] == [DEPRECATED, DEPRECATED, APPROVED]
    assert [found[name].title for name in ids] == [first.title, second.title, third.title]


async def test_a_new_version_belongs_to_its_own_submission(desk: Desk) -> None:
    """The update's submission set holds the new version."""
    first = await desk.document()
    given = next_version(revised(first), 1)
    good(await desk.client.update(given))
    contents = await desk.submission(given.submission_set)
    assert [(one.lid, one.version) for one in contents.documents] == [(first.entry_uuid, 2)]


async def test_a_new_version_inherits_folders_and_relationships(desk: Desk) -> None:
    """By default the associations of the previous version go to the new one too; with `no` they do not."""
    kept, (one, two) = await desk.filed(2)
    for old in (one, two):
        grown = entry()
        await desk.register(grown, link(Kind.APPEND, grown.entry_uuid, old.entry_uuid))
    inherits, does_not = revised(one), revised(two)
    good(await desk.client.update(next_version(inherits, 1)))
    good(await desk.client.update(next_version(does_not, 1, propagate=False)))
    members = (await desk.folder(kept))[1]
    assert inherits.entry_uuid in members
    assert does_not.entry_uuid not in members
    kinds = [each.type for each in await desk.links(inherits.entry_uuid)]
    assert sorted(kinds) == sorted([Kind.HAS_MEMBER, Kind.HAS_MEMBER, Kind.APPEND])
    assert [each.type for each in await desk.links(does_not.entry_uuid)] == [Kind.HAS_MEMBER]


async def test_a_new_version_of_a_folder_keeps_its_documents(desk: Desk) -> None:
    """A folder's next version has the same uniqueId and members; the old one takes no document any more."""
    kept, (inside,) = await desk.filed()
    second = revised(kept, title="Teczka poprawiona")
    good(await desk.client.update(next_version(second, 1)))
    found, members = await desk.folder(second)
    assert (found.version, found.lid, found.unique_id) == (2, kept.entry_uuid, kept.unique_id)
    assert members == {inside.entry_uuid}
    one = entry()
    wrong = member(kept.entry_uuid, one.entry_uuid)
    assert refusals(await desk.client.register(registration(one, wrong))) == [
        (Xds.DEPRECATED_DOCUMENT, kept.entry_uuid, wrong.entry_uuid)
    ]
    await desk.register(one, member(second.entry_uuid, one.entry_uuid))


async def test_folder_and_document_may_get_new_versions_together(desk: Desk) -> None:
    """The new folder then holds the new document, and nothing old is filed anew."""
    kept, (inside,) = await desk.filed()
    new_folder, new_document = revised(kept), revised(inside)
    own = submission_set()
    good(
        await desk.client.update(
            update(own, new_version(own, new_folder, 1), new_version(own, new_document, 1))
        )
    )
    assert (await desk.folder(new_folder))[1] == {new_document.entry_uuid}
    assert (await desk.folder(kept))[1] == {inside.entry_uuid}


async def test_an_updated_document_is_still_given_out(desk: Desk) -> None:
    """The octets stay where they are."""
    one = entry()
    good(await desk.client.provide(provided(registration(one))))
    (stored,) = (await desk.found([one.entry_uuid])).documents
    good(await desk.client.update(next_version(revised(stored, title="Inny"), 1)))
    assert len((await desk.client.retrieve(one.unique_id)).documents) == 1


CHANGES: dict[str, tuple[dict[str, Any], Xds]] = {
    "hash": ({"hash": "0" * 40}, Xds.METADATA_UPDATE),
    "size": ({"size": 1}, Xds.METADATA_UPDATE),
    "repositoryUniqueId": ({"repository_unique_id": "1.2.3.9"}, Xds.METADATA_UPDATE),
    "uniqueId": ({"unique_id": "1.2.3.9.9"}, Xds.METADATA_UPDATE),
    "objectType": ({"object_type": ON_DEMAND}, Xds.METADATA_UPDATE),
    "patientId": ({"patient_id": STRANGER}, Xds.PATIENT_RECONCILIATION),
}


@pytest.mark.parametrize("name", CHANGES)
async def test_what_identifies_a_document_does_not_change(desk: Desk, name: str) -> None:
    """A new version with another identity is refused; the registered one stays as it is."""
    changes, code = CHANGES[name]
    first = await desk.document()
    second = revised(first, **changes)
    found = refusals(await desk.client.update(next_version(second, 1)))
    assert {each for each, *_ in found} == {code}
    assert {location for *_, location in found} == {second.entry_uuid}
    assert await desk.status(first, second) == ["approved", "gone"]


async def test_the_version_before_must_be_the_latest_and_approved(desk: Desk) -> None:
    """A wrong PreviousVersion or logical id is XDSMetadataVersionError; a deprecated one has no next."""
    first = await desk.document()
    second = revised(first)
    good(await desk.client.update(next_version(second, 1)))
    unknown = revised(entry())
    for one, previous in ((revised(first), 1), (revised(first), 3), (unknown, 1)):
        found = refusals(await desk.client.update(next_version(one, previous)))
        assert [(code, location) for code, _, location in found] == [(Xds.METADATA_VERSION, one.entry_uuid)]
    good(await desk.client.update(to_status(second.entry_uuid, APPROVED, DEPRECATED)))
    found = refusals(await desk.client.update(next_version(third := revised(first), 2)))
    assert [(code, location) for code, _, location in found] == [(Xds.METADATA_UPDATE, third.entry_uuid)]


async def test_two_new_versions_of_one_object_in_a_request_are_refused(desk: Desk) -> None:
    """Nothing would say which is the later."""
    first = await desk.document()
    own, one, two = submission_set(), revised(first), revised(first)
    answer = await desk.client.update(update(own, new_version(own, one, 1), new_version(own, two, 1)))
    assert Xds.METADATA_VERSION in {code for code, *_ in refusals(answer)}
    assert await desk.status(first, one, two) == ["approved", "gone", "gone"]


async def test_an_object_is_deprecated_and_approved_again(desk: Desk) -> None:
    """UpdateAvailabilityStatus works both ways on documents, folders and associations."""
    kept, (inside,) = await desk.filed()
    (filing,) = [one for one in await desk.links(inside.entry_uuid) if one.source == kept.entry_uuid]
    for name in (inside.entry_uuid, kept.entry_uuid, filing.entry_uuid):
        good(await desk.client.update(to_status(name, APPROVED, DEPRECATED)))
    assert await desk.status(inside) == ["deprecated"]
    assert (await desk.folder(kept))[0].status == DEPRECATED
    (after,) = [one for one in await desk.links(inside.entry_uuid) if one.source == kept.entry_uuid]
    assert after.status == DEPRECATED
    good(await desk.client.update(to_status(inside.entry_uuid, DEPRECATED, APPROVED)))
    assert await desk.status(inside) == ["approved"]


async def test_a_status_change_must_name_what_is(desk: Desk) -> None:
    """Wrong OriginalStatus, an unknown object, a submission set and an old version are refused."""
    first = await desk.document()
    second = revised(first)
    given = next_version(second, 1)
    good(await desk.client.update(given))
    nowhere = new_entry_uuid()
    vectors = [
        (to_status(second.entry_uuid, DEPRECATED, APPROVED), Xds.METADATA_UPDATE_OPERATION),
        (to_status(second.entry_uuid, APPROVED, APPROVED), Xds.METADATA_UPDATE_OPERATION),
        (to_status(nowhere, APPROVED, DEPRECATED), Xds.UNRESOLVED_REFERENCE),
        (to_status(given.submission_set.entry_uuid, APPROVED, DEPRECATED), Xds.METADATA_UPDATE_OPERATION),
        (to_status(first.entry_uuid, DEPRECATED, APPROVED), Xds.METADATA_VERSION),
    ]
    for each, code in vectors:
        found = refusals(await desk.client.update(each))
        locations = {one.association.entry_uuid for one in each.operations}  # type: ignore[union-attr]
        assert [(one, where in locations) for one, _, where in found] == [(code, True)]


@pytest.mark.parametrize("by", ["new", "old"])
async def test_a_new_version_may_be_deprecated_at_once(desk: Desk, by: str) -> None:
    """A status change of an object that gets a new version meanwhile is one of the new version."""
    first = await desk.document()
    own, second = submission_set(), revised(first)
    target = second.entry_uuid if by == "new" else first.entry_uuid
    wrong = status_change(own, target, DEPRECATED, APPROVED)
    found = refusals(await desk.client.update(update(own, new_version(own, second, 1), wrong)))
    assert [(code, where) for code, _, where in found] == [
        (Xds.METADATA_UPDATE, wrong.association.entry_uuid)
    ]
    right = status_change(own, target, APPROVED, DEPRECATED)
    good(await desk.client.update(update(own, new_version(own, second, 1), right)))
    assert await desk.status(first, second) == ["deprecated", "deprecated"]


async def test_a_replaced_document_is_not_approved_beside_its_replacement(desk: Desk) -> None:
    """Both would stand as current; when the replacement is deprecated first, it may be."""
    old, new = await desk.document(), entry()
    await desk.register(new, link(Kind.REPLACE, new.entry_uuid, old.entry_uuid))
    back = to_status(old.entry_uuid, DEPRECATED, APPROVED)
    assert [code for code, *_ in refusals(await desk.client.update(back))] == [Xds.METADATA_UPDATE]
    own = submission_set()
    swap = update(
        own,
        status_change(own, new.entry_uuid, APPROVED, DEPRECATED),
        status_change(own, old.entry_uuid, DEPRECATED, APPROVED),
    )
    good(await desk.client.update(swap))
    assert await desk.status(old, new) == ["approved", "deprecated"]


async def test_a_further_association_is_registered(desk: Desk) -> None:
    """SubmitAssociation links registered objects; a replacement deprecates its target here too."""
    (kept, _), one, two = await desk.filed(), await desk.document(), await desk.document()
    filing = member(kept.entry_uuid, one.entry_uuid)
    own = submission_set()
    good(await desk.client.update(update(own, new_association(own, filing))))
    assert one.entry_uuid in (await desk.folder(kept))[1]
    assert filing.entry_uuid in {each.target for each in await desk.links(own.entry_uuid)}
    replacing = link(Kind.REPLACE, two.entry_uuid, one.entry_uuid)
    own = submission_set()
    good(await desk.client.update(update(own, new_association(own, replacing))))
    assert await desk.status(one, two) == ["deprecated", "approved"]
    assert two.entry_uuid in (await desk.folder(kept))[1]
    again = link(Kind.REPLACE, (await desk.document()).entry_uuid, one.entry_uuid)
    own = submission_set()
    found = refusals(await desk.client.update(update(own, new_association(own, again))))
    assert found == [(Xds.DEPRECATED_DOCUMENT, one.entry_uuid, again.entry_uuid)]


async def test_a_further_association_needs_both_of_its_ends(desk: Desk) -> None:
    """An end that is not registered is UnresolvedReferenceException."""
    one, nowhere, own = await desk.document(), new_entry_uuid(), submission_set()
    wrong = link(Kind.APPEND, one.entry_uuid, nowhere)
    found = refusals(await desk.client.update(update(own, new_association(own, wrong))))
    assert found == [(Xds.UNRESOLVED_REFERENCE, nowhere, wrong.entry_uuid)]


async def test_an_update_happens_whole_or_not_at_all(desk: Desk) -> None:
    """One wrong operation undoes the others of its request."""
    one, two, own = await desk.document(), await desk.document(), submission_set()
    second = revised(one)
    given = update(own, new_version(own, second, 1), status_change(own, two.entry_uuid, DEPRECATED, APPROVED))
    assert refusals(await desk.client.update(given))
    assert await desk.status(one, second, two) == ["approved", "gone", "approved"]
    assert (await desk.submission(own)).submission_sets == ()


async def test_another_accounts_objects_cannot_be_updated(desk: Desk, cloud: RunningCloud) -> None:
    """They are answered like unknown ones."""
    async with connected(cloud.add_tenant("0000000000007004")) as client:
        other = Desk(client)
        theirs = await other.document()
        new = revised(theirs)
        found = refusals(await desk.client.update(next_version(new, 1)))
        assert [code for code, *_ in found] == [Xds.METADATA_VERSION]
        found = refusals(await desk.client.update(to_status(theirs.entry_uuid, APPROVED, DEPRECATED)))
        assert [code for code, *_ in found] == [Xds.UNRESOLVED_REFERENCE]
        assert await other.status(theirs) == ["approved"]


async def test_a_set_of_an_update_is_used_once(desk: Desk) -> None:
    """The uniqueId of an update's submission set must be new like any other's."""
    first = await desk.document()
    used = (await desk.register(folder(unique_id=new_oid()))).submission_set.unique_id
    own = submission_set(unique_id=used)
    found = refusals(await desk.client.update(update(own, new_version(own, revised(first), 1))))
    assert found == [(Xds.DUPLICATE_UNIQUE_ID, used, own.entry_uuid)]
