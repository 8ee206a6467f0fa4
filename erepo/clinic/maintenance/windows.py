"""Windows of maintenance in the clinic's own table: the flag that everything which deposits looks at.

Commit point: the row. From its transaction on no batch is begun inside the window, whether or not Prefect
could be told to pause its schedules; and after its end everything may go on, whether or not anybody resumed
them. A kill between the row and Prefect therefore loses nothing; the flow
`maintenance-window` compares the two whenever it runs.

Windows that overlap or touch are one: the row of the earlier takes the whole span, the others are cancelled.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from erepo.clinic.audit import note
from erepo.clinic.database import Database
from erepo.clinic.maintenance.errors import MaintenanceNow, WindowWrong
from erepo.clinic.tables import now
from erepo.clinic.tables_account import maintenance_window, paused_schedule
from erepo.texts import Text, moment_words

#: Longer pauses are a slip of the pen: documents would pile up unseen.
LONGEST: Final = timedelta(days=31)

_PAST: Final = Text("its end is over already", "jej koniec już minął")
_BACKWARDS: Final = Text("it ends before it begins", "kończy się, zanim się zacznie")
_LONG: Final = Text("it lasts longer than 31 days", "trwa dłużej niż 31 dni")


@dataclass(frozen=True, slots=True)
class Window:
    """A pause of everything that deposits.

    Attributes:
        id: of its row.
        starts_at: aware, UTC.
        ends_at: aware, UTC; at this moment it is over.
    """

    id: int
    starts_at: datetime
    ends_at: datetime

    def is_open(self, at: datetime) -> bool:
        """Tell whether a moment lies inside."""
        return self.starts_at <= at < self.ends_at


@dataclass(frozen=True, slots=True)
class PausedSchedule:
    """A schedule that we have paused, by the ids Prefect knows it by."""

    schedule: str
    deployment: str
    name: str


def open_window(
    database: Database,
    starts_at: datetime,
    ends_at: datetime,
    *,
    actor: str = "erepo",
    at: datetime | None = None,
) -> Window:
    """Write down a window; with others that it overlaps or touches it becomes one. Idempotent.

    Args:
        database: the clinic's.
        starts_at: aware.
        ends_at: aware.
        actor: for the audit.
        at: now; for tests.

    Raises:
        WindowWrong: it is over already, ends before it begins, or lasts longer than a month.
    """
    moment = at or now()
    problem = _PAST if ends_at <= moment else _BACKWARDS if ends_at <= starts_at else None
    if problem is not None:
        raise WindowWrong(problem_en=problem.en, problem_pl=problem.pl)
    with database.begin() as connection:
        _one_at_a_time(connection)
        together = [
            one
            for one in _coming(connection, moment)
            if one.starts_at <= ends_at and starts_at <= one.ends_at
        ]
        begin = min([starts_at, *(one.starts_at for one in together)])
        end = max([ends_at, *(one.ends_at for one in together)])
        if end - begin > LONGEST:
            raise WindowWrong(problem_en=_LONG.en, problem_pl=_LONG.pl)
        return _write(connection, begin, end, together, actor)


def _write(
    connection: sa.Connection, begin: datetime, end: datetime, together: list[Window], actor: str
) -> Window:
    values = {"starts_at": begin, "ends_at": end}
    if not together:
        key = connection.execute(maintenance_window.insert().values(**values)).inserted_primary_key
        assert key is not None
        window = Window(int(key[0]), begin, end)
    else:
        window = Window(together[0].id, begin, end)
        if together == [window]:
            return window
        rows = maintenance_window.c.id
        connection.execute(maintenance_window.update().where(rows == window.id).values(**values))
        swallowed = [one.id for one in together[1:]]
        connection.execute(maintenance_window.update().where(rows.in_(swallowed)).values(cancelled_at=now()))
    detail = {"from": begin.isoformat(), "until": end.isoformat()}
    note(
        connection,
        "maintenance_set",
        subject="maintenance",
        subject_id=str(window.id),
        actor=actor,
        detail=detail,
    )
    return window


def end_windows(database: Database, *, everything: bool = False, actor: str = "erepo") -> list[Window]:
    """End the open window now; with `everything`, cancel coming ones as well. Idempotent.

    Returns:
        The windows that were ended.
    """
    with database.begin() as connection:
        _one_at_a_time(connection)
        moment = now()
        ended = [one for one in _coming(connection, moment) if everything or one.is_open(moment)]
        for one in ended:
            connection.execute(
                maintenance_window.update()
                .where(maintenance_window.c.id == one.id)
                .values(cancelled_at=moment)
            )
            note(connection, "maintenance_ended", subject="maintenance", subject_id=str(one.id), actor=actor)
    return ended


def coming_windows(database: Database, at: datetime | None = None) -> list[Window]:
    """Return the open window and those to come, in order."""
    with database.read() as connection:
        return _coming(connection, at or now())


def refuse_inside(connection: sa.Connection, at: datetime | None = None) -> None:
    """Let nothing begin that changes the repository while a window is open.

    Raises:
        MaintenanceNow: one is, until the time it tells (Polish time).
    """
    moment = at or now()
    for window in _coming(connection, moment):
        if window.is_open(moment):
            raise MaintenanceNow(until=moment_words(window.ends_at))


def check_outside(database: Database) -> None:
    """Do the same in a transaction of its own.

    Raises:
        MaintenanceNow: see `refuse_inside`.
    """
    with database.read() as connection:
        refuse_inside(connection)


def paused_schedules(database: Database) -> list[PausedSchedule]:
    """Return the schedules that we have paused and not resumed yet."""
    columns = (paused_schedule.c.schedule, paused_schedule.c.deployment, paused_schedule.c.name)
    with database.read() as connection:
        return [PausedSchedule(*row) for row in connection.execute(sa.select(*columns).order_by(columns[2]))]


def remember_paused(database: Database, one: PausedSchedule) -> None:
    """Write down, before it is done, that a schedule which was active is about to be paused by us."""
    with database.begin() as connection:
        connection.execute(paused_schedule.delete().where(paused_schedule.c.schedule == one.schedule))
        connection.execute(
            paused_schedule.insert().values(schedule=one.schedule, deployment=one.deployment, name=one.name)
        )


def forget_paused(database: Database, schedule: str) -> None:
    """Write down that a schedule runs again (or is gone)."""
    with database.begin() as connection:
        connection.execute(paused_schedule.delete().where(paused_schedule.c.schedule == schedule))


def _one_at_a_time(connection: sa.Connection) -> None:
    """Keep two writers from opening windows beside each other; SQLite lets in one writer by itself."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("LOCK TABLE maintenance_window IN SHARE ROW EXCLUSIVE MODE"))


def _coming(connection: sa.Connection, moment: datetime) -> list[Window]:
    table = maintenance_window.c
    rows = connection.execute(
        sa.select(table.id, table.starts_at, table.ends_at)
        .where(table.cancelled_at.is_(None), table.ends_at > moment)
        .order_by(table.starts_at, table.id)
    )
    return [Window(*row) for row in rows]
