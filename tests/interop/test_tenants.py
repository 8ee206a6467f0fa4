"""The matrix: account A's credential with account B's objects is answered like an unknown object (T1)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.interop.kit import expect, metadata, names, wire
from tests.interop.kit.expect import quoted
from tests.interop.kit.metadata import Entry, Folder, Link, Submission

if TYPE_CHECKING:
    from tests.interop.kit.wire import Answer, Peer

Ids = dict[str, str]


@pytest.fixture(name="theirs")
def make_theirs(stranger: Peer) -> Ids:
    """Objects of the other account."""
    patient = metadata.patient()
    given = Submission(patient, [Entry(patient, b"secret")], [Folder(patient)])
    given.links.append(Link(names.HAS_MEMBER, given.folders[0].id, given.entries[0].id))
    expect.success(stranger.provide(given))
    now = expect.everything(stranger, patient)
    return {
        "patient": patient,
        "entry": expect.by_uid(now, given.entries[0].uid),
        "entry uid": given.entries[0].uid,
        "folder": expect.by_uid(now, given.folders[0].uid),
        "folder uid": given.folders[0].uid,
        "set": expect.by_uid(now, given.uid),
        "set uid": given.uid,
        "link": now.ids("rim:Association")[0],
    }


@pytest.fixture(name="nobodys")
def make_nobodys() -> Ids:
    """Ids of the same shape that nobody has."""
    made = dict.fromkeys(("entry", "folder", "set", "link"), "")
    uids = {name + " uid": metadata.oid() for name in ("entry", "folder", "set")}
    return {name: metadata.urn() for name in made} | uids | {"patient": metadata.patient()}


def shape(answer: Answer, ids: Ids) -> str:
    """The answer without what is its own: ids, uuids, times, boundaries."""
    text = answer.response.text + str(answer.response.status_code)
    for name, value in ids.items():
        text = text.replace(value, name).replace(value.replace("&", "&amp;"), name)
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32}", "u", text)
    text = re.sub(r"(Document|SubmissionSet|Association|Folder)\d+", r"\1", text)
    text = re.sub(r"2\.25\.\d+\.\d+", "oid", text)
    return re.sub(r"--+[\w.=-]+|<?[\w.=-]+@[\w.-]+>?", "b", text)


SINGLE = {
    "GetSubmissionSetAndContents": ("$XDSSubmissionSet", "set"),
    "GetFolderAndContents": ("$XDSFolder", "folder"),
    "GetFoldersForDocument": ("$XDSDocumentEntry", "entry"),
    "GetDocuments": ("$XDSDocumentEntry", "entry"),
    "GetFolders": ("$XDSFolder", "folder"),
    "GetDocumentsAndAssociations": ("$XDSDocumentEntry", "entry"),
    "GetRelatedDocuments": ("$XDSDocumentEntry", "entry"),
}


def questions(ids: Ids) -> dict[str, tuple[int, str]]:
    """Every reading and removing operation with these ids."""
    made: dict[str, tuple[int, str]] = {}
    for name, (stem, kind) in SINGLE.items():
        for by, value in (("EntryUUID", ids[kind]), ("UniqueId", ids[kind + " uid"])):
            parameters = [
                (
                    stem + by,
                    [f"'{value}'"] if "And" in name[12:] or "For" in name or "Rel" in name else quoted(value),
                )
            ]
            parameters.append(("$AssociationTypes", quoted(names.HAS_MEMBER)))
            made[f"{name} {by}"] = (18, metadata.query(name, parameters))
    for kind in ("entry", "folder", "set", "link"):
        made[f"GetAssociations {kind}"] = (
            18,
            metadata.query("GetAssociations", [("$uuid", quoted(ids[kind]))]),
        )
        made[f"GetSubmissionSets {kind}"] = (
            18,
            metadata.query("GetSubmissionSets", [("$uuid", quoted(ids[kind]))]),
        )
        made[f"ITI-62 {kind}"] = (62, metadata.remove(ids[kind]))
    for name, stem in (
        ("FindDocuments", "DocumentEntry"),
        ("FindSubmissionSets", "SubmissionSet"),
        ("FindFolders", "Folder"),
    ):
        parameters = [(f"$XDS{stem}PatientId", [f"'{ids['patient']}'"]), (f"$XDS{stem}Status", expect.BOTH)]
        made[name] = (18, metadata.query(name, parameters))
    return made


NAMES = list(
    questions(
        dict.fromkeys(
            ("patient", "entry", "folder", "set", "link", "entry uid", "folder uid", "set uid"), "x"
        )
    )
)


@pytest.mark.parametrize("name", NAMES)
def test_asking(peer: Peer, theirs: Ids, nobodys: Ids, name: str) -> None:
    """Asked through one's own door, theirs and nobody's get the same answer, in content and status."""
    answers = []
    for ids in (theirs, nobodys):
        transaction, body = questions(ids)[name]
        answer = peer.send(transaction, body)
        assert answer.objects() == []
        answers.append(shape(answer, ids))
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    "name", ["fetch", "fetch of their repository", "remove", "remove of their repository"]
)
def test_documents(peer: Peer, stranger: Peer, theirs: Ids, nobodys: Ids, name: str) -> None:
    """ITI-43 and 86 with their document's id, by our or their repository's id."""
    repository = stranger.repository if "their" in name else peer.repository
    answers = []
    for ids in (theirs, nobodys):
        if name.startswith("fetch"):
            answer = peer.send(43, metadata.retrieve(repository, ids["entry uid"]))
        else:
            tag = "rmd:RemoveDocumentsRequest"
            answer = peer.send(86, metadata.retrieve(repository, ids["entry uid"], tag=tag))
        assert answer.status == names.FAILURE
        answers.append((shape(answer, ids), answer.codes))
    assert answers[0] == answers[1]
    assert stranger.fetch(theirs["entry uid"]).status == names.SUCCESS


def submissions(ids: Ids) -> dict[str, tuple[int, Submission]]:
    """Every writing operation that names these ids."""
    made: dict[str, tuple[int, Submission]] = {}

    def new(**changes: Any) -> Submission:
        patient = metadata.patient()
        return Submission(patient, [Entry(patient, b"mine", **changes)])

    for kind in (names.RPLC, names.APND, names.XFRM, names.SIGNS):
        given = new()
        given.links.append(Link(kind, given.entries[0].id, ids["entry"]))
        made[kind] = (41, given)
    given = new()
    given.links.append(Link(names.HAS_MEMBER, ids["folder"], given.entries[0].id))
    made["into their folder"] = (41, given)
    given = new()
    given.links.append(Link(names.HAS_MEMBER, given.id, ids["entry"], {"SubmissionSetStatus": ["Reference"]}))
    made["their entry by reference"] = (41, given)
    made["their entry's uuid"] = (41, new(id=ids["entry"]))
    made["their document's uniqueId"] = (41, new(uid=ids["entry uid"]))
    given = new()
    given.uid = ids["set uid"]
    made["their set's uniqueId"] = (41, given)
    given = Submission(metadata.patient())
    slots = {"OriginalStatus": [names.APPROVED], "NewStatus": [names.DEPRECATED]}
    given.links.append(Link(names.UPDATE_STATUS, given.id, ids["entry"], slots))
    made["their entry's status"] = (57, given)
    given = new(uid=ids["entry uid"], attributes=f'lid="{ids["entry"]}"')
    given.members = False
    slots = {"SubmissionSetStatus": ["Original"], "PreviousVersion": ["1"]}
    given.links.append(Link(names.HAS_MEMBER, given.id, given.entries[0].id, slots))
    made["a version of their entry"] = (57, given)
    return made


WRITES = [names.RPLC, names.APND, names.XFRM, names.SIGNS, "into their folder", "their entry by reference"]
WRITES += ["their entry's uuid", "their document's uniqueId", "their set's uniqueId", "their entry's status"]
WRITES += ["a version of their entry"]


@pytest.mark.parametrize("name", WRITES)
def test_writing(peer: Peer, stranger: Peer, theirs: Ids, nobodys: Ids, name: str) -> None:
    """Writing with their ids is answered as with nobody's, and changes nothing of theirs."""
    before = expect.everything(stranger, theirs["patient"])
    answers = []
    for ids in (theirs, nobodys):
        transaction, given = submissions(ids)[name]
        answer = peer.provide(given) if transaction == 41 else peer.send(transaction, given.request())
        answers.append((answer.status, shape(answer, ids | {"patient": given.patient})))
    assert answers[0] == answers[1]
    after = expect.everything(stranger, theirs["patient"])
    assert sorted(after.ids()) == sorted(before.ids())
    assert after.find("//rim:ExtrinsicObject/@status") == [names.APPROVED]
    assert stranger.fetch(theirs["entry uid"]).documents() == {theirs["entry uid"]: b"secret"}


def test_their_door(peer: Peer, stranger: Peer) -> None:
    """Through their door, an unknown account's and a path that is not there: one and the same 404."""
    seen = set()
    for transaction in names.ACTIONS:
        theirs = stranger.url(transaction)
        for url in (theirs, theirs.replace(stranger.account["account"], "0000000000009991"), theirs + "x"):
            heads = wire.header(names.ACTIONS[transaction], url)
            response = peer.post(url, wire.envelope(heads, "").encode(), "application/soap+xml")
            fixed = {k: v for k, v in response.headers.items() if k != "date"}
            seen.add((response.status_code, response.content, tuple(sorted(fixed.items()))))
    service = str(stranger.account["service"])
    for url in (service, service + "/certificates", str(stranger.account["registry"]) + "?wsdl"):
        seen.add((peer.http.get(url).status_code,))
    assert {each[0] for each in seen} == {404}
    assert len([each for each in seen if len(each) > 1]) == 1, seen
