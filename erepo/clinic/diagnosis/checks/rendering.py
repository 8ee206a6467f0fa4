"""The process that shows documents: started as it is for every one of them, which walls stand around it?"""

from typing import Final

from erepo.cda.rendering.sandbox import clean
from erepo.clinic.diagnosis.findings import Finding, Verdict
from erepo.clinic.diagnosis.ground import Ground
from erepo.clinic.diagnosis.machine_errors import WallsMissing
from erepo.errors import ErepoError
from erepo.texts import Text

#: Walls of a system that has all of them.
WALLS: Final = ("limits", "no-new-privileges", "system-calls")
_NAMES: Final = {
    "limits": Text("limits of memory and time", "limity pamięci i czasu"),
    "no-new-privileges": Text("no new privileges", "zakaz podnoszenia uprawnień"),
    "system-calls": Text("the filter of system calls (seccomp)", "filtr wywołań systemowych (seccomp)"),
}
_GOOD: Final = Text(
    "Documents are shown by a locked process; all walls stand: {walls}.",
    "Dokumenty wyświetla odizolowany proces; działają wszystkie zabezpieczenia: {walls}.",
)


def rendering(ground: Ground) -> Finding:
    """Have a page cleaned in the locked process, and look which walls it has built."""
    try:
        standing = clean(b"<p>.</p>", ground.settings.rendering).walls
    except ErepoError as error:
        return Finding.of(error)
    missing = [one for one in WALLS if one not in standing]
    if missing:
        return Finding.of(WallsMissing(**_listed(missing)), Verdict.WARNING)
    return Finding.good(_GOOD, walls=Text(*(_joined(WALLS, speak) for speak in (0, 1))))


def _listed(names: list[str]) -> dict[str, str]:
    return {"missing": ", ".join(names), "en": _joined(names, 0), "pl": _joined(names, 1)}


def _joined(names: "list[str] | tuple[str, ...]", language: int) -> str:
    return ", ".join(_NAMES[one][language] for one in names)
