"""The page of a diagnosis: one row a check, the worst first to be seen."""

from typing import Any

from prefect.artifacts import acreate_table_artifact

from erepo.clinic.diagnosis import Diagnosis, Verdict
from erepo.errors import PermanentError
from erepo.texts import Language, Text, language

_HEADS = (
    Text("check", "sprawdzenie"),
    Text("manual", "instrukcja"),
    Text("result", "wynik"),
    Text("found", "stwierdzono"),
    Text("what to do", "co zrobić"),
)
_VERDICTS = {
    Verdict.OK: Text("✓ ok", "✓ w porządku"),
    Verdict.NOT_APPLICABLE: Text("· not applicable", "· nie dotyczy"),
    Verdict.WARNING: Text("! warning", "! ostrzeżenie"),
    Verdict.UNASKED: Text("? could not be asked", "? nie udało się sprawdzić"),
    Verdict.PROBLEM: Text("✗ problem", "✗ problem"),
}
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
    await acreate_table_artifact(diagnosis_rows(found, speak), "diagnosis-summary", _ABOUT.fill(speak))
    wrong = [one.check for one in found.findings if one.verdict is Verdict.PROBLEM]
    if wrong:
        raise ProblemsFound(count=len(wrong), checks=", ".join(wrong))


def diagnosis_rows(found: Diagnosis, speak: Language) -> list[dict[str, Any]]:
    """Return one row a check, in the order of the manual."""
    heads = [head.fill(speak) for head in _HEADS]
    rows = []
    for one in found.findings:
        cause, cure = one.words(speak)
        cells = (one.check, one.symptom, _VERDICTS[one.verdict].fill(speak), cause, cure)
        rows.append(dict(zip(heads, cells, strict=True)))
    return rows
