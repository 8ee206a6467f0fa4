"""What the clinic owes to others: indexes in P1 by law, and the end of what was shared."""

from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from erepo.clinic.diagnosis.errors import ConsentsHeldUp, IndexesLate, IndexesNear, RevocationsStuck
from erepo.clinic.diagnosis.findings import Finding, Verdict
from erepo.clinic.diagnosis.ground import Ground
from erepo.clinic.diagnosis.running import no_account
from erepo.clinic.indexing.preflight import check_account
from erepo.clinic.indexing.report import report
from erepo.clinic.tables import now
from erepo.clinic.tables_sharing import consent
from erepo.errors import ErepoError
from erepo.texts import Text

#: `settle-consents/scheduled` comes every ten minutes: what it has not finished by then is stuck.
_PATIENCE: Final = timedelta(minutes=30)
_NOT_HERE: Final = Text(
    "No document has to be in P1's index.", "Żaden dokument nie musi być w indeksie systemu P1."
)
_INDEXED: Final = Text(
    "Every document that has to be in P1's index by now is there.",
    "Wszystkie dokumenty, które powinny już być w indeksie systemu P1, są w nim.",
)
_SETTLED: Final = Text(
    "No consent and no revocation waits for the service.",
    "Żadna zgoda ani jej odwołanie nie czeka na usługę.",
)


def indexing(ground: Ground) -> Finding:
    """Look for documents that are late in P1's index, and for what keeps the account from indexing."""
    row, database = ground.account(), ground.database()
    if row is None or database is None:
        return no_account()
    at, warn = now(), timedelta(hours=ground.settings.indexing.warn_hours)
    with database.read() as connection:
        found = report(connection, row.account, at, warn)
        trouble = _trouble(connection, row.account, at)
    if not (found.late or found.near):
        return Finding.good(_INDEXED) if found.used else Finding.none(_NOT_HERE)
    if trouble is not None:
        # A clinic that has never registered in P1 may have its reasons; one that has must index.
        return Finding.of(trouble, Verdict.WARNING if found.unused else Verdict.PROBLEM)
    if found.late:
        return Finding.of(
            IndexesLate(count=found.late, reason=max(found.reasons, key=found.reasons.__getitem__))
        )
    return Finding.of(IndexesNear(count=found.near), Verdict.WARNING)


def sharing(ground: Ground) -> Finding:
    """Look for revocations that the service has not confirmed, and for consents that do not get there."""
    database = ground.database()
    if database is None:
        return no_account()
    # Also where the eArchiwum has taken the account's place: what was shared is still shown there.
    before = now() - _PATIENCE
    revoking = (consent.c.state == "revoking", consent.c.revoking_at <= before)
    waiting = (consent.c.state.in_(("ordered", "sent")), consent.c.ordered_at <= before)
    with database.read() as connection:
        counts = [
            connection.execute(sa.select(sa.func.count()).select_from(consent).where(*each)).scalar_one()
            for each in (revoking, waiting)
        ]
    if counts[0]:
        return Finding.of(RevocationsStuck(count=counts[0]))
    if counts[1]:
        return Finding.of(ConsentsHeldUp(count=counts[1]), Verdict.WARNING)
    return Finding.good(_SETTLED)


def _trouble(connection: sa.Connection, account: str, at: datetime) -> ErepoError | None:
    try:
        check_account(connection, account, at)
    except ErepoError as error:
        return error
    return None
