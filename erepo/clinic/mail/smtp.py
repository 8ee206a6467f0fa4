"""The outgoing mail server as the clinic uses it: a failure is told in the words of manual 2.6."""

from dataclasses import dataclass
from typing import ClassVar

from erepo import mail
from erepo.clinic.mail.errors import MailRefused, MailUnavailable


@dataclass(frozen=True)
class Mailer(mail.Mailer):
    """Sends to the certificate office.

    `send` and `test` raise MailRefused or MailUnavailable.
    """

    refused: ClassVar[type[mail.SendingRefused]] = MailRefused
    unavailable: ClassVar[type[mail.SendingUnavailable]] = MailUnavailable
