"""The outgoing mail server: settings, a test connection, a test mail on request (manual 2.6)."""

from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid

from erepo.clinic.diagnosis.errors import MailNotConfigured
from erepo.clinic.diagnosis.findings import Finding
from erepo.clinic.diagnosis.ground import Ground
from erepo.clinic.mail import Mailer
from erepo.clinic.mail.errors import MailRefused, MailUnavailable
from erepo.texts import Text

_CONNECTED = Text(
    "The mail server {server} lets us in.", "Serwer poczty {server} przyjmuje połączenie i logowanie."
)
_SENT = Text(
    "The mail server {server} has taken the test mail; look into the mailbox.",
    "Serwer poczty {server} przyjął wiadomość próbną; sprawdź skrzynkę odbiorczą.",
)
_BODY = (
    "Witam,\n\nto jest wiadomość próbna programu erepo. Poczta wychodząca działa.\n\n"
    "This is a test mail of erepo. Outgoing mail works.\n"
)


def mail(ground: Ground) -> Finding:
    """Connect, protect and log in as for a request (CSR); send a test mail where an address was given."""
    try:
        mailer = ground.mailer()
    except MailNotConfigured as error:
        return Finding.of(error)
    server = f"{mailer.host}:{mailer.port}"
    try:
        if ground.test_mail:
            mailer.send(_letter(mailer, ground.test_mail))
            return Finding.good(_SENT, server=server)
        mailer.test()
    except (MailRefused, MailUnavailable) as error:
        return Finding.of(error)
    return Finding.good(_CONNECTED, server=server)


def _letter(mailer: Mailer, address: str) -> EmailMessage:
    letter = EmailMessage(policy=SMTP)
    letter["From"], letter["To"] = mailer.sender, address
    letter["Subject"] = "erepo: wiadomość próbna / test mail"
    letter["Date"] = format_datetime(datetime.now(UTC))
    letter["Message-ID"] = make_msgid(domain=mailer.sender.rpartition("@")[2] or "localhost")
    letter.set_content(_BODY)
    return letter
