"""The pages of archiving: what a run has done, or would do, and why the rest stays. Counts and opaque ids."""

from collections import Counter
from collections.abc import Iterable, Mapping

from prefect.artifacts import acreate_markdown_artifact

from erepo.cda.kinds import KINDS, Kind
from erepo.clinic.archiving import Summary
from erepo.clinic.outlook import WORDS, Outlook, Pile
from erepo.clinic.purging import PurgeReport
from erepo.errors import ErepoError
from erepo.texts import Language, Text, day_words, language, size_words, time_words
from flows.reporting import cell

_TITLE = Text("Archiving", "Archiwizacja")
_NOTHING = Text("Nothing was due.", "Nie było dokumentów do archiwizacji.")
_HEAD = Text("| what | count |\n|---|---:|", "| co | ile |\n|---|---:|")
_ROWS = (
    ("archived", Text("archived", "zarchiwizowane")),
    ("recovered", Text("of these, sent by an earlier run", "w tym wysłane przez wcześniejsze uruchomienie")),
    ("rejected", Text("rejected", "odrzucone")),
    ("retry_later", Text("wait for the next run", "czekają na następne uruchomienie")),
    ("unresolved", Text("outcome unknown, will be asked", "wynik nieznany, zostanie sprawdzony")),
    ("batches", Text("batches sent", "wysłane paczki")),
)
_SIZE, _TIME = Text("size", "rozmiar"), Text("time", "czas")
_PURGED = Text("local copies removed", "usunięte kopie lokalne")
_KEPT = Text(
    "Local copies kept: the repository did not confirm them",
    "Kopie lokalne zachowane: repozytorium ich nie potwierdziło",
)
_KEPT_CURE = Text(
    "Run `erepo verify --read-back` and read which documents differ.",
    "Uruchom `erepo verify --read-back` i sprawdź, które dokumenty się różnią.",
)
_WHAT = {
    "missing": Text("not there", "brak w repozytorium"),
    "hash": Text("other hash", "inny skrót"),
    "size": Text("other size", "inny rozmiar"),
    "twice": Text("registered twice", "zarejestrowany podwójnie"),
    "content": Text("other content", "inna treść"),
}
_REJECTED = Text("Rejected", "Odrzucone")
_REASONS = Text("| reason | documents |\n|---|---:|", "| przyczyna | dokumenty |\n|---|---:|")
_REJECTED_HEAD = Text(
    "| document | code | reason | what to do |\n|---|---|---|---|",
    "| dokument | kod | przyczyna | co zrobić |\n|---|---|---|---|",
)
_STAYS = Text("Stays here", "Pozostają na miejscu")
_STOPPED = Text("Stopped early", "Przerwano")
#: Rows of rejected documents on the page; all of them stand in `erepo rejected list`.
MOST_ROWS = 200


async def report_archiving(
    total: Summary, purged: PurgeReport, outlook: Outlook | None, problem: Exception | None
) -> None:
    """Leave the page of one archiving run."""
    page = archiving_page(total, purged, outlook, problem, language())
    await acreate_markdown_artifact(page, "archive-summary")


def archiving_page(
    total: Summary,
    purged: PurgeReport,
    outlook: Outlook | None,
    problem: Exception | None,
    speak: Language,
) -> str:
    """Return the page as Markdown: counts, duration, refusals, what was kept and what stays, by reason."""
    parts = [f"## {_TITLE.fill(speak)}"]
    if problem is not None:
        words = problem.explain(speak) if isinstance(problem, ErepoError) else (type(problem).__name__,)
        parts += [f"**{_STOPPED.fill(speak)}**: {' '.join(words)}"]
    if total.documents or purged.purged or problem:
        parts += [_counts(total, purged, speak)]
    else:
        parts += [_NOTHING.fill(speak)]
    if total.rejected:
        parts += _rejected(total, speak)
    if purged.kept:
        reasons = {_WHAT[what].fill(speak): count for what, count in purged.reasons().items()}
        parts += [f"### {_KEPT.fill(speak)}", _by_reason(reasons, speak), _KEPT_CURE.fill(speak)]
    if outlook is not None and (stays := outlook.by_reason()):
        reasons = {WORDS[reason].fill(speak): count for reason, count in stays.items()}
        parts += [f"### {_STAYS.fill(speak)}", _by_reason(reasons, speak)]
    return "\n\n".join(parts)


def _counts(total: Summary, purged: PurgeReport, speak: Language) -> str:
    rows = [_HEAD.fill(speak)]
    for name, label in _ROWS:
        value = getattr(total, name)
        rows.append(f"| {label.fill(speak)} | {len(value) if isinstance(value, list) else value} |")
    rows.append(f"| {_SIZE.fill(speak)} | {size_words(total.bytes, speak)} |")
    rows.append(f"| {_TIME.fill(speak)} | {time_words(total.seconds, speak)} |")
    rows.append(f"| {_PURGED.fill(speak)} | {purged.purged} |")
    return "\n".join(rows)


def _rejected(total: Summary, speak: Language) -> list[str]:
    reasons = dict(sorted(Counter(one.code for one in total.rejected).items()))
    refused = [
        f"| {one.document} | {one.code} | {cell(one.cause_pl if speak == 'pl' else one.cause_en)} "
        f"| {cell(one.cure_pl if speak == 'pl' else one.cure_en)} |"
        for one in total.rejected[:MOST_ROWS]
    ]
    return [
        f"### {_REJECTED.fill(speak)}",
        _by_reason(reasons, speak),
        "\n".join([_REJECTED_HEAD.fill(speak), *refused]),
    ]


_AHEAD = Text("What a run would do now", "Co zrobiłoby teraz uruchomienie")
_WOULD_SEND = Text("Would be sent", "Zostałyby wysłane")
_WOULD_LEAVE = Text(
    "Local copies that would be removed, once confirmed",
    "Kopie lokalne, które zostałyby usunięte po potwierdzeniu",
)
_PILES = Text(
    "| kind | documents | size |\n|---|---:|---:|", "| rodzaj | dokumenty | rozmiar |\n|---|---:|---:|"
)
_TOTAL, _NONE = Text("together", "razem"), Text("None.", "Brak.")
_WAITING = Text(
    "Planned by an earlier run, would be sent as well: {count}.",
    "Zaplanowane przez wcześniejsze uruchomienie, także zostałyby wysłane: {count}.",
)
_OBSTACLES = Text("Nothing would be sent at all", "Nic nie zostałoby wysłane")
_SKIPPED = Text(
    "| kind | reason | documents | first due |\n|---|---|---:|---|",
    "| rodzaj | przyczyna | dokumenty | pierwszy termin |\n|---|---|---:|---|",
)


async def report_ahead(outlook: Outlook) -> None:
    """Leave the page of a dry run."""
    await acreate_markdown_artifact(ahead_page(outlook, language()), "archive-outlook")


def ahead_page(outlook: Outlook, speak: Language) -> str:
    """Return the page as Markdown: what is in the way, what would be sent or leave, why the rest stays."""
    parts = [f"## {_AHEAD.fill(speak)}"]
    if outlook.obstacles:
        parts += [f"### {_OBSTACLES.fill(speak)}"]
    for one in outlook.obstacles:
        cause, cure = (one.cause_pl, one.cure_pl) if speak == "pl" else (one.cause_en, one.cure_en)
        parts += [f"{cause} {cure}"]
    parts += [f"### {_WOULD_SEND.fill(speak)}", _piles(outlook.due, speak)]
    if outlook.waiting:
        parts += [_WAITING.fill(speak, count=outlook.waiting)]
    parts += [f"### {_WOULD_LEAVE.fill(speak)}", _piles(outlook.purge, speak)]
    if outlook.skipped:
        rows = [_SKIPPED.fill(speak)]
        for skipped in outlook.skipped:
            day = day_words(skipped.earliest) if skipped.earliest else ""
            why = WORDS[skipped.reason].fill(speak)
            rows.append(f"| {_label(skipped.kind, speak)} | {why} | {skipped.documents} | {day} |")
        parts += [f"### {_STAYS.fill(speak)}", "\n".join(rows)]
    return "\n\n".join(parts)


def _piles(piles: Iterable[Pile], speak: Language) -> str:
    listed = list(piles)
    if not listed:
        return _NONE.fill(speak)
    rows = [_PILES.fill(speak)]
    rows += [
        f"| {_label(one.kind, speak)} | {one.documents} | {size_words(one.bytes, speak)} |" for one in listed
    ]
    octets = size_words(sum(one.bytes for one in listed), speak)
    rows.append(f"| {_TOTAL.fill(speak)} | {sum(one.documents for one in listed)} | {octets} |")
    return "\n".join(rows)


def _by_reason(reasons: Mapping[str, int], speak: Language) -> str:
    return "\n".join([_REASONS.fill(speak), *(f"| {why} | {count} |" for why, count in reasons.items())])


def _label(kind: str, speak: Language) -> str:
    return KINDS[Kind(kind)].label.fill(speak)
