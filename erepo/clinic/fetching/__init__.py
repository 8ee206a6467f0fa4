"""Documents of other providers: fetched from their repositories (ITI-43), checked, kept as ours are.

Commit point: content durable → row with origin `foreign` and the events `taken_in` and `fetched`, one
transaction. Whatever breaks off before is fetched again; the same octets are one document.
"""

from erepo.clinic.fetching.errors import (
    DocumentAbsent,
    FetchedDiffers,
    RepositoryKnown,
    RepositoryNameInvalid,
    RepositoryUnknown,
    TrustUnreadable,
)
from erepo.clinic.fetching.places import Place, add_place, connect, list_places, read_place, remove_place
from erepo.clinic.fetching.service import Desk, Fetched, FetchReport, Wanted, fetch

__all__ = [
    "Desk",
    "DocumentAbsent",
    "FetchReport",
    "Fetched",
    "FetchedDiffers",
    "Place",
    "RepositoryKnown",
    "RepositoryNameInvalid",
    "RepositoryUnknown",
    "TrustUnreadable",
    "Wanted",
    "add_place",
    "connect",
    "fetch",
    "list_places",
    "read_place",
    "remove_place",
]
