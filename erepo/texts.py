"""Words for people, in Polish and English side by side."""

import os
import re
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

Language = Literal["pl", "en"]
#: The zone in which people here read their clocks.
_POLAND: Final = ZoneInfo("Europe/Warsaw")


class Text(NamedTuple):
    """One message in both languages; `{names}` in braces are filled from data."""

    en: str
    pl: str

    def fill(self, language: Language, **data: object) -> str:
        """Return the text in one language with its placeholders filled.

        Raises:
            KeyError: a placeholder of the text has no value in `data`.
        """
        return (self.pl if language == "pl" else self.en).format(**data)


def size_words(octets: int, speak: Language) -> str:
    """Return a number of bytes as people read it: `1.4 MB`, in Polish `1,4 MB`; units of 1,000."""
    size, units = float(octets), ("B", "kB", "MB", "GB", "TB")
    unit = next((name for step, name in enumerate(units) if octets < 1000 ** (step + 1)), units[-1])
    size /= 1000 ** units.index(unit)
    return f"{size:.0f} B" if unit == "B" else f"{_decimal(size, speak)} {unit}"


def day_words(moment: datetime) -> str:
    """Return the day of an aware time as people read it in either language: `2026-11-30`, by Polish time."""
    return f"{moment.astimezone(_POLAND):%Y-%m-%d}"


def moment_words(moment: datetime) -> str:
    """Return an aware time as people read it in either language: `2026-11-30 06:00`, Polish time."""
    return f"{moment.astimezone(_POLAND):%Y-%m-%d %H:%M}"


def end_words(moment: datetime) -> str:
    """Return the aware time at which something ends as people read it: a Polish midnight is 24:00 of its day.

    Who typed 2026-12-31 as the last day reads `2026-12-31 24:00`, not a day that nobody named.
    """
    local = moment.astimezone(_POLAND)
    if (local.hour, local.minute, local.second, local.microsecond) == (0, 0, 0, 0):
        return f"{local.date() - timedelta(days=1)} 24:00"
    return moment_words(moment)


def time_words(seconds: float, speak: Language) -> str:
    """Return a duration as people read it: `0.5 s`, `3 min 20 s`, `2 h 5 min`."""
    if seconds < 60:
        return f"{_decimal(seconds, speak)} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def _decimal(number: float, speak: Language) -> str:
    words = f"{number:.1f}"
    return words.replace(".", ",") if speak == "pl" else words


def language() -> Language:
    """Return the language to speak: EREPO_LANGUAGE, else the system's locale, else English."""
    wanted = (os.environ.get(name) for name in ("EREPO_LANGUAGE", "LC_ALL", "LANG"))
    return "pl" if next(filter(None, wanted), "").lower().startswith("pl") else "en"


def spoken(header: str) -> Language:
    """Return the language an Accept-Language header likes best; the installation's own if it names none."""
    liked: dict[str, float] = {}
    for part in header.split(",")[:20]:
        found = re.fullmatch(r"\s*(pl|en)(-[a-z0-9-]+)?\s*(;\s*q\s*=\s*([0-9.]+))?\s*", part.lower())
        if found:
            weight = float(found[4]) if found[4] and re.fullmatch(r"[01](\.[0-9]*)?", found[4]) else 1.0
            liked[found[1]] = max(weight, liked.get(found[1], 0.0))
    best = max(liked, key=lambda name: liked[name], default="")
    if not best or not liked[best]:
        return language()
    return "pl" if best == "pl" else "en"
