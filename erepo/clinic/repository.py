"""The port to a repository: what archiving and verifying need of it."""

from collections.abc import Sequence
from typing import Protocol

from erepo.settings import Settings
from erepo.xds.iti18 import QueryResult, StoredQuery
from erepo.xds.iti41 import Submission
from erepo.xds.iti43 import DocumentRequest, RetrieveResult
from erepo.xds.iti57 import Update


class Cloud(Protocol):
    """What archiving needs of a repository.

    Each method may be called by many coroutines at once. Each raises a `RetryableError` when the outcome may
    be different next time, an `XdsFailure` when the repository or registry answered with a failure, and
    another typed error when the whole account cannot be used.
    """

    settings: Settings
    source_id: str
    repository_unique_id: str

    async def provide(self, submission: Submission) -> None:
        """Store a submission (ITI-41). Returns after a verified Success; all of it is stored, or nothing.

        Raises:
            DescriptionUnusable: it cannot be written down; nothing has left.
        """
        ...

    async def query(self, query: StoredQuery) -> QueryResult:
        """Ask the registry (ITI-18); a partial answer is an error."""
        ...

    async def retrieve(self, requests: Sequence[DocumentRequest]) -> RetrieveResult:
        """Fetch documents (ITI-43); what is not there is missing from the result, with an error naming it."""
        ...

    async def update(self, update: Update) -> None:
        """Change registered metadata (ITI-57): all operations of the update, or none."""
        ...

    async def remove_metadata(self, entry_uuids: Sequence[str]) -> None:
        """Remove objects of the registry (ITI-62): all of them, or none.

        The set must be closed: who removes an entry removes what points at it in the same request.
        """
        ...

    async def remove_documents(self, requests: Sequence[DocumentRequest]) -> None:
        """Remove octets (ITI-86) of documents whose entries are gone; all of them, or none."""
        ...
