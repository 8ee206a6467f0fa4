"""Retention by its commands against the real service: sent with the year, held, proposed, confirmed, gone."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from erepo.clinic.permissions import Permission, grant
from erepo.clinic.tables import document, staff
from erepo.xds import iti18
from tests.support.chains import another_patient, version
from tests.support.clinic_side import Clinic, new_clinic
from tests.support.cloud import running_cloud


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    """A clinic with a service of its own, and two people who may destroy."""
    with (
        running_cloud(tmp_path / "cloud") as cloud,
        new_clinic(tmp_path / "clinic", cloud.tenant, in_flight=4) as clinic,
    ):
        with clinic.database.begin() as connection:
            for login, pesel in (("anna", "40010151673"), ("jan", "80051212357")):
                connection.execute(staff.insert().values(login=login, pesel=pesel))
                grant(connection, login, Permission.DESTROY, actor="test")
            grant(connection, "anna", Permission.HOLD, actor="test")
        yield clinic


def erepo(clinic: Clinic, *arguments: str, status: int = 0, language: str = "en") -> str:
    """Run `erepo …` to its end and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", "erepo", *arguments],
        env=os.environ | clinic.environment | {"EREPO_LANGUAGE": language},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status, done
    return done.stdout or done.stderr


async def entries(clinic: Clinic, unique_ids: list[str]) -> list[str]:
    """Return the uniqueIds that the registry still knows."""
    async with clinic.connection() as connection:
        result = [await connection.query(iti18.get_documents(unique_ids=[one])) for one in unique_ids]
    return sorted(entry.unique_id[-2:] for one in result for entry in one.metadata.documents)


async def test_from_the_year_that_is_sent_to_the_protocol(clinic: Clinic, tmp_path: Path) -> None:
    """Two chains of an old year: one is held, the other leaves registry, repository, disk and database."""
    old = [
        version(1, year=1999),
        version(2, year=2000),
        version(1, name="B", series="S2", year=2000, patient=another_patient()),
        version(1, name="C", series="S3", year=2020),
    ]
    clinic.take_in(old, tmp_path / "in")
    erepo(clinic, "archive")
    unique_ids = clinic.unique_ids()
    assert await entries(clinic, unique_ids) == ["A1", "A2", "B1", "C1"]
    async with clinic.connection() as connection:
        answer = await connection.query(iti18.get_documents(unique_ids=unique_ids[:1]))
    assert answer.metadata.documents[0].extra_slots["urn:extpl:SlotName:StorageCategory"] == ("2020",)

    report = json.loads(erepo(clinic, "retention", "report", "--json"))
    assert (report["due"], report["held"]) == (3, 0)
    with clinic.database.read() as transaction:
        wanted = document.c.unique_id.endswith("B1")
        held = transaction.execute(sa.select(document.c.public_id).where(wanted)).scalar_one()
    hold = ("retention", "hold", held, "--reason", "court", "--as")
    assert "permission" in erepo(clinic, *hold, "jan", status=1)
    assert "Newly held: 1" in erepo(clinic, *hold, "anna")
    assert "Wstrzymane: 1" in erepo(clinic, "retention", "report", "--list", language="pl")

    year = str(report["year"])
    proposed = json.loads(erepo(clinic, "retention", "propose", "--year", year, "--as", "anna", "--json"))
    assert proposed["documents"] == 2
    confirm = ("retention", "confirm", proposed["id"], "--as")
    assert "inna osoba" in erepo(clinic, *confirm, "anna", status=1, language="pl")
    assert "waits for a second person" in erepo(clinic, "retention", "proposals")
    assert "Destroyed: 2" in erepo(clinic, *confirm, "jan")
    assert "Zniszczono: 2" in erepo(clinic, *confirm, "jan", language="pl")
    assert await entries(clinic, unique_ids) == ["B1", "C1"]
    protocol = json.loads(erepo(clinic, "retention", "protocol", proposed["id"]))
    assert protocol["counts"] == {"destroyed": 2}
    assert len(list((clinic.settings.clinic_home / "content").glob("??/*"))) == 2
    erepo(clinic, "verify", "--read-back")
