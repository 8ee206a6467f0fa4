"""`erepo api webhooks`: who is told when a document changes its state, and how that goes."""

from typing import Annotated

import orjson
import typer
from rich.console import Console

from erepo.api.webhooks.registering import Webhook, add_webhook, list_webhooks, remove_webhook
from erepo.api.webhooks.registering import retry as retry_webhook
from erepo.api.webhooks.sending import ABSENT, REFUSED, TIMEOUT
from erepo.cli.desk import open_database
from erepo.cli.words import fail_politely
from erepo.clinic.states import State
from erepo.settings import Settings
from erepo.texts import Text, language

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Who is told when a document changes its state.",
)

_NONE = Text("There are no webhooks.", "Nie ma żadnych webhooków.")
_ADDED = Text(
    "Webhook {id} is added. What is sent is signed with this secret, shown this once:",
    "Dodano webhook {id}. Powiadomienia są podpisywane tym kluczem, pokazywanym tylko teraz:",
)
_REMOVED = Text("Webhook {id} is removed.", "Usunięto webhook {id}.")
_RETRIED = Text("Deliveries tried again: {count}.", "Powiadomienia do ponowienia: {count}.")
_ALL = Text("all states", "wszystkie stany")
_COUNTS = Text(
    "pending {pending}, delivered {delivered}, failed {failed}",
    "oczekujące: {pending}, dostarczone: {delivered}, nieudane: {failed}",
)
_LAST = Text("last problem: {problem}", "ostatni problem: {problem}")
_PROBLEMS = {
    ABSENT: Text("no connection", "brak połączenia"),
    REFUSED: Text("the address may not be called", "pod ten adres nie wolno wysyłać"),
    TIMEOUT: Text("no answer in time", "brak odpowiedzi w wyznaczonym czasie"),
}

_Id = Annotated[str, typer.Argument(metavar="ID", help="As `list` shows it.")]


@app.command("add")
def add(
    url: Annotated[str, typer.Argument(metavar="URL", help="https address that takes a POST.")],
    state: Annotated[
        list[State] | None, typer.Option(help="Only changes to this state; may be repeated. Usually: all.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Tell an address of every change of a document's state from now on."""
    with fail_politely(), open_database() as database:
        settings = Settings()
        private, passphrase = settings.api.webhook_private, settings.passphrase
        with database.begin() as connection:
            states = [one.value for one in state or ()]
            made = add_webhook(
                connection, url, states, secret=None, private=private, actor="staff", passphrase=passphrase
            )
        if as_json:
            typer.echo(orjson.dumps({"id": made.id, "secret": made.secret}))
            return
        typer.echo(_ADDED.fill(language(), id=made.id), err=True)
        typer.echo(made.secret)


@app.command("list")
def list_all(
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON array.")] = False,
) -> None:
    """List webhooks with what is pending, what was delivered lately, and what was given up."""
    with fail_politely(), open_database() as database, database.read() as connection:
        found = list_webhooks(connection)
    if as_json:
        typer.echo(orjson.dumps([one.as_json() for one in found]))
        return
    console = Console()
    if not found:
        console.print(_NONE.fill(language()))
    for one in found:
        _show(one, console)


@app.command("remove")
def remove(webhook: _Id) -> None:
    """Remove a webhook; what was still to be delivered to it is dropped."""
    with fail_politely(), open_database() as database:
        with database.begin() as connection:
            remove_webhook(connection, webhook, actor="staff")
        typer.echo(_REMOVED.fill(language(), id=webhook))


@app.command("retry")
def retry(webhook: _Id) -> None:
    """Try again what was given up, once the receiver is well."""
    with fail_politely(), open_database() as database:
        with database.begin() as connection:
            count = retry_webhook(connection, webhook, actor="staff")
        typer.echo(_RETRIED.fill(language(), count=count))


def _show(one: Webhook, console: Console) -> None:
    speak = language()
    console.print(f"{one.id}  {one.url}", style="bold", markup=False, highlight=False, soft_wrap=True)
    counts = _COUNTS.fill(speak, pending=one.pending, delivered=one.delivered, failed=one.failed)
    console.print(f"  {' '.join(one.states) or _ALL.fill(speak)}; {counts}", markup=False, highlight=False)
    if one.last_problem:
        words = _PROBLEMS.get(one.last_problem)
        problem = words.fill(speak) if words else one.last_problem
        console.print(f"  {_LAST.fill(speak, problem=problem)}", markup=False, highlight=False)
