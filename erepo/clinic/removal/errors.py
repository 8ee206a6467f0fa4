"""Errors of removing documents from the repository.

PermanentError
└── IntegrityError
    └── RepositoryDiffers      the document lies in another repository than the one that is asked
RetryableError
└── RemovalUnconfirmed         asked afterwards, the repository still shows the document
"""

from erepo.errors import IntegrityError, RetryableError
from erepo.texts import Text


class RepositoryDiffers(IntegrityError):
    """The document lies in another repository than the one that is active."""

    code = "removal.repository-differs"
    cause = Text(
        "The document lies in another repository than the active one.",
        "Dokument znajduje się w innym repozytorium niż aktywne.",
    )
    cure = Text(
        "Make the repository of the document the active one, then run again. Nothing was removed.",
        "Uaktywnij repozytorium, w którym znajduje się dokument, i uruchom ponownie. Niczego nie usunięto.",
    )


class RemovalUnconfirmed(RetryableError):
    """The repository reported success and still shows the document."""

    code = "removal.unconfirmed"
    cause = Text(
        "The repository still shows {count} documents after their removal.",
        "Repozytorium nadal udostępnia usunięte dokumenty ({count}).",
    )
    cure = Text(
        "Run again: it asks first and removes what is left. If it repeats, ask the service's operator.",
        "Uruchom ponownie: program najpierw zapyta i usunie to, co pozostało. Jeśli problem się powtarza,"
        " zwróć się do operatora usługi.",
    )
