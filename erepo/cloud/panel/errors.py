"""Errors of the panel.

ErepoError
├── InvalidInput
│   ├── LoginMalformed          letters, digits and . _ @ - only
│   └── PasswordRefused         a new password that is not taken
│       ├── PasswordTooShort
│       ├── PasswordTooLong
│       ├── PasswordTooSimple   few different characters, or the login in it
│       ├── PasswordUnchanged   the one that was to be replaced
│       └── PasswordsDiffer     typed differently the second time
├── AccessRefused
│   ├── LoginRefused            login and password do not belong together
│   ├── PasswordWrong           the present password was typed wrongly
│   ├── LoginLocked             too many failures: wait
│   ├── FormRefused             a form that did not come from our own page, or an old one
│   ├── PageUnknown             the panel has no such page
│   └── AdministratorExists     the account has another administrator already
├── ConfigurationError
│   └── AdministratorUnknown    the operator named one that is not there
└── RetryableError
    └── LoginsBusy              too many passwords are being checked at this moment
"""

from erepo.cloud.errors import PathUnknown, ServiceBusy
from erepo.errors import AccessRefused, ConfigurationError, InvalidInput
from erepo.texts import Text


class LoginMalformed(InvalidInput):
    """A login that is none."""

    code = "panel.login-malformed"
    cause = Text("This is not a login.", "Nieprawidłowy login.")
    cure = Text(
        "Use 3 to 64 letters, digits and the characters . _ @ -, a letter or digit first.",
        "Użyj od 3 do 64 liter, cyfr i znaków . _ @ -, zaczynając od litery lub cyfry.",
    )


class PasswordRefused(InvalidInput):
    """A new password that is not taken."""

    code = "panel.password-refused"
    cause = Text("The new password is not accepted.", "Nowe hasło nie zostało przyjęte.")
    cure = Text("Choose another one.", "Wybierz inne hasło.")


class PasswordTooShort(PasswordRefused):
    """Fewer characters than are asked for."""

    code = "panel.password-too-short"
    cause = Text("The password is too short.", "Hasło jest za krótkie.")
    cure = Text(
        "Use at least {least} characters; several words are easy to remember.",
        "Użyj co najmniej {least} znaków; kilka słów łatwo zapamiętać.",
    )


class PasswordTooLong(PasswordRefused):
    """More characters than are taken."""

    code = "panel.password-too-long"
    cause = Text("The password is too long.", "Hasło jest za długie.")
    cure = Text("Use at most {most} characters.", "Użyj najwyżej {most} znaków.")


class PasswordTooSimple(PasswordRefused):
    """It is guessed too easily."""

    code = "panel.password-too-simple"
    cause = Text("The password is easy to guess.", "Hasło jest łatwe do odgadnięcia.")
    cure = Text(
        "Use at least {least} different characters, no row such as 123456, and not the login or the account.",
        "Użyj co najmniej {least} różnych znaków, bez ciągów takich jak 123456, bez loginu i numeru konta.",
    )


class PasswordUnchanged(PasswordRefused):
    """The one that was to be replaced."""

    code = "panel.password-unchanged"
    cause = Text("The new password is the present one.", "Nowe hasło jest takie samo jak obecne.")


class PasswordsDiffer(PasswordRefused):
    """It was typed differently the second time."""

    code = "panel.passwords-differ"
    cause = Text("The two new passwords differ.", "Podane nowe hasła różnią się od siebie.")
    cure = Text("Type the same password twice.", "Wpisz to samo hasło dwa razy.")


class LoginRefused(AccessRefused):
    """Login and password do not belong together; does not say which of them is wrong."""

    code = "panel.login-refused"
    cause = Text("The login or the password is wrong.", "Nieprawidłowy login lub hasło.")
    cure = Text(
        "Check both and the Caps Lock key. After several failures the login is locked for a while.",
        "Sprawdź jedno i drugie oraz klawisz Caps Lock. Po kilku nieudanych próbach login jest czasowo"
        " blokowany.",
    )


class PasswordWrong(AccessRefused):
    """Whoever changes a password must know the present one."""

    code = "panel.password-wrong"
    cause = Text("The present password is wrong.", "Obecne hasło jest nieprawidłowe.")
    cure = Text(
        "Type the password that you logged in with. After several failures the login is locked for a while.",
        "Wpisz hasło, którym się zalogowano. Po kilku nieudanych próbach login jest czasowo blokowany.",
    )


class LoginLocked(AccessRefused):
    """Too many failures; the password was not even looked at."""

    code = "panel.login-locked"
    cause = Text(
        "This login is locked after failed attempts.",
        "Ten login jest zablokowany po nieudanych próbach logowania.",
    )
    cure = Text(
        "Try again in {minutes} min. If the password is lost, the operator of the service sets a new one.",
        "Spróbuj ponownie za {minutes} min. Jeśli hasło zaginęło, nowe nada operator usługi.",
    )


class FormRefused(AccessRefused):
    """A form without our own token: made elsewhere, or before the session ended."""

    code = "panel.form-refused"
    cause = Text(
        "The form is out of date, or was not sent from this panel.",
        "Formularz jest nieaktualny albo nie został wysłany z tego panelu.",
    )
    cure = Text(
        "Open the page again and send it once more; the browser must accept cookies.",
        "Otwórz stronę ponownie i wyślij formularz jeszcze raz; przeglądarka musi przyjmować pliki cookie.",
    )


class PageUnknown(PathUnknown):
    """The account's own panel has no such page."""

    code = "panel.page-unknown"
    cause = Text("The panel has no such page.", "W panelu nie ma takiej strony.")
    cure = Text("Begin at the first page of the panel.", "Zacznij od pierwszej strony panelu.")


class AdministratorExists(AccessRefused):
    """The panel has an administrator already, with another login or another initial password."""

    code = "panel.administrator-exists"
    cause = Text(
        "The panel of this account has an administrator already.",
        "Panel tego konta ma już administratora.",
    )
    cure = Text(
        "Log in with it; if its password is lost, ask the operator of the service for a new one"
        " (`erepo cloud panel reset`).",
        "Zaloguj się jako ten administrator; jeśli hasło zaginęło, poproś operatora usługi o nowe"
        " (`erepo cloud panel reset`).",
    )


class AdministratorUnknown(ConfigurationError):
    """The panel has no administrator with this login."""

    code = "panel.administrator-unknown"
    cause = Text(
        "The panel of the account {account} has no administrator {login}.",
        "Panel konta {account} nie ma administratora {login}.",
    )
    cure = Text(
        "Its administrators: {known}. The clinic creates the first one after activation.",
        "Administratorzy panelu: {known}. Pierwszego tworzy placówka po aktywacji konta.",
    )


class LoginsBusy(ServiceBusy):
    """Passwords are checked one by one, and too many wait."""

    code = "panel.busy"
    cause = Text(
        "Too many people are logging in at this moment.", "W tej chwili loguje się zbyt wiele osób naraz."
    )
