"""(c) The real deployment, started through Prefect's API, and what Prefect's own record says of the run."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from erepo.cli.trigger import Run
from erepo.clinic.database import open_clinic
from erepo.clinic.states import State
from erepo.clinic.tables import document, now
from tests.bench.meter import Meter, Timed
from tests.bench.site import Site

DEPLOYMENT = "archive-documents/scheduled"
MIGRATION = "migrate-documents/on-demand"
#: Tasks that each run of it has, and who orders it.
MIGRATION_TASKS = ("look", "settle-migrations", "plan-migration")
MIGRATOR = "archiwum"
#: Names of the tasks whose whole body is one call of a service function of ours.
TASKS = ("reconcile", "plan", "send")


@dataclass(frozen=True)
class Record:
    """One flow run as Prefect recorded it, in seconds.

    Attributes:
        wall: from its start to its end.
        before: from the order to its start: the worker notices, a process starts and imports everything.
        inside: in tasks, that is in our own service functions.
        tasks: how many task runs.
    """

    wall: float
    before: float
    inside: float
    tasks: int

    @property
    def share(self) -> float:
        """What of the run's wall time is Prefect's, 0 to 1."""
        return 1 - self.inside / self.wall


def archive(site: Site, documents: int) -> Timed:
    """Run the deployment over what is due; `documents` says how many that is."""
    return _timed(site, documents, DEPLOYMENT, {}, TASKS[:2])


def migrate(site: Site, documents: int) -> Timed:
    """Bring back, through the deployment, so many documents: those that were archived last."""
    chosen = {"ids": newest(site, documents), "acting_user": MIGRATOR, "dry_run": False, "confirmed": True}
    return _timed(site, documents, MIGRATION, chosen, MIGRATION_TASKS)


def newest(site: Site, documents: int) -> list[str]:
    """Return the opaque ids of the documents that were taken in last."""
    wanted = sa.select(document.c.public_id).order_by(document.c.id.desc()).limit(documents)
    with closing(open_clinic(site.settings)) as database, database.read() as connection:
        return list(connection.execute(wanted).scalars())


def purge(site: Site, documents: int) -> None:
    """Let so many documents, those that were taken in last, lose their local copies: as if months had passed.

    Raises:
        RuntimeError: some copies stayed.
    """
    ids = newest(site, documents)
    aged = document.update().where(document.c.public_id.in_(ids))
    remote = sa.select(sa.func.count()).where(
        document.c.public_id.in_(ids), document.c.state == State.REMOTE.value
    )
    with closing(open_clinic(site.settings)) as database:
        with database.begin() as connection:
            connection.execute(aged.values(archived_at=now() - timedelta(days=90)))
        site.prefect.run(DEPLOYMENT, limit=3600)
        with database.read() as connection:
            if (gone := connection.execute(remote).scalar_one()) != documents:
                raise RuntimeError(f"only {gone} of {documents} local copies were purged")


def _timed(
    site: Site, documents: int, deployment: str, parameters: Mapping[str, object], tasks: Sequence[str]
) -> Timed:
    programs = {"client": "prefect-worker", "service": "cloud", "prefect": "prefect-server"}
    meter = Meter({role: site.pid(program) for role, program in programs.items()})
    meter.start()
    run = site.prefect.run(deployment, parameters, limit=3600)
    timed = meter.stop(documents)
    record = read_record(site, run, tasks)
    timed.more = {
        "wall": record.wall, "before": record.before, "inside": record.inside, "tasks": record.tasks,
    }  # fmt: skip
    return timed


def read_record(site: Site, run: Run, first: Sequence[str] = TASKS[:2]) -> Record:
    """Read the record of a run that has ended; its tasks arrive there some seconds later.

    Args:
        site: where it ran.
        run: which.
        first: names of tasks that every run of the deployment has.
    """
    told = _get(site, f"flow_runs/{run.id}")
    started, ended = _moment(told["start_time"]), _moment(told["end_time"])
    before = started - _moment(told["created"])
    tasks = _finished_tasks(site, run, first)
    inside = sum(_moment(one["end_time"]) - _moment(one["start_time"]) for one in tasks)
    return Record(ended - started, before, inside, len(tasks))


def _finished_tasks(site: Site, run: Run, first: Sequence[str], patience: float = 60) -> list[dict[str, Any]]:
    end, before = time.monotonic() + patience, -1
    while True:
        found = _tasks(site, run)
        ended = [one for one in found if one["end_time"]]
        names = Counter(one["name"].rsplit("-", 1)[0] for one in ended)
        complete = len(ended) == len(found) == before and all(names[name] for name in first)
        if complete or time.monotonic() > end:
            return ended
        before = len(found)
        time.sleep(2)


def _tasks(site: Site, run: Run) -> list[dict[str, Any]]:
    body = {"flow_runs": {"id": {"any_": [run.id]}}, "sort": "ID_DESC", "limit": 200}
    found: list[dict[str, Any]] = site.prefect._accepted(
        site.prefect._ask("POST", "task_runs/filter", body)
    ).json()
    return found


def _get(site: Site, path: str) -> dict[str, Any]:
    told: dict[str, Any] = site.prefect._accepted(site.prefect._ask("GET", path)).json()
    return told


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
