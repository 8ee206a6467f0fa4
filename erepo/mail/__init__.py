"""Mail out, for whoever sends any: the clinic to the certificate office, the portal to patients."""

from erepo.mail.errors import SendingRefused, SendingUnavailable
from erepo.mail.smtp import Encryption, Mailer

__all__ = ["Encryption", "Mailer", "SendingRefused", "SendingUnavailable"]
