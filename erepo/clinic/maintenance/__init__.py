"""Maintenance windows: everything that deposits rests while the service is worked on (manual 2.7)."""

from erepo.clinic.maintenance.windows import (
    PausedSchedule,
    Window,
    check_outside,
    coming_windows,
    end_windows,
    forget_paused,
    open_window,
    paused_schedules,
    refuse_inside,
    remember_paused,
)

__all__ = [
    "PausedSchedule",
    "Window",
    "check_outside",
    "coming_windows",
    "end_windows",
    "forget_paused",
    "open_window",
    "paused_schedules",
    "refuse_inside",
    "remember_paused",
]
