"""Errors of verifying and repairing.

PermanentError
├── IntegrityError
│   └── ArchiveDiffers       the archive is not as it should be
├── InvalidInput
│   └── RepairUnknown        no such row in the repair plan, or it is closed
└── ConfigurationError
    └── RepairRefused        what is proposed cannot be done by itself
"""

from erepo.errors import ConfigurationError, IntegrityError, InvalidInput
from erepo.texts import Text


class ArchiveDiffers(IntegrityError):
    """Documents in the repository are missing or not those that were sent."""

    code = "verify.archive-differs"
    cause = Text(
        "Documents in the repository that are missing or damaged: {open}; without a good copy here: {lost}.",
        "Dokumenty brakujące lub uszkodzone w repozytorium: {open}; bez dobrej kopii na miejscu: {lost}.",
    )
    cure = Text(
        "See `erepo verify plan`, then repair what it proposes: `erepo verify repair ID`.",
        "Zobacz `erepo verify plan`, a następnie napraw wskazane pozycje: `erepo verify repair ID`.",
    )


class RepairUnknown(InvalidInput):
    """No open row of this id."""

    code = "verify.repair-unknown"
    cause = Text(
        "In the repair plan there is no open position of this id (or of these: {count}).",
        "Identyfikatory bez otwartej pozycji w planie naprawy: {count}.",
    )
    cure = Text("List them with `erepo verify plan`.", "Wyświetl je poleceniem `erepo verify plan`.")


class RepairRefused(ConfigurationError):
    """The document's state, or what else points at it, forbids the repair."""

    code = "verify.repair-refused"
    cause = Text(
        "The document {document} was not repaired: {problem_en}.",
        "Dokument {document} nie został naprawiony: {problem_pl}.",
    )
    cure = Text(
        "Nothing was changed for it. A document with later versions or links is repaired at the repository:"
        " its operator restores the second copy, or the folder its backup.",
        "Nic dla niego nie zmieniono. Dokument z późniejszymi wersjami lub powiązaniami naprawia się w"
        " repozytorium: operator odtwarza drugą kopię, a w eArchiwum: kopię zapasową katalogu.",
    )
