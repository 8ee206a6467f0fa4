"""Folders and relationships of ITI-41/42: deprecation, children, carry-over, references (§1.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.interop.kit import expect, metadata, names
from tests.interop.kit.metadata import Entry, Folder, Link, Submission

if TYPE_CHECKING:
    from tests.interop.kit.wire import Answer, Peer


def begin(peer: Peer, *, folder: bool = False) -> tuple[Submission, str]:
    """A registered entry (in a folder if wished) and its entry uuid."""
    patient = metadata.patient()
    given = Submission(patient, [Entry(patient, b"original")])
    if folder:
        given.folders.append(Folder(patient))
        given.links.append(Link(names.HAS_MEMBER, given.folders[0].id, given.entries[0].id))
    expect.success(peer.provide(given))
    return given, expect.by_uid(expect.entries(peer, patient), given.entries[0].uid)


def relate(peer: Peer, given: Submission, target: str, kind: str) -> tuple[Submission, Answer]:
    """A new entry related to the target."""
    entry = Entry(given.patient, b"next")
    following = Submission(given.patient, [entry], links=[Link(kind, entry.id, target)])
    return following, peer.provide(following)


@pytest.mark.parametrize("kind", [names.RPLC, names.XFRM_RPLC])
def test_replace_deprecates(peer: Peer, kind: str) -> None:
    """RPLC and XFRM_RPLC deprecate the target; the new entry is approved; the set stays approved."""
    given, target = begin(peer)
    following, answer = relate(peer, given, target, kind)
    expect.success(answer)
    now = expect.everything(peer, given.patient)
    assert expect.status(now, given.entries[0].uid) == names.DEPRECATED
    assert expect.status(now, following.entries[0].uid) == names.APPROVED
    assert expect.status(now, given.uid) == names.APPROVED
    new = expect.by_uid(now, following.entries[0].uid)
    assert now.find(f"//rim:Association[@associationType='{kind}']/@sourceObject") == [new]
    approved = expect.entries(peer, given.patient, expect.quoted(names.APPROVED))
    assert approved.ids() == [new]
    assert peer.fetch(given.entries[0].uid).status == names.SUCCESS


@pytest.mark.parametrize("kind", [names.APND, names.XFRM, names.SIGNS])
def test_others_do_not_deprecate(peer: Peer, kind: str) -> None:
    """APND, XFRM and signs leave the target approved, in the registry or in the same submission."""
    given, target = begin(peer)
    following, answer = relate(peer, given, target, kind)
    expect.success(answer)
    assert expect.status(expect.entries(peer, given.patient), given.entries[0].uid) == names.APPROVED
    both = Submission(given.patient, [Entry(given.patient), Entry(given.patient)])
    both.links.append(Link(kind, both.entries[0].id, both.entries[1].id))
    expect.success(peer.provide(both))
    assert following.entries[0].uid


def test_replace_inside_the_submission(peer: Peer) -> None:
    """RPLC of an entry of the same submission: its target must be in the registry."""
    patient = metadata.patient()
    both = Submission(patient, [Entry(patient), Entry(patient)])
    both.links.append(Link(names.RPLC, both.entries[0].id, both.entries[1].id))
    codes = ("UnresolvedReferenceException", "XDSRegistryMetadataError", "XDSRepositoryMetadataError")
    expect.failure(peer.provide(both), *codes)
    expect.nothing(peer, patient, both.entries[0].uid)


@pytest.mark.parametrize("kind", [names.RPLC, names.XFRM_RPLC])
def test_children_are_deprecated(peer: Peer, kind: str) -> None:
    """Replacing deprecates the target's APND and XFRM descendants at all depths."""
    given, target = begin(peer)
    addendum, first = relate(peer, given, target, names.APND)
    transform, second = relate(peer, given, target, names.XFRM)
    now = expect.entries(peer, given.patient)
    deeper, third = relate(peer, given, expect.by_uid(now, addendum.entries[0].uid), names.XFRM)
    replaced, fourth = relate(peer, given, target, kind)
    for answer in (first, second, third, fourth):
        expect.success(answer)
    now = expect.entries(peer, given.patient)
    for gone in (given, addendum, transform, deeper):
        assert expect.status(now, gone.entries[0].uid) == names.DEPRECATED
    assert expect.status(now, replaced.entries[0].uid) == names.APPROVED


@pytest.mark.parametrize("kind", [names.RPLC, names.APND, names.XFRM, names.XFRM_RPLC, names.SIGNS])
def test_deprecated_target(peer: Peer, kind: str) -> None:
    """A relationship to a deprecated entry: XDSRegistryDeprecatedDocumentError, nothing stored."""
    given, target = begin(peer)
    expect.success(relate(peer, given, target, names.RPLC)[1])
    late, answer = relate(peer, given, target, kind)
    expect.failure(answer, "XDSRegistryDeprecatedDocumentError")
    assert peer.fetch(late.entries[0].uid).status == names.FAILURE


def test_other_patients_target(peer: Peer) -> None:
    """A relationship between two patients: XDSPatientIdDoesNotMatch, the target stays as it was."""
    given, target = begin(peer)
    stranger = Submission(metadata.patient())
    late, answer = relate(peer, stranger, target, names.RPLC)
    expect.failure(answer, "XDSPatientIdDoesNotMatch")
    assert expect.status(expect.entries(peer, given.patient), given.entries[0].uid) == names.APPROVED
    expect.nothing(peer, stranger.patient, late.entries[0].uid)


def test_source_must_be_submitted(peer: Peer) -> None:
    """A relationship whose source is only in the registry is refused."""
    given, target = begin(peer)
    other = Submission(given.patient, [Entry(given.patient)])
    expect.success(peer.provide(other))
    source = expect.by_uid(expect.entries(peer, given.patient), other.entries[0].uid)
    late = Submission(given.patient, [Entry(given.patient)], links=[Link(names.APND, source, target)])
    codes = ("UnresolvedReferenceException", "XDSRegistryMetadataError", "XDSRepositoryMetadataError")
    expect.failure(peer.provide(late), *codes)


def test_replace_carries_folders_over(peer: Peer) -> None:
    """A replacement enters every approved folder of the original, with both HasMember."""
    given, target = begin(peer, folder=True)
    folder = given.folders[0]
    before = expect.everything(peer, given.patient)
    folder_id = expect.by_uid(before, folder.uid)
    following, answer = relate(peer, given, target, names.RPLC)
    expect.success(answer)
    now = expect.everything(peer, given.patient)
    new = expect.by_uid(now, following.entries[0].uid)
    links = now.find(f"//rim:Association[@sourceObject='{folder_id}' and @targetObject='{new}']")
    assert len(links) == 1
    assert links[0].get("associationType") == names.HAS_MEMBER
    mine = expect.by_uid(now, following.uid)
    assert (
        len(now.find(f"//rim:Association[@sourceObject='{mine}' and @targetObject='{links[0].get('id')}']"))
        == 1
    )
    times = now.find(
        f"//rim:RegistryPackage[@id='{folder_id}']/rim:Slot[@name='lastUpdateTime']//rim:Value/text()"
    )
    assert len(times) == 1
    contents = peer.ask("GetFolderAndContents", ("$XDSFolderUniqueId", [f"'{folder.uid}'"]))
    assert set(contents.ids("rim:ExtrinsicObject")) == {target, new}


def test_folder_last_update_is_the_registrys(peer: Peer) -> None:
    """LastUpdateTime is set by the registry and overwrites what was submitted."""
    patient = metadata.patient()
    folder = Folder(patient, slots={"lastUpdateTime": ["19990101000000"]})
    given = Submission(patient, [Entry(patient)], [folder])
    given.links.append(Link(names.HAS_MEMBER, folder.id, given.entries[0].id))
    expect.success(peer.provide(given))
    (time,) = expect.everything(peer, patient).find("//rim:Slot[@name='lastUpdateTime']//rim:Value/text()")
    assert time > "2020", time


def test_entry_into_a_registered_folder(peer: Peer) -> None:
    """A new entry is put into a folder of an earlier submission; by reference a registered one too."""
    given, first = begin(peer, folder=True)
    folder_id = expect.by_uid(expect.everything(peer, given.patient), given.folders[0].uid)
    entry = Entry(given.patient)
    later = Submission(given.patient, [entry], links=[Link(names.HAS_MEMBER, folder_id, entry.id)])
    later.links.append(Link(names.HAS_MEMBER, later.id, later.links[0].id))
    expect.success(peer.provide(later))
    contents = peer.ask("GetFolderAndContents", ("$XDSFolderEntryUUID", [f"'{folder_id}'"]))
    assert len(contents.ids("rim:ExtrinsicObject")) == 2
    assert first in contents.ids("rim:ExtrinsicObject")
    folders = peer.ask("GetFoldersForDocument", ("$XDSDocumentEntryUniqueId", [f"'{entry.uid}'"]))
    assert folders.ids() == [folder_id]


def test_deprecated_entry_into_a_folder(peer: Peer) -> None:
    """A deprecated entry may not be put into a folder: XDSRegistryDeprecatedDocumentError."""
    given, target = begin(peer)
    expect.success(relate(peer, given, target, names.RPLC)[1])
    folder = Folder(given.patient)
    later = Submission(given.patient, [], [folder], [Link(names.HAS_MEMBER, folder.id, target)])
    later.links.append(Link(names.HAS_MEMBER, later.id, later.links[0].id))
    expect.failure(peer.provide(later), "XDSRegistryDeprecatedDocumentError")
    assert not expect.everything(peer, given.patient).find(f"//*[@value='{folder.uid}']")


def test_other_patients_folder(peer: Peer) -> None:
    """An entry into another patient's folder: XDSPatientIdDoesNotMatch."""
    given, _ = begin(peer, folder=True)
    folder_id = expect.by_uid(expect.everything(peer, given.patient), given.folders[0].uid)
    patient = metadata.patient()
    entry = Entry(patient)
    later = Submission(patient, [entry], links=[Link(names.HAS_MEMBER, folder_id, entry.id)])
    expect.failure(peer.provide(later), "XDSPatientIdDoesNotMatch")
    expect.nothing(peer, patient, entry.uid)


def test_set_by_reference(peer: Peer) -> None:
    """A SubmissionSet may hold a registered entry by reference (SubmissionSetStatus Reference)."""
    given, target = begin(peer)
    later = Submission(given.patient, [Entry(given.patient)])
    later.links.append(Link(names.HAS_MEMBER, later.id, target, {"SubmissionSetStatus": ["Reference"]}))
    expect.success(peer.provide(later))
    contents = peer.ask("GetSubmissionSetAndContents", ("$XDSSubmissionSetUniqueId", [f"'{later.uid}'"]))
    assert target in contents.ids("rim:ExtrinsicObject")
    assert len(contents.ids("rim:ExtrinsicObject")) == 2


def test_reference_to_another_patients_entry(peer: Peer) -> None:
    """Another patient's entry by reference: taken or XDSPatientIdDoesNotMatch, the entry unchanged.

    ITI-42 binds the objects of the request, folders and relationships to one patient; not references.
    """
    given, target = begin(peer)
    patient = metadata.patient()
    later = Submission(patient, [Entry(patient)])
    later.links.append(Link(names.HAS_MEMBER, later.id, target, {"SubmissionSetStatus": ["Reference"]}))
    answer = peer.provide(later)
    if answer.status != names.SUCCESS:
        expect.failure(answer, "XDSPatientIdDoesNotMatch")
        expect.nothing(peer, patient, later.entries[0].uid)
    assert len(expect.entries(peer, patient).ids()) == (answer.status == names.SUCCESS)
    assert expect.entries(peer, given.patient).ids() == [target]


def test_unknown_association_type(peer: Peer) -> None:
    """An association of no known type is refused."""
    given, target = begin(peer)
    answer = relate(peer, given, target, "urn:example:Likes")[1]
    expect.failure(answer, "XDSRegistryMetadataError", "XDSRepositoryMetadataError", "XDSRegistryError")


def test_association_documentation(peer: Peer) -> None:
    """A relationship's documentation code (XFRM) is kept and returned."""
    given, target = begin(peer)
    entry = Entry(given.patient)
    link = Link(names.XFRM, entry.id, target)
    link.extra = metadata.code(link.id, names.DOCUMENTATION_SCHEME, ("LanguageTranslation", "1.2.3"))
    expect.success(peer.provide(Submission(given.patient, [entry], links=[link])))
    found = peer.ask("GetAssociations", ("$uuid", expect.quoted(target)))
    path = "//rim:Association/rim:Classification/@nodeRepresentation"
    assert found.find(path) == ["LanguageTranslation"]


def test_replace_two_at_once(peer: Peer) -> None:
    """One submission may replace two entries."""
    given, first = begin(peer)
    other = Submission(given.patient, [Entry(given.patient)])
    expect.success(peer.provide(other))
    second = expect.by_uid(expect.entries(peer, given.patient), other.entries[0].uid)
    news = [Entry(given.patient), Entry(given.patient)]
    links = [Link(names.RPLC, new.id, old) for new, old in zip(news, (first, second), strict=True)]
    expect.success(peer.provide(Submission(given.patient, news, links=links)))
    now = expect.entries(peer, given.patient)
    assert (
        expect.status(now, given.entries[0].uid)
        == expect.status(now, other.entries[0].uid)
        == names.DEPRECATED
    )
