"""`erepo documents delete`: delete documents in the repository (manual 1.5)."""

import contextlib
from typing import Annotated

import orjson
import typer
import uvloop

from erepo.cli.complaints import complaining
from erepo.cli.confirming import confirmed
from erepo.clinic.database import Database, open_clinic
from erepo.clinic.deleting import Deleted, check_deletable, delete_documents, finish_deletions
from erepo.clinic.repositories import opening
from erepo.settings import Settings
from erepo.texts import Text, language

_SURE = Text(
    "Delete {count} documents in the repository, and their content here, FOR GOOD?",
    "BEZPOWROTNIE usunąć dokumenty ({count}) z repozytorium wraz z treścią lokalną?",
)
_DELETED = Text("{count} deleted.", "Usunięto: {count}.")


def delete(
    login: Annotated[str, typer.Option("--as", help="Login of the person who orders it.")],
    ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="ID…", help="Ids of documents; none: only finish what was interrupted."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for a confirmation.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Delete documents in the repository, and their content here.

    Only prescriptions and referrals to a specialist, to a hospital, for a diagnostic test sent to P1 and for
    rehabilitation; never under a legal hold. All of the ids may be deleted, or nothing is. What interrupted
    calls left is finished first. Exit code 0 only if all are gone; 1 if some are not; 2 if nothing could be
    done.
    """
    if ids and as_json and not yes:
        raise typer.BadParameter("--json needs --yes")
    settings = Settings()
    with complaining(as_json=as_json), contextlib.closing(open_clinic(settings)) as database:
        if ids and not yes:
            # Nobody is asked to confirm what would be refused.
            check_deletable(database, ids, login)
            if not confirmed(_SURE.fill(language(), count=len(set(ids)))):
                raise typer.Abort
        done = uvloop.run(_delete(database, settings, ids or [], login))
    if as_json:
        typer.echo(orjson.dumps(done))
    else:
        _show(done)
    raise typer.Exit(1 if done.failed else 0)


async def _delete(database: Database, settings: Settings, ids: list[str], login: str) -> Deleted:
    async with opening(database, settings) as cloud:
        finished = await finish_deletions(cloud, database)
        return await delete_documents(cloud, database, ids, login) if ids else finished


def _show(done: Deleted) -> None:
    speak = language()
    typer.echo(_DELETED.fill(speak, count=len(done.deleted)))
    for one in done.failed:
        cause, cure = (one.cause_pl, one.cure_pl) if speak == "pl" else (one.cause_en, one.cure_en)
        typer.echo(f"{one.document} {one.code}: {cause} {cure}")


def add_to(app: typer.Typer) -> None:
    """Put the command into its group."""
    app.command("delete")(delete)
