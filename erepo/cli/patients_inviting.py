"""`erepo patients`: whom the clinic has invited to the service's portal."""

import getpass
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Annotated, Literal

import orjson
import typer
from rich.table import Table

from erepo.cli.bars import waiting
from erepo.cli.desk import open_database
from erepo.cli.patients import asked_patient
from erepo.cli.words import fail_politely, wide_console
from erepo.clinic import inviting
from erepo.clinic.account import load_connection
from erepo.clinic.actor import actor_of
from erepo.clinic.database import Database
from erepo.clinic.inviting import Invitation, Wanted
from erepo.clinic.permissions import Permission, require
from erepo.clinic.rest.patients import PatientCalls
from erepo.clinic.rest.speaking import account_client
from erepo.settings import Settings
from erepo.texts import Text, language, moment_words

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Patients' access to what is shared with them."
)

Acting = Annotated[str, typer.Option("--as", metavar="LOGIN", help="Who does this: a login of the staff.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]

_ASK = (
    Text("PESEL of the patient: ", "PESEL pacjenta: "),
    Text("E-mail address (or Enter): ", "Adres e-mail (lub Enter): "),
    Text("Telephone, +48… (or Enter): ", "Telefon, +48… (lub Enter): "),
)
_INVITED = Text(
    "Invitation {id} is with the service; a message to the patient is on its way.",
    "Zaproszenie {id} zostało przyjęte przez usługę; wiadomość do pacjenta jest w drodze.",
)
_KEPT = Text(
    "Invitation {id} is kept; the next command sends it.",
    "Zaproszenie {id} zapisano; wyśle je następne polecenie.",
)
_ENDED = Text(
    "Invitation {id} has ended: the patient sees nothing of this clinic in the portal any more.",
    "Zaproszenie {id} zostało zakończone: pacjent nie widzi już w portalu niczego z tej placówki.",
)
_WAITING = Text("Telling the service…", "Zawiadamianie usługi…")
_NONE = Text("Nobody has been invited.", "Nikogo nie zaproszono.")
_HEADERS = (
    Text("Invitation", "Zaproszenie"),
    Text("State", "Stan"),
    Text("Invited", "Zaproszono"),
    Text("By", "Przez"),
    Text("Ended", "Zakończono"),
)
_STATES = {
    "sending": Text("not confirmed yet", "niepotwierdzone"),
    "invited": Text("invited", "ważne"),
    "refused": Text("refused ({reason})", "odrzucone ({reason})"),
    "ending": Text("end not confirmed yet", "zakończenie niepotwierdzone"),
    "ended": Text("ended", "zakończone"),
    "replaced": Text("replaced by a later one", "zastąpione późniejszym"),
}


@app.command("invite")
def invite(
    acting: Acting,
    speak: Annotated[
        Literal["pl", "en"], typer.Option("--language", help="Language of messages to the patient.")
    ] = "pl",
    as_json: Json = False,
) -> None:
    """Invite a patient whose identity you have checked; number and address are asked for, unseen.

    Not at a terminal, three lines are read from the standard input: PESEL, e-mail address, telephone; one of
    the last two may be empty. Codes to sign in go to the e-mail address. A new invitation of the same patient
    takes the place of the earlier one. Needs the permission `invite`.
    """
    with fail_politely():
        wanted = Wanted.read(*_asked(), speak)
        with _open(acting) as (database, portal), waiting(_WAITING.fill(language())):
            inviting.resume(database, portal)
            made = inviting.invite(database, portal, wanted, acting)
    _tell(made, _KEPT if made.state == "sending" else _INVITED, as_json=as_json)


@app.command("list")
def list_all(
    patient: Annotated[
        bool, typer.Option("--patient", help="Only of the patient whose number is asked for, unseen.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List invitations, the newest first; neither numbers nor addresses are shown."""
    with fail_politely():
        who = asked_patient() if patient else None
        with open_database() as database:
            found = inviting.invitations(database, who)
    if as_json:
        typer.echo(orjson.dumps([each.as_json() for each in found]))
        return
    wide_console().print(_table(found) if found else _NONE.fill(language()))


@app.command("remove")
def remove(
    invitation: Annotated[
        str, typer.Argument(metavar="INVITATION", help="As `erepo patients list` shows it.")
    ],
    acting: Acting,
    reason: Annotated[str, typer.Option(help="Why; it is kept by the service. Name nobody.")],
    as_json: Json = False,
) -> None:
    """End a patient's access to what this clinic shares; the documents and consents stay as they are.

    It acts at once, also on somebody who is signed in. Needs the permission `invite`.
    """
    with fail_politely(), _open(acting) as (database, portal), waiting(_WAITING.fill(language())):
        inviting.resume(database, portal)
        made = inviting.remove(database, portal, invitation, acting, reason)
    _tell(made, _ENDED, as_json=as_json)


@contextmanager
def _open(login: str) -> Iterator[tuple[Database, PatientCalls]]:
    """Open the clinic, and its account on behalf of a person."""
    settings = Settings()
    with open_database() as database:
        with database.read() as connection:
            user = require(connection, login, Permission.INVITE)
        account = load_connection(database, settings)
        account = replace(account, actor=actor_of(user, account.account))
        with account_client(account) as client:
            yield database, PatientCalls(client, account.wss)


def _asked() -> tuple[str, str, str]:
    if sys.stdin.isatty():
        number = getpass.getpass(_ASK[0].fill(language()))
        return number, input(_ASK[1].fill(language())), input(_ASK[2].fill(language()))
    number, email, phone = (sys.stdin.readline().strip() for _ in _ASK)
    return number, email, phone


def _tell(made: Invitation, words: Text, *, as_json: bool) -> None:
    if as_json:
        typer.echo(orjson.dumps(made.as_json()))
    else:
        typer.echo(words.fill(language(), id=made.id))


def _table(found: Sequence[Invitation]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for header in _HEADERS:
        table.add_column(header.fill(language()))
    for each in found:
        state = _STATES[each.state].fill(language(), reason=each.reason or "-")
        ended = moment_words(each.ended_at) if each.ended_at else "-"
        table.add_row(each.id, state, moment_words(each.invited_at), each.invited_by, ended)
    return table
