"""The loader of large registries, and the section on them."""

import asyncio
from pathlib import Path

from erepo.cloud.storage.database import Database
from erepo.content import read_all
from erepo.xds import iti18
from erepo.xds.queries import QueryId
from erepo.xds.vocabulary import ResponseStatus
from tests.bench.asking import FIND, REGISTER, Order, ask
from tests.bench.loader import load, owner_of, patient
from tests.bench.meter import Timed
from tests.bench.registry_report import Figures, Wanted, section
from tests.support.cloud import ACCOUNT, RunningCloud, running_cloud
from tests.support.cloud_client import connected, one_document

COUNT, PATIENTS = 60, 4


async def look(cloud: RunningCloud) -> None:
    """Find, follow and retrieve what was loaded, and register one more."""
    async with connected(cloud.tenant) as client:
        found = [
            (await client.query(iti18.find_documents(patient(number)))).metadata.documents
            for number in range(PATIENTS)
        ]
        assert sum(map(len, found)) == COUNT
        assert len(found[0]) > len(found[-1])
        entry = found[0][0]
        whole = iti18.StoredQuery(QueryId.GET_SUBMISSION_SETS, {"$uuid": ((entry.entry_uuid,),)})
        sets = (await client.query(whole)).metadata
        assert [one.target for one in sets.associations] == [entry.entry_uuid]
        assert [one.patient_id for one in sets.submission_sets] == [patient(0)]
        (document,) = (await client.retrieve(entry.unique_id)).documents
        assert len(read_all(document.content)) == entry.size
        assert (await client.provide(one_document(b"<a/>"))).status == ResponseStatus.SUCCESS


def test_loaded_documents_are_documents(tmp_path: Path) -> None:
    """What the loader puts into the tables is found, followed and retrieved over the wire as any other."""
    with running_cloud(tmp_path, start=False) as cloud:
        database = Database(cloud.settings.cloud_url)
        loaded: list[int] = []
        load(database, owner_of(database, ACCOUNT), COUNT, PATIENTS, loaded.append)
        assert sum(loaded) == COUNT
        cloud.start()
        asyncio.run(look(cloud))
        assert cloud.process
        for what in (FIND, REGISTER):
            order = Order(what, cloud.tenant.folder, cloud.process.pid, 10, 2, PATIENTS, 1)
            timed = ask(order)
            assert timed.documents == 10
            assert 0 < timed.more["p50"] <= timed.more["most"]


def timed(seconds: float, wait: float) -> Timed:
    """Return a stretch of made-up figures."""
    return Timed(
        100, seconds, {"service": seconds / 2}, 0.01, {"p50": wait, "p95": wait, "most": 1, "found": 950}
    )


def test_the_section_holds_figures_against_aims() -> None:
    """Ratios within rounds and waits are compared with what is wanted."""
    facts = {"CPU": "one", "Memory": "1 GB", "Disk": "ext4"}
    good = Figures([timed(1.0, 0.01)], [timed(1.1, 0.01)], [timed(1.0, 0.04)])
    bad = Figures([timed(1.0, 0.01)], [timed(1.3, 0.01)], [timed(1.0, 0.06)])
    assert section(bad, Wanted(), "2026-01-02", facts).count("**not met**") == 3
    written = section(good, Wanted(), "2026-01-03", facts)
    assert "not met" not in written
    assert "| registering, time, many : few | ≤ 1.2 | 1.10 (1.10 to 1.10) | met |" in written
