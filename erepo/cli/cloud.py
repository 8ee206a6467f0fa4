"""`erepo cloud …`: the operator's side of the repository service."""

import json
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from erepo.cli.words import fail_politely
from erepo.cloud.errors import TenantUnknown
from erepo.cloud.storage.database import Database
from erepo.cloud.tenancy import tenants
from erepo.cloud.tenancy.credentials import add_tenant
from erepo.cloud.tenancy.home import Home, initialise
from erepo.cloud.tenancy.tenants import GIB, Order
from erepo.cloud.web.server import serve as run_server
from erepo.settings import Settings
from erepo.texts import Text, language, size_words

app = typer.Typer(
    help="Run the repository service and its accounts.", no_args_is_help=True, add_completion=False
)
tenant_app = typer.Typer(help="Accounts of the service.", no_args_is_help=True)
trust_app = typer.Typer(help="Authorities whose client certificates are accepted.", no_args_is_help=True)
app.add_typer(tenant_app, name="tenant")
app.add_typer(trust_app, name="trust")

#: An account as every command but `add` takes it.
Known = Annotated[str, typer.Argument(help="16 digits, as `tenant list` shows them.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]

_SET_UP = Text(
    "erepo cloud is set up in {home}; clients trust {authority}",
    "Usługa jest przygotowana w {home}; klienci ufają {authority}",
)
_TRUSTED = Text(
    "{count} authority certificate(s) accepted", "Przyjęto certyfikaty urzędów certyfikacji: {count}"
)
_STATE = Text("account {account}: {state}", "konto {account}: {state}")
_ACCOUNT = Text("Account", "Konto")
_HEADERS = (
    _ACCOUNT,
    Text("State", "Stan"),
    Text("Security", "Ochrona"),
    Text("Documents", "Dokumenty"),
    Text("Size", "Rozmiar"),
    Text("Valid until", "Ważne do"),
)


class Security(StrEnum):
    """How an account's messages are protected."""

    WSS = "wss"
    MTLS = "mtls"


@app.command()
def init(
    name: Annotated[list[str] | None, typer.Option(help="Further DNS name or address of the server.")] = None,
) -> None:
    """Make the service's keys, certificates, database and folders; what exists is kept."""
    with fail_politely():
        home = initialise(Settings(), name or ())
    typer.echo(_SET_UP.fill(language(), home=home.folder, authority=home.folder / "ca" / "ca.pem"))


@app.command()
def serve(
    port: Annotated[
        int | None, typer.Option(min=1024, max=65000, help="Port to listen on instead of EREPO_PORT_BASE.")
    ] = None,
) -> None:
    """Serve until Ctrl-C or SIGTERM."""
    if port is not None:
        os.environ["EREPO_PORT_BASE"] = str(port)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    with fail_politely():
        run_server(Settings())


@trust_app.command("add")
def trust_add(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="Certificates of authorities, PEM.")
    ],
) -> None:
    """Accept client certificates of these authorities; a running service takes them up by itself."""
    with fail_politely():
        count = Home(Settings()).add_trust(file.read_bytes())
    typer.echo(_TRUSTED.fill(language(), count=count))


@tenant_app.command("add")
def tenant_add(  # one option each, all by name
    account: Annotated[str, typer.Argument(help="16 digits, for example 0000000000001003.")],
    *,
    limit_bytes: Annotated[int, typer.Option(min=0, help="Bytes the account may store.")] = 50 * GIB,
    limit_documents: Annotated[int, typer.Option(min=0, help="Documents it may store.")] = 1_000_000,
    security: Annotated[Security, typer.Option(help="wss: signed messages; mtls: TLS alone.")] = Security.WSS,
    valid_until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day of the account; open without.")
    ] = None,
    credentials: Annotated[
        Path | None,
        typer.Option(help="Make keys and certificates, write them here (keys in clear), and activate."),
    ] = None,
) -> None:
    """Add an account. Without --credentials it waits for its activation by the clinic."""
    until = valid_until.date() if valid_until else None
    wanted = Order(
        account, limit_bytes, limit_documents, "wss" if security is Security.WSS else "mtls", until
    )
    with fail_politely():
        tenant = add_tenant(Settings(), wanted, credentials)
    _say_state(tenant.account, tenant.state)


@tenant_app.command("list")
def tenant_list(*, as_json: Json = False) -> None:
    """List the accounts with what they use."""
    found = [_shown(row) for row in _rows()]
    if as_json:
        typer.echo(json.dumps(found))
        return
    speak = language()
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for header in _HEADERS:
        table.add_column(header.fill(speak), no_wrap=header is _ACCOUNT)
    for each in found:
        documents = f"{each['usedDocuments']} / {each['limitDocuments']}"
        used = f"{size_words(each['usedBytes'], speak)} / {size_words(each['limitBytes'], speak)}"
        table.add_row(
            each["account"], each["state"], each["security"], documents, used, each["validUntil"] or "-"
        )
    Console().print(table)


@tenant_app.command("show")
def tenant_show(account: Known, *, as_json: Json = False) -> None:
    """Show one account."""
    found = next((_shown(row) for row in _rows() if row.account == account), None)
    if found is None:
        with fail_politely():
            raise TenantUnknown(account=account)
    typer.echo(
        json.dumps(found) if as_json else "\n".join(f"{name}: {value}" for name, value in found.items())
    )


@tenant_app.command("suspend")
def tenant_suspend(account: Known) -> None:
    """Close an account: every request is refused until it is resumed."""
    with fail_politely(), _database() as database, database.write() as connection:
        tenants.suspend(connection, account)
    _say_state(account, "suspended")


@tenant_app.command("resume")
def tenant_resume(account: Known) -> None:
    """Open a suspended account again."""
    with fail_politely(), _database() as database, database.write() as connection:
        state = tenants.resume(connection, account)
    _say_state(account, state)


def _say_state(account: str, state: str) -> None:
    typer.echo(_STATE.fill(language(), account=account, state=state))


@contextmanager
def _database() -> Iterator[Database]:
    database = Database(Settings().cloud_url)
    try:
        database.check()
        yield database
    finally:
        database.close()


def _rows() -> list[Any]:
    with fail_politely(), _database() as database, database.read() as connection:
        return list(tenants.accounts(connection))


def _shown(row: Any) -> dict[str, Any]:
    return {
        "account": row.account,
        "state": row.state,
        "security": row.security,
        "repositoryUniqueId": row.repository_unique_id,
        "sourceId": row.source_id,
        "usedBytes": row.used_bytes,
        "limitBytes": row.limit_bytes,
        "usedDocuments": row.used_documents,
        "limitDocuments": row.limit_documents,
        "validUntil": row.valid_until.isoformat() if row.valid_until else None,
    }
