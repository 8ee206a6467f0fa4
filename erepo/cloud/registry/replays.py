"""Nothing is accepted twice inside its life: the memory is a table that all processes share."""

import time
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Connection, bindparam, delete, insert, select

from erepo.cloud.audit.evidence import now
from erepo.cloud.registry.jobs import Job
from erepo.cloud.storage.tables import replay

_KNOWN = select(replay.c.tenant_id, replay.c.key).where(
    replay.c.tenant_id.in_(bindparam("tenants", expanding=True)),
    replay.c.key.in_(bindparam("keys", expanding=True)),
)
_REMEMBER = insert(replay)
_FORGET = delete(replay).where(
    replay.c.tenant_id.in_(bindparam("tenants", expanding=True)), replay.c.until < bindparam("now")
)
#: The clock of another process may be behind, and ours may be put back.
_LONGER = timedelta(minutes=5)
#: Seconds between two clearings of what is too old to come again.
_CLEARING = 30.0


class Replays:
    """Used by the one thread of the writer, inside its transaction and under the accounts' locks."""

    def __init__(self) -> None:
        self._cleared = time.monotonic()

    def judge(self, connection: Connection, jobs: Sequence[Job]) -> list[bool]:
        """Tell of each job whether it came before, also earlier in this group; remember the others."""
        wanted = {(job.evidence.tenant_id, once.key) for job in jobs for once in job.evidence.once}
        if not wanted:
            return [False] * len(jobs)
        tenants = sorted({tenant for tenant, _ in wanted})
        self._clear(connection, tenants)
        keys = {"tenants": tenants, "keys": [key for _, key in wanted]}
        known = {(row.tenant_id, bytes(row.key)) for row in connection.execute(_KNOWN, keys)}
        verdicts, rows = [], []
        for job in jobs:
            mine = {(job.evidence.tenant_id, once.key): once.until for once in job.evidence.once}
            repeated = not known.isdisjoint(mine)
            verdicts.append(repeated)
            if not repeated:
                known.update(mine)
                rows += [{"tenant_id": who, "key": key, "until": until} for (who, key), until in mine.items()]
        if rows:
            connection.execute(_REMEMBER, rows)
        return verdicts

    def _clear(self, connection: Connection, tenants: list[int]) -> None:
        if time.monotonic() - self._cleared > _CLEARING:
            self._cleared = time.monotonic()
            connection.execute(_FORGET, {"tenants": tenants, "now": now() - _LONGER})
