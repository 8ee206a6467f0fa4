"""What the service needs of the national domain, in words; `szar` is how it really asks P1.

Both calls block and end by themselves within `CALL_SECONDS`.
"""

from typing import Final, Protocol

from erepo.cloud.national.credentials import Credentials

#: Longest time of one call, in seconds: two of them fit into the minute that a client waits for an answer.
CALL_SECONDS: Final = 25.0


class NationalDomain(Protocol):
    """Registers repositories of providers; what is asked, is asked in the provider's own name."""

    def register_repository(self, credentials: Credentials, *, force_new: bool) -> str:
        """Have the national domain give the provider's repository an id, and return it.

        **May not simply be repeated**: when it was done and the answer was lost, asking again is refused with
        `P1RepositoryExists`, and only a new repository gets an id.

        Args:
            credentials: the provider's certificates.
            force_new: whether the provider wants a further repository, where it has one already.

        Raises:
            P1RepositoryExists: it has one, which is not named; nothing was done.
            P1RepositoryIdMissing: it was done, and the answer holds no id.
            P1RegistrationRefused, P1NotConfigured, P1Unreachable: nothing was done.
            P1AnswerUnusable, P1Overdue: it may have been done.
        """
        ...

    def register_access(self, credentials: Credentials, repository_id: str, address: str) -> None:
        """Tell the national domain where a repository is; replaces what it was told before.

        May be repeated.

        Raises:
            P1RegistrationRefused, P1NotConfigured, P1Unreachable: nothing was done.
            P1AnswerUnusable, P1Overdue: it may have been done.
        """
        ...
