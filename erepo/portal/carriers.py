"""How messages reach people: a port for mail, with two adapters, and a port for text messages, with none.

Which provider of text messages is taken, and on which terms, is the operator's decision; whoever writes an
adapter runs `tests/support/sms_suite.py` against it and gives it to `app.build`.
"""

import os
import socket
import ssl
import time
import uuid
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol

from erepo.cloud.errors import where
from erepo.durable import make_folder, write_durably
from erepo.mail import Mailer, SendingUnavailable
from erepo.portal.errors import CarrierUnusable
from erepo.settings import PortalSettings, Settings


class MailCarrier(Protocol):
    """Takes mails to people.

    `send` may be called again with the same message (same Message-ID) after a `SendingUnavailable` or a
    crash: whoever receives it twice sees one message twice, never another. It must be safe from several
    threads.
    """

    def send(self, message: EmailMessage) -> None:
        """Hand a message over; on return somebody else has taken responsibility for it.

        Raises:
            SendingRefused: never, as it is.
            SendingUnavailable: not now; it may have been taken nevertheless.
        """
        ...


class SmsCarrier(Protocol):
    """Takes text messages to people: the interface that an adapter of a provider has to keep to.

    `reference` is the same each time one message is sent: a provider that knows such a mark gets it, so that
    a repetition costs nothing and disturbs nobody. Neither number nor text may stand in a log, an address or
    an error. It must be safe from several threads, and return or raise within 30 seconds.
    """

    def send(self, number: str, text: str, reference: str) -> None:
        """Hand a message over; on return the provider has taken responsibility for it.

        Args:
            number: E.164, with its plus sign.
            text: at most 160 characters of the GSM 7-bit alphabet.
            reference: 32 hexadecimal digits.

        Raises:
            SendingRefused: never, as it is: the number, the account, the sender.
            SendingUnavailable: not now; it may have been taken nevertheless.
        """
        ...


@dataclass(frozen=True)
class Carriers:
    """What a process of the portal can send by."""

    mail: MailCarrier
    sms: SmsCarrier | None = None
    sender: str = field(default="erepo@localhost")
    """Address that mails come from."""


@dataclass(frozen=True)
class MaildirCarrier:
    """Lays mails into a Maildir on this machine: where no SMTP server is set, and for trying things out."""

    folder: Path

    def send(self, message: EmailMessage) -> None:
        """Lay a mail into `new`, whole or not at all.

        Raises:
            SendingUnavailable: the folder cannot be written.
        """
        name = f"{time.time():.6f}.{os.getpid()}_{uuid.uuid4().hex}.{socket.gethostname().replace('/', '-')}"
        try:
            for part in ("tmp", "new", "cur"):
                make_folder(self.folder / part)
            write_durably(self.folder / "new" / name, [message.as_bytes()])
        except OSError as error:
            raise SendingUnavailable(server="Maildir", phase="message", status=type(error).__name__) from None


def mail_carrier(settings: Settings) -> MailCarrier:
    """Return the carrier that the settings name.

    Raises:
        CarrierUnusable: they cannot be used.
    """
    wanted = settings.portal
    if not wanted.smtp_host:
        return MaildirCarrier(settings.portal_mail)
    return Mailer(
        wanted.smtp_host,
        wanted.smtp_port,
        wanted.sender,
        wanted.smtp_user,
        wanted.smtp_password.get_secret_value(),
        wanted.smtp_tls,
        ssl_context=_trust(wanted),
    )


def _trust(wanted: PortalSettings) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=wanted.smtp_ca)
    except (OSError, ValueError) as error:
        raise CarrierUnusable(problem=where(error).partition(" at ")[0]) from None
