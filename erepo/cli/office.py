"""`erepo office`: the sandbox's certificate office."""

import asyncio
import logging
from pathlib import Path
from typing import Annotated

import typer

from erepo.cli.office_licence import licence
from erepo.cli.words import fail_politely
from erepo.sandbox.office.server import serve as serve_smtp
from erepo.sandbox.office.service import Office
from erepo.settings import Settings

app = typer.Typer(
    help="The sandbox's certificate office: mail in, certificates out.",
    no_args_is_help=True,
    add_completion=False,
)

app.command()(licence)

_ServiceCa = Annotated[
    Path | None,
    typer.Option(
        "--service-ca", help="PEM of the repository service's authority, handed to clinics.", dir_okay=False
    ),
]


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
) -> None:
    """Receive requests by mail and answer into the clinics' Maildirs, until SIGTERM or Ctrl-C."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    with fail_politely():
        settings = Settings()
        if service_ca is not None:
            office = Office.initialise(settings.office_home, _read(service_ca))
        else:
            office = Office.open(settings.office_home)
        asyncio.run(serve_smtp(office, settings.host, settings.office_port if port is None else port))


def _read(file: Path | None) -> bytes | None:
    return file.read_bytes() if file else None
