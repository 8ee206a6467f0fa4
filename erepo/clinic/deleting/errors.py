"""Errors of deleting documents in the repository.

PermanentError
└── InvalidInput
    ├── KindNotDeletable       only five kinds may be deleted (manual 1.5)
    ├── UnderHold              a legal hold forbids it
    └── NotInRepository        the document is not in the repository, or another operation has it
"""

from erepo.errors import InvalidInput
from erepo.texts import Text


class KindNotDeletable(InvalidInput):
    """Only five kinds may be deleted in the repository."""

    code = "deletion.kind"
    cause = Text(
        "{count} of the documents are of a kind that must not be deleted.",
        "Dokumenty rodzaju, którego nie wolno usuwać: {count}.",
    )
    cure = Text(
        "Only prescriptions and referrals to a specialist, to a hospital, for a diagnostic test sent to P1"
        " and for rehabilitation can be deleted. Others can be migrated. Nothing was deleted.",
        "Usunąć można tylko recepty oraz skierowania: do specjalisty, do szpitala, na badanie diagnostyczne"
        " wysłane do P1 i na rehabilitację. Pozostałe można zmigrować. Niczego nie usunięto.",
    )


class UnderHold(InvalidInput):
    """A legal hold forbids deleting: of the document, or of another version of it."""

    code = "deletion.hold"
    cause = Text(
        "{count} of the documents, or other versions of them, are under a legal hold.",
        "Dokumenty, których brakowanie (lub brakowanie innej ich wersji) wstrzymano (legal hold): {count}.",
    )
    cure = Text(
        "Have the hold released first: `erepo retention release`. Nothing was deleted.",
        "Najpierw trzeba zwolnić wstrzymanie: `erepo retention release`. Niczego nie usunięto.",
    )


class NotInRepository(InvalidInput):
    """The document is not in the repository, or another operation has it in its hands."""

    code = "deletion.not-there"
    cause = Text(
        "{count} of the documents are unknown, or not in the repository.",
        "Dokumenty nieznane lub niebędące w repozytorium: {count}.",
    )
    cure = Text(
        "Only archived documents can be deleted there. Compare the ids with `erepo migrate list`. Nothing was"
        " deleted.",
        "Usunąć można tylko dokumenty zarchiwizowane. Porównaj identyfikatory z `erepo migrate list`."
        " Niczego nie usunięto.",
    )
