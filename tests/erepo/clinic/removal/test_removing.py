"""Removing documents from the real service: closed sets, chains, crashes, lost answers."""

import asyncio
import contextlib
import itertools
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from erepo.clinic.removal import RemoteDocument, RemovalUnconfirmed, RepositoryDiffers, remove_remote
from erepo.errors import OutcomeUnknown, RetryableError
from erepo.identifiers.hl7 import CX
from erepo.xds.errors import RegistryError
from erepo.xds.iti43 import DocumentRequest
from erepo.xds.responses import XdsRefused
from erepo.xds.vocabulary import AssociationType as Kind
from tests.support.cutting_proxy import Cut, CuttingProxy
from tests.support.registering import entry, folder, good, link, member, next_version, revised
from tests.support.removal_world import World, connection_to


class Crash(BaseException):
    """The process ends here."""


async def test_documents_of_several_patients_go_with_their_submissions(world: World) -> None:
    """One call for many patients; submission sets that are left empty go too, and all comes in again."""
    patients = [CX(number, "2.16.840.1.113883.3.4424.1.1.616") for number in ("80051212357", "44051401359")]
    stored = []
    for patient in patients:
        one, two = entry(patient_id=patient), entry(patient_id=patient)
        stored += await world.store(one, two, patient_id=patient)
    done = await remove_remote(world.cloud, world.wanted(*stored))
    assert (done.gone, done.failed) == ({one.unique_id for one in stored}, {})
    await world.assert_gone(*stored)
    await world.store(stored[0], patient_id=patients[0])
    assert await world.desk.status(stored[0]) == ["approved"]


async def test_neighbours_of_the_same_submission_stay(world: World) -> None:
    """A submission set goes with its last document, not before."""
    one, two = await world.store(entry(), entry())
    done = await remove_remote(world.cloud, world.wanted(one))
    assert done.gone == {one.unique_id}
    assert await world.desk.status(one, two) == ["gone", "approved"]
    assert len((await world.desk.client.retrieve(two.unique_id)).documents) == 1
    await remove_remote(world.cloud, world.wanted(two))
    await world.assert_gone(one, two)


async def test_a_document_that_is_not_there_counts_as_removed(world: World) -> None:
    """Gone altogether, or gone from the registry alone: the same call ends well, again and again."""
    [one], [two] = await world.store(entry()), await world.store(entry())
    links = {each.entry_uuid for each in await world.desk.links(one.entry_uuid)}
    (own,) = {each.source for each in await world.desk.links(one.entry_uuid)}
    good(await world.desk.client.remove_objects(one.entry_uuid, own, *links))
    for _ in range(2):
        done = await remove_remote(world.cloud, world.wanted(one, two, entry()))
        assert (len(done.gone), done.failed) == (3, {})
    await world.assert_gone(one, two)


@pytest.mark.parametrize("which", ["old", "new", "both"])
async def test_a_replaced_document_and_its_replacement(world: World, which: str) -> None:
    """Either goes alone with the association between them; the other stays as it was."""
    [old] = await world.store(entry())
    new = entry()
    await world.store(new, link(Kind.REPLACE, new.entry_uuid, old.entry_uuid))
    assert await world.desk.status(old, new) == ["deprecated", "approved"]
    going = {"old": [old], "new": [new], "both": [old, new]}[which]
    await remove_remote(world.cloud, world.wanted(*going))
    await world.assert_gone(*going)
    left = [one for one in (old, new) if one not in going]
    assert await world.desk.status(*left) == {"old": ["approved"], "new": ["deprecated"], "both": []}[which]


async def test_the_middle_of_a_chain_goes_alone(world: World) -> None:
    """Both of its associations go with it."""
    [first] = await world.store(entry())
    second, third = entry(), entry()
    await world.store(second, link(Kind.REPLACE, second.entry_uuid, first.entry_uuid))
    await world.store(third, link(Kind.REPLACE, third.entry_uuid, second.entry_uuid))
    await remove_remote(world.cloud, world.wanted(second))
    assert await world.desk.status(first, second, third) == ["deprecated", "gone", "approved"]
    await remove_remote(world.cloud, world.wanted(first, third))
    await world.assert_gone(first, second, third)


async def test_a_folder_stays_when_its_documents_go(world: World) -> None:
    """Its submission set holds it, empty as it is; memberships of memberships go."""
    kept, one, two = folder(), entry(), entry()
    await world.store(kept, one, two, *(member(kept.entry_uuid, each.entry_uuid) for each in (one, two)))
    await remove_remote(world.cloud, world.wanted(one, two))
    await world.assert_gone(one, two)
    assert (await world.desk.folder(kept))[1] == set()


async def test_all_versions_of_an_entry_go(world: World) -> None:
    """An entry whose metadata were corrected has several versions; also those nobody told the clinic of."""
    [one] = await world.store(entry())
    newer = revised(one, title="Poprawiony", repository_unique_id=world.cloud.repository_unique_id)
    good(await world.desk.client.update(next_version(newer, 1)))
    assert await world.desk.status(one, newer) == ["deprecated", "approved"]
    done = await remove_remote(world.cloud, world.wanted(one))
    assert done.gone == {one.unique_id}
    await world.assert_gone(one, newer)


async def test_an_entry_of_another_repository_stays(world: World) -> None:
    """The same uniqueId registered for another repository is not ours to remove."""
    [one] = await world.store(entry())
    theirs = entry(unique_id=one.unique_id)
    await world.desk.register(theirs)
    done = await remove_remote(world.cloud, world.wanted(one, known=False))
    assert done.gone == {one.unique_id}
    assert await world.desk.status(one, theirs) == ["gone", "approved"]


async def test_a_document_of_another_repository_is_refused_alone(world: World) -> None:
    """Nothing is asked about it; the others go."""
    [one] = await world.store(entry())
    strange = RemoteDocument("1.2.3", "1.2.3.4")
    done = await remove_remote(world.cloud, [strange, *world.wanted(one)])
    assert done.gone == {one.unique_id}
    assert isinstance(done.failed["1.2.3"], RepositoryDiffers)


async def test_two_removals_of_the_same_submission_at_once(world: World) -> None:
    """Whoever comes second builds the set anew; both end well, and so do two of the same document."""
    stored = await world.store(*(entry() for _ in range(12)))
    halves = [stored[:8], stored[4:]]
    done = await asyncio.gather(*(remove_remote(world.cloud, world.wanted(*half)) for half in halves))
    assert [one.failed for one in done] == [{}, {}]
    await world.assert_gone(*stored)


async def test_a_refusal_meets_only_its_own_document(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Documents asked for together are tried apart when the service refuses them together."""
    stored = await world.store(*(entry() for _ in range(5)))
    bad = stored[3].entry_uuid
    real = world.cloud.remove_metadata

    async def remove_metadata(ids: Sequence[str]) -> None:
        if bad in ids:
            raise XdsRefused([RegistryError("LocalPolicyRestrictionError", "", location=bad)])
        await real(ids)

    monkeypatch.setattr(world.cloud, "remove_metadata", remove_metadata)
    done = await remove_remote(world.cloud, world.wanted(*stored))
    assert set(done.failed) == {stored[3].unique_id}
    assert await world.desk.status(*stored) == ["gone"] * 3 + ["approved", "gone"]


async def test_a_service_that_only_says_so_is_found_out(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Success without effect is no removal."""
    [one] = await world.store(entry())

    async def nothing(requests: Sequence[DocumentRequest]) -> None:
        assert requests

    monkeypatch.setattr(world.cloud, "remove_documents", nothing)
    with pytest.raises(RemovalUnconfirmed):
        await remove_remote(world.cloud, world.wanted(one))


_STEPS = ("query", "remove_metadata", "remove_documents", "retrieve")


def _fail_at(
    world: World, moment: int, error: type[BaseException], when: str, patch: Any
) -> Callable[[], bool]:
    """Let the `moment`-th message to the service fail, before or after it had its effect."""
    counter = itertools.count(1)
    failed = False

    def wrap(real: Any) -> Any:
        async def step(*values: Any) -> Any:
            nonlocal failed
            due = next(counter) == moment
            failed = failed or due
            if due and when == "before":
                raise error
            result = await real(*values)
            if due:
                raise error
            return result

        return step

    for name in _STEPS:
        patch.setattr(world.cloud, name, wrap(getattr(world.cloud, name)))
    return lambda: failed


@pytest.mark.parametrize("error", [Crash, OutcomeUnknown])
@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_failure_at_any_message_is_made_good_by_the_next_call(
    world: World, when: str, error: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    """For k = 1, 2, …: end at the k-th message, crash again in the recovery, and call a third time."""
    for moment in itertools.count(1):
        [old] = await world.store(entry())
        new = entry()
        await world.store(new, entry(), link(Kind.REPLACE, new.entry_uuid, old.entry_uuid))
        failed = []
        for again in (moment, max(1, moment // 2)):
            with monkeypatch.context() as patch:
                has_failed = _fail_at(world, again, error, when, patch)
                try:
                    await remove_remote(world.cloud, world.wanted(old, new))
                except error:
                    assert has_failed()
                failed.append(has_failed())
        done = await remove_remote(world.cloud, world.wanted(old, new))
        assert (len(done.gone), done.failed) == (2, {})
        await world.assert_gone(old, new)
        if not failed[0]:
            break
    assert moment > 6


@pytest.mark.parametrize("cut", [Cut.MID_REQUEST, Cut.BEFORE_ANSWER])
async def test_a_line_that_is_cut_at_any_place_loses_nothing(world: World, cut: Cut) -> None:
    """The line breaks a little later each time, until a call passes; the next call makes it good."""
    port = int(world.tenant.registry.split(":")[2].split("/")[0])
    for octets in itertools.count(8_000, 9_000):
        stored = await world.store(*(entry() for _ in range(3)))
        async with CuttingProxy(port, lambda _: cut, octets=octets) as proxy:
            with contextlib.suppress(RetryableError):
                async with connection_to(world.tenant, proxy.port) as cloud:
                    await remove_remote(cloud, world.wanted(*stored))
        done = await remove_remote(world.cloud, world.wanted(*stored))
        assert (len(done.gone), done.failed) == (3, {})
        await world.assert_gone(*stored)
        if not proxy.cuts:
            break
    assert octets > 30_000
