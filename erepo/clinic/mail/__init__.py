"""Mail between the clinic and the certificate office: out by SMTP, answers in from a mailbox."""

from erepo.clinic.mail.imap import ImapMailbox
from erepo.clinic.mail.mailbox import Letter, Mailbox, MaildirMailbox
from erepo.clinic.mail.smtp import Mailer

__all__ = ["ImapMailbox", "Letter", "Mailbox", "MaildirMailbox", "Mailer"]
