"""Why a mail could not be sent: no for good, or not now.

ConfigurationError
└── SendingRefused        the server said no for good: sender, recipient, login, encryption
RetryableError
└── SendingUnavailable    the server does not answer, or says: later
"""

from erepo.errors import ConfigurationError, RetryableError
from erepo.texts import Text

_CURE = Text(
    "Check the mail server's address and port, the sender's address, user and password.",
    "Sprawdź adres i port serwera poczty, adres nadawcy, użytkownika i hasło.",
)


class SendingRefused(ConfigurationError):
    """The mail server refused for good; `phase` says where, `status` what it said."""

    code = "mail.sending-refused"
    cause = Text(
        "The mail server {server} refuses the {phase} ({status}).",
        "Serwer poczty {server} odrzuca wiadomość, etap: {phase} ({status}).",
    )
    cure = _CURE


class SendingUnavailable(RetryableError):
    """The mail server does not answer, or asks to come later."""

    code = "mail.sending-unavailable"
    cause = Text(
        "The mail server {server} is silent at the {phase} ({status}).",
        "Brak odpowiedzi serwera poczty {server}, etap: {phase} ({status}).",
    )
    cure = _CURE
