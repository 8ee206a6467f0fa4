"""Limits of bytes and documents, and the end of an account's term."""

from datetime import date

from sqlalchemy import update

from erepo.cloud.storage.database import Database
from erepo.cloud.storage.tables import tenant
from erepo.xds.vocabulary import ResponseStatus, Xds
from tests.support.cloud import RunningCloud
from tests.support.cloud_client import connected, make_entry, make_submission, new_oid, one_document


async def test_the_last_document_that_fits_is_stored_and_the_next_refused(cloud: RunningCloud) -> None:
    """With room for two documents the third is refused with the cause; nothing of it is stored."""
    credentials = cloud.add_tenant("0000000000006001", limit_documents=2)
    async with connected(credentials) as client:
        for number in range(2):
            assert (await client.provide(one_document(b"%d" % number))).status == ResponseStatus.SUCCESS
        refused = await client.provide(one_document(b"2"))
    assert refused.status == ResponseStatus.FAILURE
    assert refused.errors[0].code == Xds.REPOSITORY_OUT_OF_RESOURCES
    assert "2 documents" in refused.errors[0].context


async def test_bytes_are_counted_as_received(cloud: RunningCloud) -> None:
    """The limit counts the octets of the documents, not what compression leaves of them."""
    credentials = cloud.add_tenant("0000000000006002", limit_bytes=1000)
    async with connected(credentials) as client:
        assert (await client.provide(one_document(b"a" * 999))).status == ResponseStatus.SUCCESS
        assert (await client.provide(one_document(b"bb"))).errors[0].code == Xds.REPOSITORY_OUT_OF_RESOURCES
        assert (await client.provide(one_document(b"c"))).status == ResponseStatus.SUCCESS
        assert (await client.provide(one_document(b"d"))).status == ResponseStatus.FAILURE


async def test_a_submission_over_the_limit_is_refused_as_a_whole(cloud: RunningCloud) -> None:
    """Three documents for two places: none is stored."""
    credentials = cloud.add_tenant("0000000000006003", limit_documents=2)
    async with connected(credentials) as client:
        documents = [(make_entry(), b"%d" % number) for number in range(3)]
        assert (await client.provide(make_submission(*documents))).status == ResponseStatus.FAILURE
        two = [(make_entry(), b"%d" % number) for number in range(2)]
        assert (await client.provide(make_submission(*two))).status == ResponseStatus.SUCCESS


async def test_a_document_counts_once(cloud: RunningCloud) -> None:
    """A second entry of a stored document needs no room."""
    credentials = cloud.add_tenant("0000000000006004", limit_documents=1)
    unique_id = new_oid()
    async with connected(credentials) as client:
        for _ in range(3):
            response = await client.provide(one_document(b"same", unique_id=unique_id))
            assert response.status == ResponseStatus.SUCCESS


async def test_after_its_term_an_account_reads_but_does_not_add(cloud: RunningCloud) -> None:
    """An expired account still answers queries; new documents are refused for good, with the date."""
    credentials = cloud.add_tenant("0000000000006005")
    database = Database(cloud.settings.cloud_url)
    with database.everyone("a test decides", write=True) as connection:
        mine = tenant.c.account == credentials.account
        connection.execute(update(tenant).where(mine).values(valid_until=date(2020, 1, 31)))
    database.close()
    async with connected(credentials) as client:
        refused = await client.provide(one_document(b"x"))
        assert refused.errors[0].code == Xds.REPOSITORY_ERROR
        assert "2020-01-31" in refused.errors[0].context
        assert (await client.retrieve("1.2.3")).errors[0].code == Xds.DOCUMENT_UNIQUE_ID
