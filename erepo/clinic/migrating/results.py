"""What bringing documents back reports: opaque ids, codes and counts only, ready for JSON."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from erepo.clinic.archiving.results import Problem, Rejection

MIGRATED = "migrated"
#: Not in the repository any more when its turn came, or being deleted there.
SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Message:
    """One line about one document: its opaque id, and `migrated`, `skipped` or the code of an error."""

    document: str
    code: str


@dataclass(frozen=True)
class Plan:
    """A migration that waits to be worked on.

    Attributes:
        migration: its id.
        batches: ids of its batches.
        documents: documents in them.
        bytes: octets of these.
    """

    migration: str = ""
    batches: list[str] = field(default_factory=list)
    documents: int = 0
    bytes: int = 0


@dataclass(frozen=True)
class BatchResult:
    """What became of one batch.

    Attributes:
        batch: its id.
        migrated: here, gone from the repository, blocked.
        recovered: of these, begun by an earlier run that did not end.
        failed: given up with a reason; nothing of them was removed.
        skipped: were not in the repository any more when their turn came.
        left: not begun, or back where they were; the next run takes them.
        unresolved: here already, perhaps still in the repository; the next run asks and removes.
        bytes: octets of the migrated ones.
        seconds: duration.
        messages: one for each document that came to an end.
        stopped: whether somebody asked to stop.
        problem: why documents are left over, if anything stopped the work.
    """

    batch: str
    migrated: int = 0
    recovered: int = 0
    failed: list[Rejection] = field(default_factory=list)
    skipped: int = 0
    left: int = 0
    unresolved: int = 0
    bytes: int = 0
    seconds: float = 0.0
    messages: list[Message] = field(default_factory=list)
    stopped: bool = False
    problem: Problem | None = None

    @property
    def documents(self) -> int:
        """Documents it came across."""
        return self.migrated + len(self.failed) + self.skipped + self.left + self.unresolved

    def raise_for_problem(self) -> None:
        """Raise what stopped the batch, for callers that try again.

        Raises:
            ArchivingStopped: it may pass later; with cause and cure of the problem.
            ArchivingRefused: a person must repair it first; likewise.
        """
        if self.problem is not None:
            raise self.problem.error(self.batch)


@dataclass(frozen=True)
class Summary:
    """A whole run: the sum of its batches."""

    documents: int = 0
    migrated: int = 0
    recovered: int = 0
    failed: list[Rejection] = field(default_factory=list)
    skipped: int = 0
    left: int = 0
    unresolved: int = 0
    bytes: int = 0
    seconds: float = 0.0
    messages: list[Message] = field(default_factory=list)
    stopped: bool = False
    problem: Problem | None = None

    @property
    def complete(self) -> bool:
        """Whether every document is here and gone there."""
        return not (self.failed or self.left or self.unresolved or self.problem)

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)


def summary(run: Iterable[BatchResult], seconds: float = 0.0) -> Summary:
    """Add up the batches of a run; the last attempt at a batch says what is left of it.

    Args:
        run: results, in the order of working.
        seconds: wall time of the whole run; 0 takes the sum of the batches.
    """
    results = list(run)
    last = list({result.batch: result for result in results}.values())
    left, unresolved = sum(one.left for one in last), sum(one.unresolved for one in last)
    migrated, skipped = sum(one.migrated for one in results), sum(one.skipped for one in results)
    failed = [rejection for result in results for rejection in result.failed]
    return Summary(
        documents=migrated + skipped + len(failed) + left + unresolved,
        migrated=migrated,
        recovered=sum(one.recovered for one in results),
        failed=failed,
        skipped=skipped,
        left=left,
        unresolved=unresolved,
        bytes=sum(one.bytes for one in results),
        seconds=round(seconds or sum(one.seconds for one in results), 3),
        messages=[message for result in results for message in result.messages],
        stopped=any(one.stopped for one in last),
        problem=next((one.problem for one in last if one.problem), None),
    )
