"""The conformance suite of the port to a repository, run on the real service and on the eArchiwum."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from erepo.clinic.repository import Cloud
from erepo.content import MemoryContent, digest, read_all
from erepo.identifiers import CX, oids
from erepo.xds import iti18
from erepo.xds.errors import XdsRefused
from erepo.xds.iti18 import StoredQuery
from erepo.xds.iti41 import Submission
from erepo.xds.iti43 import DocumentRequest
from erepo.xds.iti57 import Update, new_association, status_change
from erepo.xds.model import Association, SubmissionSet, new_entry_uuid
from erepo.xds.queries import DOCUMENT_UNIQUE_ID, SET_UUID, QueryId
from erepo.xds.vocabulary import APPROVED, DEPRECATED, AssociationType
from tests.support import xds
from tests.support.clinic_side import new_clinic
from tests.support.cloud import RunningCloud, running_cloud
from tests.support.earchive import ArchiveDesk

pytestmark = pytest.mark.one_store


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    """One service for the module."""
    with running_cloud(tmp_path_factory.mktemp("service")) as running:
        yield running


@pytest.fixture(params=["cloud", "earchive"])
async def repository(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Cloud]:
    """Each adapter in turn, opened."""
    if request.param == "earchive":
        desk = ArchiveDesk(tmp_path)
        async with desk:
            yield desk.archive
        desk.close()
        return
    service = request.getfixturevalue("service")
    with new_clinic(tmp_path / "clinic", service.tenant) as clinic:
        async with clinic.connection() as connection:
            yield connection


def submission(*octets: bytes, patient: str = "80051212340") -> Submission:
    """Return a submission of fresh ids."""
    whose = CX(patient, oids.PESEL)
    entries = []
    for content in map(MemoryContent, octets):
        found = digest(content)
        entry = xds.document(
            new_entry_uuid(), oids.new_uuid_oid(), patient_id=whose, hash=found.sha1, size=found.size
        )
        entries.append((entry, content))
    own = xds.submission_set(entry_uuid=new_entry_uuid(), unique_id=oids.new_uuid_oid(), patient_id=whose)
    return Submission(own, tuple(entries))


def wanted(repository: Cloud, *submissions: Submission) -> list[DocumentRequest]:
    """Return requests for all documents of submissions."""
    names = [entry.unique_id for one in submissions for entry, _ in one.entries]
    return [DocumentRequest(repository.repository_unique_id, name) for name in names]


def codes(error: XdsRefused) -> set[str]:
    """Return the codes of a refusal."""
    return {str(one.code) for one in error.errors}


async def test_what_was_provided_is_found_and_given_back(repository: Cloud) -> None:
    """Both questions of archiving find it with hash and size; the octets come back as they were."""
    sent = submission(b"<a/>", b"<b/>" * 5000)
    await repository.provide(sent)
    by_set = await repository.query(
        iti18.get_submission_set_and_contents(unique_id=sent.submission_set.unique_id)
    )
    assert [one.unique_id for one in by_set.metadata.submission_sets] == [sent.submission_set.unique_id]
    assert len(by_set.metadata.associations) == 2
    names = [entry.unique_id for entry, _ in sent.entries]
    by_id = await repository.query(iti18.get_documents(unique_ids=names))
    for found in (by_set, by_id):
        listed = {one.unique_id: one for one in found.metadata.documents}
        for entry, content in sent.entries:
            one = listed[entry.unique_id]
            assert (one.hash, one.size, one.status) == (entry.hash, content.size, APPROVED)
            assert (one.title, one.repository_unique_id) == (entry.title, repository.repository_unique_id)
    got = await repository.retrieve(wanted(repository, sent))
    assert [read_all(one.content) for one in got.documents] == [read_all(one) for _, one in sent.entries]
    assert {one.mime_type for one in got.documents} == {"text/xml"}


async def test_what_is_not_there_is_not_found(repository: Cloud) -> None:
    """Unknown ids give empty answers to questions, and an error naming the id to a retrieval."""
    unknown = submission(b"x")
    assert not (await repository.query(iti18.get_documents(unique_ids=["1.2.3"]))).metadata.documents
    found = await repository.query(iti18.get_submission_set_and_contents(unique_id="1.2.3"))
    assert not found.metadata.submission_sets
    got = await repository.retrieve(wanted(repository, unknown))
    assert got.documents == ()
    assert [(one.code, one.location) for one in got.errors] == [
        ("XDSDocumentUniqueIdError", unknown.entries[0][0].unique_id)
    ]


async def test_a_submission_is_stored_once(repository: Cloud) -> None:
    """Sent again it is refused with the code that makes archiving ask."""
    sent = submission(b"once")
    await repository.provide(sent)
    with pytest.raises(XdsRefused) as caught:
        await repository.provide(sent)
    assert "XDSDuplicateUniqueIdInRegistry" in codes(caught.value)


async def test_the_same_document_in_another_submission_is_refused(repository: Cloud) -> None:
    """The entry's id is taken; nothing of the second submission is there."""
    first, second = submission(b"same"), submission(b"other", b"same")
    await repository.provide(first)
    again = replace(second, entries=(second.entries[0], first.entries[0]))
    with pytest.raises(XdsRefused) as caught:
        await repository.provide(again)
    assert "XDSRegistryMetadataError" in codes(caught.value)
    assert not (await repository.retrieve(wanted(repository, second))).documents


async def test_other_octets_under_the_same_id_are_refused(repository: Cloud) -> None:
    """By size and by hash; the same octets in a new entry are accepted."""
    first = submission(b"first")
    await repository.provide(first)
    name = first.entries[0][0].unique_id

    def again(octets: bytes) -> Submission:
        other = submission(octets)
        entry, content = other.entries[0]
        return replace(other, entries=((replace(entry, unique_id=name), content),))

    for octets, expected in ((b"longer than that", "XDSNonIdenticalSize"), (b"fIrst", "XDSNonIdenticalHash")):
        with pytest.raises(XdsRefused) as caught:
            await repository.provide(again(octets))
        assert expected in codes(caught.value)
    await repository.provide(again(b"first"))
    got = await repository.retrieve(wanted(repository, first))
    assert read_all(got.documents[0].content) == b"first"


async def test_metadata_that_lies_about_the_octets_is_refused(repository: Cloud) -> None:
    """A wrong hash or size never becomes an entry, and none of its submission's documents either."""
    good = submission(b"good", b"bad")
    entry, content = good.entries[1]
    for changed in (replace(entry, hash="0" * 40), replace(entry, size=1)):
        with pytest.raises(XdsRefused) as caught:
            await repository.provide(replace(good, entries=(good.entries[0], (changed, content))))
        assert codes(caught.value) == {"XDSRepositoryMetadataError"}
    assert not (await repository.retrieve(wanted(repository, good))).documents
    await repository.provide(good)


async def test_one_submission_has_one_patient(repository: Cloud) -> None:
    """A document of another patient refuses the whole; a question over two patients is refused."""
    one, other = submission(b"one"), submission(b"other", patient="44051401458")
    with pytest.raises(XdsRefused) as caught:
        await repository.provide(replace(one, entries=(*one.entries, *other.entries)))
    assert "XDSPatientIdDoesNotMatch" in codes(caught.value)
    await repository.provide(one)
    await repository.provide(other)
    names = [each.entries[0][0].unique_id for each in (one, other)]
    with pytest.raises(XdsRefused) as caught:
        await repository.query(iti18.get_documents(unique_ids=names))
    assert codes(caught.value) == {"XDSResultNotSinglePatient"}


async def test_a_replacement_deprecates_what_it_replaces(repository: Cloud) -> None:
    """RPLC: the former version stays readable and is no longer approved; it cannot be replaced twice."""
    first = submission(b"version 1")
    await repository.provide(first)
    target = first.entries[0][0].entry_uuid

    def replacing(octets: bytes) -> Submission:
        new = submission(octets)
        source = new.entries[0][0].entry_uuid
        link = Association(
            entry_uuid=new_entry_uuid(), type=AssociationType.REPLACE, source=source, target=target
        )
        return replace(new, associations=(link,))

    await repository.provide(replacing(b"version 2"))
    found = await repository.query(iti18.get_documents(entry_uuids=[target]))
    assert [one.status for one in found.metadata.documents] == [DEPRECATED]
    assert (await repository.retrieve(wanted(repository, first))).documents
    with pytest.raises(XdsRefused) as caught:
        await repository.provide(replacing(b"version 3"))
    assert "XDSRegistryDeprecatedDocumentError" in codes(caught.value)


def own_set(patient: str = "80051212340") -> SubmissionSet:
    """Return a submission set without documents, for an update."""
    return submission(patient=patient).submission_set


def replacing(own: SubmissionSet, newer: str, older: str) -> Update:
    """Return the update by which one registered document takes the place of another."""
    link = Association(entry_uuid=new_entry_uuid(), type=AssociationType.REPLACE, source=newer, target=older)
    return Update(own, (new_association(own, link),))


async def provided(repository: Cloud, *octets: bytes, patient: str = "80051212340") -> list[str]:
    """Provide documents, each in a submission of its own; return their entries."""
    sent = [submission(one, patient=patient) for one in octets]
    for one in sent:
        await repository.provide(one)
    return [one.entries[0][0].entry_uuid for one in sent]


async def statuses(repository: Cloud, entries: list[str]) -> list[str]:
    """Return the statuses of entries, in order."""
    found = (await repository.query(iti18.get_documents(entry_uuids=entries))).metadata.documents
    status = {one.entry_uuid: one.status for one in found}
    return [status[one] for one in entries]


async def test_a_replacement_may_be_registered_afterwards(repository: Cloud) -> None:
    """ITI-57, SubmitAssociation: as if it had come with the newer one; a second one is refused."""
    older, newer, other = await provided(repository, b"1", b"2", b"3")
    await repository.update(replacing(own_set(), newer, older))
    assert await statuses(repository, [older, newer, other]) == [DEPRECATED, APPROVED, APPROVED]
    found = await repository.query(iti18.get_documents_and_associations([older, newer]))
    links = [one for one in found.metadata.associations if one.type == AssociationType.REPLACE]
    assert [(one.source, one.target) for one in links] == [(newer, older)]
    with pytest.raises(XdsRefused) as caught:
        await repository.update(replacing(own_set(), other, older))
    assert codes(caught.value) == {"XDSRegistryDeprecatedDocumentError"}


async def test_a_status_is_changed_once(repository: Cloud) -> None:
    """ITI-57, UpdateAvailabilityStatus: deprecated, and what is not approved cannot be deprecated again."""
    [entry] = await provided(repository, b"status")
    for expected in (None, {"XDSMetadataUpdateOperationError"}):
        own = own_set()
        wanted_change = Update(own, (status_change(own, entry, APPROVED, DEPRECATED),))
        if expected is None:
            await repository.update(wanted_change)
            continue
        with pytest.raises(XdsRefused) as caught:
            await repository.update(wanted_change)
        assert codes(caught.value) == expected
    assert await statuses(repository, [entry]) == [DEPRECATED]


async def test_an_update_happens_whole_or_not_at_all(repository: Cloud) -> None:
    """A good change beside one of something unknown, or of another patient: nothing is changed."""
    older, newer = await provided(repository, b"older", b"newer")
    [stranger] = await provided(repository, b"stranger", patient="44051401458")
    for bad, expected in (
        (new_entry_uuid(), "UnresolvedReferenceException"),
        (stranger, "XDSPatientIdDoesNotMatch"),
    ):
        own = own_set()
        good = replacing(own, newer, older).operations
        wrong = replacing(own, newer, bad).operations
        with pytest.raises(XdsRefused) as caught:
            await repository.update(Update(own, (*good, *wrong)))
        assert expected in codes(caught.value)
        assert await statuses(repository, [older, newer]) == [APPROVED, APPROVED]


async def test_metadata_goes_as_a_closed_set_then_octets(repository: Cloud) -> None:
    """An entry that its submission still holds stays; the closed set goes, then the octets."""
    sent, kept = submission(b"going", b"going too"), submission(b"kept")
    await repository.provide(sent)
    await repository.provide(kept)
    own = sent.submission_set.entry_uuid
    query = StoredQuery(QueryId.GET_SUBMISSION_SET_AND_CONTENTS, {SET_UUID: ((own,),)})
    found = (await repository.query(query)).metadata
    entry, link = found.documents[0], found.associations[0]
    for part, expected in (
        ([entry.entry_uuid], "ReferencesExistException"),
        ([link.entry_uuid], "XDSUnreferencedObjectException"),
        ([new_entry_uuid()], "UnresolvedReferenceException"),
    ):
        with pytest.raises(XdsRefused) as caught:
            await repository.remove_metadata(part)
        assert codes(caught.value) == {expected}
    closed = [one.entry_uuid for one in (*found.documents, *found.associations)]
    await repository.remove_metadata([own, *closed])
    names = [one.unique_id for one, _ in sent.entries]
    assert not (await repository.query(iti18.get_documents(unique_ids=names))).metadata.documents
    await repository.remove_documents(wanted(repository, sent))
    assert not (await repository.retrieve(wanted(repository, sent))).documents
    with pytest.raises(XdsRefused) as caught:
        await repository.remove_documents([*wanted(repository, kept), *wanted(repository, sent)])
    assert codes(caught.value) == {"XDSDocumentUniqueIdError"}
    assert len((await repository.retrieve(wanted(repository, kept))).documents) == 1
    await repository.provide(sent)


async def test_documents_are_found_with_what_points_at_them(repository: Cloud) -> None:
    """Who removes an entry finds out what must go with it."""
    sent = submission(b"one", b"two")
    await repository.provide(sent)
    name = sent.entries[0][0].unique_id
    query = StoredQuery(QueryId.GET_DOCUMENTS_AND_ASSOCIATIONS, {DOCUMENT_UNIQUE_ID: ((name,),)})
    found = (await repository.query(query)).metadata
    assert [one.unique_id for one in found.documents] == [name]
    assert [one.source for one in found.associations] == [sent.submission_set.entry_uuid]
    asked = StoredQuery(QueryId.GET_SUBMISSION_SETS, {"$uuid": ((found.documents[0].entry_uuid,),)})
    sets = (await repository.query(asked)).metadata
    assert [one.entry_uuid for one in sets.submission_sets] == [sent.submission_set.entry_uuid]


async def test_questions_of_another_kind_are_refused(repository: Cloud) -> None:
    """A question that is not in the tables is refused with its code, never answered with nothing."""
    with pytest.raises(XdsRefused) as caught:
        await repository.query(StoredQuery("urn:uuid:00000000-0000-4000-8000-000000000000", {}))
    assert codes(caught.value) == {"XDSUnknownStoredQuery"}
