"""Warnings before the certificates in use expire: 30, 14, 7 and 1 days before, each once.

    note   the warnings that are due become rows
    due    those that were not told yet       → an event          → told
    due    those that were not mailed yet     → a mail            → mailed

Commit points are the rows of `certificate_alarm`. A warning is marked after it has gone out, so a crash in
between sends it again: the event has the same id, the mail the same Message-ID.
"""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final, Literal

import sqlalchemy as sa

from erepo.clinic.database import Database
from erepo.clinic.mail import Mailer
from erepo.clinic.onboarding.ledger import Generation
from erepo.clinic.tables import certificate_alarm, now
from erepo.pki.bundle import fingerprint
from erepo.pki.pem import read_certificate
from erepo.texts import Text, day_words, moment_words

#: Days before the expiry at which a warning is raised.
DAYS: Final = (30, 14, 7, 1)

Way = Literal["told_at", "mailed_at"]

_SUBJECT = Text(
    "Certificates of the account {account} expire on {day}",
    "Certyfikaty konta {account} wygasają {day}",
)
_BODY = Text(
    "The certificates of the account {account} expire on {day} at {time} (Warsaw); days left: {left}.\n"
    "After that no document can be archived or fetched.\n\n"
    "What to do: run rotate-certificates/daily in Prefect, or `erepo certificates rotate`; it makes new keys"
    " and mails the requests (CSR) to the office. `erepo certificates status` shows how far that has come.\n",
    "Certyfikaty konta {account} wygasają {day} o godz. {time} (czas polski); pozostało dni: {left}.\n"
    "Po tym terminie nie będzie można archiwizować ani pobierać dokumentów.\n\n"
    "Co zrobić: uruchom rotate-certificates/daily w Prefect albo `erepo certificates rotate`; zostaną"
    " utworzone nowe klucze, a żądania (CSR) zostaną wysłane do BOK. Postęp pokazuje `erepo certificates"
    " status`.\n",
)


@dataclass(frozen=True)
class Alarm:
    """One warning."""

    account: str
    fingerprint: str
    """SHA-256 of the certificate that expires first."""
    days: int
    """The threshold: 30, 14, 7 or 1."""
    not_after: datetime
    """When it expires."""

    @property
    def event_id(self) -> uuid.UUID:
        """Names the warning towards Prefect; the same each time."""
        return uuid.uuid5(uuid.NAMESPACE_OID, f"{self.account} {self.fingerprint} {self.days}")

    def facts(self) -> dict[str, str | int]:
        """Return what a program is told: ids, days and the moment."""
        return {
            "account": self.account,
            "days_left": self.left(now()),
            "threshold": self.days,
            "not_after": self.not_after.isoformat(),
            "fingerprint": self.fingerprint,
        }

    def left(self, at: datetime) -> int:
        """Whole days that are left; 0 on the last day and after it."""
        return max(0, (self.not_after - at).days)


def reached(not_after: datetime, at: datetime) -> int | None:
    """Return the last threshold that was passed; None more than 30 days before."""
    return min((days for days in DAYS if not_after - at <= timedelta(days=days)), default=None)


def note(database: Database, keys: Generation) -> None:
    """Make the warnings that are due now of the certificates in use.

    Of several thresholds passed at once, only the last is told: the others count as told with it.

    Raises:
        NotReceived: there are no certificates.
    """
    first = min(
        (read_certificate(pem) for pem in keys.certificates()), key=lambda one: one.not_valid_after_utc
    )
    moment, until = now(), first.not_valid_after_utc
    last = reached(until, moment)
    if last is None:
        return
    with database.begin() as connection:
        known = set(connection.execute(_of(keys.account, fingerprint(first))).scalars())
        rows = [
            {
                "account": keys.account,
                "fingerprint": fingerprint(first),
                "days": days,
                "not_after": until,
                "noted_at": moment,
                "told_at": None if days == last else moment,
                "mailed_at": None if days == last else moment,
            }
            for days in DAYS
            if days >= last and days not in known
        ]
        if rows:
            connection.execute(sa.insert(certificate_alarm), rows)


def _of(account: str, print_: str) -> sa.Select[tuple[int]]:
    mine = (certificate_alarm.c.account == account) & (certificate_alarm.c.fingerprint == print_)
    return sa.select(certificate_alarm.c.days).where(mine)


def due(database: Database, keys: Generation, way: Way) -> Sequence[Alarm]:
    """Return the warnings about the certificates in use that have not gone out on a way yet.

    A warning that a later one has overtaken is left out.
    """
    table, prints = certificate_alarm.c, keys.fingerprints
    query = sa.select(table.account, table.fingerprint, table.days, table.not_after).where(
        table.account == keys.account, table.fingerprint.in_(prints), table[way].is_(None)
    )
    with database.read() as connection:
        rows = connection.execute(query.order_by(table.days).limit(1)).all()
    return [Alarm(*row) for row in rows]


def mark(database: Database, alarm: Alarm, way: Way) -> None:
    """Note that a warning has gone out on a way; those that it overtook count as well."""
    table = certificate_alarm.c
    overtaken = (table.fingerprint == alarm.fingerprint) & (table.days >= alarm.days) & table[way].is_(None)
    with database.begin() as connection:
        changed = sa.update(certificate_alarm).where(table.account == alarm.account, overtaken)
        connection.execute(changed.values({way: now()}))


def mail(database: Database, keys: Generation, mailer: Mailer, administrator: str) -> int:
    """Mail the warnings that were not mailed yet; return how many.

    Raises:
        MailRefused, MailUnavailable: not sent; the step can be repeated.
    """
    waiting = due(database, keys, "mailed_at")
    for alarm in waiting:
        mailer.send(write_warning(alarm, mailer.sender, administrator))
        mark(database, alarm, "mailed_at")
    return len(waiting)


def write_warning(alarm: Alarm, sender: str, administrator: str) -> EmailMessage:
    """Write the letter, in Polish and English; it holds the account, dates and nothing secret."""
    facts = {
        "account": alarm.account,
        "day": day_words(alarm.not_after),
        "time": moment_words(alarm.not_after)[-5:],
        "left": alarm.left(now()),
    }
    letter = EmailMessage(policy=SMTP)
    letter["From"], letter["To"] = sender, administrator
    letter["Subject"] = _SUBJECT.fill("pl", **facts)
    letter["Date"] = format_datetime(now())
    name = hashlib.sha256(str(alarm.event_id).encode()).hexdigest()[:32]
    letter["Message-ID"] = f"<{name}@{sender.rpartition('@')[2] or 'localhost'}>"
    letter.set_content(_BODY.fill("pl", **facts) + "\n" + _BODY.fill("en", **facts))
    return letter
