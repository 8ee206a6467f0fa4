"""Errors of the module's licence.

PermanentError
├── ConfigurationError
│   ├── LicenceExpired       it is over: nothing is deposited, migration and reading go on
│   ├── LicenceNotYet        it begins later
│   ├── LicenceForeign       it is for another account
│   ├── LicenceClockBehind   the clock was set back: dates prove nothing on it
│   └── LicenceKeyMissing    nobody told which key signs licences
└── InvalidInput
    └── LicenceInvalid       no licence, or not signed by that key
"""

from erepo.errors import ConfigurationError, InvalidInput
from erepo.texts import Text


class LicenceExpired(ConfigurationError):
    """The module's licence is over."""

    code = "licence.expired"
    cause = Text(
        "The licence of the module ended on {day}: nothing is archived or indexed.",
        "Licencja na moduł wygasła {day}: dokumenty nie są archiwizowane ani indeksowane.",
    )
    cure = Text(
        "Load a new one: `erepo account licence load FILE`. Migration and reading go on; nothing is lost,"
        " what is due is sent afterwards.",
        "Wczytaj nową: `erepo account licence load PLIK`. Migracja i odczyt działają nadal; nic nie zginęło,"
        " zaległe dokumenty zostaną wysłane później.",
    )


class LicenceNotYet(ConfigurationError):
    """The module's licence begins later."""

    code = "licence.not-yet"
    cause = Text(
        "The licence of the module begins on {day}: nothing is archived or indexed.",
        "Licencja na moduł obowiązuje od {day}: dokumenty nie są archiwizowane ani indeksowane.",
    )
    cure = Text(
        "Wait, load an earlier licence, or correct the clock of this machine.",
        "Poczekaj, wczytaj wcześniejszą licencję albo popraw zegar tego komputera.",
    )


class LicenceClockBehind(ConfigurationError):
    """This machine's clock is behind a moment that was seen already, so no date can be believed."""

    code = "licence.clock-behind"
    cause = Text(
        "The clock says {now} (UTC), but it has been {seen} (UTC) here already: nothing is archived or"
        " indexed.",
        "Zegar wskazuje {now} (UTC), a było tu już {seen} (UTC): dokumenty nie są archiwizowane ani"
        " indeksowane.",
    )
    cure = Text(
        "Set the clock right (NTP). If it is right and was once ahead, ask the licence's issuer for a new one"
        " and load it: `erepo account licence load FILE`. Migration and reading go on.",
        "Ustaw zegar (NTP). Jeśli jest prawidłowy, a kiedyś się spieszył, poproś wystawcę o nową licencję i"
        " wczytaj ją: `erepo account licence load PLIK`. Migracja i odczyt działają nadal.",
    )


class LicenceForeign(ConfigurationError):
    """The licence is for another account."""

    code = "licence.foreign"
    cause = Text(
        "The licence is for the account {licensed}, not for {account}.",
        "Licencja jest dla konta {licensed}, a nie {account}.",
    )
    cure = Text("Load the licence of this account.", "Wczytaj licencję tego konta.")


class LicenceKeyMissing(ConfigurationError):
    """Nobody told which key signs licences."""

    code = "licence.key-missing"
    cause = Text(
        "There is no key to check licences with ({file}).", "Brak klucza do sprawdzania licencji ({file})."
    )
    cure = Text(
        "Put the public key of the licences' issuer (PEM, Ed25519) there, or set EREPO_LICENCE_KEY to its"
        " file.",
        "Umieść tam klucz publiczny wystawcy licencji (PEM, Ed25519) albo wskaż jego plik w"
        " EREPO_LICENCE_KEY.",
    )


class LicenceInvalid(InvalidInput):
    """No licence, or not signed by the key that is trusted for licences."""

    code = "licence.invalid"
    cause = Text("This is no valid licence ({problem}).", "To nie jest prawidłowa licencja ({problem}).")
    cure = Text(
        "Ask the issuer for the file again and load it unchanged: `erepo account licence load FILE`.",
        "Poproś wystawcę o ponowne przesłanie pliku i wczytaj go bez zmian: `erepo account licence load"
        " PLIK`.",
    )
