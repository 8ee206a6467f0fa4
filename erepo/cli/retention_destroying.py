"""`erepo retention propose|proposals|confirm|withdraw|protocol`: destruction, by two people."""

import asyncio
from pathlib import Path
from typing import Annotated

import orjson
import typer
import uvloop
from rich.console import Console

from erepo.cli.complaints import complain
from erepo.cli.desk import open_database
from erepo.cli.retention_keeping import Acting
from erepo.cli.words import fail_politely
from erepo.clinic.database import Database
from erepo.clinic.repositories import opening
from erepo.clinic.retention import (
    Destruction,
    Proposal,
    confirm_list,
    execute,
    needs_repository,
    propose,
    read_proposals,
    read_protocol,
    withdraw,
    write_protocol,
)
from erepo.clinic.tables import now
from erepo.settings import Settings
from erepo.texts import Text, day_words, language

Id = Annotated[str, typer.Argument(metavar="PROPOSAL", help="As `erepo retention proposals` shows it.")]
_AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

_PROPOSED = Text(
    "Proposed: {id}\nDocuments: {documents}. Fingerprint of the list: {fingerprint}\n"
    "Another person confirms until {until}: erepo retention confirm {id} --as LOGIN",
    "Zaproponowano: {id}\nDokumenty: {documents}. Skrót listy: {fingerprint}\n"
    "Do {until} zatwierdza inna osoba: erepo retention confirm {id} --as LOGIN",
)
_LINE = Text(
    "{id}  {year}  {state}\n  documents: {documents}; proposed by {proposer}; confirmed by {confirmer}",
    "{id}  {year}  {state}\n  dokumenty: {documents}; propozycja: {proposer}; zatwierdzenie: {confirmer}",
)
_STATES = {
    "proposed": Text("waits for a second person", "czeka na drugą osobę"),
    "expired": Text("expired", "wygasła"),
    "confirmed": Text("being carried out", "w trakcie wykonania"),
    "finished": Text("carried out", "wykonana"),
    "withdrawn": Text("withdrawn", "wycofana"),
}
_NONE = Text("No proposal yet.", "Nie ma jeszcze propozycji.")
_WITHDRAWN = Text("Withdrawn; nothing was destroyed.", "Wycofano; niczego nie wybrakowano.")
_DONE = Text(
    "Destroyed: {destroyed}. Kept after all: {dropped}. Begun, not finished: {open}.",
    "Wybrakowano: {destroyed}. Zachowano mimo propozycji: {dropped}. Rozpoczęte, niedokończone: {open}.",
)
_DROPPED = {
    "held": Text("held meanwhile", "wstrzymane w międzyczasie"),
    "shared": Text("shared by a consent", "udostępnione na podstawie zgody"),
    "prolonged": Text("kept longer meanwhile", "okres przechowywania wydłużony"),
    "moving": Text("on their way", "w trakcie przesyłania"),
    "needed": Text("what they replace or cancel is kept", "zachowano to, co zastępują lub anulują"),
    "restored": Text("came back with a backup of the list", "wróciły z kopią zapasową listy"),
    "elsewhere": Text("destroyed by another proposal", "wybrakowane na podstawie innej propozycji"),
}
_PROTOCOL = Text("Protocol: {path}", "Protokół brakowania: {path}")
_AGAIN = Text(
    "Run the same command again; it goes on where it stopped.",
    "Uruchom to samo polecenie ponownie; wykonanie zostanie dokończone.",
)


def propose_(
    acting: Acting,
    year: Annotated[
        int, typer.Option(min=1900, max=2200, help="What had to be kept until the end of an earlier year.")
    ],
    days: Annotated[int, typer.Option(min=1, max=365, help="Days in which it can be confirmed.")] = 14,
    as_json: _AsJson = False,
) -> None:
    """Fix the list of documents to be destroyed; nothing happens before another person confirms it."""
    with fail_politely(), open_database() as database:
        found = propose(database, year, acting, now(), life_days=days)
    if as_json:
        typer.echo(orjson.dumps(found.as_json()))
        return
    words = {"id": found.id, "documents": found.documents, "fingerprint": found.fingerprint}
    typer.echo(_PROPOSED.fill(language(), **words, until=day_words(found.expires_at)))


def proposals(as_json: _AsJson = False) -> None:
    """List all proposals, the latest first."""
    with fail_politely(), open_database() as database, database.read() as connection:
        found = read_proposals(connection)
    if as_json:
        typer.echo(orjson.dumps([one.as_json() for one in found]))
        return
    spoken, console = language(), Console()
    if not found:
        console.print(_NONE.fill(spoken))
        return
    for one in found:
        words = {
            "id": one.id,
            "year": one.year,
            "state": _STATES[_shown(one)].fill(spoken),
            "documents": one.documents,
            "proposer": one.proposed_by,
            "confirmer": one.confirmed_by or "-",
        }
        console.print(_LINE.fill(spoken, **words), markup=False, highlight=False)


def _shown(one: Proposal) -> str:
    return "expired" if one.state == "proposed" and one.expires_at < now() else one.state


def withdraw_(proposal: Id, acting: Acting) -> None:
    """Withdraw a proposal that nobody has confirmed."""
    with fail_politely(), open_database() as database:
        withdraw(database, proposal, acting, now())
    typer.echo(_WITHDRAWN.fill(language()))


def confirm(proposal: Id, acting: Acting, as_json: _AsJson = False) -> None:
    """Confirm another person's proposal and destroy its documents, for good: there, here, and by name.

    Safe to run again at any moment: it goes on where it stopped. Exit code 0 only when all is done.
    """
    settings = Settings()
    with fail_politely(), open_database() as database:
        found = confirm_list(database, proposal, acting, now())
        done = uvloop.run(carry_out(database, settings, found))
        path = write_protocol(database, settings, proposal)
    _tell(done, path, as_json=as_json)
    raise typer.Exit(1 if done.open else 0)


async def carry_out(database: Database, settings: Settings, found: Proposal) -> Destruction:
    """Carry a confirmed proposal out; the repository is opened only where it is needed."""
    if not await asyncio.to_thread(needs_repository, database, found.id):
        return await execute(None, database, settings, found)
    async with opening(database, settings) as cloud:
        return await execute(cloud, database, settings, found)


def _tell(done: Destruction, path: Path, *, as_json: bool) -> None:
    if as_json:
        typer.echo(orjson.dumps(done))
        return
    spoken = language()
    dropped = sum(done.dropped.values())
    typer.echo(_DONE.fill(spoken, destroyed=done.destroyed, dropped=dropped, open=done.open))
    for reason, count in sorted(done.dropped.items()):
        typer.echo(f"  {_DROPPED[reason].fill(spoken)}: {count}")
    typer.echo(_PROTOCOL.fill(spoken, path=path))
    if done.problem is not None:
        complain(done.problem, as_json=False)
    if done.open:
        typer.echo(_AGAIN.fill(spoken))


def protocol(
    proposal: Id,
    output: Annotated[Path | None, typer.Option("--output", help="Write it there; else print it.")] = None,
) -> None:
    """Give the protocol of a destruction as JSON: who, when, how many, which opaque ids."""
    with fail_politely():
        with open_database() as database, database.read() as connection:
            found = read_protocol(connection, proposal)
        written = orjson.dumps(found, option=orjson.OPT_INDENT_2)
        if output is not None:
            output.write_bytes(written)
            return
    typer.echo(written)


def add_to(app: typer.Typer) -> None:
    """Put the commands into their group."""
    app.command("propose")(propose_)
    app.command("proposals")(proposals)
    app.command("confirm")(confirm)
    app.command("withdraw")(withdraw_)
    app.command("protocol")(protocol)
