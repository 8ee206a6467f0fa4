"""`erepo verify`: prove that everything archived is there and unchanged."""

import contextlib
from typing import Annotated

import orjson
import typer
import uvloop

from erepo.cli import verify_plan
from erepo.cli.bars import bar
from erepo.cli.complaints import complain, complaining
from erepo.cli.coverage import PLANNED, coverage_words
from erepo.cli.finishing import tell_finished
from erepo.clinic.coverage import count_open
from erepo.clinic.database import Database, open_clinic
from erepo.clinic.finishing import Finished, finish_interrupted
from erepo.clinic.rejected import send_again
from erepo.clinic.repositories import opening
from erepo.clinic.verifying import Coverage, VerifyReport, count, verify, verify_rolling
from erepo.settings import Settings
from erepo.texts import Text, language

app = typer.Typer(
    invoke_without_command=True,
    add_completion=False,
    help="Prove that everything archived is there and unchanged; see and repair what is not.",
)
app.command("plan")(verify_plan.plan)
app.command("repair")(verify_plan.repair)

_TITLE = Text("Verifying", "Weryfikacja")
_RESULT = Text(
    "verified {equal}/{checked}, different {differing}, missing {missing}, not checked {unchecked}",
    "zweryfikowano {equal}/{checked}, różne {differing}, brakujące {missing}, niesprawdzone {unchecked}",
)
_DIFFERENT = Text("{document}: differs ({what})", "{document}: różni się ({what})")
_WHAT = {
    "content": Text("content", "treść"),
    "hash": Text("hash in the registry", "skrót w rejestrze"),
    "size": Text("size in the registry", "rozmiar w rejestrze"),
    "twice": Text("registered twice", "zarejestrowany dwukrotnie"),
}
_AGAIN = Text(
    "{count} of the missing will be sent by the next run of archiving.",
    "Z brakujących następne uruchomienie archiwizacji wyśle: {count}.",
)
_CURE = Text(
    "Send what is missing again: `erepo verify --send-again`, then `erepo archive`.",
    "Aby wysłać brakujące ponownie: `erepo verify --send-again`, potem `erepo archive`.",
)
_MISSING = Text("{document}: missing in the repository", "{document}: brak w repozytorium")


@app.callback()
def command(
    context: typer.Context,
    read_back: Annotated[
        bool, typer.Option("--read-back", help="Fetch every document and compare its bytes.")
    ] = False,
    rolling: Annotated[
        bool,
        typer.Option("--rolling", help="Only tonight's share: what was not read back for longest."),
    ] = False,
    again: Annotated[
        bool, typer.Option("--send-again", help="Queue what the repository has lost; its copy is here.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Compare every archived document with the registry: hash and size, with --read-back the bytes too.

    Exit code 0 only if every document was checked and is as it should be; 1 otherwise; 2 if nothing could be
    asked.
    """
    if context.invoked_subcommand is not None:
        return
    settings, covered, finished = Settings(), None, Finished()
    with complaining(as_json=as_json), contextlib.closing(open_clinic(settings)) as database:
        if rolling:
            report, covered, finished = uvloop.run(_verify_share(database, settings, quiet=as_json))
        else:
            report = uvloop.run(_verify(database, settings, read_back=read_back, quiet=as_json))
        with database.read() as connection:
            waiting = sum(count_open(connection).values())
        queued = _send_again(database, report) if again else 0
    if as_json:
        facts = report.as_json()
        if covered:
            facts |= {"coverage": covered.as_json(), "finished": finished}
        typer.echo(orjson.dumps(facts))
    else:
        _show(report)
        if covered is not None:
            typer.echo(coverage_words(covered, language()))
        if waiting:
            typer.echo(PLANNED.fill(language(), count=waiting))
        _tell_about_missing(report, queued, again=again)
        tell_finished(finished)
    nothing = report.problem is not None and not report.checked
    raise typer.Exit(0 if report.complete else 2 if nothing else 1)


async def _verify_share(
    database: Database, settings: Settings, *, quiet: bool
) -> tuple[VerifyReport, Coverage, Finished]:
    async with opening(database, settings) as connection:
        with bar(quiet=quiet) as shown:
            line = shown.add_task(_TITLE.fill(language()), total=None)
            night = await verify_rolling(
                connection, database, progress=lambda documents: shown.advance(line, documents)
            )
        return night.report, night.coverage, await finish_interrupted(connection, database)


def _send_again(database: Database, report: VerifyReport) -> int:
    with database.begin() as connection:
        return send_again(connection, report.missing, actor="staff")


def _tell_about_missing(report: VerifyReport, queued: int, *, again: bool) -> None:
    if again:
        typer.echo(_AGAIN.fill(language(), count=queued))
    elif report.missing:
        typer.echo(_CURE.fill(language()))


async def _verify(database: Database, settings: Settings, *, read_back: bool, quiet: bool) -> VerifyReport:
    async with opening(database, settings) as connection:
        with bar(quiet=quiet) as shown:
            line = shown.add_task(_TITLE.fill(language()), total=await count(database))
            return await verify(
                connection,
                database,
                read_back=read_back,
                progress=lambda documents: shown.advance(line, documents),
            )


def _show(report: VerifyReport) -> None:
    speak = language()
    for difference in report.differing:
        typer.echo(
            _DIFFERENT.fill(speak, document=difference.document, what=_WHAT[difference.what].fill(speak))
        )
    for document in report.missing:
        typer.echo(_MISSING.fill(speak, document=document))
    counts = {"differing": len(report.differing), "missing": len(report.missing)}
    typer.echo(
        _RESULT.fill(speak, equal=report.equal, checked=report.checked, unchecked=report.unchecked, **counts)
    )
    if report.problem is not None:
        complain(report.problem, as_json=False)
