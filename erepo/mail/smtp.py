"""Sending mail, with every failure told as one of two: no for good, or not now."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import ClassVar, Literal

from erepo.mail.errors import SendingRefused, SendingUnavailable

Encryption = Literal["starttls", "tls", "none"]


@dataclass(frozen=True)
class Mailer:
    """The outgoing mail server (manual 2.6: address, e-mail, user, password).

    Whoever has words of their own for a failure gives them as `refused` and `unavailable`.
    """

    refused: ClassVar[type[SendingRefused]] = SendingRefused
    unavailable: ClassVar[type[SendingUnavailable]] = SendingUnavailable

    host: str
    """Name or address of the SMTP server."""
    port: int
    """TCP port."""
    sender: str
    """Address the mails come from and the answers go to."""
    user: str = ""
    """Empty: no login."""
    password: str = field(default="", repr=False)
    """Of the user."""
    tls: Encryption = "starttls"
    """How the connection is protected; a login without protection is refused."""
    timeout: float = 30
    """Seconds of silence allowed in each step."""
    ssl_context: ssl.SSLContext | None = field(default=None, repr=False)
    """Whom to trust; None: the system's authorities."""

    def send(self, message: EmailMessage) -> None:
        """Hand one message to the server; on return the server has taken responsibility for it.

        After a `SendingUnavailable` the server may have taken it nevertheless: repeat it with the same
        Message-ID.

        Raises:
            SendingRefused: the server refused login, encryption, sender, recipient or message for good.
            SendingUnavailable: no answer, connection lost, or refused for now.
        """
        with self._dialogue() as server:
            server.send_message(message, from_addr=self.sender)

    def test(self) -> None:
        """Connect, protect and log in without sending anything (the manual's test of the connection).

        Raises:
            SendingRefused, SendingUnavailable: as `send`.
        """
        with self._dialogue() as server:
            server.noop()

    @contextmanager
    def _dialogue(self) -> Iterator[smtplib.SMTP]:
        server: smtplib.SMTP | None = None
        phase = "connection"
        try:
            server = self._connect()
            phase = "login"
            self._login(server)
            phase = "message"
            yield server
            with suppress(smtplib.SMTPException, OSError):
                server.quit()
        except (smtplib.SMTPException, OSError) as error:
            raise self._refusal(error, phase) from None
        finally:
            if server is not None:
                server.close()

    def _connect(self) -> smtplib.SMTP:
        context = self.ssl_context or ssl.create_default_context()
        if self.tls == "tls":
            return smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout, context=context)
        server = smtplib.SMTP(self.host, self.port, timeout=self.timeout)
        try:
            if self.tls == "starttls":
                server.starttls(context=context)
        except BaseException:
            server.close()
            raise
        return server

    def _login(self, server: smtplib.SMTP) -> None:
        if not self.user:
            return
        if self.tls == "none":
            raise smtplib.SMTPNotSupportedError
        server.login(self.user, self.password)

    def _refusal(self, error: Exception, phase: str) -> SendingRefused | SendingUnavailable:
        # Only numbers and class names: a server's text may quote addresses or the login.
        status = _status(error)
        data = {
            "server": f"{self.host}:{self.port}",
            "phase": phase,
            "status": status or type(error).__name__,
        }
        permanent = isinstance(error, smtplib.SMTPNotSupportedError | ssl.SSLCertVerificationError)
        if permanent or (status is not None and status >= 500):
            return self.refused(**data)
        return self.unavailable(**data)


def _status(error: Exception) -> int | None:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return max((code for code, _ in error.recipients.values()), default=None)
    if isinstance(error, smtplib.SMTPResponseException):
        return error.smtp_code
    return None
