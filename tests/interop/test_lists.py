"""What a message holds beside its one list of objects: never kept unread, never passed over in silence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.interop.kit import expect, metadata, names, wire
from tests.interop.kit.metadata import Entry, Submission

if TYPE_CHECKING:
    from tests.interop.kit.wire import Peer


def one(title: str) -> Submission:
    """A set with one entry of this title."""
    patient = metadata.patient()
    return Submission(patient, [Entry(patient, title=title)])


#: Where a second list of objects may hide, by what it is put behind; in all of them before the real one.
HIDING = {
    "beside the submission": ("<xds:ProvideAndRegisterDocumentSetRequest>", "<x>{}</x>"),
    "among the request's slots": (
        "<lcm:SubmitObjectsRequest>",
        "<rs:RequestSlotList>{}</rs:RequestSlotList>",
    ),
}


@pytest.mark.parametrize("where", HIDING)
@pytest.mark.parametrize("decoy", ["another title", "empty"])
def test_what_is_checked_is_what_is_kept(peer: Peer, where: str, decoy: str) -> None:
    """Objects in a list that is not the submission's are never kept in the place of those that were read."""
    given = one("Right")
    real = wire.inline_body(given)
    start, end = "<rim:RegistryObjectList>", "</rim:RegistryObjectList>"
    listed = real[real.index(start) : real.index(end)] + end
    false = start + end if decoy == "empty" else listed.replace("Right", "Wrong")
    before, around = HIDING[where]
    answer = peer.send(41, real.replace(before, before + around.format(false), 1))
    titles = expect.entries(peer, given.patient).find("//rim:ExtrinsicObject/rim:Name/*/@value")
    if answer.status == names.SUCCESS:
        assert titles == ["Right"]
    else:
        assert answer.status == names.FAILURE or answer.status.startswith("fault Sender"), answer.status
        assert titles == []


@pytest.mark.parametrize(
    ("transaction", "doubled"),
    [
        (41, "SubmitObjectsRequest"),
        (41, "RegistryObjectList"),
        (42, "RegistryObjectList"),
        (57, "RegistryObjectList"),
    ],
)
def test_half_of_a_message_is_not_stored(peer: Peer, transaction: int, doubled: str) -> None:
    """Two submissions or two lists in a message: refused, for a Success would be said of only one."""
    given = one("Right")
    first, second = given.request(), Submission(given.patient).request()
    if doubled == "RegistryObjectList":
        inner = second.removeprefix("<lcm:SubmitObjectsRequest>").removesuffix("</lcm:SubmitObjectsRequest>")
        first, second = first.replace("</lcm:Submit", inner + "</lcm:Submit"), ""
    body = first + second
    if transaction == 41:
        documents = f'<xds:Document id="{given.entries[0].id}">QUJD</xds:Document>'
        root = "xds:ProvideAndRegisterDocumentSetRequest"
        body = f"<{root}>{body}{documents}</{root}>"
    expect.failure(peer.send(transaction, body), "XDSRepositoryError", "XDSRegistryError")
    expect.nothing(peer, given.patient, given.entries[0].uid)


@pytest.mark.parametrize("doubled", ["AdhocQuery", "ResponseOption"])
def test_half_of_a_question_is_not_answered(peer: Peer, doubled: str) -> None:
    """Two queries in a message, or two wishes for the form of the answer: refused, not one of them taken."""
    given = one("Right")
    expect.success(peer.provide(given))
    parameters = [
        ("$XDSDocumentEntryPatientId", [f"'{given.patient}'"]),
        ("$XDSDocumentEntryStatus", expect.BOTH),
    ]
    question = metadata.query("FindDocuments", parameters)
    second = {
        "AdhocQuery": f'<rim:AdhocQuery id="urn:uuid:{names.QUERIES["GetAll"]}"/>',
        "ResponseOption": '<query:ResponseOption returnType="ObjectRef"/>',
    }[doubled]
    assert len(expect.success(peer.send(18, question)).ids()) == 1
    where = "<rim:AdhocQuery" if doubled == "ResponseOption" else "</query:AdhocQueryRequest>"
    answer = expect.failure(peer.send(18, question.replace(where, second + where, 1)), "XDSRegistryError")
    assert answer.objects() == []
