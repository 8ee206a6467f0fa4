"""One transaction for many requests: locks, replays, effects, and the events that tell them.

Order inside it, the same for everybody: the chains of all its accounts are locked in the order of their
numbers; repeated messages are sorted out; plain submissions are written in bulk, anything else in a savepoint
of its own, in the order of arrival; blobs that nobody needs are noted; every job's events are appended. **Its
commit is the commit point of all of it**: no effect without its event, no event without its effect.
"""

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection

from erepo.cloud.audit.chain import Chains
from erepo.cloud.audit.events import Event
from erepo.cloud.audit.evidence import REPLAYED
from erepo.cloud.registry.jobs import Change, Job, Note, Outcome, SubmissionJob
from erepo.cloud.registry.registering import PlainSubmissions
from erepo.cloud.registry.replays import Replays
from erepo.cloud.storage.discarding import note
from erepo.cloud.storage.numbers import Numbers
from erepo.cloud.storage.upgrading import expect_ours
from erepo.xds.errors import RequestRejected

_DONE = Outcome()


class Registrar:
    """Prepares jobs and writes groups of them; used by the one thread of the writer."""

    def __init__(self, numbers: Numbers) -> None:
        self._plain = PlainSubmissions(numbers)
        self._replays = Replays()

    def prepare(self, job: Job) -> None:
        """Do what takes time before the transaction begins."""
        match job:
            case SubmissionJob():
                self._plain.prepare(job)
            case Change():
                job.prepare()

    def apply(self, connection: Connection, jobs: Sequence[Job]) -> list[Outcome]:
        """Judge and write a group; see `GroupWriter`."""
        chains = Chains(connection, (job.evidence.tenant_id for job in jobs))
        outcomes: dict[int, Outcome] = {}
        fresh: list[tuple[int, Job]] = []
        for place, (job, repeated) in enumerate(
            zip(jobs, self._replays.judge(connection, jobs), strict=True)
        ):
            if repeated:
                outcomes[place] = _replayed(job)
            else:
                fresh.append((place, job))
        for run in _runs(fresh):
            results = self._run(connection, [job for _, job in run])
            outcomes.update(zip((place for place, _ in run), results, strict=True))
        note(connection, [key for outcome in outcomes.values() for key in outcome.unused])
        for place, job in enumerate(jobs):
            chains.append(job.evidence.tenant_id, _events(job, outcomes[place]))
        chains.save()
        expect_ours(connection)
        return [outcomes[place] for place in range(len(jobs))]

    def _run(self, connection: Connection, jobs: Sequence[Job]) -> list[Outcome]:
        submissions = [job for job in jobs if isinstance(job, SubmissionJob)]
        if submissions:
            return self._plain.apply(connection, submissions)
        return [_alone(connection, job) for job in jobs]


def _replayed(job: Job) -> Outcome:
    documents = job.documents if isinstance(job, SubmissionJob) else []
    return Outcome(unused=tuple(each.blob_key for each in documents if each.blob_key), replayed=True)


def _runs(jobs: Sequence[tuple[int, Job]]) -> Iterator[list[tuple[int, Job]]]:
    """Yield neighbours that may be written together: plain submissions; anything else is alone."""
    run: list[tuple[int, Job]] = []
    for place, job in jobs:
        if isinstance(job, SubmissionJob):
            run.append((place, job))
            continue
        if run and not isinstance(job, Note):
            yield run
            run = []
        yield [(place, job)]
    if run:
        yield run


def _alone(connection: Connection, job: Job) -> Outcome:
    if not isinstance(job, Change):
        return _DONE
    savepoint = connection.begin_nested()
    try:
        outcome = job.apply(connection)
    except RequestRejected as error:
        outcome = Outcome(tuple(error.errors))
    except BaseException:
        savepoint.rollback()
        raise
    if outcome.refused:
        savepoint.rollback()
    else:
        savepoint.commit()
    return outcome


def _events(job: Job, outcome: Outcome) -> Sequence[Event]:
    if outcome.replayed:
        return job.evidence.refused(REPLAYED).events
    if isinstance(job, Note):
        return job.evidence.events
    return job.evidence.ended(outcome.errors).events
