"""Clients of a registry: they find documents of patients, or register documents, several at once.

Runs in a process of its own; what it is told and what it answers are JSON objects.
"""

import asyncio
import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import uvloop

from erepo.xds import iti18
from erepo.xds.vocabulary import ResponseStatus
from tests.bench.loader import draw_patient, patient
from tests.bench.meter import Meter, Timed
from tests.support.cloud import TenantCredentials
from tests.support.cloud_client import CloudClient, connected, make_entry, make_submission

FIND, REGISTER = "find", "register"
_WARM = 20


@dataclass(frozen=True)
class Order:
    """What the clients shall do.

    Attributes:
        what: FIND or REGISTER.
        credentials: of the account, as `erepo cloud tenant add --credentials` writes them.
        service: process id of the service.
        count: queries or documents, those that warm up not counted.
        clients: how many at once.
        patients: of how many patients there are documents.
        seed: of the choice of patients.
    """

    what: str
    credentials: Path
    service: int
    count: int
    clients: int
    patients: int
    seed: int


def ask(order: Order) -> Timed:
    """Have an order carried out; `more` has `p50`, `p95` and `most` of the waiting, in seconds, and `found`.

    Raises:
        CalledProcessError: it failed; its words are on stderr.
    """
    told = json.dumps(asdict(order), default=str)
    command = [sys.executable, "-m", "tests.bench.asking", told]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    return Timed(**json.loads(done.stdout.splitlines()[-1]))


class Clients:
    """Carries an order out."""

    def __init__(self, order: Order, client: CloudClient) -> None:
        self._order, self._client = order, client
        self._chance = random.Random(order.seed)
        self._found = 0

    async def run(self) -> Timed:
        """Warm up, then measure."""
        work = {FIND: self._find, REGISTER: self._register}[self._order.what]
        await self._repeat(work, _WARM)
        self._found = 0
        meter = Meter({"client": os.getpid(), "service": self._order.service})
        meter.start()
        waited = await self._repeat(work, self._order.count)
        steps = statistics.quantiles(waited, n=20)
        figures = {"p50": statistics.median(waited), "p95": steps[-1], "most": max(waited)}
        return meter.stop(self._order.count, **figures, found=float(self._found))

    async def _repeat(self, work: Callable[[], Awaitable[None]], count: int) -> list[float]:
        waited: list[float] = []
        left = iter(range(count))

        async def one_after_the_other() -> None:
            for _ in left:
                begun = time.perf_counter()
                await work()
                waited.append(time.perf_counter() - begun)

        await asyncio.gather(*(one_after_the_other() for _ in range(self._order.clients)))
        return waited

    async def _find(self) -> None:
        # Any patient as likely as any other: patients come to the doctor, not documents.
        answer = await self._client.query(
            iti18.find_documents(patient(self._chance.randrange(self._order.patients)))
        )
        assert answer.status == ResponseStatus.SUCCESS
        self._found += len(answer.metadata.documents)

    async def _register(self) -> None:
        who = patient(draw_patient(self._chance, self._order.patients))
        octets = b"<document>%d</document>" % self._chance.getrandbits(4_000)
        entry = make_entry(patient=who, source_patient_id=who)
        answer = await self._client.provide(make_submission((entry, octets), patient=who))
        assert answer.status == ResponseStatus.SUCCESS, answer.errors


async def _work(order: Order) -> Timed:
    async with connected(TenantCredentials(order.credentials), connections=order.clients) as client:
        return await Clients(order, client).run()


def main() -> None:
    """Do what the parent asks for (in the child)."""
    told = json.loads(sys.argv[1])
    told["credentials"] = Path(told["credentials"])
    print(json.dumps(asdict(uvloop.run(_work(Order(**told))))))


if __name__ == "__main__":
    main()
