"""Indexing by the real service in the sandbox's P1: each document once, in time, whatever happens between."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from erepo.clinic.indexing import ask_refused, ledger, report, run, set_event
from erepo.clinic.indexing.errors import EventWrong
from erepo.clinic.licence.errors import LicenceKeyMissing
from erepo.clinic.maintenance import open_window
from erepo.clinic.maintenance.errors import MaintenanceNow
from erepo.clinic.p1.errors import P1NotRegistered
from erepo.clinic.rest.indexing import IndexCalls
from erepo.clinic.tables import now
from erepo.clinic.tables_account import licence, p1_registration
from erepo.clinic.tables_indexing import document_index, index_pause
from erepo.errors import RemoteUnavailable
from tests.support.crashing import Crash, fail_at
from tests.support.index_clinic import LOGIN, IndexSite

STEPS = [(ledger, "claim"), (IndexCalls, "_once"), (ledger, "keep"), (ledger, "went")]


async def test_what_the_law_wants_is_indexed_once(site: IndexSite) -> None:
    """Every archived document of the list gets its index; another run has nothing to do."""
    await site.archive(5)
    result = site.run()
    assert (result.indexed, result.refused, result.problem) == (5, [], None)
    assert site.counts() == {"indexed": 5}
    assert set(map(tuple, site.at_p1().values())) == {("Approved",)}
    assert site.run().due == 0
    assert site.events("indexed") == 5


async def test_a_crash_at_any_step_leaves_one_index_each(
    site: IndexSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ended before or after each commit and each request, the next run finishes: one entry at P1, no more."""
    for when in ("before", "after"):
        for moment in range(1, 20):
            await site.archive(2)
            with monkeypatch.context() as patch:
                failed = fail_at(moment, when, patch, STEPS)
                if failed_now := _crashes(site):
                    assert failed()
            site.run()
            if not failed_now:
                break
        assert moment > 6
    assert site.counts() == {"indexed": len(site.ids())}
    assert set(map(tuple, site.at_p1().values())) == {("Approved",)}


def _crashes(site: IndexSite) -> bool:
    try:
        site.run()
    except Crash:
        return True
    return False


async def test_two_runs_at_once_index_each_document_once(site: IndexSite) -> None:
    """What one has in hand, the other leaves; together they finish."""
    await site.archive(8)
    settings = site.site.clinic.settings

    def one(_: int) -> int:
        with site.site.client() as client:
            return run(client, site.database, settings, site.site.account).indexed

    with ThreadPoolExecutor(2) as threads:
        assert sum(threads.map(one, range(2))) == 8
    assert set(map(tuple, site.at_p1().values())) == {("Approved",)}


@pytest.mark.parametrize("kind", ["lost", "forged"])
async def test_a_lost_answer_makes_no_second_index(site: IndexSite, kind: str) -> None:
    """P1 did it and its answer broke: what it has is found by asking."""
    await site.archive(2)
    site.p1.wrong("iti-42", kind, times=1)
    site.run()
    site.past_pauses()
    site.run()
    assert site.counts() == {"indexed": 2}
    assert set(map(tuple, site.at_p1().values())) == {("Approved",)}


async def test_an_outage_is_met_with_one_document_and_drains_afterwards(site: IndexSite) -> None:
    """Nothing but the probe is sent while P1 is down; pauses grow; then the oldest deadline goes first."""
    ids = await site.archive(6)
    site.p1.wrong("token", "busy", times=1)
    first = site.run()
    assert (first.indexed, first.later, first.problem.code if first.problem else "") == (0, 1, "index.later")
    assert [one.reason.code for one in first.put_off] == ["index.later"]
    assert site.counts() == {"waiting": 6}
    again = site.run()
    assert (again.paused, again.later) == (True, 0)
    assert again.problem is not None
    assert again.problem.retryable
    site.past_pauses()
    site.p1.wrong("token", "busy", times=1)
    assert site.run().later == 1
    with site.database.begin() as connection:
        last = connection.execute(document_index.select()).all()[-1]
        early = {"deadline": now() - timedelta(days=9000)}
        which = document_index.c.document_id == last.document_id
        connection.execute(document_index.update().where(which).values(**early))
    site.past_pauses()
    assert site.run(limit=1).indexed == 1
    assert site.states()[ids[-1]] == "indexed"
    assert site.run().indexed == 5
    assert site.run().due == 0


async def test_one_document_never_keeps_the_others(site: IndexSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """P1 always fails for the most urgent one, and another has a broken row: the rest is indexed."""
    ids = await site.archive(5)
    rows = site.rows(document_index.c.document_id, document_index.c.unique_id, document_index.c.deadline)
    first, second = sorted(rows, key=lambda row: (row.deadline, row.document_id))[:2]
    honest = IndexCalls._once

    def once(self: IndexCalls, method: str, unique_id: str, body: object) -> object:
        if unique_id == first.unique_id:
            raise RemoteUnavailable(address="x")
        if unique_id == second.unique_id:
            raise ValueError("unforeseen")
        return honest(self, method, unique_id, body)  # type: ignore[arg-type]

    monkeypatch.setattr(IndexCalls, "_once", once)
    for _ in range(5):
        with site.database.begin() as connection:
            connection.execute(index_pause.update().values(resume_at=site.now()))
        site.run()
    assert site.counts() == {"indexed": len(ids) - 2, "indexing": 2}


async def test_a_person_may_ask_during_a_pause(site: IndexSite) -> None:
    """Documents that are named wait for no agreed time."""
    ids = await site.archive(2)
    site.p1.wrong("token", "busy", times=1)
    site.run()
    assert site.run().paused
    assert site.run(ids=(ids[1],)).indexed == 1
    assert site.run().indexed == 1


async def test_what_may_come_by_itself_is_tried_again_and_the_rest_is_refused(site: IndexSite) -> None:
    """An event that P1 does not know yet: later. None at all: refused by name, until somebody gives it."""
    ids = await site.archive(2, events=False)
    without = ids[0]
    with site.database.begin() as connection:
        found = connection.execute(document_index.select()).all()
        assert found == []
    site.enrol()
    with site.database.begin() as connection:
        [first, _] = connection.execute(document_index.select().order_by(document_index.c.document_id)).all()
        mine = document_index.c.document_id == first.document_id
        connection.execute(
            document_index.update().where(mine).values(event_root=None, event_extension=None, event_from=None)
        )
    result = site.run()
    assert [(one.document, one.reason.missing) for one in result.refused] == [(without, ("medical_event",))]
    assert "zdarzenia" in result.refused[0].reason.cause_pl
    assert result.later == 1
    assert site.states() == {without: "refused", ids[1]: "waiting"}
    assert site.run().due == 0
    site.report_events()
    site.past_pauses()
    assert site.run().indexed == 1
    with site.database.begin() as connection:
        with pytest.raises(EventWrong):
            set_event(connection, without, "1.2", "a b", LOGIN)
        set_event(connection, without, first.event_root, first.event_extension, LOGIN)
    site.p1.home.store.add_event(f"{first.event_extension}^^^&{first.event_root}&ISO")
    assert site.run().indexed == 1
    assert site.run().due == 0


async def test_a_refusal_for_good_waits_for_a_person(site: IndexSite) -> None:
    """P1's refusal is told once, with its words; nothing is sent again until somebody says so."""
    await site.archive(1)
    site.p1.wrong("iti-42", "reject", times=1)
    result = site.run()
    assert [one.reason.code for one in result.refused] == ["index.refused"]
    site.past_pauses()
    assert site.run().due == 0
    with site.database.begin() as connection:
        assert ask_refused(connection, LOGIN) == 1
    assert site.run().indexed == 1


async def test_nothing_is_sent_where_it_may_not_be(site: IndexSite) -> None:
    """Inside a maintenance window, and while the repository is not registered in P1."""
    await site.archive(1)
    with site.database.begin() as connection:
        connection.execute(p1_registration.update().values(state="none", repository_unique_id=""))
    result = site.run()
    assert result.problem is not None
    assert (result.problem.code, site.counts()) == (P1NotRegistered.code, {"waiting": 1})
    with site.database.read() as connection:
        assert report(connection, site.site.account, now(), timedelta(hours=1)).unused
    open_window(site.database, now() - timedelta(minutes=1), now() + timedelta(hours=1))
    with pytest.raises(MaintenanceNow):
        site.run(ids=tuple(site.ids()))


async def test_what_keeps_the_account_is_told_until_it_ends(site: IndexSite) -> None:
    """No document is put off for it: each run says the same, and the first one after it does everything."""
    await site.archive(2)
    site.p1.wrong("iti-18", "forbidden", times=2)
    for _ in range(2):
        result = site.run()
        assert (result.problem and result.problem.code, result.due) == ("index.access-refused", 2)
    result = site.run()
    assert (result.indexed, result.problem) == (2, None)


async def test_without_a_licence_what_has_left_is_withdrawn_and_nothing_else_is_done(site: IndexSite) -> None:
    """P1 must not tell of documents that lie nowhere, whoever has forgotten to pay."""
    one, _ = await site.archive(2)
    site.run()
    [new] = await site.archive(1)
    with site.database.begin() as connection:
        values = {"account": site.site.account, "holder": "-", "text": "x", "loaded_at": now()}
        times = {"valid_from": now() - timedelta(days=9), "valid_until": now() - timedelta(days=1)}
        connection.execute(licence.insert().values(id="L-1", **values, **times))
    with pytest.raises(LicenceKeyMissing):
        site.run()
    site.change([one], state="deleted")
    result = site.run()
    assert (result.withdrawn, result.indexed) == (1, 0)
    assert result.problem is not None
    assert result.problem.code == LicenceKeyMissing.code
    assert (site.at_p1()[one], site.states()[new]) == (["Deprecated"], "waiting")
