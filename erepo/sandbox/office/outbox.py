"""Answers that are really mailed, where an SMTP server is configured.

A letter is durable in `outbox` before it is sent and leaves it only after the server has taken it: a crash in
between sends it again with the same Message-ID. What the server refuses for good goes to `undeliverable`.
"""

import logging
from email.message import EmailMessage
from pathlib import Path

from erepo.clinic.mail import Mailer
from erepo.clinic.mail.errors import MailRefused, MailUnavailable
from erepo.durable import make_folder, write_durably
from erepo.sandbox.office import ADDRESS
from erepo.sandbox.office.letters import parse
from erepo.settings import OfficeSettings

_log = logging.getLogger(__name__)


def relay(settings: OfficeSettings) -> Mailer | None:
    """Return the server that answers go out by; None where none is configured."""
    if not settings.smtp_host:
        return None
    return Mailer(
        settings.smtp_host,
        settings.smtp_port,
        ADDRESS,
        settings.smtp_user,
        settings.smtp_password.get_secret_value(),
        settings.smtp_tls,
    )


def put(home: Path, letter: EmailMessage, name: str) -> None:
    """Lay a letter into the outbox."""
    write_durably(home / "outbox" / f"{name}.eml", [letter.as_bytes()])


def flush(home: Path, mailer: Mailer) -> int:
    """Send what lies in the outbox; what cannot be sent now stays for the next call.

    Returns:
        How many letters the server took.
    """
    sent = 0
    for file in sorted((home / "outbox").glob("[!.]*.eml")):
        try:
            mailer.send(parse(file.read_bytes()))
        except MailUnavailable as error:
            _log.warning("not mailed yet: %s", error)
            return sent
        except MailRefused as error:
            _log.warning("cannot be mailed: %s", error)
            make_folder(home / "undeliverable")
            file.replace(home / "undeliverable" / file.name)
        else:
            file.unlink(missing_ok=True)
            sent += 1
    return sent
