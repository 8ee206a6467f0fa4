"""The section on a growing archive in the page of benchmarks."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tests.bench.meter import Timed
from tests.bench.report import table
from tests.bench.results import Aim, Spread, rate

HEAD = "## A growing archive"
_MOST_RATIO, _LEAST_SPEED = 1.2, 0.8
#: Share of the machine that others may have in a measurement that counts.
_QUIET = 0.1

_MEASURED = """\
* For each size the whole stack starts in a temporary home: service, Prefect's server, worker. Service and
  clinic are loaded with so many archived documents, ten of a patient; then the deployments
  `archive-documents/scheduled` and `migrate-documents/on-demand` take turns with the same new documents of
  50,000 octets each, every one of another patient. In between their local copies are purged, not timed.
* **CPU** is that of client (the worker's tree, less what an empty run took) and service together. The speed
  is that of the flow run by Prefect's record, without the start of its process.
* Migrating a document means: fetched, made durable, read back and compared, removed there (ITI-62 and
  ITI-86), asked whether it is gone, and its state committed.
"""


@dataclass
class Size:
    """Rounds at one size of the archive.

    Attributes:
        stored: documents there before.
        archiving: one entry a round.
        migrating: one entry a round.
        empty: seconds of the client's CPU of a run with nothing to do.
    """

    stored: int
    archiving: list[Timed]
    migrating: list[Timed]
    empty: float

    def cost(self, timed: Timed) -> float:
        """Milliseconds of CPU a document, client and service together."""
        spent = max(0.0, timed.cpu["client"] - self.empty) + timed.cpu["service"]
        return 1000 * spent / timed.documents

    def costs(self, rounds: Sequence[Timed]) -> Spread:
        """The same over the rounds."""
        return Spread.of([self.cost(one) for one in rounds])

    @property
    def speeds(self) -> Spread:
        """How many times as fast migrating goes as archiving, round by round."""
        pairs = zip(self.archiving, self.migrating, strict=True)
        return Spread.of([rate(back) / rate(there) for there, back in pairs])


@dataclass(frozen=True)
class Figures:
    """All sizes, the smallest first."""

    sizes: Sequence[Size]

    @property
    def strangers(self) -> float:
        """The largest share of the machine that others had."""
        return max(one.strangers for size in self.sizes for one in (*size.archiving, *size.migrating))

    def aims(self) -> list[Aim]:
        """Hold the figures against the aims."""
        few, many = self.sizes[0], self.sizes[-1]
        aims = []
        deeds: dict[str, Callable[[Size], Sequence[Timed]]] = {
            "archiving": lambda size: size.archiving,
            "migrating": lambda size: size.migrating,
        }
        for what, rounds in deeds.items():
            ratio = many.costs(rounds(many)).median / few.costs(rounds(few)).median
            label = f"{what}, CPU of a document, {many.stored:,} : {few.stored:,} stored"
            aims.append(Aim(label, f"≤ {_MOST_RATIO}", f"{ratio:.2f}", met=ratio <= _MOST_RATIO))
        for size in self.sizes:
            label = f"migrating : archiving, speed at {size.stored:,} stored"
            met = size.speeds.median >= _LEAST_SPEED
            aims.append(Aim(label, f"≥ {_LEAST_SPEED}", size.speeds.show(2), met=met))
        return aims


def section(found: Figures, command: str, date: str, facts: Mapping[str, str]) -> str:
    """Return the section."""
    rows = [
        (
            f"{size.stored:,}",
            size.costs(size.archiving).show(2),
            Spread.of([rate(one) for one in size.archiving]).show(0),
            size.costs(size.migrating).show(2),
            Spread.of([rate(one) for one in size.migrating]).show(0),
        )
        for size in found.sizes
    ]
    columns = (
        "stored",
        "archiving, CPU ms a document",
        "documents/s",
        "migrating, CPU ms a document",
        "documents/s",
    )
    aims = [(aim.what, aim.wanted, aim.found, "met" if aim.met else "**not met**") for aim in found.aims()]
    share = f"others had at most {100 * found.strangers:.0f} % of the machine during any stretch"
    where = f"On {facts['CPU']}, {facts['Memory']}, {facts['Disk']}; {share}"
    quiet = "." if found.strangers <= _QUIET else ": **measure again on a quiet machine.**"
    parts = [
        HEAD,
        f"Written on {date}; to measure again: `{command}`.",
        table(columns, rows),
        "Median of the rounds, least and most of them in brackets.",
        table(("", "aim", "found", ""), aims),
        where + quiet,
        _MEASURED.rstrip(),
    ]
    return "\n\n".join(parts) + "\n"
