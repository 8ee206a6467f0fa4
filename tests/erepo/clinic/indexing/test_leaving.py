"""What leaves the repository, or is replaced there, leaves P1's index: before, or owed, never forgotten."""

import asyncio
import contextlib
import sqlite3

import pytest

from erepo.clinic.indexing import order_withdrawal
from erepo.clinic.migrating import Selection, migrate_batch, plan, unblock
from erepo.clinic.permissions import Permission, PermissionMissing, grant
from erepo.clinic.retention.erasing import erase
from erepo.clinic.tables import document
from erepo.clinic.tables_indexing import document_index
from tests.support.chains import CANCELLING, POOL, version
from tests.support.index_clinic import LOGIN, IndexSite

EVENT = (
    f'<componentOf><encompassingEncounter><id root="{POOL.rpartition(".")[0]}.15.1" extension="E7"/>'
    "</encompassingEncounter></componentOf></ClinicalDocument>"
).encode()


def written(number: int, site: IndexSite, **parts: str) -> bytes:
    """Return a version of a document of this clinic alone, with its medical event."""
    name = f"X{site.site.account[-6:]}"
    octets = version(number, name=name, series=name, **parts)
    return octets.replace(b"</ClinicalDocument>", EVENT)


async def archived(site: IndexSite, *contents: bytes) -> list[str]:
    """Take documents in one after another, and archive each."""
    before = site.ids()
    for one in contents:
        site.take_in(one)
        await site.site.clinic.send_all()
    site.report_events()
    return [one for one in site.ids() if one not in before]


async def migrated(site: IndexSite, ids: list[str]) -> None:
    """Bring documents back."""
    with site.database.begin() as connection:
        for permission in (Permission.MIGRATE, Permission.WITHDRAW_INDEX):
            grant(connection, LOGIN, permission, actor="test")
    made = plan(site.database, site.site.clinic.settings, Selection(ids=ids), LOGIN)
    async with site.site.clinic.connection() as cloud:
        for batch in made.batches:
            assert (await migrate_batch(cloud, site.database, batch)).problem is None


async def test_a_newer_version_takes_the_place_of_the_older_one(site: IndexSite) -> None:
    """RPLC at P1; an older one that was never indexed needs none; a cancelling document withdraws."""
    [first] = await archived(site, written(1, site))
    assert site.run().indexed == 1
    [second] = await archived(site, written(2, site))
    result = site.run()
    assert (result.indexed, result.problem) == (1, None)
    assert site.states() == {first: "replaced", second: "indexed"}
    assert (site.at_p1()[first], site.at_p1()[second]) == (["Deprecated"], ["Approved"])
    third, fourth = await archived(site, written(3, site), written(4, site))
    assert site.run().indexed == 1
    assert site.states() == {first: "replaced", second: "replaced", third: "left", fourth: "indexed"}
    [cancelling] = await archived(site, written(5, site, **CANCELLING))
    assert site.run().withdrawn == 1
    assert site.states()[fourth] == "withdrawn"
    assert cancelling not in site.states()
    assert "Approved" not in {status for all_ in site.at_p1().values() for status in all_}


async def test_no_older_version_stays_alone_in_the_index(site: IndexSite) -> None:
    """A version that is cancelled before it was indexed takes the index of the one before along."""
    [first] = await archived(site, written(1, site))
    site.run()
    [second, _] = await archived(site, written(2, site), written(3, site, **CANCELLING))
    result = site.run()
    assert (result.withdrawn, result.indexed) == (1, 0)
    assert site.states() == {first: "withdrawn", second: "left"}
    assert site.run().due == 0


async def test_a_migrated_document_is_withdrawn_before_it_goes_and_indexed_again(site: IndexSite) -> None:
    """The index goes with the document, and comes back with it."""
    ids = await site.archive(3)
    site.run()
    await migrated(site, ids[:2])
    assert site.states() == {ids[0]: "withdrawn", ids[1]: "withdrawn", ids[2]: "indexed"}
    assert site.at_p1()[ids[0]] == ["Deprecated"]
    await asyncio.to_thread(unblock, site.database, Selection(ids=ids[:2]), LOGIN)
    await site.site.clinic.send_all()
    assert site.run().indexed == 2
    assert site.at_p1()[ids[0]].count("Approved") == 1


async def test_a_withdrawal_that_p1_does_not_take_is_owed(site: IndexSite) -> None:
    """The removal does not wait for P1; the next run withdraws what lies nowhere any more, also destroyed."""
    ids = await site.archive(2)
    site.run()
    site.p1.wrong("iti-18", "busy", times=1)
    await migrated(site, ids)
    assert site.counts() == {"withdrawing": 2}
    assert site.at_p1()[ids[0]] == ["Approved"]
    unique = dict(site.rows(document.c.public_id, document.c.unique_id))
    with site.database.begin() as connection:
        keys = [row.id for row in connection.execute(document.select().order_by(document.c.id))]
        connection.execute(document.update().values(state="deleted"))
        erase(connection, keys[:1])
    kept = site.rows(document_index.c.unique_id, order=document_index.c.document_id)
    assert [row[0] for row in kept] == [unique[one] for one in ids]
    site.past_pauses()
    result = site.run()
    assert (result.withdrawn, result.problem) == (2, None)
    assert all(entry.status.endswith("Deprecated") for one in unique.values() for entry in site.entries(one))
    kept = site.rows(document_index.c.unique_id, order=document_index.c.document_id)
    assert [row[0] for row in kept] == [unique[ids[1]]]


async def test_an_index_whose_document_went_unnoticed_is_seen(site: IndexSite) -> None:
    """However a document left, the next run finds its index and withdraws it."""
    ids = await site.archive(2)
    site.run()
    site.change(ids[:1], state="deleted")
    assert site.run().withdrawn == 1
    assert site.states() == {ids[0]: "withdrawn", ids[1]: "indexed"}


async def test_a_person_withdraws_and_it_stays_so(site: IndexSite) -> None:
    """Only with the permission; by itself it does not come back."""
    [one] = await site.archive(1)
    site.run()
    with contextlib.ExitStack() as stack:
        connection = stack.enter_context(site.database.begin())
        with pytest.raises(PermissionMissing):
            order_withdrawal(connection, [one], LOGIN)
        grant(connection, LOGIN, Permission.WITHDRAW_INDEX, actor="test")
        assert order_withdrawal(connection, [one], LOGIN) == 1
    assert site.run().withdrawn == 1
    assert site.run().due == 0
    assert site.states() == {one: "withdrawn"}


def unheard(site: IndexSite, unique_id: str) -> None:
    """Let nobody know that P1 has a document: its answer was lost an hour ago."""
    with site.database.begin() as connection:
        mine = document_index.c.unique_id == unique_id
        connection.execute(document_index.update().where(mine).values(state="indexing", indexed_at=None))
    file = site.site.served.world.cloud.settings.cloud_home / "cloud.db"
    with contextlib.closing(sqlite3.connect(file, timeout=30)) as connection, connection:
        told = "state = 'asked', indexed_at = NULL, sent_at = datetime('now', '-1 hour')"
        connection.execute(f"UPDATE p1_index SET {told} WHERE unique_id = ?", (unique_id,))


async def test_a_refusal_takes_back_what_may_have_been_done_before(site: IndexSite) -> None:
    """P1 has an older version, nobody knows, and a newer one replaces it in the repository: one stays."""
    [first] = await archived(site, written(1, site))
    site.run()
    [row] = site.rows(document.c.unique_id)
    unheard(site, row.unique_id)
    [second] = await archived(site, written(2, site))
    for _ in range(3):
        site.run()
        site.past_pauses()
    assert site.states()[second] == "indexed"
    assert (site.at_p1()[first], site.at_p1()[second]) == (["Deprecated"], ["Approved"])


async def test_a_later_refusal_says_nothing_of_an_earlier_request(site: IndexSite) -> None:
    """P1 has it, nobody knows, then P1 denies access, and the document leaves: its index goes along."""
    [one] = await site.archive(1)
    site.run()
    [row] = site.rows(document.c.unique_id)
    unheard(site, row.unique_id)
    site.p1.wrong("iti-18", "forbidden", times=1)
    assert site.run().problem is not None
    assert site.states() == {one: "indexing"}
    site.change([one], state="deleted")
    site.past_pauses()
    assert site.run().withdrawn == 1
    assert site.at_p1()[one] == ["Deprecated"]
