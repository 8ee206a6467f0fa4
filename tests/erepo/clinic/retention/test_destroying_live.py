"""Retention by its commands against the real service: sent with the year, held, proposed, confirmed, gone."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from erepo.cli.root import app
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


class Commands:
    """Runs commands in this process, as the clinic's installation."""

    def __init__(self, clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
        self._patch = monkeypatch
        for name, value in clinic.environment.items():
            monkeypatch.setenv(name, value)

    def run(self, *arguments: str, status: int = 0, language: str = "en") -> str:
        """Run `erepo …` to its end and return what it prints."""
        self._patch.setenv("EREPO_LANGUAGE", language)
        done = CliRunner().invoke(app, [*arguments])
        assert done.exit_code == status, done.output
        return done.output


async def entries(clinic: Clinic, unique_ids: list[str]) -> list[tuple[str, str]]:
    """Return what the registry still knows: the end of the uniqueId, and the year that was sent."""
    async with clinic.connection() as connection:
        result = [await connection.query(iti18.get_documents(unique_ids=[one])) for one in unique_ids]
    slot = "urn:extpl:SlotName:StorageCategory"
    found = (entry for one in result for entry in one.metadata.documents)
    return sorted((entry.unique_id[-2:], *entry.extra_slots[slot]) for entry in found)


def test_from_the_year_that_is_sent_to_the_protocol(
    clinic: Clinic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two chains of an old year: one is held, the other leaves registry, repository, disk and database."""
    old = [
        version(1, year=1999),
        version(2, year=2000),
        version(1, name="B", series="S2", year=2000, patient=another_patient()),
        version(1, name="C", series="S3", year=2020),
    ]
    clinic.take_in(old, tmp_path / "in")
    erepo = Commands(clinic, monkeypatch).run
    erepo("archive")
    unique_ids = clinic.unique_ids()
    years = [("A1", "2020"), ("A2", "2020"), ("B1", "2020"), ("C1", "2040")]
    assert asyncio.run(entries(clinic, unique_ids)) == years

    report = json.loads(erepo("retention", "report", "--json"))
    assert (report["due"], report["held"]) == (3, 0)
    with clinic.database.read() as transaction:
        wanted = document.c.unique_id.endswith("B1")
        held = transaction.execute(sa.select(document.c.public_id).where(wanted)).scalar_one()
    hold = ("retention", "hold", held, "--reason", "court", "--as")
    assert "permission" in erepo(*hold, "jan", status=1)
    assert "Newly held: 1" in erepo(*hold, "anna")
    assert "Wstrzymane: 1" in erepo("retention", "report", "--list", language="pl")

    year = str(report["year"])
    proposed = json.loads(erepo("retention", "propose", "--year", year, "--as", "anna", "--json"))
    assert proposed["documents"] == 2
    confirm = ("retention", "confirm", proposed["id"], "--as")
    assert "inna osoba" in erepo(*confirm, "anna", status=1, language="pl")
    assert "waits for a second person" in erepo("retention", "proposals")
    assert "Destroyed: 2" in erepo(*confirm, "jan")
    assert "Wybrakowano: 2" in erepo(*confirm, "jan", language="pl")
    assert asyncio.run(entries(clinic, unique_ids)) == years[2:]
    protocol = json.loads(erepo("retention", "protocol", proposed["id"]))
    assert protocol["counts"] == {"destroyed": 2}
    assert len(list((clinic.settings.clinic_home / "content").glob("??/*"))) == 2
    erepo("verify", "--read-back")
