"""Large documents: bounded memory, and small ones meanwhile."""

import asyncio
import hashlib
import os
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from erepo.cloud.budget import MemoryBudget
from erepo.cloud.errors import ServiceBusy
from erepo.content import CHUNK, digest, read_all
from erepo.soap.message import Outgoing, pack
from erepo.soap.signing import Signer
from erepo.xds import iti18
from erepo.xds.vocabulary import ResponseStatus, Xds
from tests.support.cloud import RunningCloud, running_cloud
from tests.support.cloud_client import (
    assertions_of,
    connected,
    make_entry,
    make_submission,
    new_oid,
    one_document,
)

MB = 1024**2


class Noise:
    """Octets of a size, made when they are read: the client of a memory test must not hold them either."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._block = b"%PDF" + os.urandom(CHUNK - 4)  # dense: it must go into a file

    def chunks(self) -> Iterator[bytes]:
        """Yield the octets."""
        for start in range(0, self.size, CHUNK):
            yield self._block[: min(CHUNK, self.size - start)]


@contextmanager
def peak_memory(pid: int) -> Iterator[list[int]]:
    """Measure the largest resident memory of a process in the block, in bytes above that at its start."""
    process, result, done = psutil.Process(pid), [0], threading.Event()
    start = process.memory_info().rss

    def watch() -> None:
        while not done.wait(0.005):
            result[0] = max(result[0], process.memory_info().rss - start)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield result
    finally:
        done.set()
        watcher.join()


async def test_documents_of_100_megabytes_in_bounded_memory(own_cloud: RunningCloud) -> None:
    """Two documents of 100 MB at once stay below 400 MB above idle, and small ones go on."""
    own_cloud.start()
    assert own_cloud.process is not None
    large = [make_submission((make_entry(), b"")) for _ in range(2)]
    contents = [Noise(100 * MB) for _ in large]
    submissions = [
        type(each)(each.submission_set, ((each.entries[0][0], content),), each.associations)
        for each, content in zip(large, contents, strict=True)
    ]
    async with connected(own_cloud.tenant) as client:
        await client.provide(one_document(b"warm"))
        with peak_memory(own_cloud.process.pid) as peak:
            uploads = [asyncio.create_task(client.provide(each)) for each in submissions]
            small = 0
            while not all(upload.done() for upload in uploads):
                assert (await client.provide(one_document(b"small"))).status == ResponseStatus.SUCCESS
                small += 1
            assert [upload.result().status for upload in uploads] == [ResponseStatus.SUCCESS] * 2
        assert small > 5
        assert peak[0] < 400 * MB
        with peak_memory(own_cloud.process.pid) as peak:
            for each, content in zip(submissions, contents, strict=True):
                result = await client.retrieve(each.entries[0][0].unique_id)
                assert digest(result.documents[0].content) == digest(content)
        assert peak[0] < 60 * MB


async def test_a_large_document_that_shrinks_is_not_expanded_in_memory(own_cloud: RunningCloud) -> None:
    """100 MB that compress to almost nothing are returned without holding them."""
    own_cloud.start()
    assert own_cloud.process is not None
    async with connected(own_cloud.tenant) as client:
        submission = one_document(b"<x>" + b" " * (100 * MB))
        await client.provide(submission)
        unique_id = submission.entries[0][0].unique_id
        with peak_memory(own_cloud.process.pid) as peak:
            result = await client.retrieve(unique_id, unique_id)
        assert [each.content.size for each in result.documents] == [100 * MB + 3] * 2
        assert peak[0] < 60 * MB


async def test_many_documents_in_one_answer_are_not_all_held(own_cloud: RunningCloud) -> None:
    """An answer of many small documents is sent without holding all of them in memory."""
    own_cloud.start()
    assert own_cloud.process is not None
    entry = make_entry()
    async with connected(own_cloud.tenant) as client:
        await client.provide(make_submission((entry, os.urandom(250_000))))
        with peak_memory(own_cloud.process.pid) as peak:
            result = await client.retrieve(*[entry.unique_id] * 400)
        assert len(result.documents) == 400
        assert peak[0] < 60 * MB


async def test_answers_that_nobody_takes_are_bounded(tmp_path: Path) -> None:
    """An account that takes none of its large answers soon gets no more of them, and others get theirs."""
    limits = {"EREPO_LIMITS__MEMORY_BUDGET": str(64 * MB)}
    with running_cloud(tmp_path, environment=limits) as cloud:
        for account in (cloud.tenant, other := cloud.add_tenant("0000000000002004")):
            async with connected(account) as client:
                for _ in range(10):
                    filled = [(make_entry(comments="c" * 10_000), b"x") for _ in range(100)]
                    assert (await client.provide(make_submission(*filled))).errors == ()
        question = iti18.find_documents(make_entry().patient_id)
        with ExitStack() as asked:
            first = asked.enter_context(closing(_asked(cloud, question)))
            # Its head shows that it is on its way, and holds what there is for the account.
            assert (await asyncio.to_thread(first.recv, 12)) == b"HTTP/1.1 200"
            second = asked.enter_context(closing(_asked(cloud, question)))
            async with connected(other) as client, asyncio.timeout(45):
                assert len((await client.query(question)).metadata.documents) == 1000
            assert (await asyncio.to_thread(second.recv, 12)) == b"HTTP/1.1 503"


def _asked(cloud: RunningCloud, question: iti18.StoredQuery) -> ssl.SSLSocket:
    """Send a question and take nothing of its answer."""
    tenant = cloud.tenant
    outgoing = Outgoing(iti18.ACTION, tenant.registry, iti18.write_query(question))
    packed = pack(outgoing, Signer(tenant.wss), mtom=False, assertion=assertions_of(tenant)())
    plain = socket.create_connection(("127.0.0.1", cloud.settings.cloud_port), 60)
    connection = tenant.tls_context().wrap_socket(plain, server_hostname="127.0.0.1")
    head = (
        f"POST {urlsplit(tenant.registry).path} HTTP/1.1\r\nhost: x\r\n"
        f"content-type: {packed.content_type}\r\ncontent-length: {packed.length}\r\n\r\n"
    )
    connection.sendall(head.encode() + b"".join(packed.chunks()))
    return connection


PEER = "0000000000001010"


@pytest.mark.parametrize(("security", "harm"), [("wss", "changed"), ("mtls", "changed"), ("mtls", "lost")])
async def test_damaged_content_is_never_given_out(own_cloud: RunningCloud, security: str, harm: str) -> None:
    """A blob that was changed or lost is told with an error, and its neighbours are given all the same."""
    tenant = own_cloud.add_tenant(PEER, security=security)
    own_cloud.start()
    contents = {new_oid(): os.urandom(700_000) for _ in range(3)}
    documents = [(make_entry(unique_id), octets) for unique_id, octets in contents.items()]
    async with connected(tenant, signed=security == "wss") as client:
        await client.provide(make_submission(*documents))
        key = next(own_cloud.blobs.keys())
        if harm == "changed":
            with own_cloud.blobs.open(key) as file:
                octets = bytearray(file.read())
            octets[1000] ^= 1
            own_cloud.blobs.put(key, [octets])
        else:
            own_cloud.blobs.delete(key)
        result = await client.retrieve(*contents)
        (spoiled,) = (each.location for each in result.errors)
        assert result.status == ResponseStatus.PARTIAL
        assert [each.code for each in result.errors] == [Xds.REPOSITORY_ERROR]
        given = {each.document_unique_id: bytes(read_all(each.content)) for each in result.documents}
        del contents[spoiled]
        assert given == contents
        alone = await client.retrieve(spoiled)
        assert (alone.status, alone.documents) == (ResponseStatus.FAILURE, ())


async def test_the_budget_is_first_come_first_served() -> None:
    """Who asks for more than is free waits, and nobody overtakes; what is larger than all gets all of it."""
    budget, order = MemoryBudget(10), []

    async def work(name: str, size: int) -> None:
        async with budget.hold(size):
            order.append(name)
            await asyncio.sleep(0)

    await asyncio.gather(work("a", 6), work("b", 6), work("c", 1), work("d", 99), work("e", 1))
    assert order == ["a", "b", "c", "d", "e"]
    assert budget.used == 0


async def test_who_waits_too_long_for_room_is_turned_away() -> None:
    """A sender that stalls keeps others waiting for a bounded time only, and nothing leaks."""
    budget = MemoryBudget(10, patience=0.05)
    async with budget.hold(10):
        with pytest.raises(ServiceBusy):
            await _hold(budget, 5)
    assert budget.idle


async def test_the_budget_survives_cancelled_waiters() -> None:
    """A waiter that is cancelled takes nothing with it."""
    budget = MemoryBudget(10)
    async with budget.hold(10):
        waiter = asyncio.create_task(_hold(budget, 5))
        await asyncio.sleep(0)
        waiter.cancel()
        await asyncio.gather(waiter, return_exceptions=True)
    async with asyncio.timeout(60), budget.hold(10):
        assert budget.used == 10
    assert budget.used == 0


async def _hold(budget: MemoryBudget, size: int) -> None:
    async with budget.hold(size):
        await asyncio.sleep(0)


def test_noise_is_what_it_says() -> None:
    """The helper yields as many octets as it promises, the same on every pass."""
    noise = Noise(CHUNK + 5)
    passes = [hashlib.sha256(b"".join(noise.chunks())).hexdigest() for _ in range(2)]
    assert passes[0] == passes[1]
    assert sum(map(len, noise.chunks())) == noise.size
