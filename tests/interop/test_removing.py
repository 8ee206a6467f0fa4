"""ITI-62: closed sets, references, atomicity (kit 30000-30008)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.interop.kit import expect, metadata, names
from tests.interop.kit.metadata import Entry, Folder, Link, Submission

if TYPE_CHECKING:
    from tests.interop.kit.wire import Peer


def stored(peer: Peer, *, folder: bool = False) -> tuple[Submission, list[str]]:
    """A set with two entries; the ids of all its objects."""
    patient = metadata.patient()
    given = Submission(patient, [Entry(patient, b"1"), Entry(patient, b"2")])
    if folder:
        given.folders.append(Folder(patient))
        given.links.append(Link(names.HAS_MEMBER, given.folders[0].id, given.entries[0].id))
        given.links.append(Link(names.HAS_MEMBER, given.id, given.links[0].id))
    expect.success(peer.provide(given))
    return given, expect.everything(peer, patient).ids()


def test_closed_set(peer: Peer) -> None:
    """The complete set (SubmissionSet, entries, folder, associations) is removed."""
    given, ids = stored(peer, folder=True)
    answer = expect.success(peer.send(62, metadata.remove(*ids)))
    assert not answer.multipart
    assert expect.everything(peer, given.patient).objects() == []
    found = peer.ask("GetDocuments", ("$XDSDocumentEntryUniqueId", expect.quoted(given.entries[0].uid)))
    assert found.objects() == []
    again = Submission(given.patient, [Entry(given.patient)])
    expect.success(peer.provide(again))


def test_unknown_id(peer: Peer) -> None:
    """One id that is unknown: UnresolvedReferenceException, and nothing is removed."""
    given, ids = stored(peer)
    unknown = metadata.urn()
    expect.failure(
        peer.send(62, metadata.remove(*ids, unknown)), "UnresolvedReferenceException", context=unknown
    )
    assert sorted(expect.everything(peer, given.patient).ids()) == sorted(ids)


def test_still_referenced(peer: Peer) -> None:
    """An entry whose association is not in the request: ReferencesExistException."""
    given, ids = stored(peer)
    entry = expect.by_uid(expect.entries(peer, given.patient), given.entries[0].uid)
    expect.failure(peer.send(62, metadata.remove(entry)), "ReferencesExistException")
    assert sorted(expect.everything(peer, given.patient).ids()) == sorted(ids)


def test_left_behind(peer: Peer) -> None:
    """The last association of an entry alone: XDSUnreferencedObjectException."""
    given, ids = stored(peer)
    now = expect.everything(peer, given.patient)
    entry = expect.by_uid(now, given.entries[0].uid)
    (link,) = now.find(f"//rim:Association[@targetObject='{entry}']/@id")
    expect.failure(peer.send(62, metadata.remove(link)), "XDSUnreferencedObjectException")
    assert sorted(expect.everything(peer, given.patient).ids()) == sorted(ids)


def test_one_entry_of_a_set(peer: Peer) -> None:
    """An entry with its HasMember goes; the rest of the set stays."""
    given, ids = stored(peer)
    now = expect.everything(peer, given.patient)
    entry = expect.by_uid(now, given.entries[0].uid)
    (link,) = now.find(f"//rim:Association[@targetObject='{entry}']/@id")
    expect.success(peer.send(62, metadata.remove(entry, link)))
    assert set(expect.everything(peer, given.patient).ids()) == set(ids) - {entry, link}


def test_relationship_must_go_along(peer: Peer) -> None:
    """An addendum's association holds the original back, unless it is in the request too."""
    given, ids = stored(peer)
    entry = expect.by_uid(expect.entries(peer, given.patient), given.entries[0].uid)
    addendum = Entry(given.patient)
    later = Submission(given.patient, [addendum], links=[Link(names.APND, addendum.id, entry)])
    expect.success(peer.provide(later))
    expect.failure(peer.send(62, metadata.remove(*ids)), "ReferencesExistException")
    everything = expect.everything(peer, given.patient).ids()
    assert set(ids) < set(everything)
    expect.success(peer.send(62, metadata.remove(*everything)))
    assert expect.everything(peer, given.patient).objects() == []


def test_only_object_ref_list(peer: Peer) -> None:
    """AdhocQuery and deletionScope are not part of the profile: refused (or the scope ignored); empty too."""
    given, ids = stored(peer)
    ask = f'<rim:AdhocQuery id="urn:uuid:{names.QUERIES["GetAll"]}"/>'
    body = metadata.remove(*ids).replace("<rim:ObjectRefList>", ask + "<rim:ObjectRefList>")
    for each in (body, "<lcm:RemoveObjectsRequest/>"):
        answer = peer.send(62, each)
        assert answer.status == names.FAILURE or answer.status.startswith("fault Sender")
    assert sorted(expect.everything(peer, given.patient).ids()) == sorted(ids)


def test_not_an_id(peer: Peer) -> None:
    """An id that is no urn:uuid, or a uniqueId in its place: UnresolvedReferenceException."""
    given, _ = stored(peer)
    for own in ("Document01", given.entries[0].uid):
        answer = peer.send(62, metadata.remove(own))
        codes = ("UnresolvedReferenceException", "XDSRegistryMetadataError", "XDSRegistryError")
        expect.failure(answer, *codes)


def test_unique_ids_are_free_again(peer: Peer) -> None:
    """After removal the set's uniqueId is no longer in the registry."""
    given, ids = stored(peer)
    expect.success(peer.send(62, metadata.remove(*ids)))
    answer = peer.ask("GetSubmissionSetAndContents", ("$XDSSubmissionSetUniqueId", [f"'{given.uid}'"]))
    assert expect.success(answer).objects() == []
