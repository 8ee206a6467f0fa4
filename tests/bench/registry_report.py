"""The section on a large registry in the page of benchmarks."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.bench.meter import Timed
from tests.bench.report import table
from tests.bench.results import Aim, Spread

HEAD = "## A large registry"
_MOST_RATIO, _MOST_WAIT = 1.2, 0.050
#: Share of the machine that others may have in a measurement that counts.
_QUIET = 0.1

_MEASURED = """\
* **Documents** come from a loader: rows of a real submission, copied with ids, patient, time and author of
  their own, through the same tables, each with its submission set and association. {patients:,} patients;
  a few have hundreds of documents, half of them seven or fewer. What is registered on top comes over the
  wire: one small document a submission, of one of these patients.
* Two services run, each a real one behind mutual TLS with WS-Security and the acting user's assertion, on
  SQLite with durable commits. They take turns, {portion} documents in each of {rounds} rounds, with
  {clients} clients at once; the ratio is taken within each round.
* **FindDocuments**: {queries} queries in each round with {clients} clients at once, each of a patient drawn
  evenly, for whole metadata (LeafClass). The wait is the client's: from the question to the verified and
  parsed answer. All clients share one process and one core, and the machine with the service.
"""


@dataclass(frozen=True)
class Wanted:
    """How it is measured; see `tests.bench.registry`."""

    documents: int = 1_000_000
    patients: int = 100_000
    rounds: int = 5
    portion: int = 600
    queries: int = 500
    clients: int = 4
    settle: float = 20


def sized(documents: int, settle: float) -> Wanted:
    """Return how a registry of another size is measured: ten documents of a patient on average."""
    return Wanted(documents, max(1, documents // 10), settle=settle)


@dataclass
class Figures:
    """One entry a round: registering among few documents and among many, and finding among many."""

    few: list[Timed]
    many: list[Timed]
    finding: list[Timed]

    @property
    def strangers(self) -> float:
        """The largest share of the machine that others had."""
        return max(one.strangers for one in (*self.few, *self.many, *self.finding))

    def cpu_ratio(self) -> Spread:
        """Service's CPU of one document among many to that among few."""
        pairs = zip(self.few, self.many, strict=True)
        return Spread.of([many.per_document("service") / few.per_document("service") for few, many in pairs])

    def wall_ratio(self) -> Spread:
        """The same of the time that passes."""
        return Spread.of([few.rate / many.rate for few, many in zip(self.few, self.many, strict=True)])

    def wait(self, name: str) -> Spread:
        """A quantile of the wait for FindDocuments, in milliseconds."""
        return Spread.of([1000 * one.more[name] for one in self.finding])

    def aims(self) -> list[Aim]:
        """Hold the figures against the aims."""
        ratio, wall, wait = self.cpu_ratio(), self.wall_ratio(), self.wait("p95")
        return [
            Aim("FindDocuments, p95", "≤ 50 ms", f"{wait.show(1)} ms", met=wait.median <= 1000 * _MOST_WAIT),
            Aim(
                "registering, service's CPU, many : few",
                "≤ 1.2",
                ratio.show(2),
                met=ratio.median <= _MOST_RATIO,
            ),
            Aim("registering, time, many : few", "≤ 1.2", wall.show(2), met=wall.median <= _MOST_RATIO),
        ]


def section(found: Figures, wanted: Wanted, date: str, facts: Mapping[str, str]) -> str:
    """Return the section."""
    facts_of = vars(wanted)
    command = f"python -m tests.bench.registry --documents {wanted.documents} --patients {wanted.patients}"
    aims = [(aim.what, aim.wanted, aim.found, "met" if aim.met else "**not met**") for aim in found.aims()]
    parts = [
        HEAD,
        f"Written on {date}; to measure again: `{command}`.",
        table(("", "1,000 documents", f"{wanted.documents:,} documents"), _costs(found)),
        table(("FindDocuments", f"{wanted.documents:,} documents"), _finding(found)),
        "Median of the rounds, least and most of them in brackets.",
        table(("", "aim", "found", ""), aims),
        _noise(found, facts),
        _MEASURED.format(**facts_of).rstrip(),
    ]
    return "\n\n".join(parts) + "\n"


def _costs(found: Figures) -> list[tuple[str, ...]]:
    def row(what: str, figure: Sequence[Spread], digits: int) -> tuple[str, ...]:
        return (what, *(each.show(digits) for each in figure))

    both = (found.few, found.many)
    return [
        row(
            "registering, service's CPU, ms a document",
            [Spread.of([one.per_document("service") for one in each]) for each in both],
            2,
        ),
        row("registering, documents/s", [Spread.of([one.rate for one in each]) for each in both], 0),
        row(
            "registering, p95 of the wait, ms",
            [Spread.of([1000 * one.more["p95"] for one in each]) for each in both],
            1,
        ),
    ]


def _finding(found: Figures) -> list[tuple[str, ...]]:
    documents = statistics.mean(one.more["found"] / one.documents for one in found.finding)
    cpu = Spread.of([one.per_document("service") for one in found.finding])
    return [
        ("p50 of the wait, ms", found.wait("p50").show(1)),
        ("p95 of the wait, ms", found.wait("p95").show(1)),
        ("longest wait, ms", found.wait("most").show(1)),
        ("queries/s", Spread.of([one.rate for one in found.finding]).show(0)),
        ("service's CPU, ms a query", cpu.show(2)),
        ("documents in an answer, on average", f"{documents:.1f}"),
    ]


def _noise(found: Figures, facts: Mapping[str, str]) -> str:
    share = f"others had at most {100 * found.strangers:.0f} % of the machine during any stretch"
    where = f"On {facts['CPU']}, {facts['Memory']}, {facts['Disk']}; {share}"
    return f"{where}." if found.strangers <= _QUIET else f"{where}: **measure again on a quiet machine.**"
