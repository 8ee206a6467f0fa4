"""`erepo cloud check`: is everything stored still what came in?"""

import re
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import orjson
import typer
from rich.progress import Progress
from sqlalchemy.exc import DatabaseError, OperationalError

from erepo.blobs.store import BlobStore
from erepo.cli.bars import bar
from erepo.cli.cloud_orphans import age_to_remove, confirm_removal
from erepo.cli.cloud_words import Json, size_of
from erepo.cli.complaints import complaining
from erepo.cli.words import tell_trouble
from erepo.cloud.errors import DatabaseDamaged
from erepo.cloud.fixity import sampling
from erepo.cloud.fixity.checking import Options, Watcher, check
from erepo.cloud.fixity.findings import FAILED, NOT_REMOVED, REMOVED, REPAIRED, WORDS, Finding, Report
from erepo.cloud.fixity.sampling import EVERYTHING, Selection
from erepo.cloud.storage.database import Database
from erepo.cloud.storage.discarding import OLD
from erepo.cloud.storage.places import open_blobs
from erepo.cloud.tenancy.home import Home
from erepo.settings import Settings
from erepo.texts import Text, language, size_words, time_words

#: Findings that the JSON object holds; the counts tell of all.
_HELD = 10_000

_REPAIRED = {None: None, True: REPAIRED, False: FAILED}
_REMOVED = {None: None, True: REMOVED, False: NOT_REMOVED}
_TITLE = Text("Reading", "Odczyt")
_RESULT = Text(
    "read {documents} documents ({size}), looked at {blobs} older blobs and {entries} entries in {time}:"
    " wrong {found}, repaired {repaired}, removed {removed}",
    "odczytano dokumenty: {documents} ({size}), obejrzano starsze pliki: {blobs} i wpisy: {entries},"
    " czas {time};"
    " błędy: {found}, naprawione: {repaired}, usunięte: {removed}",
)
_WRONG = Text("Findings that remain: {count}.", "Pozostało do wyjaśnienia pozycji: {count}.")
_CURE = Text(
    "Damaged or missing contents come back with --repair where a second copy is configured"
    " (EREPO_CLOUD_BLOBS_COPY), else from a backup or from the clinic: `erepo verify --send-again`. Orphans"
    " are removed with --remove-orphans; if the database came from a backup, they may be the only copies.",
    "Uszkodzone lub brakujące treści przywróci --repair, jeśli skonfigurowano drugą kopię"
    " (EREPO_CLOUD_BLOBS_COPY), a w innym razie kopia zapasowa lub placówka: `erepo verify --send-again`."
    " Osierocone pliki usunie --remove-orphans; jeśli bazę przywrócono z kopii, mogą być jedynymi kopiami.",
)
_NO_SHARE = Text(
    "{given!r} is no share: write 10% or 0.5%", "{given!r} to nie część: zapisz na przykład 10% albo 0.5%"
)
_NO_TIME = Text(
    "{given!r} is no time: write a day (2026-11-01) or an age (36h, 7d)",
    "{given!r} to nie czas: podaj dzień (2026-11-01) albo wiek (36h, 7d)",
)
_RATE = typer.Option(
    parser=size_of, metavar="SIZE", show_default=False, help="Read at most so much a second: 20MB."
)


def command(  # noqa: PLR0913  # one parameter an option
    *,
    repair: Annotated[
        bool, typer.Option("--repair", help="Repair one copy of the contents from the other.")
    ] = False,
    sample: Annotated[
        str | None, typer.Option(metavar="N%", help="Read only so many, those read longest ago.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="Read only what was stored since: 2026-11-01, 36h, 7d.")
    ] = None,
    rate: Annotated[int, _RATE] = 0,
    remove_orphans: Annotated[
        bool, typer.Option("--remove-orphans", help="Remove blobs that no document points at, for good.")
    ] = False,
    older_than: Annotated[
        str | None, typer.Option(metavar="AGE", help="Of those only older ones: 36h, 60d; else 30d.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Remove them without asking.")] = False,
    as_json: Json = False,
) -> None:
    """Read every stored content and compare it with its fingerprint; look for what belongs to nothing.

    May run beside the service. One line a finding: * differs, - missing,
    + belongs to nothing, ! unreadable; place; account; number of the
    document or key of the blob.

    Exit code 0 only if nothing is wrong (any more), 1 if something is,
    2 if nothing could be checked.

    A sample every night reads everything in turn.

    Examples:
      erepo cloud check

      erepo cloud check --sample 10% --rate 50MB

      erepo cloud check --repair

      erepo cloud check --remove-orphans --older-than 60d
    """
    share, selection = _selected(sample, since)
    age = age_to_remove(wanted=remove_orphans, older_than=older_than, sure=yes, as_json=as_json)
    young = OLD if age is None else age
    settings, found = Settings(), _Found(as_json=as_json)
    with complaining(as_json=as_json), closing(Database(settings.cloud_url)) as database:
        database.check()
        blobs = open_blobs(settings, Home(settings).blobs)
        remove = age is not None and confirm_removal(database, blobs, age, sure=yes)
        if share is not None:
            with database.everyone("a sample is chosen") as connection:
                selection = sampling.sample(connection, share)
        with bar(quiet=as_json) as shown:
            options = Options(selection, repair, rate, young, remove=remove)
            report = _check(database, blobs, options, _watcher(shown, found))
    _end(report, found, as_json=as_json)


def _end(report: Report, found: "_Found", *, as_json: bool) -> None:
    if as_json:
        typer.echo(orjson.dumps(_facts(report, found)))
    else:
        _say(report)
    raise typer.Exit(0 if report.well else 1)


def _selected(sample: str | None, since: str | None) -> tuple[float | None, Selection]:
    if sample is not None and since is not None:
        raise typer.BadParameter("--sample and --since exclude each other")
    share = _share(sample) if sample is not None else None
    return share, Selection(since=_moment(since)) if since is not None else EVERYTHING


def _check(database: Database, blobs: BlobStore, options: Options, watcher: Watcher) -> Report:
    try:
        return check(database, blobs, options, watcher)
    except DatabaseError as error:
        if isinstance(error, OperationalError):
            raise
        # The file itself is damaged; whatever the driver says of it might quote a row.
        raise DatabaseDamaged from error


class _Found:
    """What was found: told at once to people, kept for programs."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self.kept: list[Finding] = []

    def tell(self, finding: Finding) -> None:
        if self._as_json:
            if len(self.kept) < _HELD:
                self.kept.append(finding)
            return
        speak = language()
        words = ", ".join(
            each.fill(speak)
            for each in (WORDS[finding.kind], _REPAIRED[finding.repaired], _REMOVED[finding.removed])
            if each is not None
        )
        account = finding.account or "-"
        typer.echo(f"{finding.symbol} {finding.place} {account} {finding.name}: {words}")


def _watcher(shown: Progress, found: _Found) -> Watcher:
    line = shown.add_task(_TITLE.fill(language()), total=None)
    return Watcher(
        expect=lambda total: shown.update(line, total=total),
        advance=lambda count: shown.advance(line, count),
        find=found.tell,
    )


def _say(report: Report) -> None:
    speak = language()
    words = {
        "size": size_words(report.octets, speak),
        "time": time_words(report.seconds, speak),
        "found": report.found,
        "repaired": report.repaired,
        "removed": report.removed,
    }
    counts = {name: getattr(report, name) for name in ("documents", "blobs", "entries")}
    typer.echo(_RESULT.fill(speak, **counts, **words))
    if not report.well:
        left = report.found - report.repaired - report.removed
        tell_trouble(_WRONG.fill(speak, count=left), _CURE.fill(speak))


def _facts(report: Report, found: _Found) -> dict[str, Any]:
    return {
        "well": report.well,
        "documents": report.documents,
        "bytes": report.octets,
        "blobs": report.blobs,
        "entries": report.entries,
        "found": report.found,
        "repaired": report.repaired,
        "removed": report.removed,
        "counts": {str(kind): count for kind, count in report.counts.items()},
        "findings": [_finding(each) for each in found.kept],
        "omitted": report.found - len(found.kept),
        "seconds": report.seconds,
    }


def _finding(each: Finding) -> dict[str, Any]:
    return {
        "symbol": each.symbol,
        "kind": str(each.kind),
        "place": str(each.place),
        "account": each.account,
        "document": each.document,
        "key": each.key,
        "repaired": each.repaired,
        "removed": each.removed,
    }


def _share(given: str) -> float:
    found = re.fullmatch(r"([0-9]{1,3}(?:[.,][0-9]{1,3})?) ?%?", given)
    share = float(found[1].replace(",", ".")) if found else 0.0
    if not 0 < share <= 100:
        raise typer.BadParameter(_NO_SHARE.fill(language(), given=given))
    return share


def _moment(given: str) -> datetime:
    """Return a moment in UTC, naive, as the tables have it."""
    age = re.fullmatch(r"([0-9]{1,5})([hd])", given)
    if age:
        span = timedelta(hours=int(age[1])) if age[2] == "h" else timedelta(days=int(age[1]))
        return datetime.now(UTC).replace(tzinfo=None) - span
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        raise typer.BadParameter(_NO_TIME.fill(language(), given=given)) from None
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
