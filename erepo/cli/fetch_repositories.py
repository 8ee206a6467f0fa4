"""`erepo fetch repositories`: which repositories of other providers are known here."""

from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console

from erepo.cli.desk import open_database
from erepo.cli.words import fail_politely
from erepo.clinic.errors import FileUnreadable
from erepo.clinic.fetching import Place, add_place, list_places, remove_place
from erepo.texts import Text, language

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Repositories of other providers: addresses, and whom to trust for them.",
)

_NONE = Text("No foreign repository is known.", "Nie ma żadnych obcych repozytoriów.")
_ADDED = Text("{name} is known now.", "Dodano repozytorium {name}.")
_REMOVED = Text(
    "{name} is forgotten; what was fetched from it stays.",
    "Usunięto repozytorium {name}; pobrane z niego dokumenty pozostają.",
)
#: Addresses of IHE's transactions lie below it.
_BELOW = "/xds/"
_LARGEST = 256 * 1024

_Name = Annotated[
    str, typer.Argument(metavar="NAME", help="What to call it: small letters, digits, hyphens.")
]


@app.command("add")
def add(  # noqa: PLR0913, PLR0917  # each is an option of the command
    name: _Name,
    unique_id: Annotated[str, typer.Option("--id", help="Its repositoryUniqueId (OID).")],
    url: Annotated[str, typer.Option(help="https address of its ITI-43.")],
    trust: Annotated[Path, typer.Option(help="PEM file of the authorities of its certificates.")],
    registry: Annotated[
        str, typer.Option(help="https address of its registry's ITI-18, which is asked for hash and size.")
    ] = "",
    service: Annotated[
        str, typer.Option(help="Whom assertions are for; usually the address up to /xds/.")
    ] = "",
    home: Annotated[str, typer.Option(help="Its homeCommunityId, urn:oid:…")] = "",
    signer: Annotated[
        Path | None, typer.Option(help="PEM file of the certificate that signs answers.")
    ] = None,
) -> None:
    """Make a repository of another provider known."""
    with fail_politely(), open_database() as database:
        place = Place(
            name=name,
            repository_unique_id=unique_id,
            repository_url=url,
            service_url=service or url.partition(_BELOW)[0],
            trust_pem=_text(trust),
            registry_url=registry,
            home_community_id=home,
            signer_pem=_text(signer) if signer else "",
        )
        with database.begin() as connection:
            add_place(connection, place, actor="staff")
        typer.echo(_ADDED.fill(language(), name=name))


@app.command("list")
def list_all(
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON array.")] = False,
) -> None:
    """List the repositories that documents can be fetched from."""
    with fail_politely(), open_database() as database, database.read() as connection:
        found = list_places(connection)
    if as_json:
        typer.echo(orjson.dumps([one.as_json() for one in found]))
        return
    console = Console()
    if not found:
        console.print(_NONE.fill(language()))
    for one in found:
        console.print(f"{one.name}  {one.repository_unique_id}", style="bold", markup=False, highlight=False)
        for url in filter(None, (one.repository_url, one.registry_url)):
            console.print(f"  {url}", markup=False, highlight=False, soft_wrap=True)


@app.command("remove")
def remove(name: _Name) -> None:
    """Forget a repository; what was fetched from it stays."""
    with fail_politely(), open_database() as database:
        with database.begin() as connection:
            remove_place(connection, name, actor="staff")
        typer.echo(_REMOVED.fill(language(), name=name))


def _text(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            return opened.read(_LARGEST).decode("utf-8", "replace")
    except OSError as error:
        raise FileUnreadable(problem=error.strerror) from None
