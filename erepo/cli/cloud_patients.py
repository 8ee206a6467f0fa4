"""`erepo cloud patients …`: whose documents an account takes that is set to registered patients only."""

import itertools
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Annotated

import typer

from erepo.cli.bars import bar
from erepo.cli.cloud_words import Json, Known, cloud_database
from erepo.cli.words import fail_politely, tell_trouble
from erepo.cloud import operating
from erepo.cloud.storage.database import Database
from erepo.cloud.tenancy.patients import MOST
from erepo.identifiers.errors import IdentifierInvalid
from erepo.identifiers.hl7 import CX
from erepo.texts import Text, language

app = typer.Typer(help="Patients of accounts that take only registered ones.", no_args_is_help=True)

#: Bytes of one line; a patientId in the registry has at most 256 characters.
_LONGEST = 1024
#: Lines named in a complaint.
_NAMED = 20

_TITLE = Text("Patients", "Pacjenci")
_ADDED = Text("added {added}, known before {known}", "dodano {added}, znanych wcześniej {known}")
_REMOVED = Text("removed {removed}, not there {missing}", "usunięto {removed}, nieobecnych {missing}")
_COUNT = Text("registered patients: {count}", "Zarejestrowani pacjenci: {count}")
_WRONG = Text(
    "{count} of what was given are no identifiers (number {numbers}); the others were dealt with.",
    "Nieprawidłowe identyfikatory: {count} (numer {numbers}); pozostałe przetworzono.",
)
_NONE = Text("give identifiers, or --file", "podaj identyfikatory albo --file")
_NO_FILE = Text("there is no file {file}", "nie ma pliku {file}")
_CURE = Text(
    "Write each as id^^^&OID&ISO, for a PESEL 80051212357^^^&2.16.840.1.113883.3.4424.1.1.616&ISO, at most"
    " 256 characters.",
    "Każdy zapisz jako id^^^&OID&ISO, dla PESEL 80051212357^^^&2.16.840.1.113883.3.4424.1.1.616&ISO,"
    " najwyżej 256 znaków.",
)

Given = Annotated[
    list[str] | None, typer.Argument(metavar="CX", help="Identifiers as id^^^&OID&ISO, in quotes.")
]
File = Annotated[
    Path | None,
    typer.Option(
        "--file",
        help="One identifier a line; - is standard input. Keeps them out of the list"
        " of processes and the shell's history.",
    ),
]


@app.command("add")
def patients_add(
    account: Known, identifiers: Given = None, *, file: File = None, as_json: Json = False
) -> None:
    """Register patients; those registered before stay as they are.

    Examples:
      erepo cloud patients add 0000000000001003 '80051212357^^^&2.16.840.1.113883.3.4424.1.1.616&ISO'

      erepo cloud patients add 0000000000001003 --file patients.txt
    """
    done, given, wrong = _each(account, identifiers, file, operating.add_patients, quiet=as_json)
    _tell({"added": done, "known": given - done}, _ADDED, as_json=as_json)
    wrong.complain()


@app.command("remove")
def patients_remove(
    account: Known, identifiers: Given = None, *, file: File = None, as_json: Json = False
) -> None:
    """Take patients away: their documents stay, new ones are refused."""
    done, given, wrong = _each(account, identifiers, file, operating.remove_patients, quiet=as_json)
    _tell({"removed": done, "missing": given - done}, _REMOVED, as_json=as_json)
    wrong.complain()


@app.command("count")
def patients_count(account: Known, *, as_json: Json = False) -> None:
    """Tell how many patients are registered; their identifiers are shown to nobody."""
    with fail_politely(), cloud_database() as database:
        count = operating.count_patients(database, account)
    _tell({"count": count}, _COUNT, as_json=as_json)


class _Wrong:
    """Counts what is no identifier, and remembers the places of the first few."""

    def __init__(self) -> None:
        self.count = 0
        self.places: list[int] = []

    def note(self, place: int) -> None:
        self.count += 1
        if len(self.places) < _NAMED:
            self.places.append(place)

    def complain(self) -> None:
        """End with exit code 1 if there was any, telling where."""
        if not self.count:
            return
        numbers = ", ".join(map(str, self.places)) + (", …" if self.count > _NAMED else "")
        tell_trouble(_WRONG.fill(language(), count=self.count, numbers=numbers), _CURE.fill(language()))
        raise typer.Exit(1)


def _each(
    account: str,
    identifiers: Sequence[str] | None,
    file: Path | None,
    work: Callable[[Database, str, Sequence[CX]], int],
    *,
    quiet: bool,
) -> tuple[int, int, _Wrong]:
    """Work through the identifiers in groups; return the touched, the given (counts), and the wrong ones."""
    if not identifiers and file is None:
        raise typer.BadParameter(_NONE.fill(language()))
    if file is not None and str(file) != "-" and not file.is_file():
        raise typer.BadParameter(_NO_FILE.fill(language(), file=file))
    done = given = 0
    wrong = _Wrong()
    with fail_politely(), cloud_database() as database, bar(quiet=quiet) as shown:
        line = shown.add_task(_TITLE.fill(language()), total=None)
        found = _read(_texts(identifiers or (), file), wrong)
        while group := list(itertools.islice(found, MOST)):
            done += work(database, account, group)
            given += len(group)
            shown.advance(line, len(group))
    return done, given, wrong


def _texts(identifiers: Iterable[str], file: Path | None) -> Iterator[str]:
    yield from identifiers
    if file is None:
        return
    if str(file) == "-":
        yield from _lines(sys.stdin.buffer)
        return
    with file.open("rb") as opened:
        yield from _lines(opened)


def _lines(file: IO[bytes]) -> Iterator[str]:
    """Yield the lines, each cut at `_LONGEST` bytes: a file without any would fill the memory."""
    while line := file.readline(_LONGEST):
        yield line.decode("utf-8-sig", "replace")
        while line and not line.endswith(b"\n"):
            line = file.readline(_LONGEST)


def _read(texts: Iterable[str], wrong: _Wrong) -> Iterator[CX]:
    for place, text in enumerate(texts, 1):
        if not (stripped := text.strip()):
            continue
        try:
            found = CX.parse(stripped)
        except IdentifierInvalid:
            wrong.note(place)
            continue
        if len(str(found)) > 256:
            wrong.note(place)
            continue
        yield found


def _tell(facts: dict[str, int], words: Text, *, as_json: bool) -> None:
    typer.echo(json.dumps(facts) if as_json else words.fill(language(), **facts))
