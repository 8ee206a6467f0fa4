"""What a large registry costs: finding and registering among a million documents, beside a thousand.

python -m tests.bench.registry [--documents 1000000] [--patients 100000] [--rounds 5]

Two services run side by side, one with few documents and one with many, and take turns. The section of
docs/reference/benchmarks.md on it is written anew, the rest of the page stays. Everything lies in a temporary
folder (6 kB a document) and is gone at the end.
"""

import argparse
import datetime as dt
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from erepo.cli.supervisor import interruptible
from erepo.cloud.storage.database import Database
from tests.bench import machine
from tests.bench.asking import FIND, REGISTER, Order, ask
from tests.bench.loader import load, owner_of
from tests.bench.meter import Timed, settle
from tests.bench.registry_report import HEAD, Figures, Wanted, section
from tests.bench.sections import replace_section
from tests.support.cloud import ACCOUNT, RunningCloud, running_cloud

PAGE = Path("docs/reference/benchmarks.md")
#: Documents of the registry that the large one is compared with.
FEW = 1_000


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser, usual = argparse.ArgumentParser(prog="python -m tests.bench.registry"), Wanted()
    parser.add_argument("--documents", type=int, default=usual.documents)
    parser.add_argument("--patients", type=int, default=usual.patients)
    parser.add_argument("--rounds", type=int, default=usual.rounds)
    parser.add_argument(
        "--portion", type=int, default=usual.portion, help="documents registered in each round"
    )
    parser.add_argument("--queries", type=int, default=usual.queries, help="in each round")
    parser.add_argument("--clients", type=int, default=usual.clients, help="at once")
    parser.add_argument(
        "--settle", type=float, default=usual.settle, help="longest wait for a quiet machine, in seconds"
    )
    parser.add_argument("--output", type=Path, default=PAGE, help="the page to write the section into")
    return parser.parse_args(given)


@dataclass
class Registry:
    """A service with documents in it."""

    cloud: RunningCloud
    patients: int

    def ask(self, what: str, count: int, clients: int, seed: int) -> Timed:
        """Have clients ask or register."""
        assert self.cloud.process
        pid = self.cloud.process.pid
        return ask(Order(what, self.cloud.tenant.folder, pid, count, clients, self.patients, seed))


@contextmanager
def registry(folder: Path, documents: int, patients: int, console: Console) -> Iterator[Registry]:
    """Set a service up, load it, and start it."""
    folder.mkdir()
    with running_cloud(folder, start=False, limit_documents=10 * documents) as cloud:
        database = Database(cloud.settings.cloud_url)
        with Progress(console=console, transient=True) as bar:
            line = bar.add_task(f"Loading {documents:,} documents", total=documents)
            load(
                database,
                owner_of(database, ACCOUNT),
                documents,
                patients,
                lambda done: bar.advance(line, done),
            )
        cloud.start()
        yield Registry(cloud, patients)


def measure(wanted: Wanted, console: Console) -> Figures:
    """Load both registries and let them take turns."""
    found = Figures([], [], [])
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="erepo-registry-")))
        sizes = (
            (FEW, max(1, FEW * wanted.patients // wanted.documents)),
            (wanted.documents, wanted.patients),
        )
        few, many = (
            stack.enter_context(registry(folder / str(documents), documents, patients, console))
            for documents, patients in sizes
        )
        for seed in range(wanted.rounds):
            # Who begins changes, so that what comes first or second is no advantage.
            turns = [(few, found.few), (many, found.many)][:: 1 if seed % 2 else -1]
            for one, figures in turns:
                settle(wanted.settle)
                figures.append(one.ask(REGISTER, wanted.portion, wanted.clients, seed))
            settle(wanted.settle)
            found.finding.append(many.ask(FIND, wanted.queries, wanted.clients, seed))
            _show(console, seed, found)
    return found


def _show(console: Console, seed: int, found: Figures) -> None:
    few, many, finding = found.few[-1], found.many[-1], found.finding[-1]
    costs = " and ".join(f"{one.per_document('service'):.2f}" for one in (few, many))
    console.print(
        f"round {seed + 1}: registering costs the service {costs} ms of CPU; FindDocuments "
        f"p50 {1000 * finding.more['p50']:.1f} ms, p95 {1000 * finding.more['p95']:.1f} ms; "
        f"others had {100 * found.strangers:.0f} % at most",
        highlight=False,
    )


def write(wanted: Wanted, page: Path, console: Console) -> None:
    """Measure, and write the section."""
    facts = machine.describe("ec-p256")
    found = measure(wanted, console)
    date = dt.datetime.now(dt.UTC).date().isoformat()
    before = page.read_text(encoding="utf-8") if page.exists() else "# Benchmarks\n"
    page.write_text(replace_section(before, HEAD, section(found, wanted, date, facts)), encoding="utf-8")
    for aim in found.aims():
        mark = "✓" if aim.met else "✗"
        console.print(f"{mark} {aim.what}: {aim.found}, aim {aim.wanted}", highlight=False)


def main(given: Sequence[str] | None = None) -> None:
    """Measure by the command line."""
    told = vars(_arguments(given))
    page = told.pop("output")
    with interruptible():
        write(Wanted(**told), page, Console())


if __name__ == "__main__":
    main()
