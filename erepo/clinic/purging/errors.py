"""Errors of purging.

ConfigurationError
└── ContentNotRemoved    the machine refuses to remove files from the content folder
"""

from erepo.errors import ConfigurationError
from erepo.texts import Text


class ContentNotRemoved(ConfigurationError):
    """The machine refuses to remove files from the content folder."""

    code = "purging.content-not-removed"
    cause = Text(
        "Local content that is safe in the repository could not be removed ({problem}).",
        "Nie udało się usunąć lokalnej treści, która jest bezpieczna w repozytorium ({problem}).",
    )
    cure = Text(
        "Correct the permissions of the content folder; the next run removes what is left over.",
        "Popraw uprawnienia katalogu treści; pozostałości usunie następne uruchomienie.",
    )
