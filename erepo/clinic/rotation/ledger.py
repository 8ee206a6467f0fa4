"""The ledger of rotations: rows of the table `rotation`, at most one open per account."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from erepo.clinic.audit import note
from erepo.clinic.database import Database
from erepo.clinic.onboarding.ledger import Generation, generation_of
from erepo.clinic.rotation.deciding import Reason
from erepo.clinic.rotation.errors import StepTaken
from erepo.clinic.rotation.stages import Stage, check_step
from erepo.clinic.tables import ROTATIONS_ENDED, rotation
from erepo.pki.bundle import fingerprint
from erepo.pki.pem import read_certificate

#: Columns that hold private keys.
KEYS = ("tls_key_pem", "wss_key_pem")


@dataclass(frozen=True, kw_only=True)
class Rotation(Generation):
    """One row, with the generation not in use: the coming one, after the cut-over the previous one."""

    id: str
    stage: Stage
    reason: Reason
    message_id: str
    requested_at: datetime
    mailed_at: datetime | None
    received_at: datetime | None
    registered_at: datetime | None
    cut_over_at: datetime | None
    retire_after: datetime | None
    published_at: datetime | None
    finished_at: datetime | None


_TIMES = (
    "requested_at",
    "mailed_at",
    "received_at",
    "registered_at",
    "cut_over_at",
    "retire_after",
    "published_at",
    "finished_at",
)


def find_open(connection: sa.Connection, account: str) -> Rotation | None:
    """Return the rotation of an account that is under way, if there is one."""
    return _read(connection, rotation.c.state.not_in(ROTATIONS_ENDED), account)


def find_last(connection: sa.Connection, account: str) -> Rotation | None:
    """Return the newest rotation of an account, under way or ended."""
    return find_open(connection, account) or _read(connection, sa.true(), account)


def under_way(database: Database, account: str) -> Rotation | None:
    """Return the rotation of an account that is under way, if there is one."""
    with database.read() as connection:
        return find_open(connection, account)


def out_of_use(database: Database, account: str) -> str | None:
    """Return the fingerprint of the TLS certificate that the last rotation, ended by now, put out of use."""
    with database.read() as connection:
        found = find_last(connection, account)
    ended = found is not None and found.stage.ended and found.tls_certificate
    return fingerprint(read_certificate(found.tls_certificate)) if found and ended else None


def write(connection: sa.Connection, found: Rotation, **values: Any) -> None:
    """Change columns of a rotation that is still in the stage it was found in.

    Raises:
        StepTaken: it is not; the caller's transaction must end without a commit.
    """
    same = (rotation.c.id == found.id) & (rotation.c.state == found.stage.value)
    if connection.execute(sa.update(rotation).where(same).values(values)).rowcount != 1:
        raise StepTaken(account=found.account, stage=found.stage.value)


def reach(
    connection: sa.Connection, found: Rotation, target: Stage, detail: dict[str, Any], **values: Any
) -> None:
    """Move a rotation on and note it in the history; all in the caller's transaction.

    Raises:
        IllegalStep: the table has no such move.
        StepTaken: another process was faster.
    """
    check_step(found.stage, target)
    write(connection, found, state=target.value, **values)
    told(connection, found.account, found.id, target, detail)


def told(connection: sa.Connection, account: str, number: str, stage: Stage, detail: dict[str, Any]) -> None:
    """Note a stage in the history."""
    event = f"certificates_{stage.value}"
    note(connection, event, subject="account", subject_id=account, detail={"rotation": number, **detail})


def noted(connection: sa.Connection, found: Rotation, event: str) -> None:
    """Note in the history what happened to a rotation that has ended."""
    note(connection, event, subject="account", subject_id=found.account, detail={"rotation": found.id})


def _read(connection: sa.Connection, condition: sa.ColumnElement[bool], account: str) -> Rotation | None:
    query = sa.select(rotation).where(rotation.c.account == account, condition)
    row = connection.execute(query.order_by(rotation.c.requested_at.desc(), rotation.c.id)).first()
    if row is None:
        return None
    return Rotation(
        account=row.account,
        id=row.id,
        stage=Stage(row.state),
        reason=Reason(row.reason),
        message_id=row.message_id or "",
        **{name: getattr(row, name) for name in _TIMES},
        **generation_of(row),
    )
