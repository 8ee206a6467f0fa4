"""`erepo share`: write a consent down, and send it (manual 1.2 "Udostępnij", 1.4 "Wyślij")."""

import getpass
import sys
from typing import Annotated, Final

import orjson
import typer
import uvloop

from erepo.cli.bars import waiting
from erepo.cli.complaints import complain, complaining
from erepo.cli.consent_words import state_words
from erepo.cli.desk import open_database, open_prefect
from erepo.clinic.database import Database
from erepo.clinic.repositories import opening
from erepo.clinic.sharing import Channel, Recipient, Shared, Wanted, draft, settle, share
from erepo.clinic.sharing.errors import RecipientWrong
from erepo.settings import Settings
from erepo.texts import Text, language

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Share documents with their patient, a person or another account, by a consent (manual 1.4).",
)

DEPLOYMENT: Final = "share-documents/on-demand"
_ASK_NUMBER = Text("Recipient (PESEL, NPWZ or HL7 CX): ", "Odbiorca (PESEL, NPWZ lub HL7 CX): ")
_ASK_NAME = Text("Name of the recipient (may be empty): ", "Imię i nazwisko odbiorcy (może być puste): ")
_ASK_MATTER = Text("Reason: ", "Sprawa: ")
_DRAFTED = Text(
    "{consent}\nA draft; nothing was sent. Send it: erepo share send {consent} --as {login}",
    "{consent}\nZgoda robocza; niczego nie wysłano. Wyślij: erepo share send {consent} --as {login}",
)
_TOLD = Text(
    "Consent {consent}: {state}. Documents: {documents}; put into the repository now: {archived}.",
    "Zgoda {consent}: {state}. Dokumenty: {documents}; zarchiwizowane teraz: {archived}.",
)
_SENDING = Text("Sending the consent…", "Wysyłanie zgody…")
_STARTED = Text("Started in Prefect: {address}", "Uruchomiono w Prefect: {address}")
As = Annotated[str, typer.Option("--as", help="Login of the person who shares (`erepo structure`).")]
_Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


@app.command("new")
def new(
    ids: Annotated[list[str], typer.Argument(metavar="ID…", help="Ids of documents, all of one patient.")],
    login: As,
    until: Annotated[
        str, typer.Option("--until", metavar="TIME", help="Last day, or the moment it ends, Polish time.")
    ],
    recipient: Annotated[
        str,
        typer.Option("--to", help="Whom for: `patient`, `person`, or the 16 digits of another account."),
    ] = "patient",
    since: Annotated[
        str, typer.Option("--from", metavar="TIME", help="First day, or the moment it begins; empty: now.")
    ] = "",
    send: Annotated[bool, typer.Option("--send", help="Send it at once.")] = False,
    as_json: _Json = False,
) -> None:
    """Write a consent down, and send it if asked.

    What may tell who somebody is stands on the input, never among the arguments: for `--to person` first the
    recipient's number (PESEL, NPWZ or HL7 CX) and name, a line each; then the reason ("Sprawa") in one line.
    On a terminal they are asked for. A consent is never changed, only sent and revoked.
    """
    settings = Settings()
    with complaining(as_json=as_json), open_database() as database:
        whom = _recipient(recipient)
        wanted = Wanted(ids, whom, since, until, _line(_ASK_MATTER))
        name = draft(database, wanted, login)
        if send:
            with waiting(_SENDING.fill(language())):
                done = uvloop.run(_send(database, settings, name, login))
        elif as_json:
            typer.echo(orjson.dumps({"consent": name, "state": "draft"}))
        else:
            typer.echo(_DRAFTED.fill(language(), consent=name, login=login))
    if send:
        _show(done, as_json=as_json)


@app.command("send")
def send_consent(
    consent: Annotated[str, typer.Argument(metavar="CONSENT", help="Id of the consent.")],
    login: As,
    in_prefect: Annotated[
        bool, typer.Option("--in-prefect", help="Start the run in Prefect instead of here.")
    ] = False,
    as_json: _Json = False,
) -> None:
    """Send a consent; what is not in the repository yet is archived first.

    May be repeated at any moment: the same consent is never given twice. What cannot be finished now goes on
    by itself. Exit code 0 only if the service has it; 1 if not; 2 if nothing could be done.
    """
    settings = Settings()
    with complaining(as_json=as_json), open_database() as database:
        if in_prefect:
            with open_prefect(settings) as prefect:
                started = prefect.start(DEPLOYMENT, {"acting_user": login, "consent": consent})
            typer.echo(_STARTED.fill(language(), address=started.address))
            return
        with waiting(_SENDING.fill(language())):
            done = uvloop.run(_send(database, settings, consent, login))
    _show(done, as_json=as_json)


async def _send(database: Database, settings: Settings, name: str, login: str) -> Shared:
    async with opening(database, settings) as cloud:
        channel = Channel.of(cloud, database)
        done = await share(channel, name, login)
        # Also what an interrupted command of somebody else has left.
        await settle(channel)
        return done


def _recipient(text: str) -> Recipient:
    match text.strip().lower():
        case "patient":
            return Recipient.patient()
        case "person":
            number = _line(_ASK_NUMBER, unseen=True)
            return Recipient.person(number, _line(_ASK_NAME))
        case account if account.isdecimal():
            return Recipient.of_account(account)
        case _:
            # It may be a number that somebody has typed here: it is not repeated.
            raise RecipientWrong(field="--to")


def asked_recipient() -> Recipient:
    """Return the person whose number is typed unseen, or stands on the input.

    Raises:
        RecipientWrong: it is no number of a person.
    """
    return Recipient.person(_line(_ASK_NUMBER, unseen=True))


def _line(question: Text, *, unseen: bool = False) -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    ask = getpass.getpass if unseen else input
    return ask(question.fill(language()))


def _show(done: Shared, *, as_json: bool) -> None:
    if as_json:
        typer.echo(orjson.dumps(done.as_json()))
    else:
        words = state_words(done.state, language())
        told = _TOLD.fill(
            language(), consent=done.consent, state=words, documents=done.documents, archived=done.archived
        )
        typer.echo(told)
        if done.problem is not None:
            complain(done.problem, as_json=False)
    raise typer.Exit(0 if done.done else 1)
