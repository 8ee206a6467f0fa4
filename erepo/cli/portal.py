"""`erepo portal`: the patients' side of the service."""

import logging
import sys

import typer

from erepo.cli.errors import PortTaken
from erepo.cli.processes import port_free
from erepo.cli.words import fail_politely
from erepo.settings import Settings

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="The patients' side of the service: shared documents."
)


@app.callback()
def _group() -> None:
    """Let the one command have its name."""


@app.command()
def serve() -> None:
    """Serve the patients' side until Ctrl-C or SIGTERM, and send the messages to patients.

    It runs beside `erepo cloud serve`, over the same database. Address, TLS
    and mail: EREPO_PORTAL__… (docs/reference/portal.md). `erepo up` starts it by itself.
    """
    from erepo.portal.server import serve as run  # noqa: PLC0415 - help needs no server

    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    # The server's own words about starting are for its developers; the ready line is ours.
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    with fail_politely():
        settings = Settings()
        if not port_free(settings.portal_host, settings.portal_port):
            raise PortTaken(
                port=settings.portal_port,
                program="erepo portal",
                host=settings.portal_host,
                base=settings.port_base,
            )
        run(settings)
