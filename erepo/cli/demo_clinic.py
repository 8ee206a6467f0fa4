"""The clinic of the demonstration: its structure, its documents, what became of them.

Nobody in it exists. Each demonstration draws new documents from a new seed, so that a second one has work to
do.
"""

import hashlib
import json
import shutil
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from erepo.cda.kinds import KINDS, Kind
from erepo.cda.samples import Sample, generate
from erepo.cda.samples.people import PROVIDER
from erepo.clinic.database import Database
from erepo.clinic.kinds import set_rule
from erepo.clinic.permissions import Permission, grant
from erepo.clinic.structure import read_archiving_user, store_structure
from erepo.clinic.structure_file import parse_structure
from erepo.clinic.tables import document, provider
from erepo.durable import make_folder

ACCOUNT = "0000000000001003"
#: One document in so many is large, as scans are.
_LARGE_SHARE = 20
_LARGE = (600_000, 4_000_000)
_DONE = ("archived", "remote")

_STRUCTURE = {
    "provider": {
        "name": PROVIDER.name,
        "regon": PROVIDER.regon9,
        "resort_i": PROVIDER.book,
        "units": [
            {
                "name": PROVIDER.unit_name,
                "regon": PROVIDER.regon14,
                "resort_v": PROVIDER.unit,
                "cells": [
                    {
                        "name": "Poradnia chirurgii ogólnej",
                        "resort_vii": "001",
                        "resort_viii": "1500",
                        "resort_x": "05",
                    }
                ],
            }
        ],
    },
    "users": [
        {
            "login": "archiwum",
            "given": "Anna",
            "family": "Przykładowa",
            "profession": "LEK",
            "npwz": "5425740",
        }
    ],
    "archiving_user": "archiwum",
}


def prepare(database: Database) -> None:
    """Give an empty clinic its structure and switch every kind on, due at once; a real structure stays.

    The archiving task's default user, in whose name the demonstration acts, may invite patients and share.
    """
    structure = parse_structure(json.dumps(_STRUCTURE).encode())
    with database.begin() as connection:
        if not connection.execute(sa.select(sa.func.count()).select_from(provider)).scalar_one():
            store_structure(connection, structure, actor="demo")
        for kind, info in KINDS.items():
            # The kinds processed by P1 start off and would fall due a month after intake.
            if info.processed_by_p1:
                set_rule(connection, kind, auto_archive=True, local_days=0, actor="demo")
        if (user := read_archiving_user(connection)) is not None:
            for permission in (Permission.INVITE, Permission.SHARE):
                grant(connection, user.login, permission, actor="demo")


@dataclass(frozen=True)
class Drop:
    """What lies in the drop folder.

    Attributes:
        kinds: SHA-256 of each document and its kind.
        octets: bytes in total.
    """

    kinds: Mapping[str, Kind]
    octets: int


def drop_documents(inbox: Path, count: int, seed: int) -> Drop:
    """Write new sample documents into the drop folder, each appearing there whole.

    Raises:
        OSError: the disk refused.
    """
    make_folder(inbox)
    staging = inbox.with_name(f".drop-{seed}")
    make_folder(staging)
    kinds: dict[str, Kind] = {}
    octets = 0
    for sample in _samples(count, seed):
        digest = hashlib.sha256(sample.octets).hexdigest()
        (staging / sample.file_name).write_bytes(sample.octets)
        kinds[digest] = sample.kind
        octets += len(sample.octets)
    for file in sorted(staging.iterdir()):
        stem = file.name[: -len(file.suffix)] if file.suffix else file.name
        file.replace(inbox / f"{stem}_{seed}{file.suffix}")
    shutil.rmtree(staging)
    return Drop(kinds, octets)


def _samples(count: int, seed: int) -> Iterable[Sample]:
    large = count // _LARGE_SHARE
    yield from generate(seed, count - large)
    for sample in generate(seed + 1, large, size=_LARGE):
        yield Sample(_apart(sample.file_name), *_rest(sample))


def _apart(name: str) -> str:
    stem, dot, suffix = name.rpartition(".")
    return f"{stem}_large{dot}{suffix}"


def _rest(sample: Sample) -> tuple[bytes, Kind, str, str]:
    return sample.octets, sample.kind, sample.patient_pesel, sample.recipe


@dataclass
class Fate:
    """What became of the dropped documents.

    Attributes:
        wanted: how many were dropped, by kind.
        archived: how many of them are in the repository, by kind.
        verified: how many of these were found equal since the given time, by kind.
        kinds_differ: how many were recognised as another kind than they were made as.
        refused: reason codes of rejected ones, and how many.
        octets: bytes, by kind.
        required: how many the law wants in P1's index, by kind; empty where there is no P1.
        indexed: how many of these are there, by kind.
    """

    wanted: Counter[Kind] = field(default_factory=Counter)
    archived: Counter[Kind] = field(default_factory=Counter)
    verified: Counter[Kind] = field(default_factory=Counter)
    kinds_differ: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    octets: Counter[Kind] = field(default_factory=Counter)
    required: Counter[Kind] = field(default_factory=Counter)
    indexed: Counter[Kind] = field(default_factory=Counter)

    @property
    def failed(self) -> int:
        """Documents that are not both archived and verified."""
        return self.wanted.total() - self.verified.total()

    @property
    def last_line(self) -> str:
        """The line that programs read."""
        total = self.wanted.total()
        counts = f"archived {self.archived.total()}/{total}, verified {self.verified.total()}/{total}"
        return f"{counts}, failed {self.failed}"


def fate(database: Database, drop: Drop, since: float) -> Fate:
    """Look up each dropped document by its SHA-256.

    Args:
        database: the clinic's.
        drop: what was dropped.
        since: seconds since 1970; a check before does not count.
    """
    result = Fate(Counter(drop.kinds.values()))
    hashes = list(drop.kinds)
    for start in range(0, len(hashes), 500):
        for row in _rows(database, hashes[start : start + 500]):
            kind = drop.kinds[row.sha256]
            result.octets[kind] += row.size
            result.kinds_differ += row.kind != kind
            if row.reason_code:
                result.refused[row.reason_code] += 1
            if row.state in _DONE:
                result.archived[kind] += 1
                result.verified[kind] += row.verified_at is not None and row.verified_at.timestamp() >= since
    return result


def _rows(database: Database, hashes: Sequence[str]) -> Sequence[Any]:
    columns = (
        document.c.sha256,
        document.c.kind,
        document.c.size,
        document.c.state,
        document.c.verified_at,
        document.c.reason_code,
    )
    with database.read() as connection:
        return connection.execute(sa.select(*columns).where(document.c.sha256.in_(hashes))).all()


def new_seed() -> int:
    """Return a seed that no earlier demonstration on this machine had."""
    return int(time.time() * 10)
