"""What `erepo archive` shows: what was done, what would be done, and why the rest stays."""

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table

from erepo.cda.kinds import KINDS, Kind
from erepo.cli.complaints import complain
from erepo.clinic.archiving import Summary
from erepo.clinic.outlook import WORDS, Outlook, Pile, Reason, Skipped
from erepo.clinic.purging import PurgeReport
from erepo.texts import Language, Text, day_words, language, size_words, time_words

TITLE = Text("Archiving", "Archiwizacja")
_NOTHING = Text("Nothing is due.", "Brak dokumentów do archiwizacji.")
_ROWS = (
    ("archived", Text("archived", "zarchiwizowane")),
    (
        "recovered",
        Text("  of these, found from an earlier attempt", "  w tym odnalezione z wcześniejszej próby"),
    ),
    ("rejected", Text("rejected", "odrzucone")),
    ("retry_later", Text("wait for the next run", "czekają na następne uruchomienie")),
    ("unresolved", Text("outcome unknown, will be asked", "wynik nieznany, zostanie sprawdzony")),
)
_SIZE, _TIME = Text("size", "rozmiar"), Text("time", "czas")
_PURGED = Text("local copies removed", "usunięte kopie lokalne")
_KEPT = Text(
    "Not confirmed by the repository, so the local copy stays: {count} ({reasons}). More:"
    " `erepo verify --read-back`.",
    "Repozytorium nie potwierdziło, więc kopia lokalna pozostaje: {count} ({reasons}). Więcej:"
    " `erepo verify --read-back`.",
)
_WOULD_SEND = Text("Would be sent", "Zostałyby wysłane")
_WOULD_LEAVE = Text(
    "Local copies that would be removed, once confirmed",
    "Kopie lokalne, które zostałyby usunięte po potwierdzeniu",
)
_NONE = Text("{title}: none.", "{title}: brak.")
_WAITING = Text(
    "Planned by an earlier run: {count}.", "Zaplanowane przez wcześniejsze uruchomienie: {count}."
)
_STAYS = Text("Stays here", "Pozostają na miejscu")
_KIND, _WHY = Text("Kind", "Rodzaj"), Text("Reason", "Przyczyna")
_DOCUMENTS, _FIRST = Text("Documents", "Dokumenty"), Text("First due", "Pierwszy termin")
_BYTES = Text("Size", "Rozmiar")


def show(total: Summary, purged: PurgeReport, skipped: Mapping[Reason, int]) -> None:
    """Print what a run has done."""
    speak, console = language(), Console()
    if total.documents or total.problem is not None or purged.purged:
        console.print(_done(total, purged, speak))
    else:
        console.print(_NOTHING.fill(speak))
    for one in total.rejected:
        cause, cure = (one.cause_pl, one.cure_pl) if speak == "pl" else (one.cause_en, one.cure_en)
        console.print(f"{one.document} {one.code}: {cause} {cure}", markup=False, highlight=False)
    if purged.kept:
        reasons = ", ".join(f"{what} {count}" for what, count in purged.reasons().items())
        words = _KEPT.fill(speak, count=len(purged.kept), reasons=reasons)
        console.print(words, style="yellow", markup=False, highlight=False)
    for reason, count in skipped.items():
        words = f"{_STAYS.fill(speak)}: {count}, {WORDS[reason].fill(speak)}"
        console.print(words, markup=False, highlight=False)
    if problem := total.problem or purged.problem:
        complain(problem, as_json=False)


def show_ahead(outlook: Outlook) -> None:
    """Print what a run would do."""
    speak, console = language(), Console()
    _show_piles(console, _WOULD_SEND, outlook.due, speak)
    if outlook.waiting:
        console.print(_WAITING.fill(speak, count=outlook.waiting))
    _show_piles(console, _WOULD_LEAVE, outlook.purge, speak)
    if outlook.skipped:
        console.print(_stays(outlook.skipped, speak))
    for problem in outlook.obstacles:
        complain(problem, as_json=False)


def _done(total: Summary, purged: PurgeReport, speak: Language) -> Table:
    table = Table(title=TITLE.fill(speak), show_header=False)
    for name, words in _ROWS:
        value = getattr(total, name)
        table.add_row(words.fill(speak), str(len(value) if isinstance(value, list) else value))
    table.add_row(_SIZE.fill(speak), size_words(total.bytes, speak))
    table.add_row(_TIME.fill(speak), time_words(total.seconds, speak))
    table.add_row(_PURGED.fill(speak), str(purged.purged))
    return table


def _show_piles(console: Console, title: Text, piles: Sequence[Pile], speak: Language) -> None:
    if not piles:
        console.print(_NONE.fill(speak, title=title.fill(speak)), markup=False, highlight=False)
        return
    table = _table(title.fill(speak))
    table.add_column(_KIND.fill(speak))
    for header in (_DOCUMENTS, _BYTES):
        table.add_column(header.fill(speak), justify="right")
    for one in piles:
        label = KINDS[Kind(one.kind)].label.fill(speak)
        table.add_row(label, str(one.documents), size_words(one.bytes, speak))
    table.add_section()
    octets = sum(one.bytes for one in piles)
    table.add_row("", str(sum(one.documents for one in piles)), size_words(octets, speak))
    console.print(table)


def _stays(skipped: Sequence[Skipped], speak: Language) -> Table:
    table = _table(_STAYS.fill(speak))
    table.add_column(_KIND.fill(speak))
    table.add_column(_WHY.fill(speak))
    for header in (_DOCUMENTS, _FIRST):
        table.add_column(header.fill(speak), justify="right")
    for one in skipped:
        day = day_words(one.earliest) if one.earliest else ""
        label = KINDS[Kind(one.kind)].label.fill(speak)
        table.add_row(label, WORDS[one.reason].fill(speak), str(one.documents), day)
    return table


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0))
