"""`erepo account p1`: register the repository in the national domain, or take that back (manual 1.3, 2.1)."""

from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console

from erepo.cli.asking import asked_unseen
from erepo.cli.bars import waiting
from erepo.cli.desk import AccountDesk, open_desk, open_prefect
from erepo.cli.prefect_blocks import ACCOUNT, P1, change_block, save_block
from erepo.cli.words import fail_politely, tell_trouble
from erepo.clinic.p1 import (
    FileFacts,
    Pair,
    Registration,
    adopt,
    check_authority,
    read_file,
    read_pair,
    register,
    registration,
    revoke,
)
from erepo.clinic.p1.errors import P1IdMissing
from erepo.clinic.structure import read_provider
from erepo.errors import ErepoError
from erepo.texts import Text, day_words, language

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Registration in the national domain P1: certificates and repository id.",
)

_PASSWORD = Text("Password of the {purpose} file", "Hasło do pliku {purpose}")
_FACTS = Text(
    "{purpose}: serial number {serial}, valid from {first} to {last}",
    "{purpose}: numer seryjny {serial}, ważny od {first} do {last}",
)
_REGISTERED = Text(
    "Registered in the national domain; id of the repository: {id}",
    "Zarejestrowano w domenie krajowej; identyfikator repozytorium: {id}",
)
_KEPT = Text("Kept in the block {name}; nothing was sent.", "Zapisano w bloku {name}; niczego nie wysłano.")
_STATES = {
    "none": Text("No P1 certificates are registered.", "Nie zarejestrowano certyfikatów P1."),
    "stored": Text(
        "Certificates are registered, but there is no id.", "Certyfikaty są, ale brak identyfikatora."
    ),
}
_WAITING = Text("Registering in the national domain…", "Rejestracja w domenie krajowej…")
_REVOKED = Text("The P1 certificates are revoked.", "Certyfikaty P1 zostały odwołane.")
_NO_BLOCK = Text(
    "Everything else is done, but the block in Prefect was not brought up to date: {cause}",
    "Wszystko inne wykonano, ale nie zaktualizowano bloku w Prefect: {cause}",
)
_AGAIN = Text(
    "Repeat the command once Prefect runs; it repeats nothing else. Or give --without-prefect.",
    "Powtórz polecenie, gdy Prefect będzie działał; niczego innego nie powtórzy. Albo dodaj"
    " --without-prefect.",
)

_Block = Annotated[
    str, typer.Option("--block", help="Name of the blocks P1Certificates and CloudAccount in Prefect.")
]
_WithoutPrefect = Annotated[
    bool,
    typer.Option("--without-prefect", help="Keep no block; the id stands in the clinic's database alone."),
]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def _file(option: str, text: str) -> object:
    return typer.Option(option, help=text, dir_okay=False, exists=True, metavar="FILE")


@app.command("register")
def register_(  # noqa: PLR0913, PLR0917 — one argument per option
    tls: Annotated[Path, _file("--tls", "The .p12 for the channel to P1.")],
    wss: Annotated[Path, _file("--wss", "The .p12 for signing messages to P1.")],
    tls_password: Annotated[
        Path | None, _file("--tls-password", "File with its password, instead of being asked for it.")
    ] = None,
    wss_password: Annotated[Path | None, _file("--wss-password", "The same for the other.")] = None,
    start_over: Annotated[
        bool, typer.Option("--start-over", help="Revoke first: new certificates, or no id came (manual 2.1).")
    ] = False,
    new_repository: Annotated[
        bool, typer.Option("--new-repository", help="Have P1 make a new one where it has one of ours.")
    ] = False,
    keep_only: Annotated[
        bool, typer.Option("--keep-only", help="Check and keep in the block; send nothing.")
    ] = False,
    block: _Block = "clinic",
    without_prefect: _WithoutPrefect = False,
    as_json: _Json = False,
) -> None:
    """Check both P1 certificates, hand them to the service, and have it register the repository in P1.

    Passwords are asked for, or read from files; never give them as arguments. Files with P1's old ciphers are
    understood; kept and sent they are sealed anew. May be repeated at any time.
    """
    with fail_politely(), open_desk() as desk:
        pair = _opened((tls, tls_password), (wss, wss_password))
        if not as_json:
            _tell(pair.facts)
        # First of all: --start-over must not revoke at P1 for a pair that cannot be used afterwards.
        check_authority(pair, desk.settings)
        if keep_only:
            _keep(desk, block, pair)
            typer.echo(_KEPT.fill(language(), name=block))
            return
        try:
            with waiting(_WAITING.fill(language())):
                found = register(
                    desk.client,
                    desk.database,
                    desk.account,
                    pair,
                    start_over=start_over,
                    force_new=new_repository,
                    actor="staff",
                )
        except P1IdMissing:
            if not without_prefect:
                _mirror(desk, block, pair, "")
            raise
        except ErepoError:
            if start_over and not without_prefect:
                # What was revoked for the fresh start must not go on being used.
                known = registration(desk.database, desk.account)
                _mirror(desk, block, None, known.repository_unique_id if known else "")
            raise
        mirrored = without_prefect or _mirror(desk, block, pair, found.repository_unique_id)
        _answer(found, as_json=as_json)
        if not mirrored:
            raise typer.Exit(1)


def _opened(tls: tuple[Path, Path | None], wss: tuple[Path, Path | None]) -> Pair:
    return read_pair(read_file(tls[0]), _password("TLS", tls[1]), read_file(wss[0]), _password("WSS", wss[1]))


@app.command("revoke")
def revoke_(
    block: _Block = "clinic", without_prefect: _WithoutPrefect = False, as_json: _Json = False
) -> None:
    """Have the service forget the P1 certificates; the id is not used any more. May be repeated.

    Needed before certificates are replaced (manual 1.3), and where P1 gave no id (manual 2.1).
    """
    with fail_politely(), open_desk() as desk:
        found = revoke(desk.client, desk.database, desk.account, actor="staff")
        mirrored = without_prefect or _mirror(desk, block, None, "")
        if as_json:
            typer.echo(orjson.dumps(found.as_json()))
        else:
            typer.echo(_REVOKED.fill(language()))
        if not mirrored:
            raise typer.Exit(1)


@app.command()
def show(as_json: _Json = False) -> None:
    """Ask the service how far the registration is. Exit code 0 only if there is an id.

    Certificates without an id are the manual's case 2.1, and its cure is told.
    """
    with fail_politely(), open_desk() as desk:
        state = desk.client.p1()
        found = adopt(desk.database, state, actor="staff")
        if not as_json:
            for purpose, one in (("TLS", state.tls), ("WSS", state.wss)):
                if one is not None:
                    _tell_one(purpose, FileFacts(one.serial, one.subject, one.not_before, one.not_after))
        _answer(found, as_json=as_json)
        if found.state == "stored":
            raise P1IdMissing
        if found.state != "registered":
            raise typer.Exit(1)


def _answer(found: Registration, *, as_json: bool) -> None:
    if as_json:
        typer.echo(orjson.dumps(found.as_json()))
    elif found.state == "registered":
        typer.echo(_REGISTERED.fill(language(), id=found.repository_unique_id))
    else:
        typer.echo(_STATES[found.state].fill(language()))


def _password(purpose: str, file: Path | None) -> bytes:
    if file is not None:
        return read_file(file).rstrip(b"\r\n")
    return asked_unseen(_PASSWORD.fill(language(), purpose=purpose)).encode()


def _keep(desk: AccountDesk, name: str, pair: Pair) -> None:
    with desk.database.read() as connection:
        provider = read_provider(connection)
    sealed = pair.sealed(desk.settings.passphrase)
    with open_prefect(desk.settings) as prefect:
        save_block(prefect, P1, name, {"provider": provider.resort_i if provider else "", **sealed})


def _mirror(desk: AccountDesk, name: str, pair: Pair | None, repository: str) -> bool:
    """Bring Prefect's blocks up to date; the truth stands in our own table: a failure is told, not raised."""
    try:
        if pair is not None:
            _keep(desk, name, pair)
        with open_prefect(desk.settings) as prefect:
            change_block(prefect, ACCOUNT, name, {"p1_repository_unique_id": repository})
    except ErepoError as error:
        cause, _ = error.explain(language())
        tell_trouble(_NO_BLOCK.fill(language(), cause=cause), _AGAIN.fill(language()))
        return False
    return True


def _tell(facts: tuple[FileFacts, FileFacts]) -> None:
    for purpose, one in zip(("TLS", "WSS"), facts, strict=True):
        _tell_one(purpose, one)


def _tell_one(purpose: str, one: FileFacts) -> None:
    words = _FACTS.fill(
        language(),
        purpose=purpose,
        serial=one.serial,
        first=day_words(one.not_before),
        last=day_words(one.not_after),
    )
    Console().print(words, markup=False, highlight=False, soft_wrap=True)
