"""How the certificates of an account are shown to people."""

from rich.console import Console
from rich.table import Table

from erepo.clinic.rotation import Status
from erepo.clinic.rotation.words import next_words, stage_words
from erepo.texts import Language, Text, moment_words

#: Room for the table with its 40 digits of a serial number, also where the console is narrower.
_WIDTH = 120

_COLUMNS = (
    Text("Certificate", "Certyfikat"),
    Text("Valid until", "Ważny do"),
    Text("Days left", "Pozostało dni"),
    Text("Serial number", "Numer seryjny"),
)
_ACCOUNT = Text("Account: {account}.", "Konto: {account}.")


def show(found: Status, console: Console, speak: Language) -> None:
    """Print a status as a table and plain sentences."""
    _say(console, _ACCOUNT.fill(speak, account=found.account))
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in _COLUMNS:
        table.add_column(column.fill(speak), no_wrap=True)
    for one in found.in_use:
        style = "red" if one.days_left < 1 else "yellow" if one.days_left <= 30 else ""
        table.add_row(
            one.purpose.value, moment_words(one.not_after), str(one.days_left), one.serial, style=style
        )
    # A serial number is compared with the name of a file: it must not be cut.
    console.width = max(console.width, _WIDTH)
    console.print(table, soft_wrap=True)
    if words := next_words(found, speak):
        _say(console, words)
    if found.rotation is not None:
        _say(console, stage_words(found.rotation, speak))


def _say(console: Console, words: str) -> None:
    console.print(words, markup=False, highlight=False, soft_wrap=True)
