"""Patients who give documents, and the clinics that collect them, at a real service.

The portal is a process of its own on the service's state; here the test's process is that.
"""

import asyncio
import struct
import uuid
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from erepo.clinic.account import load_connection
from erepo.clinic.content import ContentStore
from erepo.clinic.patients_own import Collected, Collector, collect
from erepo.clinic.rest.speaking import account_client
from erepo.clinic.tables import document
from erepo.clinic.tables_patients_own import own_document as ledger_table
from erepo.cloud.audit.events import Who
from erepo.cloud.patients_own import Gift, Giver, give, given
from erepo.cloud.service import Cloud
from erepo.cloud.storage.tables import tenant
from erepo.cloud.storage.tables_patients_own import own_document
from erepo.content import read_all
from erepo.identifiers.hl7 import CX
from erepo.identifiers.oids import PESEL
from tests.support.clinic_side import Clinic, new_clinic
from tests.support.cloud import SQLITE_FILES, RunningCloud, running_cloud

#: The patient of `tests.support.cda_documents` too.
PATIENT = CX("44051401359", PESEL)
OTHER = CX("80051212357", PESEL)
SECOND = "0000000000002004"
WHO = Who(user="patient", endpoint="/portal")
_numbers = count(1)


def pdf(words: bytes = b"") -> bytes:
    """Return a small PDF that nobody has given yet."""
    return b"%%PDF-1.7\n%% %d\n%b\ntrailer\n<< >>\n%%%%EOF\n" % (next(_numbers), words)


def png(wide: int = 2, high: int = 2, behind: bytes = b"") -> bytes:
    """Return a PNG of these dimensions, which its few octets need not hold."""
    number = b"%d" % next(_numbers)
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", wide, high, 8, 0, 0, 0, 0)),
        (b"tEXt", b"n\0" + number),
        (b"IDAT", zlib.compress(b"\0" * 6)),
        (b"IEND", b""),
    )
    chunks = (struct.pack(">I", len(data)) + name + data + b"\0\0\0\0" for name, data in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks) + behind


def jpeg(wide: int = 2, high: int = 2, behind: bytes = b"") -> bytes:
    """Return a JPEG of these dimensions."""
    number = b"%08d" % next(_numbers)
    comment = b"\xff\xfe" + struct.pack(">H", 2 + len(number)) + number
    frame = b"\xff\xc0" + struct.pack(">HBHHBBBB", 11, 8, high, wide, 1, 1, 0x11, 0)
    scan = b"\xff\xda" + struct.pack(">HBBBBBB", 8, 1, 1, 0, 0, 63, 0) + b"\x12\x34\xff\xd9"
    return b"\xff\xd8" + comment + frame + scan + behind


@dataclass
class Portal:
    """The patients' door: what its routes call."""

    cloud: Cloud

    def give(
        self,
        octets: bytes,
        *,
        clinic: str,
        patient: CX = PATIENT,
        account_id: int = 1,
        key: str = "",
        title: str = "Wynik z innej placówki",
        clinics: tuple[int, ...] | None = None,
    ) -> dict[str, Any]:
        """Give a document; returns what the patient is told."""
        mine = self.numbers if clinics is None else clinics
        gift = Gift(clinic, key or str(uuid.uuid4()), title, octets)
        told, _ = asyncio.run(give(self.cloud, Giver(account_id, patient, mine), gift, WHO))
        return told

    def seen(self, account_id: int = 1, patient: CX = PATIENT) -> dict[str, dict[str, Any]]:
        """Return what a patient sees, by id."""
        told = asyncio.run(given(self.cloud, Giver(account_id, patient, self.numbers), WHO))
        return {one["id"]: one for one in told}

    def state(self, document_id: str, account_id: int = 1) -> str:
        """Return the state that the patient sees."""
        return str(self.seen(account_id)[document_id]["state"])

    @cached_property
    def numbers(self) -> tuple[int, ...]:
        """Row numbers of all accounts."""
        with self.cloud.database.everyone("a test") as connection:
            return tuple(connection.scalars(sa.select(tenant.c.id)))

    def rows(self) -> list[Any]:
        """Return all rows."""
        with self.cloud.database.everyone("a test") as connection:
            return list(connection.execute(sa.select(own_document)))

    def settle_all(self) -> None:
        """End all that waits, so that one test's documents are not another's."""
        with self.cloud.database.everyone("a test", write=True) as connection:
            connection.execute(sa.update(own_document).values(state="expired", blob_key=None, salt=None))


@dataclass
class Site:
    """One clinic."""

    clinic: Clinic
    documents: list[str] = field(default_factory=list)

    def collect(self) -> Collected:
        """Collect as the command does."""
        with self.collector() as desk:
            return collect(desk)

    @contextmanager
    def collector(self) -> Iterator[Collector]:
        """Open what collecting works with."""
        connection = load_connection(self.clinic.database, self.clinic.settings)
        with account_client(connection) as client:
            yield Collector(client, connection.account, self.clinic.database, self.clinic.settings)

    @property
    def account(self) -> str:
        """The 16 digits."""
        return self.clinic.tenant.account

    def entry(self, document_id: str) -> Any:
        """Return the ledger's row."""
        with self.clinic.database.read() as connection:
            query = sa.select(ledger_table).where(ledger_table.c.id == document_id)
            return connection.execute(query).one_or_none()

    def became(self, document_id: str) -> tuple[Any, bytes]:
        """Return the document that one has become, and its octets."""
        with self.clinic.database.read() as connection:
            wanted = document.c.public_id == self.entry(document_id).public_id
            row = connection.execute(sa.select(document).where(wanted)).one()
        return row, read_all(ContentStore.at(self.clinic.settings).open(row.sha256))

    def count(self) -> int:
        """Count documents."""
        with self.clinic.database.read() as connection:
            return connection.scalar(sa.select(sa.func.count()).select_from(document)) or 0


@dataclass
class World:
    """The service, the portal, and two clinics."""

    service: RunningCloud
    portal: Portal
    one: Site
    two: Site


@contextmanager
def patients_world(
    folder: Path, *, stores: str = SQLITE_FILES, database: str = "", **settings: str
) -> Iterator[World]:
    """Run it until the block ends; `settings` are those of `EREPO_PATIENTS_OWN__`.

    `database` is the address of the first clinic's, if not SQLite.
    """
    of_one = {"clinic_database_url": database} if database else {}
    environment = {f"EREPO_PATIENTS_OWN__{name.upper()}": value for name, value in settings.items()}
    with running_cloud(folder / "service", stores=stores, environment=environment, start=False) as service:
        second = service.add_tenant(SECOND)
        service.start()
        cloud = Cloud(service.settings)
        cloud.start()
        try:
            with (
                new_clinic(folder / "one", service.tenant, **of_one) as one,
                new_clinic(folder / "two", second) as two,
            ):
                yield World(service, Portal(cloud), Site(one), Site(two))
        finally:
            asyncio.run(cloud.stop())
            cloud.close()
