"""What the steps of archiving report: opaque ids and counts only, ready for JSON."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from erepo.clinic.archiving.errors import ArchivingRefused, ArchivingStopped
from erepo.errors import ErepoError


@dataclass(frozen=True)
class Problem:
    """Why a step ended early.

    Attributes:
        code: of the error.
        cause_en: what happened, in English.
        cause_pl: the same in Polish.
        cure_en: what to do next, in English.
        cure_pl: the same in Polish.
        retryable: whether the same step may succeed later.
    """

    code: str
    cause_en: str
    cause_pl: str
    cure_en: str
    cure_pl: str
    retryable: bool

    @classmethod
    def of(cls, error: Exception) -> "Problem":
        """Describe an error; a foreign one by its type only, for its text may hold anything."""
        if not isinstance(error, ErepoError):
            kind = type(error).__name__
            words = f"Unexpected {kind}.", f"Nieoczekiwany błąd {kind}.", *ErepoError.cure
            return cls(f"unexpected.{kind}", *words, retryable=True)
        try:
            (cause_en, cure_en), (cause_pl, cure_pl) = error.explain("en"), error.explain("pl")
        except KeyError:
            # An error raised without all its data still has its words.
            (cause_en, cause_pl), (cure_en, cure_pl) = error.cause, error.cure
        return cls(error.code, cause_en, cause_pl, cure_en, cure_pl, error.retryable)

    def error(self, batch: str = "-") -> ErepoError:
        """Return the error that ends a step: one that is tried again only if the problem may pass."""
        kind = ArchivingStopped if self.retryable else ArchivingRefused
        return kind(batch=batch, **asdict(self))


@dataclass(frozen=True)
class Plan:
    """Batches that wait to be sent.

    Attributes:
        batches: ids, oldest first; those of earlier unfinished runs included.
        documents: documents in them, of any earlier run included.
        planned: documents put into the queue by this call.
        bytes: octets in them.
        waiting: documents that are due, and wait for the version they replace to be archived first.
    """

    batches: list[str] = field(default_factory=list)
    documents: int = 0
    planned: int = 0
    bytes: int = 0
    waiting: int = 0

    def goes_on(self, most: int, planned: int) -> bool:
        """Tell whether planning again, once this is sent, may let newer versions go that had to wait.

        What an earlier run has planned counts as well; whoever plans again stops where nothing was added.

        Args:
            most: documents the run may plan; 0 means all.
            planned: documents it has planned so far.
        """
        return bool(self.waiting and self.batches and (not most or planned < most))


@dataclass(frozen=True)
class Rejection:
    """A document refused for good.

    Attributes:
        document: its opaque id.
        code: XDS error code, or the code of one of our errors.
        cause_en: why, in English.
        cause_pl: the same in Polish.
        cure_en: what to do next, in English.
        cure_pl: the same in Polish.
    """

    document: str
    code: str
    cause_en: str
    cause_pl: str
    cure_en: str
    cure_pl: str


@dataclass(frozen=True)
class BatchResult:
    """What became of one batch.

    Attributes:
        batch: its id.
        documents: documents it had to bring to an end.
        archived: now in the repository, hash and size confirmed.
        recovered: of these, found there from an earlier attempt whose answer was lost.
        rejected: refused for good, with reasons.
        retry_later: still queued, the next run delivers.
        unresolved: perhaps in the repository; the next run asks first.
        bytes: octets of the archived ones.
        seconds: duration.
        problem: why documents are left over, if there are any.
    """

    batch: str
    documents: int = 0
    archived: int = 0
    recovered: int = 0
    rejected: list[Rejection] = field(default_factory=list)
    retry_later: int = 0
    unresolved: int = 0
    bytes: int = 0
    seconds: float = 0.0
    problem: Problem | None = None

    @property
    def finished(self) -> bool:
        """Whether every document came to an end."""
        return not (self.retry_later or self.unresolved)

    def raise_for_problem(self) -> None:
        """Raise what stopped the batch, for callers that retry on errors.

        Raises:
            ArchivingStopped: it may pass later; with cause and cure of the problem.
            ArchivingRefused: a person must repair it first; likewise.
        """
        if self.problem is not None:
            raise self.problem.error(self.batch)


@dataclass(frozen=True)
class Reconciliation:
    """What asking the registry about unknown outcomes gave.

    Attributes:
        asked: submissions asked about.
        archived: documents found there, equal in hash and size.
        requeued: documents not there; they will be sent with the same ids.
        rejected: documents the registry holds differently.
        unresolved: documents nobody could be asked about.
        bytes: octets of the archived ones.
        problem: why asking ended early, if it did.
    """

    asked: int = 0
    archived: int = 0
    requeued: int = 0
    rejected: list[Rejection] = field(default_factory=list)
    unresolved: int = 0
    bytes: int = 0
    problem: Problem | None = None

    def as_result(self) -> BatchResult:
        """Return what came to an end as a part of the run; the rest belongs to the batches."""
        documents = self.archived + len(self.rejected)
        return BatchResult("", documents, self.archived, self.archived, self.rejected, bytes=self.bytes)


@dataclass(frozen=True)
class Summary:
    """A whole run: the sum of its batches."""

    batches: int = 0
    documents: int = 0
    archived: int = 0
    recovered: int = 0
    rejected: list[Rejection] = field(default_factory=list)
    retry_later: int = 0
    unresolved: int = 0
    bytes: int = 0
    seconds: float = 0.0
    problem: Problem | None = None

    @property
    def complete(self) -> bool:
        """Whether every document is archived and nothing stopped the run."""
        return not (self.rejected or self.retry_later or self.unresolved or self.problem)

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)


def summary(run: Iterable[BatchResult], seconds: float = 0.0) -> Summary:
    """Add up the batches of a run.

    A batch that was tried several times counts once: what came to an end in each attempt, what the last one
    left over.

    Args:
        run: results, in the order of sending.
        seconds: wall time of the whole run; 0 takes the sum of the batches.
    """
    results = list(run)
    named = {result.batch: result for result in results if result.batch}
    last = [result for result in results if named.get(result.batch, result) is result]
    left = sum(result.retry_later + result.unresolved for result in last)
    return Summary(
        batches=len(named),
        documents=sum(result.archived + len(result.rejected) for result in results) + left,
        archived=sum(result.archived for result in results),
        recovered=sum(result.recovered for result in results),
        rejected=[rejection for result in results for rejection in result.rejected],
        retry_later=sum(result.retry_later for result in last),
        unresolved=sum(result.unresolved for result in last),
        bytes=sum(result.bytes for result in results),
        seconds=round(seconds or sum(result.seconds for result in results), 3),
        problem=next((result.problem for result in last if result.problem), None),
    )
