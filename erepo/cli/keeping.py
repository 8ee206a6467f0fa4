"""`erepo secrets …`: change what protects the private keys."""

import base64
from dataclasses import asdict, dataclass
from typing import Annotated

import orjson
import typer

from erepo.cli.surroundings import Surroundings
from erepo.cli.vault import Vault
from erepo.cli.words import fail_politely
from erepo.clinic import resealing
from erepo.clinic.database import Database, open_clinic
from erepo.errors import RetryableError
from erepo.passphrase import Passphrase
from erepo.settings import Settings
from erepo.texts import Text, language

app = typer.Typer(help="What protects the private keys.", no_args_is_help=True, add_completion=False)

#: Types of blocks that hold private keys, as PKCS#12 in fields with this ending.
_SLUGS = ("erepo-tenant-certificates", "erepo-p1-certificates")
_FIELD = "_pkcs12"
_DONE = Text(
    "The passphrase is changed. Encrypted anew: {database} keys in the database, {files} key files, {blocks}"
    " blocks. Backups from before still open with the old passphrase: destroy one or the other.",
    "Hasło zostało zmienione. Zaszyfrowano ponownie: klucze w bazie danych: {database}, pliki kluczy:"
    " {files}, bloki: {blocks}. Kopie zapasowe sprzed zmiany nadal otwiera stare hasło: zniszcz jedno"
    " albo drugie.",
)
_TAKE_AWAY = Text(
    "Now take EREPO_KEY_PASSPHRASE_FORMER away, for all programs.",
    "Teraz usuń EREPO_KEY_PASSPHRASE_FORMER, dla wszystkich programów.",
)


class BlocksNotReached(RetryableError):
    """The blocks still lie under the old passphrase, which therefore stays accepted."""

    code = "secrets.blocks-not-reached"
    cause = Text(
        "The keys here are encrypted anew, but Prefect's blocks are not: {address} does not answer. Both"
        " passphrases are accepted until then.",
        "Klucze zaszyfrowano ponownie, ale bloków Prefect nie: {address} nie odpowiada. Do tego czasu"
        " akceptowane są oba hasła.",
    )
    cure = Text(
        "Start `erepo up` and run this again. If Prefect is not used, add --without-prefect.",
        "Uruchom `erepo up` i powtórz polecenie. Jeśli Prefect nie jest używany, dodaj --without-prefect.",
    )


@dataclass
class Changed:
    """How many keys were encrypted anew, by where they lie."""

    database: int = 0
    files: int = 0
    blocks: int = 0


@app.callback()
def _group() -> None:
    """Change what protects the private keys: docs/how-to/keep-secrets.md."""


@app.command("rotate-passphrase")
def rotate_passphrase(
    *,
    without_prefect: Annotated[
        bool,
        typer.Option("--without-prefect", help="Leave Prefect's blocks; onboard-clinic writes them anew."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Encrypt all private keys of the clinic under a new passphrase, made by itself and shown nowhere.

    Keys stay usable all the time. After a crash, or where Prefect did not
    answer, run it again: it goes on. Let no onboarding and no rotation of
    certificates be under way.
    """
    settings = Settings()
    with fail_politely():
        database = open_clinic(settings)
        try:
            changed = _change(settings, database, without_prefect=without_prefect)
        finally:
            database.close()
    if as_json:
        typer.echo(orjson.dumps(asdict(changed)))
        return
    typer.echo(_DONE.fill(language(), **asdict(changed)))
    if settings.key_passphrase is not None:
        typer.echo(_TAKE_AWAY.fill(language()))


def _change(settings: Settings, database: Database, *, without_prefect: bool) -> Changed:
    passphrase = resealing.begin(settings)
    changed = Changed(
        resealing.reseal_database(database, passphrase), resealing.reseal_files(settings, passphrase)
    )
    if not without_prefect:
        changed.blocks = _reseal_blocks(settings, passphrase)
    resealing.finish(settings, database, passphrase)
    return changed


def _reseal_blocks(settings: Settings, passphrase: Passphrase) -> int:
    around = Surroundings(settings)
    try:
        login = around.prefect_login()
    except FileNotFoundError:
        login = ""
    with Vault(around.prefect_url, login) as vault:
        if not vault.answers():
            raise BlocksNotReached(address=around.prefect_url)
        return reseal_blocks(vault, passphrase)


def reseal_blocks(vault: Vault, passphrase: Passphrase) -> int:
    """Encrypt the keys in all blocks with the new passphrase; return how many blocks needed it.

    Raises:
        WrongPassphrase, BundleUnreadable…: a block opens with none of the passphrases.
        PrefectUnavailable, PrefectRefused: Prefect does not take it.
    """
    changed = 0
    for block in (one for slug in _SLUGS for one in vault.blocks(slug)):
        fresh: dict[str, str] = {}
        for name, value in block.data.items():
            if name.endswith(_FIELD):
                owner = str(block.data.get("account") or block.data.get("provider") or "")
                label = f"{owner} {name.removesuffix(_FIELD).upper()}"
                sealed = resealing.reseal_pkcs12(base64.b64decode(value), passphrase, label)
                if sealed is not None:
                    fresh[name] = base64.b64encode(sealed).decode("ascii")
        if fresh:
            vault.change(block, fresh)
            changed += 1
    return changed
