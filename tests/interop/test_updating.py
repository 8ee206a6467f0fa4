"""ITI-57: new versions of metadata and changes of status (kit 15800-21004)."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from tests.interop.kit import expect, metadata, names
from tests.interop.kit.metadata import Entry, Folder, Link, Submission

if TYPE_CHECKING:
    from tests.interop.kit.wire import Answer, Peer

CONTENT = b"versioned"


def begin(peer: Peer) -> tuple[Entry, str, str]:
    """A registered entry, its uuid and lid."""
    patient = metadata.patient()
    entry = Entry(patient, CONTENT)
    expect.success(peer.provide(Submission(patient, [entry])))
    (found,) = expect.entries(peer, patient).objects("rim:ExtrinsicObject")
    return entry, found.get("id"), found.get("lid")


def new_version(peer: Peer, entry: Entry, lid: str, **changes: object) -> Submission:
    """The entry once more with a new title, as an administrator would send it."""
    slots = {
        "hash": [hashlib.sha1(CONTENT).hexdigest()],
        "size": [str(len(CONTENT))],
        "repositoryUniqueId": [peer.repository],
    }
    settings: dict[str, object] = {
        "uid": entry.uid,
        "title": "Corrected",
        "slots": slots,
        "attributes": f'lid="{lid}"' if lid else "",
    }
    return Submission(entry.patient, [Entry(entry.patient, None, **(settings | changes))], members=False)  # type: ignore[arg-type]


def update(peer: Peer, given: Submission, previous: str | None, **more: list[str]) -> Answer:
    """Send it with HasMember carrying PreviousVersion."""
    slots = {"SubmissionSetStatus": ["Original"]} | more
    if previous is not None:
        slots["PreviousVersion"] = [previous]
    given.links.append(Link(names.HAS_MEMBER, given.id, given.entries[0].id, slots))
    return peer.send(57, given.request())


def versions(peer: Peer, patient: str) -> list[tuple[str, str, str]]:
    """(version, status, title) of a patient's entries."""
    found = expect.entries(peer, patient)
    return sorted(
        (
            each.find("rim:VersionInfo", names.NS).get("versionName"),
            each.get("status").split(":")[-1],
            each.find("rim:Name/rim:LocalizedString", names.NS).get("value"),
        )
        for each in found.objects("rim:ExtrinsicObject")
    )


def test_first_version(peer: Peer) -> None:
    """A registered entry has lid = id and VersionInfo 1."""
    entry, own, lid = begin(peer)
    assert lid == own
    assert versions(peer, entry.patient) == [("1", "Approved", "Result")]


def test_new_version(peer: Peer) -> None:
    """A new version is Approved with version 2 and the same lid; the old one is Deprecated."""
    entry, own, lid = begin(peer)
    answer = expect.success(update(peer, new_version(peer, entry, lid), "1"))
    assert not answer.multipart
    assert versions(peer, entry.patient) == [("1", "Deprecated", "Result"), ("2", "Approved", "Corrected")]
    found = expect.entries(peer, entry.patient, expect.quoted(names.APPROVED))
    (new,) = found.objects("rim:ExtrinsicObject")
    assert new.get("lid") == lid
    assert new.get("id") != own
    assert peer.fetch(entry.uid).documents() == {entry.uid: CONTENT}
    expect.success(update(peer, new_version(peer, entry, lid, title="Third"), "2"))
    assert versions(peer, entry.patient)[2] == ("3", "Approved", "Third")


@pytest.mark.parametrize("previous", ["2", "0", "7", "x"])
def test_wrong_previous_version(peer: Peer, previous: str) -> None:
    """PreviousVersion that is not the registered one: XDSMetadataVersionError; nothing changes."""
    entry, _, lid = begin(peer)
    answer = update(peer, new_version(peer, entry, lid), previous)
    expect.failure(answer, "XDSMetadataVersionError", "XDSMetadataUpdateError")
    assert versions(peer, entry.patient) == [("1", "Approved", "Result")]


def test_unknown_lid(peer: Peer) -> None:
    """An unknown lid: XDSMetadataVersionError (…UpdateError)."""
    entry, _, _ = begin(peer)
    answer = update(peer, new_version(peer, entry, metadata.urn()), "1")
    expect.failure(
        answer, "XDSMetadataVersionError", "XDSMetadataUpdateError", "UnresolvedReferenceException"
    )
    assert versions(peer, entry.patient) == [("1", "Approved", "Result")]


def test_missing_previous_version(peer: Peer) -> None:
    """No PreviousVersion, or no lid: an error of metadata update."""
    entry, _, lid = begin(peer)
    answer = update(peer, new_version(peer, entry, lid), None)
    expect.failure(answer, "XDSMetadataUpdateError", "XDSMetadataVersionError", "XDSRegistryMetadataError")
    answer = update(peer, new_version(peer, entry, ""), "1")
    expect.failure(answer, "XDSMetadataUpdateError", "XDSMetadataVersionError", "XDSRegistryMetadataError")
    assert versions(peer, entry.patient) == [("1", "Approved", "Result")]


def test_unchangeable_attributes(peer: Peer) -> None:
    """uniqueId, objectType, hash and size of a new version must stay as they were."""
    entry, _, lid = begin(peer)
    slots = {"hash": ["0" * 40], "size": ["9"], "repositoryUniqueId": [peer.repository]}
    codes = ("XDSMetadataUpdateError", "XDSRegistryMetadataError", "UnmodifiableMetadataError")
    codes += ("XDSMetadataIdentifierError", "XDSObjectTypeError", "XDSMetadataVersionError")
    for changes in ({"uid": metadata.oid()}, {"object_type": names.ON_DEMAND}, {"slots": slots}):
        answer = update(peer, new_version(peer, entry, lid, **changes), "1")
        expect.failure(answer, *codes, "XDSNonIdenticalHash", "XDSNonIdenticalSize")
    assert versions(peer, entry.patient) == [("1", "Approved", "Result")]


def test_other_patient(peer: Peer) -> None:
    """A new version of another patient: XDSPatientIDReconciliationError or XDSPatientIdDoesNotMatch."""
    entry, _, lid = begin(peer)
    changed = new_version(peer, entry, lid)
    changed.patient = changed.entries[0].patient = metadata.patient()
    answer = update(peer, changed, "1")
    codes = ("XDSPatientIDReconciliationError", "XDSPatientIdDoesNotMatch", "XDSMetadataUpdateError")
    expect.failure(answer, *codes, "XDSRegistryMetadataError")
    assert versions(peer, entry.patient) == [("1", "Approved", "Result")]


def test_incomplete_new_version(peer: Peer) -> None:
    """Required attributes are required in a new version too."""
    entry, _, lid = begin(peer)
    answer = update(peer, new_version(peer, entry, lid, drop=("typeCode",)), "1")
    expect.failure(answer, "XDSRegistryMetadataError", "XDSMetadataUpdateError")
    assert versions(peer, entry.patient) == [("1", "Approved", "Result")]


def change_status(peer: Peer, patient: str, target: str, old: str | None, new: str | None) -> Answer:
    """An UpdateAvailabilityStatus association."""
    given = Submission(patient)
    slots = {"OriginalStatus": [old]} if old else {}
    slots |= {"NewStatus": [new]} if new else {}
    given.links.append(Link(names.UPDATE_STATUS, given.id, target, slots))
    return peer.send(57, given.request())


def test_status(peer: Peer) -> None:
    """UpdateAvailabilityStatus deprecates and approves again; no new version is made."""
    entry, own, _ = begin(peer)
    expect.success(change_status(peer, entry.patient, own, names.APPROVED, names.DEPRECATED))
    assert versions(peer, entry.patient) == [("1", "Deprecated", "Result")]
    expect.success(change_status(peer, entry.patient, own, names.DEPRECATED, names.APPROVED))
    assert versions(peer, entry.patient) == [("1", "Approved", "Result")]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (None, names.DEPRECATED),
        (names.APPROVED, None),
        (names.DEPRECATED, names.APPROVED),
        (names.APPROVED, "urn:x:Gone"),
        ("urn:x", names.DEPRECATED),
    ],
)
def test_bad_status(peer: Peer, old: str | None, new: str | None) -> None:
    """Slots missing, unknown or not true: XDSMetadataUpdateOperationError (…UpdateError, …VersionError)."""
    entry, own, _ = begin(peer)
    answer = change_status(peer, entry.patient, own, old, new)
    expect.failure(
        answer, "XDSMetadataUpdateOperationError", "XDSMetadataUpdateError", "XDSMetadataVersionError"
    )
    assert versions(peer, entry.patient) == [("1", "Approved", "Result")]


def test_status_of_nothing(peer: Peer) -> None:
    """The status of an unknown object cannot be changed."""
    answer = change_status(peer, metadata.patient(), metadata.urn(), names.APPROVED, names.DEPRECATED)
    codes = ("UnresolvedReferenceException", "XDSMetadataUpdateError", "XDSMetadataUpdateOperationError")
    expect.failure(answer, *codes)


def test_new_version_of_a_folder(peer: Peer) -> None:
    """A folder's new version replaces it and keeps its members."""
    patient = metadata.patient()
    folder, entry = Folder(patient), Entry(patient)
    given = Submission(patient, [entry], [folder], [Link(names.HAS_MEMBER, folder.id, entry.id)])
    expect.success(peer.provide(given))
    (found,) = peer.ask("GetFolders", ("$XDSFolderUniqueId", expect.quoted(folder.uid))).objects()
    renewed = Folder(
        patient, uid=folder.uid, codes=[("New", "1.2.3")], attributes=f'lid="{found.get("lid")}"'
    )
    later = Submission(patient, [], [renewed], members=False)
    later.links.append(Link(names.HAS_MEMBER, later.id, renewed.id, {"PreviousVersion": ["1"]}))
    expect.success(peer.send(57, later.request()))
    approved = peer.ask(
        "FindFolders",
        ("$XDSFolderPatientId", [f"'{patient}'"]),
        ("$XDSFolderStatus", expect.quoted(names.APPROVED)),
    )
    (now,) = approved.objects("rim:RegistryPackage")
    assert now.find("rim:VersionInfo", names.NS).get("versionName") == "2"
    contents = peer.ask("GetFolderAndContents", ("$XDSFolderEntryUUID", [f"'{now.get('id')}'"]))
    assert len(contents.ids("rim:ExtrinsicObject")) == 1
