"""Submitting, finding and retrieving documents over the real wire (ITI-41, ITI-18, ITI-43)."""

import hashlib
import os
import time
from dataclasses import replace
from typing import Any

import pytest
from lxml import etree

from erepo.cloud.registry.stamping import Facts, stamp
from erepo.content import MemoryContent, read_all
from erepo.identifiers.hl7 import CX, XCN, ReferenceId
from erepo.xds import iti18, iti41
from erepo.xds.iti43 import RetrieveResult
from erepo.xds.model import Author, Code
from erepo.xds.responses import RegistryResponse, read_registry_response
from erepo.xds.vocabulary import DEPRECATED, RIM, ResponseStatus, Xds
from tests.support.cloud import RunningCloud
from tests.support.cloud_client import CloudClient, make_entry, make_submission, new_oid, one_document

TEXT = b"<ClinicalDocument>za\xc5\xbc\xc3\xb3\xc5\x82\xc4\x87</ClinicalDocument>\n"
ON_DISK = 700_000  # does not fit into the database's row when it cannot be compressed


def codes(response: RegistryResponse | iti18.QueryResult | RetrieveResult) -> list[str]:
    """Return the error codes of an answer."""
    return [error.code for error in response.errors]


@pytest.mark.parametrize("mtom", [True, False], ids=["mtom", "inline"])
@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"x",
        TEXT,
        TEXT * 30_000,
        os.urandom(1000),
        os.urandom(ON_DISK),
        b"%PDF-1.7" + os.urandom(ON_DISK),
    ],
    ids=["empty", "one-byte", "text", "large-text", "dense", "large-dense", "large-pdf"],
)
async def test_octets_come_back_as_they_went(client: CloudClient, octets: bytes, mtom: bool) -> None:
    """Any octets, as MTOM or inline, are stored, found with hash and size, and returned equal."""
    submission = one_document(octets)
    unique_id = submission.entries[0][0].unique_id
    assert (await client.provide(submission, mtom=mtom)).status == ResponseStatus.SUCCESS
    result = await client.retrieve(unique_id)
    assert result.status == ResponseStatus.SUCCESS
    assert read_all(result.documents[0].content) == octets
    found = (await client.query(iti18.get_documents(unique_ids=[unique_id]))).metadata.documents[0]
    assert (found.hash, found.size) == (hashlib.sha1(octets).hexdigest(), len(octets))
    assert found.repository_unique_id == client.tenant.facts["repositoryUniqueId"]


async def test_metadata_comes_back_as_it_went(client: CloudClient) -> None:
    """Every attribute and unknown slot is returned; only what the registry owes is added."""
    entry = make_entry(
        entry_uuid="urn:uuid:5f6f2c1e-3a27-4c76-9d31-1f6a0d6f7a01",
        title='Zażółć & <gęślą> "jaźń"',
        comments="two\nlines",
        event_codes=(Code("E", "1.2.3", "event"), Code("F", "1.2.3", "other")),
        service_start="202601",
        service_stop="20260102",
        reference_ids=(ReferenceId("A1", "urn:ihe:iti:xds:2013:order", "1.2.3"),),
        extra_slots={"urn:extpl:SlotName:StorageCategory": ("B20",), "urn:x:y": ("a", "b")},
        legal_authenticator=XCN("3123456", "Nowak", "Jan"),
    )
    await client.provide(make_submission((entry, TEXT)))
    result = await client.query(iti18.get_documents(unique_ids=[entry.unique_id]))
    found = result.metadata.documents[0]
    added = {"hash": found.hash, "size": found.size, "repository_unique_id": found.repository_unique_id}
    kept = {"status": found.status, "lid": entry.entry_uuid, "version": 1}
    assert replace(entry, **added, **kept) == found  # type: ignore[arg-type]


async def test_symbolic_ids_become_uuids(client: CloudClient) -> None:
    """Objects sent with symbolic ids come back with entryUUIDs, and associations point at those."""
    submission = make_submission((make_entry(), b"a"), (make_entry(), b"b"))
    await client.provide(submission)
    unique_id = submission.submission_set.unique_id
    metadata = (await client.query(iti18.get_submission_set_and_contents(unique_id=unique_id))).metadata
    ids = {entry.entry_uuid for entry in metadata.documents}
    assert len(ids) == 2
    assert {association.target for association in metadata.associations} == ids
    assert {association.source for association in metadata.associations} == {
        metadata.submission_sets[0].entry_uuid
    }
    everything = [*metadata.documents, *metadata.associations, *metadata.submission_sets]
    assert all(each.entry_uuid.startswith("urn:uuid:") for each in everything)


async def test_a_submission_is_stored_once(client: CloudClient) -> None:
    """The same submission again is refused by its submission set's uniqueId and changes nothing."""
    submission = one_document(TEXT)
    await client.provide(submission)
    again = await client.provide(submission)
    assert again.status == ResponseStatus.FAILURE
    assert codes(again) == [Xds.DUPLICATE_UNIQUE_ID]


async def test_a_document_may_be_submitted_again_with_the_same_octets(client: CloudClient) -> None:
    """A known uniqueId with the same octets in another submission is accepted as a second entry."""
    unique_id = new_oid()
    await client.provide(one_document(TEXT, unique_id=unique_id))
    again = await client.provide(one_document(TEXT, unique_id=unique_id))
    assert again.status == ResponseStatus.SUCCESS
    found = await client.query(iti18.get_documents(unique_ids=[unique_id]))
    assert len(found.metadata.documents) == 2


async def test_a_known_unique_id_with_other_octets_is_refused(client: CloudClient) -> None:
    """Other octets under a known uniqueId end as XDSNonIdenticalHash; the first stay."""
    unique_id = new_oid()
    await client.provide(one_document(b"first", unique_id=unique_id))
    other = await client.provide(one_document(b"other", unique_id=unique_id))
    longer = await client.provide(one_document(b"longer than", unique_id=unique_id))
    assert codes(other) == [Xds.NON_IDENTICAL_HASH]
    assert codes(longer) == [Xds.NON_IDENTICAL_SIZE, Xds.NON_IDENTICAL_HASH]
    assert read_all((await client.retrieve(unique_id)).documents[0].content) == b"first"


@pytest.mark.parametrize(
    "wrong", [{"hash": "0" * 40}, {"size": 1}, {"hash": hashlib.sha1(b"other").hexdigest()}], ids=str
)
async def test_wrong_hash_or_size_is_refused(client: CloudClient, wrong: dict[str, object]) -> None:
    """Hash and size in the metadata are compared with the received octets."""
    submission = one_document(TEXT, **wrong)
    response = await client.provide(submission)
    assert codes(response) == [Xds.REPOSITORY_METADATA]
    assert (await client.retrieve(submission.entries[0][0].unique_id)).documents == ()


async def test_right_hash_and_size_are_accepted(client: CloudClient) -> None:
    """Correct values pass, in upper case too."""
    submission = one_document(TEXT, hash=hashlib.sha1(TEXT).hexdigest().upper(), size=len(TEXT))
    assert (await client.provide(submission)).status == ResponseStatus.SUCCESS


async def test_a_submission_is_atomic(client: CloudClient) -> None:
    """One wrong document refuses all of its submission; nothing of it can be seen."""
    good, bad = make_entry(), make_entry(size=1)
    response = await client.provide(make_submission((good, os.urandom(ON_DISK)), (bad, TEXT)))
    assert response.status == ResponseStatus.FAILURE
    assert response.errors[0].location == bad.entry_uuid
    found = await client.query(iti18.get_documents(unique_ids=[good.unique_id]))
    assert found.metadata.documents == ()
    assert codes(await client.retrieve(good.unique_id)) == [Xds.DOCUMENT_UNIQUE_ID]


async def test_objects_of_a_submission_must_fit_together(client: CloudClient) -> None:
    """What contradicts itself inside one submission is refused for good, with the code of its rule."""
    first, second = make_entry(), make_entry()
    stranger = CX("70032816894", "2.16.840.1.113883.3.4424.1.1.616")
    vectors = [
        (replace(second, unique_id=first.unique_id), Xds.REPOSITORY_DUPLICATE_IN_MESSAGE),
        (replace(second, patient_id=stranger), Xds.PATIENT_MISMATCH),
        (replace(second, service_start="20210302", service_stop="202102"), Xds.REGISTRY_METADATA),
        (replace(second, class_code=Code("c" * 300, "1.2.3", "long")), Xds.REGISTRY_METADATA),
    ]
    for wrong, code in vectors:
        assert codes(await client.provide(make_submission((first, TEXT), (wrong, TEXT)))) == [code]
    submission = make_submission((first, TEXT), (second, TEXT))
    own = submission.submission_set
    assert codes(
        await client.provide(replace(submission, submission_set=replace(own, unique_id=first.unique_id)))
    ) == [Xds.REPOSITORY_DUPLICATE_IN_MESSAGE]
    twins = tuple(replace(each, entry_uuid="twin") for each in submission.associations)
    assert codes(await client.provide(replace(submission, associations=twins))) == [Xds.REGISTRY_METADATA]
    assert (await client.provide(submission)).status == ResponseStatus.SUCCESS


async def test_a_document_outside_its_submission_set_is_refused(client: CloudClient) -> None:
    """A document that no HasMember ties to the submission set would be found by no question after it."""
    submission = one_document(TEXT)
    payload, attachments = iti41.write_request(submission)
    for element in list(payload.iter(f"{{{RIM}}}Association")):
        element.getparent().remove(element)  # type: ignore[union-attr]
    verified = await client.soap.call(
        client.tenant.repository, iti41.ACTION, payload, attachments, expect_action=iti41.RESPONSE_ACTION
    )
    answer = read_registry_response(verified.payload)
    assert answer.status == ResponseStatus.FAILURE
    assert Xds.REGISTRY_METADATA in codes(answer)


def test_many_loose_classifications_cost_their_number_and_not_its_square() -> None:
    """Twenty thousand classifications beside their object find their place in it at once."""
    submission = one_document(TEXT)
    payload, _ = iti41.write_request(submission)
    objects = next(payload.iter(f"{{{RIM}}}RegistryObjectList"))
    document = next(objects.iter(f"{{{RIM}}}ExtrinsicObject"))
    name = document.get("id", "")
    for _ in range(20_000):
        etree.SubElement(objects, f"{{{RIM}}}Classification", {"classifiedObject": name})
    started = time.process_time()
    stamp(objects, {name: Facts("0" * 40, len(TEXT), "1.2.3")})
    assert time.process_time() - started < 3
    tags = [etree.QName(child).localname for child in document]
    assert tags.count("Classification") > 20_000
    assert tags.index("ExternalIdentifier") == len(tags) - tags.count("ExternalIdentifier")


async def test_times_of_any_precision_meet_their_bounds(client: CloudClient) -> None:
    """`20260101` lies at `20260101000000`: not before it, and not after it."""
    patient = CX("44051401359", "2.16.840.1.113883.3.4424.1.1.616")
    entry = make_entry(patient=patient, creation_time="20260101")
    await client.provide(make_submission((entry, TEXT), patient=patient))
    bounds = {"From": ("2026", "20260101000000"), "To": ("20260101000001", "20260102")}
    misses = {"From": ("20260101000001", "20260102"), "To": ("2026", "20260101000000")}
    for expected, table in ((1, bounds), (0, misses)):
        for end, times in table.items():
            for moment in times:
                more: dict[str, Any] = {f"CreationTime{end}": (moment,)}
                asked = iti18.find_documents(patient, **more)
                assert len((await client.query(asked)).metadata.documents) == expected, (end, moment)


async def test_a_refused_large_document_leaves_no_file(client: CloudClient, cloud: RunningCloud) -> None:
    """The blob of a submission that the registry refuses is removed again."""
    submission = one_document(os.urandom(ON_DISK))
    await client.provide(submission)
    before = sorted(cloud.blobs.keys())
    await client.provide(submission)
    await client.provide(one_document(os.urandom(ON_DISK), unique_id=submission.entries[0][0].unique_id))
    assert sorted(cloud.blobs.keys()) == before


async def test_documents_missing_or_foreign_are_named(client: CloudClient) -> None:
    """ITI-43 returns what it has, and one error located by its uniqueId for each it has not."""
    submission = one_document(TEXT)
    unique_id = submission.entries[0][0].unique_id
    await client.provide(submission)
    some = await client.retrieve(unique_id, "1.2.3")
    assert some.status == ResponseStatus.PARTIAL
    assert [(error.code, error.location) for error in some.errors] == [(Xds.DOCUMENT_UNIQUE_ID, "1.2.3")]
    none = await client.retrieve(unique_id, repository="1.2.3.4")
    assert (none.status, codes(none)) == (ResponseStatus.FAILURE, [Xds.UNKNOWN_REPOSITORY])


async def test_find_documents_filters(client: CloudClient) -> None:
    """FindDocuments holds patient, status, codes, times and authors against the registry."""
    patient = CX("70032816894", "2.16.840.1.113883.3.4424.1.1.616")
    entry = make_entry(
        patient=patient,
        source_patient_id=patient,
        class_code=Code("C", "1.2", "c"),
        confidentiality=(Code("N", "1.3", "n"), Code("R", "1.3", "r")),
        creation_time="20260110",
        authors=(Author(person=XCN("8310830", "Kowalska", "Anna")),),
    )
    await client.provide(make_submission((entry, TEXT), patient=patient))

    async def found(**more: object) -> int:
        query = iti18.find_documents(patient, **more)  # type: ignore[arg-type]
        return len((await client.query(query)).metadata.documents)

    assert await found() == 1
    assert await found(statuses=[DEPRECATED]) == 0
    assert await found(ClassCode=["X^^1.2", "C^^1.2"]) == 1
    assert await found(ClassCode=["C^^1.9"]) == 0
    assert await found(ConfidentialityCode=["R^^1.3"]) == 1
    assert await found(ConfidentialityCode=["V^^1.3"]) == 0
    assert await found(CreationTimeFrom=["20260110"], CreationTimeTo=["20260111"]) == 1
    assert await found(CreationTimeFrom=["20260101"], CreationTimeTo=["20260110"]) == 0
    assert await found(ServiceStartTimeFrom=["20300101"]) == 1
    assert await found(AuthorPerson=["%Kowalska%"]) == 1
    assert await found(AuthorPerson=["%Nowak%"]) == 0


async def test_references_instead_of_metadata(client: CloudClient) -> None:
    """ObjectRef answers ids only, LeafClass the whole objects."""
    submission = one_document(TEXT)
    await client.provide(submission)
    query = iti18.get_documents(unique_ids=[submission.entries[0][0].unique_id], return_type=iti18.OBJECT_REF)
    result = await client.query(query)
    assert len(result.object_refs) == 1
    assert result.metadata.documents == ()


async def test_a_slice_over_several_patients_is_refused(client: CloudClient) -> None:
    """GetDocuments gives metadata of one patient at a time, references of any."""
    other = CX("02070803628", "2.16.840.1.113883.3.4424.1.1.616")
    one, two = make_entry(), make_entry(patient=other, source_patient_id=other)
    await client.provide(make_submission((one, TEXT)))
    await client.provide(make_submission((two, TEXT), patient=other))
    ids = [one.unique_id, two.unique_id]
    assert codes(await client.query(iti18.get_documents(unique_ids=ids))) == [Xds.RESULT_NOT_SINGLE_PATIENT]
    refs = await client.query(iti18.get_documents(unique_ids=ids, return_type=iti18.OBJECT_REF))
    assert len(refs.object_refs) == 2


async def test_an_unknown_submission_is_an_empty_success(client: CloudClient) -> None:
    """Asking for a submission that never arrived gives an empty Success."""
    result = await client.query(iti18.get_submission_set_and_contents(unique_id="1.2.3"))
    assert result.status == ResponseStatus.SUCCESS
    assert result.metadata.submission_sets == ()


async def test_other_stored_queries_are_told_apart(client: CloudClient) -> None:
    """A stored query that this registry does not answer is XDSUnknownStoredQuery."""
    query = iti18.StoredQuery("urn:uuid:00000000-0000-4000-8000-000000000000", {})
    assert codes(await client.query(query)) == [Xds.UNKNOWN_QUERY]


async def test_fifty_documents_in_one_submission(client: CloudClient) -> None:
    """A submission of many documents of one patient is stored as one."""
    documents = [(make_entry(), f"document {number}".encode()) for number in range(50)]
    assert (await client.provide(make_submission(*documents))).status == ResponseStatus.SUCCESS
    result = await client.retrieve(*(entry.unique_id for entry, _ in documents))
    assert [read_all(each.content) for each in result.documents] == [octets for _, octets in documents]


async def test_contents_are_views(client: CloudClient) -> None:
    """Answers hand out memory contents, not copies of them."""
    submission = one_document(TEXT)
    await client.provide(submission)
    result = await client.retrieve(submission.entries[0][0].unique_id)
    assert isinstance(result.documents[0].content, MemoryContent)
