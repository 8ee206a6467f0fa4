"""Compare the archive with a naive script and with the bare pipeline; see docs/reference/benchmarks.md.

python -m tests.bench [--documents 10000] [--naive 1000] [--size 50kB] [--rounds 4] [--registry 1000000]

At the end the large registry is measured too (`tests.bench.registry`; 0 leaves its section as it is).
Everything runs in a temporary home on free ports, and is gone when it ends.
"""

import argparse
import datetime as dt
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from erepo.cli.supervisor import interruptible
from tests.bench import flowrun, machine, registry, results, site
from tests.bench.child import measure
from tests.bench.documents import write_portions
from tests.bench.growth_report import HEAD as GROWING
from tests.bench.meter import Timed, settle
from tests.bench.registry_report import HEAD as LARGE
from tests.bench.registry_report import sized
from tests.bench.report import Setting, page
from tests.bench.results import Results, Round
from tests.bench.sections import section_of
from tests.bench.site import BARE, FULL, NAIVE, PLAIN, TYPED, Site

PAGE = Path("docs/reference/benchmarks.md")
_LONG = "long"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument(
        "--documents", type=int, default=10_000, help="of the long run, and of all rounds together"
    )
    parser.add_argument(
        "--naive", type=int, default=1000, help="documents of each naive script, all rounds together"
    )
    parser.add_argument("--size", type=_octets, default=50_000, help="of each document, like 50kB")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--key-type", choices=("ec-p256", "rsa-3072"), default="ec-p256")
    parser.add_argument(
        "--settle", type=float, default=20, help="longest wait for a quiet machine, in seconds"
    )
    parser.add_argument(
        "--registry",
        type=int,
        default=1_000_000,
        help="documents of the large registry; 0: do not measure it",
    )
    parser.add_argument("--output", type=Path, default=PAGE, help="the page to write")
    return parser.parse_args()


def _octets(text: str) -> int:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(|B|kB|MB)", text)
    if not found:
        raise argparse.ArgumentTypeError("a size like 50kB")
    return round(float(found[1]) * {"": 1, "B": 1, "kB": 1000, "MB": 1_000_000}[found[2]])


class Bench:
    """The comparison, step by step."""

    def __init__(self, wanted: argparse.Namespace, console: Console, place: Site) -> None:
        self._wanted, self._console, self._site = wanted, console, place
        self._folder = place.folder / "documents"
        self._portions: dict[str, list[Path]] = {}

    @property
    def portion(self) -> int:
        """Documents of one round."""
        return max(1, self._wanted.documents // self._wanted.rounds)

    @property
    def naive(self) -> int:
        """Of these, how many each naive script gets; its first one is not measured."""
        return min(self.portion, max(2, self._wanted.naive // self._wanted.rounds))

    def run(self) -> Results:
        """Do all of it."""
        names = [f"round {number}" for number in range(1, self._wanted.rounds + 1)]
        self._write(names)
        empty = self._show("empty flow run", flowrun.archive(self._site, 1))
        rounds = [self._round(name) for name in names]
        self._take_in(self._site.settings, _LONG)
        long = self._show("long run (c)", flowrun.archive(self._site, len(self._portions[_LONG])))
        return Results(rounds, long, empty)

    def _write(self, names: list[str]) -> None:
        counts = dict.fromkeys(names, self.portion) | {_LONG: self._wanted.documents}
        with Progress(console=self._console, transient=True) as bar:
            line = bar.add_task("Writing documents", total=sum(counts.values()))
            self._portions = write_portions(
                self._folder, counts, self._wanted.size, lambda done: bar.advance(line, done)
            )

    def _round(self, name: str) -> Round:
        """Send one portion in every way, in turn."""
        documents, folder, place = self._portions[name], self._folder / name, self._site
        few = folder / "few"
        site.write_metadata(place, site.link(documents[: self.naive], few))
        self._take_in(place.settings, name)
        self._take_in(place.clinic(PLAIN), name)
        found: Round = {}
        for way in results.WAYS:
            settle(self._wanted.settle)
            found[way] = self._send(way, documents, few, folder)
            self._show(f"{name} ({way})", found[way])
        return found

    def _send(self, way: str, documents: Sequence[Path], few: Path, folder: Path) -> Timed:
        if way == "c":
            return flowrun.archive(self._site, len(documents))
        module, account, where = {
            "a": ("typed", TYPED, few),
            "a'": ("naive", NAIVE, few),
            "e": ("naive", FULL, few),
            "b": ("bare", BARE, folder),
            "d": ("plain", PLAIN, folder),
        }[way]
        return measure(module, self._site.job(account, where), self._site.environment(account))

    def _take_in(self, settings: site.Settings, name: str) -> None:
        with self._console.status(f"Taking documents in: {name}"):
            site.take_in(settings, self._portions[name])

    def _show(self, what: str, timed: Timed) -> Timed:
        cpu = ", ".join(f"{role} {timed.per_document(role):.2f}" for role in timed.cpu)
        line = f"{what}: {timed.documents} documents, {results.rate(timed):.0f}/s; CPU ms a document: {cpu}"
        self._console.print(f"{line}; others had {100 * timed.strangers:.0f} %", highlight=False)
        return timed


def main() -> None:
    """Measure and write the page."""
    wanted, console, begun = _arguments(), Console(), time.monotonic()
    facts = machine.describe(wanted.key_type)
    command = f"python -m tests.bench --documents {wanted.documents} --naive {wanted.naive}"
    command += f" --size {wanted.size / 1000:g}kB --rounds {wanted.rounds}"
    command += "" if wanted.key_type == "ec-p256" else f" --key-type {wanted.key_type}"
    with interruptible(), site.open_site(wanted.key_type, lambda line: console.print(f"  {line}")) as place:
        bench = Bench(wanted, console, place)
        found = bench.run()
        in_flight = place.settings.in_flight
    date = dt.datetime.now(dt.UTC).date().isoformat()
    setting = Setting(command, date, facts, wanted.size, bench.portion, bench.naive, in_flight)
    wanted.output.parent.mkdir(parents=True, exist_ok=True)
    before = wanted.output.read_text(encoding="utf-8") if wanted.output.exists() else ""
    others = [kept for head in (LARGE, GROWING) if (kept := section_of(before, head))]
    wanted.output.write_text("\n".join([page(found, setting), *others]), encoding="utf-8")
    for aim in found.aims():
        console.print(f"{'✓' if aim.met else '✗'} {aim.what}: {aim.found}, aim {aim.wanted}", highlight=False)
    if wanted.registry:
        with interruptible():
            registry.write(sized(wanted.registry, wanted.settle), wanted.output, console)
    console.print(f"{wanted.output} written after {time.monotonic() - begun:.0f} s", highlight=False)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("Interrupted: everything that was started has ended, no page was written.")
