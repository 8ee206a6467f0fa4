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

from erepo.cloud import tenants
from erepo.cloud.credentials import add_tenant
from erepo.cloud.database import Database
from erepo.cloud.errors import TenantUnknown
from erepo.cloud.home import Home, initialise
from erepo.cloud.server import serve as run_server
from erepo.cloud.tenants import GIB, Order
from erepo.errors import ErepoError
from erepo.settings import Settings
from erepo.texts import language

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


class Security(StrEnum):
    """How an account's messages are protected."""

    WSS = "wss"
    MTLS = "mtls"


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except ErepoError as error:
        cause, cure = error.explain(language())
        typer.echo(f"{cause}\n{cure}", err=True)
        raise typer.Exit(1) from None


@app.command()
def init(
    name: Annotated[list[str] | None, typer.Option(help="Further DNS name or address of the server.")] = None,
) -> None:
    """Make the service's keys, certificates, database and folders; what exists is kept."""
    with _explained():
        home = initialise(Settings(), name or ())
    typer.echo(f"erepo cloud is set up in {home.folder}; clients trust {home.folder / 'ca' / 'ca.pem'}")


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
    with _explained():
        run_server(Settings())


@trust_app.command("add")
def trust_add(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="Certificates of authorities, PEM.")
    ],
) -> None:
    """Accept client certificates of these authorities; a running service takes them up by itself."""
    with _explained():
        count = Home(Settings()).add_trust(file.read_bytes())
    typer.echo(f"{count} authority certificate(s) accepted")


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
    with _explained():
        tenant = add_tenant(Settings(), wanted, credentials)
    typer.echo(f"account {tenant.account}: {tenant.state}")


@tenant_app.command("list")
def tenant_list(*, as_json: Json = False) -> None:
    """List the accounts with what they use."""
    found = [_shown(row) for row in _rows()]
    if as_json:
        typer.echo(json.dumps(found))
        return
    table = Table("account", "state", "security", "documents", "bytes", "valid until")
    for each in found:
        documents = f"{each['usedDocuments']} / {each['limitDocuments']}"
        used = f"{each['usedBytes']} / {each['limitBytes']}"
        table.add_row(
            each["account"], each["state"], each["security"], documents, used, each["validUntil"] or "-"
        )
    Console().print(table)


@tenant_app.command("show")
def tenant_show(account: Known, *, as_json: Json = False) -> None:
    """Show one account."""
    found = next((_shown(row) for row in _rows() if row.account == account), None)
    if found is None:
        with _explained():
            raise TenantUnknown(account=account)
    typer.echo(
        json.dumps(found) if as_json else "\n".join(f"{name}: {value}" for name, value in found.items())
    )


@tenant_app.command("suspend")
def tenant_suspend(account: Known) -> None:
    """Close an account: every request is refused until it is resumed."""
    with _explained(), _database() as database, database.write() as connection:
        tenants.suspend(connection, account)
    typer.echo(f"account {account}: suspended")


@tenant_app.command("resume")
def tenant_resume(account: Known) -> None:
    """Open a suspended account again."""
    with _explained(), _database() as database, database.write() as connection:
        state = tenants.resume(connection, account)
    typer.echo(f"account {account}: {state}")


@contextmanager
def _database() -> Iterator[Database]:
    database = Database(Settings().cloud_url)
    try:
        database.check()
        yield database
    finally:
        database.close()


def _rows() -> list[Any]:
    with _explained(), _database() as database, database.read() as connection:
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
