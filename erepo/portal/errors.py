"""Errors of the patients' side.

ErepoError
├── InvalidInput
│   ├── RequestInvalid       a field of the request is not what it should be
│   ├── RequestTooLarge      more octets than are taken
│   ├── IdentifierInvalid    no PESEL: digits, date or check digit are wrong
│   └── MethodNotAllowed     the address takes other methods
├── AccessRefused
│   ├── SignInNeeded         no session, or one whose time is over
│   ├── CodeRefused          wrong, used, or its time is over: one answer for all
│   ├── FormRefused          a changing request that our own pages did not send
│   ├── PathUnknown          nothing is at the address
│   └── SessionUnknown       none of this id is the person's own
├── ConfigurationError
│   ├── TlsUnusable          files of certificates or keys cannot be used
│   └── CarrierUnusable      mail cannot be sent as the settings say
├── PermanentError
│   ├── NotShown             the document cannot be shown as a page; it can be saved
│   └── Unexpected           a fault of ours
└── RetryableError
    ├── TooMany              asked or wrong too often: wait
    └── RequestTimeout       the body does not arrive in time
"""

from erepo.errors import AccessRefused, ConfigurationError, InvalidInput, PermanentError, RetryableError
from erepo.texts import Text


class RequestInvalid(InvalidInput):
    """`field` names what is wrong; nothing of its value is told."""

    code = "portal.request-invalid"
    cause = Text("The request is wrong: {field}.", "Nieprawidłowe żądanie: {field}.")
    cure = Text("Correct it by the OpenAPI description.", "Popraw je zgodnie z opisem OpenAPI.")


class RequestTooLarge(InvalidInput):
    """Nothing larger is sent here."""

    code = "portal.request-too-large"
    cause = Text("The request is larger than {limit} bytes.", "Żądanie jest większe niż {limit} bajtów.")
    cure = Text("Send less.", "Wyślij mniejsze żądanie.")


class IdentifierInvalid(InvalidInput):
    """Told before anything is looked up: the check digit says nothing of who exists."""

    code = "portal.pesel-invalid"
    cause = Text("This is not a valid PESEL number.", "To nie jest prawidłowy numer PESEL.")
    cure = Text("Check its 11 digits and type it again.", "Sprawdź 11 cyfr numeru i wpisz go ponownie.")


class MethodNotAllowed(InvalidInput):
    """The resource has other HTTP methods."""

    code = "portal.method"
    cause = Text("This address takes other methods.", "Ten adres przyjmuje inne metody.")
    cure = Text("Use one that the header Allow names.", "Użyj metody wymienionej w nagłówku Allow.")


class SignInNeeded(AccessRefused):
    """No session, or one that has ended."""

    code = "portal.sign-in-needed"
    cause = Text("You are not signed in, or no longer.", "Sesja wygasła albo jej nie rozpoczęto.")
    cure = Text("Sign in with your PESEL and a code.", "Zaloguj się numerem PESEL i kodem jednorazowym.")


class CodeRefused(AccessRefused):
    """One answer whether the code is wrong, used or too old, and whether there is anybody at all."""

    code = "portal.code-refused"
    cause = Text(
        "The code is wrong, or it does not count any more.", "Kod jest nieprawidłowy albo stracił ważność."
    )
    cure = Text(
        "Check the newest message and type its code again, or ask for a new one. If no message comes, ask"
        " the clinic which address it has noted for you.",
        "Sprawdź najnowszą wiadomość i wpisz kod ponownie albo poproś o nowy. Jeśli wiadomość nie"
        " przychodzi, zapytaj placówkę, jaki adres kontaktowy ma zapisany.",
    )


class FormRefused(AccessRefused):
    """It did not come from our own page (CSRF)."""

    code = "portal.form-refused"
    cause = Text("The request did not come from this page.", "Żądanie nie pochodzi z tej strony.")
    cure = Text("Open the page again and repeat it.", "Otwórz stronę ponownie i powtórz operację.")


class PathUnknown(AccessRefused):
    """Nothing is here, or not for you: one answer for both."""

    code = "portal.unknown"
    cause = Text("There is nothing here.", "Nic tu nie ma.")
    cure = Text("Check the address and the id.", "Sprawdź adres i identyfikator.")


class SessionUnknown(AccessRefused):
    """None of the person's own sessions has this id."""

    code = "portal.session-unknown"
    cause = Text("You have no session of this id.", "Nie masz sesji o tym identyfikatorze.")
    cure = Text("Look at the list of your sessions again.", "Wyświetl ponownie listę sesji.")


class TlsUnusable(ConfigurationError):
    """Files of certificates or keys cannot be used."""

    code = "portal.tls-unusable"
    cause = Text(
        "EREPO_PORTAL__CERTIFICATE, EREPO_PORTAL__KEY: cannot be used ({problem}).",
        "EREPO_PORTAL__CERTIFICATE, EREPO_PORTAL__KEY: nie można użyć ({problem}).",
    )
    cure = Text(
        "Name a PEM file with the certificate and its chain, and one with its key, not encrypted, or none.",
        "Wskaż plik PEM z certyfikatem i jego łańcuchem oraz plik z nieszyfrowanym kluczem albo żaden.",
    )


class CarrierUnusable(ConfigurationError):
    """Mail cannot be sent as the settings say."""

    code = "portal.mail-unusable"
    cause = Text(
        "The settings EREPO_PORTAL__SMTP_… cannot be used ({problem}).",
        "Nie można użyć ustawień EREPO_PORTAL__SMTP_… ({problem}).",
    )
    cure = Text("Correct them; see docs/reference/portal.md.", "Popraw je; zob. docs/reference/portal.md.")


class NotShown(PermanentError):
    """The document cannot be shown; its octets can be had."""

    code = "portal.not-shown"
    cause = Text("This document cannot be shown as a page.", "Tego dokumentu nie można wyświetlić.")
    cure = Text("Save it as a file instead.", "Zapisz go jako plik.")


class Unexpected(PermanentError):
    """A fault of ours; the log says where."""

    code = "portal.unexpected"
    cause = Text("Something failed that should not.", "Wystąpił nieoczekiwany błąd.")
    cure = Text("Try again later.", "Spróbuj ponownie później.")


class TooMany(RetryableError):
    """Asked or wrong too often, from one address or about one person, whether or not there is one."""

    code = "portal.too-many"
    cause = Text("That was tried too often.", "Zbyt wiele prób.")
    cure = Text("Try again in {minutes} min.", "Spróbuj ponownie za {minutes} min.")


class RequestTimeout(RetryableError):
    """The body does not arrive in time."""

    code = "portal.request-timeout"
    cause = Text("The request did not arrive in time.", "Żądanie nie dotarło w wyznaczonym czasie.")
    cure = Text("Send it again.", "Wyślij je ponownie.")
