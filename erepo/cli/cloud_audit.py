"""`erepo cloud audit …`: the record of every access, proven and shown."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from sqlalchemy import select

from erepo.cli.bars import bar
from erepo.cli.cloud_words import cloud_database
from erepo.cli.words import fail_politely
from erepo.cloud import operating
from erepo.cloud.audit.anchors import Anchor, read_anchors, save_anchors
from erepo.cloud.audit.events import Event, Result, Thing
from erepo.cloud.audit.reading import Recorded, latest
from erepo.cloud.audit.verifying import (
    NOBODY,
    ChainReport,
    Fault,
    VerifyReport,
    count_events,
    verify_chains,
)
from erepo.cloud.errors import TenantUnknown
from erepo.cloud.storage.database import Database
from erepo.cloud.storage.tables import tenant
from erepo.texts import Text, language

app = typer.Typer(help="The record of every access.", no_args_is_help=True)

_OUTCOMES = {result.name.lower(): result for result in Result}
_TITLE = Text("Verifying", "Weryfikacja")
_INTACT = Text(
    "{account}: intact, events {events}, head {hash}", "{account}: bez zmian, zdarzeń {events}, głowa {hash}"
)
_BROKEN = Text(
    "{account}: BROKEN at event {broken_at}: {what}; proven up to event {events}",
    "{account}: NARUSZONY przy zdarzeniu {broken_at}: {what}; sprawdzone do zdarzenia {events}",
)
_FAULTS = {
    Fault.CHANGED: Text(
        "the event is not the one that was written", "zdarzenie nie jest tym, które zapisano"
    ),
    Fault.MISSING: Text("the event is missing", "brak zdarzenia"),
    Fault.HEAD: Text("the head is not that of the last event", "głowa nie zgadza się z ostatnim zdarzeniem"),
    Fault.BEHIND_ANCHOR: Text(
        "the chain was longer when the anchor was saved", "łańcuch był dłuższy, gdy zapisano kotwicę"
    ),
    Fault.NOT_ANCHORED: Text(
        "the chain was written anew since the anchor was saved",
        "łańcuch zapisano na nowo po zapisaniu kotwicy",
    ),
}
_GUARDS = Text(
    "Guards of the tables were removed: {names}. `erepo cloud init` makes them again.",
    "Usunięto zabezpieczenia tabel: {names}. Ponownie utworzy je `erepo cloud init`.",
)
_HEADERS = (
    Text("No.", "Nr"),
    Text("Time (UTC)", "Czas (UTC)"),
    Text("What", "Co"),
    Text("Outcome", "Wynik"),
    Text("Who", "Kto"),
    Text("From", "Skąd"),
    Text("Objects", "Obiekty"),
)
#: Columns that are never folded: numbers and moments.
_NARROW = _HEADERS[:2]
_NO_MOMENT = Text(
    "{given!r} is no time: write it as 2026-03-01 or 2026-03-01T12:30:00, UTC",
    "{given!r} to nie czas: zapisz go jako 2026-03-01 albo 2026-03-01T12:30:00, UTC",
)


def _moment(given: str | datetime) -> datetime:
    """Return a moment in UTC, naive, as the tables have it."""
    try:
        moment = given if isinstance(given, datetime) else datetime.fromisoformat(given)
    except ValueError:
        raise typer.BadParameter(_NO_MOMENT.fill(language(), given=given)) from None
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


@app.command()
def verify(
    *,
    account: Annotated[
        str | None, typer.Option(help=f"Only this account; `{NOBODY}`: connections of no account.")
    ] = None,
    anchors: Annotated[
        Path | None, typer.Option(help="Heads saved earlier: finds a shortened or rewritten chain.")
    ] = None,
    save: Annotated[
        Path | None, typer.Option("--save-anchors", help="Save the heads here; only if all is intact.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Prove that no event was changed, removed or inserted. Exit code 0 only if all chains are intact."""
    with fail_politely(), cloud_database() as database:
        if account not in {None, NOBODY}:
            _number(database, str(account))
        known = read_anchors(anchors) if anchors else {}
        with bar(quiet=as_json) as shown:
            line = shown.add_task(_TITLE.fill(language()), total=count_events(database, account))
            report = verify_chains(
                database,
                account=account,
                anchors=known,
                progress=lambda events: shown.advance(line, events),
            )
        if save is not None and report.intact:
            _save(save, report, known)
    if as_json:
        typer.echo(orjson.dumps({**asdict(report), "intact": report.intact}))
    else:
        _show(report)
    raise typer.Exit(0 if report.intact else 1)


def _save(file: Path, report: VerifyReport, known: Mapping[str, Anchor]) -> None:
    """Keep the anchors of accounts that were not looked at."""
    fresh = {chain.account: chain.anchor for chain in report.chains}
    save_anchors(file, {**known, **fresh}.values())


def _show(report: VerifyReport) -> None:
    for chain in report.chains:
        typer.echo(_words(chain))
    if report.missing_triggers:
        typer.echo(_GUARDS.fill(language(), names=", ".join(report.missing_triggers)))


def _words(chain: ChainReport) -> str:
    if chain.fault is None:
        return _INTACT.fill(language(), account=chain.account, events=chain.events, hash=chain.hash)
    what = _FAULTS[chain.fault].fill(language())
    return _BROKEN.fill(
        language(), account=chain.account, events=chain.events, broken_at=chain.broken_at, what=what
    )


@app.command()
def show(  # noqa: PLR0913  # one option each, all by name
    account: Annotated[str, typer.Argument(help=f"16 digits; `{NOBODY}`: connections of no account.")],
    *,
    since: Annotated[
        datetime | None,
        typer.Option(
            parser=_moment, metavar="TIME", help="Not older than 2026-03-01 or 2026-03-01T12:30:00, UTC."
        ),
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(parser=_moment, metavar="TIME", help="Older than this, UTC.")
    ] = None,
    transaction: Annotated[
        str | None, typer.Option(help="Only these: ITI-41, activation, operator….")
    ] = None,
    outcome: Annotated[
        str | None, typer.Option(metavar="OUTCOME", help="Only success, minor, serious or major.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Most events: the last ones.")] = 100,
    full: Annotated[bool, typer.Option("--full", help="Show ids of people and documents too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Show the last events of an account, the oldest of them first."""
    if outcome is not None and outcome not in _OUTCOMES:
        raise typer.BadParameter(", ".join(_OUTCOMES), param_hint="--outcome")

    def fits(event: Event) -> bool:
        named = transaction is None or event.transaction.partition(":")[0] == transaction
        return named and (outcome is None or event.result is _OUTCOMES[outcome])

    with fail_politely(), cloud_database() as database:
        number = _number(database, account)
        with database.write(number) as connection:
            found = latest(connection, number, fits, limit, since=since, until=until)
            operating.looked(connection, number, "" if account == NOBODY else account, full=full)
    if as_json:
        typer.echo(orjson.dumps([_facts(one, full=full) for one in found]))
    else:
        _table(found, account, full=full)


def _facts(one: Recorded, *, full: bool) -> dict[str, Any]:
    facts = one.facts()
    if not full:
        facts["who"]["user"] = "…" if facts["who"]["user"] else ""
        facts["things"] = _counts(one.event)
    return facts


def _counts(event: Event) -> dict[str, int]:
    kinds = [thing.kind for thing in event.things]
    return {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)}


def _table(found: Sequence[Recorded], account: str, *, full: bool) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for header in _HEADERS:
        table.add_column(header.fill(language()), overflow="fold", no_wrap=header in _NARROW)
    for one in found:
        table.add_row(*map(escape, _row(one, account, full=full)))
    Console().print(table)


def _named(thing: Thing) -> str:
    # A setting says what was decided; the detail of anything else (a whole query) is for programs.
    detail = f": {thing.detail}" if thing.kind == "setting" and thing.detail else ""
    return f"{thing.kind} {thing.id}{detail}"


def _row(one: Recorded, account: str, *, full: bool) -> Iterator[str]:
    event = one.event
    yield str(one.number)
    yield event.at.isoformat(" ", "seconds")
    yield f"{event.transaction} {event.action}"
    yield " ".join((event.result.name.lower(), *event.codes))
    person = event.who.user if full else "…" if event.who.user else ""
    # The account is that of the whole record.
    yield " ".join(filter(None, ("" if event.who.account == account else event.who.account, person)))
    yield event.who.address
    if full:
        yield "\n".join(map(_named, event.things))
    else:
        yield ", ".join(f"{count} {kind}" for kind, count in _counts(event).items())


def _number(database: Database, account: str) -> int:
    if account == NOBODY:
        return 0
    with database.everyone("the operator names an account") as connection:
        number = connection.scalar(select(tenant.c.id).where(tenant.c.account == account))
    if number is None:
        raise TenantUnknown(account=account)
    return int(number)
