"""Numbers, times and events as people in Poland read them; nothing of a patient passes here."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from erepo.cloud.audit.events import OPERATOR, Event, Result
from erepo.cloud.audit.reading import Recorded
from erepo.cloud.web.panel.words import OBJECTS, TRANSACTIONS, WORDS
from erepo.identifiers.oids import PESEL
from erepo.texts import Language, size_words

_WARSAW: Final = ZoneInfo("Europe/Warsaw")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
#: Share of a limit, in percent, from which the manual (1.1.2) wants people to be warned.
WARNED: Final = 90
#: Days before an end at which people are warned.
SOON: Final = 30
_FULL: Final = 100
#: Digits of a personal number that stay legible.
_LEGIBLE: Final = 3
_NBSP: Final = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True, slots=True)
class Meter:
    """How much of a limit is used."""

    used: str
    limit: str
    free: str
    percent: str
    width: float
    """Of the bar, 0 to 100."""
    state: str
    """`ok`, `warn` from 90 % on, `full`."""


def meter(used: int, limit: int, speak: Language, words: Callable[[int, Language], str]) -> Meter:
    """Return a limit and its use, in the words of its unit."""
    state = "full" if used >= limit else "warn" if used * 100 >= limit * WARNED else "ok"
    share = min(used * 100 / limit, _FULL) if limit else float(_FULL)
    # Never rounded up: 89.99 % is no 90 %.
    tenths = f"{int(share * 10) / 10:.1f}" if share < _FULL else "100"
    tenths = "< 0.1" if used and tenths == "0.0" else tenths.removesuffix(".0")
    percent = f"{tenths.replace('.', ',')}{_NBSP}%" if speak == "pl" else f"{tenths}%"
    free = words(max(limit - used, 0), speak)
    return Meter(words(used, speak), words(limit, speak), free, percent, round(share, 2), state)


def octets(number: int, speak: Language) -> str:
    """Return a size: `53,7 GB`."""
    return size_words(number, speak).replace(" ", _NBSP)


def count(number: int, speak: Language) -> str:
    """Return a count with its thousands apart: `1 000 000`, in English `1,000,000`."""
    return f"{number:,}".replace(",", _NBSP) if speak == "pl" else f"{number:,}"


@dataclass(frozen=True, slots=True)
class Term:
    """Until when something is valid."""

    day: str
    days: int
    state: str
    """`ok`, `warn` in the last 30 days, `over`, `open` without an end."""


def term(last: date | None, today: date, speak: Language) -> Term:
    """Return an account's last day."""
    if last is None:
        return Term("", 0, "open")
    days = (last - today).days
    return Term(day_words(last, speak), days, "over" if days < 0 else "warn" if days <= SOON else "ok")


def local(moment: datetime) -> datetime:
    """Return a moment of the tables (UTC, naive) as clocks in Poland show it."""
    return moment.replace(tzinfo=UTC).astimezone(_WARSAW)


def utc(moment: datetime) -> datetime:
    """Return a moment of a clock in Poland as the tables keep it."""
    return moment.replace(tzinfo=_WARSAW).astimezone(UTC).replace(tzinfo=None)


def day_words(day: date, speak: Language) -> str:
    """Return a day: `29.11.2026`, in English `29 Nov 2026`."""
    if speak == "pl":
        return f"{day.day:02}.{day.month:02}.{day.year}"
    return f"{day.day}{_NBSP}{_MONTHS[day.month - 1]}{_NBSP}{day.year}"


def time_words(moment: datetime, speak: Language, *, seconds: bool = False) -> str:
    """Return a moment of the tables with its day, as clocks in Poland show it."""
    here = local(moment)
    clock = f"{here:%H:%M:%S}" if seconds else f"{here:%H:%M}"
    return f"{day_words(here.date(), speak)}{_NBSP}{clock}"


def stamp_words(stamp: str, speak: Language) -> str:
    """Return a moment that a REST resource tells."""
    return time_words(_moment(stamp), speak)


def _moment(stamp: str) -> datetime:
    """Return a moment that a REST resource tells as the tables keep it."""
    return datetime.fromisoformat(stamp).astimezone(UTC).replace(tzinfo=None)


def certificate(told: Mapping[str, str], now: datetime, speak: Language) -> dict[str, Any]:
    """Return a certificate as a row of a table.

    Args:
        told: what the REST resources tell of it; without a `state` it is in use.
        now: UTC, naive.
        speak: of the page.
    """
    end, state = _moment(told["notAfter"]), told.get("state", "active")
    days = (end - now).days
    if state == "active":
        state = "expired" if end <= now else "soon" if days <= SOON else "active"
    return {
        **told,
        "serial": _grouped(told["serial"]),
        "from": stamp_words(told["notBefore"], speak),
        "to": stamp_words(told["notAfter"], speak),
        "days": max(days, 0),
        "state": state,
    }


def registration(told: Mapping[str, Any], now: datetime, speak: Language) -> dict[str, Any]:
    """Return the registration in P1 for its page; `told` is what its REST resource tells."""
    at = told["registeredAt"]
    pair = [(purpose, told[purpose.lower()]) for purpose in ("TLS", "WSS")]
    return {
        "state": told["state"],
        "repository": told["repositoryId"] or "",
        "registered": stamp_words(at, speak) if at else "",
        "certificates": [
            {"purpose": purpose, **certificate(each, now, speak)} for purpose, each in pair if each
        ],
    }


def event(recorded: Recorded, speak: Language) -> dict[str, Any]:
    """Return an event of the record as a row: what, who, how it ended; of objects only how many."""
    about = recorded.event
    name = about.transaction
    operators = name.startswith(f"{OPERATOR}:")
    known = TRANSACTIONS.get(name) or TRANSACTIONS.get(name.partition(":")[0])
    return {
        "number": count(recorded.number, speak),
        "at": time_words(about.at, speak, seconds=True),
        "what": known.fill(speak) if known else name,
        "name": name,
        "who": WORDS["by_operator"].fill(speak) if operators else _person(about.who.user),
        "address": "" if operators else about.who.address,
        "result": "done" if about.result is Result.SUCCESS else "failed",
        "codes": ", ".join(about.codes),
        "objects": _objects(about, speak),
    }


def _person(user: str) -> str:
    """Return who acted; of a PESEL only its end, for staff are patients of somebody, too."""
    root, _, number = user.rpartition(":")
    if not root:
        return user
    if root == PESEL:
        return f"PESEL{_NBSP}{'•' * (len(number) - _LEGIBLE)}{number[-_LEGIBLE:]}"
    return f"NPWZ{_NBSP}{number}"


def _objects(about: Event, speak: Language) -> str:
    kinds = Counter(each.kind for each in about.things if each.kind in OBJECTS)
    return ", ".join(f"{OBJECTS[kind].fill(speak)}: {count(many, speak)}" for kind, many in kinds.items())


def _grouped(serial: str) -> str:
    """Return a serial number in groups of four, so that people can compare it."""
    return " ".join(serial[start : start + 4] for start in range(0, len(serial), 4))
