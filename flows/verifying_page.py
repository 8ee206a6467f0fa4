"""The page of one night of verifying: how far the archive is read back, and the repair plan."""

from collections.abc import Sequence

from prefect.artifacts import acreate_markdown_artifact

from erepo.clinic.tables import now
from erepo.clinic.verifying import Night
from erepo.clinic.verifying.plan import Repair
from erepo.errors import ErepoError
from erepo.texts import Language, Text, language, size_words, time_words

#: Rows of the plan on the page; all of them stand in `erepo verify plan`.
MOST_ROWS = 200

_TITLE = Text("Verifying the archive", "Weryfikacja archiwum")
_STOPPED = Text("Stopped early", "Przerwano")
_HEAD = Text("| what | value |\n|---|---:|", "| co | wartość |\n|---|---:|")
_CHECKED = Text("read back tonight", "odczytane tej nocy")
_SHARE = Text("a night's share", "porcja na noc")
_EQUAL = Text("of these, as they should be", "w tym zgodne")
_SIZE, _TIME = Text("size", "rozmiar"), Text("time", "czas")
_RECENT = Text("read back within {days} days", "odczytane w ciągu {days} dni")
_OLDEST = Text("the longest unchecked, days", "najdawniej sprawdzony, dni temu")
_OVERDUE = Text(
    "Some documents were not read back within {days} days; the next nights take more until they are.",
    "Części dokumentów nie odczytano w ciągu {days} dni; najbliższe noce sprawdzą ich więcej.",
)
_LIMITS = {
    "time": Text("The night's limit of time ended it.", "Zakończono po wyczerpaniu limitu czasu na noc."),
    "bytes": Text("The night's limit of bytes ended it.", "Zakończono po wyczerpaniu limitu bajtów na noc."),
}
_PLAN = Text("Repair plan", "Plan naprawy")
_PLAN_HEAD = Text(
    "| id | document | what | good copy here | proposed |\n|---|---|---|---|---|",
    "| identyfikator | dokument | co | dobra kopia na miejscu | propozycja |\n|---|---|---|---|---|",
)
_SOUND = Text("Nothing is missing, nothing is damaged.", "Niczego nie brakuje i nic nie jest uszkodzone.")
_YES, _NO = Text("yes", "tak"), Text("**NO**", "**NIE**")
WHAT = {
    "missing": Text("missing", "brak"),
    "content": Text("damaged", "uszkodzony"),
    "hash": Text("another document under its id", "inny dokument pod jego identyfikatorem"),
    "size": Text("another size", "inny rozmiar"),
    "twice": Text("registered several times", "zarejestrowany wielokrotnie"),
    "deprecated": Text("replaced there, by nothing of ours", "zastąpiony tam dokumentem spoza placówki"),
    "current": Text("shown as current although replaced", "oznaczony jako aktualny, choć zastąpiony"),
}
_ACTION = {
    "send-again": Text("send again: `erepo verify repair`", "wysłać ponownie: `erepo verify repair`"),
    "replace": Text(
        "remove and send again: `erepo verify repair`", "usunąć i wysłać ponownie: `erepo verify repair`"
    ),
    "inspect": Text("a person must look", "wymaga sprawdzenia przez człowieka"),
    "no-copy": Text("second copy or backup of the repository", "druga kopia lub kopia zapasowa repozytorium"),
}


async def report_night(night: Night | None, plan: Sequence[Repair], problem: Exception | None) -> None:
    """Leave the page of one night."""
    await acreate_markdown_artifact(night_page(night, plan, problem, language()), "verify-summary")


def night_page(
    night: Night | None, plan: Sequence[Repair], problem: Exception | None, speak: Language
) -> str:
    """Return the page as Markdown: counts, coverage, and each open repair by opaque ids."""
    lines = [f"## {_TITLE.fill(speak)}"]
    if problem is not None:
        words = problem.explain(speak) if isinstance(problem, ErepoError) else (type(problem).__name__,)
        lines.append(f"**{_STOPPED.fill(speak)}**: {' '.join(words)}")
    if night is not None:
        lines += _counts(night, speak)
    if plan:
        rows = [_row(one, speak) for one in plan[:MOST_ROWS]]
        lines += [f"### {_PLAN.fill(speak)}", "\n".join([_PLAN_HEAD.fill(speak), *rows])]
    elif night is not None:
        lines.append(_SOUND.fill(speak))
    return "\n\n".join(lines)


def _counts(night: Night, speak: Language) -> list[str]:
    report, covered = night.report, night.coverage
    values = (
        (_CHECKED, report.checked),
        (_EQUAL, report.equal),
        (_SHARE, night.share),
        (_SIZE, size_words(report.bytes, speak)),
        (_TIME, time_words(report.seconds, speak)),
        (_RECENT, f"{covered.recent}/{covered.documents}"),
        (_OLDEST, covered.oldest_days(now())),
    )
    rows = [f"| {words.fill(speak, days=covered.days)} | {value} |" for words, value in values]
    lines = ["\n".join([_HEAD.fill(speak), *rows])]
    if night.ended in _LIMITS:
        lines.append(_LIMITS[night.ended].fill(speak))
    if covered.overdue:
        lines.append(f"**{_OVERDUE.fill(speak, days=covered.days)}**")
    return lines


def _row(one: Repair, speak: Language) -> str:
    copy = (_YES if one.copy == "here" else _NO).fill(speak)
    what, action = WHAT[one.what].fill(speak), _ACTION[one.action].fill(speak)
    return f"| {one.id} | {one.document} | {what} | {copy} | {action} |"
