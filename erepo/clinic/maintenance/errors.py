"""Errors of maintenance.

PermanentError
├── MaintenanceNow           a pause is on: nothing is deposited before its end
└── InvalidInput
    └── WindowWrong          the times of a pause make no sense
"""

from erepo.errors import InvalidInput, PermanentError
from erepo.texts import Text


class MaintenanceNow(PermanentError):
    """A maintenance window is open (manual 2.7); trying again before its end changes nothing."""

    code = "maintenance.now"
    cause = Text(
        "Depositing is paused for maintenance of the service until {until}.",
        "Deponowanie dokumentów jest wstrzymane do {until} z powodu przerwy serwisowej.",
    )
    cure = Text(
        "Nothing is lost: archiving goes on by itself after that. To end the pause now: `erepo maintenance"
        " end`.",
        "Nic nie zginęło: archiwizacja ruszy potem sama. Aby zakończyć przerwę teraz: `erepo"
        " maintenance end`.",
    )


class WindowWrong(InvalidInput):
    """The times of a maintenance window make no sense."""

    code = "maintenance.window-wrong"
    cause = Text("The maintenance window is wrong: {problem_en}.", "Błędna przerwa serwisowa: {problem_pl}.")
    cure = Text(
        "Give its end (and, where it is not now, its beginning) as 2026-11-30 06:00, Polish time; nothing has"
        " been changed.",
        "Podaj koniec przerwy (i początek, jeśli nie jest nim chwila obecna) jako 2026-11-30 06:00 czasu"
        " polskiego; niczego nie zmieniono.",
    )
