"""Why a mail could not be sent (manual 2.6), or a mailbox not be read.

ConfigurationError
├── MailRefused          a `SendingRefused`: no for good: sender, recipient, login, encryption
├── MailboxMissing       the folder of the answers is not there
└── MailboxRefused       the mailbox's server said no for good: login, encryption
RetryableError
├── MailUnavailable      a `SendingUnavailable`: the server does not answer, or says: later
└── MailboxUnavailable   the mailbox's server does not answer, or the dialogue broke
"""

# each name says what is wrong; "Error" would add nothing to it

from erepo.errors import ConfigurationError, RetryableError
from erepo.mail.errors import SendingRefused, SendingUnavailable
from erepo.texts import Text

_CURE = Text(
    "Check the outgoing mail server's address and port, the sender's address, user and password, and test the"
    " connection. The request (CSR) is kept; only the mail will be sent again.",
    "Sprawdź adres i port serwera poczty wychodzącej SMTP, adres e-mail nadawcy, użytkownika i hasło oraz"
    " wykonaj test połączenia. Żądanie (CSR) jest zachowane; ponownie zostanie wysłana tylko wiadomość.",
)


class MailRefused(SendingRefused):
    """The mail server refused for good (manual 2.6)."""

    code = "mail.refused"
    cause = Text(
        "The request (CSR) cannot be mailed to the office: {server} refuses the {phase} ({status}).",
        "Nie można przekazać CSR do BOK z powodu błędów podczas próby wysyłki e-mail: {server} odrzuca, etap:"
        " {phase} ({status}).",
    )
    cure = _CURE


class MailUnavailable(SendingUnavailable):
    """The mail server does not answer, or asks to come later (manual 2.6)."""

    code = "mail.unavailable"
    cause = Text(
        "The request (CSR) cannot be mailed to the office: {server} is silent at the {phase} ({status}).",
        "Nie można przekazać CSR do BOK z powodu błędów podczas próby wysyłki e-mail: brak odpowiedzi"
        " {server}, etap: {phase} ({status}).",
    )
    cure = _CURE


class MailboxMissing(ConfigurationError):
    """There is no mailbox in that folder."""

    code = "mail.mailbox-missing"
    cause = Text("There is no mailbox in {folder}.", "W folderze {folder} nie ma skrzynki pocztowej.")
    cure = Text(
        "Give the Maildir that the office's answers are delivered to, or the certificate files themselves.",
        "Wskaż skrzynkę Maildir, do której trafiają odpowiedzi BOK, albo same pliki certyfikatów.",
    )


_MAILBOX_CURE = Text(
    "Check host, port, encryption, user and password of the mailbox (IMAP) in the MailServer block. The"
    " certificates can also be given by hand: in the form of the waiting run, or by"
    " `erepo certificates receive`.",
    "Sprawdź serwer, port, szyfrowanie, użytkownika i hasło skrzynki (IMAP) w bloku MailServer. Certyfikaty"
    " można też podać ręcznie: w formularzu oczekującego uruchomienia albo poleceniem"
    " `erepo certificates receive`.",
)


class MailboxRefused(ConfigurationError):
    """The mailbox's server refused for good."""

    code = "mail.mailbox-refused"
    cause = Text(
        "The mailbox on {server} cannot be read: refused at the {phase} ({status}).",
        "Nie można odczytać skrzynki pocztowej na {server}: odmowa na etapie: {phase} ({status}).",
    )
    cure = _MAILBOX_CURE


class MailboxUnavailable(RetryableError):
    """The mailbox's server does not answer, or the dialogue broke."""

    code = "mail.mailbox-unavailable"
    cause = Text(
        "The mailbox on {server} cannot be read now: {phase} ({status}).",
        "Skrzynki pocztowej na {server} nie można teraz odczytać: etap: {phase} ({status}).",
    )
    cure = _MAILBOX_CURE
