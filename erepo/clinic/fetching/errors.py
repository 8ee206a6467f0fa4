"""Errors of fetching from other providers.

ErepoError
├── InvalidInput
│   ├── RepositoryUnknown      no foreign repository of this name
│   ├── RepositoryKnown        name or repositoryUniqueId is taken
│   ├── RepositoryNameInvalid  a name, an address or an OID is wrong
│   └── TrustUnreadable        no certificates in the PEM file
├── RemoteRefused
│   └── DocumentAbsent         the repository or its registry does not give the document
└── IntegrityError
    └── FetchedDiffers         other octets came than were promised
"""

from erepo.errors import IntegrityError, InvalidInput, RemoteRefused
from erepo.texts import Text


class RepositoryUnknown(InvalidInput):
    """No foreign repository of this name."""

    code = "fetch.repository-unknown"
    cause = Text("There is no foreign repository of this name.", "Nie ma obcego repozytorium o tej nazwie.")
    cure = Text(
        "List them: `erepo fetch repositories list`.", "Wyświetl je: `erepo fetch repositories list`."
    )


class RepositoryKnown(InvalidInput):
    """Name or repositoryUniqueId is taken."""

    code = "fetch.repository-known"
    cause = Text(
        "A foreign repository of this name or this repositoryUniqueId is known already.",
        "Obce repozytorium o tej nazwie lub tym repositoryUniqueId jest już znane.",
    )
    cure = Text(
        "Remove it first: `erepo fetch repositories remove NAME`.",
        "Najpierw je usuń: `erepo fetch repositories remove NAZWA`.",
    )


class RepositoryNameInvalid(InvalidInput):
    """Something about the repository is not of its form."""

    code = "fetch.repository-invalid"
    cause = Text(
        "The foreign repository is described wrongly in {field}.",
        "Opis obcego repozytorium zawiera błąd w polu {field}.",
    )
    cure = Text(
        "Names are small letters, digits and hyphens; addresses begin with https://; repositoryUniqueId is an"
        " OID.",
        "Nazwa to małe litery, cyfry i łączniki; adresy zaczynają się od https://, a repositoryUniqueId"
        " to OID.",
    )


class TrustUnreadable(InvalidInput):
    """No certificates in a PEM file."""

    code = "fetch.trust-unreadable"
    cause = Text("The file for {field} holds no certificate.", "Plik dla {field} nie zawiera certyfikatu.")
    cure = Text("Name a PEM file.", "Wskaż plik PEM.")


class DocumentAbsent(RemoteRefused):
    """The repository or its registry does not give the document."""

    code = "fetch.document-absent"
    cause = Text(
        "The foreign {where} does not give the document ({codes}).",
        "Obcy system ({where}) nie udostępnia dokumentu ({codes}).",
    )
    cure = Text(
        "Check the document's uniqueId and whether the other provider shares it with you.",
        "Sprawdź uniqueId dokumentu oraz czy drugi podmiot go udostępnia.",
    )


class FetchedDiffers(IntegrityError):
    """Other octets came than were promised."""

    code = "fetch.differs"
    cause = Text(
        "What came differs from what was promised ({what}); nothing was taken in.",
        "Otrzymana treść różni się od zapowiedzianej ({what}); niczego nie przyjęto.",
    )
    cure = Text(
        "Compare hash and size with the entry in the foreign registry; tell the other provider.",
        "Porównaj skrót i rozmiar z wpisem w obcym rejestrze; powiadom drugi podmiot.",
    )
