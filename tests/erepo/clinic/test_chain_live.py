"""Versions of documents against the real service: who is current in the registry, whatever came first."""

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from erepo.clinic.tables import document
from erepo.clinic.verifying import verify
from erepo.xds import iti18
from erepo.xds.vocabulary import APPROVED
from tests.support.chains import CANCELLING, version
from tests.support.clinic_side import Clinic, new_clinic
from tests.support.cloud import RunningCloud, running_cloud

ACCOUNTS = itertools.count(6701)


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    """One service for the module; each test has an account of its own."""
    with running_cloud(tmp_path_factory.mktemp("cloud")) as cloud:
        yield cloud


@pytest.fixture
def clinic(cloud: RunningCloud, tmp_path: Path) -> Iterator[Clinic]:
    """A clinic with an account of its own."""
    tenant = cloud.add_tenant(f"{next(ACCOUNTS):016d}")
    with new_clinic(tmp_path / "clinic", tenant, in_flight=4) as clinic:
        yield clinic


def erepo(clinic: Clinic, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `erepo …` to its end."""
    return subprocess.run(
        [sys.executable, "-m", "erepo", *arguments],
        env=os.environ | clinic.environment,
        capture_output=True,
        text=True,
        check=False,
    )


async def current(clinic: Clinic) -> list[str]:
    """Return the ends of the uniqueIds that the registry shows as current, with their year of destruction."""
    found = []
    async with clinic.connection() as connection:
        for unique_id in clinic.unique_ids():
            result = await connection.query(iti18.get_documents(unique_ids=[unique_id]))
            for one in result.metadata.documents:
                [year] = one.extra_slots["urn:extpl:SlotName:StorageCategory"]
                if one.status == APPROVED:
                    found.append(f"{unique_id.partition('^')[2]} {year}")
    return sorted(found)


async def test_one_command_archives_a_chain_of_three(clinic: Clinic, tmp_path: Path) -> None:
    """Original, correction and cancelling document, brought at once, arrive in their order in one run."""
    clinic.take_in([version(1), version(2), version(3, **CANCELLING)], tmp_path / "in")
    done = erepo(clinic, "archive", "--json")
    assert done.returncode == 0, done
    assert json.loads(done.stdout)["archived"] == 3
    assert await current(clinic) == ["A3 2046"]
    async with clinic.connection() as connection:
        report = await verify(connection, clinic.database, read_back=True)
    assert report.complete, report
    with clinic.database.read() as connection_:
        [public_id] = connection_.execute(
            sa.select(document.c.public_id).where(document.c.version == 1)
        ).scalars()
    shown = erepo(clinic, "documents", "chain", public_id)
    assert shown.returncode == 0, shown
    assert "cancelled" in shown.stdout
    listed = json.loads(erepo(clinic, "documents", "chain", public_id, "--json").stdout)["versions"]
    assert [one["link"] for one in listed] == ["", "linked", "linked"]


async def test_older_versions_that_come_last_are_replaced_afterwards(clinic: Clinic, tmp_path: Path) -> None:
    """Third, second, first, and a fork: linked by ITI-57, the fork refused by the registry and kept."""
    for number in (3, 2, 1):
        clinic.take_in([version(number)], tmp_path / f"in{number}")
        [result] = await clinic.send_all()
        assert result.finished, result
    assert await current(clinic) == ["A3 2046"]
    clinic.take_in([version(2, name="B", parent="A1")], tmp_path / "fork")
    [result] = await clinic.send_all()
    assert (result.archived, result.rejected) == (1, [])
    assert await current(clinic) == ["A3 2046", "B2 2046"]
    async with clinic.connection() as connection:
        report = await verify(connection, clinic.database)
    assert report.complete, report
