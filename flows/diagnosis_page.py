"""The page of a diagnosis: what is wrong with what to do about it, then one row a check.

Markdown and no table of Prefect's own: that one cuts its rows at the edge of the page, and what to do with
them.
"""

from prefect.artifacts import acreate_markdown_artifact

from erepo.clinic.diagnosis import Diagnosis, Finding, Verdict
from erepo.errors import PermanentError
from erepo.texts import Language, Text, language

_HEADS = (
    Text("check", "sprawdzenie"),
    Text("manual", "instrukcja"),
    Text("result", "wynik"),
    Text("found", "stwierdzono"),
)
_TO_DO = Text("What to do", "Co zrobić")
_VERDICTS = {
    Verdict.OK: Text("✓ ok", "✓ w porządku"),
    Verdict.NOT_APPLICABLE: Text("· not applicable", "· nie dotyczy"),
    Verdict.WARNING: Text("! warning", "! ostrzeżenie"),
    Verdict.UNASKED: Text("? could not be asked", "? nie udało się sprawdzić"),
    Verdict.PROBLEM: Text("✗ problem", "✗ problem"),
}
_SOUND = (Verdict.OK, Verdict.NOT_APPLICABLE)
_ABOUT = Text(
    "Findings in the order of the manual's chapter 2. Help: docs/how-to/solve-problems.md",
    "Wyniki w kolejności rozdziału 2 instrukcji. Pomoc: docs/how-to/rozwiazywanie-problemow.md",
)


class ProblemsFound(PermanentError):
    """The diagnosis found problems; its page tells them."""

    code = "diagnosis.problems-found"
    cause = Text("Problems found: {count} ({checks}).", "Stwierdzone problemy: {count} ({checks}).")
    cure = Text(
        "The artifact diagnosis-summary of this run says what to do about each.",
        "Artefakt diagnosis-summary tego uruchomienia podaje, co zrobić z każdym z nich.",
    )


async def report_diagnosis(found: Diagnosis) -> None:
    """Leave the page.

    Raises:
        ProblemsFound: at least one check found a problem.
    """
    speak = language()
    await acreate_markdown_artifact(diagnosis_page(found, speak), "diagnosis-summary")
    wrong = [one.check for one in found.findings if one.verdict is Verdict.PROBLEM]
    if wrong:
        raise ProblemsFound(count=len(wrong), checks=", ".join(wrong))


def diagnosis_page(found: Diagnosis, speak: Language) -> str:
    """Return the page: every finding with something to do, then all checks in the order of the manual."""
    told = [_paragraphs(one, speak) for one in found.findings if one.verdict not in _SOUND]
    head = _row(*(one.fill(speak) for one in _HEADS))
    rows = [
        _row(one.check, one.symptom, _VERDICTS[one.verdict].fill(speak), one.words(speak)[0])
        for one in found.findings
    ]
    return "\n\n".join([_ABOUT.fill(speak), *told, "\n".join([head, "|---" * len(_HEADS) + "|", *rows])])


def _paragraphs(one: Finding, speak: Language) -> str:
    cause, cure = (" ".join(words.split()) for words in one.words(speak))
    place = f"{one.check} ({one.symptom})" if one.symptom else one.check
    return f"### {_VERDICTS[one.verdict].fill(speak)}: {place}\n\n{cause}\n\n**{_TO_DO.fill(speak)}:** {cure}"


def _row(*cells: str) -> str:
    return "".join(f"| {' '.join(cell.split()).replace('|', chr(92) + '|')} " for cell in cells) + "|"
