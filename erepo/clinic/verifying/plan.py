"""The repair plan: a row a difference, which good copy there is, and what is proposed. Never hidden.

what      a good copy here   proposed
--------  -----------------  ------------------------------------------------------------------
missing   yes                send-again: it is archived anew under its own ids
content   yes                replace: what is there goes, then it is archived anew
missing,  no                 no-copy: nothing here can repair it; the repository's operator may have
content                      a second copy (`erepo cloud check --repair`), or a backup of the folder
any       either             inspect: something else stands there under our id, or in another status;
other                        it is evidence and stays until a person has looked
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from erepo.clinic import audit
from erepo.clinic.archiving.comparing import Finding
from erepo.clinic.content import ContentStore
from erepo.clinic.coverage import STILL_THERE
from erepo.clinic.errors import ContentDamaged
from erepo.clinic.rereading import Archived
from erepo.clinic.tables import document, now
from erepo.clinic.tables_earchive import repair
from erepo.clinic.verifying.report import what
from erepo.settings import Settings

SEND_AGAIN, REPLACE, NO_COPY, INSPECT = "send-again", "replace", "no-copy", "inspect"
_SLICE = 500


@dataclass(frozen=True)
class Judged:
    """A difference with its proposal: internal id, what differs, where a good copy is, what is proposed."""

    document: int
    what: str
    copy: str
    action: str


@dataclass(frozen=True)
class Repair:
    """A row of the plan as people see it.

    Attributes:
        id: of the row.
        document: opaque id.
        what: `missing`, `content`, `hash`, `size`, `twice`, `deprecated`, `current`.
        copy: `here` or `none`.
        action: `send-again`, `replace`, `inspect`, `no-copy`.
        found_at: UTC.
        told: whether Prefect has its event.
    """

    id: str
    document: str
    what: str
    copy: str
    action: str
    found_at: datetime
    told: bool

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)


class Planner:
    """Writes differences into the plan, in the transaction of the check that found them."""

    def __init__(self, settings: Settings) -> None:
        self._store = ContentStore.at(settings)

    def judge(self, one: Archived, finding: Finding | None) -> Judged:
        """Say what may be done; reads the local copy, if there is one."""
        copy = "here" if self._is_good(one.sha256) else "none"
        if finding not in (None, Finding.MISSING):
            return Judged(one.id, what(finding), copy, INSPECT)
        if copy == "none":
            return Judged(one.id, what(finding), copy, NO_COPY)
        return Judged(one.id, what(finding), copy, SEND_AGAIN if finding is Finding.MISSING else REPLACE)

    def note(self, connection: sa.Connection, found: Iterable[Judged], read_at: datetime | None) -> None:
        """Write differences down, each as an audit event, too; a row that is open is brought up to date.

        Args:
            connection: the transaction.
            found: differences.
            read_at: moment of the reading back; None if only the registry was compared.
        """
        for one in found:
            audit.record(connection, "verify_failed", [one.document], detail={"what": one.what})
            if read_at is not None:
                change = document.update().where(document.c.id == one.document)
                connection.execute(change.values(read_back_at=read_at))
            values = {"what": one.what, "copy": one.copy, "action": one.action}
            known = repair.update().where(repair.c.document_id == one.document, repair.c.state == "open")
            if not connection.execute(known.values(values)).rowcount:
                connection.execute(repair.insert().values(id=uuid4().hex, document_id=one.document, **values))

    def right_again(self, connection: sa.Connection, ids: Sequence[int], *, read_back: bool) -> None:
        """Close rows of documents that are as they should be; damaged octets only after reading them back."""
        for start in range(0, len(ids), _SLICE):
            part = ids[start : start + _SLICE]
            change = repair.update().where(repair.c.document_id.in_(part), repair.c.state == "open")
            if not read_back:
                change = change.where(repair.c.what != "content")
            connection.execute(change.values(state="gone", closed_at=now()))

    def _is_good(self, sha256: str) -> bool:
        try:
            self._store.check(sha256)
        except (ContentDamaged, OSError):
            return False
        return True


def read_plan(connection: sa.Connection, ids: Sequence[str] = (), limit: int = 1000) -> list[Repair]:
    """Return what is open, the oldest first; `ids` of rows or of documents choose among it."""
    wanted = (
        sa.select(
            repair.c.id,
            document.c.public_id,
            repair.c.what,
            repair.c.copy,
            repair.c.action,
            repair.c.found_at,
            repair.c.told_at.is_not(None),
        )
        .join(document, document.c.id == repair.c.document_id)
        .where(repair.c.state == "open", STILL_THERE)
        .order_by(repair.c.found_at, repair.c.id)
        .limit(limit)
    )
    if ids:
        wanted = wanted.where(repair.c.id.in_(ids) | document.c.public_id.in_(ids))
    return [Repair(*row) for row in connection.execute(wanted)]


def untold(connection: sa.Connection, limit: int = 1000) -> list[Repair]:
    """Return open rows that Prefect has no event of yet."""
    return [one for one in read_plan(connection, limit=limit) if not one.told]


def mark_told(connection: sa.Connection, ids: Sequence[str]) -> None:
    """Write down that Prefect has the events of these."""
    for start in range(0, len(ids), _SLICE):
        part = ids[start : start + _SLICE]
        connection.execute(repair.update().where(repair.c.id.in_(part)).values(told_at=now()))
