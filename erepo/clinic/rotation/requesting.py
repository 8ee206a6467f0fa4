"""Steps 1 and 2: whether new keys are wanted, the keys, and the mail with their requests."""

import uuid
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from erepo.clinic.database import Database
from erepo.clinic.mail import Mailer
from erepo.clinic.onboarding.ledger import Entry
from erepo.clinic.onboarding.mailing import new_message_id, write_letter
from erepo.clinic.onboarding.requests import fresh_keys
from erepo.clinic.rotation import holding, ledger
from erepo.clinic.rotation.deciding import Decision, Demand, Reason, decide
from erepo.clinic.rotation.ledger import Rotation
from erepo.clinic.rotation.stages import Stage
from erepo.clinic.rotation.subjects import form_of
from erepo.clinic.tables import now, rotation
from erepo.pki.pem import read_certificate
from erepo.settings import Settings

#: After a person went back or gave up, time alone is no reason to begin again for so long.
REST: Final = timedelta(days=1)


def decision(database: Database, entry: Entry, *, demand: Demand | None = None) -> Decision:
    """Decide about the generation in use, as of now.

    Certificates whose replacement a person has just given up get a rest, unless one has expired meanwhile.
    """
    moment = now()
    found = decide(holding.validities(entry), at=moment, demand=demand)
    if found.reason is not Reason.DUE:
        return found
    with database.read() as connection:
        last = ledger.find_last(connection, entry.account)
    given_up = last is not None and last.stage in (Stage.ROLLED_BACK, Stage.ABANDONED)
    if given_up and last and last.finished_at and last.finished_at + REST > moment:
        return Decision(Reason.NOT_DUE, last.finished_at + REST)
    return found


def start(
    database: Database, settings: Settings, account: str, *, demand: Demand | None = None
) -> Rotation | None:
    """Make new keys and requests if it is time, or a person demands it; one that is under way goes on.

    The new request has the subject and the kind of key of the certificate in use.

    Args:
        database: the clinic's.
        settings: passphrase and home.
        account: 16 digits.
        demand: what a person wants; None leaves it to the time.

    Returns:
        The rotation under way; None where nothing is due.

    Raises:
        AccountNotActive: there are no keys in use.
        WrongPassphrase: the keys in use were kept with another passphrase.
    """
    entry = holding.active(database, settings, account)
    found = ledger.under_way(database, account)
    # Said again of a rotation that was begun for it, it means: go on.
    if found is not None and demand is Demand.COMPROMISED and found.reason is not Reason.COMPROMISED:
        found = _pressed(database, found)
    if found is not None:
        return found
    wanted = decision(database, entry, demand=demand)
    if not wanted.replace:
        return None
    # Two passphrases in one ledger would lock somebody out later.
    entry.open(settings.passphrase)
    form = form_of(read_certificate(entry.tls_certificate), account)
    number, keys = uuid.uuid4().hex, fresh_keys(form, settings.passphrase)
    with database.begin() as connection:
        # Another process may have been faster; its keys are as good, ours were seen by nobody.
        if ledger.find_open(connection, account) is None:
            head = {"id": number, "account": account, "state": Stage.REQUESTED.value}
            connection.execute(sa.insert(rotation).values({**head, "reason": wanted.reason.value, **keys}))
            ledger.told(connection, account, number, Stage.REQUESTED, {"reason": wanted.reason.value})
    return ledger.under_way(database, account)


def _pressed(database: Database, found: Rotation) -> Rotation | None:
    """Take up that the keys in use are compromised while a rotation is under way.

    Before the cut-over the coming keys are the cure: they get in without an overlap. After it they are what
    is compromised: that rotation ends at once, and the next one retires both generations at the service.
    """
    with database.begin() as connection:
        if found.stage.before_cut_over:
            ledger.write(connection, found, reason=Reason.COMPROMISED.value)
        elif found.stage in (Stage.CUT_OVER, Stage.RETIRING):
            if found.stage is Stage.CUT_OVER:
                ledger.reach(connection, found, Stage.RETIRING, {"superseded": True})
                found = ledger.find_open(connection, found.account) or found
            gone: dict[str, object] = dict.fromkeys(ledger.KEYS)
            ledger.reach(connection, found, Stage.RETIRED, {"superseded": True}, finished_at=now(), **gone)
    return ledger.under_way(database, found.account)


def mail_requests(database: Database, account: str, mailer: Mailer, office: str) -> datetime | None:
    """Mail both requests of the rotation under way to the office, unless that is done.

    Args:
        database: the clinic's.
        account: 16 digits.
        mailer: the outgoing mail server.
        office: the office's address.

    Returns:
        When the mail server took the mail; None where no mail is needed.

    Raises:
        MailRefused, MailUnavailable: not sent (manual 2.6); the step can be repeated, nothing is lost.
        StepTaken: another process has sent it.
    """
    found = ledger.under_way(database, account)
    if found is None or found.stage is not Stage.REQUESTED:
        return found.mailed_at if found else None
    message_id = found.message_id or new_message_id(mailer.sender)
    if not found.message_id:
        with database.begin() as connection:
            ledger.write(connection, found, message_id=message_id)
    mailer.send(write_letter(found, mailer.sender, office, message_id))
    moment = now()
    with database.begin() as connection:
        ledger.reach(connection, found, Stage.MAILED, {}, mailed_at=moment)
    return moment
