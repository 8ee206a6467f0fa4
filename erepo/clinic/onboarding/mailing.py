"""Step 2: one mail to the office with both requests, in the manual's words (1.1.2)."""

from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid

from erepo.clinic.database import Database
from erepo.clinic.mail import Mailer
from erepo.clinic.onboarding import ledger
from erepo.clinic.onboarding.ledger import Generation, Step
from erepo.clinic.tables import now


def mail_requests(database: Database, account: str, mailer: Mailer, office: str) -> datetime:
    """Mail both requests of an account to the office, unless that is done.

    Args:
        database: the clinic's.
        account: 16 digits.
        mailer: the outgoing mail server.
        office: the office's address.

    Returns:
        When the mail server took the mail.

    Raises:
        NotRequested: step 1 has not been done.
        MailRefused, MailUnavailable: not sent (manual 2.6); the step can be repeated, nothing is lost.
    """
    entry = ledger.require(database, account)
    if entry.mailed_at is not None:
        return entry.mailed_at
    message_id = entry.message_id or _message_id(database, account, mailer.sender)
    mailer.send(write_letter(entry, mailer.sender, office, message_id))
    moment = now()
    with database.begin() as connection:
        current = ledger.find(connection, account)
        if current is not None and current.step is Step.REQUESTED:
            ledger.reach(connection, account, Step.MAILED, {}, mailed_at=moment)
        else:
            # Files may have been given meanwhile; the step goes forward only.
            ledger.write(connection, account, mailed_at=moment)
    return moment


def _message_id(database: Database, account: str, sender: str) -> str:
    """Fix the Message-ID before anything is sent, so that a repeated mail is the same mail."""
    fresh = new_message_id(sender)
    with database.begin() as connection:
        entry = ledger.find(connection, account)
        if entry is not None and entry.message_id:
            return entry.message_id
        ledger.write(connection, account, message_id=fresh)
    return fresh


def new_message_id(sender: str) -> str:
    """Return a Message-ID that nobody has used."""
    return make_msgid(domain=sender.rpartition("@")[2] or "localhost")


def write_letter(entry: Generation, sender: str, office: str, message_id: str) -> EmailMessage:
    """Write the letter; it holds the two requests and nothing else of the account."""
    letter = EmailMessage(policy=SMTP)
    letter["From"], letter["To"] = sender, office
    letter["Subject"] = f"Żądanie wydania certyfikatu (CSR) dla konta tenanta {entry.account}"
    letter["Date"] = format_datetime(datetime.now(UTC))
    letter["Message-ID"] = message_id
    letter.set_content(
        "Witam,\n\n"
        f"przekazano żądanie wydania certyfikatu (CSR) dla konta tenanta {entry.account}.\n\n"
        "Wiadomość ta została wygenerowana automatycznie.\n\n"
        "Pozdrawiamy\nzespół erepo\n"
    )
    for purpose, csr in (("TLS", entry.tls_csr), ("WSS", entry.wss_csr)):
        name = f"{entry.account}_{purpose}.csr"
        letter.add_attachment(csr, maintype="application", subtype="pkcs10", filename=name)
    return letter
