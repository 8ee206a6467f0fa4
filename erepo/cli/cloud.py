"""`erepo cloud …`: the operator's side of the repository service."""

import logging
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from erepo.cli import (
    cloud_audit,
    cloud_certificates,
    cloud_check,
    cloud_panel,
    cloud_patients,
    cloud_secrets,
    cloud_tenants,
)
from erepo.cli.errors import PortTaken
from erepo.cli.processes import port_free
from erepo.cli.words import fail_politely
from erepo.cloud.addresses import is_server_name
from erepo.cloud.tenancy.home import Home, initialise
from erepo.cloud.web.server import serve as run_server
from erepo.settings import Settings
from erepo.texts import Text, language

app = typer.Typer(
    help="Run the repository service and its accounts.", no_args_is_help=True, add_completion=False
)
trust_app = typer.Typer(help="Authorities whose client certificates are accepted.", no_args_is_help=True)

operator_app = typer.Typer(help="Certificates of the operator's own programs.", no_args_is_help=True)

#: Bytes of a file of authorities; a chain has about ten thousand.
_LARGEST = 1024**2

_SET_UP = Text(
    "The service is set up in {home}. What clients have to trust: {authority}",
    "Usługa jest przygotowana w {home}. Klienci muszą ufać: {authority}",
)
_NO_NAME = Text("{given!r} is neither a DNS name nor an address", "{given!r} to nie nazwa DNS ani adres")
_OPERATOR = Text(
    "certificate written to {folder}; the key is not encrypted",
    "certyfikat zapisano w {folder}; klucz nie jest zaszyfrowany",
)
_TRUSTED = Text(
    "certificates of authorities accepted: {count}", "przyjęto certyfikaty urzędów certyfikacji: {count}"
)


@app.command()
def init(
    name: Annotated[list[str] | None, typer.Option(help="Further DNS name or address of the server.")] = None,
) -> None:
    """Make the service's keys, certificates, database and folders; what exists is kept.

    Also brings a database of an earlier erepo up to date: end the service
    and back it up first. The server's certificate is for the names in
    EREPO_PUBLIC_URL, EREPO_HOST, --name and for this machine itself.

    Examples:
      erepo cloud init

      erepo cloud init --name repository.example --name 192.0.2.7
    """
    wrong = next((each for each in name or () if not is_server_name(each)), None)
    if wrong is not None:
        raise typer.BadParameter(_NO_NAME.fill(language(), given=wrong), param_hint="'--name'")
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
    # The server's own words about starting are for its developers; the ready line is ours.
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    with fail_politely():
        settings = Settings()
        if not port_free(settings.host, settings.cloud_port):
            raise PortTaken(
                port=settings.cloud_port, program="erepo cloud", host=settings.host, base=settings.port_base
            )
        run_server(settings)


@trust_app.command("add")
def trust_add(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="Certificates of authorities, PEM.")
    ],
) -> None:
    """Accept client certificates of these authorities; a running service takes them up by itself."""
    with fail_politely():
        with file.open("rb") as opened:
            # One byte more than is allowed, so that a larger file is seen to be one.
            pem = opened.read(_LARGEST + 1)
        count = Home(Settings()).add_trust(pem)
    typer.echo(_TRUSTED.fill(language(), count=count))


@operator_app.command("add")
def operator_add(
    credentials: Annotated[
        Path, typer.Option(file_okay=False, help="Empty folder for ca.pem, tls.pem and tls.key (in clear).")
    ],
) -> None:
    """Make a certificate with which a program of the operator, such as Prometheus, may read /metrics.

    It opens no account. A running service takes it at once; to end it,
    delete its file in EREPO_HOME/cloud/operator.
    """
    with fail_politely():
        settings = Settings()
        Home(settings).add_operator(credentials, settings.key_type)
    typer.echo(_OPERATOR.fill(language(), folder=credentials))


app.command("check")(cloud_check.command)
cloud_tenants.app.command("certificates")(cloud_certificates.command)
app.add_typer(cloud_tenants.app, name="tenant")
app.add_typer(cloud_patients.app, name="patients")
app.add_typer(cloud_panel.app, name="panel")
app.add_typer(trust_app, name="trust")
app.add_typer(operator_app, name="operator")
app.add_typer(cloud_audit.app, name="audit")
app.add_typer(cloud_secrets.app, name="master-key")
