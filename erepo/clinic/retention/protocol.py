"""The protocol of a destruction (protokół brakowania): who, when, how many, which ids. Kept for ever."""

from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa

from erepo.clinic.database import Database
from erepo.clinic.retention.proposing import read_proposal
from erepo.clinic.tables_retention import destruction_item
from erepo.durable import make_folder, write_durably
from erepo.settings import Settings


def read_protocol(connection: sa.Connection, proposal: str) -> dict[str, Any]:
    """Return the protocol as plain data; of one that is not finished, as far as it has come.

    Raises:
        ProposalUnknown: there is none of this id.
    """
    found = read_proposal(connection, proposal)
    item = destruction_item.c
    columns = (item.public_id, item.kind, item.destroy_after_year, item.state, item.reason, item.at)
    rows = connection.execute(
        sa.select(*columns).where(item.destruction_id == proposal).order_by(item.public_id)
    ).all()
    destroyed = [row for row in rows if row.state == "destroyed"]
    kinds = Counter((row.kind, row.destroy_after_year) for row in destroyed)
    return {
        "proposal": found.as_json(),
        "counts": dict(Counter(row.state for row in rows)),
        "by_kind_and_year": [
            {"kind": kind, "kept_until": year, "documents": count}
            for (kind, year), count in sorted(kinds.items())
        ],
        "documents": [
            {"document": row.public_id, "kind": row.kind, "kept_until": row.destroy_after_year,
             "outcome": row.state, "reason": row.reason, "at": row.at}
            for row in rows
        ],
    }  # fmt: skip


def write_protocol(database: Database, settings: Settings, proposal: str) -> Path:
    """Write the protocol of a destruction as a file under the clinic's home, durably; return where.

    One that tells of a finished destruction is never replaced by another: what is destroyed again after a
    backup was restored gets a protocol of its own beside it.

    Raises:
        ProposalUnknown: there is none of this id.
    """
    with database.read() as connection:
        protocol = read_protocol(connection, proposal)
    folder = settings.clinic_home / "destruction"
    make_folder(folder)
    octets = orjson.dumps(protocol, option=orjson.OPT_INDENT_2)
    number, path = 1, folder / f"{proposal}.json"
    while _is_finished(path) and path.read_bytes() != octets:
        number += 1
        path = folder / f"{proposal}.{number}.json"
    write_durably(path, [octets])
    return path


def _is_finished(path: Path) -> bool:
    return path.exists() and orjson.loads(path.read_bytes())["proposal"]["state"] == "finished"
