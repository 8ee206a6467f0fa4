"""ITI-42: metadata registered for a trusted external repository."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from tests.interop.kit import expect, metadata, names
from tests.interop.kit.metadata import Entry, Link, Submission

if TYPE_CHECKING:
    from tests.interop.kit.wire import Peer

ELSEWHERE = "1.3.6.1.4.1.21367.2011.2.3.999"


def external(content: bytes = b"elsewhere", **changes: object) -> Submission:
    """A set with an entry whose octets lie in another repository."""
    patient = metadata.patient()
    slots = {
        "hash": [hashlib.sha1(content).hexdigest()],
        "size": [str(len(content))],
        "repositoryUniqueId": [ELSEWHERE],
    }
    entry = Entry(patient, None, slots=slots, **changes)  # type: ignore[arg-type]
    return Submission(patient, [entry])


def test_registers(peer: Peer) -> None:
    """Metadata is registered with its repository's id, found and answered simply."""
    given = external()
    answer = expect.success(peer.send(42, given.request()))
    assert not answer.multipart
    found = expect.entries(peer, given.patient)
    assert found.find("//rim:Slot[@name='repositoryUniqueId']//rim:Value/text()") == [ELSEWHERE]
    assert found.find("//rim:ExtrinsicObject/@status") == [names.APPROVED]


@pytest.mark.parametrize("slot", ["hash", "size", "repositoryUniqueId"])
def test_repository_fills(peer: Peer, slot: str) -> None:
    """hash, size and repositoryUniqueId are required in ITI-42."""
    given = external(drop=(slot,))
    expect.failure(peer.send(42, given.request()), "XDSRegistryMetadataError")
    expect.nothing(peer, given.patient)


@pytest.mark.parametrize("attribute", ["typeCode", "creationTime", "uniqueId", "sourcePatientId"])
def test_required_attributes(peer: Peer, attribute: str) -> None:
    """Required attributes are required here too: XDSRegistryMetadataError."""
    given = external(drop=(attribute,))
    expect.failure(peer.send(42, given.request()), "XDSRegistryMetadataError")
    expect.nothing(peer, given.patient)


def test_unique_ids(peer: Peer) -> None:
    """Other hash, other size, used set id, id twice: each its code; the same again is accepted."""
    given = external()
    expect.success(peer.send(42, given.request()))
    uid = given.entries[0].uid
    same = external(uid=uid)
    expect.success(peer.send(42, same.request()))
    expect.failure(
        peer.send(42, external(b"elsewherf", uid=uid).request()), "XDSNonIdenticalHash", context=uid
    )
    sized = external(b"longer here", uid=uid)
    expect.failure(peer.send(42, sized.request()), "XDSNonIdenticalSize", "XDSNonIdenticalHash", context=uid)
    used = external()
    used.uid = given.uid
    expect.failure(peer.send(42, used.request()), "XDSDuplicateUniqueIdInRegistry", context=given.uid)
    twice = external()
    twice.entries.append(Entry(twice.patient, None, uid=twice.entries[0].uid, slots=twice.entries[0].slots))
    expect.failure(peer.send(42, twice.request()), "XDSRegistryDuplicateUniqueIdInMessage")


def test_replace(peer: Peer) -> None:
    """RPLC works the same by ITI-42, and only once."""
    given = external()
    expect.success(peer.send(42, given.request()))
    target = expect.entries(peer, given.patient).ids()[0]
    for code in ("", "XDSRegistryDeprecatedDocumentError"):
        entry = Entry(given.patient, None, slots=given.entries[0].slots)
        late = Submission(given.patient, [entry], links=[Link(names.RPLC, entry.id, target)])
        answer = peer.send(42, late.request())
        if code:
            expect.failure(answer, code)
        else:
            expect.success(answer)


def test_cannot_claim_our_repository(peer: Peer) -> None:
    """Metadata of a document that this repository does not hold must not be registered under its id.

    The profile does not say it; metadata without a blob is called a bug by the design, so either refusal or
    an entry whose retrieval fails cleanly is accepted.
    """
    given = external()
    given.entries[0].slots["repositoryUniqueId"] = [peer.repository]
    answer = peer.send(42, given.request())
    if answer.status == names.SUCCESS:
        fetched = peer.fetch(given.entries[0].uid)
        expect.failure(fetched, "XDSDocumentUniqueIdError")
