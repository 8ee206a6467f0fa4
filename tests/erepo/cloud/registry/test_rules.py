"""Every rule of registering, broken once over the wire: code, context and location (TF-2 3.42.4.1.3)."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import pytest

from erepo.identifiers.hl7 import CX
from erepo.xds.iti42 import Registration
from erepo.xds.model import Code, new_entry_uuid
from erepo.xds.vocabulary import AssociationType as Kind
from erepo.xds.vocabulary import Xds
from tests.support.cloud import RunningCloud
from tests.support.cloud_client import CloudClient, connected, new_oid
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

STRANGER = CX("70032816894", "2.16.840.1.113883.3.4424.1.1.616")
Vector = tuple[Registration, list[tuple[str, str, str]]]
Case = Callable[[Desk], Awaitable[Vector]]
CASES: dict[str, Case] = {}
#: Codes that the repository says in its own name.
OF_REPOSITORY = {Xds.DUPLICATE_IN_MESSAGE: Xds.REPOSITORY_DUPLICATE_IN_MESSAGE}


def case(make: Case) -> Case:
    """Add a rule's vector: a submission that breaks it, and what the answer must say."""
    CASES[make.__name__] = make
    return make


@case
async def a_document_of_another_patient(desk: Desk) -> Vector:
    """All objects of a submission belong to one patient."""
    one = entry(patient_id=STRANGER)
    return registration(one), [(Xds.PATIENT_MISMATCH, str(STRANGER), one.entry_uuid)]


@case
async def a_folder_of_another_patient(desk: Desk) -> Vector:
    """Folders too."""
    one = folder(patient_id=STRANGER)
    return registration(one), [(Xds.PATIENT_MISMATCH, str(STRANGER), one.entry_uuid)]


@case
async def a_relationship_between_patients(desk: Desk) -> Vector:
    """Both ends of a relationship belong to one patient."""
    foreign, one = entry(patient_id=STRANGER), entry()
    await desk.register(foreign, patient_id=STRANGER)
    wrong = link(Kind.APPEND, one.entry_uuid, foreign.entry_uuid)
    return registration(one, wrong), [(Xds.PATIENT_MISMATCH, str(STRANGER), wrong.entry_uuid)]


@case
async def a_foreign_patients_document_in_a_folder(desk: Desk) -> Vector:
    """All members of a folder belong to one patient."""
    foreign, (kept, _) = entry(patient_id=STRANGER), await desk.filed()
    await desk.register(foreign, patient_id=STRANGER)
    wrong = member(kept.entry_uuid, foreign.entry_uuid)
    return registration(wrong), [(Xds.PATIENT_MISMATCH, str(STRANGER), wrong.entry_uuid)]


@case
async def a_document_in_a_foreign_patients_folder(desk: Desk) -> Vector:
    """A replacement, too, is filed only under its own patient."""
    kept, one = folder(patient_id=STRANGER), entry()
    await desk.register(kept, patient_id=STRANGER)
    wrong = member(kept.entry_uuid, one.entry_uuid)
    return registration(one, wrong), [(Xds.PATIENT_MISMATCH, str(STRANGER), wrong.entry_uuid)]


@case
async def one_unique_id_for_two_documents(desk: Desk) -> Vector:
    """A uniqueId stands once in a submission."""
    one, two = entry(), entry()
    two = replace(two, unique_id=one.unique_id)
    return registration(one, two), [(Xds.DUPLICATE_IN_MESSAGE, one.unique_id, "")]


@case
async def one_unique_id_for_folder_and_document(desk: Desk) -> Vector:
    """Whatever the kinds are."""
    one = entry()
    return registration(one, folder(unique_id=one.unique_id)), [(Xds.DUPLICATE_IN_MESSAGE, one.unique_id, "")]


@case
async def the_unique_id_of_a_registered_set(desk: Desk) -> Vector:
    """A submission set's uniqueId is used by no other object."""
    before = await desk.register(entry())
    given = registration(entry(), unique_id=before.submission_set.unique_id)
    own = given.submission_set
    return given, [(Xds.DUPLICATE_UNIQUE_ID, own.unique_id, own.entry_uuid)]


@case
async def a_set_with_the_unique_id_of_a_document(desk: Desk) -> Vector:
    """Also not by a document."""
    given = registration(entry(), unique_id=(await desk.document()).unique_id)
    own = given.submission_set
    return given, [(Xds.DUPLICATE_UNIQUE_ID, own.unique_id, own.entry_uuid)]


@case
async def a_folder_with_the_unique_id_of_another(desk: Desk) -> Vector:
    """A folder's uniqueId is used once."""
    kept, _ = await desk.filed()
    one = folder(unique_id=kept.unique_id)
    return registration(one), [(Xds.DUPLICATE_UNIQUE_ID, kept.unique_id, one.entry_uuid)]


@case
async def an_entry_uuid_that_is_registered(desk: Desk) -> Vector:
    """An entryUUID is given once."""
    one = entry(entry_uuid=(await desk.document()).entry_uuid)
    expected = (Xds.REGISTRY_METADATA, "an entryUUID is registered already", one.entry_uuid)
    return registration(one), [expected]


@case
async def a_relationship_from_a_registered_document(desk: Desk) -> Vector:
    """The source of a relationship lies in the submission."""
    old, older = await desk.document(), await desk.document()
    wrong = link(Kind.APPEND, old.entry_uuid, older.entry_uuid)
    return registration(entry(), wrong), [(Xds.UNRESOLVED_REFERENCE, old.entry_uuid, wrong.entry_uuid)]


@case
async def a_replacement_of_the_unknown(desk: Desk) -> Vector:
    """What is replaced must be registered."""
    one, nowhere = entry(), new_entry_uuid()
    wrong = link(Kind.REPLACE, one.entry_uuid, nowhere)
    return registration(one, wrong), [(Xds.UNRESOLVED_REFERENCE, nowhere, wrong.entry_uuid)]


@case
async def a_replacement_inside_a_submission(desk: Desk) -> Vector:
    """What is replaced was registered before."""
    one, two = entry(), entry()
    wrong = link(Kind.REPLACE, one.entry_uuid, two.entry_uuid)
    return registration(one, two, wrong), [(Xds.UNRESOLVED_REFERENCE, two.entry_uuid, wrong.entry_uuid)]


@case
async def a_replacement_of_itself(desk: Desk) -> Vector:
    """A document does not replace itself."""
    one = entry()
    wrong = link(Kind.REPLACE, one.entry_uuid, one.entry_uuid)
    return registration(one, wrong), [(Xds.UNRESOLVED_REFERENCE, one.entry_uuid, wrong.entry_uuid)]


@case
async def an_addendum_to_itself(desk: Desk) -> Vector:
    """Nor is it its own addendum."""
    one = entry()
    wrong = link(Kind.APPEND, one.entry_uuid, one.entry_uuid)
    context = "a document cannot stand in a relationship to itself"
    return registration(one, wrong), [(Xds.REGISTRY_METADATA, context, wrong.entry_uuid)]


def relating_to_the_deprecated(kind: Kind) -> Case:
    """Return the vector of one kind of association."""

    async def make(desk: Desk) -> Vector:
        old, new, late = await desk.document(), entry(), entry()
        await desk.register(new, link(Kind.REPLACE, new.entry_uuid, old.entry_uuid))
        wrong = link(kind, late.entry_uuid, old.entry_uuid)
        return registration(late, wrong), [(Xds.DEPRECATED_DOCUMENT, old.entry_uuid, wrong.entry_uuid)]

    make.__name__ = f"{kind.rpartition(':')[2]}_of_a_deprecated_document"
    return make


for each in (Kind.REPLACE, Kind.TRANSFORM, Kind.APPEND, Kind.TRANSFORM_REPLACE, Kind.SIGNS):
    case(relating_to_the_deprecated(each))


@case
async def filing_a_deprecated_document(desk: Desk) -> Vector:
    """A folder takes Approved documents."""
    (kept, _), old, new = await desk.filed(), await desk.document(), entry()
    await desk.register(new, link(Kind.REPLACE, new.entry_uuid, old.entry_uuid))
    wrong = member(kept.entry_uuid, old.entry_uuid)
    return registration(wrong), [(Xds.DEPRECATED_DOCUMENT, old.entry_uuid, wrong.entry_uuid)]


@case
async def adding_to_what_is_replaced_at_once(desk: Desk) -> Vector:
    """What a submission replaces, it does not add to."""
    old, new, more = await desk.document(), entry(), entry()
    replacing = link(Kind.REPLACE, new.entry_uuid, old.entry_uuid)
    wrong = link(Kind.APPEND, more.entry_uuid, old.entry_uuid)
    given = registration(new, more, replacing, wrong)
    return given, [(Xds.DEPRECATED_DOCUMENT, old.entry_uuid, wrong.entry_uuid)]


@case
async def a_relationship_to_a_folder(desk: Desk) -> Vector:
    """Relationships lead from document to document."""
    (kept, _), one = await desk.filed(), entry()
    wrong = link(Kind.REPLACE, one.entry_uuid, kept.entry_uuid)
    context = "a relationship leads from a document to a document"
    return registration(one, wrong), [(Xds.REGISTRY_METADATA, context, wrong.entry_uuid)]


@case
async def a_document_that_has_members(desk: Desk) -> Vector:
    """Only submission sets and folders have members."""
    one, two = entry(), entry()
    wrong = member(one.entry_uuid, two.entry_uuid)
    context = "HasMember does not lead from the submission set, nor from a folder to a document"
    return registration(one, two, wrong), [(Xds.REGISTRY_METADATA, context, wrong.entry_uuid)]


@case
async def a_member_of_an_earlier_submission(desk: Desk) -> Vector:
    """Nothing is added to a submission that is over."""
    before, one = await desk.register(entry()), entry()
    wrong = member(before.submission_set.entry_uuid, one.entry_uuid)
    context = "HasMember does not lead from the submission set, nor from a folder to a document"
    return registration(one, wrong), [(Xds.REGISTRY_METADATA, context, wrong.entry_uuid)]


@case
async def a_submission_set_with_a_relationship_as_member(desk: Desk) -> Vector:
    """Of associations only memberships are members."""
    old, one = await desk.document(), entry()
    relation = link(Kind.APPEND, one.entry_uuid, old.entry_uuid)
    given = registration(one, relation)
    own = given.submission_set
    wrong = member(own.entry_uuid, relation.entry_uuid)
    context = "a submission set cannot have this member"
    expected = [(Xds.REGISTRY_METADATA, context, wrong.entry_uuid)]
    return replace(given, associations=(*given.associations, wrong)), expected


@case
async def service_times_the_wrong_way_round(desk: Desk) -> Vector:
    """A service begins before it ends."""
    one = entry(service_start="20210302", service_stop="202102")
    context = "serviceStartTime is after serviceStopTime"
    return registration(one), [(Xds.REGISTRY_METADATA, context, one.entry_uuid)]


@case
async def a_code_longer_than_any(desk: Desk) -> Vector:
    """What cannot be searched is not kept."""
    one = folder(codes=(Code("c" * 300, "1.2.3", "long"),))
    return registration(one), [(Xds.REGISTRY_METADATA, "a code is too long", one.entry_uuid)]


@pytest.fixture
async def desk(client: CloudClient) -> AsyncIterator[Desk]:
    """A desk of the first account."""
    return Desk(client)


@pytest.mark.parametrize("provide", [True, False], ids=["41", "42"])
@pytest.mark.parametrize("name", sorted(CASES))
async def test_a_broken_rule_refuses_all_and_says_which(desk: Desk, name: str, provide: bool) -> None:
    """A submission that breaks one rule fails with that rule's code alone and leaves nothing behind."""
    given, expected = await CASES[name](desk)
    if provide:
        expected = [(OF_REPOSITORY.get(Xds(code), code), *rest) for code, *rest in expected]  # type: ignore[misc]
        answer = await desk.client.provide(provided(given))
    else:
        answer = await desk.client.register(given)
    assert refusals(answer) == expected
    assert [
        one
        for one in (await desk.submission(given)).documents
        if one.entry_uuid in {each.entry_uuid for each in given.documents}
    ] == []
    assert (await desk.client.retrieve(new_oid())).documents == ()


async def test_several_broken_rules_are_told_at_once(desk: Desk) -> None:
    """One answer names every problem that can be found at once."""
    stranger, late = entry(patient_id=STRANGER), entry(service_start="2022", service_stop="2021")
    found = refusals(await desk.client.register(registration(stranger, late)))
    assert [(code, location) for code, _, location in found] == [
        (Xds.PATIENT_MISMATCH, stranger.entry_uuid),
        (Xds.REGISTRY_METADATA, late.entry_uuid),
    ]
    one, ends = entry(), [new_entry_uuid(), new_entry_uuid()]
    links = [link(Kind.REPLACE, one.entry_uuid, each) for each in ends]
    found = refusals(await desk.client.register(registration(one, *links)))
    assert [context for _, context, _ in found] == ends


async def test_hash_and_size_of_a_unique_id_are_one(desk: Desk) -> None:
    """A uniqueId with other hash or size is refused wherever the octets are; with the same it comes again."""
    first = await desk.document()
    other = {"unique_id": first.unique_id, "hash": "0" * 40}
    wrong, short = entry(**other), entry(**other | {"size": 1})
    hash_of, size_of = Xds.NON_IDENTICAL_HASH, Xds.NON_IDENTICAL_SIZE
    name = first.unique_id
    assert refusals(await desk.client.register(registration(wrong))) == [(hash_of, name, wrong.entry_uuid)]
    assert refusals(await desk.client.register(registration(short))) == [
        (size_of, name, short.entry_uuid),
        (hash_of, name, short.entry_uuid),
    ]
    octets = registration(replace(entry(unique_id=name), hash="", size=None))
    assert [code for code, *_ in refusals(await desk.client.provide(provided(octets, b"other")))] == [
        size_of,
        hash_of,
    ]
    good(await desk.client.register(registration(entry(unique_id=name))))
    good(await desk.client.provide(provided(registration(entry(unique_id=name)))))


async def test_metadata_of_our_own_documents_must_fit_them(desk: Desk) -> None:
    """An entry that names this repository is held against the stored document."""
    one = entry()
    good(await desk.client.provide(provided(registration(one))))
    here = str(desk.client.tenant.facts["repositoryUniqueId"])
    again = entry(unique_id=one.unique_id, repository_unique_id=here)
    good(await desk.client.register(registration(again)))
    wrong = entry(unique_id=one.unique_id, repository_unique_id=here, hash="f" * 40)
    found = refusals(await desk.client.register(registration(wrong)))
    assert found == [(Xds.NON_IDENTICAL_HASH, one.unique_id, wrong.entry_uuid)]


async def test_only_registered_patients_where_the_account_says_so(cloud: RunningCloud) -> None:
    """An account with its own list of patients refuses others with the pid as context."""
    async with connected(cloud.add_tenant("0000000000007001", patients="registered")) as client:
        for given in (registration(entry()), registration(folder())):
            own = given.submission_set
            assert refusals(await client.register(given)) == [
                (Xds.UNKNOWN_PATIENT, str(own.patient_id), own.entry_uuid)
            ]


async def test_only_polish_codes_where_the_account_says_so(cloud: RunningCloud) -> None:
    """An account held to the Polish code sets refuses others, naming the attribute."""
    async with connected(cloud.add_tenant("0000000000007002", codes="polish")) as client:
        found = refusals(await client.register(registration(one := entry())))
        assert {code for code, *_ in found} == {Xds.REGISTRY_METADATA}
        assert {location for *_, location in found if location == one.entry_uuid}
        assert any("classCode" in context for _, context, _ in found)


async def test_another_accounts_objects_are_not_there(desk: Desk, cloud: RunningCloud) -> None:
    """References to objects of another account are answered like references to nothing."""
    async with connected(cloud.add_tenant("0000000000007003")) as client:
        other = Desk(client)
        kept, (document,) = await other.filed()
        for make in (
            lambda one: link(Kind.REPLACE, one.entry_uuid, document.entry_uuid),
            lambda one: link(Kind.APPEND, one.entry_uuid, document.entry_uuid),
            lambda one: member(kept.entry_uuid, one.entry_uuid),
        ):
            one = entry()
            wrong = make(one)
            end = wrong.target if wrong.source == one.entry_uuid else wrong.source
            found = refusals(await desk.client.register(registration(one, wrong)))
            assert found == [(Xds.UNRESOLVED_REFERENCE, end, wrong.entry_uuid)]
        # The same ids in another account collide with nothing.
        good(await desk.client.register(registration(entry(entry_uuid=document.entry_uuid))))
        assert await other.status(document) == ["approved"]
