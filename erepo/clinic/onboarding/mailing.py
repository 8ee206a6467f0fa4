"""Step 2: one mail to the office with both requests, in the manual's words (1.1.2)."""

from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid

from erepo.clinic.database import Database
from erepo.clinic.mail import Mailer
from erepo.clinic.onboarding import ledger
from erepo.clinic.onboarding.ledger import Entry, Generation, Step
from erepo.clinic.tables import now


def mail_requests(database: Database, account: str, mailer: Mailer, office: str) -> datetime | None:
    """Mail both requests of an account to the office, unless that is done or certificates are there already.

    Args:
        database: the clinic's.
        account: 16 digits.
        mailer: the outgoing mail server.
        office: the office's address.

    Returns:
        When the mail server took the mail; None where none was needed.

    Raises:
        NotRequested: step 1 has not been done.
        MailRefused, MailUnavailable: not sent (manual 2.6); the step can be repeated, nothing is lost.
    """
    entry = ledger.require(database, account)
    if entry.mailed_at is not None or entry.step in (Step.RECEIVED, Step.ACTIVE):
        return entry.mailed_at
    message_id = entry.message_id or _message_id(database, account, mailer.sender)
    mailer.send(write_letter(entry, mailer.sender, office, message_id))
    moment = now()
    with database.begin() as connection:
        current = ledger.find(connection, account)
        if current is not None and current.step is Step.REQUESTED:
            ledger.reach(connection, account, Step.MAILED, {}, mailed_at=moment, office=office)
        else:
            # Files may have been given meanwhile; the step goes forward only.
            ledger.write(connection, account, mailed_at=moment, office=office)
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
    subject = f"Żądanie wydania certyfikatu (CSR) dla konta tenanta {entry.account}"
    letter = _letter(sender, office, message_id, subject)
    letter.set_content(
        "Witam,\n\n"
        f"przekazano żądanie wydania certyfikatu (CSR) dla konta tenanta {entry.account}.\n\n"
        "Wiadomość ta została wygenerowana automatycznie.\n\n"
        "Pozdrawiamy\nzespół erepo\n"
    )
    return _with_requests(letter, entry)


def write_reminder(entry: Entry, sender: str, number: int) -> EmailMessage:
    """Write the n-th reminder, in the same thread and with the same requests."""
    original = entry.message_id
    message_id = original.replace("@", f".{number}@", 1)
    subject = f"Przypomnienie: żądanie wydania certyfikatu (CSR) dla konta tenanta {entry.account}"
    letter = _letter(sender, entry.office, message_id, subject)
    letter["In-Reply-To"] = letter["References"] = original
    letter.set_content(
        "Witam,\n\n"
        f"do tej pory nie otrzymaliśmy certyfikatów dla konta tenanta {entry.account}.\n"
        "W załączeniu ponownie przekazujemy żądanie ich wydania (CSR), bez zmian.\n\n"
        "Wiadomość ta została wygenerowana automatycznie.\n\n"
        "Pozdrawiamy\nzespół erepo\n"
    )
    return _with_requests(letter, entry)


def _letter(sender: str, office: str, message_id: str, subject: str) -> EmailMessage:
    letter = EmailMessage(policy=SMTP)
    letter["From"], letter["To"], letter["Subject"] = sender, office, subject
    letter["Date"] = format_datetime(datetime.now(UTC))
    letter["Message-ID"] = message_id
    return letter


def _with_requests(letter: EmailMessage, entry: Generation) -> EmailMessage:
    for purpose, csr in (("TLS", entry.tls_csr), ("WSS", entry.wss_csr)):
        name = f"{entry.account}_{purpose}.csr"
        letter.add_attachment(csr, maintype="application", subtype="pkcs10", filename=name)
    return letter
