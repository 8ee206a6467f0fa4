"""What a document costs when the archive is large: archiving and migrating among 1,000 to 100,000 documents.

python -m tests.bench.growth [--stored 1000 10000 100000] [--portion 1200]

For each size the whole stack starts in a temporary home, service and clinic are loaded with so many archived
documents (`loader`, `clinic_loader`), and the real deployments archive a portion of new ones and migrate it
back, in rounds. The section of docs/reference/benchmarks.md on it is written anew.
"""

import argparse
import datetime as dt
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from rich.console import Console

from erepo.cli.demo_clinic import ACCOUNT
from erepo.cli.killing import Killer, Target
from erepo.cli.supervisor import interruptible
from erepo.clinic.database import open_clinic
from erepo.clinic.permissions import Permission, grant
from erepo.cloud.storage.database import Database
from tests.bench import flowrun, machine, site
from tests.bench.clinic_loader import load_clinic
from tests.bench.documents import write_portions
from tests.bench.growth_report import HEAD, Figures, Size, section
from tests.bench.loader import load, owner_of
from tests.bench.meter import settle
from tests.bench.sections import replace_section

PAGE = Path("docs/reference/benchmarks.md")
SIZES = (1_000, 10_000, 100_000)
_OCTETS = 50_000


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.growth")
    parser.add_argument("--stored", type=int, nargs="+", default=list(SIZES), help="documents stored before")
    parser.add_argument("--portion", type=int, default=1200, help="new documents in each round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--settle", type=float, default=20, help="longest wait for a quiet machine, in seconds"
    )
    parser.add_argument("--output", type=Path, default=PAGE, help="the page to write the section into")
    return parser.parse_args(given)


def measure(stored: int, wanted: argparse.Namespace, console: Console) -> Size:
    """Archive and migrate portions in an installation that holds so many documents."""
    found = Size(stored, [], [], 0.0)
    with site.open_site("ec-p256", lambda line: console.print(f"  {line}", highlight=False)) as place:
        permit(place)
        names = ["first", *map(str, range(wanted.rounds))]
        counts = dict.fromkeys(names, wanted.portion) | {"first": 1}
        portions = write_portions(place.folder / "documents", counts, _OCTETS)
        # The first document is what the loader of the clinic copies; its run tells what an empty one costs.
        site.take_in(place.settings, portions["first"])
        empty = flowrun.archive(place, 1)
        found.empty = empty.cpu["client"]
        fill(place, stored, console)
        for name in names[1:]:
            site.take_in(place.settings, portions[name])
            settle(wanted.settle)
            found.archiving.append(flowrun.archive(place, wanted.portion))
            flowrun.purge(place, wanted.portion)
            settle(wanted.settle)
            found.migrating.append(flowrun.migrate(place, wanted.portion))
            _show(console, found)
    return found


def permit(place: site.Site) -> None:
    """Let the clinic's user bring documents back."""
    with closing(open_clinic(place.settings)) as database, database.begin() as connection:
        grant(connection, flowrun.MIGRATOR, Permission.MIGRATE, actor="bench")


def fill(place: site.Site, stored: int, console: Console) -> None:
    """Put so many archived documents into service and clinic."""
    killer = Killer(place.stack, place.prefect)
    killer.kill(Target.SERVICE)
    killer.kill_programs(["portal"])
    with console.status(f"Loading {stored:,} documents"):
        database = Database(place.settings.cloud_url)
        with closing(database):
            load(database, owner_of(database, ACCOUNT), stored, max(1, stored // 10))
        load_clinic(place.settings, stored)
    killer.restart(Target.SERVICE)
    killer.start_again(place.stack.portal())


def _show(console: Console, found: Size) -> None:
    archiving, migrating = found.archiving[-1], found.migrating[-1]
    console.print(
        f"{found.stored:,} stored: archiving {archiving.rate:.0f}/s, {found.cost(archiving):.2f} ms of CPU;"
        f" migrating {migrating.rate:.0f}/s, {found.cost(migrating):.2f} ms;"
        f" others had {100 * max(archiving.strangers, migrating.strangers):.0f} %",
        highlight=False,
    )


def write(wanted: argparse.Namespace, console: Console) -> None:
    """Measure all sizes, and write the section."""
    facts = machine.describe("ec-p256")
    found = Figures([measure(stored, wanted, console) for stored in wanted.stored])
    page: Path = wanted.output
    before = page.read_text(encoding="utf-8") if page.exists() else "# Benchmarks\n"
    command = (
        f"python -m tests.bench.growth --stored {' '.join(map(str, wanted.stored))}"
        f" --portion {wanted.portion} --rounds {wanted.rounds}"
    )
    date = dt.datetime.now(dt.UTC).date().isoformat()
    page.write_text(replace_section(before, HEAD, section(found, command, date, facts)), encoding="utf-8")
    for aim in found.aims():
        mark = "✓" if aim.met else "✗"
        console.print(f"{mark} {aim.what}: {aim.found}, aim {aim.wanted}", highlight=False)


def main(given: Sequence[str] | None = None) -> None:
    """Measure by the command line."""
    with interruptible():
        write(_arguments(given), Console())


if __name__ == "__main__":
    main()
