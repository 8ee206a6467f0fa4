"""`erepo p1-sandbox`: the sandbox's P1."""

import logging
import sys
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.table import Table

from erepo.cli.errors import PortTaken
from erepo.cli.processes import port_free
from erepo.cli.words import fail_politely
from erepo.p1.decisions import Decision
from erepo.sandbox.p1.edm import event_key
from erepo.sandbox.p1.faults import SERVICES, Fault
from erepo.sandbox.p1.home import Home
from erepo.sandbox.p1.server import serve as run_server
from erepo.sandbox.p1.store import EVERY
from erepo.sandbox.p1.web import state
from erepo.settings import Settings
from erepo.texts import Text, language

app = typer.Typer(
    help="The sandbox's P1: tokens, SZAR, SOZ and the document index.",
    no_args_is_help=True,
    add_completion=False,
)
provider_app = typer.Typer(help="Providers and their certificates.", no_args_is_help=True)
fault_app = typer.Typer(help="What goes wrong on request.", no_args_is_help=True)

_EVENT = Text("An event is written id^^^&OID&ISO", "Zdarzenie zapisuje się jako id^^^&OID&ISO")
_NOTHING = Text("nothing goes wrong", "żadna usterka nie jest ustawiona")
_TITLES = {
    "provider": Text("Provider", "Podmiot"),
    "repository": Text("Repository", "Repozytorium"),
    "url": Text("Address", "Adres"),
    "service": Text("Service", "Usługa"),
    "kind": Text("Fault", "Usterka"),
    "times": Text("Times", "Razy"),
}
_AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]


@app.command()
def init(
    name: Annotated[list[str] | None, typer.Option(help="Further DNS name or address of the server.")] = None,
) -> None:
    """Make authorities, keys and databases; what exists is kept. Prints the file that clients must trust."""
    with fail_politely():
        settings = Settings()
        names = dict.fromkeys([settings.host, *(name or ()), "localhost", "127.0.0.1"])
        home = Home.initialise(settings.p1_home, [each for each in names if each != "0.0.0.0"])  # noqa: S104
    typer.echo(home.folder / "ca" / "services" / "ca.pem")


@app.command()
def serve(
    port: Annotated[
        int | None,
        typer.Option(help="Port instead of EREPO_PORT_BASE + 1; 0 takes a free one.", min=0, max=65535),
    ] = None,
    audit_port: Annotated[
        int | None,
        typer.Option(
            help="Port of the audit repository instead of EREPO_PORT_BASE + 7; 0 takes a free one.",
            min=0,
            max=65535,
        ),
    ] = None,
) -> None:
    """Serve until Ctrl-C or SIGTERM."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    with fail_politely():
        settings = Settings()
        wanted = settings.p1_port if port is None else port
        audit = settings.p1_audit_port if audit_port is None else audit_port
        home = Home.open(settings.p1_home)
        for each in (wanted, audit):
            if each and not port_free(settings.host, each):
                raise PortTaken(
                    port=each, program="erepo p1-sandbox", host=settings.host, base=settings.port_base
                )
        run_server(home, settings.host, wanted, audit)


@provider_app.command("add")
def provider_add(
    resort_i: Annotated[str, typer.Argument(metavar="RESORT_I", help="Resort code part I, 12 digits.")],
    out: Annotated[Path, typer.Option(file_okay=False, help="Folder for the files.")],
    legacy: Annotated[
        bool, typer.Option("--legacy", help="In the old cipher (3DES, SHA-1), as P1's own files are.")
    ] = False,
) -> None:
    """Issue a provider's TLS and WSS certificates: two .p12 files and passwords.json, readable by you alone.

    May be repeated: each call issues new certificates, the earlier ones stay valid.
    """
    with fail_politely():
        files = Home.open(Settings().p1_home).add_provider(resort_i, out, legacy=legacy)
    for file in files:
        typer.echo(file)


@fault_app.command("set")
def fault_set(
    service: Annotated[str, typer.Argument(help=f"One of {', '.join(SERVICES)}.")],
    kind: Annotated[str, typer.Argument(help="What goes wrong; `fault list` shows all there are.")],
    times: Annotated[int, typer.Option(help="How many requests it strikes.", min=1)] = 1,
    seconds: Annotated[float, typer.Option(help="Silence of a timeout.", min=0, max=3600)] = 30,
) -> None:
    """Have a service go wrong; a running sandbox does so from the next request on.

    Example:
      erepo p1-sandbox fault set szar-repository no-id

    After it the repository stands in P1 without an id here (manual 2.1). Cure:
      erepo account p1 register --start-over --new-repository …
    """
    with fail_politely():
        Home.open(Settings().p1_home).store.set_fault(Fault(service, kind, times, seconds))


@fault_app.command("clear")
def fault_clear(
    service: Annotated[str | None, typer.Argument(help="Only this service's fault.")] = None,
) -> None:
    """Have a service, or all, work again."""
    with fail_politely():
        Home.open(Settings().p1_home).store.clear_faults(service)


@fault_app.command("list")
def fault_list(as_json: _AsJson = False) -> None:
    """Show what is still to go wrong, and what could."""
    with fail_politely():
        faults = Home.open(Settings().p1_home).store.faults()
    known = {service: dict(kinds) for service, kinds in SERVICES.items()}
    if as_json:
        typer.echo(orjson.dumps({"faults": faults, "known": known}))
        return
    if faults:
        _show(("service", "kind", "times"), [(each.service, each.kind, str(each.times)) for each in faults])
    else:
        typer.echo(_NOTHING.fill(language()))
    for service, kinds in known.items():
        typer.echo(f"\n{service}")
        for kind, words in kinds.items():
            typer.echo(f"  {kind:14} {words}")


@app.command("rule")
def rule_set(
    decision: Annotated[Decision, typer.Argument(help="What SOZ decides.")],
    organisation: Annotated[str, typer.Option(help="Who asks, root#extension; * is anybody.")] = EVERY,
    document: Annotated[str, typer.Option(help="Unique id of a document; * is any.")] = EVERY,
) -> None:
    """Set a rule of SOZ; a document's own rule comes before others. Without any rule: NotApplicable."""
    with fail_politely():
        Home.open(Settings().p1_home).store.set_rule(organisation, document, decision)


@app.command("event")
def event_add(
    event: Annotated[str, typer.Argument(help="id^^^&OID&ISO, as MedicalEventId begins.")],
) -> None:
    """Let a medical event exist (ZM), so that documents can be indexed for it."""
    key = event_key(event)
    if not key:
        raise typer.BadParameter(_EVENT.fill(language()), param_hint="'EVENT'")
    with fail_politely():
        Home.open(Settings().p1_home).store.add_event(key)


@app.command("list")
def list_state(as_json: _AsJson = False) -> None:
    """Show providers and their repositories."""
    with fail_politely():
        known = state(Home.open(Settings().p1_home))
    if as_json:
        typer.echo(orjson.dumps(known))
        return
    rows = [(each.resort_i, each.oid, each.url) for each in known["repositories"]]
    rows += [(each, "", "") for each in known["providers"] if each not in {row[0] for row in rows}]
    _show(("provider", "repository", "url"), sorted(rows))


def _show(columns: tuple[str, ...], rows: list[Any]) -> None:
    table = Table()
    for column in columns:
        table.add_column(_TITLES[column].fill(language()))
    for row in rows:
        table.add_row(*row)
    Console().print(table)


app.add_typer(provider_app, name="provider")
app.add_typer(fault_app, name="fault")
