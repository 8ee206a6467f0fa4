"""`erepo verify plan` and `erepo verify repair`: what is wrong in the repository, and its repair."""

import contextlib
from typing import Annotated

import orjson
import typer
import uvloop
from rich.console import Console

from erepo.cli.complaints import complaining
from erepo.cli.desk import open_database
from erepo.cli.words import fail_politely
from erepo.clinic.database import Database, open_clinic
from erepo.clinic.repositories import opening
from erepo.clinic.verifying.plan import Repair, read_plan
from erepo.clinic.verifying.repairing import SAFE, Repaired, repair_all
from erepo.settings import Settings
from erepo.texts import Text, language, moment_words

WHAT = {
    "missing": Text("missing in the repository", "brak w repozytorium"),
    "content": Text("damaged in the repository", "uszkodzony w repozytorium"),
    "hash": Text("another document stands there under its id", "pod jego identyfikatorem jest inny dokument"),
    "size": Text("its size there is another", "inny rozmiar w repozytorium"),
    "twice": Text("registered several times", "zarejestrowany wielokrotnie"),
    "deprecated": Text("replaced there, by nothing of ours", "zastąpiony tam dokumentem spoza placówki"),
    "current": Text("shown as current although replaced", "oznaczony jako aktualny, choć zastąpiony"),
}
COPY = {
    "here": Text("a good copy is here", "dobra kopia jest na miejscu"),
    "none": Text("NO GOOD COPY HERE", "NA MIEJSCU NIE MA DOBREJ KOPII"),
}
ACTION = {
    "send-again": Text("send it again", "wysłać ponownie"),
    "replace": Text("remove it there and send it again", "usunąć tam i wysłać ponownie"),
    "inspect": Text("a person must look at it", "wymaga sprawdzenia przez człowieka"),
    "no-copy": Text(
        "ask the repository's operator for the second copy, or restore the folder's backup",
        "poprosić operatora repozytorium o drugą kopię lub odtworzyć kopię zapasową katalogu",
    ),
}
_LINE = Text(
    "{id}\n  document {document}: {what} (found {at}); {copy}.\n  Proposed: {action}.",
    "{id}\n  dokument {document}: {what} (wykryto {at}); {copy}.\n  Propozycja: {action}.",
)
_EMPTY = Text("Nothing is to be repaired.", "Nie ma nic do naprawy.")
_DONE = {
    "sent-again": Text(
        "{document}: will be sent by the next `erepo archive`.",
        "{document}: zostanie wysłany przez najbliższe `erepo archive`.",
    ),
    "replaced": Text(
        "{document}: removed there; will be sent by the next `erepo archive`.",
        "{document}: usunięty z repozytorium; zostanie wysłany przez najbliższe `erepo archive`.",
    ),
}
_NOTHING_SAFE = Text(
    "Nothing in the plan can be repaired from here.", "Żadnej pozycji planu nie można naprawić na miejscu."
)

_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def plan(as_json: _Json = False) -> None:
    """List documents that are missing or damaged in the repository, and what is proposed.

    Exit code 0 only if there is nothing to be repaired.
    """
    with fail_politely(), open_database() as database, database.read() as connection:
        found = read_plan(connection)
    if as_json:
        typer.echo(orjson.dumps([one.as_json() for one in found]))
    elif found:
        _show(found)
    else:
        typer.echo(_EMPTY.fill(language()))
    raise typer.Exit(1 if found else 0)


def repair(
    ids: Annotated[list[str] | None, typer.Argument(help="Ids of the plan, or of documents.")] = None,
    everything: Annotated[
        bool, typer.Option("--all-safe", help="Everything that is proposed and safe.")
    ] = False,
    as_json: _Json = False,
) -> None:
    """Do what the plan proposes: only where a good copy is here, which is checked once more before.

    Exit code 0 only if everything asked for was done.
    """
    if bool(ids) == everything:
        raise typer.BadParameter("give ids, or --all-safe")
    settings = Settings()
    with complaining(as_json=as_json), contextlib.closing(open_clinic(settings)) as database:
        wanted = _safe(database) if everything else list(ids or ())
        done = uvloop.run(_repair(database, settings, wanted)) if wanted else []
    if as_json:
        typer.echo(orjson.dumps([{"id": one.repair.id, "document": one.repair.document,
                                  "outcome": one.outcome} for one in done]))  # fmt: skip
    else:
        _say(done)
    raise typer.Exit(0 if all(one.problem is None for one in done) else 1)


def _safe(database: Database) -> list[str]:
    with database.read() as connection:
        return [one.id for one in read_plan(connection) if one.action in SAFE]


async def _repair(database: Database, settings: Settings, ids: list[str]) -> list[Repaired]:
    async with opening(database, settings) as connection:
        return await repair_all(connection, database, ids)


def _say(done: list[Repaired]) -> None:
    speak = language()
    if not done:
        typer.echo(_NOTHING_SAFE.fill(speak))
    for one in done:
        if one.problem is not None:
            typer.echo(" ".join(one.problem.explain(speak)), err=True)
        else:
            typer.echo(_DONE[one.outcome].fill(speak, document=one.repair.document))


def _show(found: list[Repair]) -> None:
    speak, console = language(), Console()
    for one in found:
        words = _LINE.fill(
            speak,
            id=one.id,
            document=one.document,
            at=moment_words(one.found_at),
            what=WHAT[one.what].fill(speak),
            copy=COPY[one.copy].fill(speak),
            action=ACTION[one.action].fill(speak),
        )
        style = "red" if one.copy == "none" else None
        console.print(words, style=style, markup=False, highlight=False, soft_wrap=True)
