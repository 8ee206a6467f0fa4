"""The structure goes to the service when it has changed, and can be compared with what the service holds.

Commit point: the row `structure_sent` with the fingerprint the service confirmed, after its answer. A kill in
between sends the same once more, which changes nothing there. Compared is a SHA-256 of canonical JSON (sorted
keys, no spaces, UTF-8), which both sides compute for themselves: an answer with another one is refused.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa

from erepo.clinic.audit import note
from erepo.clinic.database import Database
from erepo.clinic.rest import AccountClient, RemoteStructure
from erepo.clinic.rest.errors import AnswerInvalid, ServiceRefusal
from erepo.clinic.structure import check_codes, read_provider
from erepo.clinic.structure_editing import as_record
from erepo.clinic.tables import now
from erepo.clinic.tables_account import structure_sent

#: What the service answers to an account that never sent a structure.
NONE_THERE = "structure.none"


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one synchronisation.

    Attributes:
        sent: whether anything went out.
        sha256: of the structure.
        updated_at: when the service took it over; None where nothing was asked.
        units: number of units.
        cells: number of cells.
    """

    sent: bool
    sha256: str
    updated_at: datetime | None
    units: int
    cells: int

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "sent": self.sent,
            "sha256": self.sha256,
            "updatedAt": self.updated_at.isoformat() if self.updated_at else None,
            "units": self.units,
            "cells": self.cells,
        }


def canonical(content: dict[str, Any]) -> bytes:
    """Return the one form of a structure that is hashed."""
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS)


def fingerprint(content: dict[str, Any]) -> str:
    """Return the SHA-256 of a structure, in hex."""
    return hashlib.sha256(canonical(content)).hexdigest()


def own_structure(connection: sa.Connection) -> dict[str, Any]:
    """Return our structure as the service takes it.

    Raises:
        StructureIncomplete: a resort code is missing.
    """
    return {"provider": as_record(check_codes(connection)).model_dump()}


def send_structure(
    client: AccountClient, database: Database, account: str, *, always: bool = False, actor: str = "erepo"
) -> Sent:
    """Send the structure if it differs from the last one sent.

    Args:
        client: of the account.
        database: the clinic's.
        account: 16 digits.
        always: also where nothing has changed, say, because the service came back from a backup.
        actor: for the audit.

    Raises:
        StructureIncomplete: a code is missing; nothing was sent.
        AnswerInvalid: the service holds something else than was sent.
        ServiceRefusal, RetryableError…: see `AccountClient.activate`.
    """
    with database.read() as connection:
        content = own_structure(connection)
        known = connection.execute(
            sa.select(structure_sent.c.sha256).where(structure_sent.c.account == account)
        ).scalar()
    own, below = fingerprint(content), content["provider"]["units"]
    units, cells = len(below), sum(len(one["cells"]) for one in below)
    if own == known and not always:
        return Sent(sent=False, sha256=own, updated_at=None, units=units, cells=cells)
    answer = client.send_structure(content)
    if answer.sha256 != own:
        raise AnswerInvalid(address="structure", reason="sha256")
    with database.begin() as connection:
        connection.execute(structure_sent.delete().where(structure_sent.c.account == account))
        connection.execute(
            structure_sent.insert().values(
                account=account, sha256=own, sent_at=now(), updated_at=answer.updated_at
            )
        )
        note(
            connection,
            "structure_sent",
            subject="structure",
            subject_id=account,
            actor=actor,
            detail={"sha256": own},
        )
    return Sent(sent=True, sha256=own, updated_at=answer.updated_at, units=units, cells=cells)


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where the two structures differ; empty: there is nothing on that side."""

    place: str
    here: str
    there: str


def remote_structure(client: AccountClient) -> RemoteStructure | None:
    """Return what the service holds; None where nothing was ever sent."""
    try:
        return client.structure()
    except ServiceRefusal as refusal:
        if refusal.data.get("code") == NONE_THERE:
            return None
        raise


def differences(database: Database, remote: RemoteStructure | None) -> list[Difference]:
    """Compare our structure, complete or not, with what the service holds."""
    with database.read() as connection:
        own = read_provider(connection)
    here = dict(_flat(as_record(own).model_dump(), "provider")) if own else {}
    there = dict(_flat(remote.provider, "provider")) if remote else {}
    return [
        Difference(place, here.get(place, ""), there.get(place, ""))
        for place in [*here, *(one for one in there if one not in here)]
        if here.get(place, "") != there.get(place, "")
    ]


def _flat(value: Any, place: str) -> Iterator[tuple[str, str]]:
    """Yield (place, text) of every field; records of a list are named by number, from 1 as in messages."""
    if isinstance(value, dict):
        for name, below in value.items():
            yield from _flat(below, f"{place}.{name}")
    elif isinstance(value, list):
        for number, below in enumerate(value, 1):
            yield from _flat(below, f"{place}[{number}]")
    else:
        yield place, str(value)
