"""`erepo cloud master-key …`: the key above the secrets that accounts entrust to the service."""

import json

import typer

from erepo.cli.cloud_words import Json, cloud_database
from erepo.cli.words import fail_politely
from erepo.cloud import operating
from erepo.settings import Settings
from erepo.texts import Text, language

app = typer.Typer(help="The key that protects the clinics' P1 certificates.", no_args_is_help=True)

_CHANGED = Text(
    "The master key is {present} now, {former} before; secrets under the new key: {rows}.",
    "Klucz główny to teraz {present}, wcześniej {former}; dane pod nowym kluczem: {rows}.",
)
_FINISHED = Text(
    "An earlier change was finished: the master key is {present}.",
    "Dokończono wcześniejszą zmianę: klucz główny to {present}.",
)
_KEEP = Text(
    "Keep the former key with the backups of the database made before; nothing else needs it any more.",
    "Poprzedni klucz przechowuj z wcześniejszymi kopiami bazy danych; do niczego innego nie jest potrzebny.",
)


@app.callback()
def group() -> None:
    """The key that protects the clinics' P1 certificates."""


@app.command("rotate")
def rotate(*, as_json: Json = False) -> None:
    """Put the secrets of all accounts under a new master key; a running service follows by itself.

    The new key is that of EREPO_CLOUD_KEY, where it is set: put the
    present one into EREPO_CLOUD_KEY_PREVIOUS before. Otherwise it is made
    in EREPO_HOME/cloud/secrets. All secrets change over in one
    transaction; after a crash run the command again.

    Examples:
      erepo cloud master-key rotate
    """
    with fail_politely(), cloud_database() as database:
        done = operating.change_master_key(Settings(), database)
    finished = done.former == done.present
    if as_json:
        facts = {"present": done.present, "former": done.former, "secrets": done.rows, "finished": finished}
        typer.echo(json.dumps(facts))
        return
    words = _FINISHED if finished else _CHANGED
    typer.echo(words.fill(language(), present=done.present, former=done.former, rows=done.rows))
    typer.echo(_KEEP.fill(language()))
