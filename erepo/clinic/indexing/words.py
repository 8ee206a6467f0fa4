"""Words about indexes that commands and the page of a run share."""

from collections.abc import Mapping
from typing import Final

from erepo.clinic.indexing.report import NOT_ARCHIVED, NOT_TRIED, Report, Shown
from erepo.clinic.indexing.states import Index
from erepo.clinic.times import WARSAW
from erepo.texts import Language, Text

STATES: Final[Mapping[str, Text]] = {
    Index.WAITING.value: Text("waiting", "oczekuje"),
    Index.INDEXING.value: Text("being indexed", "w trakcie indeksowania"),
    Index.INDEXED.value: Text("indexed", "zaindeksowany"),
    Index.REFUSED.value: Text("refused", "odrzucony"),
    Index.WITHDRAWING.value: Text("to be withdrawn", "do wycofania"),
    Index.WITHDRAWN.value: Text("withdrawn", "wycofany"),
    Index.REPLACED.value: Text("replaced by a newer version", "zastąpiony nowszą wersją"),
    Index.LEFT.value: Text("needs none any more", "już niepotrzebny"),
}
_NOT_ARCHIVED: Final = Text("not in the repository yet", "jeszcze nie w repozytorium")
_NOT_TRIED: Final = Text("not tried yet", "jeszcze nie próbowano")


def why(one: Shown, speak: Language) -> str:
    """Say why a document is not in the index; empty where it is, or needs none."""
    if one.code == NOT_ARCHIVED:
        return _NOT_ARCHIVED.fill(speak)
    if one.code == NOT_TRIED:
        return _NOT_TRIED.fill(speak)
    if one.reason is None:
        return ""
    cause: str = one.reason.words(speak)[0]
    return cause if one.code in cause else f"{cause} ({one.code})"


def reasons(found: Report, speak: Language) -> list[tuple[str, int]]:
    """Return why documents are late and how many; a code alone where each has words of its own."""
    told: dict[str, set[str]] = {}
    for one in found.listed:
        told.setdefault(one.code, set()).add(why(one, speak))
    words = {code: texts.pop() for code, texts in told.items() if len(texts) == 1}
    return [(words.get(code, code), count) for code, count in found.reasons.items()]


def until(one: Shown) -> str:
    """Return the deadline as people in Poland see it."""
    return f"{one.deadline.astimezone(WARSAW):%Y-%m-%d %H:%M}"
