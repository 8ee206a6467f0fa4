"""`erepo status`: where the clinic's documents stand."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.table import Table

from erepo.cda.kinds import KINDS, Kind
from erepo.cda.signature import is_broken
from erepo.cli.coverage import PLANNED, coverage_words
from erepo.cli.words import fail_politely
from erepo.clinic.database import open_clinic
from erepo.clinic.occupancy import EARCHIVE_NAME
from erepo.clinic.sharing import ConsentState
from erepo.clinic.sharing.words import STATE_WORDS as CONSENT_WORDS
from erepo.clinic.state_words import STATE_WORDS
from erepo.clinic.status import StatusReport, read_status
from erepo.clinic.structure_words import missing_words
from erepo.settings import Settings
from erepo.texts import Language, Text, language, size_words

_STATE, _KIND = Text("State", "Stan"), Text("Kind", "Rodzaj")
_DOCUMENTS, _BYTES, _MEANING = Text("Documents", "Dokumenty"), Text("Size", "Rozmiar"), Text("", "")
_CONSENTS = Text(
    "Shared documents: {shared}. Consents: {counts}.", "Udostępnione dokumenty: {shared}. Zgody: {counts}."
)
_NONE = Text(
    "No documents yet. Take some in: erepo import PATH…",
    "Brak dokumentów. Przyjmij je: erepo import ŚCIEŻKA…",
)
_DUE = Text("Due for archiving now: {count}.", "Do archiwizacji teraz: {count}.")
_WAITING = Text(
    "Of these, waiting for the version before them: {count}.",
    "W tym czekające na poprzednią wersję: {count}.",
)
_ACCOUNT = Text("Account: {account}.", "Konto: {account}.")
_EARCHIVE = Text("External repository: eArchiwum.", "Repozytorium zewnętrzne: eArchiwum.")
_NO_ACCOUNT = Text("No account yet: run onboard-clinic.", "Brak konta: uruchom onboard-clinic.")
_REJECTED = Text("Rejected ({code}): {count}.", "Odrzucone ({code}): {count}.")
_BROKEN = Text(
    "The document's own signature is forged or does not fit it ({code}): {count}.",
    "Podpis w dokumencie jest sfałszowany lub niezgodny z jego treścią ({code}): {count}.",
)
_WEAK = Text(
    "The document's own signature is weak or was not verified ({code}): {count}.",
    "Podpis w dokumencie jest słaby lub nie został zweryfikowany ({code}): {count}.",
)
_MISSING = Text(
    "Before anything can be deposited, complete:\n{missing}",
    "Zanim będzie można deponować dokumenty, uzupełnij:\n{missing}",
)


def command(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show how many documents stand in which state, what is due, and what is missing."""
    with fail_politely():
        settings = Settings()
        database = open_clinic(settings)
        try:
            with database.read() as connection:
                report = read_status(connection, settings.verify.days)
        finally:
            database.close()
    if as_json:
        typer.echo(orjson.dumps(report.as_json()))
    else:
        show(report, Console(), language())


def show(report: StatusReport, console: Console, spoken: Language) -> None:
    """Print a report as tables and plain sentences."""
    if report.documents:
        console.print(_by_state(report, spoken))
        console.print(_by_kind(report, spoken))
    else:
        console.print(_NONE.fill(spoken), markup=False, highlight=False)
    console.print(_DUE.fill(spoken, count=report.due))
    if report.waiting:
        console.print(_WAITING.fill(spoken, count=report.waiting))
    account = _ACCOUNT.fill(spoken, account=report.account) if report.account else _NO_ACCOUNT.fill(spoken)
    if report.account == EARCHIVE_NAME:
        account = _EARCHIVE.fill(spoken)
    console.print(account, markup=False, highlight=False)
    covered, repairs = report.coverage, sum(report.repairs.values())
    if covered is not None and covered.documents:
        style = "yellow" if covered.overdue else None
        console.print(coverage_words(covered, spoken), style=style, markup=False, highlight=False)
    if repairs:
        console.print(PLANNED.fill(spoken, count=repairs), style="red", markup=False, highlight=False)
    if report.consents:
        words = _CONSENTS.fill(spoken, shared=report.shared, counts=consent_counts(report.consents, spoken))
        console.print(words, markup=False, highlight=False)
    for one in report.rejected:
        words = _REJECTED.fill(spoken, code=one.code or "-", count=one.documents)
        console.print(words, style="red", markup=False, highlight=False)
    for words, broken in signature_words(report.signatures_by_code(), spoken):
        console.print(words, style="red" if broken else "yellow", markup=False, highlight=False)
    if report.missing:
        missing = missing_words(report.missing, spoken)
        console.print(_MISSING.fill(spoken, missing=missing), style="yellow", markup=False, highlight=False)


def consent_counts(counts: Mapping[str, int], spoken: Language) -> str:
    """Return how many consents are in each state, in words."""
    return ", ".join(
        f"{CONSENT_WORDS[ConsentState(state)].fill(spoken)}: {count}" for state, count in counts.items()
    )


def signature_words(counts: Mapping[str, int], spoken: Language) -> Iterator[tuple[str, bool]]:
    """Yield a sentence for each doubt about signatures inside documents, and whether they are broken."""
    for code, count in sorted(counts.items()):
        broken = is_broken(code)
        yield (_BROKEN if broken else _WEAK).fill(spoken, code=code, count=count), broken


def _by_state(report: StatusReport, spoken: Language) -> Table:
    table = _table(_STATE.fill(spoken), _DOCUMENTS.fill(spoken), _BYTES.fill(spoken))
    table.add_column(_MEANING.fill(spoken))
    for state, (count, octets) in report.by_state().items():
        table.add_row(
            state.value, str(count), size_words(octets, spoken), STATE_WORDS[state].meaning.fill(spoken)
        )
    table.add_section()
    table.add_row("", str(report.documents), size_words(report.bytes, spoken), "")
    return table


def _by_kind(report: StatusReport, spoken: Language) -> Table:
    table = _table(_KIND.fill(spoken), _DOCUMENTS.fill(spoken), _BYTES.fill(spoken))
    for kind in sorted({one.kind for one in report.counts}):
        rows = [one for one in report.counts if one.kind == kind]
        table.add_row(
            KINDS[Kind(kind)].label.fill(spoken),
            str(sum(one.documents for one in rows)),
            size_words(sum(one.bytes for one in rows), spoken),
        )
    return table


def _table(first: str, *numbers: str) -> Table:
    options: dict[str, Any] = {"box": None, "pad_edge": False, "padding": (0, 2, 0, 0)}
    table = Table(**options)
    table.add_column(first)
    for header in numbers:
        table.add_column(header, justify="right")
    return table
