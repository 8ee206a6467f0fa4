"""Corrections and cancelling documents: what replaces what, here and in the registry, in every order."""

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from erepo.clinic.archiving import summary
from erepo.clinic.archiving import work as working
from erepo.clinic.chain import linking, settle_links
from erepo.clinic.chain.errors import ChainDocumentUnknown
from erepo.clinic.intake import Beside, Intake, Received
from erepo.clinic.kinds import Kind, set_rule
from erepo.clinic.rejected import send_again
from erepo.clinic.tables import document
from erepo.clinic.verifying import verify
from erepo.errors import RemoteUnavailable
from tests.support.archive_desk import Desk
from tests.support.chains import CANCELLING, PRESCRIPTION, Shelf, another_patient, version


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A clinic without pauses between rounds."""
    monkeypatch.setattr(working, "PAUSE", 0.001)
    with contextlib.closing(Desk(tmp_path, in_flight=4)) as desk:
        yield desk


@pytest.fixture
def shelf(desk: Desk, tmp_path: Path) -> Shelf:
    """A way to bring single documents."""
    return Shelf(desk, tmp_path)


async def archive(desk: Desk, times: int = 1) -> None:
    """Run the archiving so many times; nothing may be left over."""
    for _ in range(times):
        total = summary(await desk.run())
        assert total.complete, total


async def test_a_correction_replaces_the_version_before(desk: Desk, shelf: Shelf) -> None:
    """The older one is deprecated in the registry by the newer one's submission; verify calls both right."""
    first, second = shelf.bring(version(1), version(2))
    planned = desk.plan()
    assert (planned.planned, planned.waiting) == (1, 1)
    assert planned.goes_on(0, 1)
    assert desk.rows(document.c.reason_code) == [(None,), ("chain.waits",)]
    await archive(desk, 2)
    assert (shelf.current(), shelf.links()) == (["A2"], {"A2": ("linked", "")})
    assert len(desk.cloud.links) == 1
    older, newer = shelf.chain(first).versions
    assert (older.document, older.replaced_by, older.cancelled) == (first, [second], False)
    assert (newer.document, newer.replaces, newer.version) == (second, first, 2)
    assert desk.rows(document.c.reason_code) == [(None,), (None,)]
    report = await verify(desk.cloud, desk.database)
    assert report.complete, report


async def test_a_cancelling_document_marks_what_it_cancels(desk: Desk, shelf: Shelf) -> None:
    """RPLC in the registry, a mark in the chain; the cancelled document itself stays where it is."""
    target, _ = shelf.bring(version(1), version(2, **CANCELLING))
    await archive(desk, 2)
    older, newer = shelf.chain(target).versions
    assert (older.cancelled, older.state, newer.cancels) == (True, "archived", True)
    assert shelf.current() == ["A2"]


async def test_a_cancelled_prescription_that_stays_here_does_not_hold_its_cancellation(
    desk: Desk, shelf: Shelf
) -> None:
    """Prescriptions are not archived by themselves; switched on later, they are linked afterwards."""
    shelf.bring(version(1, **PRESCRIPTION), version(2, **CANCELLING))
    await archive(desk)
    assert shelf.links() == {"A2": ("alone", "chain.predecessor-not-archived")}
    with desk.database.begin() as connection:
        set_rule(connection, Kind.PRESCRIPTION, auto_archive=True, local_days=0)
    await archive(desk)
    assert (shelf.current(), shelf.links()) == (["A2"], {"A2": ("linked", "")})


async def test_an_older_version_known_to_the_registry_alone_is_replaced_there(
    desk: Desk, shelf: Shelf
) -> None:
    """What another system archived is found by the id that the document names."""
    shelf.bring(version(1))
    await archive(desk)
    with desk.database.begin() as connection:
        connection.execute(
            document.update().values(unique_id="2.25.1", set_id=None, sha256="0" * 64, entry_uuid=None)
        )
    shelf.bring(version(2))
    await archive(desk)
    assert (shelf.current(), shelf.links()["A2"]) == (["A2"], ("linked", ""))


@pytest.mark.parametrize("order", ["ours first", "theirs first", "in the registry alone"])
async def test_another_provider_replaces_none_of_ours(
    desk: Desk, shelf: Shelf, tmp_path: Path, order: str
) -> None:
    """A fetched document that names one of ours as replaced leaves it current, however it is found."""
    if order != "theirs first":
        shelf.bring(version(1))
        await archive(desk)
    if order == "in the registry alone":
        with desk.database.begin() as connection:
            values = {"unique_id": "2.25.1", "set_id": None, "sha256": "0" * 64, "entry_uuid": None}
            connection.execute(document.update().values(values))
    intake = Intake.at(desk.database, desk.settings)
    assert intake.take_received(Received.of(version(2), Beside(), actor="x", origin="foreign")).reason is None
    if order == "theirs first":
        await archive(desk)
        shelf.bring(version(1))
    await archive(desk)
    assert "A1" in shelf.current()
    assert not desk.cloud.links


async def test_an_older_version_nobody_knows_is_waited_for_by_nobody(desk: Desk, shelf: Shelf) -> None:
    """The newer one goes as an original with a warning, and is linked once the older one comes after all."""
    [newer] = shelf.bring(version(2))
    await archive(desk)
    assert shelf.links() == {"A2": ("alone", "chain.predecessor-unknown")}
    assert desk.rows(document.c.warnings)[0][0][-1]["code"] == "chain.predecessor-unknown"
    [older] = shelf.bring(version(1))
    await archive(desk)
    assert (shelf.current(), shelf.links()) == (["A2"], {"A2": ("linked", "")})
    assert [one.document for one in shelf.chain(newer).versions] == [older, newer]


async def test_versions_out_of_order_end_as_the_same_chain(desk: Desk, shelf: Shelf) -> None:
    """Third, second, first: only the third is current, though each older one came after its successor."""
    for number in (3, 2, 1):
        shelf.bring(version(number))
        await archive(desk)
    assert shelf.current() == ["A3"]
    codes = {"A3": ("linked", ""), "A2": ("linked", "chain.linked-by-status")}
    assert shelf.links() == codes
    report = await verify(desk.cloud, desk.database)
    assert report.complete, report


async def test_the_same_version_twice_is_one_document(desk: Desk, shelf: Shelf) -> None:
    """The same bytes are known; other bytes with the same number are a fork, and both are kept."""
    _, second = shelf.bring(version(1), version(2))
    assert shelf.bring(version(2)) == [second]
    shelf.bring(version(2, title="<title>Inny</title>"))
    await archive(desk, 3)
    assert len(shelf.current()) == 2
    assert sorted(code for _, code in shelf.links().values()) == ["", "chain.forked"]
    assert desk.states() == {"archived": 3}


async def test_two_successors_of_one_document_are_both_kept(desk: Desk, shelf: Shelf) -> None:
    """The first replaces it, the second becomes an original and says why; nothing is rejected."""
    first, *_ = shelf.bring(version(1), version(2), version(2, name="B", parent="A1"))
    await archive(desk, 3)
    assert desk.states() == {"archived": 3}
    assert sorted(shelf.links().values()) == [("forked", "chain.forked"), ("linked", "")]
    assert len(shelf.chain(first).versions[0].replaced_by) == 2
    report = await verify(desk.cloud, desk.database)
    assert report.complete, report


async def test_a_fork_in_the_registry_alone_is_seen_by_asking(desk: Desk, shelf: Shelf) -> None:
    """Somebody else has replaced the older version there: the newer one goes as an original."""
    shelf.bring(version(1))
    await archive(desk)
    desk.cloud.deprecate(next(iter(desk.cloud.entries)))
    shelf.bring(version(2))
    await archive(desk)
    assert shelf.links() == {"A2": ("forked", "chain.forked")}
    report = await verify(desk.cloud, desk.database)
    assert [one.what for one in report.differing] == ["deprecated"]


@pytest.mark.parametrize("state", ["rejected", "blocked", "deleted"])
async def test_an_older_version_that_will_not_come_holds_nobody(desk: Desk, shelf: Shelf, state: str) -> None:
    """Refused, brought back for good, or deleted: the newer version goes as an original."""
    older, _ = shelf.bring(version(1), version(2))
    shelf.set_state(older, state)
    await archive(desk)
    assert shelf.links() == {"A2": ("alone", "chain.predecessor-not-archived")}
    assert desk.states() == {state: 1, "archived": 1}


@pytest.mark.parametrize("state", ["sending", "migrating"])
async def test_an_older_version_on_its_way_is_waited_for(desk: Desk, shelf: Shelf, state: str) -> None:
    """The newer version stays local until the older one has come to an end."""
    older, _ = shelf.bring(version(1), version(2))
    shelf.set_state(older, state)
    planned = desk.plan()
    assert (planned.planned, planned.waiting) == (0, 1)
    assert not planned.goes_on(0, 0)


async def test_a_newer_version_goes_in_the_run_that_sends_the_older_one(desk: Desk, shelf: Shelf) -> None:
    """Also where an earlier run has planned the older one and ended: this one plans again."""
    shelf.bring(version(1), version(2))
    assert desk.plan().planned == 1
    planned = desk.plan()
    assert (planned.planned, len(planned.batches), planned.waiting) == (0, 1, 1)
    assert planned.goes_on(0, 0)
    await archive(desk)
    assert desk.plan().planned == 1


async def test_a_version_of_somebody_else_is_not_replaced(desk: Desk, shelf: Shelf) -> None:
    """The registry refuses a relationship across patients; the document itself arrives."""
    shelf.bring(version(1))
    await archive(desk)
    shelf.bring(version(2, patient=another_patient()))
    await archive(desk)
    assert desk.states() == {"archived": 2}
    assert shelf.links()["A2"][0] == "refused"


async def test_an_older_version_sent_again_is_deprecated_again(desk: Desk, shelf: Shelf) -> None:
    """Lost by the repository and sent anew, it comes as current, and the link is made once more."""
    older, _ = shelf.bring(version(1), version(2))
    await archive(desk, 2)
    [entry] = [key for key, (_, one) in desk.cloud.entries.items() if one.unique_id.endswith("A1")]
    del desk.cloud.entries[entry]
    desk.cloud.links.clear()
    with desk.database.begin() as connection:
        assert send_again(connection, [older]) == 1
    await archive(desk)
    assert (shelf.current(), shelf.links()) == (["A2"], {"A2": ("linked", "")})


async def test_an_older_version_lost_there_is_linked_when_it_comes_back(desk: Desk, shelf: Shelf) -> None:
    """The registry does not know the entry any more: the newer one goes alone, until the older is back."""
    [older] = shelf.bring(version(1))
    await archive(desk)
    desk.cloud.entries.clear()
    shelf.bring(version(2))
    await archive(desk)
    assert shelf.links() == {"A2": ("alone", "chain.predecessor-not-archived")}
    with desk.database.begin() as connection:
        send_again(connection, [older])
    await archive(desk)
    assert (shelf.current(), shelf.links()) == (["A2"], {"A2": ("linked", "")})


async def test_documents_that_name_each_other_do_not_wait_for_each_other(desk: Desk, shelf: Shelf) -> None:
    """A circle is cut where it would close: both arrive, and one replaces the other."""
    shelf.bring(version(1, name="A", parent="B1"), version(1, name="B", parent="A1"))
    shelf.bring(version(1, name="C", parent="C1"))
    await archive(desk, 3)
    assert desk.states() == {"archived": 3}
    assert shelf.links() == {
        "A1": ("alone", "chain.predecessor-unknown"),
        "B1": ("linked", ""),
        "C1": ("alone", "chain.predecessor-unknown"),
    }


async def test_two_archivers_link_at_the_same_time_once(desk: Desk, shelf: Shelf) -> None:
    """The slower one is refused, asks again, and finds what the other has done."""
    shelf.bring(version(2))
    await archive(desk)
    shelf.bring(version(1))
    query = desk.cloud.query

    async def down(_: Any) -> None:
        raise RemoteUnavailable(address="https://127.0.0.1:1")

    async def slow(question: Any) -> Any:
        answer = await query(question)
        await asyncio.sleep(0.05)
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(desk.cloud, "update", down)
        await archive(desk)
    assert shelf.current() == ["A1", "A2"]
    desk.cloud.query = slow  # type: ignore[method-assign]
    await asyncio.gather(*(settle_links(desk.cloud, desk.database) for _ in range(2)))
    assert (shelf.current(), shelf.links(), len(desk.cloud.links)) == (["A2"], {"A2": ("linked", "")}, 1)


async def test_links_that_stay_open_keep_no_other_from_its_turn(
    desk: Desk, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More links than are read at once, the first of which the registry cannot settle: the last one is."""
    monkeypatch.setattr(linking, "_PAGE", 1)
    names = ("A", "B", "C")
    shelf.bring(*(version(2, name=name, series=name) for name in names))
    await archive(desk)

    async def down(_: Any) -> None:
        raise RemoteUnavailable(address="https://127.0.0.1:1")

    shelf.bring(*(version(1, name=name, series=name) for name in names))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(desk.cloud, "update", down)
        await archive(desk)
    for key, (_, entry) in list(desk.cloud.entries.items()):
        if entry.unique_id.endswith(("^A1", "^B1")):
            del desk.cloud.entries[key]
    assert await settle_links(desk.cloud, desk.database) == 1
    assert shelf.links()["C2"] == ("linked", "")


async def test_an_unknown_document_has_no_chain(shelf: Shelf) -> None:
    """A wrong id is told, not answered with an empty chain."""
    with pytest.raises(ChainDocumentUnknown):
        shelf.chain("nothing")
