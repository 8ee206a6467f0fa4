"""The account in words, Polish and English: warning, forecast, and the page of a run. No patient anywhere."""

from datetime import datetime
from typing import Final

from erepo.clinic.usage.checking import Report
from erepo.clinic.usage.forecast import Forecast
from erepo.clinic.usage.history import Check
from erepo.texts import Language, Text, day_words, size_words

RESOURCE_WORDS: Final = {"bytes": Text("space", "miejsce"), "documents": Text("documents", "dokumenty")}

_WARNING: Final = Text(
    "The account {account} is nearly full: {used} of {limit} ({resource}, {percent} %). Have the limit raised"
    " before it is reached, otherwise no further documents can be deposited.",
    "Limit konta {account} jest prawie wyczerpany: wykorzystano {used} z {limit} ({resource}, {percent}%)."
    " Zwiększ limit konta, zanim zostanie osiągnięty, w przeciwnym razie deponowanie kolejnych dokumentów nie"
    " będzie możliwe.",
)
_FULL_ON: Final = Text("{resource}: full on about {day}", "{resource}: pełne około {day}")
_VERDICTS: Final = {
    "full": Text("{resource}: full", "{resource}: limit wyczerpany"),
    "too-few": Text(
        "{resource}: cannot be said yet, too few checks", "{resource}: nie wiadomo, za mało sprawdzeń"
    ),
    "no-growth": Text("{resource}: cannot be said, no growth", "{resource}: nie wiadomo, brak przyrostu"),
    "far": Text("{resource}: not within ten years", "{resource}: nie wcześniej niż za dziesięć lat"),
    "no-limit": Text("{resource}: no limit is known", "{resource}: limit nie jest znany"),
}
_BASIS: Final = Text(
    "checks: {checks}, over {days} days; growth {growth} a day, median of all slopes",
    "sprawdzenia: {checks}, w ciągu {days} dni; przyrost {growth} na dobę, mediana nachyleń",
)
_OF: Final = Text("{used} of {limit} ({percent} %)", "{used} z {limit} ({percent}%)")
_NO_END: Final = Text("no end", "bezterminowo")


def amount(resource: str, number: float, speak: Language) -> str:
    """Return a use or limit as people read it: a size, or a count."""
    if resource == "bytes":
        return size_words(round(number), speak)
    if number != round(number) and abs(number) < 100:
        words = f"{number:.1f}"
        return words.replace(".", ",") if speak == "pl" else words
    # A thin gap between thousands, as both languages have it.
    return f"{round(number):,}".replace(",", "\N{NO-BREAK SPACE}")


def use(check: Check, resource: str, speak: Language) -> str:
    """Return `12.3 GB of 100.0 GB (12 %)`, or the use alone where there is no limit."""
    used, limit, share = check.used(resource), check.limit(resource), check.share(resource)
    if limit is None or share is None:
        return amount(resource, used, speak)
    percent = int(share * 100)
    return _OF.fill(
        speak,
        used=amount(resource, used, speak),
        limit=amount(resource, limit, speak),
        percent=percent,
    )


def warning(check: Check, resource: str, speak: Language) -> str:
    """Return the warning of an account that is nearly full (manual 1.1.2)."""
    limit, share = check.limit(resource), check.share(resource)
    return _WARNING.fill(
        speak,
        account=check.account,
        used=amount(resource, check.used(resource), speak),
        limit=amount(resource, limit or 0, speak),
        resource=RESOURCE_WORDS[resource].fill(speak),
        percent=int((share or 0) * 100),
    )


def outlook(one: Forecast, speak: Language) -> str:
    """Return when a limit is reached, with what that rests on."""
    resource = RESOURCE_WORDS[one.resource].fill(speak)
    if one.verdict == "full-on" and one.full_at is not None:
        words = _FULL_ON.fill(speak, resource=resource, day=day_words(one.full_at))
    else:
        words = _VERDICTS[one.verdict].fill(speak, resource=resource)
    if one.verdict in ("no-limit", "full", "too-few"):
        return words
    growth = amount(one.resource, max(one.per_day, 0), speak)
    days = f"{one.days:.1f}".replace(".", "," if speak == "pl" else ".")
    return f"{words} ({_BASIS.fill(speak, checks=one.checks, days=days, growth=growth)})"


def until(moment: datetime | None, speak: Language) -> str:
    """Return the last day of an account as people read it."""
    return _NO_END.fill(speak) if moment is None else day_words(moment)


def warnings(report: Report, speak: Language) -> list[str]:
    """Return a warning for each limit that is nearly reached."""
    return [warning(report.check, one.resource, speak) for one in report.alarms]
