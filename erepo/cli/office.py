"""`erepo office`: the sandbox's certificate office."""

import asyncio
import logging
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.table import Table

from erepo.cli.office_licence import licence
from erepo.cli.words import fail_politely
from erepo.durable import write_durably
from erepo.pki.names import file_name
from erepo.pki.pem import write_certificates
from erepo.sandbox.office import desk, outbox
from erepo.sandbox.office.desk import Mode, Pending
from erepo.sandbox.office.letters import Issued
from erepo.sandbox.office.revoking import Reason, Revoked
from erepo.sandbox.office.server import serve as serve_smtp
from erepo.sandbox.office.service import Office
from erepo.settings import Settings
from erepo.texts import Text, language, moment_words

app = typer.Typer(
    help="The sandbox's certificate office: mail in, certificates out.",
    no_args_is_help=True,
    add_completion=False,
)
app.command()(licence)

_NOTHING = Text("Nothing waits for a decision.", "Żadne żądanie nie czeka na decyzję.")
_HEADS = (
    Text("Number", "Numer"),
    Text("Account", "Konto"),
    Text("Organisation", "Organizacja"),
    Text("From", "Nadawca"),
    Text("Received (UTC)", "Wpłynęło (UTC)"),
)
_ISSUED = Text("Issued and mailed to {to}: {files}", "Wystawiono i wysłano na adres {to}: {files}")
_REFUSED = Text("Refused; the reason was mailed to {to}.", "Odmówiono; przyczynę wysłano na adres {to}.")
_REVOKED = Text(
    "Revoked: {account} {purpose}, serial number {serial}, since {at} (UTC). The list: {file}",
    "Unieważniono: {account} {purpose}, numer seryjny {serial}, od {at} (UTC). Lista CRL: {file}",
)
_MODES = {
    "automatic": Text("The office answers by itself.", "Biuro odpowiada automatycznie."),
    "manual": Text("Requests wait for `erepo office issue`.", "Żądania czekają na `erepo office issue`."),
}
_ServiceCa = Annotated[
    Path | None,
    typer.Option(
        "--service-ca", help="PEM of the repository service's authority, handed to clinics.", dir_okay=False
    ),
]
_Wanted = Annotated[
    str, typer.Argument(metavar="REQUEST", help="Number of the request (or its beginning), or the account.")
]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def init(service_ca: _ServiceCa = None) -> None:
    """Make the office's authority; may be repeated. Prints the file to be trusted by the service."""
    with fail_politely():
        office = Office.initialise(Settings().office_home, _read(service_ca))
    typer.echo(office.home / "ca" / "ca.pem")


@app.command()
def serve(
    port: Annotated[
        int | None,
        typer.Option(help="SMTP port instead of EREPO_PORT_BASE + 2; 0 takes a free one.", min=0, max=65535),
    ] = None,
    service_ca: _ServiceCa = None,
    manual: Annotated[
        bool | None,
        typer.Option(
            "--manual/--automatic",
            help="Let requests wait for `issue` or `refuse`, or answer them at once; without: as before.",
        ),
    ] = None,
) -> None:
    """Receive requests by mail and answer into the clinics' Maildirs, until SIGTERM or Ctrl-C."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    with fail_politely():
        settings = Settings()
        if service_ca is not None:
            office = Office.initialise(settings.office_home, _read(service_ca))
        else:
            office = Office.open(settings.office_home)
        if manual is not None:
            desk.set_mode(office.home, "manual" if manual else "automatic")
        office.relay = outbox.relay(settings.office)
        office.name_list(settings.office.crl_url)
        listen = settings.office_port if port is None else port
        asyncio.run(serve_smtp(office, settings.host, listen, settings.office.crl_url))


@app.command()
def mode(
    chosen: Annotated[
        Mode | None, typer.Argument(metavar="[automatic|manual]", help="The new mode; without: tell it.")
    ] = None,
) -> None:
    """Tell or change how requests are dealt with, also while the office runs."""
    with fail_politely():
        home = _office().home
        if chosen is not None:
            desk.set_mode(home, chosen)
        typer.echo(_MODES[desk.mode(home)].fill(language()))


@app.command(name="list")
def list_pending(as_json: _Json = False) -> None:
    """Show the requests that wait for a decision (in manual mode), oldest first."""
    with fail_politely():
        waiting = desk.waiting(_office().home)
    if as_json:
        typer.echo(orjson.dumps([_facts(one) for one in waiting]))
    elif not waiting:
        typer.echo(_NOTHING.fill(language()))
    else:
        table = Table(box=None, pad_edge=False)
        for head in _HEADS:
            table.add_column(head.fill(language()), no_wrap=True)
        for one in waiting:
            received = moment_words(one.received_at)
            table.add_row(one.number, one.account, one.organisation, one.sender, received)
        # Numbers and accounts are to be copied: better a line that wraps than one that is cut.
        Console(width=max(Console().width, 150), soft_wrap=True).print(table)


@app.command()
def issue(
    wanted: _Wanted,
    out: Annotated[
        Path | None,
        typer.Option(help="Write the files of the answer into this folder as well.", file_okay=False),
    ] = None,
    as_json: _Json = False,
) -> None:
    """Issue both certificates of a request and mail them to the clinic."""
    with fail_politely():
        office = _office()
        to = desk.find(office.home, wanted).sender
        issued = office.issue_pending(wanted)
        office.post()
        contents = _files(issued)
        for name, content in contents.items() if out else ():
            assert out is not None
            write_durably(out / name, [content], 0o644)
    if as_json:
        typer.echo(orjson.dumps({"account": issued.account, "to": to, "files": list(contents)}))
    else:
        typer.echo(_ISSUED.fill(language(), to=to, files=", ".join(contents)))


@app.command()
def refuse(
    wanted: _Wanted,
    reason: Annotated[str, typer.Option(help="Why; it is mailed to the clinic.")],
    as_json: _Json = False,
) -> None:
    """Refuse a request and mail the reason to the clinic."""
    with fail_politely():
        office = _office()
        refused = office.refuse_pending(wanted, reason)
        office.post()
    if as_json:
        typer.echo(orjson.dumps({"account": refused.account, "to": refused.sender}))
    else:
        typer.echo(_REFUSED.fill(language(), to=refused.sender))


@app.command()
def revoke(
    serial: Annotated[str, typer.Argument(help="Serial number of the certificate, in hex.")],
    reason: Annotated[Reason, typer.Option(help="Why; it stands in the list.")] = "unspecified",
    as_json: _Json = False,
) -> None:
    """Revoke a certificate that the office has issued; the list (CRL) names it from now on."""
    with fail_politely():
        office = _office()
        found = office.revoke(serial, reason)
    if as_json:
        typer.echo(orjson.dumps(_revoked_facts(found)))
        return
    typer.echo(
        _REVOKED.fill(
            language(),
            serial=found.serial,
            account=found.account,
            purpose=found.purpose.value,
            at=f"{found.at:%Y-%m-%d %H:%M}",
            file=office.home / "revoked.crl",
        )
    )


def _revoked_facts(found: Revoked) -> dict[str, str]:
    return {
        "serial": found.serial,
        "account": found.account,
        "purpose": found.purpose.value,
        "revokedAt": found.at.isoformat(),
        "reason": found.reason,
    }


def _office() -> Office:
    settings = Settings()
    office = Office.open(settings.office_home)
    office.relay = outbox.relay(settings.office)
    office.name_list(settings.office.crl_url)
    return office


def _files(issued: Issued) -> dict[str, bytes]:
    named = {
        file_name(certificate, purpose): write_certificates([certificate])
        for purpose, certificate in issued.certificates.items()
    }
    return {
        **named,
        "issuer.pem": issued.issuer,
        **({"ca.pem": issued.service_ca} if issued.service_ca else {}),
    }


def _facts(pending: Pending) -> dict[str, str]:
    return {
        "number": pending.number,
        "account": pending.account,
        "organisation": pending.organisation,
        "sender": pending.sender,
        "receivedAt": pending.received_at.isoformat(timespec="seconds"),
    }


def _read(file: Path | None) -> bytes | None:
    return file.read_bytes() if file else None
