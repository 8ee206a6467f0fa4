"""The page of one run of indexing: what was done, what is late and why. Opaque ids and counts only."""

from prefect.artifacts import acreate_markdown_artifact

from erepo.cda.kinds import KINDS, Kind
from erepo.clinic.archiving.results import Problem
from erepo.clinic.indexing import Report, RunResult, Shown
from erepo.clinic.indexing.states import UNDER_WAY
from erepo.clinic.indexing.words import STATES, reasons, until, why
from erepo.texts import Language, Text, language, moment_words
from flows.reporting import inline

#: Late documents on the page; `erepo index report --list` names up to a thousand.
MOST_ROWS = 200

_TITLE = Text("Indexing in P1", "Indeksowanie w P1")
_HEAD = Text("| what | documents |\n|---|---:|", "| co | dokumenty |\n|---|---:|")
_COUNTS = {
    "indexed": Text("indexed now", "zaindeksowane teraz"),
    "recovered": Text("of these, in P1 already", "w tym obecne już w P1"),
    "withdrawn": Text("withdrawn now", "wycofane teraz"),
    "later": Text("put off to a later run", "odłożone do kolejnego uruchomienia"),
}
_REFUSED = Text("refused now", "odrzucone teraz")
_DUE = Text("due", "do zrobienia")
_LATE, _NEAR = Text("**after their deadline**", "**po terminie**"), Text("near it", "blisko terminu")
_DRY = Text("A dry run: nothing was sent.", "Próba: niczego nie wysłano.")
_STOPPED = Text("Ended early", "Przerwano")
_WHY = Text("Why they are late", "Przyczyny opóźnień")
_LATE_ONE = Text(
    "* `{document}` ({kind}), deadline {at}: {why}", "* `{document}` ({kind}), termin {at}: {why}"
)
_NOT_DONE = Text("What could not be done now", "Czego nie udało się teraz zrobić")
_PAUSED = Text("P1 is left alone until {at}.", "Następna próba kontaktu z P1 po {at}.")
_NOTHING_LATE = Text("Nothing is late.", "Żaden dokument nie przekroczył terminu.")


async def report_indexing(result: RunResult | None, due: int, found: Report) -> None:
    """Leave the page of one run; `result` is None for a dry run."""
    await acreate_markdown_artifact(index_page(result, due, found, language()), "index-summary")


def index_page(result: RunResult | None, due: int, found: Report, speak: Language) -> str:
    """Return the page as Markdown."""
    lines = [f"## {_TITLE.fill(speak)}"]
    problem = result.problem if result is not None else found.problem
    if problem is not None:
        lines.append(f"**{_STOPPED.fill(speak)}**: {_words(problem, speak)}")
    lines += [_DRY.fill(speak)] if result is None else []
    lines.append("\n".join([_HEAD.fill(speak), *_counts(result, due, found, speak)]))
    if found.pause is not None:
        lines.append(_PAUSED.fill(speak, at=moment_words(found.pause.resume_at)))
    lines += _not_done(result, speak)
    if not found.late:
        return "\n\n".join([*lines, _NOTHING_LATE.fill(speak)])
    lines += [
        f"### {_WHY.fill(speak)}",
        "\n".join(f"* {inline(words)}: {n}" for words, n in reasons(found, speak)),
    ]
    lines += ["\n".join(_late(one, speak) for one in found.listed[:MOST_ROWS])]
    return "\n\n".join(lines)


def _late(one: Shown, speak: Language) -> str:
    kind = KINDS[Kind(one.kind)].label.fill(speak)
    return _LATE_ONE.fill(speak, document=one.document, kind=kind, at=until(one), why=inline(why(one, speak)))


def _not_done(result: RunResult | None, speak: Language) -> list[str]:
    left = [*result.refused, *result.put_off][:MOST_ROWS] if result is not None else []
    # No table: Prefect's page cuts long cells off.
    rows = [f"* `{one.document}`: {inline(' '.join(one.reason.words(speak)))}" for one in left]
    return [f"### {_NOT_DONE.fill(speak)}", "\n".join(rows)] if rows else []


def _counts(result: RunResult | None, due: int, found: Report, speak: Language) -> list[str]:
    values: list[tuple[str, int]] = [(_DUE.fill(speak), due)]
    if result is not None:
        values += [(words.fill(speak), getattr(result, name)) for name, words in _COUNTS.items()]
        values.append((_REFUSED.fill(speak), len(result.refused)))
    values += [(STATES[name].fill(speak), found.states.get(name, 0)) for name in UNDER_WAY]
    values += [(_LATE.fill(speak), found.late), (_NEAR.fill(speak), found.near)]
    return [f"| {words} | {count} |" for words, count in values]


def _words(problem: Problem, speak: Language) -> str:
    return (
        f"{problem.cause_pl} {problem.cure_pl}" if speak == "pl" else f"{problem.cause_en} {problem.cure_en}"
    )
