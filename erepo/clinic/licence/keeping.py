"""The licence of this installation: loaded once from a file, proven anew each time it is asked for.

Commit point of loading: one transaction with the row and its audit event; the same file again changes
nothing. The row keeps the signed text, so that changing a date in the database breaks the signature. No
licence at all does not limit anything: the module is free, a licence is for those who sell it as a service.
"""

from datetime import datetime

import sqlalchemy as sa

from erepo.clinic.audit import note
from erepo.clinic.database import Database
from erepo.clinic.licence.clock import begin_anew, expect_forward
from erepo.clinic.licence.errors import LicenceExpired, LicenceForeign, LicenceInvalid, LicenceNotYet
from erepo.clinic.licence.reading import Licence, licence_key, read_licence
from erepo.clinic.occupancy import CLOUD, name_in_use
from erepo.clinic.tables import now
from erepo.clinic.tables_account import licence
from erepo.settings import Settings


def load_licence(database: Database, settings: Settings, text: str, *, actor: str = "erepo") -> Licence:
    """Check a licence and keep it; the one that lasts longest counts.

    Raises:
        LicenceInvalid: not signed by the trusted key, or not of the form.
        LicenceForeign: it is for another account.
        LicenceExpired: it is over already.
        LicenceKeyMissing: there is no key to check it with.
    """
    found = read_licence(text, licence_key(settings))
    with database.begin() as connection:
        active = name_in_use(connection, CLOUD)
        if active is not None and active != found.account:
            raise LicenceForeign(licensed=found.account, account=active)
        if found.valid_until <= now():
            raise LicenceExpired(day=found.last_day)
        known = connection.execute(sa.select(licence.c.text).where(licence.c.id == found.id)).scalar()
        if known == found.text:
            return found
        values = {
            "account": found.account,
            "holder": found.holder,
            "valid_from": found.valid_from,
            "valid_until": found.valid_until,
            "text": found.text,
            "loaded_at": now(),
        }
        connection.execute(licence.delete().where(licence.c.id == found.id))
        connection.execute(licence.insert().values(id=found.id, **values))
        begin_anew(connection)
        detail = {"valid_until": found.valid_until.isoformat()}
        note(connection, "licence_loaded", subject="licence", subject_id=found.id, actor=actor, detail=detail)
    return found


def current_licence(connection: sa.Connection, settings: Settings) -> Licence | None:
    """Return the licence that counts: of those loaded for the account, the one that lasts longest.

    Before it begins, an earlier one that is valid today counts instead.

    Raises:
        LicenceInvalid: what is in the table is not what was signed.
        LicenceForeign: all are for other accounts.
        LicenceKeyMissing: there is no key to check them with.
    """
    texts = connection.execute(sa.select(licence.c.text)).scalars().all()
    if not texts:
        return None
    key, active, moment = licence_key(settings), name_in_use(connection, CLOUD), now()
    found, problem = [], LicenceInvalid(problem="signature")
    for text in texts:
        try:
            found.append(read_licence(text, key))
        except LicenceInvalid as error:
            problem = error
    if not found:
        raise problem
    ours = [one for one in found if active is None or one.account == active]
    if not ours:
        raise LicenceForeign(licensed=found[0].account, account=str(active))
    valid = [one for one in ours if one.valid_from <= moment < one.valid_until]
    return max(valid or ours, key=lambda one: one.valid_until)


def require_licence(connection: sa.Connection, settings: Settings, at: datetime | None = None) -> None:
    """Let nothing begin that deposits or indexes without a valid licence; none at all limits nothing.

    Raises:
        LicenceExpired, LicenceNotYet: by its own dates.
        LicenceClockBehind: the clock was set back, see `clock`.
        LicenceInvalid, LicenceForeign, LicenceKeyMissing: see `current_licence`.
    """
    found, moment = current_licence(connection, settings), at or now()
    if found is None:
        return
    if moment >= found.valid_until:
        raise LicenceExpired(day=found.last_day)
    if moment < found.valid_from:
        raise LicenceNotYet(day=found.first_day)
    expect_forward(connection, moment)
