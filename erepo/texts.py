"""Words for people, in Polish and English side by side."""

import locale
import os
from typing import Literal, NamedTuple

Language = Literal["pl", "en"]


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


def language() -> Language:
    """Return the language to speak: EREPO_LANGUAGE, else the system's locale, else English."""
    wanted = os.environ.get("EREPO_LANGUAGE") or os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    return "pl" if wanted.lower().startswith("pl") or _locale_is_polish() else "en"


def _locale_is_polish() -> bool:
    if os.environ.get("EREPO_LANGUAGE"):
        return False
    name = locale.getlocale()[0] or ""
    return name.lower().startswith(("pl", "polish"))
