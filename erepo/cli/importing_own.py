"""`erepo import --patients-own`: collect what patients gave through the service."""

import orjson
import typer

from erepo.cli.words import fail_politely
from erepo.clinic.account import load_connection
from erepo.clinic.database import open_clinic
from erepo.clinic.patients_own import Collected, Collector, collect
from erepo.clinic.rest.speaking import account_client
from erepo.settings import Settings
from erepo.texts import Text, language

_SUM = Text(
    "Documents of patients: {taken} taken in, {known} already known, {refused} put aside, {failed} left for"
    " the next time.",
    "Dokumenty pacjentów: przyjęto {taken}, znane wcześniej: {known}, odłożono: {refused}, pozostawiono na"
    " następny raz: {failed}.",
)
_REASON = Text("{code}: {count}", "{code}: {count}")
_ASIDE = Text(
    "What was put aside lies in {folder}; its patients read why in general words.",
    "Odłożone pliki leżą w {folder}; pacjenci widzą ogólną przyczynę.",
)


def run(*, as_json: bool) -> None:
    """Collect, tell what became of all, and exit with 0 only if nothing was put aside or left."""
    settings = Settings()
    with fail_politely():
        done, folder = _collect(settings)
    if as_json:
        typer.echo(orjson.dumps(done.as_json()))
    else:
        _show(done, folder)
    if done.refused or done.failed:
        raise typer.Exit(1)


def _collect(settings: Settings) -> tuple[Collected, str]:
    database = open_clinic(settings)
    try:
        connection = load_connection(database, settings)
        with account_client(connection) as client:
            desk = Collector(client, connection.account, database, settings)
            return collect(desk), str(desk.aside)
    finally:
        database.close()


def _show(done: Collected, folder: str) -> None:
    spoken = language()
    counts = {"taken": done.taken, "known": done.known, "refused": done.refused, "failed": done.failed}
    typer.echo(_SUM.fill(spoken, **counts))
    for code, count in sorted(done.reasons.items()):
        typer.echo(_REASON.fill(spoken, code=code, count=count), err=True)
    if done.refused:
        typer.echo(_ASIDE.fill(spoken, folder=folder), err=True)
