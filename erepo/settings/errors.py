"""Errors of the settings.

ConfigurationError
├── PassphraseMissing      keys are kept encrypted, and nobody told the passphrase
└── DatabaseAddressWrong   no such address of a database, or no driver for it
"""

from erepo.errors import ConfigurationError
from erepo.texts import Text


class PassphraseMissing(ConfigurationError):
    """No passphrase protects the private keys."""

    code = "configuration.passphrase-missing"
    cause = Text("There is no passphrase for the private keys.", "Brak hasła chroniącego klucze prywatne.")
    cure = Text(
        "Set EREPO_KEY_PASSPHRASE, or put the passphrase into {file}.",
        "Ustaw EREPO_KEY_PASSPHRASE albo zapisz hasło w pliku {file}.",
    )


class DatabaseAddressWrong(ConfigurationError):
    """A setting names no database that can be used here."""

    code = "configuration.database-address"
    cause = Text(
        "EREPO_{side}_DATABASE_URL names no database that can be used here.",
        "EREPO_{side}_DATABASE_URL nie wskazuje bazy danych, której można tu użyć.",
    )
    cure = Text(
        "Write it as sqlite:////folder/file.db or postgresql://user:password@host/database, or leave it"
        " empty: SQLite under EREPO_HOME. For other databases no driver is installed.",
        "Zapisz adres jako sqlite:////katalog/plik.db lub postgresql://użytkownik:hasło@serwer/baza albo"
        " pozostaw pusty: SQLite w EREPO_HOME. Dla innych baz nie ma zainstalowanego sterownika.",
    )
