"""What a client wrote is what it finds by, and what comes back is complete (TF-2 3.18, 3.42; TF-3 4.2)."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest
from lxml import etree

from erepo.identifiers.hl7 import CX, XCN, ReferenceId
from erepo.xds import iti18, iti42
from erepo.xds.model import Author, DocumentEntry
from erepo.xds.queries import QueryId
from erepo.xds.responses import RegistryResponse, read_registry_response
from erepo.xds.vocabulary import DOCUMENT_PATIENT, ON_DEMAND, REFERENCE, RIM, Slot, Xds
from erepo.xds.vocabulary import AssociationType as Kind
from tests.support.cloud_client import PATIENT, CloudClient, new_oid
from tests.support.registering import Desk, entry, good, link, member, provided, refusals, registration

CHILD = CX("70032816894", "2.16.840.1.113883.3.4424.1.1.616")
PERSON = "11375^Welby^Marcus^J^Jr. MD^Dr^MD^^&1.2.840.113619.6.197&ISO^^^^"
Bend = Callable[[Any], None]


@pytest.fixture
async def desk(client: CloudClient) -> AsyncIterator[Desk]:
    """A desk of the first account."""
    return Desk(client)


async def register_bent(desk: Desk, given: iti42.Registration, bend: Bend) -> RegistryResponse:
    """Register metadata that our own writer would write otherwise."""
    payload = iti42.write_request(given)
    bend(payload)
    client = desk.client
    answer = await client.soap.call(
        client.tenant.registry, iti42.ACTION, payload, (), expect_action=iti42.RESPONSE_ACTION, mtom=False
    )
    return read_registry_response(answer.payload)


def found(payload: Any, path: str) -> Any:
    """Return the one element at a path."""
    (element,) = payload.xpath(path, namespaces={"r": RIM})
    return element


async def found_by(desk: Desk, patient: str, **more: list[str]) -> tuple[str, ...]:
    """Return the ids of the documents that a query finds."""
    query = iti18.find_documents(PATIENT, return_type=iti18.OBJECT_REF, **more)
    parameters = dict(query.parameters) | {"$XDSDocumentEntryPatientId": ((patient,),)}
    return (await desk.client.query(replace(query, parameters=parameters))).object_refs


@pytest.mark.parametrize("pattern", [PERSON, "11375^Welby^%", "%^Dr^MD^^&%", "%^^^^"])
async def test_authors_are_found_by_the_text_of_their_slot(desk: Desk, pattern: str) -> None:
    """A pattern is matched with authorPerson as it was sent, also with components that XDS does not use."""
    one = entry(authors=(Author(XCN("1", "Welby", "Marcus")),))

    def bend(payload: Any) -> None:
        found(payload, "//r:ExtrinsicObject//r:Slot[@name='authorPerson']//r:Value").text = PERSON

    good(await register_bent(desk, registration(one), bend))
    assert one.entry_uuid in await found_by(desk, str(PATIENT), AuthorPerson=[pattern])


@pytest.mark.parametrize(
    "text",
    ["1^^^&1.2.3&ISO^urn:x:order^", "A&B|C~D\\E^^^^urn:x:order", "A^^^NS&1.2.3&ISO^urn:x:order^&1.2&ISO"],
)
async def test_reference_ids_are_found_by_the_text_of_their_slot(desk: Desk, text: str) -> None:
    """What was sent and comes back as referenceIdList is what the entry is found by."""
    one = entry(reference_ids=(ReferenceId("1", "urn:x:order"),))

    def bend(payload: Any) -> None:
        found(payload, f"//r:Slot[@name='{Slot.REFERENCE_IDS}']//r:Value").text = text

    good(await register_bent(desk, registration(one), bend))
    query = iti18.find_documents(PATIENT, return_type=iti18.OBJECT_REF)
    for pattern in (text, f"{text[:3]}%"):
        asked = {"$XDSDocumentEntryReferenceIdList": ((pattern,),)}
        asking = replace(
            query, id=QueryId.FIND_DOCUMENTS_BY_REFERENCE_ID, parameters={**query.parameters, **asked}
        )
        assert one.entry_uuid in (await desk.client.query(asking)).object_refs


async def test_a_patient_is_found_however_many_components_are_empty(desk: Desk) -> None:
    """`id^^^&OID&ISO^` and `id^^^&OID&ISO` are one patient, in metadata and in queries."""
    patient = CX(new_oid()[-20:], PATIENT.authority_oid)
    one = entry(patient_id=patient)

    def bend(payload: Any) -> None:
        path = f"//r:ExternalIdentifier[@identificationScheme='{DOCUMENT_PATIENT}']"
        found(payload, path).set("value", f"{patient}^")

    good(await register_bent(desk, registration(one, patient_id=patient), bend))
    for text in (str(patient), f"{patient}^"):
        assert await found_by(desk, text) == (one.entry_uuid,)


async def test_object_types_that_were_left_out_are_there_in_answers(desk: Desk) -> None:
    """@objectType is optional in a submission and required in an answer."""
    one = entry()

    def bend(payload: Any) -> None:
        for element in payload.iter(*(f"{{{RIM}}}{name}" for name in TYPED)):
            del element.attrib["objectType"]

    given = registration(one)
    good(await register_bent(desk, given, bend))
    query = iti18.get_submission_set_and_contents(unique_id=given.submission_set.unique_id)
    client, payload = desk.client, iti18.write_query(query)
    answer = await client.soap.call(
        client.tenant.registry, iti18.ACTION, payload, (), expect_action=iti18.RESPONSE_ACTION, mtom=False
    )
    for name in TYPED:
        elements = list(answer.payload.iter(f"{{{RIM}}}{name}"))
        types = {element.get("objectType", "").rpartition(":")[2] for element in elements}
        assert types == {name}, etree.tostring(elements[0])


TYPED = ("RegistryPackage", "Association", "Classification", "ExternalIdentifier")


async def test_a_hash_that_is_right_stays_as_it_was_written(desk: Desk) -> None:
    """The repository fills in what is missing, and leaves what is there."""
    one = entry(hash=entry().hash.upper())
    good(await desk.client.provide(provided(registration(one))))
    (kept,) = (await desk.found([one.entry_uuid])).documents
    here = desk.client.tenant.facts["repositoryUniqueId"]
    assert (kept.hash, kept.size, kept.repository_unique_id) == (one.hash, one.size, here)
    query = iti18.get_documents(unique_ids=[one.unique_id])
    assert len((await desk.client.query(query)).metadata.documents) == 1


async def test_a_document_of_another_patient_may_be_included_by_reference(desk: Desk) -> None:
    """The patient of a submission set need not be that of a document included by reference."""
    child = entry(patient_id=CHILD)
    await desk.register(child, patient_id=CHILD)
    given = registration(entry())
    reference = member(given.submission_set.entry_uuid, child.entry_uuid, submission_set_status=REFERENCE)
    good(await desk.client.register(replace(given, associations=(reference,))))
    query = iti18.get_submission_set_and_contents(unique_id=given.submission_set.unique_id)
    result = await desk.client.query(query)
    assert [error.code for error in result.errors] == [Xds.RESULT_NOT_SINGLE_PATIENT]
    references = await desk.client.query(replace(query, return_type=iti18.OBJECT_REF))
    assert child.entry_uuid in references.object_refs


def on_demand() -> DocumentEntry:
    """Return the entry of a document that is made when it is asked for."""
    return entry(object_type=ON_DEMAND, hash="", size=None)


async def test_only_stable_documents_come_with_their_octets(desk: Desk) -> None:
    """An on-demand entry has no document yet: ITI-41 refuses it."""
    one = on_demand()
    context = "XDSDocumentEntry.objectType is on-demand though its document came with it"
    answer = await desk.client.provide(provided(registration(one)))
    assert refusals(answer) == [(Xds.REGISTRY_METADATA, context, one.entry_uuid)]


async def test_a_snapshot_is_taken_of_an_on_demand_document(desk: Desk) -> None:
    """IsSnapshotOf leads from a stable to an on-demand document."""
    stable, source = await desk.document(), on_demand()
    await desk.register(source)
    for target, taken, right in (
        (source, entry(), True),
        (stable, entry(), False),
        (source, on_demand(), False),
    ):
        snapshot = link(Kind.SNAPSHOT_OF, taken.entry_uuid, target.entry_uuid)
        context = "a stable document is a snapshot of an on-demand one"
        expected = [] if right else [(Xds.REGISTRY_METADATA, context, snapshot.entry_uuid)]
        assert refusals(await desk.client.register(registration(taken, snapshot))) == expected
