"""What a check says: a verdict with code, cause and cure in both languages, and ids and counts as data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

from erepo.clinic.rest.errors import ServiceRefusal
from erepo.errors import ErepoError
from erepo.texts import Language, Text


class Verdict(StrEnum):
    """How a thing stands, best first."""

    OK = "ok"
    NOT_APPLICABLE = "not-applicable"
    WARNING = "warning"
    UNASKED = "could-not-be-asked"
    PROBLEM = "problem"


_NOTHING_TO_DO = Text("Nothing to do.", "Nie trzeba nic robić.")


@dataclass(frozen=True)
class Finding:
    """The answer of one check.

    Attributes:
        verdict: how the thing stands.
        code: of the error that was found; `ok` or `not-applicable` where there is none.
        cause: what was found, filled in.
        cure: what to do, filled in.
        data: ids and counts for programs; nothing of a patient, nothing secret.
        check: name of the check, set by the runner.
        symptom: chapter of the manual, such as `2.4`; empty where the manual has none.
        seconds: how long the check took.
    """

    verdict: Verdict
    code: str
    cause: Text
    cure: Text = _NOTHING_TO_DO
    data: Mapping[str, Any] = field(default_factory=dict)
    check: str = ""
    symptom: str = ""
    seconds: float = 0.0

    @classmethod
    def good(cls, words: Text, **data: Any) -> Self:
        """Say what was proven."""
        return cls(Verdict.OK, "ok", _filled(words, data), data=data)

    @classmethod
    def none(cls, words: Text, **data: Any) -> Self:
        """Say why there is nothing to check."""
        return cls(Verdict.NOT_APPLICABLE, "not-applicable", _filled(words, data), data=data)

    @classmethod
    def of(cls, error: ErepoError, verdict: Verdict = Verdict.PROBLEM) -> Self:
        """Say what an error says; a warning where it has not come to that yet."""
        (cause_en, cure_en), (cause_pl, cure_pl) = error.explain("en"), error.explain("pl")
        data = {name: value for name, value in error.data.items() if isinstance(value, str | int | float)}
        # A refusal that the service words itself keeps the service's code.
        code = str(error.data["code"]) if isinstance(error, ServiceRefusal) else error.code
        return cls(verdict, code, Text(cause_en, cause_pl), Text(cure_en, cure_pl), data)

    @classmethod
    def unasked(cls, error: ErepoError) -> Self:
        """Say that an error stood in the way of the question."""
        return cls.of(error, Verdict.UNASKED)

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "check": self.check,
            "verdict": self.verdict.value,
            "code": self.code,
            "manual": self.symptom,
            "cause": {"pl": self.cause.pl, "en": self.cause.en},
            "cure": {"pl": self.cure.pl, "en": self.cure.en},
            "data": {
                name: value.en if isinstance(value, Text) else value for name, value in self.data.items()
            },
            "seconds": round(self.seconds, 3),
        }

    def words(self, language: Language) -> tuple[str, str]:
        """Return (what was found, what to do) in one language."""
        # Filled already: braces in them are content.
        return (self.cause.pl, self.cure.pl) if language == "pl" else (self.cause.en, self.cure.en)


def _filled(words: Text, data: Mapping[str, Any]) -> Text:
    """Fill both languages; data may be texts themselves, such as numbers with their decimal sign."""
    english = {name: value.en if isinstance(value, Text) else value for name, value in data.items()}
    polish = {name: value.pl if isinstance(value, Text) else value for name, value in data.items()}
    return Text(words.fill("en", **english), words.fill("pl", **polish))
