"""`erepo up`: start everything and stay."""

import time
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from erepo.cli.stack import running
from erepo.cli.supervisor import interruptible
from erepo.cli.surroundings import Surroundings
from erepo.cli.words import fail_politely
from erepo.settings import Settings
from erepo.texts import Text, language

_READY = Text("All is up. Ctrl-C ends it.", "Wszystko działa. Ctrl-C kończy.")
_ENDING = Text("Ending what was started …", "Kończenie uruchomionych programów …")
_ENDED = Text("All ended.", "Wszystko zakończone.")
_LABELS = {
    "ui": Text("Prefect (UI and API)", "Prefect (interfejs i API)"),
    "cloud": Text("Repository service (mutual TLS)", "Repozytorium (wzajemny TLS)"),
    "portal": Text("For patients (API)", "Dla pacjentów (API)"),
    "office": Text("Certificate office (SMTP)", "Biuro certyfikatów (SMTP)"),
    "p1": Text("P1 (mutual TLS)", "P1 (wzajemny TLS)"),
    "provider": Text("P1 certificates of a provider", "Certyfikaty P1 podmiotu"),
    "api": Text("REST for other systems", "REST dla innych systemów"),
    "inbox": Text("Drop folder for documents", "Katalog na dokumenty"),
    "secrets": Text("Credentials", "Dane dostępowe"),
    "logs": Text("Logs", "Dzienniki"),
}


def command(
    seconds: Annotated[
        float, typer.Option(help="End by itself after so many seconds; 0: stay until Ctrl-C.", min=0)
    ] = 0,
) -> None:
    """Start the service, the sandbox, a Prefect server and a worker, and stay until Ctrl-C."""
    console = Console()
    around = Surroundings(Settings())
    with fail_politely(), interruptible():
        try:
            with running(around, lambda line: console.print(f"  {line}", highlight=False)) as stack:
                console.print(addresses(around))
                console.print(_READY.fill(language()))
                end = time.monotonic() + seconds if seconds else None
                try:
                    while end is None or time.monotonic() < end:
                        stack.tend()
                        time.sleep(1)
                finally:
                    console.print(_ENDING.fill(language()))
        except KeyboardInterrupt:
            console.print(_ENDED.fill(language()))


def addresses(around: Surroundings) -> Table:
    """Return where everything is, and where the credentials lie (not what they are)."""
    speak = language()
    table = Table(show_header=False, box=None, pad_edge=False)
    rows = {
        "ui": around.prefect_url,
        "cloud": around.cloud_url,
        "portal": around.settings.portal_url,
        "office": f"smtp://{around.settings.host}:{around.settings.office_port}",
        "p1": around.settings.p1_url,
        "provider": str(around.p1_provider),
        "api": around.settings.api_url,
        "inbox": str(around.inbox),
        "secrets": f"{around.secrets.folder} (Prefect: {around.secrets.prefect_login.name})",
        "logs": str(around.logs),
    }
    if not around.p1_is_ours:
        del rows["provider"]
    for key, value in rows.items():
        table.add_row(_LABELS[key].fill(speak), value)
    return table
