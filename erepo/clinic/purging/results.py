"""What purging reports: opaque ids and counts only, ready for JSON."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from erepo.clinic.archiving.results import Problem


@dataclass(frozen=True)
class Kept:
    """A document whose content was kept, because the repository did not confirm it.

    Attributes:
        document: its opaque id.
        what: `missing`, `hash`, `size`, `twice` (registry), or `content` (the octets read back).
    """

    document: str
    what: str


@dataclass
class PurgeReport:
    """What became of the content whose local days are over.

    Attributes:
        purged: documents whose content left this place.
        bytes: octets of these.
        kept: documents that the repository did not confirm; their content stays.
        unasked: documents that were to be asked about when something stopped it; the next run asks about
            these and about all that were to follow.
        left_over: files that an earlier run had to leave, removed now.
        problem: why asking or removing ended early, if it did.
    """

    purged: int = 0
    bytes: int = 0
    kept: list[Kept] = field(default_factory=list)
    unasked: int = 0
    left_over: int = 0
    problem: Problem | None = None

    @property
    def complete(self) -> bool:
        """Whether everything that was over left, confirmed."""
        return not (self.kept or self.unasked or self.problem)

    def reasons(self) -> dict[str, int]:
        """Return how many documents were kept for which reason."""
        return dict(sorted(Counter(one.what for one in self.kept).items()))

    def raise_for_problem(self) -> None:
        """Raise what stopped purging, for callers that try again.

        Raises:
            ArchivingStopped: it may pass later; with cause and cure of the problem.
            ArchivingRefused: a person must repair it first; likewise.
        """
        if self.problem is not None:
            raise self.problem.error()

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)


def total_of(reports: Iterable[PurgeReport]) -> PurgeReport:
    """Add up the portions of a run."""
    total = PurgeReport()
    for one in reports:
        total.purged += one.purged
        total.bytes += one.bytes
        total.kept += one.kept
        total.unasked += one.unasked
        total.left_over += one.left_over
        total.problem = total.problem or one.problem
    return total
