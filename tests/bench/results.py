"""What the rounds say together: medians, ratios of the same round, and how they stand to the aims."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.bench.meter import Timed

#: In the order in which they take turns.
WAYS = ("a", "a'", "e", "b", "c", "d")
Round = dict[str, Timed]


@dataclass(frozen=True)
class Spread:
    """Median, least and most of a figure over the rounds."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, figures: Sequence[float]) -> "Spread":
        """Sum up one figure of each round."""
        return cls(statistics.median(figures), min(figures), max(figures))

    def show(self, digits: int) -> str:
        """Return `median (least to most)`."""
        return f"{self.median:.{digits}f} ({self.least:.{digits}f} to {self.most:.{digits}f})"


@dataclass(frozen=True)
class Aim:
    """One aim: what is compared, the wanted figure, the found one, and whether it is reached."""

    what: str
    wanted: str
    found: str
    met: bool


@dataclass(frozen=True)
class Results:
    """Everything measured.

    Attributes:
        rounds: each with all ways.
        long: one flow run over all documents.
        empty: a flow run with nothing to do.
    """

    rounds: Sequence[Round]
    long: Timed
    empty: Timed

    def rate(self, way: str) -> Spread:
        """Documents a second."""
        return self._over(lambda one: rate(one[way]))

    def cpu(self, way: str, role: str) -> Spread:
        """Milliseconds of CPU a document, the start of the flow's process left out."""
        return self._over(lambda one: self.cpu_of(one[way], role))

    def cpu_of(self, timed: Timed, role: str) -> float:
        """Milliseconds of CPU a document of one stretch."""
        start = self.empty.cpu.get(role, 0.0) if "wall" in timed.more and role == "client" else 0.0
        return 1000 * max(0.0, timed.cpu.get(role, 0.0) - start) / timed.documents

    def ratio(self, way: str, other: str) -> Spread:
        """How many times as many documents a second `way` does as `other`, round by round."""
        return self._over(lambda one: rate(one[way]) / rate(one[other]))

    @property
    def share(self) -> float:
        """Prefect's share of the wall time of the long run, 0 to 1."""
        return 1 - self.long.more["inside"] / self.long.more["wall"]

    @property
    def strangers(self) -> float:
        """The largest share of the machine that others had during any stretch, 0 to 1."""
        return max(timed.strangers for one in self.rounds for timed in one.values())

    def aims(self) -> list[Aim]:
        """Hold the results against the aims."""
        ratios = (("b", "a", 6.3), ("c", "b", 0.8), ("c", "a", 5.0))
        aims = []
        for way, other, wanted in ratios:
            found = self.ratio(way, other)
            aims.append(
                Aim(f"({way}) : ({other})", f"≥ {wanted:g}", found.show(2), met=found.median >= wanted)
            )
        share = f"{100 * self.share:.1f} %"
        what = f"Prefect's share of the wall time at {self.long.documents:,} documents"
        return [*aims, Aim(what, "≤ 5 %", share, met=self.share <= 0.05)]

    def _over(self, figure: Callable[[Round], float]) -> Spread:
        return Spread.of([figure(one) for one in self.rounds])


def rate(timed: Timed) -> float:
    """Documents a second; of a flow run from its start to its end, its process running already."""
    return timed.documents / timed.more.get("wall", timed.seconds)
