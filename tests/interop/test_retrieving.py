"""ITI-43 and ITI-86 by their tables: status, error codes, location, echo (§1.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.interop.kit import expect, metadata, names
from tests.interop.kit.metadata import Entry, Submission

if TYPE_CHECKING:
    from tests.interop.kit.wire import Peer


def given(peer: Peer, *contents: bytes, mime: str = "text/xml") -> list[str]:
    """Stored documents, their uniqueIds."""
    patient = metadata.patient()
    made = Submission(patient, [Entry(patient, each, mime=mime) for each in contents])
    expect.success(peer.provide(made))
    return [entry.uid for entry in made.entries]


def remove(peer: Peer, *uids: str, repository: str = "") -> object:
    """ITI-86."""
    body = metadata.retrieve(repository or peer.repository, *uids, tag="rmd:RemoveDocumentsRequest")
    return peer.send(86, body)


def test_all(peer: Peer) -> None:
    """All there: Success, repository and document id echoed, mimeType as submitted, no community."""
    uids = given(peer, b"one", b"two\n", mime="application/pdf; x=y")
    answer = expect.success(peer.fetch(*uids))
    assert answer.multipart
    assert answer.documents() == dict(zip(uids, (b"one", b"two\n"), strict=True))
    assert answer.find("//xds:DocumentResponse/xds:mimeType/text()") == ["application/pdf; x=y"] * 2
    assert answer.find("//xds:DocumentResponse/xds:RepositoryUniqueId/text()") == [peer.repository] * 2
    assert answer.find("//xds:HomeCommunityId") == []
    assert answer.find("//rs:RegistryErrorList") == []


def test_some(peer: Peer) -> None:
    """Some there: PartialSuccess; for the rest an error with location = uniqueId."""
    (uid,) = given(peer, b"here")
    missing = [metadata.oid(), metadata.oid()]
    answer = peer.fetch(missing[0], uid, missing[1])
    assert answer.status == names.PARTIAL
    assert answer.documents() == {uid: b"here"}
    assert {(code, location) for code, _, _, location in answer.errors} == {
        ("XDSDocumentUniqueIdError", each) for each in missing
    }
    assert all(context for _, _, context, _ in answer.errors)


def test_none(peer: Peer) -> None:
    """None there: Failure."""
    missing = metadata.oid()
    answer = expect.failure(peer.fetch(missing), "XDSDocumentUniqueIdError", location=missing)
    assert answer.documents() == {}
    assert answer.multipart


def test_repository_and_community(peer: Peer) -> None:
    """Another repository: XDSUnknownRepositoryId; another community: XDSUnknownCommunity; ours is echoed."""
    (uid,) = given(peer, b"here")
    answer = peer.send(43, metadata.retrieve("1.2.3.4", uid))
    expect.failure(answer, "XDSUnknownRepositoryId", location=uid)
    home = peer.account["homeCommunityId"]
    answer = expect.success(peer.send(43, metadata.retrieve(peer.repository, uid, home=home)))
    assert answer.find("//xds:DocumentResponse/xds:HomeCommunityId/text()") == [home]
    answer = peer.send(43, metadata.retrieve(peer.repository, uid, home="urn:oid:1.2.3.4"))
    expect.failure(answer, "XDSUnknownCommunity", location=uid)


def test_same_document_twice(peer: Peer) -> None:
    """One document asked for twice comes once or twice, readable either way."""
    (uid,) = given(peer, b"twice")
    answer = expect.success(peer.fetch(uid, uid))
    assert answer.documents() == {uid: b"twice"}


@pytest.mark.parametrize("size", [1, 8191, 65536, 300_000, 3_000_000])
def test_octets(peer: Peer, size: int) -> None:
    """The octets are exact at all sizes: in the database, in files, over the event loop's limit."""
    content = bytes(number * number % 251 for number in range(997)) * (size // 997 + 1)
    (uid,) = given(peer, content[:size])
    assert expect.success(peer.fetch(uid)).documents() == {uid: content[:size]}


def test_simple_request(peer: Peer) -> None:
    """A simple ITI-43 request is answered simply with inline base64, or refused by a fault."""
    from tests.interop.kit import wire  # noqa: PLC0415

    (uid,) = given(peer, b"inline")
    body = metadata.retrieve(peer.repository, uid)
    answer = peer.simple(peer.url(43), wire.envelope(wire.header(names.ACTIONS[43], peer.url(43)), body))
    assert not answer.multipart
    assert "Sender" in answer.fault or answer.documents() == {uid: b"inline"}


def test_empty_request(peer: Peer) -> None:
    """No DocumentRequest at all breaks the schema: a fault or an error."""
    answer = peer.send(43, metadata.retrieve(peer.repository))
    assert answer.status == names.FAILURE or answer.status.startswith("fault Sender")


def test_remove_documents(peer: Peer) -> None:
    """ITI-86: gone for ITI-43 (Failure, XDSDocumentUniqueIdError); its metadata stays; others stay."""
    uids = given(peer, b"one", b"two", b"three")
    answer = expect.success(remove(peer, *uids[:2]))
    assert not answer.multipart
    after = peer.fetch(*uids)
    assert after.status == names.PARTIAL
    assert set(after.documents()) == {uids[2]}
    found = expect.success(peer.ask("GetDocuments", ("$XDSDocumentEntryUniqueId", expect.quoted(*uids))))
    assert len(found.ids("rim:ExtrinsicObject")) == 3
    expect.failure(peer.fetch(uids[0]), "XDSDocumentUniqueIdError")


def test_remove_unknown_documents(peer: Peer) -> None:
    """ITI-86 errors: unknown id XDSDocumentUniqueIdError, other repository XDSUnknownRepositoryId."""
    (uid,) = given(peer, b"stays")
    missing = metadata.oid()
    answer = remove(peer, missing)
    expect.failure(answer, "XDSDocumentUniqueIdError", "XDSRemoveDocumentsError")
    assert any(missing in context + location for _, _, context, location in answer.errors)
    expect.failure(remove(peer, uid, repository="1.2.3.4"), "XDSUnknownRepositoryId")
    assert peer.fetch(uid).status == names.SUCCESS
    twice = given(peer, b"once")
    expect.success(remove(peer, *twice))
    expect.failure(remove(peer, *twice), "XDSDocumentUniqueIdError", "XDSRemoveDocumentsError")


def test_remove_some_unknown(peer: Peer) -> None:
    """ITI-86 with a known and an unknown document: Failure with nothing removed, or PartialSuccess.

    The profile's text is not in our sources; both are accepted, a Success is not.
    """
    (uid,) = given(peer, b"maybe")
    answer = remove(peer, uid, metadata.oid())
    assert answer.codes & {"XDSDocumentUniqueIdError", "XDSRemoveDocumentsError"}
    gone = peer.fetch(uid).status == names.FAILURE
    assert answer.status == (names.PARTIAL if gone else names.FAILURE)
