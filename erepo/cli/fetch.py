"""`erepo fetch`: documents of other providers, from their repositories into this clinic."""

import asyncio
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console

from erepo.cli import fetch_repositories
from erepo.cli.desk import open_database
from erepo.cli.patients import given_patient
from erepo.cli.words import fail_politely
from erepo.clinic.database import Database
from erepo.clinic.fetching import Desk, Fetched, FetchReport, Wanted, connect, fetch, read_place
from erepo.clinic.intake import Intake, Status
from erepo.settings import Settings
from erepo.texts import Text, language

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Fetch documents from repositories of other providers.",
)
app.add_typer(fetch_repositories.app, name="repositories")

_WORDS = {
    Status.TAKEN: Text("taken in as {id}", "przyjęto jako {id}"),
    Status.KNOWN: Text("already known as {id}", "znany wcześniej jako {id}"),
    Status.REFUSED: Text("refused", "nie przyjęto"),
}


@app.command("documents")
def documents(
    repository: Annotated[
        str, typer.Argument(metavar="REPOSITORY", help="Name, as `erepo fetch repositories list` shows it.")
    ],
    ids: Annotated[list[str], typer.Argument(metavar="UNIQUE-ID…", help="uniqueId of each document.")],
    sha1: Annotated[str, typer.Option(help="SHA-1 in hex that the one document must have.")] = "",
    size: Annotated[int | None, typer.Option(min=1, help="Bytes that the one document must have.")] = None,
    patient: Annotated[
        str,
        typer.Option(
            help="`-`: for documents that do not name their patient, the one whose PESEL or HL7 CX stands on"
            " the input, or is asked for."
        ),
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON array.")] = False,
) -> None:
    """Fetch documents (ITI-43), check each, and take it in as a foreign one. May be repeated at any moment.

    Hash and size are held against the entry in the foreign registry where its address is known, and against
    the options. Exits with 0 only if nothing was refused.
    """
    if len(ids) > 1 and (sha1 or size is not None):
        raise typer.BadParameter("--sha1 and --size go with one document")
    with fail_politely():
        whose = given_patient(patient)
        wanted = [Wanted(one, sha1.lower(), size, whose) for one in dict.fromkeys(ids)]
        with open_database() as database:
            report = asyncio.run(_fetch(database, repository, wanted))
    if as_json:
        typer.echo(orjson.dumps([_as_json(one) for one in report.documents]))
    else:
        _show(report)
    if not report.complete:
        raise typer.Exit(1)


async def _fetch(database: Database, name: str, wanted: list[Wanted]) -> FetchReport:
    settings = Settings()
    with database.read() as connection:
        place = read_place(connection, name)
    async with connect(database, settings, place) as cloud:
        return await fetch(Desk(cloud, place, database, Intake.at(database, settings), "staff"), wanted)


def _show(report: FetchReport) -> None:
    speak, errors = language(), Console(stderr=True)
    for one in report.documents:
        if one.reason:
            words = f"{one.unique_id}: {' '.join(one.reason.explain(speak))}"
            errors.print(words, style="red", markup=False, highlight=False, soft_wrap=True)
        else:
            typer.echo(f"{one.unique_id}: {_WORDS[one.status].fill(speak, id=one.public_id)}")


def _as_json(one: Fetched) -> dict[str, Any]:
    described: dict[str, Any] = {"unique_id": one.unique_id, "status": one.status.value, "id": one.public_id}
    if one.reason:
        english, polish = one.reason.explain("en"), one.reason.explain("pl")
        described |= {
            "code": one.reason.code,
            "cause": {"en": english[0], "pl": polish[0]},
            "cure": {"en": english[1], "pl": polish[1]},
        }
    return described
