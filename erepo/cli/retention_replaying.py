"""`erepo retention replay`: destroy again what a restored backup has brought back."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated

import orjson
import typer
import uvloop

from erepo.cli.complaints import complain
from erepo.cli.desk import open_database
from erepo.cli.retention_destroying import carry_out
from erepo.cli.words import fail_politely, tell_trouble
from erepo.clinic.archiving.results import Problem
from erepo.clinic.database import Database
from erepo.clinic.retention import Destruction, Replay, adopt, begin_replay, read_proposals, write_protocol
from erepo.clinic.retention.errors import ProtocolUntrusted
from erepo.settings import Settings
from erepo.texts import Text, language

_DONE = Text(
    "Brought back by a backup: {begun}. Destroyed in confirmed destructions: {destroyed}; begun, not"
    " finished: {open}. On their way, later: {waiting}.",
    "Przywrócone z kopii zapasowej: {begun}. Wybrakowane w zatwierdzonych brakowaniach: {destroyed};"
    " rozpoczęte, niedokończone: {open}. W trakcie przesyłania, później: {waiting}.",
)
_NOTHING = Text(
    "Nothing that was destroyed has come back.", "Nie wróciło nic z tego, co zostało wybrakowane."
)


@dataclass
class _Told:
    """What a call has done."""

    replay: Replay
    destroyed: int = 0
    open: int = 0
    problem: Problem | None = field(default=None)

    @property
    def complete(self) -> bool:
        return not (self.open or self.replay.waiting or self.replay.untrusted)


def replay(
    source: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="FOLDER",
            file_okay=False,
            exists=True,
            help="First take over what a copy of clinic/destruction/erased says, for instance from a newer"
            " backup.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Destroy again what a restored backup of the database has brought back: there, here, and by name.

    Run it after restoring any backup. What was destroyed stands in clinic/destruction/erased, sealed, beside
    the database; never restore an older copy of that folder. Nobody confirms anew: two people have. May be
    repeated; archiving and the nightly verifying do the same. Exit code 0 only when nothing is left.
    """
    settings = Settings()
    with fail_politely(), open_database() as database:
        untrusted = adopt(settings, source) if source else 0
        found = begin_replay(database, settings)
        found.untrusted += untrusted
        told = _Told(found)
        for done in _carried_out(database, settings):
            told.destroyed, told.open = told.destroyed + done.destroyed, told.open + done.open
            told.problem = told.problem or done.problem
    _tell(told, as_json=as_json)
    raise typer.Exit(0 if told.complete else 1)


def _carried_out(database: Database, settings: Settings) -> list[Destruction]:
    with database.read() as connection:
        confirmed = [one for one in read_proposals(connection) if one.state == "confirmed"]
    done = []
    for found in confirmed:
        done.append(uvloop.run(carry_out(database, settings, found)))
        write_protocol(database, settings, found.id)
    return done


def _tell(told: _Told, *, as_json: bool) -> None:
    facts = asdict(told.replay) | {"destroyed": told.destroyed, "open": told.open}
    if as_json:
        typer.echo(orjson.dumps(facts | {"problem": told.problem}))
        return
    spoken = language()
    quiet = told.complete and not (told.replay.begun or told.destroyed)
    typer.echo((_NOTHING if quiet else _DONE).fill(spoken, **facts))
    if told.replay.untrusted:
        tell_trouble(*ProtocolUntrusted(proposal="-").explain(spoken))
    if told.problem is not None:
        complain(told.problem, as_json=False)


def add_to(app: typer.Typer) -> None:
    """Put the command into its group."""
    app.command("replay")(replay)
