"""Many at once: one replacement wins, one submission is stored, one version follows (§6)."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from tests.interop.kit import expect, metadata, names, wire
from tests.interop.kit.metadata import Entry, Link, Submission

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.interop.kit.wire import Answer, Peer


def at_once(peer: Peer, calls: list[Callable[[], Answer]]) -> list[Answer]:
    """All calls from their own threads, started together on open connections."""
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], Answer]) -> Answer:
        peer.ask("GetDocuments", ("$XDSDocumentEntryUniqueId", expect.quoted("1.2")))
        barrier.wait(60)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def outcomes(answers: list[Answer]) -> Counter[str]:
    """Statuses and codes, counted."""
    return Counter(
        "ok" if answer.status == names.SUCCESS else ",".join(sorted(answer.codes)) for answer in answers
    )


def registered(peer: Peer) -> tuple[Entry, str]:
    """A new entry and its uuid."""
    patient = metadata.patient()
    entry = Entry(patient)
    expect.success(peer.provide(Submission(patient, [entry])))
    return entry, expect.entries(peer, patient).ids()[0]


def test_two_replacements(peer: Peer) -> None:
    """Two replacements of one document at once: exactly one Success, the other …DeprecatedDocumentError."""
    for _ in range(6):
        entry, target = registered(peer)
        rivals = [Entry(entry.patient, b"a"), Entry(entry.patient, b"b")]
        sets = [
            Submission(entry.patient, [each], links=[Link(names.RPLC, each.id, target)]) for each in rivals
        ]
        answers = at_once(peer, [lambda each=each: peer.provide(each) for each in sets])
        assert outcomes(answers) == {"ok": 1, "XDSRegistryDeprecatedDocumentError": 1}
        now = expect.entries(peer, entry.patient)
        assert len(now.ids()) == 2
        (winner,) = [i for i, answer in enumerate(answers) if answer.status == names.SUCCESS]
        assert expect.status(now, rivals[winner].uid) == names.APPROVED
        assert peer.fetch(rivals[1 - winner].uid).status == names.FAILURE


def test_hundred_identical_submissions(peer: Peer) -> None:
    """The same submission 100 times at once: one is stored, 99 hear XDSDuplicateUniqueIdInRegistry."""
    patient = metadata.patient()
    given = Submission(patient, [Entry(patient, b"same")])
    inside = wire.inline_body(given)
    rounds = []
    for _ in range(2):
        rounds += at_once(peer, [lambda: peer.send(41, inside)] * 50)
    assert outcomes(rounds) == {"ok": 1, "XDSDuplicateUniqueIdInRegistry": 99}
    assert len(expect.entries(peer, patient).ids()) == 1
    assert len(expect.everything(peer, patient).ids("rim:RegistryPackage")) == 1


def test_one_unique_id_two_contents(peer: Peer) -> None:
    """One uniqueId with two contents at once: one Success, the other XDSNonIdenticalHash or …Size."""
    patient = metadata.patient()
    uid = metadata.oid()
    sets = [Submission(patient, [Entry(patient, content, uid=uid)]) for content in (b"one", b"two") * 3]
    answers = at_once(peer, [lambda each=each: peer.provide(each) for each in sets])
    counted = outcomes(answers)
    assert counted == {"ok": 3, "XDSNonIdenticalHash": 3}, counted
    (content,) = peer.fetch(uid).documents().values()
    winners = {
        each.entries[0].content
        for each, answer in zip(sets, answers, strict=True)
        if answer.status == names.SUCCESS
    }
    assert winners == {content}


def test_one_version_follows(peer: Peer) -> None:
    """Several updates of one version at once: one Success, the others an error of the version."""
    entry, own = registered(peer)
    (found,) = expect.entries(peer, entry.patient).objects()
    held = {s.get("name"): s.xpath("*/*/text()") for s in found.findall("rim:Slot", names.NS)}
    kept = {name: held[name] for name in ("hash", "size", "repositoryUniqueId")}
    sets = []
    for number in range(5):
        new = Entry(
            entry.patient, None, uid=entry.uid, slots=kept, attributes=f'lid="{own}"', title=f"T{number}"
        )
        given = Submission(entry.patient, [new], members=False)
        slots = {"SubmissionSetStatus": ["Original"], "PreviousVersion": ["1"]}
        given.links.append(Link(names.HAS_MEMBER, given.id, new.id, slots))
        sets.append(given)
    answers = at_once(peer, [lambda each=each: peer.send(57, each.request()) for each in sets])
    counted = outcomes(answers)
    assert counted["ok"] == 1, counted
    assert len(expect.entries(peer, entry.patient).ids()) == 2


def test_replace_against_append(peer: Peer) -> None:
    """A replacement and an addendum at once: nothing approved hangs on what is deprecated."""
    for _ in range(4):
        entry, target = registered(peer)
        new, more = Entry(entry.patient, b"new"), Entry(entry.patient, b"more")
        sets = [
            Submission(entry.patient, [new], links=[Link(names.RPLC, new.id, target)]),
            Submission(entry.patient, [more], links=[Link(names.APND, more.id, target)]),
        ]
        answers = at_once(peer, [lambda each=each: peer.provide(each) for each in sets])
        expect.success(answers[0])
        now = expect.entries(peer, entry.patient)
        if answers[1].status == names.SUCCESS:
            assert expect.status(now, more.uid) == names.DEPRECATED
        else:
            expect.failure(answers[1], "XDSRegistryDeprecatedDocumentError")
