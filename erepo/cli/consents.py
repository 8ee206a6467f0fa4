"""`erepo consents`: the register of consents ("Rejestr zgód", manual 1.4), and revoking them."""

from datetime import datetime, timedelta
from typing import Annotated, Any

import orjson
import typer
import uvloop
from rich.console import Console
from rich.table import Table

from erepo.cda.kinds import KINDS, Kind
from erepo.cli.bars import waiting
from erepo.cli.complaints import complain, complaining
from erepo.cli.confirming import confirmed
from erepo.cli.consent_words import event_words, parse_state, state_words
from erepo.cli.desk import open_database, open_prefect
from erepo.cli.patients import asked_patient
from erepo.cli.share import asked_recipient
from erepo.cli.words import fail_politely, wide_console
from erepo.clinic.database import Database
from erepo.clinic.reading.errors import FilterWrong
from erepo.clinic.repositories import opening
from erepo.clinic.sharing import (
    REASON,
    Change,
    Channel,
    ConsentState,
    Details,
    Line,
    Revocation,
    Search,
    Settled,
    deliver,
    find,
    history,
    order_revocation,
    settle,
    show,
)
from erepo.clinic.sharing.words import RECIPIENT_WORDS
from erepo.clinic.times import WARSAW
from erepo.identifiers.hl7 import CX
from erepo.settings import Settings
from erepo.texts import Language, Text, end_words, language, moment_words

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Register of consents: list, search, show, history, revoke (manual 1.4).",
)

DEPLOYMENT = "revoke-consent/on-demand"
_COUNT = Text("Documents", "Dokumenty")
_HEADS = (
    Text("Consent", "Zgoda"),
    Text("State", "Stan"),
    Text("Recipient", "Odbiorca"),
    Text("From", "Od"),
    Text("Until", "Do"),
    _COUNT,
)
_NONE = Text("No consent fits.", "Żadna zgoda nie spełnia warunków.")
_MORE = Text("More: erepo consents list … --after {last}", "Dalej: erepo consents list … --after {last}")
_PATIENT, _NUMBER = Text("Patient", "Pacjent"), Text("Identifier", "Numer pacjenta")
_RECIPIENT, _MATTER = Text("Recipient", "Odbiorca"), Text("Reason", "Sprawa")
_BY, _WRITTEN = Text("Written down by", "Wprowadził(a)"), Text("Written down", "Wprowadzono")
_SENT_BY, _CONFIRMED = Text("Sent by", "Wysłał(a)"), Text("At the service since", "W usłudze od")
_ENDED_BY, _ENDED = Text("Revoked by", "Odwołał(a)"), Text("Revoked", "Odwołano")
_REPLACED = Text(
    "replaced by a newer version, which the recipient does not see",
    "zastąpiony nowszą wersją, której odbiorca nie widzi",
)
_SURE = Text("Revoke the consent {consent} for good?", "Odwołać zgodę {consent}? Nie można tego cofnąć.")
_TOLD = Text("Consent {consent}: {state}.", "Zgoda {consent}: {state}.")
_SETTLED = Text(
    "Sent: {sent}. Revoked: {revoked}. Refused: {refused}. Begun: {begun}. Expired: {expired}. Open: {open}.",
    "Wysłane: {sent}. Odwołane: {revoked}. Odrzucone: {refused}. Rozpoczęte: {begun}. Wygasłe: {expired}."
    " Otwarte: {open}.",
)
_REVOKING = Text("Telling the service…", "Zawiadamianie usługi…")
_FINISHING = Text("Finishing what is open…", "Kończenie otwartych spraw…")
_STARTED = Text("Started in Prefect: {address}", "Uruchomiono w Prefect: {address}")
_Id = Annotated[str, typer.Argument(metavar="CONSENT", help="Id of the consent.")]
_Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
_Limit = Annotated[int, typer.Option(min=1, max=10_000, help="Consents on one page.")]
_After = Annotated[str, typer.Option(help="The page after the consent of this id.")]
_States = Annotated[list[str] | None, typer.Option("--state", help="Only in this state; may be repeated.")]


@app.command("list")
def list_consents(  # noqa: PLR0913, PLR0917 - an option for each filter
    state: _States = None,
    only_open: Annotated[bool, typer.Option("--open", help="Only those that hold, or are about to.")] = False,
    document: Annotated[str, typer.Option(help="Only those that name the document of this id.")] = "",
    account: Annotated[str, typer.Option(help="Only those for this account, 16 digits.")] = "",
    valid_on: Annotated[
        str,
        typer.Option("--valid-on", metavar="YYYY-MM-DD", help="Only those whose time includes noon then."),
    ] = "",
    limit: _Limit = 50,
    after: _After = "",
    as_json: _Json = False,
) -> None:
    """List consents, the latest first. Nothing of a patient or a recipient is shown."""
    with fail_politely():
        wanted = Search(
            states=[parse_state(one) for one in state or ()],
            open=only_open,
            document=document,
            account=account,
            valid_at=_noon(valid_on),
            limit=limit,
            after=after,
        )
        found = _found(wanted)
    _print(found, limit, as_json=as_json)


@app.command("search")
def search(
    by_recipient: Annotated[
        bool, typer.Option("--recipient", help="The number is that of the recipient, not of the patient.")
    ] = False,
    state: _States = None,
    limit: _Limit = 50,
    after: _After = "",
    as_json: _Json = False,
) -> None:
    """List the consents of a patient, or for a person; the number is typed unseen, or stands on the input."""
    with fail_politely():
        states = [parse_state(one) for one in state or ()]
        wanted = (
            Search(states=states, recipient=_asked_recipient(), limit=limit, after=after)
            if by_recipient
            else Search(states=states, patient=asked_patient(), limit=limit, after=after)
        )
        found = _found(wanted)
    _print(found, limit, as_json=as_json)


@app.command("show")
def show_consent(
    consent: _Id,
    login: Annotated[str, typer.Option("--as", help="Login of the person who reads (`erepo structure`).")],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON, without patient, recipient and reason.")
    ] = False,
) -> None:
    """Show one consent with its patient, recipient and reason; the history notes who looked."""
    with fail_politely(), open_database() as database:
        found = show(database, consent, login)
    if as_json:
        typer.echo(orjson.dumps(found.as_json()))
        return
    _print_one(found, Console(), language())


@app.command("history")
def show_history(consent: _Id, as_json: _Json = False) -> None:
    """Show what happened to a consent: when, what, and by whom."""
    with fail_politely(), open_database() as database, database.read() as connection:
        found = history(connection, consent)
    if as_json:
        typer.echo(orjson.dumps([_as_json(one) for one in found]))
        return
    _print_history(found)


@app.command("revoke")
def revoke_consent(
    consent: _Id,
    login: Annotated[str, typer.Option("--as", help="Login of the person who revokes (`erepo structure`).")],
    reason: Annotated[
        str, typer.Option(help="Why; goes to the service. Nothing that tells who somebody is.")
    ] = REASON,
    in_prefect: Annotated[
        bool, typer.Option("--in-prefect", help="Start the run in Prefect instead of here.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for a confirmation.")] = False,
    as_json: _Json = False,
) -> None:
    """Revoke a consent: from now on nobody sees anything by it, downloads under way included.

    It is written down first. Where the service cannot be reached it is repeated by itself until the service
    has confirmed it. Exit code 0 only if it has; 1 if not yet; 2 if nothing could be done.
    """
    if as_json and not yes:
        raise typer.BadParameter("--json needs --yes")
    settings = Settings()
    with complaining(as_json=as_json), open_database() as database:
        if not yes and not confirmed(_SURE.fill(language(), consent=consent)):
            raise typer.Abort
        if in_prefect:
            with open_prefect(settings) as prefect:
                started = prefect.start(DEPLOYMENT, {"acting_user": login, "consent": consent})
            typer.echo(_STARTED.fill(language(), address=started.address))
            return
        state = order_revocation(database, consent, login, reason)
        done = Revocation(consent, state)
        if state is ConsentState.REVOKING:
            with waiting(_REVOKING.fill(language())):
                done = uvloop.run(_deliver(database, settings, consent))
    if as_json:
        typer.echo(orjson.dumps(done.as_json()))
    else:
        words = state_words(done.state, language())
        typer.echo(_TOLD.fill(language(), consent=consent, state=words))
        if done.problem is not None:
            complain(done.problem, as_json=False)
    raise typer.Exit(0 if done.state == "revoked" else 1)


@app.command("settle")
def settle_consents(as_json: _Json = False) -> None:
    """Finish what is open: consents half-sent, revocations unconfirmed. Runs by itself every ten minutes.

    Exit code 0 only if nothing is open any more; 1 if something is; 2 if nothing could be done.
    """
    settings = Settings()
    with complaining(as_json=as_json), open_database() as database, waiting(_FINISHING.fill(language())):
        done = uvloop.run(_settle(database, settings))
    if as_json:
        typer.echo(orjson.dumps(done.as_json()))
    else:
        counts = {
            name: getattr(done, name) for name in ("sent", "revoked", "refused", "begun", "expired", "open")
        }
        typer.echo(_SETTLED.fill(language(), **counts))
        if done.problem is not None:
            complain(done.problem, as_json=False)
    raise typer.Exit(1 if done.open else 0)


async def _deliver(database: Database, settings: Settings, consent: str) -> Revocation:
    async with opening(database, settings) as cloud:
        return await deliver(Channel.of(cloud, database), consent)


async def _settle(database: Database, settings: Settings) -> Settled:
    async with opening(database, settings) as cloud:
        return await settle(Channel.of(cloud, database))


def _found(wanted: Search) -> list[Line]:
    with open_database() as database, database.read() as connection:
        return find(connection, wanted)


def _asked_recipient() -> CX:
    found = asked_recipient()
    return CX(found.extension or "", found.root or "")


def _print(found: list[Line], limit: int, *, as_json: bool) -> None:
    if as_json:
        typer.echo(orjson.dumps([one.as_json() for one in found]))
        return
    speak = language()
    if not found:
        typer.echo(_NONE.fill(speak))
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for head in _HEADS:
        table.add_column(head.fill(speak), justify="right" if head is _COUNT else "left")
    for one in found:
        state = state_words(one.state, speak) + (f" ({one.problem})" if one.problem else "")
        whom = RECIPIENT_WORDS[one.recipient].fill(speak)
        window = moment_words(one.valid_from), end_words(one.valid_until)
        table.add_row(one.id, state, whom, *window, str(one.documents))
    wide_console().print(table)
    if len(found) == limit:
        typer.echo(_MORE.fill(speak, last=found[-1].id))


def _print_history(found: list[Change]) -> None:
    speak = language()
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for one in found:
        states = (state_words(state, speak) for state in (one.from_state, one.to_state) if state)
        moved = " → ".join(states) if one.from_state and one.to_state else ""
        table.add_row(moment_words(one.at), event_words(one.event, speak), one.actor, moved)
    wide_console().print(table, markup=False, highlight=False)


def _print_one(one: Details, console: Console, speak: Language) -> None:
    line = one.line
    whom = " ".join(filter(None, (one.recipient_name, one.recipient_number)))
    rows = (
        (_HEADS[0], line.id),
        (_HEADS[1], state_words(line.state, speak)),
        (_PATIENT, one.patient),
        (_NUMBER, one.identifier),
        (_RECIPIENT, f"{RECIPIENT_WORDS[line.recipient].fill(speak)} {whom}".strip()),
        (_HEADS[3], moment_words(line.valid_from)),
        (_HEADS[4], end_words(line.valid_until)),
        (_MATTER, one.matter),
        (_WRITTEN, moment_words(line.created_at)),
        (_BY, line.created_by),
        (_SENT_BY, one.ordered_by or ""),
        (_CONFIRMED, moment_words(one.confirmed_at) if one.confirmed_at else ""),
        (_ENDED_BY, one.revoked_by or ""),
        (_ENDED, moment_words(one.revoked_at) if one.revoked_at else ""),
    )
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for label, text in rows:
        if text:
            # Texts of people: no markup, and nothing that moves the cursor.
            table.add_row(label.fill(speak), "".join(c if c.isprintable() else " " for c in text))
    console.print(table, markup=False, highlight=False)
    for document in one.documents:
        note = f"  ({_REPLACED.fill(speak)})" if document.replaced else ""
        typer.echo(f"  {document.id}  {KINDS[Kind(document.kind)].label.fill(speak)}{note}")
    for told in filter(None, (one.reason, one.problem)):
        console.print(
            f"{told['code']}: {told[f'cause_{speak}']} {told[f'cure_{speak}']}",
            markup=False, highlight=False, soft_wrap=True,
        )  # fmt: skip


def _as_json(one: Change) -> dict[str, Any]:
    return {name: getattr(one, name) for name in one.__slots__}


def _noon(text: str) -> datetime | None:
    if not text:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=WARSAW) + timedelta(hours=12)
    except (ValueError, OverflowError):
        raise FilterWrong(name="--valid-on", expected="2026-11-30") from None
