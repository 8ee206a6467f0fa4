"""A clinic ready to archive: database, structure, account, documents; everything real, in one folder."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import sqlalchemy as sa

from erepo.cda.samples import generate
from erepo.clinic.account import adopt_credentials, load_connection
from erepo.clinic.archiving import BatchResult, Plan, plan, send_batch
from erepo.clinic.connection import CloudConnection
from erepo.clinic.database import Database, open_clinic
from erepo.clinic.intake import Intake
from erepo.clinic.structure import store_structure
from erepo.clinic.structure_file import parse_structure
from erepo.clinic.tables import account, document, now
from erepo.settings import Settings
from erepo.xds import iti18
from tests.support.cloud import RunningCloud, TenantCredentials

PASSPHRASE = "throw-away"
STRUCTURE = b"""{
 "provider": {"name": "Przychodnia Testowa", "regon": "", "resort_i": "000000927722", "units": [
   {"name": "Zaklad", "resort_v": "01", "cells": [
     {"name": "Poradnia POZ", "resort_vii": "001", "resort_viii": "0010", "resort_x": "01"}]}]},
 "users": [{"login": "archiwum", "given": "Anna", "family": "Nowak", "profession": "LEK", "npwz": "5425740"}],
 "archiving_user": "archiwum"}"""


@dataclass
class Clinic:
    """One clinic with its account.

    Attributes:
        settings: of this clinic.
        database: open.
        tenant: credentials of its account.
    """

    settings: Settings
    database: Database
    tenant: TenantCredentials
    environment: dict[str, str] = field(default_factory=dict)

    def take_in(self, contents: Sequence[bytes], folder: Path) -> None:
        """Take documents in through the real intake and make them due."""
        folder.mkdir(parents=True, exist_ok=True)
        paths = []
        for number, octets in enumerate(contents):
            path = folder / f"{number}.xml"
            path.write_bytes(octets)
            paths.append(path)
        summary = Intake.at(self.database, self.settings).take_folder(paths)
        assert summary.taken == len(contents), summary
        with self.database.begin() as connection:
            connection.execute(document.update().where(document.c.due_at.is_not(None)).values(due_at=now()))

    def plan(self, **options: object) -> Plan:
        """Plan what is due."""
        return plan(self.database, self.settings, now=now(), **options)  # type: ignore[arg-type]

    def connection(self, port: int | None = None) -> CloudConnection:
        """Return the connection to the account, through another port if wanted."""
        connection = load_connection(self.database, self.settings)
        if port is None:
            return connection
        moved = connection.registry_url.rsplit(":", 1)[1].split("/", 1)[0]
        urls = {
            name: getattr(connection, name).replace(f":{moved}/", f":{port}/")
            for name in ("registry_url", "repository_url", "service_url")
        }
        return replace(connection, **urls)

    def reach_through(self, port: int) -> None:
        """Move the account's addresses to another port, for processes of their own."""
        connection = self.connection(port)
        with self.database.begin() as transaction:
            transaction.execute(
                account.update().values(
                    registry_url=connection.registry_url,
                    repository_url=connection.repository_url,
                    service_url=connection.service_url,
                )
            )

    async def send_all(self, port: int | None = None, **options: object) -> list[BatchResult]:
        """Plan and send every batch."""
        planned = self.plan(**options)
        async with self.connection(port) as connection:
            return [await send_batch(connection, self.database, batch) for batch in planned.batches]

    def states(self) -> Counter[str]:
        """Count documents by state."""
        with self.database.read() as connection:
            rows = connection.execute(sa.select(document.c.state, sa.func.count()).group_by(document.c.state))
            return Counter({state: count for state, count in rows})  # noqa: C416 - rows are no tuples to mypy

    def unique_ids(self) -> list[str]:
        """Return the uniqueIds of all documents."""
        with self.database.read() as connection:
            return list(connection.execute(sa.select(document.c.unique_id)).scalars())

    async def entries(self) -> Counter[str]:
        """Ask the registry how many entries each document has."""
        found: Counter[str] = Counter()
        async with self.connection() as connection:
            for unique_id in self.unique_ids():
                result = await connection.query(iti18.get_documents(unique_ids=[unique_id]))
                found[unique_id] += len(result.metadata.documents)
        return found

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start `erepo …` in a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "erepo", *arguments],
            env=os.environ | self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )


@contextmanager
def new_clinic(folder: Path, tenant: TenantCredentials, **settings: object) -> Iterator[Clinic]:
    """Set up a clinic in a folder, with structure and account."""
    environment = {"EREPO_HOME": str(folder), "EREPO_KEY_PASSPHRASE": PASSPHRASE, "EREPO_LANGUAGE": "en"}
    chosen = Settings(_env_file=None, home=folder, key_passphrase=PASSPHRASE, **settings)  # type: ignore[arg-type]
    database = open_clinic(chosen)
    try:
        with database.begin() as connection:
            store_structure(connection, parse_structure(STRUCTURE))
        adopt_credentials(database, chosen, tenant.folder)
        yield Clinic(chosen, database, tenant, environment)
    finally:
        database.close()


def samples(seed: int, count: int, *, patients: int | None = None, size: int = 20_000) -> list[bytes]:
    """Return synthetic documents of kinds that are archived by themselves."""
    kinds = ["lab_result", "diagnostic_result", "discharge_summary", "referring_doctor_information"]
    return [one.octets for one in generate(seed, count, kinds=kinds, size=size, patients=patients)]


def account_number(cloud: RunningCloud, numbers: Iterator[int]) -> TenantCredentials:
    """Add one more account to a running service."""
    return cloud.add_tenant(f"{next(numbers):016d}")
