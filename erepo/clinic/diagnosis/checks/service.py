"""The account at the service: its id in P1 (manual 2.1), maintenance (manual 2.7), the module's licence."""

from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa

from erepo.clinic.diagnosis.errors import LicenceOver, MaintenanceOngoing
from erepo.clinic.diagnosis.findings import Finding, Verdict
from erepo.clinic.diagnosis.ground import Ground
from erepo.clinic.diagnosis.running import no_account
from erepo.clinic.p1.errors import P1IdMissing
from erepo.errors import RetryableError
from erepo.texts import Text, day_words, moment_words

_REGISTERED = Text(
    "The repository is registered in the national domain as {id}.",
    "Repozytorium jest zarejestrowane w domenie krajowej pod id {id}.",
)
_NOT_IN_P1 = Text(
    "The service holds no P1 certificates of the account {account}.",
    "Usługa nie ma certyfikatów P1 konta {account}.",
)
_NO_P1 = Text("The service knows nothing of P1.", "Usługa nie zna systemu P1.")
_ANSWERS = Text(
    "The service answers, and no maintenance is announced.",
    "Usługa odpowiada, nie ma zapowiedzianej przerwy serwisowej.",
)
#: Where the clinic keeps announced pauses and licences, as far as this installation has them.
_WINDOWS: Final = "maintenance_window"
_LICENCES: Final = "licence"
_NO_LICENCE = Text("No licence limits the module here.", "Żadna licencja nie ogranicza tu modułu.")
_LICENSED = Text(
    "The licence of the module is valid until {until}, {days} days more.",
    "Licencja na moduł jest ważna do {until}, pozostało dni: {days}.",
)


def p1(ground: Ground) -> Finding:
    """Ask the service whether the national domain gave the repository an id."""
    row = ground.account()
    if row is None:
        return no_account()
    visit = ground.visit()
    if visit.error is not None:
        return Finding.unasked(visit.error)
    with ground.asker() as asker:
        state = asker.p1_state()
    if state is None:
        return Finding.none(_NO_P1)
    if state.state == "none":
        return Finding.none(_NOT_IN_P1, account=row.account)
    if not state.repository_id:
        return Finding.of(P1IdMissing())
    return Finding.good(_REGISTERED, id=state.repository_id)


def maintenance(ground: Ground) -> Finding:
    """Tell an announced pause from a service that does not answer."""
    row = ground.account()
    if row is None:
        return no_account()
    until = _announced(ground)
    if until is not None:
        words = moment_words(until)
        return Finding.of(MaintenanceOngoing(until=words), Verdict.WARNING)
    error = ground.visit().error
    if isinstance(error, RetryableError):
        return Finding.of(error)
    return Finding.good(_ANSWERS)


def licence(ground: Ground) -> Finding:
    """Look at the last day of the module's licence; after it, nothing is archived or indexed."""
    row, database = ground.account(), ground.database()
    if row is None or database is None:
        return no_account()
    with database.read() as connection:
        if not sa.inspect(connection).has_table(_LICENCES):
            return Finding.none(_NO_LICENCE)
        table = sa.Table(_LICENCES, sa.MetaData(), autoload_with=connection)
        ours = sa.select(table.c.valid_until).where(table.c.account == row.account)
        ends = [_utc(one) for one in connection.execute(ours).scalars()]
    if not ends:
        return Finding.none(_NO_LICENCE)
    until, now = max(ends), datetime.now(UTC)
    days = (until - now).days
    over = LicenceOver(until=day_words(until), days=days)
    if until <= now:
        return Finding.of(over)
    if days < ground.settings.diagnosis.days:
        return Finding.of(over, Verdict.WARNING)
    return Finding.good(_LICENSED, until=day_words(until), days=days)


def _announced(ground: Ground) -> datetime | None:
    """Return the end of a pause that is going on; None where there is none, or no table of them."""
    database = ground.database()
    assert database is not None
    with database.read() as connection:
        if not sa.inspect(connection).has_table(_WINDOWS):
            return None
        table = sa.Table(_WINDOWS, sa.MetaData(), autoload_with=connection)
        if not {"starts_at", "ends_at"} <= set(table.c.keys()):
            return None
        kept = sa.select(table.c.starts_at, table.c.ends_at)
        if "cancelled_at" in table.c:
            kept = kept.where(table.c.cancelled_at.is_(None))
        rows = connection.execute(kept).all()
    now = datetime.now(UTC)
    return max(
        (_utc(ends) for starts, ends in rows if ends and _utc(starts) <= now < _utc(ends)), default=None
    )


def _utc(moment: Any) -> datetime:
    found = moment if isinstance(moment, datetime) else datetime.fromisoformat(str(moment))
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found
