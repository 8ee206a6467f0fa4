"""Many registered documents in little time: the rows of a real submission, copied with ids of their own.

What one submission leaves in the tables is made by the service's own code (`stamp`, `make_job`); each copy
gets other ids, patient, time and author, in the columns and in the XML, and is compressed by itself as the
service does. Rows are made in other processes and inserted here, in the order in which a service would
insert them: indexes on random keys grow as they would, with the free room in their pages that they would
have. No record of accesses is written for them.
"""

import hashlib
import random
import sqlite3
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from typing import Any

import psutil
from sqlalchemy import Table, make_url, select

from erepo.blobs.codec import Compressor
from erepo.cloud.audit.evidence import Evidence
from erepo.cloud.registry.jobs import NewDocument
from erepo.cloud.registry.rows import make_job
from erepo.cloud.registry.stamping import Facts, stamp
from erepo.cloud.storage.database import Database
from erepo.cloud.storage.tables import document, document_octets, object_value, registry_object, tenant
from erepo.cloud.tenancy.tenants import Tenant
from erepo.content import MemoryContent, digest
from erepo.identifiers.hl7 import CX
from erepo.xds import iti41
from erepo.xds.ebrim import OBJECT_LIST
from tests.support.cloud_client import make_entry, make_submission

AUTHORITY = "2.16.840.1.113883.3.4424.1.1.616"
TABLES = (registry_object, object_value, document, document_octets)
_PORTION = 2_000
_OCTETS = 300
_FAMILIES = ("Nowak", "Kowalska", "Wiśniewski", "Wójcik", "Kamińska", "Lewandowski", "Zielińska", "Szymański")

#: The uniqueIds of the document and the submission set that are copied.
DOCUMENT, SET = "2.25.1", "2.25.2"

Row = tuple[Any, ...]
Portion = tuple[list[Row], ...]
"""Rows of each of `TABLES`."""


def patient(number: int) -> CX:
    """Return one of the loaded patients: the lower the number, the more documents it has."""
    return CX(f"{number:011}", AUTHORITY)


def draw_patient(chance: random.Random, patients: int) -> int:
    """Return whose document comes next: a few have hundreds, half of all about seven or fewer."""
    return int(patients * chance.random() ** 2)


@dataclass(frozen=True)
class Template:
    """What one submission of one document leaves in the tables."""

    objects: list[dict[str, Any]]
    values: list[dict[str, Any]]
    document: dict[str, Any]
    created: str


def make_template(owner: Tenant) -> Template:
    """Run one submission through the service's own code, up to its rows."""
    entry = make_entry(
        DOCUMENT,
        patient(0),
        entry_uuid=uuid.UUID(int=1).urn,
        source_patient_id=patient(0),
        service_start="20251201",
        service_stop="20251202",
        comments="Loaded for a measurement.",
    )
    octets = bytes(_OCTETS)
    submission = make_submission((entry, octets), unique_id=SET, patient=patient(0))
    payload, _ = iti41.write_request(submission)
    digests = digest(MemoryContent(octets))
    facts = {entry.entry_uuid: Facts(digests.sha1, digests.size, owner.repository_unique_id)}
    stamped = stamp(next(payload.iter(OBJECT_LIST)), facts)
    new = NewDocument(entry.entry_uuid, entry.unique_id, digests, entry.mime_type, octets=octets)
    job = make_job(owner, submission.registration(), stamped, Evidence(owner.id, ()), [new], facts)
    moment = job.objects[0]["registered_at"]
    row = {
        "tenant_id": owner.id,
        "unique_id": entry.unique_id,
        "sha1": digests.sha1,
        "sha256": digests.sha256,
        "size": digests.size,
        "mime_type": entry.mime_type,
        "coding": "raw",
        "blob_key": None,
        "stored_at": str(moment),
    }
    for each in job.objects:
        each["registered_at"] = str(moment)
    return Template(job.objects, job.values, row, entry.creation_time)


class Copier:
    """Makes portions of rows (in a process of its own)."""

    def __init__(self, template: Template, patients: int) -> None:
        self._template, self._patients = template, patients
        self._compressor = Compressor()
        self._columns = [[column.name for column in table.columns] for table in TABLES]

    def portion(self, seed: int, start: int, count: int) -> Portion:
        """Return the rows of some documents; their numbers begin at `start`."""
        chance = random.Random(seed)
        rows: Portion = tuple([] for _ in TABLES)
        step = len(self._template.objects) + 1
        for number in range(start, start + count * step, step):
            for place, found in enumerate(self._document(chance, number)):
                columns = self._columns[place]
                rows[place].extend(tuple(each[name] for name in columns) for each in found)
        return rows

    def _document(self, chance: random.Random, number: int) -> Iterator[list[dict[str, Any]]]:
        """Yield the rows of one document for each of `TABLES`."""
        template, last = self._template, number + len(self._template.objects)
        family = chance.choice(_FAMILIES)
        octets = f"document {number} ".encode().ljust(_OCTETS, b".")
        own = {
            "id": last,
            "unique_id": f"2.25.{chance.getrandbits(122)}",
            "sha1": hashlib.sha1(octets, usedforsecurity=False).hexdigest(),
            "sha256": hashlib.sha256(octets).hexdigest(),
        }
        yield self._objects(chance, number, own, family)
        yield [
            row | {"object_id": row["object_id"] + number, "value": row["value"].replace("Nowak", family)}
            for row in template.values
        ]
        yield [template.document | own]
        yield [{"document_id": last, "tenant_id": template.document["tenant_id"], "octets": octets}]

    def _objects(
        self, chance: random.Random, number: int, own: dict[str, Any], family: str
    ) -> list[dict[str, Any]]:
        objects, who = self._template.objects, patient(draw_patient(chance, self._patients))
        day = f"20{chance.randint(15, 26)}{chance.randint(1, 12):02}{chance.randint(1, 28):02}"
        entry, created = {"sha1": own["sha1"], "document_id": own["id"]}, f"{day}081500"
        fresh = [uuid.UUID(int=chance.getrandbits(128), version=4) for _ in objects]
        new_ids = {DOCUMENT: own["unique_id"], SET: f"2.25.{chance.getrandbits(122)}"}
        changes = {uuid.UUID(bytes=row["entry_uuid"]).urn: fresh[at].urn for at, row in enumerate(objects)}
        changes |= {f'value="{old}"': f'value="{new}"' for old, new in new_ids.items()}
        changes |= {patient(0).id: who.id, self._template.created: created, "Nowak": family}
        changes |= {self._template.document["sha1"]: own["sha1"]}
        made = []
        for at, row in enumerate(objects):
            ours: dict[str, Any] = {
                "id": number + at,
                "entry_uuid": fresh[at].bytes,
                "lid": fresh[at].bytes,
                "xml": self._compressor.compress(_changed(row["xml"], changes)),
            }
            for end in ("source_object", "target_object"):
                ours[end] = None if row[end] is None else row[end] + number
            if row["unique_id"]:
                ours |= {"unique_id": new_ids[row["unique_id"]], "patient_id": str(who)}
            if row["unique_id"] == DOCUMENT:
                ours |= {**entry, "created": created}
            made.append(row | ours)
        return made


def _changed(xml: bytes, changes: Mapping[str, str]) -> bytes:
    for old, new in changes.items():
        xml = xml.replace(old.encode(), new.encode())
    return xml


_copier: list[Copier] = []


def _prepare(template: Template, patients: int) -> None:
    _copier.append(Copier(template, patients))


def _portion(seed: int, start: int, count: int) -> Portion:
    return _copier[0].portion(seed, start, count)


def load(
    database: Database,
    owner: Tenant,
    documents: int,
    patients: int,
    progress: Callable[[int], None] = lambda _: None,
) -> None:
    """Register documents of an account; nobody else may use the database meanwhile (SQLite only).

    Args:
        database: of the service, which does not run.
        owner: whose they become.
        documents: how many, each with a submission set and an association.
        patients: of how many patients; see `patient` and `draw_patient`.
        progress: told how many were just registered.
    """
    template = make_template(owner)
    path = make_url(database.url).database
    assert path
    database.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for pragma in ("journal_mode=DELETE", "synchronous=OFF", "cache_size=-1000000", "foreign_keys=OFF"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("BEGIN EXCLUSIVE")
        ((first,),) = connection.execute("SELECT next FROM number_block WHERE name = 'row'")
        step = len(template.objects) + 1
        inserts = [_insert(table) for table in TABLES]
        for rows in _portions(template, patients, first, step, documents):
            for statement, each in zip(inserts, rows, strict=True):
                connection.executemany(statement, each)
            progress(len(rows[2]))
        connection.execute("UPDATE number_block SET next = ?", (first + documents * step,))
        used = "used_documents = used_documents + ?, used_bytes = used_bytes + ?"
        values = documents, documents * _OCTETS, owner.id
        connection.execute(f"UPDATE tenant SET {used} WHERE id = ?", values)
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode=WAL")


def _insert(table: Table) -> str:
    names = ", ".join(column.name for column in table.columns)
    return f"INSERT INTO {table.name} ({names}) VALUES ({', '.join('?' * len(table.columns))})"


def _portions(template: Template, patients: int, first: int, step: int, documents: int) -> Iterator[Portion]:
    """Yield portions as the other processes make them, a few ahead."""
    orders = (
        (seed, first + begun * step, min(_PORTION, documents - begun))
        for seed, begun in enumerate(range(0, documents, _PORTION))
    )
    workers = max(1, (psutil.cpu_count() or 2) - 1)
    context, arguments = get_context("spawn"), (template, patients)
    with ProcessPoolExecutor(workers, context, _prepare, arguments) as pool:
        waiting = [pool.submit(_portion, *order) for order in islice(orders, workers + 2)]
        while waiting:
            yield waiting.pop(0).result()
            waiting += [pool.submit(_portion, *order) for order in islice(orders, 1)]


def owner_of(database: Database, account: str) -> Tenant:
    """Return an account as the loader needs it."""
    wanted = select(tenant.c.id, tenant.c.repository_unique_id, tenant.c.source_id, tenant.c.security)
    with database.everyone("the loader of a measurement") as connection:
        row = connection.execute(wanted.where(tenant.c.account == account)).one()
    return Tenant(
        id=row.id,
        account=account,
        state="active",
        security=row.security,
        repository_unique_id=row.repository_unique_id,
        home_community_id="",
        source_id=row.source_id,
        limit_bytes=0,
        limit_documents=0,
        valid_until=None,
        signers=frozenset(),
    )
