"""What can go wrong with the master key and what it protects.

ConfigurationError
├── MasterKeyMalformed   a key that is none
├── MasterKeyMissing     nobody has made one
├── MasterKeyUnknown     rows are sealed with a key that is not here
└── MasterKeyNotNew      a change of the key without a new one
IntegrityError
└── SecretDamaged        a sealed secret was changed, or put in another's place
RetryableError
└── MasterKeyChanged     the key was changed while something was sealed
"""

from erepo.errors import ConfigurationError, IntegrityError, RetryableError
from erepo.texts import Text


class MasterKeyMalformed(ConfigurationError):
    """What stands where the master key belongs is no key."""

    code = "cloud.master-key-malformed"
    cause = Text(
        "{place} holds no master key: 32 random bytes in base64 are one.",
        "{place} nie zawiera klucza głównego: powinny to być 32 losowe bajty w base64.",
    )
    cure = Text(
        "Restore it from its backup. A new one is made with `openssl rand -base64 32`, but it opens nothing"
        " that was sealed before.",
        "Odtwórz go z kopii. Nowy można utworzyć poleceniem `openssl rand -base64 32`, ale nie otworzy on"
        " niczego, co zaszyfrowano wcześniej.",
    )


class MasterKeyMissing(ConfigurationError):
    """The service was set up before there were master keys."""

    code = "cloud.master-key-missing"
    cause = Text("The service has no master key.", "Usługa nie ma klucza głównego.")
    cure = Text("Run `erepo cloud init`.", "Uruchom `erepo cloud init`.")


class MasterKeyUnknown(ConfigurationError):
    """Something is sealed with a key that is neither in the settings nor in the service's home."""

    code = "cloud.master-key-unknown"
    cause = Text(
        "The master key {key_id} is not here, and secrets are sealed with it.",
        "Brak klucza głównego {key_id}, którym zaszyfrowano dane poufne.",
    )
    cure = Text(
        "Restore cloud/secrets/master-key in EREPO_HOME from its backup, or give the key in EREPO_CLOUD_KEY"
        " or EREPO_CLOUD_KEY_PREVIOUS. If it is lost, each clinic has to revoke and register its P1"
        " certificates again.",
        "Odtwórz plik cloud/secrets/master-key w EREPO_HOME z kopii albo podaj klucz w EREPO_CLOUD_KEY lub"
        " EREPO_CLOUD_KEY_PREVIOUS. Jeśli go utracono, każda placówka musi odwołać i ponownie zarejestrować"
        " certyfikaty P1.",
    )


class MasterKeyNotNew(ConfigurationError):
    """The key is to be changed, and the setting still names the present one."""

    code = "cloud.master-key-not-new"
    cause = Text(
        "EREPO_CLOUD_KEY is the master key {key_id} that is in use already.",
        "EREPO_CLOUD_KEY to używany już klucz główny {key_id}.",
    )
    cure = Text(
        "Put the present key into EREPO_CLOUD_KEY_PREVIOUS and a new one into EREPO_CLOUD_KEY, for the"
        " service as well; then run the command again.",
        "Wpisz obecny klucz do EREPO_CLOUD_KEY_PREVIOUS, a nowy do EREPO_CLOUD_KEY, także dla usługi; potem"
        " uruchom polecenie ponownie.",
    )


class SecretDamaged(IntegrityError):
    """A sealed secret does not open with the key it names: it was changed, or belongs elsewhere."""

    code = "cloud.secret-damaged"
    cause = Text(
        "A sealed secret of the account does not open: it was changed.",
        "Zaszyfrowanych danych konta nie można otworzyć: zostały zmienione.",
    )
    cure = Text(
        "Restore the service's database, or revoke and register the P1 certificates again.",
        "Odtwórz bazę danych usługi albo odwołaj i ponownie zarejestruj certyfikaty P1.",
    )


class MasterKeyChanged(RetryableError):
    """The operator changed the master key in the moment in which something was sealed; nothing was stored."""

    code = "cloud.master-key-changed"
    cause = Text("The service's master key was just changed.", "Właśnie zmieniono klucz główny usługi.")
    cure = Text("Try again.", "Spróbuj ponownie.")
