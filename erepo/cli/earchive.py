"""`erepo earchive`: the archive on the clinic's own disk or share (manual 1.5)."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from erepo.cli.bars import bar
from erepo.cli.complaints import complaining
from erepo.cli.desk import open_database, open_prefect
from erepo.cli.prefect_blocks import save_block
from erepo.cli.words import fail_politely, tell_trouble
from erepo.clinic.database import Database, open_clinic
from erepo.clinic.earchive import Archive, CheckReport, EArchive, check, open_archive, rebuild
from erepo.clinic.earchive.acknowledging import acknowledge, acknowledged
from erepo.clinic.earchive.checking import count
from erepo.clinic.earchive.errors import RecordDamaged, typing
from erepo.clinic.occupancy import EARCHIVE, active_kind
from erepo.clinic.repositories import init_earchive, load_earchive
from erepo.errors import ErepoError
from erepo.settings import Settings
from erepo.texts import Text, language, size_words

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="The eArchiwum: an archive on the clinic's own disk or share instead of the cloud.",
)

#: The block that flows open the clinic's database from.
_BLOCK, _SAVED_AS = "erepo-clinic-database", "clinic"

_READY = Text("The eArchiwum is ready at {folder}.", "eArchiwum jest gotowe w katalogu {folder}.")
_USED = Text("It is in use.", "Jest w użyciu.")
_NOT_USED = Text(
    "The cloud is in use; to change over: erepo repositories use earchive.",
    "W użyciu jest chmura; aby przełączyć: erepo repositories use earchive.",
)
_NO_PREFECT = Text(
    "Prefect does not answer, so its block ClinicDatabase was not written: {cause}",
    "Prefect nie odpowiada, więc nie zapisano jego bloku ClinicDatabase: {cause}",
)
_LATER = Text("Run this command again once it runs.", "Gdy będzie działał, uruchom to polecenie ponownie.")
_STATUS = Text(
    "eArchiwum at {folder}: documents {documents}, {size}; free {free}.",
    "eArchiwum w katalogu {folder}: dokumenty: {documents}, {size}; wolne: {free}.",
)
_TITLE = Text("Checking", "Sprawdzanie")
_CHECKED = Text(
    "Records {records}, documents {documents}, {size}: damaged documents {damaged}, damaged records"
    " {damaged_records}, records without our seal {unsealed}, entries without a document {without_octets},"
    " files nobody needs {orphans} (removed {removed}).",
    "Zapisy {records}, dokumenty {documents}, {size}: uszkodzone dokumenty {damaged}, uszkodzone zapisy"
    " {damaged_records}, zapisy bez naszej pieczęci {unsealed}, wpisy bez dokumentu {without_octets}, zbędne"
    " pliki {orphans} (usunięte {removed}).",
)
_WRONG = Text("The eArchiwum is damaged.", "eArchiwum jest uszkodzone.")
_CURE = Text(
    "Name the documents with `erepo verify --read-back`, then `erepo verify plan`.",
    "Wskaż dokumenty poleceniem `erepo verify --read-back`, a następnie `erepo verify plan`.",
)
_UNSEALED = Text(
    "Records do not bear the seal of this installation: {count}.",
    "Zapisy bez pieczęci tej instalacji: {count}.",
)
_SEAL = Text(
    "An older version or a former installation wrote them, or somebody without the key changed them: compare"
    " with a backup of the folder. If they are right, seal them: `erepo earchive rebuild --seal`.",
    "Zapisała je starsza wersja lub poprzednia instalacja albo zmienił je ktoś bez klucza: porównaj z kopią"
    " zapasową katalogu. Jeśli są prawidłowe, opieczętuj je: `erepo earchive rebuild --seal`.",
)
_ACKNOWLEDGED = Text(
    "Record {number} is known to be lost; the history says who said so.",
    "Zapis {number} uznano za utracony; historia podaje, kto to zrobił.",
)
_KNOWN = Text("Known to be lost: {numbers}.", "Uznane za utracone: {numbers}.")
_REBUILT = Text(
    "The index was made anew from {records} records; left out: {damaged}.",
    "Indeks odtworzono z zapisów: {records}; pominięto: {damaged}.",
)

#: Damaged records that are named; the count tells of all.
_MOST = 20

_Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="An existing folder: empty, or with our archive in it.")],
    over: Annotated[
        bool, typer.Option("--take-over", help="Its former installation is gone for good; make it ours.")
    ] = False,
    without_prefect: Annotated[
        bool, typer.Option("--without-prefect", help="Do not write Prefect's block ClinicDatabase.")
    ] = False,
) -> None:
    """Set the eArchiwum up in a folder, or tell that it has moved there. May be repeated.

    Where no external repository is in use yet, it is put to use.
    """
    settings, speak = Settings(), language()
    with fail_politely(), contextlib.closing(open_clinic(settings)) as database:
        archive = init_earchive(database, settings, folder, taking_over=over)
        with database.read() as connection:
            used = active_kind(connection) == EARCHIVE
    typer.echo(_READY.fill(speak, folder=archive.place.folder))
    typer.echo((_USED if used else _NOT_USED).fill(speak))
    if not without_prefect:
        _write_block(settings)


@app.command()
def status(as_json: _Json = False) -> None:
    """Tell where the archive is, how much it holds, and how much room is left. Exit code 2: not reachable."""
    with complaining(as_json=as_json), _opened() as (known, archive):
        with typing(known.place.folder):
            free = shutil.disk_usage(known.place.folder).free
        facts = {"folder": str(known.place.folder), "documents": count(archive), "free": free}
        facts |= {"bytes": archive.octets(), "repository": known.repository_unique_id}
    if as_json:
        typer.echo(orjson.dumps(facts))
        return
    speak = language()
    words = {"size": size_words(int(str(facts["bytes"])), speak), "free": size_words(free, speak)}
    typer.echo(_STATUS.fill(speak, folder=facts["folder"], documents=facts["documents"], **words))


@app.command("check")
def check_(
    orphans: Annotated[
        bool, typer.Option("--remove-orphans", help="Also remove files that no record names.")
    ] = False,
    as_json: _Json = False,
) -> None:
    """Read every record and every document and compare fingerprints. Exit code 0 only if all is sound."""
    with complaining(as_json=as_json), _opened() as (known, archive), bar(quiet=as_json) as shown:
        line = shown.add_task(_TITLE.fill(language()), total=count(archive))
        with open_database() as database, database.read() as connection:
            lost = acknowledged(connection, known.place.mark.archive)
        report = check(
            archive,
            remove_orphans=orphans,
            acknowledged=lost,
            progress=lambda some: shown.advance(line, some),
        )
    if as_json:
        typer.echo(orjson.dumps(report.as_json()))
    else:
        _say(report, archive)
    raise typer.Exit(0 if report.sound else 1)


@app.command("acknowledge")
def acknowledge_(
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="As `erepo earchive check` names it.")],
    acting: Annotated[
        str, typer.Option("--as", metavar="LOGIN", help="Who does this: a login of the staff.")
    ],
) -> None:
    """Say that a damaged record is lost for good: it is no damage any more. Nothing is repaired by it."""
    with fail_politely(), _opened() as (_, archive), open_database() as database:
        acknowledge(database, archive, number, acting)
    typer.echo(_ACKNOWLEDGED.fill(language(), number=number))


@app.command("rebuild")
def rebuild_(
    skip: Annotated[
        bool, typer.Option("--skip-damaged", help="Leave out records that cannot be trusted.")
    ] = False,
    seal: Annotated[
        bool,
        typer.Option("--seal", help="Also seal records of an older version, or of a former installation."),
    ] = False,
    as_json: _Json = False,
) -> None:
    """Make the index anew from the archive's records; without --seal the archive itself is only read."""
    settings = Settings()
    with complaining(as_json=as_json), contextlib.closing(open_clinic(settings)) as database:
        known = load_earchive(database, settings)
        records, damaged = rebuild(known.place, known.index_file, skip_damaged=skip, sealing=seal)
    if as_json:
        typer.echo(orjson.dumps({"records": records, "damaged": damaged}))
    else:
        typer.echo(_REBUILT.fill(language(), records=records, damaged=len(damaged)))
    raise typer.Exit(1 if damaged else 0)


@contextlib.contextmanager
def _opened() -> Iterator[tuple[EArchive, Archive]]:
    settings = Settings()
    database: Database
    with contextlib.closing(open_clinic(settings)) as database:
        known = load_earchive(database, settings)
        with contextlib.closing(open_archive(known.place, known.index_file)) as archive:
            yield known, archive


def _write_block(settings: Settings) -> None:
    data: dict[str, Any] = {"url": settings.clinic_url}
    try:
        with open_prefect(settings) as prefect:
            save_block(prefect, _BLOCK, _SAVED_AS, data)
    except ErepoError as error:
        speak = language()
        tell_trouble(_NO_PREFECT.fill(speak, cause=error.explain(speak)[0]), _LATER.fill(speak))


def _say(report: CheckReport, archive: Archive) -> None:
    speak, facts = language(), report.as_json()
    counts = {name: len(facts.pop(name)) for name in ("damaged", "damaged_records", "acknowledged")}
    typer.echo(_CHECKED.fill(speak, size=size_words(report.bytes, speak), **facts, **counts))
    for number in report.damaged_records[:_MOST]:
        # A record is no document: reading documents back would not show it.
        tell_trouble(*RecordDamaged(number=number, file=archive.records.path(number)).explain(speak))
    if report.acknowledged:
        typer.echo(_KNOWN.fill(speak, numbers=", ".join(map(str, report.acknowledged))))
    if report.unsealed:
        tell_trouble(_UNSEALED.fill(speak, count=report.unsealed), _SEAL.fill(speak))
    if report.damaged or report.without_octets:
        tell_trouble(_WRONG.fill(speak), _CURE.fill(speak))
