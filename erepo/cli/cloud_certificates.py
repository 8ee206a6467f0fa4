"""`erepo cloud tenant certificates`: with what an account comes and signs, now and before."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import typer
from rich.console import Console
from rich.table import Table

from erepo.cli.cloud_words import Json, Known, cloud_database
from erepo.cli.words import fail_politely
from erepo.cloud.tenancy import certificates, options
from erepo.texts import Language, Text, day_words, language

_HEADERS = (
    Text("Purpose", "Rodzaj"),
    Text("State", "Stan"),
    Text("Valid from", "Ważny od"),
    Text("Valid until", "Ważny do"),
    Text("Serial number", "Numer seryjny"),
    Text("Fingerprint", "Odcisk"),
)
_STATES = {
    "active": Text("active", "aktywny"),
    "retired": Text("retired", "wycofany"),
    "expired": Text("expired", "wygasł"),
    "soon": Text("active, ends soon", "aktywny, wkrótce wygaśnie"),
}
_NONE = Text("account {account}: no certificates yet", "konto {account}: nie ma jeszcze certyfikatów")
_SOON = timedelta(days=30)


def command(account: Known, *, as_json: Json = False) -> None:
    """List the certificates of an account, newest first: all that were ever registered.

    With active ones the account connects (TLS) and signs (WSS); retired
    and expired ones are refused.
    """
    with (
        fail_politely(),
        cloud_database() as database,
        database.everyone("the operator looks") as connection,
    ):
        number = options.number_of(connection, account)
        found = [certificates.shown(row) for row in certificates.registered(connection, number)]
    if as_json:
        typer.echo(json.dumps({"account": account, "certificates": found}))
        return
    speak = language()
    if not found:
        typer.echo(_NONE.fill(speak, account=account))
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for header in _HEADERS:
        table.add_column(header.fill(speak), overflow="fold")
    for each in found:
        days = [day_words(datetime.fromisoformat(each[name])) for name in ("notBefore", "notAfter")]
        table.add_row(
            each["purpose"], _state(each, speak), *days, each["serial"], f"{each['fingerprint'][:16]}…"
        )
    Console().print(table)


def _state(facts: Mapping[str, str], speak: Language) -> str:
    left = datetime.fromisoformat(facts["notAfter"]) - datetime.now(UTC)
    state = facts["state"]
    if state == "active" and left < _SOON:
        state = "expired" if left <= timedelta(0) else "soon"
    return _STATES[state].fill(speak)
