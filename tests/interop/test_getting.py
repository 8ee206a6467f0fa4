"""The Get… queries and GetAll: what each returns, and their errors (§1.3, §1.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.interop.kit import expect, metadata, names
from tests.interop.kit.expect import quoted
from tests.interop.kit.metadata import RESTRICTED, Entry, Folder, Link, Submission

if TYPE_CHECKING:
    from tests.interop.kit.wire import Answer, Peer

Scene = dict[str, Any]


@pytest.fixture(scope="module", name="scene")
def make_scene(peer: Peer) -> Scene:
    """First set: two entries, one in a folder; second: an addendum; third: a replacement."""
    patient = metadata.patient()
    one, two = Entry(patient, b"1"), Entry(patient, b"2", confidentiality=[RESTRICTED])
    two.codes = {"formatCode": ("urn:other", "1.2.3")}
    folder = Folder(patient)
    first = Submission(patient, [one, two], [folder])
    first.links.append(Link(names.HAS_MEMBER, folder.id, one.id))
    first.links.append(Link(names.HAS_MEMBER, first.id, first.links[0].id))
    expect.success(peer.provide(first))
    now = expect.entries(peer, patient)
    ids = {"one": expect.by_uid(now, one.uid), "two": expect.by_uid(now, two.uid)}
    three, four = Entry(patient, b"3"), Entry(patient, b"4")
    second = Submission(patient, [three], links=[Link(names.APND, three.id, ids["one"])])
    third = Submission(patient, [four], links=[Link(names.RPLC, four.id, ids["two"])])
    expect.success(peer.provide(second))
    expect.success(peer.provide(third))
    now = expect.everything(peer, patient)
    uids = {"three": three, "four": four, "folder": folder, "first": first, "second": second, "third": third}
    ids |= {nick: expect.by_uid(now, each.uid) for nick, each in uids.items()}
    unique = {nick: each.uid for nick, each in uids.items()} | {"one": one.uid, "two": two.uid}
    return {"patient": patient, "ids": ids, "uids": unique}


def nicks(scene: Scene, answer: Answer, tag: str = "*") -> set[str]:
    """Nicknames of the objects found."""
    known = {value: key for key, value in scene["ids"].items()}
    return {known[each] for each in answer.ids(tag) if each in known}


def links(scene: Scene, answer: Answer) -> set[tuple[str, str, str]]:
    """(source, type, target) of the associations found."""
    known = {value: key for key, value in scene["ids"].items()}
    return {
        (
            known.get(each.get("sourceObject"), "?"),
            each.get("associationType").split(":")[-1],
            known.get(each.get("targetObject"), "?"),
        )
        for each in answer.objects("rim:Association")
    }


def test_get_documents(peer: Peer, scene: Scene) -> None:
    """GetDocuments by uuids and by uniqueIds; deprecated ones too; unknown ids are no error."""
    ids, uids = scene["ids"], scene["uids"]
    values = quoted(ids["one"], ids["two"], metadata.urn())
    found = expect.success(peer.ask("GetDocuments", ("$XDSDocumentEntryEntryUUID", values)))
    assert nicks(scene, found) == {"one", "two"}
    values = [*quoted(uids["three"]), *quoted(uids["two"])]
    found = expect.success(peer.ask("GetDocuments", ("$XDSDocumentEntryUniqueId", values), leaf=False))
    assert nicks(scene, found, "rim:ObjectRef") == {"two", "three"}


def test_get_folders(peer: Peer, scene: Scene) -> None:
    """GetFolders by uuid and by uniqueId."""
    for parameter in (
        ("$XDSFolderEntryUUID", quoted(scene["ids"]["folder"])),
        ("$XDSFolderUniqueId", quoted(scene["uids"]["folder"])),
    ):
        assert nicks(scene, expect.success(peer.ask("GetFolders", parameter))) == {"folder"}


def test_get_associations(peer: Peer, scene: Scene) -> None:
    """GetAssociations: everything that has the object at either end."""
    found = expect.success(peer.ask("GetAssociations", ("$uuid", quoted(scene["ids"]["one"]))))
    assert links(scene, found) == {
        ("first", "HasMember", "one"),
        ("folder", "HasMember", "one"),
        ("three", "APND", "one"),
    }
    assert found.ids() == found.ids("rim:Association")


def test_get_documents_and_associations(peer: Peer, scene: Scene) -> None:
    """GetDocumentsAndAssociations: the entry and its associations."""
    parameter = ("$XDSDocumentEntryUniqueId", quoted(scene["uids"]["two"]))
    found = expect.success(peer.ask("GetDocumentsAndAssociations", parameter))
    assert nicks(scene, found) == {"two"}
    assert links(scene, found) == {("first", "HasMember", "two"), ("four", "RPLC", "two")}


def test_get_submission_sets(peer: Peer, scene: Scene) -> None:
    """GetSubmissionSets of members: the sets and their HasMember."""
    values = quoted(scene["ids"]["one"], scene["ids"]["three"])
    found = expect.success(peer.ask("GetSubmissionSets", ("$uuid", values)))
    assert nicks(scene, found) == {"first", "second"}
    assert links(scene, found) == {("first", "HasMember", "one"), ("second", "HasMember", "three")}


@pytest.mark.parametrize("by", ["EntryUUID", "UniqueId"])
def test_get_submission_set_and_contents(peer: Peer, scene: Scene, by: str) -> None:
    """GetSubmissionSetAndContents: set, members, HasMember and associations inside the set."""
    value = scene["ids" if by == "EntryUUID" else "uids"]["first"]
    found = expect.success(
        peer.ask("GetSubmissionSetAndContents", ("$XDSSubmissionSet" + by, [f"'{value}'"]))
    )
    assert nicks(scene, found) == {"first", "one", "two", "folder"}
    between = links(scene, found)
    wanted = {("first", "HasMember", each) for each in ("one", "two", "folder")}
    assert wanted | {("folder", "HasMember", "one")} <= between
    assert not any("three" in link or "four" in link for link in between)


@pytest.mark.parametrize(
    ("parameter", "wanted"),
    [
        (("$XDSDocumentEntryFormatCode", quoted("urn:other^^1.2.3")), {"two"}),
        (("$XDSDocumentEntryConfidentialityCode", quoted("R^^2.16.840.1.113883.5.25")), {"two"}),
        (("$XDSDocumentEntryConfidentialityCode", quoted("N^^2.16.840.1.113883.5.25")), {"one"}),
        (("$XDSDocumentEntryType", quoted(names.ON_DEMAND)), set()),
    ],
)
def test_contents_filters(
    peer: Peer, scene: Scene, parameter: tuple[str, list[str]], wanted: set[str]
) -> None:
    """Format, confidentiality and type filter the documents of a set (and their HasMember)."""
    own = ("$XDSSubmissionSetUniqueId", [f"'{scene['uids']['first']}'"])
    found = expect.success(peer.ask("GetSubmissionSetAndContents", own, parameter))
    assert nicks(scene, found, "rim:ExtrinsicObject") == wanted
    members = {target for source, _, target in links(scene, found) if source == "first"}
    assert members & {"one", "two"} == wanted
    assert "first" in nicks(scene, found)


def test_get_folder_and_contents(peer: Peer, scene: Scene) -> None:
    """GetFolderAndContents: folder, entries, HasMember; filtered by format."""
    own = ("$XDSFolderUniqueId", [f"'{scene['uids']['folder']}'"])
    found = expect.success(peer.ask("GetFolderAndContents", own))
    assert nicks(scene, found) == {"folder", "one"}
    assert links(scene, found) == {("folder", "HasMember", "one")}
    other = expect.success(
        peer.ask("GetFolderAndContents", own, ("$XDSDocumentEntryFormatCode", quoted("x^^1.2")))
    )
    assert nicks(scene, other) == {"folder"}
    assert links(scene, other) == set()


def test_get_folders_for_document(peer: Peer, scene: Scene) -> None:
    """GetFoldersForDocument: the folders alone; none for an entry outside any."""
    for nick, wanted in (("one", {"folder"}), ("two", set())):
        for parameter in (
            ("$XDSDocumentEntryEntryUUID", [f"'{scene['ids'][nick]}'"]),
            ("$XDSDocumentEntryUniqueId", [f"'{scene['uids'][nick]}'"]),
        ):
            found = expect.success(peer.ask("GetFoldersForDocument", parameter))
            assert nicks(scene, found) == wanted
            assert len(found.ids()) == len(wanted)


def test_get_related_documents(peer: Peer, scene: Scene) -> None:
    """GetRelatedDocuments by type: entries and the associations; nothing when there is no association."""

    def related(nick: str, *kinds: str) -> Answer:
        own = ("$XDSDocumentEntryUniqueId", [f"'{scene['uids'][nick]}'"])
        return expect.success(peer.ask("GetRelatedDocuments", own, ("$AssociationTypes", quoted(*kinds))))

    found = related("one", names.APND, names.RPLC)
    assert nicks(scene, found) == {"one", "three"}
    assert links(scene, found) == {("three", "APND", "one")}
    found = related("four", names.RPLC)
    assert nicks(scene, found) == {"two", "four"}
    assert related("one", names.XFRM).ids() == []
    assert nicks(scene, related("one", names.HAS_MEMBER)) <= {"one"}


def test_get_all(peer: Peer, scene: Scene) -> None:
    """GetAll: entries, sets, folders by status and all associations touching them."""
    found = expect.everything(peer, scene["patient"])
    assert nicks(scene, found) == set(scene["ids"])
    assert {("three", "APND", "one"), ("four", "RPLC", "two"), ("folder", "HasMember", "one")} <= links(
        scene, found
    )
    only = [("$XDSSubmissionSetStatus", quoted(names.APPROVED)), ("$XDSFolderStatus", quoted(names.APPROVED))]
    found = expect.success(
        peer.ask(
            "GetAll",
            ("$patientId", [f"'{scene['patient']}'"]),
            ("$XDSDocumentEntryStatus", quoted(names.DEPRECATED)),
            *only,
        )
    )
    assert nicks(scene, found, "rim:ExtrinsicObject") == {"two"}


BOTH_GIVEN = {
    "GetDocuments": "$XDSDocumentEntry",
    "GetFolders": "$XDSFolder",
    "GetDocumentsAndAssociations": "$XDSDocumentEntry",
    "GetSubmissionSetAndContents": "$XDSSubmissionSet",
    "GetFolderAndContents": "$XDSFolder",
    "GetFoldersForDocument": "$XDSDocumentEntry",
    "GetRelatedDocuments": "$XDSDocumentEntry",
}


@pytest.mark.parametrize("name", BOTH_GIVEN)
def test_uuid_and_unique_id(peer: Peer, scene: Scene, name: str) -> None:
    """Both uuid and uniqueId: XDSStoredQueryParamNumber."""
    stem = BOTH_GIVEN[name]
    answer = peer.ask(
        name,
        (stem + "EntryUUID", quoted(scene["ids"]["one"])),
        (stem + "UniqueId", quoted(scene["uids"]["one"])),
        ("$AssociationTypes", quoted(names.RPLC)),
    )
    expect.failure(answer, "XDSStoredQueryParamNumber")


@pytest.mark.parametrize(
    ("name", "parameter"),
    [
        ("FindDocuments", "$XDSDocumentEntryPatientId"),
        ("FindDocuments", "$XDSDocumentEntryCreationTimeFrom"),
        ("FindSubmissionSets", "$XDSSubmissionSetPatientId"),
        ("FindSubmissionSets", "$XDSSubmissionSetAuthorPerson"),
        ("FindFolders", "$XDSFolderPatientId"),
        ("GetAll", "$patientId"),
        ("GetSubmissionSetAndContents", "$XDSSubmissionSetUniqueId"),
        ("GetFolderAndContents", "$XDSFolderUniqueId"),
        ("GetFoldersForDocument", "$XDSDocumentEntryUniqueId"),
        ("GetRelatedDocuments", "$XDSDocumentEntryUniqueId"),
    ],
)
def test_single_parameter_with_many_values(peer: Peer, scene: Scene, name: str, parameter: str) -> None:
    """A single-valued parameter with two values: XDSStoredQueryParamNumber."""
    fitting = {
        "$XDSDocumentEntryPatientId": [f"'{scene['patient']}'"],
        "$XDSSubmissionSetPatientId": [f"'{scene['patient']}'"],
        "$XDSFolderPatientId": [f"'{scene['patient']}'"],
        "$patientId": [f"'{scene['patient']}'"],
        "$XDSDocumentEntryStatus": expect.BOTH,
        "$XDSSubmissionSetStatus": expect.BOTH,
        "$XDSFolderStatus": expect.BOTH,
        "$AssociationTypes": quoted(names.RPLC),
    }
    two = ["20250101", "20260101"] if "Time" in parameter else quoted("a^^^&1.2.3&ISO", "b^^^&1.2.3&ISO")
    rest = [(key, values) for key, values in fitting.items() if key != parameter]
    expect.failure(peer.ask(name, *rest, (parameter, two)), "XDSStoredQueryParamNumber")


def test_unknown_query(peer: Peer) -> None:
    """An unknown query id: XDSUnknownStoredQuery."""
    number = metadata.urn().removeprefix("urn:uuid:")
    expect.failure(peer.ask(number, ("$patientId", ["'x'"])), "XDSUnknownStoredQuery")


PLURAL = ["GetDocuments", "GetFolders", "GetAssociations", "GetDocumentsAndAssociations", "GetSubmissionSets"]


@pytest.mark.parametrize("name", PLURAL)
def test_result_of_two_patients(peer: Peer, name: str) -> None:
    """LeafClass over two patients: XDSResultNotSinglePatient and no metadata; ObjectRef is allowed.

    NIST's 12368 leaves associations out: for them both answers are accepted.
    """
    wanted = []
    for _ in range(2):
        patient = metadata.patient()
        given = Submission(patient, [Entry(patient)], [Folder(patient)])
        expect.success(peer.provide(given))
        uid = given.folders[0].uid if name == "GetFolders" else given.entries[0].uid
        wanted.append(expect.by_uid(expect.everything(peer, patient), uid))
    parameter = {
        "GetDocuments": "$XDSDocumentEntryEntryUUID",
        "GetFolders": "$XDSFolderEntryUUID",
        "GetDocumentsAndAssociations": "$XDSDocumentEntryEntryUUID",
    }.get(name, "$uuid")
    answer = peer.ask(name, (parameter, quoted(*wanted)))
    if name != "GetAssociations" or answer.status != names.SUCCESS:
        expect.failure(answer, "XDSResultNotSinglePatient")
        assert answer.objects() == []
    refs = expect.success(peer.ask(name, (parameter, quoted(*wanted)), leaf=False))
    assert len(refs.ids("rim:ObjectRef")) >= 2


def test_codings(peer: Peer, scene: Scene) -> None:
    """Values with blanks, each value in its own parentheses, and unquoted numbers are read."""
    uids = scene["uids"]
    for values in (
        [f"( '{uids['one']}' , '{uids['two']}' )"],
        [f"('{uids['one']}')", f"('{uids['two']}')"],
        [f" ('{uids['one']}',\n'{uids['two']}') "],
    ):
        found = expect.success(peer.ask("GetDocuments", ("$XDSDocumentEntryUniqueId", values)))
        assert nicks(scene, found) == {"one", "two"}, values
    for value in ("20250101", "'20250101'"):
        answer = peer.ask(
            "FindDocuments",
            ("$XDSDocumentEntryPatientId", [f"'{scene['patient']}'"]),
            ("$XDSDocumentEntryStatus", quoted(names.APPROVED)),
            ("$XDSDocumentEntryCreationTimeFrom", [value]),
        )
        assert len(expect.success(answer).ids()) == 3, value


@pytest.mark.parametrize("value", ["T1^^^&1.2.3&ISO", "'open", "('a'", "(a,b)", "''x''", "'a' or 1=1 --'"])
def test_malformed_values(peer: Peer, value: str) -> None:
    """A value that is not coded by the rules is refused with an error, never a fault of the server."""
    answer = peer.ask(
        "FindDocuments", ("$XDSDocumentEntryPatientId", [value]), ("$XDSDocumentEntryStatus", expect.BOTH)
    )
    assert answer.response.status_code == 200
    assert answer.status in {names.FAILURE, names.SUCCESS}
    assert answer.objects() == []


@pytest.mark.parametrize(
    "code", ["34133-9", "34133-9^^", "^^2.16.840.1.113883.6.1", "34133-9^x^2.16.840.1.113883.6.1"]
)
def test_malformed_codes(peer: Peer, scene: Scene, code: str) -> None:
    """A code must be code^^scheme: without its scheme it is refused, or finds nothing."""
    answer = peer.ask(
        "FindDocuments",
        ("$XDSDocumentEntryPatientId", [f"'{scene['patient']}'"]),
        ("$XDSDocumentEntryStatus", expect.BOTH),
        ("$XDSDocumentEntryTypeCode", quoted(code)),
    )
    assert answer.objects() == [] or answer.status == names.FAILURE


def test_home_attribute(peer: Peer, scene: Scene) -> None:
    """AdhocQuery/@home of our own community is accepted; a foreign one is XDSUnknownCommunity or ignored."""
    parameter = ("$XDSDocumentEntryUniqueId", quoted(scene["uids"]["one"]))
    own = f'home="{peer.account["homeCommunityId"]}"'
    assert nicks(scene, expect.success(peer.ask("GetDocuments", parameter, attributes=own))) == {"one"}
    foreign = peer.ask("GetDocuments", parameter, attributes='home="urn:oid:1.2.3.4"')
    if foreign.status != names.SUCCESS:
        expect.failure(foreign, "XDSUnknownCommunity")


def test_unknown_parameters_are_ignored(peer: Peer, scene: Scene) -> None:
    """Parameters the query does not know are ignored (extensions of other affinity domains)."""
    parameter = ("$XDSDocumentEntryUniqueId", quoted(scene["uids"]["one"]))
    found = peer.ask("GetDocuments", parameter, ("$MetadataLevel", ["1"]), ("$XDSExtra", ["'x'"]))
    assert nicks(scene, expect.success(found)) == {"one"}
