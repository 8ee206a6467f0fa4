"""Many at once: one submission by many, many submissions, two processes on one database."""

import asyncio
import os
from collections import Counter

from erepo.content import read_all
from erepo.xds import iti18
from erepo.xds.vocabulary import ResponseStatus, Xds
from tests.support.cloud import RunningCloud, free_port, second_process
from tests.support.cloud_client import CloudClient, connected, make_entry, make_submission, one_document


async def test_one_submission_fifty_times_at_once_is_stored_once(client: CloudClient) -> None:
    """Exactly one of fifty identical submissions succeeds; the others name the duplicate."""
    submission = one_document(b"fifty times")
    answers = await asyncio.gather(*(client.provide(submission) for _ in range(50)))
    statuses = Counter(answer.status for answer in answers)
    assert statuses == {ResponseStatus.SUCCESS: 1, ResponseStatus.FAILURE: 49}
    codes = {error.code for answer in answers for error in answer.errors}
    assert codes == {Xds.DUPLICATE_UNIQUE_ID}
    found = await client.query(iti18.get_documents(unique_ids=[submission.entries[0][0].unique_id]))
    assert len(found.metadata.documents) == 1


async def test_one_bad_submission_among_many_harms_no_other(client: CloudClient) -> None:
    """Submissions that share a transaction with refused ones are stored."""
    good = [one_document(b"good %d" % number) for number in range(30)]
    bad = [one_document(b"bad %d" % number, size=1) for number in range(10)]
    twice = [good[0]] * 5
    answers = await asyncio.gather(*(client.provide(each) for each in [*good, *bad, *twice]))
    assert sum(answer.status == ResponseStatus.SUCCESS for answer in answers) == 30
    ids = [each.entries[0][0].unique_id for each in good]
    result = await client.retrieve(*ids)
    assert [read_all(each.content) for each in result.documents] == [b"good %d" % n for n in range(30)]


async def test_two_processes_share_one_database(own_cloud: RunningCloud) -> None:
    """The same submissions sent to two processes at once are stored once each; both see all of them."""
    own_cloud.start()
    submissions = [
        make_submission((make_entry(), os.urandom(400_000 if number % 5 == 0 else 100)))
        for number in range(20)
    ]
    with second_process(own_cloud, free_port()) as other:
        async with connected(own_cloud.tenant) as one, connected(other) as two:
            answers = await asyncio.gather(
                *(client.provide(each) for each in submissions for client in (one, two, one))
            )
            assert sum(answer.status == ResponseStatus.SUCCESS for answer in answers) == 20
            codes = {error.code for answer in answers for error in answer.errors}
            assert codes == {Xds.DUPLICATE_UNIQUE_ID}
            for client in (one, two):
                for each in submissions:
                    entry, content = each.entries[0]
                    result = await client.retrieve(entry.unique_id)
                    assert read_all(result.documents[0].content) == read_all(content)
