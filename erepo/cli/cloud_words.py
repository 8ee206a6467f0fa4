"""What the operator's commands share: the database, values of options as people write them."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Annotated, Final

import typer

from erepo.cloud.errors import TermOver
from erepo.cloud.storage.database import Database
from erepo.cloud.tenancy.tenants import check_term
from erepo.settings import Settings
from erepo.texts import Language, Text, language

#: An account as every command but `tenant add` takes it.
Known = Annotated[str, typer.Argument(metavar="ACCOUNT", help="16 digits, as `tenant list` shows them.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]

_UNITS: Final = {"": 0, "B": 0, "K": 1, "KB": 1, "M": 2, "MB": 2, "G": 3, "GB": 3, "T": 4, "TB": 4}
_SIZE = re.compile(r"([0-9]{1,18}(?:[.,][0-9]{1,6})?)\s*([A-Za-z]{0,3})")
#: What a column of whole numbers holds on every database.
MOST: Final = 2**63 - 1
_NO_SIZE = Text(
    "{given!r} is no size: write bytes, or a number with kB, MB, GB, TB (of 1,000) or KiB, MiB, GiB, TiB"
    " (of 1,024), for example 50GB",
    "{given!r} to nie rozmiar: podaj liczbę bajtów albo liczbę z jednostką kB, MB, GB, TB (po 1000) lub KiB,"
    " MiB, GiB, TiB (po 1024), na przykład 50GB",
)
_NO_DAY = Text(
    "{given!r} is no day: write it as 2027-12-31, or `open` for no end",
    "{given!r} to nie data: zapisz ją jako 2027-12-31 albo podaj `open`, jeśli końca ma nie być",
)


#: What the states of an account are called where people read them; programs read the names in JSON.
_ACCOUNT_STATES: Final = {
    "ordered": Text("ordered", "zamówione"),
    "active": Text("active", "aktywne"),
    "suspended": Text("suspended", "zawieszone"),
}
_CERTIFICATE_STATES: Final = {
    "active": Text("active", "aktywny"),
    "retired": Text("retired", "wycofany"),
}


def account_state(state: str, speak: Language) -> str:
    """Return the state of an account as people read it."""
    return _ACCOUNT_STATES[state].fill(speak) if state in _ACCOUNT_STATES else state


def certificate_state(state: str, speak: Language) -> str:
    """Return the state of a certificate as people read it."""
    return _CERTIFICATE_STATES[state].fill(speak) if state in _CERTIFICATE_STATES else state


@contextmanager
def cloud_database() -> Iterator[Database]:
    """Open the service's database, checked to be of our version.

    Raises:
        CloudNotInitialised, DatabaseOutdated, DatabaseTooNew: it cannot be used.
    """
    database = Database(Settings().cloud_url)
    try:
        database.check()
        yield database
    finally:
        database.close()


def size_of(given: str | int) -> int:
    """Return the bytes that a size stands for: `1048576`, `50GB`, `1.5 TiB`.

    Raises:
        typer.BadParameter: it is none.
    """
    found = _SIZE.fullmatch(str(given).strip())
    unit = found[2].upper() if found else ""
    binary = len(unit) == 3 and unit.endswith("IB")
    step = _UNITS.get(f"{unit[0]}B" if binary else unit)
    if found is None or step is None:
        raise typer.BadParameter(_NO_SIZE.fill(language(), given=str(given)))
    whole, _, part = found[1].replace(",", ".").partition(".")
    factor: int = (1024 if binary else 1000) ** step
    size: int = int(whole) * factor + int(part or 0) * factor // 10 ** len(part)
    if size > MOST:
        raise typer.BadParameter(_NO_SIZE.fill(language(), given=str(given)))
    return size


def last_day(given: str) -> date | None:
    """Return the last day of an account, None for `open`.

    Raises:
        typer.BadParameter: it is no day, or one that is over.
    """
    if given == "open":
        return None
    try:
        day = date.fromisoformat(given)
    except ValueError:
        raise typer.BadParameter(_NO_DAY.fill(language(), given=given)) from None
    try:
        check_term(day)
    except TermOver as error:
        raise typer.BadParameter(" ".join(error.explain(language()))) from None
    return day
