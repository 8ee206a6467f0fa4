"""The page of a migration: counts and octets, and a line for each document. Opaque ids and codes only."""

from collections import Counter

from prefect.artifacts import acreate_markdown_artifact, acreate_table_artifact

from erepo.cda.kinds import KINDS, Kind
from erepo.clinic.migrating import Preview, Summary
from erepo.errors import ErepoError
from erepo.texts import Language, Text, language, size_words, time_words
from flows.reporting import cell

#: Lines of documents in the table; the others are counted.
MOST_LINES = 500

_TITLE = Text("Migration", "Migracja")
_DRY_TITLE = Text("Migration: dry run", "Migracja: próba")
_DRY = Text(
    "Nothing was changed. To bring these documents here and remove them from the repository, start again with"
    " the dry run switched off and the confirmation given.",
    "Niczego nie zmieniono. Aby przenieść te dokumenty i usunąć je z repozytorium, uruchom ponownie z"
    " wyłączoną próbą i z potwierdzeniem.",
)
_NOTHING = Text("There was nothing to bring back.", "Nie było dokumentów do migracji.")
_HEAD = Text("| what | count |\n|---|---:|", "| co | ile |\n|---|---:|")
_ROWS = (
    ("migrated", Text("brought back and blocked", "zmigrowane i zablokowane")),
    (
        "recovered",
        Text("of these, begun by an earlier run", "w tym rozpoczęte przez wcześniejsze uruchomienie"),
    ),
    ("failed", Text("given up, not removed there", "zaniechane, nieusunięte z repozytorium")),
    ("skipped", Text("not in the repository any more", "nieobecne już w repozytorium")),
    ("left", Text("left where they were", "pozostawione bez zmian")),
    (
        "unresolved",
        Text(
            "here; the next run removes them there",
            "lokalnie; z repozytorium usunie je następne uruchomienie",
        ),
    ),
)
_SIZE, _TIME = Text("size", "rozmiar"), Text("time", "czas")
_DOCUMENTS = Text("documents", "dokumenty")
_DOCUMENT, _RESULT = Text("document", "dokument"), Text("result", "wynik")
#: Of one document; what went wrong stands there by its code, with words on the summary.
_RESULTS = {
    "migrated": Text("brought back and blocked", "przeniesiony i zablokowany"),
    "skipped": Text("not in the repository any more", "nieobecny już w repozytorium"),
}
_HERE = Text("of these, content here as well", "w tym z treścią dostępną lokalnie")
_ELSEWHERE = Text("not in the repository", "nieobecne w repozytorium")
_SHARED = Text("shared by a consent: they stay", "udostępnione na podstawie zgody: pozostają")
_STOPPED, _EARLY = Text("Stopped on request", "Zatrzymano na żądanie"), Text("Stopped early", "Przerwano")
_FAILED_HEAD = Text(
    "| document | code | reason | what to do |\n|---|---|---|---|",
    "| dokument | kod | przyczyna | co zrobić |\n|---|---|---|---|",
)
_MORE = Text("{count} more", "oraz {count} innych")


async def report_preview(seen: Preview) -> None:
    """Leave the page of one dry run."""
    await acreate_markdown_artifact(preview_page(seen, language()), "migrate-summary")


async def report_migration(total: Summary, problem: Exception | None) -> None:
    """Leave the page of one migration, and the table of its documents."""
    await acreate_markdown_artifact(migration_page(total, problem, language()), "migrate-summary")
    if total.messages:
        await acreate_table_artifact(document_lines(total, language()), "migrate-documents")


def preview_page(seen: Preview, speak: Language) -> str:
    """Return the page as Markdown."""
    rows = [
        f"| {_DOCUMENTS.fill(speak)} | {seen.documents} |",
        f"| {_HERE.fill(speak)} | {seen.here} |",
        f"| {_SIZE.fill(speak)} | {size_words(seen.bytes, speak)} |",
        f"| {_ELSEWHERE.fill(speak)} | {seen.elsewhere} |",
        f"| {_SHARED.fill(speak)} | {seen.shared} |",
        *(f"| {KINDS[Kind(kind)].label.fill(speak)} | {count} |" for kind, count in seen.kinds.items()),
    ]
    table = "\n".join([_HEAD.fill(speak), *rows])
    return f"## {_DRY_TITLE.fill(speak)}\n\n{_DRY.fill(speak)}\n\n{table}"


def migration_page(total: Summary, problem: Exception | None, speak: Language) -> str:
    """Return the page as Markdown: counts, octets, duration, and each document that was given up."""
    lines = [f"## {_TITLE.fill(speak)}"]
    if problem is not None:
        words = problem.explain(speak) if isinstance(problem, ErepoError) else (type(problem).__name__,)
        lines += [f"**{_EARLY.fill(speak)}**: {' '.join(words)}"]
    if total.stopped:
        lines += [f"**{_STOPPED.fill(speak)}**"]
    if not (total.documents or problem):
        return "\n\n".join([*lines, _NOTHING.fill(speak)])
    rows = []
    for name, label in _ROWS:
        value = getattr(total, name)
        rows.append(f"| {label.fill(speak)} | {len(value) if isinstance(value, list) else value} |")
    rows.append(f"| {_SIZE.fill(speak)} | {size_words(total.bytes, speak)} |")
    rows.append(f"| {_TIME.fill(speak)} | {time_words(total.seconds, speak)} |")
    lines += ["\n".join([_HEAD.fill(speak), *rows])]
    if total.failed:
        given_up = [
            f"| {one.document} | {one.code} | {cell(one.cause_pl if speak == 'pl' else one.cause_en)} "
            f"| {cell(one.cure_pl if speak == 'pl' else one.cure_en)} |"
            for one in total.failed[:MOST_LINES]
        ]
        lines += ["\n".join([_FAILED_HEAD.fill(speak), *given_up])]
    return "\n\n".join(lines)


def document_lines(total: Summary, speak: Language) -> list[dict[str, str]]:
    """Return one row for each document, what went wrong first; what does not fit is counted by its code."""
    wrong = [one for one in total.messages if one.code != "migrated"]
    ordered = [*wrong, *(one for one in total.messages if one.code == "migrated")]
    name, what = _DOCUMENT.fill(speak), _RESULT.fill(speak)
    shown = [{name: one.document, what: _result(one.code, speak)} for one in ordered[:MOST_LINES]]
    rest = Counter(one.code for one in ordered[MOST_LINES:])
    return shown + [
        {name: _MORE.fill(speak, count=count), what: _result(code, speak)}
        for code, count in sorted(rest.items())
    ]


def _result(code: str, speak: Language) -> str:
    return _RESULTS[code].fill(speak) if code in _RESULTS else code
