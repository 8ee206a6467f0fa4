"""All stored queries over the wire, on what real submissions left: relationships, folders, replacements."""

import itertools
from collections.abc import Iterator
from dataclasses import replace

from erepo.identifiers.hl7 import CX, XCN, ReferenceId
from erepo.xds import iti18
from erepo.xds.iti41 import Submission
from erepo.xds.model import Association, Author, Code, Folder, MetadataSet
from erepo.xds.queries import QueryId
from erepo.xds.vocabulary import APPROVED, DEPRECATED, STABLE, AssociationType, ResponseStatus
from tests.support.cloud_client import CloudClient, make_entry, make_submission, new_oid
from tests.support.reference_registry import ReferenceRegistry
from tests.support.registry_rows import Registered
from tests.support.registry_worlds import DE, FD, SS

PATIENT = CX("49040501580", "2.16.840.1.113883.3.4424.1.1.616")
REFERENCE = ReferenceId("order-1", "urn:ihe:iti:xds:2013:order", "1.2.3")
RELATED = tuple(str(AssociationType[name]) for name in ("REPLACE", "APPEND", "TRANSFORM"))
BOTH = ((APPROVED, DEPRECATED),)


def linked(kind: AssociationType, source: str, target: str) -> Association:
    """Return an association of a message."""
    return Association(entry_uuid=f"Link-{source}-{target}", type=kind, source=source, target=target)


async def fill(client: CloudClient) -> MetadataSet:
    """Register two documents in a folder, an addendum, and a replacement; return all that is there then."""
    plain = make_entry(
        patient=PATIENT, source_patient_id=PATIENT, entry_uuid="D1", reference_ids=(REFERENCE,)
    )
    other = replace(
        make_entry(patient=PATIENT, source_patient_id=PATIENT, entry_uuid="D2"),
        format_code=Code("F", "1.2", "f"),
        confidentiality=(Code("R", "1.3", "r"), Code("N", "1.3", "n")),
        authors=(Author(person=XCN("8310830", "Zielińska", "Ewa")),),
        extra_slots={"urn:x:extra": ("1", "2")},
    )
    folder = Folder(
        entry_uuid="F1",
        unique_id=new_oid(),
        patient_id=PATIENT,
        codes=(Code("C", "1.2", "c"),),
        title="Teczka",
    )
    first = make_submission((plain, b"<one/>"), (other, b"<two/>"), patient=PATIENT)
    own = first.submission_set.entry_uuid
    inside = [linked(AssociationType.HAS_MEMBER, "F1", name) for name in ("D1", "D2")]
    links = [
        linked(AssociationType.HAS_MEMBER, own, "F1"),
        *inside,
        # One of the two memberships is said to belong to the submission, the other came along.
        linked(AssociationType.HAS_MEMBER, own, inside[0].entry_uuid),
        linked(AssociationType.APPEND, "D2", "D1"),
    ]
    await accept(client, replace(first, folders=(folder,), associations=(*first.associations, *links)))
    known = await everything(client)
    old = next(each for each in known.documents if each.unique_id == plain.unique_id)
    new = make_entry(patient=PATIENT, source_patient_id=PATIENT, entry_uuid="D3")
    second = make_submission((new, b"<three/>"), patient=PATIENT)
    replaces = linked(AssociationType.REPLACE, "D3", old.entry_uuid)
    await accept(client, replace(second, associations=(*second.associations, replaces)))
    return await everything(client)


async def accept(client: CloudClient, submission: Submission) -> None:
    """Register it."""
    answer = await client.provide(submission)
    assert answer.status == ResponseStatus.SUCCESS, answer.errors


async def everything(client: CloudClient) -> MetadataSet:
    """Ask GetAll."""
    asked = {"$patientId": ((str(PATIENT),),), **{f"{kind}Status": BOTH for kind in (DE, SS, FD)}}
    return (await client.query(iti18.StoredQuery(QueryId.GET_ALL, asked))).metadata


def registered(known: MetadataSet) -> list[Registered]:
    """Return it all with the submission each object came in: that of its set, else of what it starts at."""
    sets = {each.entry_uuid: number for number, each in enumerate(known.submission_sets)}
    came = {link.target: sets[link.source] for link in known.associations if link.source in sets}
    came |= sets
    came |= {link.entry_uuid: came[link.source] for link in known.associations if link.entry_uuid not in came}
    objects = (*known.submission_sets, *known.documents, *known.folders, *known.associations)
    return [Registered(each, came[each.entry_uuid]) for each in objects]


def questions(known: MetadataSet) -> Iterator[iti18.StoredQuery]:
    """Yield every stored query about everything there is."""
    patient, approved = ((str(PATIENT),),), ((APPROVED,),)
    finding = {f"{DE}PatientId": patient, f"{DE}Status": approved}
    narrow = {f"{DE}FormatCode": (("F^^1.2",),)}, {f"{DE}ConfidentialityCode": (("R^^1.3",), ("N^^1.3",))}
    for more in ({}, {f"{DE}Status": BOTH}, {f"{DE}AuthorPerson": (("%Zieli_ska%",),)}, *narrow):
        yield iti18.StoredQuery(QueryId.FIND_DOCUMENTS, finding | more)
    listed = {f"{DE}ReferenceIdList": ((str(REFERENCE),),)}
    for status in (approved, BOTH):
        yield iti18.StoredQuery(
            QueryId.FIND_DOCUMENTS_BY_REFERENCE_ID, finding | listed | {f"{DE}Status": status}
        )
    yield iti18.StoredQuery(
        QueryId.FIND_SUBMISSION_SETS, {f"{SS}PatientId": patient, f"{SS}Status": approved}
    )
    for code in ("C^^1.2", "X^^1.2"):
        found = {f"{FD}PatientId": patient, f"{FD}Status": approved, f"{FD}CodeList": ((code,),)}
        yield iti18.StoredQuery(QueryId.FIND_FOLDERS, found)
    everyone = {"$patientId": patient, **{f"{kind}Status": approved for kind in (DE, SS, FD)}}
    yield from (iti18.StoredQuery(QueryId.GET_ALL, everyone | more) for more in ({}, *narrow))
    yield from _by_id(known)
    for kind, query, objects in (
        (SS, QueryId.GET_SUBMISSION_SET_AND_CONTENTS, known.submission_sets),
        (FD, QueryId.GET_FOLDER_AND_CONTENTS, known.folders),
    ):
        for one, more in itertools.product(objects, ({}, *narrow)):
            yield iti18.StoredQuery(query, {f"{kind}UniqueId": ((one.unique_id,),)} | more)


def _by_id(known: MetadataSet) -> Iterator[iti18.StoredQuery]:
    related = {"$AssociationTypes": (RELATED,), f"{DE}Type": ((STABLE,),)}
    for each in known.documents:
        for name in ({f"{DE}EntryUUID": ((each.entry_uuid,),)}, {f"{DE}UniqueId": ((each.unique_id,),)}):
            yield iti18.StoredQuery(QueryId.GET_DOCUMENTS, name)
            yield iti18.StoredQuery(QueryId.GET_DOCUMENTS_AND_ASSOCIATIONS, name)
            yield iti18.StoredQuery(QueryId.GET_FOLDERS_FOR_DOCUMENT, name)
            yield iti18.StoredQuery(QueryId.GET_RELATED_DOCUMENTS, name | related)
    for one in (*known.documents, *known.folders, *known.submission_sets, *known.associations):
        asked = {"$uuid": ((one.entry_uuid,),)}
        yield iti18.StoredQuery(QueryId.GET_ASSOCIATIONS, asked)
        yield iti18.StoredQuery(QueryId.GET_SUBMISSION_SETS, asked)
    for folder in known.folders:
        yield iti18.StoredQuery(QueryId.GET_FOLDERS, {f"{FD}EntryUUID": ((folder.entry_uuid,),)})


def ids_of(result: iti18.QueryResult) -> list[str]:
    """Return the ids in an answer, references or objects."""
    known = result.metadata
    objects = (*known.submission_sets, *known.documents, *known.folders, *known.associations)
    return sorted([*result.object_refs, *(each.entry_uuid for each in objects)])


async def test_every_query_is_answered_over_the_wire(client: CloudClient) -> None:
    """Each stored query returns what the profile defines, as objects and as references."""
    known = await fill(client)
    reference = ReferenceRegistry(registered(known))
    counted = dict.fromkeys(QueryId, 0)
    for query in questions(known):
        expected = sorted(reference.ask(query))
        for form in (iti18.LEAF_CLASS, iti18.OBJECT_REF):
            result = await client.query(replace(query, return_type=form))
            assert result.status == ResponseStatus.SUCCESS, (query.id, result.errors)
            assert ids_of(result) == expected, (QueryId(query.id).name, query.parameters)
        counted[QueryId(query.id)] += len(expected)
    assert all(counted.values()), counted


async def test_an_answer_keeps_what_was_sent(client: CloudClient) -> None:
    """Extra slots come back; what was replaced, and what was added to it, is deprecated in the answer."""
    known = await fill(client)
    mine = [each for each in known.documents if each.extra_slots]
    assert mine
    assert all(each.extra_slots == {"urn:x:extra": ("1", "2")} for each in mine)
    assert {each.status for each in mine} == {DEPRECATED}
    objects = (*known.submission_sets, *known.documents, *known.folders, *known.associations)
    ids = {each.entry_uuid for each in objects}
    assert all({link.source, link.target} <= ids for link in known.associations)
