"""Errors of the blocks.

ErepoError
└── PermanentError
    └── ConfigurationError
        ├── BlockMissing        no block of that name was saved
        └── BundleUnreadable    the PKCS#12 of a block does not open with the passphrase
"""

from erepo.errors import ConfigurationError
from erepo.texts import Text


class BlockMissing(ConfigurationError):
    """No block of that name was saved in Prefect."""

    code = "configuration.block-missing"
    cause = Text("Prefect has no block {kind}/{name}.", "W Prefect nie ma bloku {kind}/{name}.")
    cure = Text(
        "Run the deployment onboard-clinic/on-demand: it writes the block.",
        "Uruchom wdrożenie onboard-clinic/on-demand: zapisuje ono ten blok.",
    )


class BundleUnreadable(ConfigurationError):
    """The PKCS#12 of a block cannot be opened."""

    code = "configuration.bundle-unreadable"
    cause = Text(
        "The {purpose} key of the block {kind} cannot be opened with the key passphrase.",
        "Nie można otworzyć klucza {purpose} z bloku {kind} hasłem do kluczy prywatnych.",
    )
    cure = Text(
        "Set EREPO_KEY_PASSPHRASE to the passphrase the block was written with, or onboard the clinic again.",
        "Ustaw EREPO_KEY_PASSPHRASE na hasło użyte przy zapisie bloku albo ponownie przyłącz placówkę.",
    )
