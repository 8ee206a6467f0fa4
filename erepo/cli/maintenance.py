"""`erepo maintenance`: a pause of everything that deposits (manual 2.7)."""

from datetime import datetime
from typing import Annotated

import orjson
import typer

from erepo.cli.bars import waiting
from erepo.cli.desk import open_database, open_prefect
from erepo.cli.words import fail_politely, tell_trouble
from erepo.clinic.maintenance import Window, coming_windows, end_windows, open_window, paused_schedules
from erepo.clinic.tables import now
from erepo.clinic.times import WARSAW
from erepo.errors import ErepoError
from erepo.settings import Settings
from erepo.texts import Text, language, moment_words

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="A pause of everything that deposits, while the service is worked on (manual 2.7).",
)

#: The deployment that brings Prefect's schedules into line with the clinic's own table.
DEPLOYMENT = "maintenance-window/on-demand"
_WAIT = 120.0
_FORMATS = ["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d"]

_SPAN = Text(
    "Depositing is paused from {begin} to {end}.", "Deponowanie jest wstrzymane od {begin} do {end}."
)
_NONE = Text("No pause is on or planned.", "Nie ma trwającej ani zaplanowanej przerwy.")
_ENDED = Text("Depositing goes on.", "Deponowanie zostało wznowione.")
_PAUSED = Text("Paused schedules: {names}.", "Wstrzymane harmonogramy: {names}.")
_WAITING = Text("Waiting for Prefect to change its schedules…", "Prefect zmienia harmonogramy…")
_NO_PREFECT = Text(
    "This holds for every archiving at once, but Prefect's schedules were not changed: {cause}",
    "Obowiązuje to natychmiast każdą archiwizację, ale nie zmieniono harmonogramów w Prefect: {cause}",
)
_LATER = Text(
    "Runs that start inside the pause refuse by themselves. Start the deployment {deployment} with the action"
    " `apply` once Prefect runs.",
    "Uruchomienia rozpoczęte w czasie przerwy odmówią pracy. Gdy Prefect będzie działał, uruchom wdrożenie"
    " {deployment} z akcją `apply`.",
)

_Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.command()
def start(
    until: Annotated[
        datetime, typer.Option("--until", formats=_FORMATS, help="End of the pause, Polish time.")
    ],
    begin: Annotated[
        datetime | None, typer.Option("--from", formats=_FORMATS, help="Its beginning; without: now.")
    ] = None,
    without_prefect: Annotated[
        bool, typer.Option("--without-prefect", help="Leave Prefect's schedules alone.")
    ] = False,
    as_json: _Json = False,
) -> None:
    """Pause everything that deposits until a time; it goes on by itself afterwards.

    Batches in hand are finished, none is begun. Pauses that overlap become one.
    """
    with fail_politely(), open_database() as database:
        begins = begin.replace(tzinfo=WARSAW) if begin else now()
        window = open_window(database, begins, until.replace(tzinfo=WARSAW), actor="staff")
        applied = without_prefect or _apply()
        typer.echo(orjson.dumps(_as_json(window)) if as_json else _span(window))
    raise typer.Exit(0 if applied else 1)


@app.command()
def end(
    everything: Annotated[
        bool, typer.Option("--all", help="Cancel planned pauses as well, not only the one that is on.")
    ] = False,
    without_prefect: Annotated[
        bool, typer.Option("--without-prefect", help="Leave Prefect's schedules alone.")
    ] = False,
) -> None:
    """End the pause now: depositing may begin again at once."""
    with fail_politely(), open_database() as database:
        end_windows(database, everything=everything, actor="staff")
        applied = without_prefect or _apply()
        typer.echo(_ENDED.fill(language()))
    raise typer.Exit(0 if applied else 1)


@app.command()
def status(as_json: _Json = False) -> None:
    """Show the pause that is on, and those that are planned."""
    with fail_politely(), open_database() as database:
        windows, paused = coming_windows(database), paused_schedules(database)
    moment = now()
    if as_json:
        content = {
            "open": any(one.is_open(moment) for one in windows),
            "windows": [_as_json(one) for one in windows],
            "pausedSchedules": [one.name for one in paused],
        }
        typer.echo(orjson.dumps(content))
        return
    typer.echo("\n".join(map(_span, windows)) or _NONE.fill(language()))
    if paused:
        typer.echo(_PAUSED.fill(language(), names=", ".join(one.name for one in paused)))


def _apply() -> bool:
    """Have the deployment pause or resume schedules; say so where it could not."""
    try:
        with waiting(_WAITING.fill(language())), open_prefect(Settings()) as prefect:
            prefect.run(DEPLOYMENT, {"action": "apply"}, limit=_WAIT)
    except ErepoError as error:
        cause, _ = error.explain(language())
        tell_trouble(
            _NO_PREFECT.fill(language(), cause=cause), _LATER.fill(language(), deployment=DEPLOYMENT)
        )
        return False
    return True


def _as_json(window: Window) -> dict[str, str]:
    return {"startsAt": window.starts_at.isoformat(), "endsAt": window.ends_at.isoformat()}


def _span(window: Window) -> str:
    begin, end = map(moment_words, (window.starts_at, window.ends_at))
    return _SPAN.fill(language(), begin=begin, end=end)
