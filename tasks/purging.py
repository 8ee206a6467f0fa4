"""Purging: local copies whose days are over leave, a page of documents per task."""

from contextvars import ContextVar
from dataclasses import dataclass, field

from prefect import task

from erepo.clinic.purging import PurgeReport, Purging
from tasks.boundary import guarded
from tasks.clinic import depositing
from tasks.retrying import PATIENT


@dataclass
class Run:
    """The purging of one run.

    Attributes:
        purging: what is left of it.
        reports: of all attempts, in order.
    """

    purging: Purging
    reports: list[PurgeReport] = field(default_factory=list)


_run: ContextVar[Run] = ContextVar("purging")


def begin() -> Run:
    """Begin the purging of this run; `purge` until it is done."""
    clinic = depositing()
    run = Run(Purging(clinic.connection, clinic.database))
    _run.set(run)
    return run


@task(name="purge", **PATIENT)
@guarded
async def purge() -> PurgeReport:
    """Purge the next documents, at most a page; whom nobody could be asked about is left to the next run."""
    run = _run.get()
    report = await run.purging.portion()
    run.reports.append(report)
    report.raise_for_problem()
    return report
